"""What If: which policies apply to a sign-in, and the reason where one does not."""

from typing import Any

import pytest

from sandbox.seed import SeedLicence
from tests.sandbox.conftest import Tenant, refusal
from tests.sandbox.test_conditional_access import PATH, policy

_EVALUATE = "/v1.0/identity/conditionalAccess/evaluate"
_GRAPH = "00000003-0000-0000-c000-000000000000"
_EXCHANGE = "00000002-0000-0ff1-ce00-000000000000"
_ALEX = "alex.moore@contoso.example"
_GLASS = "breakglass1@contoso.onmicrosoft.com"
_GLOBAL_ADMINISTRATOR = "62e90394-69f5-4237-9190-012177145e10"


def _sign_in(tenant: Tenant, login: str, application: str = _GRAPH, **conditions: Any) -> dict[str, Any]:
    return {
        "signInIdentity": {"@odata.type": "#microsoft.graph.userSignIn", "userId": tenant.user_id(login)},
        "signInContext": {
            "@odata.type": "#microsoft.graph.applicationContext",
            "includeApplications": [application],
        },
        "signInConditions": {"clientAppType": "browser", "devicePlatform": "windows", **conditions},
    }


def _judged(tenant: Tenant, body: dict[str, Any]) -> list[tuple[bool, str]]:
    response = tenant.client("post-apply").post(_EVALUATE, json=body)
    assert response.status_code == 200, response.text
    return [(each["policyApplies"], each["analysisReasons"]) for each in response.json()["value"]]


def _save(tenant: Tenant, **changes: Any) -> str:
    response = tenant.client("deploy").post(PATH, json=policy(**changes))
    assert response.status_code == 201, response.text
    return str(response.json()["id"])


_APPLIES = (True, "notSet")


@pytest.mark.parametrize(
    ("changes", "login", "conditions", "expected"),
    [
        ({}, _ALEX, {}, _APPLIES),
        ({"state": "enabledForReportingButNotEnforced"}, _ALEX, {}, _APPLIES),
        ({"state": "disabled"}, _ALEX, {}, (False, "policyNotEnabled")),
        ({"conditions__users__includeUsers": ["None"]}, _ALEX, {}, (False, "users")),
        ({"conditions__users__includeUsers": ["GuestsOrExternalUsers"]}, _ALEX, {}, (False, "users")),
        (
            {"conditions__users__includeUsers": [], "conditions__users__includeRoles": [_GLOBAL_ADMINISTRATOR]},
            _GLASS,
            {},
            _APPLIES,
        ),
        (
            {"conditions__users__includeUsers": [], "conditions__users__includeRoles": [_GLOBAL_ADMINISTRATOR]},
            _ALEX,
            {},
            (False, "users"),
        ),
        ({"conditions__users__excludeRoles": [_GLOBAL_ADMINISTRATOR]}, _GLASS, {}, (False, "users")),
        ({"conditions__applications__includeApplications": [_EXCHANGE]}, _ALEX, {}, (False, "application")),
        ({"conditions__applications__includeApplications": ["Office365"]}, _ALEX, {}, (False, "application")),
        ({"conditions__applications__excludeApplications": [_GRAPH]}, _ALEX, {}, (False, "application")),
        ({"conditions__clientAppTypes": ["browser"]}, _ALEX, {}, _APPLIES),
        ({"conditions__clientAppTypes": ["other"]}, _ALEX, {}, (False, "clientApps")),
        ({"conditions__clientAppTypes": ["browser"]}, _ALEX, {"clientAppType": "all"}, (False, "notEnoughInformation")),
        ({"conditions__platforms": {"includePlatforms": ["windows"], "excludePlatforms": []}}, _ALEX, {}, _APPLIES),
        (
            {"conditions__platforms": {"includePlatforms": ["all"], "excludePlatforms": ["windows"]}},
            _ALEX,
            {},
            (False, "devicePlatform"),
        ),
        (
            {"conditions__platforms": {"includePlatforms": ["windows"], "excludePlatforms": []}},
            _ALEX,
            {"devicePlatform": "all"},
            (False, "notEnoughInformation"),
        ),
        (
            {"conditions__locations": {"includeLocations": ["All"], "excludeLocations": []}},
            _ALEX,
            {},
            (False, "notEnoughInformation"),
        ),
        (
            {"conditions__locations": {"includeLocations": ["All"], "excludeLocations": []}},
            _ALEX,
            {"ipAddress": "203.0.113.7", "country": "DE"},
            _APPLIES,
        ),
        (
            {"conditions__authenticationFlows": {"transferMethods": "deviceCodeFlow"}},
            _ALEX,
            {"authenticationFlow": {"transferMethod": "authenticationTransfer"}},
            (False, "authenticationFlow"),
        ),
    ],
)
def test_policy_is_judged_by_the_first_condition_that_does_not_fit(
    tenant: Tenant, changes: dict[str, Any], login: str, conditions: dict[str, Any], expected: tuple[bool, str]
) -> None:
    _save(tenant, **changes)
    assert _judged(tenant, _sign_in(tenant, login, **conditions)) == [expected]


