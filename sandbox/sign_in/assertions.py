"""What a client signs instead of sending a secret: its own assertion, or one of an issuer that it trusts.

An assertion whose issuer is the client itself is checked against the certificates of its registration
(learn.microsoft.com, "Microsoft identity platform application authentication certificate credentials"); any other
against the federated credentials of the registration, in the order issuer, subject, audience ("Configure an app to
trust an external identity provider", both read November 2026). The same assertion may come twice: no source says
that Entra refuses a `jti` it has seen.
"""

import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeGuard

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from jwt.types import Options

from sandbox.clock import from_stamp
from sandbox.directory import credentials
from sandbox.directory.store import Directory, Record
from sandbox.sign_in.refusals import SignInError
from sandbox.tenant import Tenant

# What reading a token made by anybody may end in: nested too deeply, or with numbers that Python does not take.
UNREADABLE = (jwt.PyJWTError, ValueError, RecursionError)
_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_ALGORITHMS = ("RS256", "PS256")
# The tenant's clock decides, which can be moved, and audiences are compared here, under Entra's numbers.
_UNCHECKED: Options = {
    "verify_aud": False,
    "verify_exp": False,
    "verify_iat": False,
    "verify_iss": False,
    "verify_jti": False,
    "verify_nbf": False,
    "verify_sub": False,
}
_SKEW_SECONDS = 300


@dataclass(frozen=True)
class _Assertion:
    text: str
    header: Mapping[str, Any]
    claims: Mapping[str, Any]


@dataclass(frozen=True)
class _Registered:
    credential: Record
    certificate: x509.Certificate


def check(tenant: Tenant, client_id: str, records: Iterable[Record | None], form: Mapping[str, str]) -> None:
    """Refuse an assertion that does not prove that its sender is the application of these records."""
    if form.get("client_assertion_type") != _TYPE:
        raise SignInError(900144, f"The request body must contain the parameter 'client_assertion_type' = '{_TYPE}'.")
    assertion = _read(form["client_assertion"])
    present = [each for each in records if each is not None]
    issuer = assertion.claims.get("iss")
    if issuer != client_id and not ({"x5t", "x5t#S256"} & assertion.header.keys()):
        _check_federated(tenant.directory, client_id, present, assertion)
        return
    if issuer != client_id or assertion.claims.get("sub") != client_id:
        text = "Client assertion application identifier doesn't match 'client_id' parameter."
        raise SignInError(700021, text)
    _check_signature(assertion, _find_certificate(tenant.directory, present, assertion), tenant.directory)
    _check_times(assertion, tenant.directory.clock.now())
    if not _audiences(assertion) & _own_audiences(tenant):
        raise SignInError(700023, "Client assertion audience claim does not match Realm issuer.")


def _read(text: str) -> _Assertion:
    try:
        header = jwt.get_unverified_header(text)
        claims = jwt.decode(text, options={"verify_signature": False})
    except UNREADABLE as fault:
        raise SignInError(50027, "Invalid JWT token. Token format not valid.") from fault
    return _Assertion(text, header, claims)


def _own_audiences(tenant: Tenant) -> set[str]:
    names = [tenant.directory.tenant_id, *tenant.directory.domains, "common", "organizations"]
    homes = [f"{tenant.base_url}/{name}" for name in names]
    return {f"{home}{end}" for home in homes for end in ("", "/", "/v2.0", "/oauth2/v2.0/token")}


def _audiences(assertion: _Assertion) -> set[str]:
    audience = assertion.claims.get("aud")
    return {str(each) for each in audience} if isinstance(audience, list) else {str(audience)}


def _find_certificate(directory: Directory, records: list[Record], assertion: _Assertion) -> _Registered:
    for record in records:
        for credential, certificate in credentials.certificates_of(directory, record):
            if credential["usage"] == "Verify" and _is_named(certificate, assertion.header):
                return _Registered(credential, certificate)
    given = assertion.header.get("x5t#S256") or assertion.header.get("x5t") or "none"
    text = f"[Reason - The key was not found., Thumbprint of key used by client: '{given}']"
    raise SignInError(700027, f"Client assertion contains an invalid signature. {text}")


