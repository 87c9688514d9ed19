"""Admin consent in both forms: who may give it, what it leaves behind, how it answers, and how it is refused."""

from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.seed import VENDOR_APPLICATION_ID, SeedApplication, SeedForeignApplication
from tests.sandbox.browser import Browser
from tests.sandbox.conftest import Tenant
from tests.sandbox.people import (
    ADMINISTRATOR,
    APPLICATIONS,
    CONTACTS_ROLE,
    GRAPH,
    MEMBER,
    PASSWORD,
    USER_READ_ALL_ROLE,
    authorize,
    client_id,
    refused,
    require_second_factor,
    settle,
)

SHOP = "https://shop.contoso.example/signed-in"
VENDOR_ADDRESS = "https://dashboard.vendor.example/"
CLOUD_ADMINISTRATOR = "carl.voss@contoso.example"


@pytest.fixture
def browser(tenant: Tenant) -> Iterator[Browser]:
    settle(tenant)
    with Browser.at(tenant) as browser:
        yield browser


def _ask_v1(browser: Browser, tenant: Tenant, app: str, **changes: str) -> None:
    parameters = {"client_id": app, "state": "state-1", **changes}
    authority = parameters.pop("authority", tenant.running.tenant_id)
    browser.open(f"/{authority}/adminconsent", **parameters)


def _ask_v2(browser: Browser, tenant: Tenant, app: str, **changes: str) -> None:
    parameters = {
        "client_id": app,
        "redirect_uri": SHOP,
        "state": "state-1",
        "scope": f"{tenant.running.base_url}/.default",
        **changes,
    }
    authority = parameters.pop("authority", tenant.running.tenant_id)
    browser.open(f"/{authority}/v2.0/adminconsent", **{name: each for name, each in parameters.items() if each})


def _accept(browser: Browser, login: str = ADMINISTRATOR) -> None:
    browser.sign_in(login, PASSWORD)
    browser.submit("consent", "accept")


def _principal(tenant: Tenant, app: str) -> dict[str, Any] | None:
    known = tenant.control.snapshot()["service_principals"].values()
    return next((each for each in known if each["appId"] == app), None)


def _app_roles(tenant: Tenant, app: str) -> set[str]:
    principal = _principal(tenant, app)
    known = tenant.control.snapshot()["app_role_assignments"].values()
    return {each["appRoleId"] for each in known if principal and each["principalId"] == principal["id"]}


def _grants(tenant: Tenant, app: str) -> list[tuple[str, str | None, set[str]]]:
    principal = _principal(tenant, app)
    known = tenant.control.snapshot()["permission_grants"].values()
    own = [each for each in known if principal and each["clientId"] == principal["id"]]
    return [(each["consentType"], each["principalId"], set(each["scope"].split())) for each in own]


def test_consent_to_the_vendor_creates_principal_roles_and_one_grant_and_tells_the_vendor(
    tenant: Tenant, browser: Browser
) -> None:
    assert _principal(tenant, VENDOR_APPLICATION_ID) is None
    _ask_v1(browser, tenant, VENDOR_APPLICATION_ID, redirect_uri=VENDOR_ADDRESS)
    browser.sign_in(ADMINISTRATOR, PASSWORD)
    assert {"Contacts.ReadWrite", "User.Read"} <= set(browser.listed)
    browser.submit("consent", "accept")
    assert browser.arrival is not None
    assert browser.arrival.uri == VENDOR_ADDRESS
    assert list(browser.arrival.values.items()) == [
        ("tenant", tenant.running.tenant_id),
        ("state", "state-1"),
        ("admin_consent", "True"),
    ]
    assert CONTACTS_ROLE in _app_roles(tenant, VENDOR_APPLICATION_ID)
    assert len(_app_roles(tenant, VENDOR_APPLICATION_ID)) == 4
    assert _grants(tenant, VENDOR_APPLICATION_ID) == [
        ("AllPrincipals", None, {"User.Read", "offline_access", "openid", "profile"})
    ]
    principal = _principal(tenant, VENDOR_APPLICATION_ID)
    assert principal is not None
    assert tenant.control.snapshot()["owners"].get(principal["id"], []) == []


