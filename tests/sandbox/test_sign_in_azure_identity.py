"""Every credential of azure-identity that can reach a tenant by itself gets its token here, unmodified.

Not here, because each asks something else than the tenant: ManagedIdentityCredential asks the metadata service of the
machine it runs on, AzureCliCredential, AzureDeveloperCliCredential and AzurePowerShellCredential ask an installed
program that has signed in, VisualStudioCodeCredential and SharedTokenCacheCredential ask the broker or the cache of
another program, and AzurePipelinesCredential asks the build server for the token that ClientAssertionCredential shows
below. UsernamePasswordCredential first asks the authority's host where the login is checked, and leaves the port out,
so that it reaches a tenant on port 443 only; its grant is tried beside the codes. DefaultAzureCredential and
ChainedTokenCredential only try others in turn; EnvironmentCredential stands for them.

Instance discovery is off in all of them: for an authority they do not know they would ask Microsoft's own server.
"""

import contextlib
import socket
import threading
import webbrowser
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from azure.identity import (
    AuthorizationCodeCredential,
    CertificateCredential,
    ClientAssertionCredential,
    ClientSecretCredential,
    DeviceCodeCredential,
    EnvironmentCredential,
    InteractiveBrowserCredential,
    OnBehalfOfCredential,
    WorkloadIdentityCredential,
)

from tests.sandbox.browser import Browser
from tests.sandbox.conftest import Tenant
from tests.sandbox.people import LOOPBACK, MEMBER, PASSWORD, authorize, client_id, code_of, settle
from tests.sandbox.test_sign_in_assertions import Signer, builds_token, register_certificate, trust


@pytest.fixture
def browser(tenant: Tenant) -> Iterator[Browser]:
    settle(tenant)
    with Browser.at(tenant) as browser:
        yield browser


def _reach(tenant: Tenant) -> dict[str, Any]:
    return {
        "authority": tenant.running.base_url,
        "disable_instance_discovery": True,
        "connection_verify": str(tenant.running.ca_file),
    }


def _claims(credential: Any, scope: str) -> dict[str, Any]:
    with contextlib.closing(credential):
        token = credential.get_token(scope).token
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


def _default(tenant: Tenant) -> str:
    return f"{tenant.running.base_url}/.default"


def _sign_in(browser: Browser) -> None:
    if browser.step == "login":
        browser.sign_in(MEMBER, PASSWORD)
    if browser.step == "consent":
        browser.submit("consent", "accept")
    if browser.step == "device":
        browser.submit("device", "accept")


def test_client_secret_credential(tenant: Tenant, browser: Browser) -> None:
    assert browser.arrival is None
    known = tenant.running.identities["deploy"]
    credential = ClientSecretCredential(
        tenant.running.tenant_id, known.client_id, known.client_secret, **_reach(tenant)
    )
    assert _claims(credential, _default(tenant))["appid"] == known.client_id