def _is_named(certificate: x509.Certificate, header: Mapping[str, Any]) -> bool:
    thumbprints: tuple[tuple[str, hashes.HashAlgorithm], ...] = (
        ("x5t", hashes.SHA1()),  # noqa: S303 - what the header carries
        ("x5t#S256", hashes.SHA256()),
    )
    given = {name: str(header[name]).rstrip("=") for name, _ in thumbprints if name in header}
    own = {name: base64.urlsafe_b64encode(certificate.fingerprint(kind)).decode() for name, kind in thumbprints}
    return bool(given) and all(own[name].rstrip("=") == value for name, value in given.items())


def _check_signature(assertion: _Assertion, registered: _Registered, directory: Directory) -> None:
    if assertion.header.get("alg") not in _ALGORITHMS:
        raise SignInError(700027, "Invalid JWT token. Unsupported asymmetric signing algorithm.")
    key: Any = registered.certificate.public_key()
    try:
        jwt.decode(assertion.text, key, algorithms=list(_ALGORITHMS), options=_UNCHECKED)
    except (*UNREADABLE, TypeError) as fault:
        text = "[Reason - The signature is invalid.]"
        raise SignInError(700027, f"Client assertion contains an invalid signature. {text}") from fault
    if directory.clock.now() >= from_stamp(registered.credential["endDateTime"]):
        text = "[Reason - The key used is expired.]"
        raise SignInError(700027, f"The certificate used to sign the client assertion is expired. {text}")


def _check_times(assertion: _Assertion, now: datetime) -> None:
    start, end = assertion.claims.get("nbf", 0), assertion.claims.get("exp")
    if not (_is_moment(start) and _is_moment(end) and start - _SKEW_SECONDS <= now.timestamp() < end):
        text = f"Current time: {now.isoformat()}, assertion valid from {start}, expiry time of assertion {end}."
        raise SignInError(700024, f"Client assertion is not within its valid time range. {text}")


def _is_moment(value: Any) -> TypeGuard[float]:
    return isinstance(value, (int, float))


def _check_federated(directory: Directory, client_id: str, records: list[Record], assertion: _Assertion) -> None:
    issuer, subject = str(assertion.claims.get("iss")), assertion.claims.get("sub")
    trusted = [each for record in records for each in directory.federated_credentials.get(record["id"], [])]
    trusted = [each for each in trusted if each["issuer"] == issuer]
    if not trusted:
        raise _mismatch(directory, 700211, f"issuer '{issuer}'", client_id)
    trusted = [each for each in trusted if each["subject"] == subject]
    if not trusted:
        raise _mismatch(directory, 700213, f"subject '{subject}'", client_id)
    if not any(_audiences(assertion) & set(each["audiences"]) for each in trusted):
        raise _mismatch(directory, 700212, f"audience '{assertion.claims.get('aud')}'", client_id)
    _check_issuers_signature(directory, issuer, assertion)
    _check_times(assertion, directory.clock.now())


def _mismatch(directory: Directory, code: int, what: str, client_id: str) -> SignInError:
    text = (
        f"No matching federated identity record found for presented assertion {what}. Check your federated identity "
        f"credential of the application '{client_id}': issuer, subject and audience are compared letter by letter."
    )
    return SignInError(code, text, error=directory.behaviour.federation_mismatch_error)


def _check_issuers_signature(directory: Directory, issuer: str, assertion: _Assertion) -> None:
    if issuer not in directory.trusted_issuers:
        text = (
            f"Assertion failed signature validation. [Reason - The keys of '{issuer}' are not known here: nothing "
            "outside this machine is asked; name the issuer with its keys under trusted_issuers of the seed.]"
        )
        raise SignInError(50013, text, error="invalid_client")
    try:
        keys = jwt.PyJWKSet.from_dict(dict(directory.trusted_issuers[issuer]))
        key = keys[str(assertion.header.get("kid"))]
        jwt.decode(assertion.text, key.key, algorithms=["RS256"], options=_UNCHECKED)
    except (*UNREADABLE, KeyError) as fault:
        text = "Assertion failed signature validation. [Reason - The key was not found or the signature is invalid.]"
        raise SignInError(50013, text, error="invalid_client") from fault
