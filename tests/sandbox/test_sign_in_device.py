"""The device code flow: what the device is told while a person signs in for it elsewhere."""

from collections.abc import Iterator
from typing import Any

import httpx
import jwt
import pytest

from tests.sandbox.browser import Browser
from tests.sandbox.conftest import Tenant
from tests.sandbox.people import (
    CLI,
    MEMBER,
    PASSWORD,
    authorize,
    client_id,
    redeem,
    refused,
    require_second_factor,
    settle,
)


@pytest.fixture
def browser(tenant: Tenant) -> Iterator[Browser]:
    settle(tenant)
    with Browser.at(tenant) as browser:
        yield browser


def _start(tenant: Tenant, app: str = CLI, authority: str | None = None, **changes: str) -> dict[str, Any]:
    form = {"client_id": app, "scope": "openid offline_access User.Read", **changes}
    address = f"/{authority or tenant.running.tenant_id}/oauth2/v2.0/devicecode"
    response = tenant.anonymous().post(address, data=form)
    assert response.status_code == 200, response.text
    started: dict[str, Any] = response.json()
    return started


def _poll(tenant: Tenant, code: str, app: str = CLI, **changes: str) -> httpx.Response:
    grant = "urn:ietf:params:oauth:grant-type:device_code"
    form = {"grant_type": grant, "device_code": code, "redirect_uri": "", "code_verifier": "", **changes}
    return redeem(tenant, app, "", **form)


def _sign_in(browser: Browser, started: dict[str, Any]) -> None:
    browser.open(started["verification_uri"])
    browser.submit("device_code", otc=started["user_code"].lower())
    browser.sign_in(MEMBER, PASSWORD)


def test_device_waits_until_a_person_has_signed_in_and_then_gets_its_tokens_once(
    tenant: Tenant, browser: Browser
) -> None:
    started = _start(tenant)
    assert started["user_code"] in started["message"]
    assert (started["expires_in"], started["interval"]) == (900, 5)
    assert refused(_poll(tenant, started["device_code"])) == (400, "authorization_pending", 70016)
    _sign_in(browser, started)
    browser.submit("consent", "accept")
    assert browser.step == "device"
    assert refused(_poll(tenant, started["device_code"]))[1] == "authorization_pending"
    browser.submit("device", "accept")
    answer = _poll(tenant, started["device_code"])
    claims = jwt.decode(answer.json()["access_token"], options={"verify_signature": False})
    assert (claims["oid"], claims["appid"]) == (tenant.user_id(MEMBER), CLI)
    assert answer.json()["refresh_token"]
    assert refused(_poll(tenant, started["device_code"])) == (400, "bad_verification_code", 70018)


def test_declined_device_is_told_so(tenant: Tenant, browser: Browser) -> None:
    started = _start(tenant)
    _sign_in(browser, started)
    browser.submit("consent", "cancel")
    assert refused(_poll(tenant, started["device_code"])) == (400, "authorization_declined", 70002)


def test_code_ends_after_a_quarter_of_an_hour_for_device_and_person(tenant: Tenant, browser: Browser) -> None:
    started = _start(tenant)
    tenant.control.advance_clock(901)
    assert refused(_poll(tenant, started["device_code"])) == (400, "expired_token", 70019)
    browser.open(started["verification_uri"])
    browser.submit("device_code", otc=started["user_code"])
    assert browser.fault == "AADSTS70018"


def test_wrong_codes_are_refused(tenant: Tenant, browser: Browser) -> None:
    started = _start(tenant)
    browser.open(started["verification_uri"])
    browser.submit("device_code", otc="WRONGCODE")
    assert browser.fault == "AADSTS70018"
    assert refused(_poll(tenant, "nonsense")) == (400, "bad_verification_code", 70018)
    answer = _poll(tenant, started["device_code"], app=client_id(tenant, "Desk"))
    assert refused(answer) == (400, "bad_verification_code", 70018)


def test_code_stands_in_no_journal_snapshot_or_export(tenant: Tenant, browser: Browser) -> None:
    started = _start(tenant)
    browser.open(f"{started['verification_uri']}?otc={started['user_code']}")
    browser.submit("device_code", otc=started["user_code"])
    assert browser.step == "login"
    typed = browser.form("login", having={"formToken"}).select_one("input[name=formToken]")
    assert typed is not None
    journal = tenant.control.journal()
    assert any(each["query"] == {"otc": "(masked)"} for each in journal)
    shown = str((journal, tenant.control.snapshot(), tenant.control.export()))
    for each in (started["user_code"], started["device_code"], str(typed["value"])):
        assert each not in shown