def test_consent_is_in_the_audit_log_under_the_administrator(tenant: Tenant, browser: Browser) -> None:
    _ask_v1(browser, tenant, VENDOR_APPLICATION_ID, redirect_uri=VENDOR_ADDRESS)
    _accept(browser)
    listed = tenant.client("administer").get("/v1.0/auditLogs/directoryAudits").json()["value"]
    names = [each["activityDisplayName"] for each in listed]
    assert names.count("Add app role assignment to service principal") == 4
    assert {"Add service principal", "Add delegated permission grant"} <= set(names)
    entry = next(each for each in listed if each["activityDisplayName"] == "Consent to application")
    assert entry["initiatedBy"]["user"]["userPrincipalName"] == ADMINISTRATOR
    changes = {each["displayName"]: each["newValue"] for each in entry["targetResources"][0]["modifiedProperties"]}
    assert changes["ConsentContext.IsAdminConsent"] == changes["ConsentContext.OnBehalfOfAll"] == '"True"'
    assert "ConsentType: AllPrincipals" in changes["ConsentAction.Permissions"]


def test_form_with_scopes_answers_with_what_was_granted(tenant: Tenant, browser: Browser) -> None:
    base, shop = tenant.running.base_url, client_id(tenant, "Shop")
    _ask_v2(browser, tenant, shop, scope=f"{base}/Mail.Read openid")
    _accept(browser)
    assert browser.arrival is not None
    assert list(browser.arrival.values.items()) == [
        ("admin_consent", "True"),
        ("tenant", tenant.running.tenant_id),
        ("scope", f"{base}/Mail.Read openid"),
        ("state", "state-1"),
    ]
    assert _grants(tenant, shop) == [("AllPrincipals", None, {"Mail.Read", "openid"})]
    assert _app_roles(tenant, shop) == set()


def test_default_scope_grants_what_is_registered_application_permissions_too(tenant: Tenant, browser: Browser) -> None:
    shop = client_id(tenant, "Shop")
    _ask_v2(browser, tenant, shop)
    _accept(browser)
    assert browser.arrival is not None
    granted = {each.rsplit("/", maxsplit=1)[1] for each in browser.arrival.values["scope"].split()}
    assert granted == {"Contacts.ReadWrite", "User.Read", "User.Read.All"}
    assert CONTACTS_ROLE in _app_roles(tenant, shop)


@pytest.mark.parametrize(
    ("extent", "kept_role", "kept_grants"),
    [("everything", False, 1), ("delegated", True, 1), ("nothing", True, 2)],
)
def test_consent_takes_back_what_was_granted_for_everybody_before(
    tenant: Tenant, browser: Browser, extent: str, kept_role: bool, kept_grants: int
) -> None:
    settle(tenant, behaviour={"consent_takes_back": extent, "first_grant_answer": "created"})
    shop = client_id(tenant, "Shop")
    principal = _principal(tenant, shop)
    graph, exchange = _principal(tenant, GRAPH), _principal(tenant, "00000002-0000-0ff1-ce00-000000000000")
    assert principal is not None
    assert graph is not None
    assert exchange is not None
    mail_role = "810c84a8-4a9e-49e6-bf7d-12d183f40d01"
    tenant.control.act(
        "POST",
        f"/v1.0/servicePrincipals/{graph['id']}/appRoleAssignedTo",
        {"principalId": principal["id"], "resourceId": graph["id"], "appRoleId": mail_role},
    )
    for body in (
        {"resourceId": exchange["id"], "consentType": "AllPrincipals", "scope": "Mail.Read"},
        {
            "resourceId": graph["id"],
            "consentType": "Principal",
            "principalId": tenant.user_id(MEMBER),
            "scope": "Files.Read",
        },
    ):
        tenant.control.act("POST", "/v1.0/oauth2PermissionGrants", {"clientId": principal["id"], **body})
    _ask_v1(browser, tenant, shop)
    _accept(browser)
    assert (mail_role in _app_roles(tenant, shop)) == kept_role
    grants = _grants(tenant, shop)
    assert len([each for each in grants if each[0] == "AllPrincipals"]) == kept_grants
    assert [each[2] for each in grants if each[0] == "Principal"] == [{"Files.Read"}], "a user's own grant stays"


