"""A sandbox served for anybody's own tools: its files, a second one beside it, a restart, and what cannot be served."""

import contextlib
import json
import os
import re
import signal
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from sandbox.seed import VENDOR_APPLICATION_ID
from scripts import serve_sandbox
from scripts.rehearsal.provider_choice import ROOT
from steward.config.loader import load_tenant
from steward.config.model import FileSink

IDENTITIES = ("deploy", "post-apply", "plan-only", "close", "guard", "reopen", "retire")
Serve = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Start the program in a folder of the test, and wait until it serves; all are stopped at the end."""
    on_end = contextlib.ExitStack()

    def start(*arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, str(ROOT / "scripts" / "serve_sandbox.py"), "--provider", "own", *arguments]
        process = on_end.enter_context(subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True))
        on_end.callback(_stop, process)
        assert process.stdout is not None
        assert "serving https://localhost:" in process.stdout.readline()
        return process

    with on_end:
        yield start


@pytest.fixture
def refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Start the program where it cannot serve, and return what it tells; its exit code is that for bad input."""

    def start(*arguments: object) -> str:
        folder = ["--folder", str(tmp_path / "refused")]
        assert serve_sandbox.main(["--provider", "own", *folder, *map(str, arguments)]) == 2
        return " ".join(capsys.readouterr().err.split())

    return start


def test_sandbox_keeps_credentials_in_its_folder_while_it_serves(serve: Serve, tmp_path: Path) -> None:
    process = serve("--folder", "served")
    files = {name: tmp_path / "served" / f"{name}.env" for name in IDENTITIES}

    assert all(file.stat().st_mode & 0o777 == 0o600 for file in files.values())
    assert _token_status(_variables(files["deploy"])) == 200
    assert (tmp_path / "served" / ".gitignore").read_text() == "*\n"

    assert _stop(process) == 0
    assert not any(file.exists() for file in files.values())


def test_person_may_sign_in_where_that_is_asked_for(serve: Serve, tmp_path: Path) -> None:
    process = serve("--folder", "served", "--sign-in", "allowed", "--licence", "AAD_PREMIUM_P2")
    told = _told(process)
    tenant = load_tenant(tmp_path / "served" / "contoso.yaml")

    assert isinstance(tenant.sink, FileSink)
    assert tenant.sink.folder.is_dir()
    assert "reopen.py contoso.yaml --reason" in told
    assert str(tenant.sink.folder) in told
    assert "/security-info" in told
    assert not [line for line in told.splitlines() if line.count("--skip-provider-lock") > 1]
    assert _stop(process) == 0
    assert not tenant.sink.folder.exists()


@pytest.mark.parametrize("application", ["own", "vendor"])
def test_person_is_told_how_to_consent_and_where_to_sign_in(serve: Serve, tmp_path: Path, application: str) -> None:
    process = serve("--folder", "served", "--consent", "browser", "--application", application)
    told = _told(process)
    tenant = load_tenant(tmp_path / "served" / "contoso.yaml")

    assert tenant.consents_in_browser
    assert tenant.application.client_id == (VENDOR_APPLICATION_ID if application == "vendor" else None)
    (address,) = re.findall(r"https://\S+/authorize\?.*", told)
    assert ("client_id=<client id>&redirect_uri=https%3A%2F%2Fdashboard" in address) is (application == "own")
    if application == "vendor":
        # The own registration has a client id once it is deployed.
        trusted = ssl.create_default_context(cafile=str(tmp_path / "served" / "sandbox" / "ca.pem"))
        assert "Sign in" in httpx.get(address, verify=trusted).text
    for paper in ("status", "handover", "confirm", "evidence_bundle"):
        assert f"scripts/{paper}.py contoso.yaml" in told


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--consent", "browser", "--elevation", "at_deploy"), "does not go with --consent browser"),
        (("--elevation", "in_window", "--sign-in", "blocked"), "does not go with --sign-in blocked"),
        (("--sink", "secrets"), "nobody is to sign in"),
        (("--sign-in", "allowed", "--sink", "refused/secrets"), "lies in a project"),
        (("--sign-in", "allowed", "--state", "kept.sandbox"), "--sink is missing"),
        (("--licence", "NO_SUCH_LICENCE"), "NO_SUCH_LICENCE"),
    ],
)
def test_options_that_do_not_fit_are_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, refused: Callable[..., str], options: tuple[str, ...], told: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert told in refused(*options)


def test_second_sandbox_in_one_folder_is_refused_and_leaves_the_first_alone(
    serve: Serve, tmp_path: Path, refused: Callable[..., str]
) -> None:
    serve("--folder", "served")

    told = refused("--folder", tmp_path / "served")

    assert "is in use" in told
    assert "--folder" in told
    assert _token_status(_variables(tmp_path / "served" / "deploy.env")) == 200


