"""Applications that sign an assertion instead of sending a secret: with a certificate, or through another issuer."""

import base64
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from jwt.algorithms import RSAAlgorithm

from sandbox.seed import SeedIssuer
from tests.sandbox.conftest import Tenant
from tests.sandbox.people import client_id, refused, settle

ISSUER = "https://token.builds.example"
SUBJECT = "repo:contoso/steward:environment:production"
AUDIENCE = "api://AzureADTokenExchange"
_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@dataclass(frozen=True)
class Signer:
    """A key with its certificate."""

    key: rsa.RSAPrivateKey
    certificate: x509.Certificate

    @classmethod
    def made(cls, days: int = 365) -> "Signer":
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "daemon")])
        now = datetime.now(UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=days))
            .sign(key, hashes.SHA256())
        )
        return cls(key, certificate)

    @property
    def der(self) -> str:
        return base64.b64encode(self.certificate.public_bytes(serialization.Encoding.DER)).decode()

    @property
    def pem(self) -> bytes:
        key = self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return key + self.certificate.public_bytes(serialization.Encoding.PEM)

    def thumbprint(self, kind: hashes.HashAlgorithm) -> str:
        return base64.urlsafe_b64encode(self.certificate.fingerprint(kind)).decode().rstrip("=")


def register_certificate(tenant: Tenant, signer: Signer, name: str = "Daemon") -> str:
    """Give a seeded application a certificate, and tell its client id."""
    known = tenant.control.snapshot()["applications"].values()
    application = next(each for each in known if each["displayName"] == name)
    credential = {"type": "AsymmetricX509Cert", "usage": "Verify", "key": signer.der, "displayName": "daemon"}
    tenant.control.act("PATCH", f"/v1.0/applications/{application['id']}", {"keyCredentials": [credential]})
    return str(application["appId"])


def trust(tenant: Tenant, key: rsa.RSAPrivateKey, name: str = "Daemon") -> str:
    """Have a seeded application trust the builds' issuer, and tell its client id."""
    public = {**RSAAlgorithm.to_jwk(key.public_key(), as_dict=True), "kid": "builds-1", "use": "sig"}
    settle(tenant, trusted_issuers=(SeedIssuer(ISSUER, {"keys": [public]}),))
    known = tenant.control.snapshot()["applications"].values()
    application = next(each for each in known if each["displayName"] == name)
    body = {"name": "builds", "issuer": ISSUER, "subject": SUBJECT, "audiences": [AUDIENCE]}
    tenant.control.act("POST", f"/v1.0/applications/{application['id']}/federatedIdentityCredentials", body)
    return str(application["appId"])


def builds_token(key: rsa.RSAPrivateKey, **changes: Any) -> str:
    """Make the token that a build gets of its own issuer."""
    now = int(time.time())
    claims = {"iss": ISSUER, "sub": SUBJECT, "aud": AUDIENCE, "iat": now, "nbf": now, "exp": now + 600, **changes}
    return jwt.encode(claims, key, algorithm="RS256", headers={"kid": "builds-1"})


def _ask(tenant: Tenant, app: str, assertion: str, **changes: str) -> httpx.Response:
    form = {"client_id": app, "client_assertion_type": _TYPE, "client_assertion": assertion, **changes}
    return tenant.ask_token(**{name: each for name, each in form.items() if each})


def _assertion(tenant: Tenant, app: str, signer: Signer, **changes: Any) -> str:
    now = int(time.time())
    algorithm = changes.pop("alg", "PS256")
    header = {"x5t#S256": signer.thumbprint(hashes.SHA256()), **changes.pop("header", {})}
    claims = {
        "aud": f"{tenant.running.base_url}/{tenant.running.tenant_id}/oauth2/v2.0/token",
        "iss": app,
        "sub": app,
        "jti": "1",
        "nbf": now,
        "exp": now + 600,
        **changes,
    }
    key: Any = signer.key if algorithm != "HS256" else "kelp-lantern-harbour-kelp-lantern"
    return jwt.encode(claims, key, algorithm=algorithm, headers={k: v for k, v in header.items() if v})


@pytest.fixture(scope="module")
def signer() -> Signer:
    return Signer.made()


def test_certificate_signs_an_application_in_which_its_token_says(tenant: Tenant, signer: Signer) -> None:
    settle(tenant)
    app = register_certificate(tenant, signer)
    sha1 = hashes.SHA1()  # noqa: S303 - what clients of old send
    by_sha1 = {"x5t": signer.thumbprint(sha1), "x5t#S256": None}
    for changes in ({}, {"alg": "RS256", "header": by_sha1}):
        answer = _ask(tenant, app, _assertion(tenant, app, signer, **changes))
        assert answer.status_code == 200, answer.text
        claims = jwt.decode(answer.json()["access_token"], options={"verify_signature": False})
        assert (claims["appid"], claims["appidacr"]) == (app, "2")


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        ({"aud": "https://other.example/token"}, 700023, ""),
        ({"iss": "11111111-1111-4111-8111-111111111111"}, 700021, ""),
        ({"sub": "11111111-1111-4111-8111-111111111111"}, 700021, ""),
        ({"exp": 1_600_000_000}, 700024, "valid time range"),
        ({"nbf": 4_000_000_000, "exp": 4_000_000_600}, 700024, "valid time range"),
        ({"header": {"x5t#S256": "bm90LXRoaXM"}}, 700027, "The key was not found"),
        ({"alg": "HS256"}, 700027, "Unsupported asymmetric signing algorithm"),
    ],
)
def test_assertion_with_a_fault_is_refused_under_its_number(
    tenant: Tenant, signer: Signer, changes: dict[str, Any], code: int, words: str
) -> None:
    settle(tenant)
    app = register_certificate(tenant, signer)
    answer = _ask(tenant, app, _assertion(tenant, app, signer, **changes))
    assert refused(answer) == (401, "invalid_client", code)
    assert words in answer.json()["error_description"]


