"""A job's own token signs in as the identity that a step names, and nothing else of the environment does."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import jwt
import pytest

from scripts.environment import child_environment, environment_as, read_sign_in, sink_environment
from steward.errors import ConfigError, UnreadableError
from steward.graph.job_token import request_job_token
from steward.graph.sign_in_methods import JobSignIn
from steward.secret import Secret
from tests.architecture.sources import ROOT
from tests.config.good_file import GOOD
from tests.pipelines.forge import Forge, JobToken
from tests.pipelines.serving import serve

SUBJECT = "repo:contoso/steward:environment:production"


@pytest.fixture
def forge(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Forge]:
    made = Forge()
    with serve(made.application(), tmp_path / "ca.pem") as made.url:
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
        yield made


def test_a_job_signs_in_with_a_token_that_it_asks_for_anew_each_time(forge: Forge) -> None:
    bearer = forge.add_token(JobToken({"id-token": "write"}, SUBJECT))
    variables = {
        "ARM_CLIENT_ID": "one",
        "ACTIONS_ID_TOKEN_REQUEST_URL": f"{forge.url}/oidc/token?api-version=2.0",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": bearer,
    }
    method = read_sign_in(variables)
    assert isinstance(method, JobSignIn)
    tokens = [request_job_token(method.address, method.bearer).reveal() for _ in range(2)]
    assert forge.issued == tokens
    claims = jwt.decode(tokens[0], options={"verify_signature": False})
    assert (claims["sub"], claims["aud"]) == (SUBJECT, "api://AzureADTokenExchange")


def test_a_job_without_the_permission_and_a_forge_that_is_silent_are_told_apart(forge: Forge) -> None:
    bearer = forge.add_token(JobToken({}))
    address = f"{forge.url}/oidc/token?api-version=2.0"
    with pytest.raises(ConfigError, match="gives no identity token") as refused:
        request_job_token(address, Secret(bearer))
    assert "id-token: write" in refused.value.next_move
    assert bearer not in str(refused.value)
    with pytest.raises(UnreadableError):
        request_job_token("https://localhost:1/token", Secret(bearer))
    with pytest.raises(ConfigError, match="not https"):
        request_job_token("http://localhost:1/token", Secret(bearer))


def test_nobody_elses_sign_in_is_left_in_the_environment() -> None:
    others = {"ARM_CLIENT_SECRET": "canary", "ARM_OIDC_TOKEN": "canary", "ARM_CLIENT_CERTIFICATE_PATH": "canary"}
    made = environment_as("one", "two", {**others, "PATH": "kept", "ARM_METADATA_HOSTNAME": "kept"})
    assert "canary" not in made.values()
    assert made["ARM_METADATA_HOSTNAME"] == "kept"
    assert made["ARM_USE_OIDC"] == "true"


def test_a_sinks_program_and_a_synthesis_cannot_ask_for_the_jobs_token() -> None:
    given = {"ACTIONS_ID_TOKEN_REQUEST_URL": "canary", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "canary", "PATH": "kept"}
    for made in (sink_environment(given), child_environment(ROOT, given)):
        assert "canary" not in made.values()
        assert made["PATH"] == "kept"


def test_a_program_runs_as_the_named_identity_or_not_at_all(tmp_path: Path) -> None:
    file = tmp_path / "contoso.yaml"
    client_id = "9d3c0a51-7e24-4f0b-8a6d-2c1b0f9e8d7c"
    section = f"identities:\n  github: {{repository: contoso/steward}}\n  client_ids: {{plan: {client_id}}}\n"
    file.write_text(GOOD + section, encoding="utf-8")
    shown = "import os; print(os.environ['ARM_CLIENT_ID'], 'ARM_CLIENT_SECRET' in os.environ); raise SystemExit(3)"
    ran = _run_as("plan", str(file), "--", sys.executable, "-c", shown)
    assert (ran.returncode, ran.stdout) == (3, f"{client_id} False\n"), ran.stderr
    missing = _run_as("deploy", str(file), "--", sys.executable, "-c", "print('ran')")
    assert (missing.returncode, missing.stdout) == (2, "")
    assert "identities.py make" in missing.stderr
    assert _run_as("plan", str(file), "--", "no-such-program").returncode == 2


def _run_as(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "run_as.py"), *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT), "ARM_CLIENT_SECRET": "canary"},
        capture_output=True,
        text=True,
        check=False,
    )
