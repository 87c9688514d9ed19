"""The private filesystem mirror in which only the rehearsal's Terraform finds this provider.

Called by the rehearsal and by tests. It writes a small executable under the real provider's address and version, the
key pair that the provider's processes serve with, and the CLI configuration file that points Terraform there; nothing
goes to a user's plugin folder.
"""

from __future__ import annotations

import os
import platform
import shlex
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from sandbox.provider.sources import ADDRESSES, VERSION

_ARCHITECTURES: Final = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}
_VALID = timedelta(days=365)

_CONFIGURATION = """\
disable_checkpoint = true
provider_installation {{
  filesystem_mirror {{
    path    = {path}
    include = {addresses}
  }}
  direct {{
    exclude = {addresses}
  }}
}}
"""

_EXECUTABLE = """\
#!/bin/sh
PYTHONPATH={source} exec {python} -m sandbox.provider --identity {identity}
"""


def write_mirror(directory: Path, *, python: Path, source_root: Path) -> Path:
    """Write the mirror and return the CLI configuration file (for ``TF_CLI_CONFIG_FILE``).

    ``python`` is the interpreter that has the provider's packages, ``source_root`` the folder that holds ``sandbox``.
    """
    directory, platform_name = directory.resolve(), _platform_name()
    directory.mkdir(parents=True, exist_ok=True)
    identity = directory / "identity.pem"
    _write(identity, _key_pair(), mode=0o600)
    executable = _EXECUTABLE.format(
        source=shlex.quote(str(source_root.resolve())),
        python=shlex.quote(str(python.absolute())),  # not resolved: a virtual environment's link is what finds it
        identity=shlex.quote(str(identity)),
    )
    for address in ADDRESSES:
        folder = directory / address / VERSION / platform_name
        folder.mkdir(parents=True, exist_ok=True)
        _write(folder / f"terraform-provider-azuread_v{VERSION}", executable.encode(), mode=0o755)
    return write_configuration(directory / "rehearsal.tfrc", mirror=directory)


def write_configuration(file: Path, *, mirror: Path) -> Path:
    """Write the CLI configuration that takes this provider, and no other, from a filesystem mirror; return the file."""
    addresses = f"[{', '.join(_quoted(address) for address in ADDRESSES)}]"
    _write(file, _CONFIGURATION.format(path=_quoted(str(mirror.resolve())), addresses=addresses).encode(), mode=0o644)
    return file


def _platform_name() -> str:
    machine = platform.machine().lower()
    if sys.platform not in {"linux", "darwin"} or machine not in _ARCHITECTURES:
        raise OSError(
            f"the rehearsal provider is a POSIX executable for linux and darwin on amd64 or arm64, and this is "
            f"{sys.platform} on {machine}; use the real provider here"
        )
    return f"{sys.platform}_{_ARCHITECTURES[machine]}"


def _quoted(text: str) -> str:
    """Return a text as the CLI configuration's HCL 1 writes it, which has no templates in it."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _write(path: Path, content: bytes, *, mode: int) -> None:
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode), "wb") as file:
        file.write(content)
    path.chmod(mode)


def _key_pair() -> bytes:
    """Return a key and its self-signed certificate for ``localhost``, the name by which Terraform knows its plugins."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + _VALID)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ) + certificate.public_bytes(serialization.Encoding.PEM)
