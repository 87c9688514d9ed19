"""Conditional access policies: what may be saved, and what comes back."""

import copy
from typing import Any

import pytest

from sandbox.seed import SeedLicence
from tests.sandbox.conftest import Tenant, refusal

PATH = "/v1.0/identity/conditionalAccess/policies"
_NOWHERE = "11111111-1111-4111-8111-111111111111"
_STRENGTH = "00000000-0000-0000-0000-000000000004"


def policy(**changes: Any) -> dict[str, Any]:
    """A policy as the azuread provider sends it; changes name values by dotted path."""
    body: dict[str, Any] = {
        "@odata.type": "#microsoft.graph.conditionalAccessPolicy",
        "displayName": "MFA for the service account",
        "state": "enabled",
        "conditions": {
            "applications": {"excludeApplications": [], "includeApplications": ["All"], "includeUserActions": []},
            "authenticationFlows": None,
            "clientAppTypes": ["all"],
            "devices": None,
            "locations": None,
            "platforms": None,
            "servicePrincipalRiskLevels": [],
            "signInRiskLevels": [],
            "userRiskLevels": [],
            "users": {
                "excludeGroups": [],
                "excludeGuestsOrExternalUsers": None,
                "excludeRoles": [],
                "excludeUsers": [],
                "includeGroups": [],
                "includeGuestsOrExternalUsers": None,
                "includeRoles": [],
                "includeUsers": ["All"],
            },
        },
        "grantControls": {
            "builtInControls": ["mfa"],
            "customAuthenticationFactors": [],
            "operator": "OR",
            "termsOfUse": [],
        },
        "sessionControls": None,
    }
    for dotted, value in changes.items():
        *parents, name = dotted.split("__")
        target = body
        for each in parents:
            target = target[each]
        target[name] = copy.deepcopy(value)
    return body


def test_saved_policy_comes_back_with_its_nulls_and_order(tenant: Tenant) -> None:
    client = tenant.client("deploy")
    body = policy(conditions__clientAppTypes=["other", "browser"])
    created = client.post(PATH, json=body)
    assert created.status_code == 201
    shown = client.get(f"{PATH}/{created.json()['id']}").json()
    assert shown["conditions"]["clientAppTypes"] == ["other", "browser"]
    for name in ("authenticationFlows", "devices", "locations", "platforms"):
        assert shown["conditions"][name] is None
    assert shown["sessionControls"] is None
    assert shown["grantControls"]["authenticationStrength"] is None
    assert client.get(PATH).json()["value"] == [{k: v for k, v in shown.items() if k != "@odata.context"}]


def test_change_replaces_controls_as_a_whole(tenant: Tenant) -> None:
    client = tenant.client("deploy")
    session = {"signInFrequency": {"isEnabled": True, "type": "hours", "value": 4}}
    policy_id = client.post(PATH, json=policy(sessionControls=session)).json()["id"]
    strength = {"@odata.type": "#microsoft.graph.authenticationStrengthPolicy", "id": _STRENGTH}
    controls = {"operator": "AND", "builtInControls": [], "authenticationStrength": strength}
    body = {"grantControls": controls, "sessionControls": None}
    assert client.patch(f"{PATH}/{policy_id}", json=body).status_code == 204
    shown = client.get(f"{PATH}/{policy_id}").json()
    assert shown["sessionControls"] is None
    assert shown["grantControls"]["authenticationStrength"]["displayName"] == "Phishing-resistant MFA"
    assert shown["conditions"]["users"]["includeUsers"] == ["All"]


