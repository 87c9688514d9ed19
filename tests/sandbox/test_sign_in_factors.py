"""Second factors at sign-in: what a password alone must not be enough for."""

from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.control import ControlError
from sandbox.seed import SeedUser
from tests.sandbox.browser import Browser
from tests.sandbox.conftest import SEED, Tenant
from tests.sandbox.people import (
    CLI,
    MEMBER,
    PASSWORD,
    PEOPLE,
    authorize,
    client_id,
    code_of,
    one_time_code,
    require_second_factor,
    settle,
)

_NEW_PASSWORD = "Canary-77-otter"
_CHANGER = SeedUser(
    "with.factor@contoso.example",
    "With Factor",
    password=PASSWORD,
    properties={"passwordProfile": {"forceChangePasswordNextSignInWithMfa": True}},
)


@pytest.fixture
def browser(tenant: Tenant) -> Iterator[Browser]:
    settle(tenant, users=(*SEED.users, *PEOPLE, _CHANGER))
    with Browser.at(tenant) as browser:
        yield browser


def _issue_pass(tenant: Tenant, **body: Any) -> str:
    path = f"/v1.0/users/{MEMBER}/authentication/temporaryAccessPassMethods"
    return str(tenant.control.act("POST", path, body)["temporaryAccessPass"])


def _give_phone(tenant: Tenant) -> None:
    path = f"/v1.0/users/{MEMBER}/authentication/phoneMethods"
    tenant.control.act("POST", path, {"phoneNumber": "+1 5555551234", "phoneType": "mobile"})


def _give_key(tenant: Tenant) -> None:
    policy = "/v1.0/policies/authenticationMethodsPolicy/authenticationMethodConfigurations/fido2"
    kind = "#microsoft.graph.fido2AuthenticationMethodConfiguration"
    tenant.control.act("PATCH", policy, {"@odata.type": kind, "state": "enabled"})
    tenant.control.register_method(MEMBER, _issue_pass(tenant, isUsableOnce=True), "fido2")


@pytest.mark.parametrize(("give", "name"), [(_give_phone, "phone"), (_give_key, "fido2")])
def test_factor_that_no_page_asks_for_is_named_and_never_replaced_with_the_password_alone(
    tenant: Tenant, browser: Browser, give: Any, name: str
) -> None:
    give(tenant)
    require_second_factor(tenant)
    authorize(browser, tenant, CLI)
    browser.sign_in(MEMBER, PASSWORD)
    assert (browser.fault, browser.step) == ("AADSTS50076", None)
    assert f"({name})" in browser.page.get_text()
    browser.open(f"/{tenant.running.tenant_id}/security-info")
    browser.sign_in(MEMBER, PASSWORD)
    assert (browser.fault, browser.step) == ("AADSTS50076", None)


def test_pass_lets_a_person_with_a_phone_register_an_authenticator(tenant: Tenant, browser: Browser) -> None:
    _give_phone(tenant)
    code = _issue_pass(tenant)
    browser.open(f"/{tenant.running.tenant_id}/security-info")
    browser.submit("login", login=MEMBER)
    browser.submit("credential", accessPass=code)
    assert browser.step == "register"


def test_password_that_changes_with_a_second_factor_asks_for_it_before_the_change(
    tenant: Tenant, browser: Browser
) -> None:
    login = _CHANGER.user_principal_name
    authorize(browser, tenant, CLI)
    browser.sign_in(login, PASSWORD)
    assert browser.step == "register"
    browser.submit("register", oneTimeCode=one_time_code(tenant, browser.secret))
    assert browser.step == "new_password"
    browser.submit("new_password", password=PASSWORD, newPassword=_NEW_PASSWORD, confirmPassword=_NEW_PASSWORD)
    assert browser.step == "consent"
    assert tenant.control.try_password(login, _NEW_PASSWORD)["valid"]


def test_ten_wrong_codes_lock_even_where_the_password_is_right_each_time(tenant: Tenant, browser: Browser) -> None:
    require_second_factor(tenant)
    authorize(browser, tenant, CLI)
    browser.sign_in(MEMBER, PASSWORD)
    secret = browser.secret
    browser.submit("register", oneTimeCode=one_time_code(tenant, secret))
    tenant.control.advance_clock(60)
    for _ in range(5):
        authorize(browser, tenant, CLI, prompt="login")
        browser.sign_in(MEMBER, PASSWORD)
        for _ in range(2):
            browser.submit("factor", oneTimeCode="not one")
            assert browser.fault == "AADSTS500121"
    browser.submit("factor", oneTimeCode=one_time_code(tenant, secret))
    assert browser.fault == "AADSTS50053"
    tenant.control.advance_clock(61)
    browser.submit("factor", oneTimeCode=one_time_code(tenant, secret))
    assert browser.step == "consent"


def test_policy_on_registering_stops_an_enrolment_through_control_too(tenant: Tenant, browser: Browser) -> None:
    del browser
    require_second_factor(
        tenant,
        conditions={
            "users": {"includeUsers": ["All"]},
            "applications": {"includeUserActions": ["urn:user:registersecurityinfo"]},
            "clientAppTypes": ["all"],
        },
        grantControls={"operator": "OR", "builtInControls": ["block"]},
    )
    code = _issue_pass(tenant)
    with pytest.raises(ControlError, match="AADSTS53003"):
        tenant.control.register_method(MEMBER, code)


@pytest.mark.parametrize(("scope", "stopped"), [("openid profile User.Read", True), ("User.Read", False)])
@pytest.mark.parametrize("exclude", [[], ["00000003-0000-0000-c000-000000000000"]])
def test_policy_on_a_web_application_holds_where_it_gets_an_id_token(
    tenant: Tenant, browser: Browser, scope: str, stopped: bool, exclude: list[str]
) -> None:
    shop = client_id(tenant, "Shop")
    require_second_factor(
        tenant,
        conditions={
            "users": {"includeUsers": ["All"]},
            "applications": {"includeApplications": [shop], "excludeApplications": exclude},
            "clientAppTypes": ["all"],
        },
        grantControls={"operator": "OR", "builtInControls": ["block"]},
    )
    authorize(browser, tenant, shop, redirect_uri="https://shop.contoso.example/signed-in", scope=scope)
    browser.sign_in(MEMBER, PASSWORD)
    assert browser.fault == ("AADSTS53003" if stopped else None)
    if not stopped:
        browser.submit("consent", "accept")
        assert code_of(browser)
