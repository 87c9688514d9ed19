"""Role management policies: their rules, defaults and changes. That they are enforced is seen with the schedules."""

from typing import Any

import httpx
import pytest

from sandbox.seed import SeedIdentity, SeedLicence
from tests.sandbox.conftest import Tenant, refusal
from tests.sandbox.rows.privileged import GLOBAL_ADMINISTRATOR, READERS
from tests.sandbox.rows.role_policies import EXPIRATION, FILTER, RULE

_POLICIES = "/v1.0/policies/roleManagementPolicies"
_ASSIGNMENTS = "/v1.0/policies/roleManagementPolicyAssignments"
_ENABLEMENT = "#microsoft.graph.unifiedRoleManagementPolicyEnablementRule"


@pytest.fixture
def client(tenant: Tenant) -> httpx.Client:
    """The administrator of a tenant with the licence that policies need."""
    tenant.reseed(licences=(SeedLicence("AAD_PREMIUM_P2"),))
    return tenant.client("administer")


def _policy_of(client: httpx.Client, role: str = GLOBAL_ADMINISTRATOR, scope_type: str = "Directory") -> dict[str, Any]:
    query = {
        "$filter": f"scopeId eq '/' and scopeType eq '{scope_type}' and roleDefinitionId eq '{role}'",
        "$expand": "policy($expand=rules)",
    }
    (found,) = client.get(_ASSIGNMENTS, params=query).json()["value"]
    policy: dict[str, Any] = found["policy"]
    assert found["id"] == f"{policy['id']}_{role}"
    return policy


def _rules_of(policy: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {each["id"]: each for each in policy["rules"]}


def test_global_administrator_has_the_documented_rules(client: httpx.Client, tenant: Tenant) -> None:
    policy = _policy_of(client)
    rules = _rules_of(policy)
    assert policy["id"].startswith(f"Directory_{tenant.running.tenant_id}_")
    assert len(rules) == 17
    assert (rules["Expiration_Admin_Eligibility"]["isExpirationRequired"],) == (False,)
    assert rules["Expiration_Admin_Eligibility"]["maximumDuration"] == "P365D"
    assert rules["Expiration_Admin_Assignment"]["isExpirationRequired"] is False
    assert rules["Expiration_Admin_Assignment"]["maximumDuration"] == "P180D"
    assert rules["Enablement_Admin_Assignment"]["enabledRules"] == ["Justification"]
    assert rules["Enablement_Admin_Eligibility"]["enabledRules"] == []
    assert rules["Expiration_EndUser_Assignment"]["isExpirationRequired"] is True
    assert rules["Expiration_EndUser_Assignment"]["maximumDuration"] == "PT8H"
    assert rules["Enablement_EndUser_Assignment"]["enabledRules"] == ["MultiFactorAuthentication", "Justification"]
    assert rules["Approval_EndUser_Assignment"]["setting"]["isApprovalRequired"] is False
    assert rules["AuthenticationContext_EndUser_Assignment"]["isEnabled"] is False
    assert sum(each.startswith("Notification_") for each in rules) == 9


def test_policy_goes_by_two_names(client: httpx.Client) -> None:
    one, other = (_policy_of(client, scope_type=each) for each in ("Directory", "DirectoryRole"))
    assert one["id"].removeprefix("Directory_") == other["id"].removeprefix("DirectoryRole_")
    for each in (one, other):
        assert client.get(f"{_POLICIES}/{each['id']}").json()["scopeType"] == each["scopeType"]


def test_every_role_has_a_policy_of_its_own(client: httpx.Client) -> None:
    found: list[dict[str, Any]] = []
    address: str | None = f"{_POLICIES}?$filter={FILTER}"
    while address:
        body = client.get(address).json()
        found += body["value"]
        address = body.get("@odata.nextLink")
    assert len({each["id"] for each in found}) == len(found) == 144


@pytest.mark.parametrize("path", [_POLICIES, _ASSIGNMENTS])
@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 400),
        ("?$filter=scopeId eq '/'", 400),
        ("?$filter=scopeType eq 'DirectoryRole'", 400),
        ("?$filter=scopeId eq 'x' and scopeType eq 'DirectoryRole'", 200),
    ],
)
def test_policies_are_listed_for_a_named_scope_only(client: httpx.Client, path: str, query: str, status: int) -> None:
    response = client.get(f"{path}{query}")
    assert response.status_code == status
    assert response.json().get("value", []) == []