def test_saved_tenant_and_its_folder_survive_a_restart(serve: Serve, tmp_path: Path) -> None:
    folder = tmp_path / "kept.sandbox.files"
    _stop(serve("--state", "kept.sandbox"))
    (folder / "terraform.contoso.tfstate").write_text("{}")
    tenant_file = (folder / "contoso.yaml").read_text()

    serve("--state", "kept.sandbox")

    assert (folder / "terraform.contoso.tfstate").exists()
    assert (folder / "contoso.yaml").read_text() == tenant_file
    assert _token_status(_variables(folder / "deploy.env")) == 200


def test_start_without_a_saved_tenant_empties_the_folder(serve: Serve, tmp_path: Path) -> None:
    _stop(serve("--folder", "served"))
    (tmp_path / "served" / "terraform.contoso.tfstate").write_text("{}")

    serve("--folder", "served")

    assert not (tmp_path / "served" / "terraform.contoso.tfstate").exists()


def test_documented_seed_serves(serve: Serve, tmp_path: Path) -> None:
    text = (ROOT / "docs" / "sandbox.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"```json\n(.*?)```", text, re.DOTALL)
    (tmp_path / "seed.json").write_text(shown)

    serve("--seed", "seed.json", "--folder", "served")

    assert _token_status(_variables(tmp_path / "served" / "deploy.env")) == 200


@pytest.mark.parametrize(
    ("seed", "words"),
    [
        (b"{", "not JSON"),
        (b'{"tenant_name": "\xff"}', "not UTF-8"),
        (b'{"users": [{"display_name": "x"}]}', "seed.users[0]: the key 'user_principal_name' is missing"),
        (b'{"users": []}', "which it does not define"),
        (b'{"page_size": 0}', "page size is from 1"),
    ],
)
def test_seed_that_cannot_be_is_refused_with_its_reason(
    seed: bytes, words: str, tmp_path: Path, refused: Callable[..., str]
) -> None:
    (tmp_path / "seed.json").write_bytes(seed)

    told = refused("--seed", tmp_path / "seed.json")

    assert words in told
    assert "docs/sandbox.md shows one" in told


def test_refused_seed_leaves_what_lies_in_the_folder(serve: Serve, tmp_path: Path, refused: Callable[..., str]) -> None:
    _stop(serve("--folder", "served"))
    (tmp_path / "seed.json").write_text('{"page_size": 0}')

    refused("--seed", tmp_path / "seed.json", "--folder", tmp_path / "served")

    assert (tmp_path / "served" / "contoso.yaml").exists()


def test_folder_of_somebody_else_is_left_alone(tmp_path: Path, refused: Callable[..., str]) -> None:
    (tmp_path / "refused").mkdir()
    (tmp_path / "refused" / "thesis.txt").write_text("years of work")

    assert "no rehearsal's" in refused()
    assert (tmp_path / "refused" / "thesis.txt").exists()


def test_state_file_that_is_none_is_refused_with_a_way_out(tmp_path: Path, refused: Callable[..., str]) -> None:
    (tmp_path / "notes.txt").write_text("not a database, but long enough to be looked at as one" * 20)
    (tmp_path / "notes.txt").chmod(0o600)

    told = refused("--state", tmp_path / "notes.txt")

    assert "is no state file" in told
    assert "Name another file" in told


@pytest.mark.parametrize("text", ["65536", "-1", "http", "1e3"])
def test_port_that_is_none_is_refused(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        serve_sandbox.main([f"--port={text}"])

    assert "is no port; give a number from 1 to 65535" in capsys.readouterr().err


def _variables(file: Path) -> dict[str, str]:
    command = ["sh", "-c", 'set -a; . "$0"; env -0', str(file)]
    shown = subprocess.run(command, capture_output=True, text=True, check=True, env={"PATH": os.defpath}).stdout
    return dict(line.split("=", maxsplit=1) for line in shown.split("\0") if line)


def _token_status(variables: dict[str, str]) -> int:
    url = f"{variables['SANDBOX_LOGIN_URL']}/{variables['ARM_TENANT_ID']}/oauth2/v2.0/token"
    form = {
        "grant_type": "client_credentials",
        "client_id": variables["ARM_CLIENT_ID"],
        "client_secret": variables["ARM_CLIENT_SECRET"],
        "scope": f"{variables['SANDBOX_GRAPH_URL']}/.default",
    }
    authority = ssl.create_default_context(cafile=variables["SSL_CERT_FILE"])
    response = httpx.post(url, data=form, verify=authority)
    assert "access_token" in response.json(), json.dumps(response.json().get("error"))
    return response.status_code


def _told(process: subprocess.Popen[str]) -> str:
    """Return what is told up to the last command."""
    assert process.stdout is not None
    lines: list[str] = []
    while not lines or "retire.py" not in lines[-1]:
        lines.append(process.stdout.readline())
    return "".join(lines)


def _stop(process: subprocess.Popen[str]) -> int:
    process.send_signal(signal.SIGTERM)  # of no effect on one that has ended and been waited for
    return process.wait()
