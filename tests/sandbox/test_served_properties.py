"""Every property that goes over the wire is one that Graph's own metadata knows, and null only where it may be."""

import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.exposures.users import USER
from sandbox.seed import SeedLicence
from tests.sandbox.conftest import Tenant, create_user
from tests.sandbox.test_conditional_access import PATH as POLICIES
from tests.sandbox.test_conditional_access import policy

_METADATA = Path(__file__).parents[1] / "data" / "graph" / "types.csv"

# What only Graph's beta knows, and what Graph shows expanded inside another object.
_BETA = {("group", "writebackConfiguration"), ("servicePrincipal", "samlMetadataUrl")}
_EXPANDED = {
    ("conditionalAccessGrantControls", "authenticationStrength"): "authenticationStrengthPolicy",
    ("unifiedRoleAssignment", "roleDefinition"): "unifiedRoleDefinition",
    ("unifiedRoleAssignment", "principal"): "user",
}

_READS = [
    ("/v1.0/users", "user"),
    ("/v1.0/users/{user}?$select={all}", "user"),
    ("/v1.0/users/{user}/authentication/methods", "passwordAuthenticationMethod"),
    ("/v1.0/users/{user}/authentication/temporaryAccessPassMethods", "temporaryAccessPassAuthenticationMethod"),
    ("/v1.0/users/{user}/licenseDetails", "licenseDetails"),
    ("/v1.0/users/{user}/memberOf", "directoryObject"),
    ("/v1.0/groups", "group"),
    ("/beta/groups", "group"),
    ("/v1.0/applications", "application"),
    ("/v1.0/servicePrincipals", "servicePrincipal"),
    ("/v1.0/servicePrincipals/{graph}/appRoleAssignedTo", "appRoleAssignment"),
    ("/v1.0/oauth2PermissionGrants", "oAuth2PermissionGrant"),
    ("/v1.0/directoryRoles", "directoryRole"),
    ("/v1.0/directoryRoleTemplates", "directoryRoleTemplate"),
    ("/v1.0/roleManagement/directory/roleDefinitions", "unifiedRoleDefinition"),
    ("/v1.0/roleManagement/directory/roleAssignments", "unifiedRoleAssignment"),
    ("/v1.0/roleManagement/directory/roleAssignmentSchedules", "unifiedRoleAssignmentSchedule"),
    ("/v1.0/roleManagement/directory/roleAssignmentScheduleInstances", "unifiedRoleAssignmentScheduleInstance"),
    ("/v1.0/identity/conditionalAccess/policies", "conditionalAccessPolicy"),
    ("/v1.0/policies/authenticationStrengthPolicies", "authenticationStrengthPolicy"),
    ("/v1.0/policies/identitySecurityDefaultsEnforcementPolicy", "identitySecurityDefaultsEnforcementPolicy"),
    (
        "/v1.0/policies/authenticationMethodsPolicy/authenticationMethodConfigurations/temporaryAccessPass",
        "temporaryAccessPassAuthenticationMethodConfiguration",
    ),
    ("/v1.0/domains", "domain"),
    ("/v1.0/organization", "organization"),
    ("/v1.0/subscribedSkus", "subscribedSku"),
    ("/v1.0/auditLogs/directoryAudits", "directoryAudit"),
]


class _Metadata:
    def __init__(self) -> None:
        self.properties: dict[str, dict[str, tuple[str, bool]]] = {}
        self.bases: dict[str, str] = {}
        with _METADATA.open(newline="") as lines:
            for row in csv.DictReader(lines):
                if row["kind"] in {"entity", "complex"}:
                    self.bases[row["type"]] = row["base"]
                    known = self.properties.setdefault(row["type"], {})
                    known[row["property"]] = (row["edm_type"], row["nullable"] == "yes")

    def find(self, type_name: str, name: str) -> tuple[str, bool] | None:
        while type_name:
            if name in self.properties.get(type_name, {}):
                return self.properties[type_name][name]
            type_name = self.bases.get(type_name, "")
        return None


