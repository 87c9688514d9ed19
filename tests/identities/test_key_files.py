"""Certificates of a workstation: private, whole or not there, and nothing of them but what is public goes on."""

import base64
import hashlib
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from azure.identity import CertificateCredential
from cryptography import x509
from cryptography.hazmat.primitives.serialization import pkcs12

from steward.errors import ConfigError
from steward.identities.key_files import key_file, make_certificate, read_certificate


def test_file_is_private_and_reads_back(tmp_path: Path) -> None:
    file = key_file(tmp_path / "keys", "contoso", "deploy")
    made = make_certificate(file, days=90)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert read_certificate(file) == made
    assert timedelta(days=89) < made.ends - datetime.now(UTC) <= timedelta(days=90)
    assert [each.name for each in file.parent.iterdir()] == ["contoso-deploy.pfx"]


def test_only_the_certificate_leaves_the_file(tmp_path: Path) -> None:
    file = key_file(tmp_path, "contoso", "deploy")
    made = make_certificate(file, days=1)
    der = base64.b64decode(made.der)
    assert x509.load_der_x509_certificate(der).subject.rfc4514_string() == "CN=contoso-deploy"
    assert made.fingerprint == hashlib.sha256(der).hexdigest()
    key, _, _ = pkcs12.load_key_and_certificates(file.read_bytes(), None)
    assert key is not None


def test_library_that_signs_in_takes_the_file(tmp_path: Path) -> None:
    file = key_file(tmp_path, "contoso", "deploy")
    make_certificate(file, days=1)
    CertificateCredential("tenant", "client", str(file)).close()


def test_missing_file_is_none(tmp_path: Path) -> None:
    assert read_certificate(tmp_path / "none.pfx") is None


def test_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    file = key_file(tmp_path, "contoso", "deploy")
    make_certificate(file, days=1)
    file.chmod(0o640)
    with pytest.raises(ConfigError, match="read by others"):
        read_certificate(file)


@pytest.mark.parametrize("content", [b"", b"no certificate", b"-----BEGIN CERTIFICATE-----\n"])
def test_file_that_holds_something_else_is_refused(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "contoso-deploy.pfx"
    file.write_bytes(content)
    file.chmod(0o600)
    with pytest.raises(ConfigError, match="cannot be used"):
        read_certificate(file)


def test_newer_one_takes_the_place_of_an_older(tmp_path: Path) -> None:
    file = key_file(tmp_path, "contoso", "deploy")
    first = make_certificate(file, days=1)
    second = make_certificate(file, days=2)
    assert first.fingerprint != second.fingerprint
    assert read_certificate(file) == second


def test_folder_that_cannot_be_made_is_refused_and_nothing_left(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("a file")
    with pytest.raises(ConfigError):
        make_certificate(key_file(tmp_path / "keys", "contoso", "deploy"), days=1)
    assert [each.name for each in tmp_path.iterdir()] == ["keys"]
