"""Secrets and certificates of applications and service principals, and the policy for them."""

import base64
import datetime as dt
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from sandbox.seed import ApplicationManagement
from tests.sandbox.conftest import Tenant, refusal
from tests.sandbox.test_applications import register

_START = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
_END = dt.datetime(2028, 11, 1, tzinfo=dt.UTC)
_NOWHERE = "11111111-1111-4111-8111-111111111111"


def _certificate() -> x509.Certificate:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "portal")])
    return (
        x509.CertificateBuilder(issuer_name=name, subject_name=name, public_key=key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(_START)
        .not_valid_after(_END)
        .sign(key, hashes.SHA256())
    )


def _key(certificate: x509.Certificate, encoding: serialization.Encoding = serialization.Encoding.DER) -> str:
    return base64.b64encode(certificate.public_bytes(encoding)).decode()


def _credential(certificate: x509.Certificate, **changes: Any) -> dict[str, Any]:
    return {"type": "AsymmetricX509Cert", "usage": "Verify", "key": _key(certificate), **changes}


@pytest.fixture
def client(tenant: Tenant) -> httpx.Client:
    return tenant.client("administer")


@pytest.fixture(params=["applications", "servicePrincipals"])
def holder(client: httpx.Client, request: pytest.FixtureRequest) -> str:
    """The path of an application, or of a service principal, which hold credentials alike."""
    application = register(client)
    principal = client.post("/v1.0/servicePrincipals", json={"appId": application["appId"]}).json()
    return f"/v1.0/{request.param}/{application['id'] if request.param == 'applications' else principal['id']}"


def test_added_secret_is_shown_once_signs_in_and_ends_when_removed(
    tenant: Tenant, client: httpx.Client, holder: str
) -> None:
    added = client.post(f"{holder}/addPassword", json={"passwordCredential": {"displayName": "ci"}}).json()
    assert added["hint"] == added["secretText"][:3]
    shown = client.get(holder).json()
    (credential,) = shown["passwordCredentials"]
    assert (credential["keyId"], credential["secretText"]) == (added["keyId"], None)
    fields = {"client_id": shown["appId"], "client_secret": added["secretText"]}
    assert tenant.ask_token(**fields).status_code == 200
    assert client.post(f"{holder}/removePassword", json={"keyId": added["keyId"]}).status_code == 204
    assert tenant.ask_token(**fields).status_code == 401
    assert added["secretText"] not in str(tenant.control.journal())
    assert refusal(client.post(f"{holder}/removePassword", json={"keyId": added["keyId"]}))[0] == 400


def test_secret_without_dates_lasts_two_years(client: httpx.Client, holder: str) -> None:
    wanted = {"startDateTime": "2028-02-29T10:00:00Z"}
    added = client.post(f"{holder}/addPassword", json={"passwordCredential": wanted}).json()
    assert (added["startDateTime"], added["endDateTime"]) == ("2028-02-29T10:00:00Z", "2030-03-01T10:00:00Z")


@pytest.mark.parametrize(
    "wanted",
    [
        {"secretText": "mine"},
        {"keyId": _NOWHERE},
        {"endDateTime": "2020-01-01T00:00:00Z"},
        {"startDateTime": "9999-01-01T00:00:00Z"},
    ],
)
def test_secret_that_entra_would_not_make_is_refused(client: httpx.Client, holder: str, wanted: dict[str, str]) -> None:
    assert client.post(f"{holder}/addPassword", json={"passwordCredential": wanted}).status_code == 400
    assert client.get(holder).json()["passwordCredentials"] == []


@pytest.mark.parametrize("encoding", [serialization.Encoding.DER, serialization.Encoding.PEM])
def test_certificate_fills_in_its_dates_thumbprint_and_name(
    client: httpx.Client, holder: str, encoding: serialization.Encoding
) -> None:
    certificate = _certificate()
    body = {"keyCredentials": [_credential(certificate, key=_key(certificate, encoding))]}
    assert client.patch(holder, json=body).status_code == 204
    (shown,) = client.get(holder).json()["keyCredentials"]
    assert shown.pop("keyId")
    assert shown == {
        "customKeyIdentifier": certificate.fingerprint(hashes.SHA1()).hex().upper(),  # noqa: S303 - what Entra calls a thumbprint
        "displayName": "CN=portal",
        "endDateTime": "2028-11-01T00:00:00Z",
        "key": None,
        "startDateTime": "2026-11-01T00:00:00Z",
        "type": "AsymmetricX509Cert",
        "usage": "Verify",
    }


def test_key_is_shown_only_to_who_selects_it_of_one_object(client: httpx.Client, holder: str) -> None:
    certificate = _certificate()
    client.patch(holder, json={"keyCredentials": [_credential(certificate)]}).raise_for_status()
    (selected,) = client.get(f"{holder}?$select=id,keyCredentials").json()["keyCredentials"]
    assert selected["key"] == _key(certificate)
    collection = holder.rsplit("/", maxsplit=1)[0]
    listed = client.get(f"{collection}?$select=keyCredentials").json()["value"]
    assert all(each["key"] is None for record in listed for each in record["keyCredentials"])


def test_known_certificates_stay_by_their_key_id_and_leave_when_they_are_not_named(
    client: httpx.Client, holder: str
) -> None:
    key_id = "d0000000-0000-4000-8000-000000000001"
    client.patch(holder, json={"keyCredentials": [_credential(_certificate(), keyId=key_id)]}).raise_for_status()
    (known,) = client.get(holder).json()["keyCredentials"]
    both = {"keyCredentials": [known, _credential(_certificate())]}
    assert client.patch(holder, json=both).status_code == 204
    shown = client.get(holder).json()["keyCredentials"]
    assert shown[0]["keyId"] == key_id
    assert len(shown) == 2
    assert client.patch(holder, json={"keyCredentials": shown[1:]}).status_code == 204
    assert [each["keyId"] for each in client.get(holder).json()["keyCredentials"]] == [shown[1]["keyId"]]


def _later(credential: dict[str, Any]) -> dict[str, Any]:
    return {**credential, "endDateTime": "2027-01-01T00:00:00Z"}


def _other_key(credential: dict[str, Any]) -> dict[str, Any]:
    return {**credential, "key": _key(_certificate())}


@pytest.mark.parametrize("change", [_later, _other_key])
def test_known_certificate_cannot_be_changed(
    client: httpx.Client, holder: str, change: Callable[[dict[str, Any]], dict[str, Any]]
) -> None:
    client.patch(holder, json={"keyCredentials": [_credential(_certificate())]}).raise_for_status()
    (known,) = client.get(holder).json()["keyCredentials"]
    _, code, message = refusal(client.patch(holder, json={"keyCredentials": [change(known)]}))
    assert (code, message) == (
        "Request_BadRequest",
        f"Update to existing credential with KeyId '{known['keyId']}' is not allowed.",
    )


@pytest.mark.parametrize(
    ("changes", "status", "named"),
    [
        ({"key": "bm90IGEgY2VydGlmaWNhdGU="}, 400, "X.509"),
        ({"key": ""}, 400, "X.509"),
        ({"key": None}, 400, "X.509"),
        ({"endDateTime": "2028-11-01T00:00:01Z"}, 400, "Key credential end date is invalid."),
        ({"endDateTime": "2026-11-01T00:00:00Z"}, 400, "Key credential end date is invalid."),
        ({"startDateTime": "2026-10-31T00:00:00Z"}, 400, "Key credential start date is invalid."),
        ({"type": "X509CertAndPassword", "usage": "Sign"}, 501, "X509CertAndPassword"),
        ({"type": "Symmetric"}, 501, "Symmetric"),
        ({"type": None}, 400, "'type'"),
        ({"usage": "Guess"}, 400, "'usage'"),
    ],
)
def test_certificate_that_entra_would_not_take_is_refused(
    client: httpx.Client, holder: str, changes: dict[str, Any], status: int, named: str
) -> None:
    response = client.patch(holder, json={"keyCredentials": [_credential(_certificate(), **changes)]})
    got, _, message = refusal(response)
    assert (got, named in message) == (status, True), message
    assert client.get(holder).json()["keyCredentials"] == []


def test_tokens_are_encrypted_with_a_certificate_for_it(client: httpx.Client, holder: str) -> None:
    key_id = "d0000000-0000-4000-8000-000000000001"
    wrong = {"keyCredentials": [_credential(_certificate(), keyId=key_id)], "tokenEncryptionKeyId": key_id}
    assert client.patch(holder, json=wrong).status_code == 400
    right = {"keyCredentials": [_credential(_certificate(), keyId=key_id, usage="Encrypt")]}
    assert client.patch(holder, json={**right, "tokenEncryptionKeyId": key_id}).status_code == 204
    assert client.get(holder).json()["tokenEncryptionKeyId"] == key_id


def test_application_is_registered_with_credentials_or_not_at_all(client: httpx.Client) -> None:
    application = register(client, keyCredentials=[_credential(_certificate())], passwordCredentials=[{}, {}])
    assert len(application["keyCredentials"]) == 1
    assert all(each["secretText"] for each in application["passwordCredentials"])
    before = len(client.get("/v1.0/applications").json()["value"])
    body = {"displayName": "Portal", "passwordCredentials": [{}, {"secretText": "mine"}]}
    assert client.post("/v1.0/applications", json=body).status_code == 400
    assert len(client.get("/v1.0/applications").json()["value"]) == before


def test_policy_for_credentials_is_off_as_delivered(tenant: Tenant) -> None:
    policy = tenant.client("administer").get("/v1.0/policies/defaultAppManagementPolicy").json()
    assert policy["isEnabled"] is False
    assert policy["applicationRestrictions"]["passwordCredentials"] == []


@pytest.mark.parametrize("enabled", [True, False])
def test_policy_refuses_credentials_that_last_too_long(tenant: Tenant, enabled: bool) -> None:
    tenant.reseed(
        application_management=ApplicationManagement(
            is_enabled=enabled, longest_secret_days=30, longest_certificate_days=90
        )
    )
    client = tenant.client("administer")
    policy = client.get("/v1.0/policies/defaultAppManagementPolicy").json()
    (restriction,) = policy["applicationRestrictions"]["passwordCredentials"]
    assert (restriction["restrictionType"], restriction["maxLifetime"]) == ("passwordLifetime", "P30D")
    path = f"/v1.0/applications/{register(client)['id']}"
    for response in (
        client.post(f"{path}/addPassword", json={}),
        client.patch(path, json={"keyCredentials": [_credential(_certificate())]}),
    ):
        if enabled:
            assert refusal(response)[:2] == (400, "CredentialInvalidLifetimeAsPerAppPolicy")
        else:
            assert response.is_success
    wanted = {"startDateTime": "2026-11-01T00:00:00Z", "endDateTime": "2026-12-01T00:00:00Z"}
    assert client.post(f"{path}/addPassword", json={"passwordCredential": wanted}).status_code == 200


def test_policy_refuses_secrets_altogether(tenant: Tenant) -> None:
    tenant.reseed(application_management=ApplicationManagement(is_enabled=True, secrets_allowed=False))
    client = tenant.client("administer")
    body = {"displayName": "Portal", "passwordCredentials": [{}]}
    response = client.post("/v1.0/applications", json=body)
    assert refusal(response)[:2] == (400, "CredentialTypeNotAllowedAsPerAppPolicy")
