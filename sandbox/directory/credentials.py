"""Secrets and certificates, which applications and service principals hold in the same way.

A secret is shown once, when it is made, and kept as a hash. A certificate is read for its dates and thumbprint; its
bytes stand apart from the object, because Graph shows them only to who selects `keyCredentials` of one object (Learn,
"keyCredential resource type", read November 2026). Signing in reads both.
"""

import base64
import binascii
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import MAXYEAR, datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from sandbox.clock import as_stamp, from_stamp
from sandbox.directory import app_management
from sandbox.directory.application_audit import record_application
from sandbox.directory.store import Caller, Directory, Record
from sandbox.errors import GraphError, bad_request, not_emulated
from sandbox.identifiers import new_id
from sandbox.passwords import SecretHash

_SECRET_YEARS = 2
_LONGEST_NAME = 90  # longer names are cut (same page)
_CERTIFICATE = "AsymmetricX509Cert"
_USAGES = frozenset({"Verify", "Encrypt"})
_KNOWN_TYPES = frozenset({_CERTIFICATE, "Symmetric", "X509CertAndPassword"})
_KNOWN_USAGES = _USAGES | {"Sign"}
# What a client echoes of a certificate that is there already, and must not differ.
_ECHOED = ("type", "usage", "startDateTime", "endDateTime")


@dataclass(frozen=True)
class Certificates:
    """The certificates that an object is to have: what Graph shows of them, and their bytes by key id."""

    credentials: list[Record]
    contents: dict[str, str]


def begin(directory: Directory, record: Record, body: Mapping[str, Any]) -> list[Record]:
    """Give a new object the credentials that its body asks for, and show the secrets among them, this once."""
    certificates = arrange(directory, record, body.get("keyCredentials", []))
    require_encryption_key(record, certificates)
    passwords = [_new_password(directory, each) for each in body.get("passwordCredentials", [])]
    record["keyCredentials"] = certificates.credentials
    directory.certificates[record["id"]] = certificates.contents
    return [_keep_password(directory, record, *each) for each in passwords]


def add_password(directory: Directory, record: Record, wanted: Mapping[str, Any], caller: Caller) -> Record:
    """Give an application or service principal a secret; the answer is the only place that shows it."""
    shown = _keep_password(directory, record, *_new_password(directory, wanted))
    _record(directory, caller, record, added=True)
    return shown


def remove_password(directory: Directory, record: Record, key_id: object, caller: Caller) -> None:
    """Take a secret away."""
    kept = [each for each in record["passwordCredentials"] if each["keyId"] != key_id]
    if len(kept) == len(record["passwordCredentials"]):
        raise bad_request(f"No password credential found with keyId '{key_id}'.")
    record["passwordCredentials"] = kept
    directory.secret_hashes.get(record["id"], {}).pop(str(key_id), None)
    _record(directory, caller, record, added=False)


def arrange(directory: Directory, record: Record, wanted: Sequence[Record]) -> Certificates:
    """Work out the certificates that an object is to have: known ones by their `keyId`, new ones with their key."""
    known = {each["keyId"]: each for each in record["keyCredentials"]}
    stored = directory.certificates.get(record["id"], {})
    arranged = Certificates([], {})
    for each in wanted:
        before = known.get(each.get("keyId"))
        credential, content = _fresh(directory, each) if before is None else _kept(before, stored, each)
        if credential["keyId"] in arranged.contents:
            raise bad_request("Request contains a property with duplicate values.")
        arranged.credentials.append(credential)
        arranged.contents[credential["keyId"]] = content
    return arranged


def replace_certificates(directory: Directory, record: Record, arranged: Certificates, caller: Caller) -> None:
    """Make the certificates of an object those that were arranged."""
    stored = directory.certificates.get(record["id"], {})
    if arranged.contents == stored:
        return
    record["keyCredentials"] = arranged.credentials
    directory.certificates[record["id"]] = arranged.contents
    _record(directory, caller, record, added=arranged.contents.keys() > stored.keys())


def require_encryption_key(record: Record, arranged: Certificates | None) -> None:
    """Refuse a `tokenEncryptionKeyId` that names no certificate for encryption."""
    wanted = record.get("tokenEncryptionKeyId")
    held = record["keyCredentials"] if arranged is None else arranged.credentials
    if wanted is not None and wanted not in [each["keyId"] for each in held if each["usage"] == "Encrypt"]:
        raise bad_request("Invalid value specified for property 'tokenEncryptionKeyId'.")


def with_keys(directory: Directory, record: Record) -> Record:
    """Show an object with the bytes of its certificates."""
    stored = directory.certificates.get(record["id"], {})
    shown = [{**each, "key": stored[each["keyId"]]} for each in record["keyCredentials"]]
    return {**record, "keyCredentials": shown}


def certificates_of(directory: Directory, record: Record) -> Iterator[tuple[Record, x509.Certificate]]:
    """List the certificates of an object, each with the credential that says until when it may be used."""
    stored = directory.certificates.get(record["id"], {})
    for each in record["keyCredentials"]:
        yield each, x509.load_der_x509_certificate(base64.b64decode(stored[each["keyId"]]))