def test_second_consent_changes_nothing(tenant: Tenant, browser: Browser) -> None:
    shop = client_id(tenant, "Shop")
    for _ in range(2):
        _ask_v1(browser, tenant, shop)
        if browser.step == "login":
            browser.sign_in(ADMINISTRATOR, PASSWORD)
        browser.submit("consent", "accept")
    assert len(_app_roles(tenant, shop)) == 2
    assert len(_grants(tenant, shop)) == 1


def test_member_is_told_that_an_administrator_is_needed_and_goes_back_denied(tenant: Tenant, browser: Browser) -> None:
    _ask_v1(browser, tenant, VENDOR_APPLICATION_ID, redirect_uri=VENDOR_ADDRESS)
    browser.sign_in(MEMBER, PASSWORD)
    assert browser.fault == "AADSTS90094"
    browser.submit("consent", "cancel")
    assert browser.arrival is not None
    assert browser.arrival.values == {"error": "access_denied", "error_subcode": "cancel", "state": "state-1"}
    assert _principal(tenant, VENDOR_APPLICATION_ID) is None


def test_accept_sent_by_a_member_grants_nothing(tenant: Tenant, browser: Browser) -> None:
    _ask_v1(browser, tenant, VENDOR_APPLICATION_ID, redirect_uri=VENDOR_ADDRESS)
    browser.sign_in(MEMBER, PASSWORD)
    form = browser.form("consent", having=set())
    sent = {str(each["name"]): str(each["value"]) for each in form.select("input[name]")}
    browser.client.post("/common/login", data={**sent, "decision": "accept"})
    assert _principal(tenant, VENDOR_APPLICATION_ID) is None


def test_cloud_application_administrator_may_consent_to_anything_but_application_permissions_of_graph(
    tenant: Tenant, browser: Browser
) -> None:
    shop = client_id(tenant, "Shop")
    _ask_v1(browser, tenant, shop)
    browser.sign_in(CLOUD_ADMINISTRATOR, PASSWORD)
    assert browser.fault == "AADSTS90094"
    _ask_v2(browser, tenant, shop, scope="Directory.Read.All")
    browser.sign_in(CLOUD_ADMINISTRATOR, PASSWORD)
    browser.submit("consent", "accept")
    assert _grants(tenant, shop) == [("AllPrincipals", None, {"Directory.Read.All"})]


@pytest.mark.parametrize(
    ("variant", "expected"),
    [
        ("access_denied", {"error": "access_denied", "error_subcode": "cancel", "state": "state-1"}),
        ("permission_denied", {"error": "permission_denied", "error_description": "The admin canceled the request"}),
        ("consent_required", {"admin_consent": "True", "error": "consent_required", "state": "state-1"}),
    ],
)
@pytest.mark.parametrize("ask", [_ask_v1, _ask_v2])
def test_refusal_goes_back_in_each_variant_on_record(
    tenant: Tenant, browser: Browser, ask: Any, variant: str, expected: dict[str, str]
) -> None:
    settle(tenant, behaviour={"admin_consent_refusal": variant})
    ask(browser, tenant, client_id(tenant, "Shop"), redirect_uri=SHOP)
    browser.sign_in(ADMINISTRATOR, PASSWORD)
    browser.submit("consent", "cancel")
    assert browser.arrival is not None
    values = dict(browser.arrival.values)
    if variant == "consent_required":
        assert values.pop("error_description").startswith("AADSTS65004")
    assert values == expected
    assert _app_roles(tenant, client_id(tenant, "Shop")) == set()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"client_id": "11111111-1111-4111-8111-111111111111"}, "AADSTS700016"),
        ({"client_id": ""}, "AADSTS900144"),
        ({"redirect_uri": "https://shop.contoso.example/"}, "AADSTS50011"),
        ({"redirect_uri": f"{SHOP}/further"}, "AADSTS50011"),
        ({"redirect_uri": ""}, "AADSTS900144"),
        ({"scope": ""}, "AADSTS900144"),
        ({"scope": "Shoe.Size"}, "AADSTS650053"),
        ({"scope": "https://other.example/.default"}, "AADSTS500011"),
        ({"redirect_uri": f"{SHOP}#x"}, "AADSTS50011"),
        ({"redirect_uri": "https://[x"}, "AADSTS50011"),
        ({"authority": "common"}, "AADSTS50059"),
        ({"authority": "other.example"}, "AADSTS90002"),
    ],
)
def test_request_that_cannot_be_asked_ends_on_a_page_before_anybody_signs_in(
    tenant: Tenant, browser: Browser, changes: dict[str, str], code: str
) -> None:
    _ask_v2(browser, tenant, changes.pop("client_id", client_id(tenant, "Shop")), **changes)
    assert (browser.fault, browser.step, browser.arrival) == (code, None, None)