def test_assertion_signed_by_another_key_under_the_certificates_name_is_refused(tenant: Tenant, signer: Signer) -> None:
    settle(tenant)
    app = register_certificate(tenant, signer)
    other = Signer(Signer.made().key, signer.certificate)
    answer = _ask(tenant, app, _assertion(tenant, app, other))
    assert refused(answer) == (401, "invalid_client", 700027)
    assert "The signature is invalid" in answer.json()["error_description"]


def test_certificate_that_has_ended_is_refused(tenant: Tenant) -> None:
    settle(tenant)
    signer = Signer.made(days=1)
    app = register_certificate(tenant, signer)
    tenant.control.advance_clock(2 * 24 * 3600)
    answer = _ask(tenant, app, _assertion(tenant, app, signer, exp=int(time.time()) + 3 * 24 * 3600))
    assert refused(answer) == (401, "invalid_client", 700027)
    assert "The key used is expired" in answer.json()["error_description"]


@pytest.mark.parametrize(
    ("assertion", "changes", "expected"),
    [
        ("nonsense", {}, (401, "invalid_client", 50027)),
        ("nonsense", {"client_assertion_type": "kelp"}, (400, "invalid_request", 900144)),
        ("nonsense", {"client_assertion_type": ""}, (400, "invalid_request", 900144)),
    ],
)
def test_what_is_no_assertion_is_refused(
    tenant: Tenant, assertion: str, changes: dict[str, str], expected: tuple[int, str, int]
) -> None:
    settle(tenant)
    assert refused(_ask(tenant, client_id(tenant, "Daemon"), assertion, **changes)) == expected


def test_token_of_a_trusted_issuer_signs_an_application_in(tenant: Tenant, signer: Signer) -> None:
    app = trust(tenant, signer.key)
    answer = _ask(tenant, app, builds_token(signer.key))
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("error", ["invalid_request", "invalid_client"])
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"iss": "https://token.other.example"}, 700211),
        ({"sub": "repo:contoso/steward:pull_request"}, 700213),
        ({"aud": "api://other"}, 700212),
    ],
)
def test_token_that_no_federated_credential_names_is_refused(
    tenant: Tenant, signer: Signer, changes: dict[str, str], code: int, error: str
) -> None:
    trust(tenant, signer.key)
    settle_again = tenant.control.snapshot()["trusted_issuers"][ISSUER]
    settle(
        tenant,
        trusted_issuers=(SeedIssuer(ISSUER, settle_again),),
        behaviour={"federation_mismatch_error": error},
    )
    app = client_id(tenant, "Daemon")
    known = tenant.control.snapshot()["applications"].values()
    object_id = next(each["id"] for each in known if each["appId"] == app)
    body = {"name": "builds", "issuer": ISSUER, "subject": SUBJECT, "audiences": [AUDIENCE]}
    tenant.control.act("POST", f"/v1.0/applications/{object_id}/federatedIdentityCredentials", body)
    status = refused(_ask(tenant, app, builds_token(signer.key, **changes)))
    assert status == (400, error, code)


def _of_another_key(key: rsa.RSAPrivateKey) -> str:
    return builds_token(rsa.generate_private_key(public_exponent=65537, key_size=key.key_size))


def _of_another_key_id(key: rsa.RSAPrivateKey) -> str:
    claims = jwt.decode(builds_token(key), options={"verify_signature": False})
    return jwt.encode(claims, key, algorithm="RS256", headers={"kid": "builds-2"})


def _ended(key: rsa.RSAPrivateKey) -> str:
    return builds_token(key, exp=1_600_000_000)


@pytest.mark.parametrize(("make", "code"), [(_of_another_key, 50013), (_of_another_key_id, 50013), (_ended, 700024)])
def test_token_that_the_issuer_did_not_sign_or_that_ended_is_refused(
    tenant: Tenant, signer: Signer, make: Callable[[rsa.RSAPrivateKey], str], code: int
) -> None:
    app = trust(tenant, signer.key)
    assert refused(_ask(tenant, app, make(signer.key)))[1:] == ("invalid_client", code)


def test_issuer_whose_keys_are_not_in_the_seed_is_refused_by_name(tenant: Tenant, signer: Signer) -> None:
    app = trust(tenant, signer.key)
    settle(tenant)
    known = tenant.control.snapshot()["applications"].values()
    object_id = next(each["id"] for each in known if each["appId"] == app)
    body = {"name": "builds", "issuer": ISSUER, "subject": SUBJECT, "audiences": [AUDIENCE]}
    tenant.control.act("POST", f"/v1.0/applications/{object_id}/federatedIdentityCredentials", body)
    answer = _ask(tenant, app, builds_token(signer.key))
    assert refused(answer)[1:] == ("invalid_client", 50013)
    assert "trusted_issuers" in answer.json()["error_description"]