def test_environment_credential(tenant: Tenant, browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    assert browser.arrival is None
    known = tenant.running.identities["deploy"]
    monkeypatch.setenv("AZURE_TENANT_ID", tenant.running.tenant_id)
    monkeypatch.setenv("AZURE_CLIENT_ID", known.client_id)
    monkeypatch.setenv("AZURE_CLIENT_SECRET", known.client_secret)
    assert _claims(EnvironmentCredential(**_reach(tenant)), _default(tenant))["oid"] == known.object_id


def test_certificate_credential(tenant: Tenant, browser: Browser) -> None:
    assert browser.arrival is None
    signer = Signer.made()
    app = register_certificate(tenant, signer)
    credential = CertificateCredential(tenant.running.tenant_id, app, certificate_data=signer.pem, **_reach(tenant))
    assert _claims(credential, _default(tenant))["appidacr"] == "2"


def test_client_assertion_credential(tenant: Tenant) -> None:
    key = Signer.made().key
    app = trust(tenant, key)
    credential = ClientAssertionCredential(tenant.running.tenant_id, app, lambda: builds_token(key), **_reach(tenant))
    assert _claims(credential, _default(tenant))["appid"] == app


def test_workload_identity_credential(tenant: Tenant, tmp_path: Path) -> None:
    key = Signer.made().key
    app = trust(tenant, key)
    file = tmp_path / "token"
    file.write_text(builds_token(key))
    credential = WorkloadIdentityCredential(
        tenant_id=tenant.running.tenant_id, client_id=app, token_file_path=str(file), **_reach(tenant)
    )
    assert _claims(credential, _default(tenant))["appid"] == app


def test_authorization_code_credential(tenant: Tenant, browser: Browser) -> None:
    desk = client_id(tenant, "Desk")
    authorize(browser, tenant, desk, code_challenge="", code_challenge_method="")
    _sign_in(browser)
    credential = AuthorizationCodeCredential(
        tenant.running.tenant_id, desk, code_of(browser), LOOPBACK, **_reach(tenant)
    )
    assert _claims(credential, f"{tenant.running.base_url}/User.Read")["oid"] == tenant.user_id(MEMBER)


def test_device_code_credential(tenant: Tenant, browser: Browser) -> None:
    def go(address: str, user_code: str, _expires: object) -> None:
        browser.open(address)
        browser.submit("device_code", otc=user_code)
        _sign_in(browser)

    credential = DeviceCodeCredential(
        client_id(tenant, "Desk"), tenant_id=tenant.running.tenant_id, prompt_callback=go, **_reach(tenant)
    )
    assert _claims(credential, f"{tenant.running.base_url}/User.Read")["upn"] == MEMBER


class _Walker(webbrowser.BaseBrowser):
    """What Python opens addresses with while a test says how to walk; otherwise it opens nothing."""

    walk: Callable[[str], None] | None = None

    def open(self, url: str, new: int = 0, autoraise: bool = True) -> bool:  # noqa: ARG002 - the base's signature
        if self.walk is None:
            return False
        # The credential listens only once this has returned.
        threading.Thread(target=self.walk, args=(url,), daemon=True).start()
        return True


_WALKER = _Walker("walker")
webbrowser.register("walker", None, _WALKER, preferred=True)


def test_interactive_browser_credential(tenant: Tenant, browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    def walk(url: str) -> None:
        browser.open(url)
        _sign_in(browser)
        assert browser.arrival is not None
        httpx.post(browser.arrival.uri, data=browser.arrival.values, trust_env=False)

    monkeypatch.setattr(_WALKER, "walk", walk)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    credential = InteractiveBrowserCredential(
        tenant_id=tenant.running.tenant_id,
        client_id=client_id(tenant, "Desk"),
        redirect_uri=f"http://localhost:{port}",
        timeout=30,
        **_reach(tenant),
    )
    assert _claims(credential, f"{tenant.running.base_url}/User.Read")["upn"] == MEMBER


def test_on_behalf_of_credential(tenant: Tenant, browser: Browser) -> None:
    desk, shop = client_id(tenant, "Desk"), client_id(tenant, "Shop")
    known = tenant.control.snapshot()["applications"].values()
    object_id = next(each["id"] for each in known if each["appId"] == shop)
    scope = {"id": "7b7a2c7e-0f2d-4c06-9d0b-2f1d8b6c0a11", "value": "Orders.Read", "type": "User", "isEnabled": True}
    scope |= {"adminConsentDisplayName": "Read orders", "adminConsentDescription": "Read orders"}
    change = {"identifierUris": [f"api://{shop}"], "api": {"oauth2PermissionScopes": [scope]}}
    tenant.control.act("PATCH", f"/v1.0/applications/{object_id}", change)
    secret = str(tenant.control.act("POST", f"/v1.0/applications/{object_id}/addPassword", {})["secretText"])
    authorize(browser, tenant, shop, redirect_uri="http://localhost/")
    _sign_in(browser)
    authorize(browser, tenant, desk, scope=f"api://{shop}/Orders.Read", code_challenge="", code_challenge_method="")
    _sign_in(browser)
    first = AuthorizationCodeCredential(tenant.running.tenant_id, desk, code_of(browser), LOOPBACK, **_reach(tenant))
    with contextlib.closing(first):
        assertion = first.get_token(f"api://{shop}/Orders.Read").token
    credential = OnBehalfOfCredential(
        tenant.running.tenant_id, shop, client_secret=secret, user_assertion=assertion, **_reach(tenant)
    )
    claims = _claims(credential, f"{tenant.running.base_url}/User.Read")
    assert (claims["appid"], claims["upn"]) == (shop, MEMBER)
