"""Conditional access policies: what may be saved, and what comes back."""

from typing import Any, Literal

import httpx
import pytest

from sandbox.behaviour import Behaviour
from sandbox.seed import SeedLicence
from tests.sandbox.conftest import Tenant, refusal
from tests.sandbox.rows.policies import policy, strength

PATH = "/v1.0/identity/conditionalAccess/policies"
_NOWHERE = "11111111-1111-4111-8111-111111111111"
_STRENGTH = "00000000-0000-0000-0000-000000000004"
_GUESTS = {"guestOrExternalUserTypes": "internalGuest,serviceProvider", "externalTenants": {"membershipKind": "all"}}


def reason(response: httpx.Response) -> str:
    """Tell why a policy was refused, which stands in one of two places."""
    error = response.json()["error"]
    return str(error["innerError"].get("message", error["message"]))


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
        (
            {
                "conditions__users__includeUsers": ["GuestsOrExternalUsers"],
                "conditions__users__includeGuestsOrExternalUsers": _GUESTS,
            },
            "'GuestsOrExternalUsers'",
        ),
        (
            {"conditions__users__includeGuestsOrExternalUsers": {"guestOrExternalUserTypes": "none"}},
            "'guestOrExternalUserTypes'",
        ),
        (
            {
                "conditions__users__excludeGuestsOrExternalUsers": {
                    "guestOrExternalUserTypes": "internalGuest",
                    "externalTenants": {
                        "@odata.type": "#microsoft.graph.conditionalAccessEnumeratedExternalTenants",
                        "membershipKind": "enumerated",
                        "members": ["contoso"],
                    },
                }
            },
            "'contoso'",
        ),
        ({"conditions__users__includeRoles": ["All"]}, "role"),
        ({"conditions__locations": {"includeLocations": [], "excludeLocations": []}}, "'locations'"),
        ({"conditions__locations": {"includeLocations": [_NOWHERE], "excludeLocations": []}}, _NOWHERE),
        ({"conditions__platforms": {"includePlatforms": [], "excludePlatforms": ["windows"]}}, "'platforms'"),
        ({"conditions__platforms": {"includePlatforms": ["amiga"], "excludePlatforms": []}}, "'amiga'"),
        (
            {"conditions__devices": {"deviceFilter": {"mode": "include", "rule": 'device.colour -eq "red"'}}},
            "device.colour",
        ),
        ({"conditions__devices": {"deviceFilter": {"mode": "include", "rule": "device.model -eq"}}}, "ends too early"),
        ({"conditions__servicePrincipalRiskLevels": ["high"]}, "'clientApplications'"),
        (
            {"conditions__clientApplications": {"includeServicePrincipals": ["ServicePrincipalsInMyTenant"]}},
            "Workload ID",
        ),
        ({"conditions__applications": {"includeUserActions": ["urn:user:dance"]}}, "urn:user:dance"),
        ({"conditions__applications": {"includeAuthenticationContextClassReferences": ["c100"]}}, "c100"),
        ({"conditions__insiderRiskLevels": "elevated"}, "1039"),
        ({"grantControls__termsOfUse": [_NOWHERE]}, _NOWHERE),
        ({"grantControls__customAuthenticationFactors": ["RequireDuoMfa"]}, "RequireDuoMfa"),
        ({"grantControls__builtInControls": ["passwordChange"]}, "'passwordChange'"),
        ({"sessionControls": {"signInFrequency": {"isEnabled": True, "type": "hours", "value": 0}}}, "0 hours"),
        ({"sessionControls": {"signInFrequency": {"isEnabled": True, "type": "hours", "value": 24}}}, "24 hours"),
        (
            {"sessionControls": {"signInFrequency": {"isEnabled": True, "frequencyInterval": "everyTime", "value": 1}}},
            "'signInFrequency'",
        ),
        ({"sessionControls": {"persistentBrowser": {"isEnabled": True}}}, "'mode'"),
        ({"sessionControls": {"cloudAppSecurity": {"isEnabled": True}}}, "'cloudAppSecurityType'"),
        ({"conditions__clientAppTypes": ["telnet"]}, "'telnet'"),
        (
            {"conditions__devices": {"deviceFilter": {"mode": "include", "rule": "(" * 900 + "x" + ")" * 900}}},
            "levels deep",
        ),
    ],
)
def test_policy_that_entra_would_not_save_is_refused(tenant: Tenant, changes: dict[str, Any], named: str) -> None:
    response = tenant.client("deploy").post(PATH, json=policy(**changes))
    assert refusal(response)[:2] == (400, "BadRequest")
    assert named in reason(response)


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


