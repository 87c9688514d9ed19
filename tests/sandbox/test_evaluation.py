"""What If: which policies apply to a sign-in, and the reason where one does not."""

from typing import Any, Literal

import pytest

from sandbox.behaviour import Behaviour
from sandbox.seed import SeedLicence
from tests.sandbox.conftest import Tenant, refusal
from tests.sandbox.rows.policies import country_location, ip_location, policy
from tests.sandbox.test_conditional_access import PATH

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
            404,
        ),
        ({"signInContext": {"@odata.type": "#microsoft.graph.applicationContext", "includeApplications": ["x"]}}, 400),
        ({"moon": "full"}, 400),
    ],
)
def test_sign_in_that_cannot_be_judged_is_refused(tenant: Tenant, changes: dict[str, Any], status: int) -> None:
    body = {**_sign_in(tenant, _ALEX), **changes}
    response = tenant.client("post-apply").post(_EVALUATE, json={k: v for k, v in body.items() if v is not None})
    assert refusal(response)[0] == status


_LOCATIONS = "/v1.0/identity/conditionalAccess/namedLocations"
_NOWHERE = "203.0.113.7"


def _locate(tenant: Tenant, body: dict[str, Any]) -> str:
    response = tenant.client("deploy").post(_LOCATIONS, json=body)
    assert response.status_code == 201, response.text
    return str(response.json()["id"])


@pytest.mark.parametrize(
    ("ranges", "address", "expected"),
    [
        (("203.0.113.0/24",), "203.0.113.7", _APPLIES),
        (("203.0.113.0/24",), "198.51.100.7", (False, "location")),
        (("198.51.100.0/24", "2001:db8::/32"), "2001:db8::7", _APPLIES),
        (("2001:db8::/32",), "2001:db9::7", (False, "location")),
    ],
)
def test_named_ip_location_is_around_the_addresses_of_its_ranges(
    tenant: Tenant, ranges: tuple[str, ...], address: str, expected: tuple[bool, str]
) -> None:
    office = _locate(tenant, ip_location(*ranges))
    _save(tenant, conditions__locations={"includeLocations": [office], "excludeLocations": []})
    assert _judged(tenant, _sign_in(tenant, _ALEX, ipAddress=address, country="DE")) == [expected]


@pytest.mark.parametrize(("address", "expected"), [("203.0.113.7", _APPLIES), ("198.51.100.7", (False, "location"))])
def test_named_ip_location_is_judged_without_a_country(
    tenant: Tenant, address: str, expected: tuple[bool, str]
) -> None:
    office = _locate(tenant, ip_location("203.0.113.0/24"))
    _save(tenant, conditions__locations={"includeLocations": [office], "excludeLocations": []})
    assert _judged(tenant, _sign_in(tenant, _ALEX, ipAddress=address)) == [expected]


@pytest.mark.parametrize(
    ("unknown", "country", "expected"),
    [
        (False, "DE", _APPLIES),
        (False, "US", (False, "location")),
        (False, "", (False, "location")),
        (True, "", _APPLIES),
        (False, None, (False, "notEnoughInformation")),
    ],
)
def test_named_country_location_is_around_its_countries(
    tenant: Tenant, unknown: bool, country: str | None, expected: tuple[bool, str]
) -> None:
    home = _locate(tenant, country_location("DE", "AT", unknown=unknown))
    _save(tenant, conditions__locations={"includeLocations": [home], "excludeLocations": []})
    given: dict[str, Any] = {"ipAddress": _NOWHERE} if country is None else {"ipAddress": _NOWHERE, "country": country}
    assert _judged(tenant, _sign_in(tenant, _ALEX, **given)) == [expected]


@pytest.mark.parametrize(("is_trusted", "expected"), [(True, (False, "location")), (False, _APPLIES)])
def test_trusted_locations_are_excluded_together(tenant: Tenant, is_trusted: bool, expected: tuple[bool, str]) -> None:
    _locate(tenant, ip_location("203.0.113.0/24", is_trusted=is_trusted))
    _save(tenant, conditions__locations={"includeLocations": ["All"], "excludeLocations": ["AllTrusted"]})
    assert _judged(tenant, _sign_in(tenant, _ALEX, ipAddress=_NOWHERE, country="DE")) == [expected]


