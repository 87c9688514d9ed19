"""What ends a sign-in under way or a session: revocation, deleted passes, applications that go, accounts that close."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.sandbox.browser import Browser
from tests.sandbox.conftest import Tenant
from tests.sandbox.people import CLI, GRAPH, MEMBER, PASSWORD, authorize, client_id, code_of, redeem, refused, settle


@pytest.fixture
def browser(tenant: Tenant) -> Iterator[Browser]:
    settle(tenant)
    with Browser.at(tenant) as browser:
        yield browser


def _tokens(tenant: Tenant, browser: Browser) -> dict[str, Any]:
    browser.submit("consent", "accept")
    tokens: dict[str, Any] = redeem(tenant, CLI, code_of(browser)).json()
    return tokens


def _refresh(tenant: Tenant, tokens: dict[str, Any]) -> Any:
    empty = {"code": "", "redirect_uri": "", "code_verifier": ""}
    changes = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"], **empty}
    return redeem(tenant, CLI, **{"code": "", **changes})


def test_revocation_ends_what_was_opened_at_the_same_moment_and_not_what_comes_after(
    tenant: Tenant, browser: Browser
) -> None:
    tenant.control.freeze_clock()
    authorize(browser, tenant, CLI)
    browser.sign_in(MEMBER, PASSWORD)
    tokens = _tokens(tenant, browser)
    tenant.control.act("POST", f"/v1.0/users/{tenant.user_id(MEMBER)}/revokeSignInSessions")
    assert refused(_refresh(tenant, tokens)) == (400, "invalid_grant", 50173)
    authorize(browser, tenant, CLI)
    browser.sign_in(MEMBER, PASSWORD)
    later = redeem(tenant, CLI, code_of(browser)).json()
    assert _refresh(tenant, later).status_code == 200


def test_deleted_pass_ends_the_session_that_it_opened_at_once(tenant: Tenant, browser: Browser) -> None:
    path = f"/v1.0/users/{tenant.user_id(MEMBER)}/authentication/temporaryAccessPassMethods"
    issued = tenant.control.act("POST", path, {"isUsableOnce": False})
    tenant.control.freeze_clock()
    authorize(browser, tenant, CLI)
    browser.submit("login", login=MEMBER)
    browser.submit("credential", accessPass=issued["temporaryAccessPass"])
    tokens = _tokens(tenant, browser)
    tenant.control.act("DELETE", f"{path}/{issued['id']}")
    assert refused(_refresh(tenant, tokens)) == (400, "invalid_grant", 50173)
    browser.arrival = None
    authorize(browser, tenant, CLI)
    assert (browser.arrival, browser.step) == (None, "login")


def test_application_deleted_in_mid_dialogue_is_told_on_a_page(tenant: Tenant, browser: Browser) -> None:
    desk = client_id(tenant, "Desk")
    known = tenant.control.snapshot()["applications"].values()
    object_id = next(each["id"] for each in known if each["appId"] == desk)
    authorize(browser, tenant, desk)
    browser.submit("login", login=MEMBER)
    tenant.control.act("DELETE", f"/v1.0/applications/{object_id}")
    browser.submit("credential", password=PASSWORD)
    assert browser.fault == "AADSTS700016"


def test_api_disabled_in_mid_dialogue_is_told_on_a_page(tenant: Tenant, browser: Browser) -> None:
    known = tenant.control.snapshot()["service_principals"].values()
    graph = next(each["id"] for each in known if each["appId"] == GRAPH)
    authorize(browser, tenant, CLI)
    browser.submit("login", login=MEMBER)
    tenant.control.act("PATCH", f"/v1.0/servicePrincipals/{graph}", {"accountEnabled": False})
    browser.submit("credential", password=PASSWORD)
    assert browser.fault == "AADSTS500014"


def test_account_disabled_before_its_password_is_changed_keeps_the_old_one(tenant: Tenant, browser: Browser) -> None:
    login, new = "new.hire@contoso.example", "Canary-77-otter"
    authorize(browser, tenant, CLI)
    browser.sign_in(login, PASSWORD)
    assert browser.step == "new_password"
    tenant.control.act("PATCH", f"/v1.0/users/{tenant.user_id(login)}", {"accountEnabled": False})
    browser.submit("new_password", password=PASSWORD, newPassword=new, confirmPassword=new)
    assert browser.fault == "AADSTS50057"
    assert not tenant.control.try_password(login, new)["valid"]


def test_old_password_is_guessed_ten_times_on_the_page_for_another_one(tenant: Tenant, browser: Browser) -> None:
    authorize(browser, tenant, CLI)
    browser.sign_in("new.hire@contoso.example", PASSWORD)
    for code in ["AADSTS50126"] * 10 + ["AADSTS50053"]:
        browser.submit(
            "new_password", password="Wrong-1-word", newPassword="Canary-77-otter", confirmPassword="Canary-77-otter"
        )
        assert browser.fault == code