def test_change_that_entra_would_not_save_is_refused_and_changes_nothing(tenant: Tenant) -> None:
    client = tenant.client("deploy")
    path = f"{PATH}/{client.post(PATH, json=policy()).json()['id']}"
    before = client.get(path).json()
    wrong: list[dict[str, Any]] = [
        {"state": None},
        {"displayName": ""},
        {"conditions": {"clientAppTypes": []}},
        {"kelp": 1},
    ]
    for body in wrong:
        assert client.patch(path, json=body).status_code == 400
    assert client.get(path).json() == before


@pytest.mark.parametrize("place", ["innerError", "message"])
def test_reason_of_a_refused_policy_stands_where_the_tenant_puts_it(
    tenant: Tenant, place: Literal["innerError", "message"]
) -> None:
    tenant.reseed(behaviour=Behaviour(access_policy_reason=place))
    error = tenant.client("deploy").post(PATH, json=policy(conditions__clientAppTypes=[])).json()["error"]
    assert error["message"].startswith("1064:") == (place == "message")
    assert error["innerError"].get("message", "").startswith("1064:") == (place == "innerError")


_EVERYTHING: dict[str, Any] = {
    "conditions__applications": {"includeApplications": ["All"], "excludeApplications": ["Office365"]},
    "conditions__authenticationFlows": {"transferMethods": "deviceCodeFlow,authenticationTransfer"},
    "conditions__clientAppTypes": ["mobileAppsAndDesktopClients", "browser"],
    "conditions__devices": {"deviceFilter": {"mode": "exclude", "rule": 'device.operatingSystem eq "Doors"'}},
    "conditions__insiderRiskLevels": "elevated",
    "conditions__locations": {"includeLocations": ["All"], "excludeLocations": ["AllTrusted"]},
    "conditions__platforms": {"includePlatforms": ["iOS", "android"], "excludePlatforms": ["windows"]},
    "conditions__signInRiskLevels": ["high", "medium"],
    "conditions__userRiskLevels": ["high"],
    "conditions__users__excludeGuestsOrExternalUsers": {
        "guestOrExternalUserTypes": "serviceProvider,internalGuest",
        "externalTenants": {
            "@odata.type": "#microsoft.graph.conditionalAccessEnumeratedExternalTenants",
            "membershipKind": "enumerated",
            "members": ["f8cdef31-a31e-4b4a-93e4-5f571e91255a"],
        },
    },
    "grantControls__builtInControls": ["mfa", "compliantDevice", "passwordChange"],
    "grantControls__operator": "AND",
    "sessionControls": {
        "applicationEnforcedRestrictions": {"isEnabled": True},
        "cloudAppSecurity": {"cloudAppSecurityType": "monitorOnly", "isEnabled": True},
        "disableResilienceDefaults": True,
        "persistentBrowser": {"isEnabled": True, "mode": "never"},
        "secureSignInSession": {"isEnabled": True},
        "signInFrequency": {
            "authenticationType": "primaryAndSecondaryAuthentication",
            "frequencyInterval": "timeBased",
            "isEnabled": True,
            "type": "days",
            "value": 4,
        },
    },
}