def test_office_365_stands_for_exchange_online(tenant: Tenant) -> None:
    _save(tenant, conditions__applications__includeApplications=["Office365"])
    assert _judged(tenant, _sign_in(tenant, _ALEX, _EXCHANGE)) == [_APPLIES]


def test_excluded_group_wins_through_nesting(tenant: Tenant) -> None:
    outer, inner = tenant.group_id("sg-dashboard-readers"), tenant.group_id("sg-contacts-admins")
    reference = {"@odata.id": f"https://localhost/v1.0/directoryObjects/{inner}"}
    _save(tenant, conditions__users__excludeGroups=[outer])
    assert _judged(tenant, _sign_in(tenant, _ALEX)) == [_APPLIES]
    tenant.control.act("POST", f"/v1.0/groups/{outer}/members/$ref", reference)
    assert _judged(tenant, _sign_in(tenant, _ALEX)) == [(False, "users")]


def test_user_named_by_id_is_covered_and_nobody_else(tenant: Tenant) -> None:
    _save(tenant, conditions__users__includeUsers=[tenant.user_id(_ALEX)])
    assert _judged(tenant, _sign_in(tenant, _ALEX)) == [_APPLIES]
    assert _judged(tenant, _sign_in(tenant, "kim.berg@contoso.example")) == [(False, "users")]


def test_registration_of_security_info_is_judged_as_a_user_action(tenant: Tenant) -> None:
    _save(
        tenant,
        conditions__applications__includeApplications=[],
        conditions__applications__includeUserActions=["urn:user:registersecurityinfo"],
    )
    body = _sign_in(tenant, _ALEX)
    assert _judged(tenant, body) == [(False, "application")]
    body["signInContext"] = {
        "@odata.type": "#microsoft.graph.userActionContext",
        "userAction": "registerSecurityInformation",
    }
    assert _judged(tenant, body) == [_APPLIES]


def test_risk_that_the_request_leaves_open_keeps_a_policy_from_applying(tenant: Tenant) -> None:
    tenant.reseed(licences=(SeedLicence("AAD_PREMIUM_P2"),))
    _save(tenant, conditions__signInRiskLevels=["high"])
    assert _judged(tenant, _sign_in(tenant, _ALEX)) == [(False, "notEnoughInformation")]
    assert _judged(tenant, _sign_in(tenant, _ALEX, signInRiskLevel="low")) == [(False, "signInRisk")]
    assert _judged(tenant, _sign_in(tenant, _ALEX, signInRiskLevel="high")) == [_APPLIES]


def test_only_applied_policies_are_shown_when_asked_for(tenant: Tenant) -> None:
    applied = _save(tenant)
    _save(tenant, displayName="Off", state="disabled")
    body = {**_sign_in(tenant, _ALEX), "appliedPoliciesOnly": True}
    results = tenant.client("post-apply").post(_EVALUATE, json=body).json()["value"]
    assert [each["id"] for each in results] == [applied]
    assert results[0]["grantControls"]["builtInControls"] == ["mfa"]


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"signInIdentity": None}, 400),
        ({"signInContext": None}, 400),
        ({"signInConditions": None}, 400),
        ({"signInContext": {"@odata.type": "#microsoft.graph.applicationContext", "includeApplications": []}}, 400),
        ({"signInConditions": {"moonPhase": "full"}}, 400),
        ({"signInConditions": {"clientAppType": "telnet"}}, 400),
        ({"signInIdentity": {"@odata.type": "#microsoft.graph.userSignIn", "userId": "nobody"}}, 404),
        (
            {"signInIdentity": {"@odata.type": "#microsoft.graph.servicePrincipalSignIn", "servicePrincipalId": "x"}},
            501,
        ),
        ({"signInContext": {"@odata.type": "#microsoft.graph.applicationContext", "includeApplications": ["x"]}}, 400),
        ({"moon": "full"}, 400),
    ],
)
def test_sign_in_that_cannot_be_judged_is_refused(tenant: Tenant, changes: dict[str, Any], status: int) -> None:
    body = {**_sign_in(tenant, _ALEX), **changes}
    response = tenant.client("post-apply").post(_EVALUATE, json={k: v for k, v in body.items() if v is not None})
    assert refusal(response)[0] == status