def test_form_without_scopes_takes_further_path_segments_and_common(tenant: Tenant, browser: Browser) -> None:
    address = f"{VENDOR_ADDRESS}tenants/7"
    _ask_v1(browser, tenant, VENDOR_APPLICATION_ID, redirect_uri=address, authority="common")
    _accept(browser)
    assert browser.arrival is not None
    assert browser.arrival.uri == address
    _ask_v1(browser, tenant, VENDOR_APPLICATION_ID, redirect_uri="https://dashboard.vendor.example.org/")
    assert browser.fault == "AADSTS50011"


def test_application_without_a_reply_address_fails_after_the_approval_is_stored(
    tenant: Tenant, browser: Browser
) -> None:
    access = [{"resourceAppId": GRAPH, "resourceAccess": [{"id": CONTACTS_ROLE, "type": "Role"}]}]
    daemon = SeedApplication("Timer", properties={"requiredResourceAccess": access})
    settle(tenant, applications=(*APPLICATIONS, daemon))
    _ask_v1(browser, tenant, client_id(tenant, "Timer"))
    _accept(browser)
    assert (browser.response.status_code, browser.fault) == (400, "AADSTS500113")
    assert _app_roles(tenant, client_id(tenant, "Timer")) == {CONTACTS_ROLE}


def test_registration_out_of_step_with_the_tenant_is_told(tenant: Tenant, browser: Browser) -> None:
    unknown = "11111111-1111-4111-8111-111111111111"
    access = [{"resourceAppId": GRAPH, "resourceAccess": [{"id": unknown, "type": "Role"}]}]
    settle(
        tenant, applications=(*APPLICATIONS, SeedApplication("Stale", properties={"requiredResourceAccess": access}))
    )
    _ask_v1(browser, tenant, client_id(tenant, "Stale"))
    assert browser.fault == "AADSTS65005"


def test_administrator_meets_the_second_factor_before_the_page(tenant: Tenant, browser: Browser) -> None:
    require_second_factor(tenant)
    _ask_v1(browser, tenant, VENDOR_APPLICATION_ID, redirect_uri=VENDOR_ADDRESS)
    browser.sign_in(ADMINISTRATOR, PASSWORD)
    assert browser.step == "register"


@pytest.mark.parametrize("error", ["invalid_client", "unauthorized_client"])
def test_vendors_daemon_is_not_known_for_some_requests_after_consent(
    tenant: Tenant, browser: Browser, error: str
) -> None:
    vendor = SeedForeignApplication(
        VENDOR_APPLICATION_ID,
        "Vendor",
        redirect_uris=(VENDOR_ADDRESS,),
        application_permissions=("Contacts.ReadWrite",),
        client_secret="vendors-own-secret",
    )
    behaviour = {"missing_principal_error": error, "unseen_principal_requests": 2}
    settle(tenant, foreign_applications=(vendor,), behaviour=behaviour)
    known = {"client_id": VENDOR_APPLICATION_ID, "client_secret": "vendors-own-secret"}
    assert refused(tenant.ask_token(**known)) == (400, error, 7000229)
    _ask_v1(browser, tenant, VENDOR_APPLICATION_ID, redirect_uri=VENDOR_ADDRESS)
    _accept(browser)
    for _ in range(2):
        assert refused(tenant.ask_token(**known)) == (400, error, 7000229)
    assert tenant.ask_token(**known).status_code == 200
    wrong = tenant.ask_token(client_id=VENDOR_APPLICATION_ID, client_secret="guessed")
    assert refused(wrong) == (401, "invalid_client", 7000215)