@pytest.mark.parametrize("path", [_POLICIES, _ASSIGNMENTS])
def test_policies_of_groups_are_refused_by_name(tenant: Tenant, path: str) -> None:
    reader = SeedIdentity("reader", ("RoleManagementPolicy.Read.AzureADGroup",))
    tenant.reseed(licences=(SeedLicence("AAD_PREMIUM_P2"),), identities=(reader,))
    response = tenant.client("reader").get(f"{path}?$filter=scopeId eq 'x' and scopeType eq 'Group'")
    status, _, message = refusal(response)
    assert status == 501
    assert "'Group'" in message


def test_changed_rule_is_shown_for_its_role_alone_and_leaves_an_entry(client: httpx.Client, tenant: Tenant) -> None:
    policy = _policy_of(client)
    changed = client.patch(f"{_POLICIES}/{policy['id']}/rules/{EXPIRATION}", json=RULE)
    assert changed.status_code == 204
    rule = client.get(f"{_POLICIES}/{policy['id']}/rules/{EXPIRATION}").json()
    assert (rule["maximumDuration"], rule["target"]["operations"]) == ("PT1H45M", ["all"])
    assert rule["@odata.type"] == RULE["@odata.type"]
    assert _rules_of(_policy_of(client, scope_type="DirectoryRole"))[EXPIRATION]["maximumDuration"] == "PT1H45M"
    assert _policy_of(client)["lastModifiedDateTime"] is not None
    assert _rules_of(_policy_of(client, READERS))[EXPIRATION]["maximumDuration"] == "PT8H"
    entries = tenant.control.snapshot()["audit_entries"]
    assert entries[-1]["activityDisplayName"] == "Update role setting in PIM"


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"@odata.type": None}, 400),
        ({"@odata.type": _ENABLEMENT}, 400),
        ({"@odata.type": "#microsoft.graph.user"}, 400),
        ({"id": "Expiration_Admin_Assignment"}, 400),
        ({"maximumDuration": "8 hours"}, 400),
        ({"maximumDuration": None}, 400),
        ({"enabledRules": ["Justification"]}, 400),
        ({"target": {"level": "Eligibility"}}, 501),
    ],
)
def test_change_that_a_rule_cannot_take_is_refused(client: httpx.Client, changes: dict[str, Any], status: int) -> None:
    path = f"{_POLICIES}/{_policy_of(client)['id']}/rules/{EXPIRATION}"
    body = {name: value for name, value in {**RULE, **changes}.items() if name != "@odata.type" or value is not None}
    assert client.patch(path, json=body).status_code == status
    assert client.get(path).json()["maximumDuration"] == "PT8H"


@pytest.mark.parametrize("setting", [None, {"isApprovalRequired": None}])
def test_approval_without_a_setting_is_refused(client: httpx.Client, setting: dict[str, Any] | None) -> None:
    path = f"{_POLICIES}/{_policy_of(client)['id']}/rules/Approval_EndUser_Assignment"
    body = {"@odata.type": "#microsoft.graph.unifiedRoleManagementPolicyApprovalRule", "setting": setting}
    assert refusal(client.patch(path, json=body))[0] == 400


def test_rule_that_nobody_knows_is_not_enabled(client: httpx.Client) -> None:
    path = f"{_POLICIES}/{_policy_of(client)['id']}/rules/Enablement_EndUser_Assignment"
    refused = client.patch(path, json={"@odata.type": _ENABLEMENT, "enabledRules": ["Handshake"]})
    assert refusal(refused)[0] == 400
    assert "Handshake" in refusal(refused)[2]


@pytest.mark.parametrize("path", ["Directory_x", "Directory_x/rules", "Directory_x/rules/y"])
def test_policy_that_does_not_exist_is_not_found(client: httpx.Client, path: str) -> None:
    assert client.get(f"{_POLICIES}/{path}").status_code == 404


def test_rule_or_relation_that_does_not_exist_is_not_found(client: httpx.Client) -> None:
    assert client.get(f"{_POLICIES}/{_policy_of(client)['id']}/rules/y").status_code == 404
    assert client.get(f"{_ASSIGNMENTS}/Directory_x_{READERS}").status_code == 404


@pytest.mark.parametrize("path", ["roleManagementPolicies", "roleManagementPolicyAssignments"])
def test_policies_need_p2(tenant: Tenant, path: str) -> None:
    response = tenant.client("administer").get(f"/v1.0/policies/{path}", params={"$filter": FILTER})
    assert refusal(response)[:2] == (400, "AadPremiumLicenseRequired")