def _faults(metadata: _Metadata, type_name: str, shown: dict[str, Any], *, beta: bool) -> Iterator[str]:
    type_name = shown.get("@odata.type", type_name).removeprefix("#microsoft.graph.")
    for name, value in shown.items():
        if name.startswith("@odata."):
            continue
        if (type_name, name) in _EXPANDED:
            if value is not None:
                yield from _faults(metadata, _EXPANDED[type_name, name], value, beta=beta)
            continue
        if beta and (type_name, name) in _BETA:
            continue
        known = metadata.find(type_name, name)
        if known is None:
            yield f"{type_name}.{name} is not known"
        else:
            yield from _value_faults(metadata, f"{type_name}.{name}", known, value, beta=beta)


def _value_faults(metadata: _Metadata, where: str, known: tuple[str, bool], value: Any, *, beta: bool) -> Iterator[str]:
    edm_type, nullable = known
    collection = re.fullmatch(r"Collection\((.+)\)", edm_type)
    if value is None:
        if not nullable:
            yield f"{where} is null"
        return
    if (collection is not None) != isinstance(value, list):
        yield f"{where} is {type(value).__name__}, not {edm_type}"
        return
    inner = collection.group(1) if collection else edm_type
    for each in value if isinstance(value, list) else [value]:
        if inner in metadata.properties:
            yield from _faults(metadata, inner, each, beta=beta)
        elif inner in _PYTHON and not isinstance(each, _PYTHON[inner]):
            yield f"{where} holds {type(each).__name__}, not {inner}"


_PYTHON = {"String": str, "Boolean": bool, "Int32": int, "Guid": str, "DateTimeOffset": str}


@pytest.fixture
def furnished(tenant: Tenant) -> dict[str, str]:
    """A tenant with one of everything."""
    tenant.reseed(licences=(SeedLicence("AAD_PREMIUM_P2"),))
    client = tenant.client("administer")
    user = create_user(client, usageLocation="DE", mail="mara.holt@contoso.example")
    sku = "84a661c4-e949-4bd2-a560-ed7766fcaf2b"
    body: dict[str, Any] = {"addLicenses": [{"skuId": sku}], "removeLicenses": []}
    client.post(f"/v1.0/users/{user['id']}/assignLicense", json=body).raise_for_status()
    group = tenant.group_id("sg-contacts-admins")
    body = {"@odata.id": f"https://localhost/v1.0/directoryObjects/{user['id']}"}
    client.post(f"/v1.0/groups/{group}/members/$ref", json=body).raise_for_status()
    passes = f"/v1.0/users/{user['id']}/authentication/temporaryAccessPassMethods"
    client.post(passes, json={}).raise_for_status()
    graph = client.get("/v1.0/servicePrincipals(appId='00000003-0000-0000-c000-000000000000')").json()["id"]
    body = {
        "clientId": tenant.running.identities["nobody"].object_id,
        "resourceId": graph,
        "consentType": "AllPrincipals",
        "scope": "openid",
    }
    client.post("/v1.0/oauth2PermissionGrants", json=body).raise_for_status()
    client.post(POLICIES, json=policy(sessionControls={"disableResilienceDefaults": True})).raise_for_status()
    return {"user": user["id"], "graph": graph}


def test_everything_served_is_known_to_graph(tenant: Tenant, furnished: dict[str, str]) -> None:
    metadata = _Metadata()
    client = tenant.client("administer")
    everything = ",".join((*USER.default, *USER.further))
    faults: list[str] = []
    for template, type_name in _READS:
        path = template.format(**furnished, all=everything)
        response = client.get(path)
        assert response.status_code == 200, response.text
        body = response.json()
        records = body["value"] if isinstance(body.get("value"), list) else [body]
        assert records, path
        for record in records:
            shown = {name: value for name, value in record.items() if name != "includeTargets"}
            faults += _faults(metadata, type_name, shown, beta=path.startswith("/beta"))
    assert faults == []


def test_a_property_that_graph_does_not_know_would_be_found() -> None:
    shown = {"id": "x", "shoeSize": 44, "userPrincipalName": 3, "assignedLicenses": None, "otherMails": "a"}
    assert list(_faults(_Metadata(), "user", shown, beta=False)) == [
        "user.shoeSize is not known",
        "user.userPrincipalName holds int, not String",
        "user.assignedLicenses is null",
        "user.otherMails is str, not Collection(String)",
    ]