def test_administrator_may_consent_for_everybody_while_signing_in(tenant: Tenant, browser: Browser) -> None:
    shop = client_id(tenant, "Shop")
    parameters = {"client_id": shop, "response_type": "code", "redirect_uri": SHOP, "scope": "User.Read openid"}
    browser.open(f"/{tenant.running.tenant_id}/oauth2/v2.0/authorize", **parameters)
    browser.sign_in(ADMINISTRATOR, PASSWORD)
    browser.submit("consent", "accept", forEverybody="yes")
    assert browser.arrival is not None
    assert _grants(tenant, shop) == [("AllPrincipals", None, {"User.Read", "openid"})]


def test_disabled_application_is_not_consented_to(tenant: Tenant, browser: Browser) -> None:
    shop = client_id(tenant, "Shop")
    principal = _principal(tenant, shop)
    assert principal is not None
    tenant.control.act("PATCH", f"/v1.0/servicePrincipals/{principal['id']}", {"accountEnabled": False})
    _ask_v1(browser, tenant, shop)
    assert browser.fault == "AADSTS7000112"


def test_app_role_for_users_only_is_not_asked_of_an_administrator_and_nothing_is_made(
    tenant: Tenant, browser: Browser
) -> None:
    role = {
        "id": "3c1d8f0a-6b6e-4d0c-9c9b-6a1f0e2d7b55",
        "value": "Orders.Approve",
        "displayName": "Approve orders",
        "description": "Approve orders",
        "isEnabled": True,
        "allowedMemberTypes": ["User"],
    }
    shop = client_id(tenant, "Shop")
    tenant.control.act("PATCH", f"/v1.0/applications(appId='{shop}')", {"appRoles": [role]})
    asked = {
        "displayName": "Clerk",
        "web": {"redirectUris": [SHOP]},
        "requiredResourceAccess": [{"resourceAppId": shop, "resourceAccess": [{"id": role["id"], "type": "Role"}]}],
    }
    clerk = tenant.control.act("POST", "/v1.0/applications", asked)["appId"]
    _ask_v1(browser, tenant, clerk)
    assert (browser.fault, browser.step) == ("AADSTS65005", None)
    tenant.control.act("PATCH", f"/v1.0/applications(appId='{shop}')", {"appRoles": [{**role, "isEnabled": False}]})
    both = {**role, "allowedMemberTypes": ["User", "Application"]}
    tenant.control.act("PATCH", f"/v1.0/applications(appId='{shop}')", {"appRoles": [both]})
    _ask_v1(browser, tenant, clerk)
    _accept(browser)
    assert _app_roles(tenant, clerk) == {role["id"]}


def test_consent_that_cannot_be_given_takes_nothing_back(tenant: Tenant, browser: Browser) -> None:
    shop = client_id(tenant, "Shop")
    _ask_v2(browser, tenant, shop, scope="Directory.Read.All")
    _accept(browser)
    before = _grants(tenant, shop)
    _ask_v1(browser, tenant, shop)
    principal = _principal(tenant, shop)
    assert principal is not None
    tenant.control.act("PATCH", f"/v1.0/servicePrincipals/{principal['id']}", {"accountEnabled": False})
    browser.submit("consent", "accept")
    assert "disabled" in browser.page.get_text()
    assert (_grants(tenant, shop), _app_roles(tenant, shop)) == (before, set())


