"""The provider is configured against a sandbox on loopback, and against nothing else."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from conformance.tenant import RecordedTenant
from sandbox.provider.diagnostics import Diagnosis
from sandbox.provider.session import sign_in
from tests.provider.conftest import Workspace
from tests.provider.metadata_server import Served, serving

REFUSED = "The rehearsal provider works against a sandbox only"
CREDENTIALS = {"tenant_id": "t", "client_id": "c", "client_secret": "very-secret"}
ELSEWHERE = "https://graph.contoso.example"


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    with serving(tmp_path / "tls") as running:
        monkeypatch.setenv("SSL_CERT_FILE", str(running.ca_file))
        running.answer = lambda _method, _path: (200, {}, running.document())
        yield running


@pytest.mark.parametrize(
    "host",
    [
        "",
        "contoso.example",
        "login.contoso.example:443",
        "10.0.0.1:8443",
        "[2001:db8::1]:8443",
        "localhost.contoso.example",
        "127.0.0.1.contoso.example",
        "localhost@contoso.example",
        "contoso.example#localhost",
        "localhost\\@contoso.example",
        "localhost:8443@contoso.example",
    ],
)
def test_host_that_is_not_on_loopback_is_refused_and_asked_nothing(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ARM_METADATA_HOSTNAME", raising=False)
    with pytest.raises(Diagnosis, match=REFUSED):
        sign_in({"metadata_host": host, **CREDENTIALS})


@pytest.mark.parametrize(
    ("situation", "changes"),
    [
        ("no marker", {"sandbox": None}),
        ("a marker that is no object", {"sandbox": "cirasync-steward"}),
        ("another product's marker", {"sandbox": {"product": "another"}}),
        ("Graph elsewhere", {"microsoftGraphResourceId": ELSEWHERE}),
        ("Graph without TLS", {"microsoftGraphResourceId": "http://localhost:1"}),
        ("no Graph", {"microsoftGraphResourceId": ""}),
        ("sign-in elsewhere", {"authentication": {"loginEndpoint": "https://login.contoso.example"}}),
        ("no sign-in", {"authentication": None}),
    ],
)
def test_server_on_loopback_that_is_no_sandbox_is_refused_before_any_credential_is_sent(
    situation: str, changes: dict[str, Any], served: Served
) -> None:
    served.answer = lambda _method, _path: (200, {}, served.document(**changes))

    with pytest.raises(Diagnosis, match=REFUSED):
        sign_in({"metadata_host": served.host, **CREDENTIALS})

    assert served.asked == ["GET /metadata/endpoints?api-version=2022-09-01"], situation


def test_metadata_that_redirects_elsewhere_is_not_followed(served: Served) -> None:
    served.answer = lambda _method, _path: (302, {"Location": f"{ELSEWHERE}/metadata"}, {})

    with pytest.raises(Diagnosis, match="expected 200 OK"):
        sign_in({"metadata_host": served.host, **CREDENTIALS})

    assert len(served.asked) == 1


def test_server_whose_certificate_is_not_trusted_is_refused(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")

    with pytest.raises(Diagnosis, match="retrieving metadata"):
        sign_in({"metadata_host": served.host, **CREDENTIALS})

    assert served.asked == []


@pytest.mark.parametrize(
    ("situation", "config", "summary"),
    [
        ("no secret", {"tenant_id": "t", "client_id": "c"}, "no Authorizer could be configured"),
        ("no tenant", {"client_id": "c", "client_secret": "s"}, "no Authorizer could be configured"),
        ("a certificate", {**CREDENTIALS, "client_certificate_path": "c.pfx"}, "client certificate"),
    ],
)
def test_sandbox_without_a_usable_credential_is_refused_with_what_is_missing(
    situation: str, config: dict[str, str], summary: str, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("ARM_TENANT_ID", "ARM_CLIENT_ID", "ARM_CLIENT_SECRET"):
        monkeypatch.delenv(name, raising=False)

    with pytest.raises(Diagnosis, match=summary):
        sign_in({"metadata_host": served.host, **config})

    assert len(served.asked) == 1, situation


@pytest.mark.parametrize(
    "url", [f"{ELSEWHERE}/token", "http://localhost/token", "https://localhost@contoso.example/token"]
)
def test_a_jobs_identity_token_is_asked_for_on_loopback_only(url: str, served: Served) -> None:
    asked = {"use_oidc": True, "oidc_request_url": url, "oidc_request_token": "very-secret"}
    config = {name: value for name, value in CREDENTIALS.items() if name != "client_secret"} | asked
    with pytest.raises(Diagnosis, match=REFUSED) as refused:
        sign_in({"metadata_host": served.host, **config})
    assert "very-secret" not in str(refused.value)


@pytest.mark.terraform
def test_terraform_with_a_host_elsewhere_ends_with_one_clear_error(bare_workspace: Workspace) -> None:
    secrets = {f"ARM_{name.upper()}": value for name, value in CREDENTIALS.items()}
    workspace = Workspace(bare_workspace.folder, {**bare_workspace.environment, **secrets})
    arguments = {"metadata_host": "contoso.example"}
    workspace.configure({"provider": {"azuread": arguments}, "data": {"azuread_client_config": {"me": {}}}})

    result = workspace.run("plan", "-json", "-input=false")

    errors = [item["diagnostic"] for line in result.stdout.splitlines() if "diagnostic" in (item := json.loads(line))]
    assert result.returncode == 1
    assert [error["summary"] for error in errors] == [REFUSED]
    assert "very-secret" not in result.stdout + result.stderr


@pytest.mark.terraform
def test_terraform_with_a_wrong_secret_shows_the_sandboxs_code_and_not_the_secret(
    bare_workspace: Workspace, tenant: RecordedTenant
) -> None:
    environment = {**bare_workspace.environment, **tenant.environment, "ARM_CLIENT_SECRET": "very-secret"}
    workspace = Workspace(bare_workspace.folder, environment)
    workspace.configure({"data": {"azuread_client_config": {"me": {}}}})

    result = workspace.run("plan", "-input=false", "-no-color")

    assert result.returncode == 1
    assert "AADSTS7000215" in result.stderr
    assert "very-secret" not in result.stdout + result.stderr
