"""Certificates of a workstation: one file an identity, made here, with a private key that never leaves it.

A file is PKCS#12 without a password, which both azure-identity and the azuread provider read; only its owner can read
it, and nothing of it but the certificate, which is public, goes anywhere else.
"""

import base64
import contextlib
import hashlib
import os
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, pkcs12
from cryptography.x509.oid import NameOID

from steward.errors import ConfigError
from steward.identities.wanted import Certificate

_BITS = 3072
_PRIVATE = 0o600
# Clocks differ, and a certificate that begins in the future is refused.
_EARLIER = timedelta(minutes=5)


def key_file(folder: Path, tenant_name: str, identity: str) -> Path:
    """Return where the certificate of an identity lies."""
    return folder / f"{tenant_name}-{identity}.pfx"


def read_certificate(file: Path) -> Certificate | None:
    """Return the public part, None where there is no file; raises `ConfigError` where others can read the file."""
    try:
        status = file.stat()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _unusable(file, error.strerror or str(error)) from None
    if stat.S_IMODE(status.st_mode) & 0o077:
        raise ConfigError(
            f"{file} can be read by others",
            why="whoever has the private key in it signs in as the identity",
            next_move=f"chmod 600 {file}, and replace the certificate if others may have read it: make --renew",
        )
    try:
        key, certificate, _ = pkcs12.load_key_and_certificates(file.read_bytes(), None)
    except (OSError, ValueError) as error:
        raise _unusable(file, str(error).splitlines()[0]) from None
    if key is None or certificate is None:
        raise _unusable(file, "it holds no certificate with its key")
    return _public(certificate)


def plan_certificate(*, days: int) -> Certificate:
    """Return what stands for a certificate that would be made now: no key of it exists, and nothing has its mark."""
    return Certificate(fingerprint="", der="", ends=datetime.now(UTC) + timedelta(days=days))


def make_certificate(file: Path, *, days: int) -> Certificate:
    """Make a key and its certificate in a file that takes the place of an older one, whole or not at all."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=_BITS)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, file.stem)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _EARLIER)
        .not_valid_after(now + timedelta(days=days))
        .sign(key, hashes.SHA256())
    )
    content = pkcs12.serialize_key_and_certificates(file.stem.encode(), key, certificate, None, NoEncryption())
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE)
        try:
            with os.fdopen(descriptor, "wb") as written:
                written.write(content)
                written.flush()
                os.fsync(written.fileno())
            draft.replace(file)
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                draft.unlink()
            raise
    except OSError as error:
        raise _unusable(file, error.strerror or str(error)) from None
    return _public(certificate)


def _public(certificate: x509.Certificate) -> Certificate:
    der = certificate.public_bytes(Encoding.DER)
    return Certificate(
        fingerprint=hashlib.sha256(der).hexdigest(),
        der=base64.b64encode(der).decode(),
        ends=certificate.not_valid_after_utc,
    )


def _unusable(file: Path, why: str) -> ConfigError:
    return ConfigError(
        f"{file} cannot be used",
        why=why,
        next_move="mend it, or name another folder under identities.certificate in the tenant file",
    )