@pytest.mark.parametrize(
    ("mode", "rule", "device", "expected"),
    [
        ("include", 'device.trustType -eq "Workplace"', {"trustType": "Workplace"}, _APPLIES),
        ("include", 'device.trustType -eq "Workplace"', {"trustType": "AzureAD"}, (False, "devices")),
        ("exclude", "device.isCompliant -eq True", {"isCompliant": True}, (False, "devices")),
        ("exclude", "device.isCompliant -eq True", {"isCompliant": False}, _APPLIES),
        (
            "include",
            'device.model -startsWith "Sur" -and device.deviceOwnership -ne "Personal"',
            {"model": "Surface", "ownership": "Company"},
            _APPLIES,
        ),
        (
            "include",
            'not (device.model -contains "face" -or device.model -endsWith "p")',
            {"model": "Surface"},
            (False, "devices"),
        ),
        ("include", 'device.extensionAttribute7 -in ["SAW", "PAW"]', {"extensionAttribute7": "paw"}, _APPLIES),
        (
            "include",
            'device.extensionAttribute7 -notIn ["SAW", "PAW"]',
            {"extensionAttribute7": "PAW"},
            (False, "devices"),
        ),
        # An unregistered device has no properties: negative operators match it, positive ones do not.
        ("include", 'device.model -eq "Surface"', {}, (False, "devices")),
        ("include", 'device.model -ne "Surface"', {}, _APPLIES),
        ("include", 'device.model -ne "Surface"', None, (False, "notEnoughInformation")),
    ],
)
def test_device_filter_is_judged_by_the_properties_of_the_device(
    tenant: Tenant, mode: str, rule: str, device: dict[str, Any] | None, expected: tuple[bool, str]
) -> None:
    _save(tenant, conditions__devices={"deviceFilter": {"mode": mode, "rule": rule}})
    given: dict[str, Any] = {} if device is None else {"deviceInfo": device}
    assert _judged(tenant, _sign_in(tenant, _ALEX, **given)) == [expected]


def _guests(types: str, *members: str) -> dict[str, Any]:
    kind = "conditionalAccessEnumeratedExternalTenants" if members else "conditionalAccessAllExternalTenants"
    tenants: dict[str, Any] = {"@odata.type": f"#microsoft.graph.{kind}"}
    tenants |= {"membershipKind": "enumerated", "members": list(members)} if members else {"membershipKind": "all"}
    return {"guestOrExternalUserTypes": types, "externalTenants": tenants}


_PARTNER = "f8cdef31-a31e-4b4a-93e4-5f571e91255a"


@pytest.mark.parametrize(
    ("guests", "identity", "expected"),
    [
        (_guests("b2bCollaborationGuest"), {}, (False, "users")),
        (_guests("b2bCollaborationGuest"), {"externalUserType": "b2bCollaborationGuest"}, _APPLIES),
        (_guests("internalGuest,serviceProvider"), {"externalUserType": "serviceProvider"}, _APPLIES),
        (_guests("internalGuest"), {"externalUserType": "serviceProvider"}, (False, "users")),
        (
            _guests("serviceProvider", _PARTNER),
            {"externalUserType": "serviceProvider", "externalTenantId": _PARTNER},
            _APPLIES,
        ),
        (
            _guests("serviceProvider", _PARTNER),
            {"externalUserType": "serviceProvider", "externalTenantId": _GRAPH},
            (False, "users"),
        ),
        (
            _guests("serviceProvider", _PARTNER),
            {"externalUserType": "serviceProvider"},
            (False, "notEnoughInformation"),
        ),
    ],
)
def test_guests_are_covered_by_kind_and_tenant(
    tenant: Tenant, guests: dict[str, Any], identity: dict[str, str], expected: tuple[bool, str]
) -> None:
    _save(tenant, conditions__users__includeUsers=[], conditions__users__includeGuestsOrExternalUsers=guests)
    body = _sign_in(tenant, _ALEX)
    body["signInIdentity"] |= identity
    assert _judged(tenant, body) == [expected]


