"""Signing in on the pages: login, password, pass, second factor, change of password, and what stops a person."""

from collections.abc import Iterator
from typing import Any

import jwt
import pytest

from sandbox.control import Control
from sandbox.seed import Seed, SeedDomain, SeedUser
from tests.sandbox.browser import Browser
from tests.sandbox.conftest import Tenant
from tests.sandbox.people import (
    ADMINISTRATOR,
    CLI,
    LOOPBACK,
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


@pytest.fixture
def browser(tenant: Tenant) -> Iterator[Browser]:
    settle(tenant)
    with Browser.at(tenant) as browser:
        yield browser


def _issue_pass(tenant: Tenant, login: str, **body: Any) -> str:
    path = f"/v1.0/users/{login}/authentication/temporaryAccessPassMethods"
    return str(tenant.control.act("POST", path, body)["temporaryAccessPass"])


def _consent(browser: Browser) -> None:
    assert browser.step == "consent"
    browser.submit("consent", "accept")


def test_member_signs_in_consents_and_arrives_with_a_code_and_the_state(tenant: Tenant, browser: Browser) -> None:
    authorize(browser, tenant, client_id(tenant, "Desk"))
    assert browser.step == "login"
    browser.sign_in(MEMBER, PASSWORD)
    assert browser.listed == ["User.Read"]
    _consent(browser)
    assert browser.arrival is not None
    assert (browser.arrival.uri, browser.arrival.values["state"]) == (LOOPBACK, "state-1")
    tokens = redeem(tenant, client_id(tenant, "Desk"), code_of(browser)).json()
    assert tokens["token_type"] == "Bearer"
    assert "User.Read" in tokens["scope"]


def test_second_sign_in_of_the_same_browser_asks_for_nothing(tenant: Tenant, browser: Browser) -> None:
    authorize(browser, tenant, client_id(tenant, "Desk"))
    browser.sign_in(MEMBER, PASSWORD)
    _consent(browser)
    first = code_of(browser)
    browser.arrival = None
    authorize(browser, tenant, client_id(tenant, "Desk"))
    assert code_of(browser) != first


def test_prompt_login_asks_again_and_prompt_consent_shows_the_page_again(tenant: Tenant, browser: Browser) -> None:
    desk = client_id(tenant, "Desk")
    authorize(browser, tenant, desk)
    browser.sign_in(MEMBER, PASSWORD)
    _consent(browser)
    authorize(browser, tenant, desk, prompt="login", login_hint=MEMBER)
    assert browser.step == "credential"
    authorize(browser, tenant, desk, prompt="select_account")
    assert browser.step == "login"
    authorize(browser, tenant, desk, prompt="consent")
    assert browser.step == "consent"


@pytest.mark.parametrize(
    ("login", "password", "code"),
    [
        ("nobody@contoso.example", PASSWORD, "AADSTS50034"),
        (MEMBER, "Wrong-1-word", "AADSTS50126"),
        ("off.duty@contoso.example", PASSWORD, "AADSTS50057"),
    ],
)
def test_person_who_cannot_sign_in_is_told_so_on_a_page(
    tenant: Tenant, browser: Browser, login: str, password: str, code: str
) -> None:
    authorize(browser, tenant, client_id(tenant, "Desk"))
    browser.submit("login", login=login)
    if browser.fault is None:
        browser.submit("credential", password=password)
    assert browser.fault == code
    assert browser.arrival is None


def test_ten_wrong_passwords_lock_the_account_for_a_minute(tenant: Tenant, browser: Browser) -> None:
    authorize(browser, tenant, client_id(tenant, "Desk"))
    browser.submit("login", login=MEMBER)
    for _ in range(10):
        browser.submit("credential", password="Wrong-1-word")
        assert browser.fault == "AADSTS50126"
    browser.submit("credential", password=PASSWORD)
    assert browser.fault == "AADSTS50053"
    tenant.control.advance_clock(61)
    browser.submit("credential", password=PASSWORD)
    assert browser.step == "consent"


def test_password_that_must_change_leads_to_another_password_and_then_on(tenant: Tenant, browser: Browser) -> None:
    authorize(browser, tenant, client_id(tenant, "Desk"))
    browser.sign_in("new.hire@contoso.example", PASSWORD)
    assert browser.step == "new_password"
    for new, confirmed in (("short", "short"), (PASSWORD, PASSWORD), ("Other-7-harbour", "Other-7-harbor")):
        browser.submit("new_password", password=PASSWORD, newPassword=new, confirmPassword=confirmed)
        assert browser.fault == "AADSTS50144"
    browser.submit("new_password", password=PASSWORD, newPassword="Other-7-harbour", confirmPassword="Other-7-harbour")
    assert browser.step == "consent"
    tried = tenant.control.try_password("new.hire@contoso.example", "Other-7-harbour")
    assert tried["valid"]


def test_policy_for_a_second_factor_has_a_member_register_one_and_show_it_next_time(
    tenant: Tenant, browser: Browser
) -> None:
    require_second_factor(tenant)
    authorize(browser, tenant, client_id(tenant, "Desk"))
    browser.sign_in(MEMBER, PASSWORD)
    assert browser.step == "register"
    secret = browser.secret
    browser.submit("register", oneTimeCode="000000")
    assert (browser.fault, browser.secret) == ("AADSTS500121", secret)
    code = one_time_code(tenant, secret)
    browser.submit("register", oneTimeCode=code)
    _consent(browser)
    with Browser.at(tenant) as other:
        authorize(other, tenant, client_id(tenant, "Desk"))
        other.sign_in(MEMBER, PASSWORD)
        assert other.step == "factor"
        other.submit("factor", oneTimeCode=code)
        assert other.fault == "AADSTS500121", "a code counts once"
        tenant.control.advance_clock(60)
        other.submit("factor", oneTimeCode=one_time_code(tenant, secret))
        assert code_of(other)


def test_multiple_use_pass_satisfies_the_second_factor_and_its_session_ends_with_it(
    tenant: Tenant, browser: Browser
) -> None:
    require_second_factor(tenant)
    desk = client_id(tenant, "Desk")
    access_pass = _issue_pass(tenant, MEMBER, lifetimeInMinutes=60)
    authorize(browser, tenant, desk)
    browser.submit("login", login=MEMBER)
    browser.submit("credential", accessPass=access_pass)
    _consent(browser)
    tokens = redeem(tenant, desk, code_of(browser)).json()
    tenant.control.advance_clock(3601)
    again = redeem(tenant, desk, "", grant_type="refresh_token", refresh_token=tokens["refresh_token"], redirect_uri="")
    assert again.json()["error_codes"] == [130504]
    authorize(browser, tenant, desk)
    assert browser.step == "login"


@pytest.mark.parametrize(
    ("body", "seconds", "uses", "code"),
    [
        ({"isUsableOnce": True}, 0, 2, "AADSTS130501"),
        ({"lifetimeInMinutes": 60}, 3601, 1, "AADSTS130504"),
        ({"startDateTime": "2099-01-01T00:00:00Z"}, 0, 1, "AADSTS130501"),
    ],
    ids=["used once already", "expired", "not yet valid"],
)
def test_pass_that_does_not_work_is_refused_under_its_number(
    tenant: Tenant, browser: Browser, body: dict[str, Any], seconds: int, uses: int, code: str
) -> None:
    access_pass = _issue_pass(tenant, MEMBER, **body)
    tenant.control.advance_clock(seconds)
    for _ in range(uses):
        authorize(browser, tenant, client_id(tenant, "Desk"), prompt="login")
        browser.submit("login", login=MEMBER)
        browser.submit("credential", accessPass=access_pass)
    assert browser.fault == code


def test_wrong_pass_is_refused(tenant: Tenant, browser: Browser) -> None:
    _issue_pass(tenant, MEMBER)
    authorize(browser, tenant, client_id(tenant, "Desk"))
    browser.submit("login", login=MEMBER)
    browser.submit("credential", accessPass="not-this")
    assert browser.fault == "AADSTS130507"


def test_policy_that_blocks_ends_the_sign_in_on_a_page(tenant: Tenant, browser: Browser) -> None:
    require_second_factor(tenant, grantControls={"operator": "OR", "builtInControls": ["block"]})
    authorize(browser, tenant, client_id(tenant, "Desk"))
    browser.sign_in(MEMBER, PASSWORD)
    assert browser.fault == "AADSTS53003"
    assert browser.step is None


def test_policy_for_a_compliant_device_names_the_device(tenant: Tenant, browser: Browser) -> None:
    require_second_factor(tenant, grantControls={"operator": "OR", "builtInControls": ["compliantDevice"]})
    authorize(browser, tenant, client_id(tenant, "Desk"))
    browser.sign_in(MEMBER, PASSWORD)
    assert browser.fault == "AADSTS53000"


def test_report_only_policy_asks_for_nothing(tenant: Tenant, browser: Browser) -> None:
    require_second_factor(tenant, state="enabledForReportingButNotEnforced")
    authorize(browser, tenant, client_id(tenant, "Desk"))
    browser.sign_in(MEMBER, PASSWORD)
    assert browser.step == "consent"


def test_strength_that_no_authenticator_code_meets_cannot_be_met_with_a_password(
    tenant: Tenant, browser: Browser
) -> None:
    strength = {"authenticationStrength": {"id": "00000000-0000-0000-0000-000000000004"}, "operator": "OR"}
    require_second_factor(tenant, grantControls=strength)
    authorize(browser, tenant, client_id(tenant, "Desk"))
    browser.sign_in(MEMBER, PASSWORD)
    assert browser.fault == "AADSTS53003"


def test_security_defaults_ask_administrators_for_a_second_factor(tenant: Tenant, browser: Browser) -> None:
    settle(tenant, security_defaults=True, behaviour={"security_defaults_ask": "administrators"})
    authorize(browser, tenant, client_id(tenant, "Desk"))
    browser.sign_in(ADMINISTRATOR, PASSWORD)
    assert browser.step == "register"
    authorize(browser, tenant, client_id(tenant, "Desk"), prompt="login")
    browser.sign_in(MEMBER, PASSWORD)
    assert browser.step == "consent"


def test_person_registers_a_second_factor_with_a_pass_of_his_own_accord(tenant: Tenant, browser: Browser) -> None:
    access_pass = _issue_pass(tenant, MEMBER, isUsableOnce=True)
    browser.open(f"/{tenant.running.tenant_id}/security-info")
    browser.submit("login", login=MEMBER)
    browser.submit("credential", accessPass=access_pass)
    browser.submit("register", oneTimeCode=one_time_code(tenant, browser.secret))
    assert (browser.fault, browser.step) == (None, None)
    methods = tenant.control.act("GET", f"/v1.0/users/{MEMBER}/authentication/methods")["value"]
    assert "#microsoft.graph.softwareOathAuthenticationMethod" in {each["@odata.type"] for each in methods}


def test_person_with_a_second_factor_shows_it_before_registering_another(tenant: Tenant, browser: Browser) -> None:
    browser.open(f"/{tenant.running.tenant_id}/security-info")
    browser.sign_in(MEMBER, PASSWORD)
    secret = browser.secret
    browser.submit("register", oneTimeCode=one_time_code(tenant, secret))
    tenant.control.advance_clock(700)
    browser.open(f"/{tenant.running.tenant_id}/security-info")
    browser.sign_in(MEMBER, PASSWORD)
    browser.submit("factor", oneTimeCode=one_time_code(tenant, secret))
    assert browser.step == "register"


def test_form_of_another_browser_is_refused(tenant: Tenant, browser: Browser) -> None:
    authorize(browser, tenant, client_id(tenant, "Desk"))
    with Browser.at(tenant) as other:
        other.page = browser.page
        other.submit("login", login=MEMBER)
        assert other.fault == "AADSTS165000"


def test_form_without_its_token_is_refused(tenant: Tenant, browser: Browser) -> None:
    authorize(browser, tenant, client_id(tenant, "Desk"))
    browser.submit("login", login=MEMBER, formToken="guessed")
    assert browser.fault == "AADSTS165000"


def test_form_counts_for_its_own_fields_and_not_for_those_of_the_address(tenant: Tenant, browser: Browser) -> None:
    access_pass = _issue_pass(tenant, MEMBER)
    authorize(browser, tenant, client_id(tenant, "Desk"))
    browser.submit("login", login=MEMBER)
    form = browser.form("credential", having={"accessPass"})
    sent = {str(each["name"]): str(each.get("value", "")) for each in form.select("input[type=hidden]")}
    answer = browser.client.post(
        "/common/login", params={"AccessPass": access_pass, "accessPass": access_pass}, data=sent
    )
    assert "AADSTS50126" in answer.text
    assert access_pass not in str(tenant.control.journal())


def test_page_submitted_out_of_order_changes_nothing(tenant: Tenant, browser: Browser) -> None:
    authorize(browser, tenant, client_id(tenant, "Desk"))
    browser.submit("login", login=MEMBER, step="consent")
    assert browser.step == "login"


def test_what_a_person_types_is_shown_escaped(tenant: Tenant, browser: Browser) -> None:
    browser.open(f"/{tenant.running.tenant_id}/oauth2/deviceauth")
    browser.submit("device_code", otc="<script>alert(1)</script>")
    assert "<script>" not in browser.response.text
    assert "&lt;script&gt;" in browser.response.text


def test_pages_are_not_kept_framed_or_scripted_and_cookies_stay_with_the_browser(
    tenant: Tenant, browser: Browser
) -> None:
    authorize(browser, tenant, client_id(tenant, "Desk"))
    headers = browser.response.headers
    assert headers["cache-control"].startswith("no-store")
    assert "default-src 'none'" in headers["content-security-policy"]
    assert headers["x-frame-options"] == "DENY"
    assert "secure" in headers["set-cookie"].lower()
    assert "httponly" in headers["set-cookie"].lower()


def test_journal_keeps_no_secret_that_was_typed(tenant: Tenant, browser: Browser) -> None:
    require_second_factor(tenant)
    desk = client_id(tenant, "Desk")
    authorize(browser, tenant, desk)
    browser.sign_in(MEMBER, PASSWORD)
    secret = browser.secret
    browser.submit("register", oneTimeCode=one_time_code(tenant, secret))
    _consent(browser)
    code = code_of(browser)
    tokens = redeem(tenant, desk, code).json()
    journal = str(tenant.control.journal())
    for each in (PASSWORD, secret, code, tokens["access_token"], tokens["refresh_token"]):
        assert each not in journal


def test_shared_authority_finds_the_tenant_by_the_login(tenant: Tenant, browser: Browser) -> None:
    authorize(browser, tenant, CLI, authority="organizations", scope="openid User.Read")
    browser.sign_in(MEMBER, PASSWORD)
    _consent(browser)
    assert redeem(tenant, CLI, code_of(browser), authority="organizations").status_code == 200


def test_application_of_one_tenant_is_refused_under_a_shared_authority(tenant: Tenant, browser: Browser) -> None:
    authorize(browser, tenant, client_id(tenant, "Desk"), authority="common")
    assert browser.fault == "AADSTS50194"


def test_sign_out_makes_the_browser_forget(tenant: Tenant, browser: Browser) -> None:
    authorize(browser, tenant, client_id(tenant, "Desk"))
    browser.sign_in(MEMBER, PASSWORD)
    _consent(browser)
    browser.open(f"/{tenant.running.tenant_id}/oauth2/v2.0/logout")
    authorize(browser, tenant, client_id(tenant, "Desk"))
    assert browser.step == "login"


def test_assignment_required_keeps_out_who_is_not_assigned(tenant: Tenant, browser: Browser) -> None:
    desk = client_id(tenant, "Desk")
    principal = tenant.control.act("GET", f"/v1.0/servicePrincipals(appId='{desk}')")["id"]
    tenant.control.act("PATCH", f"/v1.0/servicePrincipals/{principal}", {"appRoleAssignmentRequired": True})
    authorize(browser, tenant, desk)
    browser.sign_in(MEMBER, PASSWORD)
    browser.submit("consent", "accept")
    assert browser.fault == "AADSTS50105"


def test_shared_authority_goes_on_in_the_other_tenant_that_a_login_belongs_to(tenant: Tenant, browser: Browser) -> None:
    name, login = "fabrikam.onmicrosoft.com", "lee.park@fabrikam.onmicrosoft.com"
    other = Seed(
        tenant_name="Fabrikam",
        domains=(SeedDomain(name, is_initial=True, is_default=True),),
        users=(SeedUser(login, "Lee Park", password=PASSWORD),),
        groups=(),
    )
    added = tenant.control.add_tenant(other)["tenantId"]
    try:
        authorize(browser, tenant, CLI, authority="organizations", scope="openid User.Read")
        browser.sign_in(login, PASSWORD)
        _consent(browser)
        tokens = redeem(tenant, CLI, code_of(browser), authority="organizations").json()
        assert jwt.decode(tokens["access_token"], options={"verify_signature": False})["tid"] == added
        authorize(browser, tenant, client_id(tenant, "Desk"))
        assert browser.step == "login", "a session counts in its own tenant"
        browser.submit("login", login=login)
        assert browser.fault == "AADSTS50034"
    finally:
        with Control(tenant.running.base_url, tenant.running.ca_file, added) as control:
            control.remove_tenant()


def test_authenticator_app_approves_what_waits_for_it(tenant: Tenant, browser: Browser) -> None:
    require_second_factor(tenant)
    tenant.control.register_method(MEMBER, _issue_pass(tenant, MEMBER))
    authorize(browser, tenant, client_id(tenant, "Desk"))
    browser.sign_in(MEMBER, PASSWORD)
    assert browser.step == "factor"
    browser.submit("factor", method="microsoftAuthenticator")
    assert browser.fault == "AADSTS500121"
    assert tenant.control.approve_sign_in(MEMBER) == 1
    browser.submit("factor", method="microsoftAuthenticator")
    assert browser.step == "consent"


def test_password_of_a_federated_domain_is_refused_by_name_and_a_pass_is_not(tenant: Tenant, browser: Browser) -> None:
    domains = (
        SeedDomain("contoso.onmicrosoft.com", is_initial=True, is_default=True),
        SeedDomain("contoso.example", is_federated=True),
    )
    settle(tenant, domains=domains)
    access_pass = _issue_pass(tenant, MEMBER)
    authorize(browser, tenant, client_id(tenant, "Desk"))
    browser.sign_in(MEMBER, PASSWORD)
    assert browser.response.status_code == 501
    assert "federated" in browser.page.get_text()
    authorize(browser, tenant, client_id(tenant, "Desk"))
    browser.submit("login", login=MEMBER)
    browser.submit("credential", accessPass=access_pass)
    assert browser.step == "consent"


def test_token_got_with_a_pass_ends_with_the_pass(tenant: Tenant, browser: Browser) -> None:
    access_pass = _issue_pass(tenant, MEMBER, lifetimeInMinutes=60)
    tenant.control.advance_clock(3000)
    authorize(browser, tenant, client_id(tenant, "Desk"))
    browser.submit("login", login=MEMBER)
    browser.submit("credential", accessPass=access_pass)
    _consent(browser)
    tokens = redeem(tenant, client_id(tenant, "Desk"), code_of(browser)).json()
    assert 0 < tokens["expires_in"] <= 600


def test_number_of_a_refusal_can_be_looked_up(tenant: Tenant, browser: Browser) -> None:
    answer = tenant.ask_token(client_id="11111111-1111-4111-8111-111111111111", client_secret="x").json()
    browser.open(answer["error_uri"])
    assert "AADSTS700016 is sent as unauthorized_client" in browser.page.get_text()
    browser.open("/error?code=1")
    assert browser.response.status_code == 404
