"""An account that a person may sign in as: opened after sealing, enrolled with a pass, settled with a password."""

import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sandbox.seed import Seed, TemporaryAccessPassPolicy
from scripts.rehearsal.provider_choice import ROOT
from scripts.rehearsal.scene import POST_APPLY
from scripts.rehearsal.tenant_file import LOGIN
from tests.life.conftest import MakeTenancy
from tests.life.tenancy import Tenancy

pytestmark = pytest.mark.terraform

PATIENCE_SECONDS = 180


@pytest.fixture(scope="module")
def sink(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sink")


@pytest.fixture(scope="module")
def tenancy(make_tenancy: MakeTenancy, sink: Path) -> Tenancy:
    # A pass of ten minutes, so that its end can be reached while the program's own token still lives.
    short = TemporaryAccessPassPolicy(minimum_lifetime_in_minutes=10)
    return make_tenancy(seed=Seed(temporary_access_pass_policy=short), window_minutes=10, sink=sink)


@contextmanager
def start_post_apply(tenancy: Tenancy) -> Iterator[subprocess.Popen[str]]:
    """Run post_apply beside the test; one that the test gives up on is ended, or it would wait for its window's end."""
    with subprocess.Popen(
        [sys.executable, str(ROOT / "scripts" / "post_apply.py"), "contoso.yaml", "--poll-seconds", "0.2"],
        cwd=tenancy.scene.folder,
        env=dict(tenancy.scene.environments[POST_APPLY]),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as running:
        try:
            yield running
        except BaseException:
            running.kill()
            raise


def wait_for(folder: Path, pattern: str) -> Path:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if found := sorted(folder.glob(pattern)):
            return found[-1]
        time.sleep(0.1)
    raise AssertionError(f"no {pattern} in {folder}")


def wait_until_enabled(tenancy: Tenancy) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not tenancy.account()["accountEnabled"]:
        assert time.monotonic() < deadline, "the account was never opened"
        time.sleep(0.1)


def test_person_enrols_and_gets_a_password_that_only_the_sink_knows(tenancy: Tenancy, sink: Path) -> None:
    tenancy.deploy()
    with start_post_apply(tenancy) as running:
        code = wait_for(sink, "*.pass")
        wait_until_enabled(tenancy)
        assert not tenancy.holds_role()
        tenancy.scene.control.register_method(LOGIN, code.read_text().strip())
        output, _ = running.communicate(timeout=PATIENCE_SECONDS)
    assert running.returncode == 0, output
    password = wait_for(sink, "*.password")
    assert stat.S_IMODE(password.stat().st_mode) == 0o600
    value = password.read_text().strip()
    assert tenancy.scene.control.try_password(LOGIN, value) == {"valid": True, "enabled": True}
    assert value not in output
    assert code.read_text().strip() not in output
    evidence = b"".join(path.read_bytes() for path in (tenancy.scene.folder / "evidence" / "contoso").glob("*.jsonl"))
    assert evidence
    client_secret = tenancy.scene.environments[POST_APPLY]["ARM_CLIENT_SECRET"]
    # Every token begins as any JSON object does in base64url.
    for secret in (value, code.read_text().strip(), client_secret, "eyJ"):
        assert secret.encode() not in evidence
    before = len(tenancy.writes())
    tenancy.post_apply()
    assert len(tenancy.writes()) == before, "a settled account is left alone"


def test_nobody_enrols_and_the_account_is_closed_when_the_pass_is_over(tenancy: Tenancy) -> None:
    tenancy.deploy()
    with start_post_apply(tenancy) as running:
        assert running.stdout is not None
        seen = next(line for line in running.stdout if " waiting " in line)
        tenancy.scene.control.advance_clock(11 * 60)
        output, _ = running.communicate(timeout=PATIENCE_SECONDS)
    assert running.returncode == 1, seen + output
    assert not tenancy.account()["accountEnabled"]
    assert not tenancy.holds_role()


def test_interrupted_while_waiting_closes_first(tenancy: Tenancy) -> None:
    tenancy.deploy()
    with start_post_apply(tenancy) as running:
        wait_until_enabled(tenancy)
        running.send_signal(2)
        output, _ = running.communicate(timeout=PATIENCE_SECONDS)
    assert running.returncode != 0, output
    assert not tenancy.account()["accountEnabled"]


def test_sink_that_fails_leaves_no_pass_and_the_account_disabled(make_tenancy: MakeTenancy, tmp_path: Path) -> None:
    blocked = tmp_path / "taken"
    blocked.write_text("a file where a folder is wanted")
    tenancy = make_tenancy(sink=blocked / "sink")
    tenancy.deploy()
    finished = tenancy.post_apply(expect=frozenset({1}))
    assert "the sink did not take" in finished.stderr
    assert not tenancy.account()["accountEnabled"]
    listed = tenancy.scene.control.act("GET", f"/v1.0/users/{LOGIN}/authentication/temporaryAccessPassMethods")
    assert listed["value"] == []