def _new_password(directory: Directory, wanted: Mapping[str, Any]) -> tuple[Record, str]:
    for name in ("secretText", "keyId", "hint"):
        if wanted.get(name) is not None:
            # Entra makes these itself (Learn, "passwordCredential resource type", read November 2026).
            raise bad_request(f"Invalid value specified for property '{name}' of resource 'PasswordCredential'.")
    start = wanted.get("startDateTime") or directory.clock.stamp()
    end = wanted.get("endDateTime") or as_stamp(_years_later(from_stamp(start), _SECRET_YEARS))
    if from_stamp(end) <= from_stamp(start):
        raise bad_request("Password credential end date is invalid.")
    app_management.require_secret(directory, from_stamp(start), from_stamp(end))
    secret = secrets.token_urlsafe(30)
    return {
        "customKeyIdentifier": wanted.get("customKeyIdentifier"),
        "displayName": wanted.get("displayName"),
        "endDateTime": end,
        "hint": secret[:3],
        "keyId": new_id(),
        "secretText": None,
        "startDateTime": start,
    }, secret


def _keep_password(directory: Directory, record: Record, credential: Record, secret: str) -> Record:
    record["passwordCredentials"] = [*record["passwordCredentials"], credential]
    directory.secret_hashes.setdefault(record["id"], {})[credential["keyId"]] = SecretHash.of(secret)
    return {**credential, "secretText": secret}


def _kept(before: Record, stored: Mapping[str, str], wanted: Record) -> tuple[Record, str]:
    content = stored[before["keyId"]]
    differs = any(wanted.get(name) is not None and not _is_same(wanted[name], before[name]) for name in _ECHOED)
    if differs or (wanted.get("key") is not None and _der(wanted["key"]) != content):
        # azuread PowerShell #6784 and #6855.
        raise bad_request(f"Update to existing credential with KeyId '{before['keyId']}' is not allowed.")
    return before, content


def _is_same(echoed: str, before: str) -> bool:
    # Clients write the same moment in other ways.
    return echoed == before or (echoed[:1].isdigit() and from_stamp(echoed) == from_stamp(before))


def _fresh(directory: Directory, wanted: Record) -> tuple[Record, str]:
    kind, usage = wanted.get("type"), wanted.get("usage")
    if kind not in _KNOWN_TYPES or usage not in _KNOWN_USAGES:
        raise bad_request("Invalid value specified for property 'type' or 'usage' of resource 'KeyCredential'.")
    if kind != _CERTIFICATE or usage not in _USAGES:
        raise not_emulated(f"a key credential of type '{kind}' for '{usage}'")
    content = _der(wanted.get("key"))
    certificate = x509.load_der_x509_certificate(base64.b64decode(content))
    start = wanted.get("startDateTime") or as_stamp(certificate.not_valid_before_utc)
    end = wanted.get("endDateTime") or as_stamp(certificate.not_valid_after_utc)
    if from_stamp(start) < certificate.not_valid_before_utc:
        raise bad_request("Key credential start date is invalid.")
    if not from_stamp(start) < from_stamp(end) <= certificate.not_valid_after_utc:
        # azure-rest-api-specs #11985.
        raise bad_request("Key credential end date is invalid.")
    app_management.require_certificate(directory, from_stamp(start), from_stamp(end))
    thumbprint = certificate.fingerprint(hashes.SHA1()).hex().upper()  # noqa: S303 - what Entra calls a thumbprint
    name = wanted.get("displayName") or certificate.subject.rfc4514_string()
    return {
        "customKeyIdentifier": wanted.get("customKeyIdentifier") or thumbprint,
        "displayName": name[:_LONGEST_NAME],
        "endDateTime": end,
        "key": None,
        "keyId": wanted.get("keyId") or new_id(),
        "startDateTime": start,
        "type": kind,
        "usage": usage,
    }, content


def _der(key: object) -> str:
    """Take a certificate out of the base64 of its DER, or of its PEM text, which the azuread provider sends."""
    try:
        content = base64.b64decode(str(key or ""), validate=True)
        load = x509.load_pem_x509_certificate if content.startswith(b"-----") else x509.load_der_x509_certificate
        return base64.b64encode(load(content).public_bytes(serialization.Encoding.DER)).decode()
    except (binascii.Error, ValueError, x509.InvalidVersion) as fault:
        raise _no_certificate() from fault


def _no_certificate() -> GraphError:
    return bad_request("Invalid value specified for property 'key' of resource 'KeyCredential': no X.509 certificate.")


def _years_later(moment: datetime, years: int) -> datetime:
    year = moment.year + years
    if year > MAXYEAR:
        raise bad_request("Password credential end date is invalid.")
    leap = (moment.month, moment.day) == (2, 29)
    return moment.replace(year=year, month=3, day=1) if leap else moment.replace(year=year)


def _record(directory: Directory, caller: Caller, record: Record, *, added: bool) -> None:
    if "publisherDomain" in record:
        activity = "Update application \N{EN DASH} Certificates and secrets management"
        record_application(directory, caller, activity, "Update", record)
    else:
        activity = f"{'Add' if added else 'Remove'} service principal credentials"
        record_application(directory, caller, activity, "Update", record, kind="servicePrincipal")