def test_policy_with_every_option_comes_back_as_it_was_sent(tenant: Tenant) -> None:
    tenant.reseed(licences=(SeedLicence("AAD_PREMIUM_P2"),))
    client = tenant.client("deploy")
    body = policy(**_EVERYTHING)
    created = client.post(PATH, json=body)
    assert created.status_code == 201, created.text
    assert _holds(client.get(f"{PATH}/{created.json()['id']}").json(), body)


def test_change_with_nulls_takes_conditions_and_controls_away(tenant: Tenant) -> None:
    tenant.reseed(licences=(SeedLicence("AAD_PREMIUM_P2"),))
    client = tenant.client("deploy")
    path = f"{PATH}/{client.post(PATH, json=policy(**_EVERYTHING)).json()['id']}"
    plain = policy()
    assert client.patch(path, json=plain).status_code == 204
    shown = client.get(path).json()
    assert _holds(shown, plain)
    assert shown["conditions"]["insiderRiskLevels"] is None
    assert shown["modifiedDateTime"] is not None


def test_terms_of_use_and_custom_controls_of_the_tenant_can_be_demanded(tenant: Tenant) -> None:
    tenant.reseed(terms_of_use=("Acceptable use",), custom_controls=("RequireDuoMfa",))
    (agreement,) = tenant.control.snapshot()["terms_of_use"]
    body = policy(grantControls__termsOfUse=[agreement], grantControls__customAuthenticationFactors=["RequireDuoMfa"])
    assert tenant.client("deploy").post(PATH, json=body).status_code == 201


def test_filters_by_custom_security_attributes_are_refused_by_name(tenant: Tenant) -> None:
    rule = {"mode": "include", "rule": 'CustomSecurityAttribute.Team_Kind -eq "x"'}
    body = policy(conditions__applications__applicationFilter=rule)
    status, code, message = refusal(tenant.client("deploy").post(PATH, json=body))
    assert (status, code) == (501, "notImplemented")
    assert "applicationFilter" in message


def test_templates_are_refused_by_name(tenant: Tenant) -> None:
    status, _, message = refusal(tenant.client("deploy").get("/v1.0/identity/conditionalAccess/templates"))
    assert status == 501
    assert "templates" in message


def test_changes_are_audited_with_the_policy_before_and_after(tenant: Tenant) -> None:
    client = tenant.client("deploy")
    path = f"{PATH}/{client.post(PATH, json=policy()).json()['id']}"
    client.patch(path, json={"state": "disabled"})
    client.delete(path)
    entries = tenant.control.snapshot()["audit_entries"]
    assert [each["activityDisplayName"] for each in entries] == [
        "Add Conditional Access policy",
        "Update Conditional Access policy",
        "Delete Conditional Access policy",
    ]
    (modified,) = entries[1]["targetResources"][0]["modifiedProperties"]
    assert '"state": "enabled"' in modified["oldValue"]
    assert '"state": "disabled"' in modified["newValue"]


def test_policy_with_the_tenants_own_strength_shows_it_whole(tenant: Tenant) -> None:
    client = tenant.client("deploy")
    made = client.post("/v1.0/policies/authenticationStrengthPolicies", json=strength()).json()
    controls = {"grantControls__builtInControls": [], "grantControls__authenticationStrength": {"id": made["id"]}}
    created = client.post(PATH, json=policy(**controls))
    assert created.json()["grantControls"]["authenticationStrength"]["displayName"] == "Strong"


def test_ids_in_capitals_are_those_of_the_same_objects(tenant: Tenant) -> None:
    group = tenant.group_id("sg-breakglass")
    made = tenant.client("deploy").post(PATH, json=policy(conditions__users__excludeGroups=[group.upper()]))
    assert made.json()["conditions"]["users"]["excludeGroups"] == [group]


def _holds(shown: Any, sent: Any) -> bool:
    if isinstance(sent, dict):
        return all(_holds(shown[name], value) for name, value in sent.items() if name != "@odata.type")
    return bool(shown == sent)
