"""Where a sign-in may start and end: redirect URIs as they were written, and authorities that name no tenant."""

from datetime import UTC, datetime, timedelta

import pytest

from sandbox.control import ControlError
from tests.sandbox.browser import Browser
from tests.sandbox.conftest import Tenant
from tests.sandbox.people import CLI, MEMBER, PASSWORD, authorize, client_id, code_of, redeem, refused, settle

_REGISTERED = "https://shop.contoso.example/signed-in"


@pytest.mark.parametrize(
    "given",
    [
        f"{_REGISTERED}?",
        f"{_REGISTERED}#",
        f" {_REGISTERED}",
        f"\x01{_REGISTERED}",
        "https://shop.con\ntoso.example/signed-in",
        "https://shop.contoso.example/\tsigned-in",
        "HTTPS://shop.contoso.example/signed-in",
        "http://LOCALHOST:99/",
        "http://localhost:99@elsewhere.example/",
    ],
)
@pytest.mark.parametrize("path", ["oauth2/v2.0/authorize", "adminconsent"])
def test_redirect_uri_counts_letter_by_letter(tenant: Tenant, given: str, path: str) -> None:
    settle(tenant)
    parameters = {"client_id": client_id(tenant, "Shop"), "redirect_uri": given, "response_type": "code"}
    answer = tenant.anonymous().get(f"/{tenant.running.tenant_id}/{path}", params={**parameters, "scope": "openid"})
    assert answer.status_code == 400
    assert "AADSTS50011" in answer.text


@pytest.mark.parametrize(
    ("further", "is_taken"),
    [
        ("/", True),
        ("/done", True),
        ("/done/here", True),
        ("-elsewhere", False),
        ("/../elsewhere", False),
        ("/%2e%2e/elsewhere", False),
        ("/%252E./elsewhere", False),
        ("/done?x=1", False),
        ("/..\\elsewhere", False),
    ],
)
def test_admin_consent_returns_below_a_registered_path_and_nowhere_else(
    tenant: Tenant, further: str, is_taken: bool
) -> None:
    settle(tenant)
    parameters = {"client_id": client_id(tenant, "Shop"), "redirect_uri": f"{_REGISTERED}{further}"}
    answer = tenant.anonymous().get(f"/{tenant.running.tenant_id}/adminconsent", params=parameters)
    assert ("AADSTS50011" not in answer.text) == is_taken


@pytest.mark.parametrize("uri", ["https://a b.example/", "https://user:word@x.example/", "https://x.example\\y/"])
@pytest.mark.parametrize("platform", ["web", "spa", "publicClient"])
def test_redirect_uri_with_a_space_or_a_name_in_it_is_not_registered(tenant: Tenant, uri: str, platform: str) -> None:
    body = {"displayName": "Strange address", platform: {"redirectUris": [uri]}}
    with pytest.raises(ControlError, match="redirectUris"):
        tenant.control.act("POST", "/v1.0/applications", body)


@pytest.mark.parametrize("authority", ["common", "organizations"])
def test_application_of_one_tenant_uses_no_shared_authority_for_any_grant(tenant: Tenant, authority: str) -> None:
    settle(tenant)
    desk = client_id(tenant, "Desk")
    with Browser.at(tenant) as browser:
        authorize(browser, tenant, desk)
        browser.sign_in(MEMBER, PASSWORD)
        browser.submit("consent", "accept")
        code = code_of(browser)
    assert refused(redeem(tenant, desk, code, authority=authority)) == (400, "invalid_request", 50194)
    tokens = redeem(tenant, desk, code).json()
    refreshed = redeem(
        tenant, desk, "", authority=authority, grant_type="refresh_token", refresh_token=tokens["refresh_token"]
    )
    assert refused(refreshed) == (400, "invalid_request", 50194)
    form = {"client_id": desk, "scope": "openid"}
    started = tenant.anonymous().post(f"/{authority}/oauth2/v2.0/devicecode", data=form)
    assert refused(started) == (400, "invalid_request", 50194)


@pytest.mark.parametrize(("authority", "code"), [("common", 9001023), ("organizations", 65001)])
def test_password_grant_is_for_organizations_and_not_for_everybody(tenant: Tenant, authority: str, code: int) -> None:
    settle(tenant)
    form = {"grant_type": "password", "username": MEMBER, "password": PASSWORD, "scope": "User.Read"}
    assert refused(redeem(tenant, CLI, "", authority=authority, **form))[2] == code


def test_secret_of_the_future_does_not_sign_in_before_its_start(tenant: Tenant) -> None:
    settle(tenant)
    made = tenant.control.act("POST", "/v1.0/applications", {"displayName": "Later"})
    tenant.control.act("POST", "/v1.0/servicePrincipals", {"appId": made["appId"]})
    start = (datetime.now(UTC) + timedelta(days=2)).strftime("%Y-%m-%dT%H:%M:%SZ")
    path = f"/v1.0/applications/{made['id']}/addPassword"
    secret = tenant.control.act("POST", path, {"passwordCredential": {"startDateTime": start}})["secretText"]
    form = {
        "grant_type": "client_credentials",
        "client_id": made["appId"],
        "client_secret": secret,
        "scope": f"{tenant.running.base_url}/.default",
    }
    address = f"/{tenant.running.tenant_id}/oauth2/v2.0/token"
    assert refused(tenant.anonymous().post(address, data=form)) == (401, "invalid_client", 7000215)
    tenant.control.advance_clock(3 * 24 * 3600)
    assert tenant.anonymous().post(address, data=form).status_code == 200