def test_deleted_policy_is_gone(tenant: Tenant) -> None:
    client = tenant.client("deploy")
    path = f"{PATH}/{client.post(PATH, json=policy()).json()['id']}"
    assert client.delete(path).status_code == 204
    assert client.get(path).status_code == 404
    assert client.delete(path).status_code == 404


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"conditions__clientAppTypes": []}, "1064"),
        ({"conditions__applications": None}, "1011"),
        ({"conditions__applications__includeApplications": []}, "1011"),
        ({"conditions__applications__includeUserActions": ["urn:user:registersecurityinfo"]}, "1012"),
        ({"conditions__applications__includeApplications": [_NOWHERE]}, _NOWHERE),
        ({"conditions__users": None}, "1007"),
        ({"conditions__users__includeUsers": [_NOWHERE]}, _NOWHERE),
        ({"conditions__users__includeUsers": ["somebody"]}, "'somebody'"),
        ({"conditions__users__excludeGroups": [_NOWHERE]}, _NOWHERE),
        ({"conditions__users__includeRoles": [_NOWHERE]}, _NOWHERE),
        ({"conditions__signInRiskLevels": ["high"]}, "1039"),
        ({"grantControls": None}, "1007"),
        ({"grantControls__builtInControls": []}, "1007"),
        ({"grantControls__builtInControls": ["block", "mfa"]}, "'block'"),
        ({"grantControls__authenticationStrength": {"id": _STRENGTH}}, "'mfa'"),
        ({"grantControls__operator": "XOR"}, "'XOR'"),
        (
            {"grantControls__builtInControls": [], "grantControls__authenticationStrength": {"id": _NOWHERE}},
            _NOWHERE,
        ),
        ({"state": "on"}, "'state'"),
        ({"displayName": ""}, "1007"),
        ({"conditions__clientAppTypes": ["telnet"]}, "'telnet'"),
    ],
)
def test_policy_that_entra_would_not_save_is_refused(tenant: Tenant, changes: dict[str, Any], named: str) -> None:
    status, code, message = refusal(tenant.client("deploy").post(PATH, json=policy(**changes)))
    assert (status, code) == (400, "BadRequest")
    assert named in message


def test_risk_condition_is_saved_with_p2(tenant: Tenant) -> None:
    tenant.reseed(licences=(SeedLicence("AAD_PREMIUM_P2"),))
    body = policy(conditions__signInRiskLevels=["high"])
    assert tenant.client("deploy").post(PATH, json=body).status_code == 201


def test_conditional_access_needs_p1(tenant: Tenant) -> None:
    tenant.reseed(licences=())
    client = tenant.client("deploy")
    for response in (client.post(PATH, json=policy()), client.get(PATH)):
        status, code, message = refusal(response)
        assert (status, code) == (403, "AccessDenied")
        assert "not licensed" in message


def test_security_defaults_allow_no_enabled_policy(tenant: Tenant) -> None:
    tenant.reseed(security_defaults=True)
    client = tenant.client("deploy")
    assert client.get("/v1.0/policies/identitySecurityDefaultsEnforcementPolicy").json()["isEnabled"] is True
    _, _, message = refusal(client.post(PATH, json=policy()))
    assert message.startswith("Security Defaults is enabled")
    created = client.post(PATH, json=policy(state="enabledForReportingButNotEnforced"))
    assert created.status_code == 201
    path = f"{PATH}/{created.json()['id']}"
    assert client.patch(path, json={"state": "enabled"}).status_code == 400
    assert client.get(path).json()["state"] == "enabledForReportingButNotEnforced"


def test_security_defaults_are_switched_off_before_and_not_on_beside_an_enabled_policy(tenant: Tenant) -> None:
    tenant.reseed(security_defaults=True)
    client = tenant.client("deploy")
    defaults = "/v1.0/policies/identitySecurityDefaultsEnforcementPolicy"
    assert client.patch(defaults, json={"isEnabled": False}).status_code == 204
    assert client.post(PATH, json=policy()).status_code == 201
    assert client.patch(defaults, json={"isEnabled": True}).status_code == 400


def test_built_in_strengths_are_listed(tenant: Tenant) -> None:
    client = tenant.client("deploy")
    listed = client.get("/v1.0/policies/authenticationStrengthPolicies").json()["value"]
    assert {each["displayName"] for each in listed} == {
        "Multifactor authentication",
        "Passwordless MFA",
        "Phishing-resistant MFA",
    }
    path = f"/v1.0/policies/authenticationStrengthPolicies/{_STRENGTH}"
    assert "temporaryAccessPassOneTime" not in client.get(path).json()["allowedCombinations"]
    assert client.get(f"/v1.0/policies/authenticationStrengthPolicies/{_NOWHERE}").status_code == 404