def test_authentication_context_is_judged_by_its_mark(tenant: Tenant) -> None:
    _save(tenant, conditions__applications={"includeAuthenticationContextClassReferences": ["c7"]})
    body = _sign_in(tenant, _ALEX)
    for mark, expected in (("c7", _APPLIES), ("c8", (False, "authenticationContext"))):
        body["signInContext"] = {"@odata.type": "#microsoft.graph.authContext", "authenticationContextValue": mark}
        assert _judged(tenant, body) == [expected]


def test_suite_as_what_is_accessed_matches_nothing(tenant: Tenant) -> None:
    _save(tenant, conditions__applications__includeApplications=["Office365"])
    assert _judged(tenant, _sign_in(tenant, _ALEX, "Office365")) == [(False, "application")]


def test_insider_risk_counts_as_none_unless_given(tenant: Tenant) -> None:
    tenant.reseed(licences=(SeedLicence("AAD_PREMIUM_P2"),))
    _save(tenant, conditions__insiderRiskLevels="elevated")
    assert _judged(tenant, _sign_in(tenant, _ALEX)) == [(False, "insiderRisk")]
    assert _judged(tenant, _sign_in(tenant, _ALEX, insiderRiskLevel="elevated")) == [_APPLIES]


def _workload(tenant: Tenant, principal_id: str) -> dict[str, Any]:
    kind = "#microsoft.graph.servicePrincipalSignIn"
    return {**_sign_in(tenant, _ALEX), "signInIdentity": {"@odata.type": kind, "servicePrincipalId": principal_id}}


def test_policy_for_workload_identities_covers_the_tenants_own_and_no_user(tenant: Tenant) -> None:
    tenant.reseed(licences=(SeedLicence("AAD_PREMIUM"), SeedLicence("Workload_Identities_P2")))
    _save(
        tenant,
        conditions__users__includeUsers=["None"],
        conditions__clientApplications={
            "includeServicePrincipals": ["ServicePrincipalsInMyTenant"],
            # Who asks below has to go on signing in.
            "excludeServicePrincipals": [
                tenant.running.identities["deploy"].object_id,
                tenant.running.identities["post-apply"].object_id,
            ],
        },
        grantControls__builtInControls=["block"],
    )
    _save(tenant)
    principals = tenant.control.snapshot()["service_principals"].values()
    own = tenant.running.identities["nobody"].object_id
    microsofts = next(each["id"] for each in principals if each["appId"] == _GRAPH)
    assert _judged(tenant, _workload(tenant, own)) == [_APPLIES, (False, "workloadIdentities")]
    assert _judged(tenant, _sign_in(tenant, _ALEX)) == [(False, "users"), _APPLIES]
    response = tenant.client("post-apply").post(_EVALUATE, json=_workload(tenant, microsofts))
    assert refusal(response)[0] == 400


@pytest.mark.parametrize("shows", [True, False])
def test_disabled_policies_are_in_the_answer_where_the_tenant_shows_them(tenant: Tenant, shows: bool) -> None:
    tenant.reseed(behaviour=Behaviour(what_if_shows_disabled_policies=shows))
    _save(tenant, state="disabled")
    assert _judged(tenant, _sign_in(tenant, _ALEX)) == ([(False, "policyNotEnabled")] if shows else [])


@pytest.mark.parametrize("status", [404, 400, 200])
def test_unknown_identity_is_answered_as_the_tenant_does(tenant: Tenant, status: Literal[404, 400, 200]) -> None:
    tenant.reseed(behaviour=Behaviour(what_if_unknown_identity=status))
    _save(tenant)
    body = _sign_in(tenant, _ALEX)
    body["signInIdentity"]["userId"] = "11111111-1111-4111-8111-111111111111"
    assert tenant.client("post-apply").post(_EVALUATE, json=body).status_code == status