def test_confidential_application_cannot_poll_without_its_secret(tenant: Tenant, browser: Browser) -> None:
    assert browser.arrival is None
    shop = client_id(tenant, "Shop")
    started = _start(tenant, shop)
    assert refused(_poll(tenant, started["device_code"], app=shop)) == (401, "invalid_client", 7000218)


def test_shared_authority_serves_device_and_person(tenant: Tenant, browser: Browser) -> None:
    started = _start(tenant, authority="organizations")
    _sign_in(browser, started)
    browser.submit("consent", "accept")
    browser.submit("device", "accept")
    assert _poll(tenant, started["device_code"], authority="organizations").status_code == 200


def test_policy_that_blocks_device_codes_ends_the_persons_sign_in(tenant: Tenant, browser: Browser) -> None:
    require_second_factor(
        tenant,
        conditions={
            "users": {"includeUsers": ["All"]},
            "applications": {"includeApplications": ["All"]},
            "clientAppTypes": ["all"],
            "authenticationFlows": {"transferMethods": "deviceCodeFlow"},
        },
        grantControls={"operator": "OR", "builtInControls": ["block"]},
    )
    started = _start(tenant)
    _sign_in(browser, started)
    assert browser.fault == "AADSTS53003"
    assert refused(_poll(tenant, started["device_code"]))[1] == "authorization_pending"


@pytest.mark.parametrize(("blocked", "fault"), [(True, "AADSTS530035"), (False, None)])
def test_security_defaults_block_device_codes_in_young_tenants(
    tenant: Tenant, browser: Browser, blocked: bool, fault: str | None
) -> None:
    behaviour = {"security_defaults_block_device_code": blocked, "security_defaults_ask": "administrators"}
    settle(tenant, security_defaults=True, behaviour=behaviour)
    _sign_in(browser, _start(tenant))
    assert browser.fault == fault


def test_azure_cli_gets_no_scope_beyond_its_own(tenant: Tenant, browser: Browser) -> None:
    assert browser.arrival is None
    form = {"client_id": "04b07795-8ddb-461a-bbee-02f9e1bf7b46", "scope": "Policy.Read.All"}
    response = tenant.anonymous().post(f"/{tenant.running.tenant_id}/oauth2/v2.0/devicecode", data=form)
    assert refused(response) == (400, "unauthorized_client", 65002)


def test_code_that_one_person_has_answered_is_closed_to_everybody_else(tenant: Tenant, browser: Browser) -> None:
    for decision in ("accept", "cancel"):
        started = _start(tenant)
        with Browser.at(tenant) as other:
            _sign_in(other, started)
            browser.open(f"/{tenant.running.tenant_id}/oauth2/v2.0/logout")
            _sign_in(browser, started)
            while browser.step in {"consent", "device"}:
                browser.submit(browser.step, decision)
            other.submit(str(other.step), "accept")
            assert other.fault == "AADSTS70018"
        answer = _poll(tenant, started["device_code"])
        assert (answer.status_code == 200) == (decision == "accept")


def test_session_of_a_device_code_stays_subject_to_policies_on_the_flow(tenant: Tenant, browser: Browser) -> None:
    started = _start(tenant)
    _sign_in(browser, started)
    while browser.step in {"consent", "device"}:
        browser.submit(browser.step, "accept")
    tokens = _poll(tenant, started["device_code"]).json()
    require_second_factor(
        tenant,
        conditions={
            "users": {"includeUsers": ["All"]},
            "applications": {"includeApplications": ["All"]},
            "clientAppTypes": ["all"],
            "authenticationFlows": {"transferMethods": "deviceCodeFlow"},
        },
        grantControls={"operator": "OR", "builtInControls": ["block"]},
    )
    refreshed = redeem(
        tenant, CLI, "", redirect_uri="", grant_type="refresh_token", refresh_token=tokens["refresh_token"]
    )
    assert refused(refreshed)[2] == 53003
    authorize(browser, tenant, CLI)
    assert (browser.arrival, browser.fault) == (None, "AADSTS53003")
