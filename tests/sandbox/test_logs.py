"""The sign-in log and the audit log: what they hold, who reads them, and when."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.seed import SeedIdentity, SeedLicence
from tests.sandbox.browser import Browser
from tests.sandbox.conftest import SEED, Tenant, create_user, refusal
from tests.sandbox.people import (
    GRAPH,
    MEMBER,
    PASSWORD,
    authorize,
    client_id,
    code_of,
    one_time_code,
    redeem,
    require_second_factor,
    settle,
)

SIGN_INS = "/v1.0/auditLogs/signIns"
AUDITS = "/v1.0/auditLogs/directoryAudits"


@pytest.fixture
def browser(tenant: Tenant) -> Iterator[Browser]:
    settle(tenant)
    with Browser.at(tenant) as browser:
        yield browser


def _sign_in(browser: Browser, tenant: Tenant) -> None:
    authorize(browser, tenant, client_id(tenant, "Desk"))
    browser.sign_in(MEMBER, PASSWORD)
    if browser.step == "consent":
        browser.submit("consent", "accept")


def _read(tenant: Tenant, path: str, **query: str) -> list[dict[str, Any]]:
    response = tenant.client("administer").get(path, params=query)
    assert response.status_code == 200, response.text
    found: list[dict[str, Any]] = response.json()["value"]
    return found


def test_sign_in_leaves_an_entry_with_person_application_resource_and_outcome(tenant: Tenant, browser: Browser) -> None:
    _sign_in(browser, tenant)
    entry = _read(tenant, SIGN_INS)[0]
    assert entry["userPrincipalName"] == MEMBER
    assert entry["userId"] == tenant.user_id(MEMBER)
    assert (entry["appId"], entry["appDisplayName"]) == (client_id(tenant, "Desk"), "Desk")
    assert entry["resourceId"] == GRAPH
    assert (entry["status"]["errorCode"], entry["isInteractive"]) == (0, True)
    assert (entry["conditionalAccessStatus"], entry["clientAppUsed"]) == (
        "notApplied",
        "Mobile Apps and Desktop clients",
    )
    assert "signInEventTypes" not in entry


def test_interrupted_and_failed_attempts_are_entries_of_their_own_under_one_correlation(
    tenant: Tenant, browser: Browser
) -> None:
    require_second_factor(tenant)
    authorize(browser, tenant, client_id(tenant, "Desk"))
    browser.sign_in(MEMBER, "Wrong-1-word")
    browser.submit("credential", password=PASSWORD)
    browser.submit("register", oneTimeCode=one_time_code(tenant, browser.secret))
    browser.submit("consent", "accept")
    entries = _read(tenant, SIGN_INS, **{"$filter": f"userPrincipalName eq '{MEMBER}'"})
    assert [each["status"]["errorCode"] for each in reversed(entries)] == [50126, 50072, 65001, 0]
    assert len({each["correlationId"] for each in entries}) == 1
    assert {each["conditionalAccessStatus"] for each in entries if each["status"]["errorCode"] == 0} == {"success"}


def test_beta_tells_the_methods_and_that_more_than_one_factor_was_asked(tenant: Tenant, browser: Browser) -> None:
    require_second_factor(tenant)
    authorize(browser, tenant, client_id(tenant, "Desk"))
    browser.sign_in(MEMBER, PASSWORD)
    browser.submit("register", oneTimeCode=one_time_code(tenant, browser.secret))
    browser.submit("consent", "accept")
    entry = _read(tenant, "/beta/auditLogs/signIns")[0]
    assert entry["authenticationRequirement"] == "multiFactorAuthentication"
    assert entry["authenticationMethodsUsed"] == ["Password", "OATH verification code"]
    assert [each["authenticationStepRequirement"] for each in entry["authenticationDetails"]] == [
        "Primary authentication",
        "Secondary authentication",
    ]
    assert entry["signInEventTypes"] == ["interactiveUser"]


def test_sign_in_with_a_pass_names_the_pass(tenant: Tenant, browser: Browser) -> None:
    path = f"/v1.0/users/{MEMBER}/authentication/temporaryAccessPassMethods"
    access_pass = tenant.control.act("POST", path, {})["temporaryAccessPass"]
    authorize(browser, tenant, client_id(tenant, "Desk"))
    browser.submit("login", login=MEMBER)
    browser.submit("credential", accessPass=access_pass)
    entry = _read(tenant, "/beta/auditLogs/signIns")[0]
    assert entry["authenticationMethodsUsed"] == ["Temporary Access Pass"]


@pytest.mark.parametrize(
    ("changes", "code", "status", "result"),
    [
        ({"grantControls": {"operator": "OR", "builtInControls": ["block"]}}, 53003, "failure", "failure"),
        ({"state": "enabledForReportingButNotEnforced"}, 0, "notApplied", "reportOnlyInterrupted"),
        ({"state": "disabled"}, 0, "notApplied", "notEnabled"),
    ],
)
def test_policies_are_listed_with_what_came_of_them(
    tenant: Tenant, browser: Browser, changes: dict[str, Any], code: int, status: str, result: str
) -> None:
    require_second_factor(tenant, **changes)
    _sign_in(browser, tenant)
    entry = _read(tenant, SIGN_INS)[0]
    assert (entry["status"]["errorCode"], entry["conditionalAccessStatus"]) == (code, status)
    assert [each["result"] for each in entry["appliedConditionalAccessPolicies"]] == [result]


def test_applied_policies_are_left_out_for_who_may_not_read_conditional_access(
    tenant: Tenant, browser: Browser
) -> None:
    settle(tenant, identities=(*SEED.identities, SeedIdentity("log-reader", ("AuditLog.Read.All",))))
    _sign_in(browser, tenant)
    entries = tenant.client("log-reader").get(SIGN_INS).json()["value"]
    assert entries
    assert not any("appliedConditionalAccessPolicies" in each for each in entries)
    one = tenant.client("log-reader").get(f"{SIGN_INS}/{entries[0]['id']}").json()
    assert "appliedConditionalAccessPolicies" not in one
    assert "appliedConditionalAccessPolicies" in _read(tenant, SIGN_INS)[0]


def test_other_kinds_of_sign_ins_are_listed_in_beta_when_asked_for(tenant: Tenant, browser: Browser) -> None:
    _sign_in(browser, tenant)
    desk = client_id(tenant, "Desk")
    token = redeem(tenant, desk, code_of(browser)).json()["refresh_token"]
    redeem(tenant, desk, "", grant_type="refresh_token", refresh_token=token, redirect_uri="", code_verifier="")
    for path in (SIGN_INS, "/beta/auditLogs/signIns"):
        assert {each["isInteractive"] for each in _read(tenant, path)} == {True}
    query: dict[str, str] = {}
    for kind in ("servicePrincipal", "nonInteractiveUser"):
        query = {"$filter": f"signInEventTypes/any(t: t eq '{kind}')"}
        entries = _read(tenant, "/beta/auditLogs/signIns", **query)
        assert entries
        assert all(each["signInEventTypes"] == [kind] for each in entries)
    own = _read(tenant, "/beta/auditLogs/signIns", **{"$filter": "signInEventTypes/any(t: t eq 'servicePrincipal')"})
    assert own[0]["servicePrincipalId"] == tenant.running.identities["administer"].object_id
    refused = tenant.client("administer").get(SIGN_INS, params=query)
    assert refused.status_code == 400


@pytest.mark.parametrize(
    "template",
    [
        "userId eq '{user}'",
        "userPrincipalName eq '{login}'",
        "startsWith(userPrincipalName,'mara')",
        "appId eq '{app}'",
        "startsWith(appDisplayName,'De')",
        "status/errorCode eq 0",
        "conditionalAccessStatus eq 'notApplied'",
        "createdDateTime ge 2020-01-01T00:00:00Z and createdDateTime le 2099-01-01T00:00:00Z",
        "resourceId eq '{graph}'",
        "ipAddress eq '127.0.0.1'",
        "clientAppUsed eq 'Mobile Apps and Desktop clients'",
        "correlationId eq '{correlation}'",
    ],
)
def test_sign_ins_are_filtered(tenant: Tenant, browser: Browser, template: str) -> None:
    _sign_in(browser, tenant)
    last = _read(tenant, SIGN_INS)[0]
    text = template.format(
        user=tenant.user_id(MEMBER),
        login=MEMBER,
        app=client_id(tenant, "Desk"),
        graph=GRAPH,
        correlation=last["correlationId"],
    )
    assert last["id"] in {each["id"] for each in _read(tenant, SIGN_INS, **{"$filter": text})}
    response = tenant.client("administer").get(SIGN_INS, params={"$filter": "userAgent eq 'x'"})
    assert response.status_code == 400


def test_sign_ins_need_a_premium_licence_and_audits_do_not(tenant: Tenant) -> None:
    settle(tenant, licences=())
    client = tenant.client("administer")
    status, code, message = refusal(client.get(SIGN_INS))
    assert (status, code) == (403, "Authentication_RequestFromNonPremiumTenantOrB2CTenant")
    assert "premium license" in message
    assert refusal(client.get(f"{SIGN_INS}/x"))[:2] == (status, code)
    assert client.get(AUDITS).status_code == 200


def test_logs_can_be_read_after_their_delay(tenant: Tenant, browser: Browser) -> None:
    settle(tenant, behaviour={"log_delay_seconds": 300})
    _sign_in(browser, tenant)
    create_user(tenant.client("administer"), "sam.rye@contoso.example")
    assert (_read(tenant, SIGN_INS), _read(tenant, AUDITS)) == ([], [])
    tenant.control.advance_clock(301)
    assert _read(tenant, SIGN_INS)
    assert _read(tenant, AUDITS)


@pytest.mark.parametrize(("licences", "days"), [((SeedLicence("AAD_PREMIUM"),), 30), ((), 7)])
def test_logs_are_kept_as_long_as_the_licence_says(
    tenant: Tenant, licences: tuple[SeedLicence, ...], days: int
) -> None:
    settle(tenant, licences=licences)
    create_user(tenant.client("administer"), "sam.rye@contoso.example")
    tenant.control.advance_clock(days * 24 * 3600 - 60)
    assert _read(tenant, AUDITS)
    tenant.control.advance_clock(120)
    assert _read(tenant, AUDITS) == []


@pytest.mark.parametrize(
    "template",
    [
        "activityDisplayName eq 'Add user'",
        "startsWith(activityDisplayName,'Add us')",
        "activityDateTime ge 2020-01-01T00:00:00Z",
        "loggedByService eq 'Core Directory'",
        "category eq 'UserManagement'",
        "initiatedBy/app/appId eq '{app}'",
        "initiatedBy/app/displayName eq 'administer'",
        "targetResources/any(t: t/id eq '{user}')",
        "targetResources/any(t: t/displayName eq 'Mara Holt')",
        "targetResources/any(t: startsWith(t/userPrincipalName,'sam'))",
    ],
)
def test_audits_are_filtered_and_shown_one_by_one(tenant: Tenant, template: str) -> None:
    settle(tenant)
    user = create_user(tenant.client("administer"), "sam.rye@contoso.example")
    text = template.format(app=tenant.running.identities["administer"].client_id, user=user["id"])
    found = _read(tenant, AUDITS, **{"$filter": text})
    assert "Add user" in {each["activityDisplayName"] for each in found}
    one = tenant.client("administer").get(f"{AUDITS}/{found[0]['id']}").json()
    assert one["id"] == found[0]["id"]


def test_changed_value_with_a_quotation_mark_is_json_in_the_audit_log(tenant: Tenant) -> None:
    graph = tenant.control.act("GET", "/v1.0/servicePrincipals(appId='00000003-0000-0000-c000-000000000000')")["id"]
    client, scope = tenant.running.identities["nobody"].object_id, 'Read"All'
    body = {"clientId": client, "consentType": "AllPrincipals", "resourceId": graph, "scope": scope}
    tenant.control.act("POST", "/v1.0/oauth2PermissionGrants", body)
    entry = tenant.control.snapshot()["audit_entries"][-1]
    (change,) = [change for each in entry["targetResources"] for change in each["modifiedProperties"]]
    assert json.loads(change["newValue"]) == scope


def test_audits_by_a_person_are_found_by_the_person(tenant: Tenant, browser: Browser) -> None:
    _sign_in(browser, tenant)
    person = tenant.user_id(MEMBER)
    for text in (
        f"initiatedBy/user/id eq '{person}'",
        f"initiatedBy/user/userPrincipalName eq '{MEMBER}'",
        "initiatedBy/user/displayName eq 'Mara Holt'",
    ):
        found = _read(tenant, AUDITS, **{"$filter": text})
        assert "Consent to application" in {each["activityDisplayName"] for each in found}


def test_unknown_entry_is_not_found(tenant: Tenant) -> None:
    client = tenant.client("administer")
    for path in (SIGN_INS, AUDITS):
        assert refusal(client.get(f"{path}/nothing"))[:2] == (404, "Request_ResourceNotFound")


def test_application_that_a_policy_blocks_is_in_the_log_with_the_policy(tenant: Tenant) -> None:
    settle(tenant, licences=(SeedLicence("AAD_PREMIUM_P2"), SeedLicence("Workload_Identities_P2")))
    principal = tenant.running.identities["nobody"].object_id
    for each in tenant.control.snapshot()["applications"].values():
        tenant.control.act("PATCH", f"/v1.0/applications/{each['id']}", {"signInAudience": "AzureADMyOrg"})
    require_second_factor(
        tenant,
        conditions={
            "clientApplications": {"includeServicePrincipals": [principal]},
            "users": {"includeUsers": ["None"]},
            "applications": {"includeApplications": ["All"]},
            "clientAppTypes": ["all"],
        },
        grantControls={"operator": "OR", "builtInControls": ["block"]},
    )
    known = tenant.running.identities["nobody"]
    answer = tenant.ask_token(client_id=known.client_id, client_secret=known.client_secret)
    assert answer.json()["error_codes"] == [53003]
    query = {"$filter": f"signInEventTypes/any(t: t eq 'servicePrincipal') and appId eq '{known.client_id}'"}
    entry = _read(tenant, "/beta/auditLogs/signIns", **query)[0]
    assert (entry["status"]["errorCode"], entry["conditionalAccessStatus"]) == (53003, "failure")
    assert [each["result"] for each in entry["appliedConditionalAccessPolicies"]] == ["failure"]