@pytest.mark.parametrize("ask", ["tenant", "user"])
def test_scope_beyond_its_longest_is_refused_before_the_principal_is_made(
    tenant: Tenant, browser: Browser, ask: str
) -> None:
    scopes = [
        {
            "id": f"7b7a2c7e-0f2d-4c06-9d0b-2f1d8b6c{number:04d}",
            "value": f"Orders.{'Long' * 25}.{number}",
            "type": "User",
            "isEnabled": True,
            "adminConsentDisplayName": "Read orders",
            "adminConsentDescription": "Read orders",
        }
        for number in range(40)
    ]
    shop = client_id(tenant, "Shop")
    api = {"api": {"oauth2PermissionScopes": scopes}, "identifierUris": [f"api://{shop}"]}
    tenant.control.act("PATCH", f"/v1.0/applications(appId='{shop}')", api)
    access = [{"id": each["id"], "type": "Scope"} for each in scopes]
    wanted = {
        "displayName": "Clerk",
        "web": {"redirectUris": [SHOP]},
        "requiredResourceAccess": [{"resourceAppId": shop, "resourceAccess": access}],
    }
    clerk = tenant.control.act("POST", "/v1.0/applications", wanted)["appId"]
    if ask == "tenant":
        _ask_v1(browser, tenant, clerk)
        browser.sign_in(ADMINISTRATOR, PASSWORD)
    else:
        parameters = {
            "client_id": clerk,
            "response_type": "code",
            "redirect_uri": SHOP,
            "scope": f"api://{shop}/.default",
        }
        browser.open(f"/{tenant.running.tenant_id}/oauth2/v2.0/authorize", **parameters)
        browser.sign_in(MEMBER, PASSWORD)
    browser.submit("consent", "accept")
    assert "'scope'" in browser.page.get_text()
    assert _principal(tenant, clerk) is None


def test_administrator_of_one_application_does_not_consent_for_everybody(tenant: Tenant, browser: Browser) -> None:
    shop = client_id(tenant, "Shop")
    application = tenant.control.act("GET", f"/v1.0/applications(appId='{shop}')")["id"]
    (role,) = tenant.control.act(
        "GET", "/v1.0/roleManagement/directory/roleDefinitions?$filter=displayName eq 'Application Administrator'"
    )["value"]
    given = {"principalId": tenant.user_id(MEMBER), "roleDefinitionId": role["id"]}
    path = "/v1.0/roleManagement/directory/roleAssignments"
    tenant.control.act("POST", path, {**given, "directoryScopeId": f"/{application}"})
    _ask_v2(browser, tenant, shop, scope="User.Read")
    browser.sign_in(MEMBER, PASSWORD)
    assert browser.fault == "AADSTS90094"
    tenant.control.act("POST", path, {**given, "directoryScopeId": "/"})
    _ask_v2(browser, tenant, shop, scope="User.Read")
    _accept(browser, MEMBER)
    assert _grants(tenant, shop) == [("AllPrincipals", None, {"User.Read"})]


def test_administrator_grants_what_was_shown_whatever_the_registration_asks_by_then(
    tenant: Tenant, browser: Browser
) -> None:
    shop = client_id(tenant, "Shop")
    known = tenant.control.snapshot()["applications"].values()
    object_id = next(each["id"] for each in known if each["appId"] == shop)
    _ask_v1(browser, tenant, shop)
    browser.sign_in(ADMINISTRATOR, PASSWORD)
    directory_write = "19dbc75e-c2e2-444c-a770-ec69d8559fc7"
    asked = [{"resourceAppId": GRAPH, "resourceAccess": [{"id": directory_write, "type": "Role"}]}]
    tenant.control.act("PATCH", f"/v1.0/applications/{object_id}", {"requiredResourceAccess": asked})
    browser.submit("consent", "accept")
    assert _app_roles(tenant, shop) == {CONTACTS_ROLE, USER_READ_ALL_ROLE}


@pytest.mark.parametrize(
    ("policies", "is_offered"),
    [
        (["ManagePermissionGrantsForSelf.microsoft-user-default-legacy"], True),
        (["managePermissionGrantsForSelf.microsoft-user-default-recommended"], True),
        (["ManagePermissionGrantsForSelf.microsoft-user-default-low"], False),
        (["ManagePermissionGrantsForOwnedResource.microsoft-dynamically-managed-permissions-for-team"], False),
        ([], False),
    ],
)
def test_users_consent_only_where_the_tenant_lets_them(
    tenant: Tenant, browser: Browser, policies: list[str], is_offered: bool
) -> None:
    permissions = {"defaultUserRolePermissions": {"permissionGrantPoliciesAssigned": policies}}
    tenant.control.act("PATCH", "/v1.0/policies/authorizationPolicy", permissions)
    authorize(browser, tenant, client_id(tenant, "Desk"))
    browser.sign_in(MEMBER, PASSWORD)
    assert browser.fault == (None if is_offered else "AADSTS90094")
