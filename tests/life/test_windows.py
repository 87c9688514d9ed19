"""Windows in which a person signs in with the role: opened late, bounded, closed first, and kept by a restart."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from sandbox.behaviour import Behaviour
from sandbox.seed import Seed, SeedLicence
from scripts.rehearsal.person import sign_in
from scripts.rehearsal.tenant_file import LOGIN, REDIRECT_URI
from tests.life.conftest import MakeTenancy
from tests.life.tenancy import ROLE, Tenancy
from tests.life.test_sign_in import start_post_apply

pytestmark = pytest.mark.terraform

PATIENCE_SECONDS = 90
SEED = Seed(behaviour=Behaviour(log_delay_seconds=0, role_start_delay_seconds=2))


@dataclass(frozen=True)
class Windowed:
    """A tenant in whose window a person signs in, and the folder that the person's passes come to."""

    tenancy: Tenancy
    sink: Path

    def deploy(self) -> None:
        for left in self.sink.glob("*"):
            left.unlink()
        self.tenancy.deploy()

    def passes(self) -> list[Path]:
        return sorted(self.sink.glob("*.pass"))

    def enrol(self) -> None:
        """Enrol a second factor with the first pass."""
        until(lambda: bool(self.passes()) and self.tenancy.account()["accountEnabled"])
        self.tenancy.scene.control.register_method(LOGIN, self.passes()[-1].read_text().strip())

    def until_elevated(self) -> None:
        until(self.tenancy.holds_role)

    def sign_in(self) -> None:
        """Sign in to the application with the newest pass."""
        sandbox = self.tenancy.scene.sandbox
        outputs = json.loads(self.tenancy.run_terraform("output", "-json").stdout)
        sign_in(
            sandbox.base_url,
            sandbox.ca_file,
            tenant_id=sandbox.tenant_id,
            client_id=outputs["application_client_id"]["value"],
            redirect_uri=REDIRECT_URI,
            login=LOGIN,
            access_pass=self.passes()[-1].read_text().strip(),
        )

    def is_closed(self) -> bool:
        """Return whether nobody holds the role, can sign in, or has a pass, and the latch grants nothing."""
        listed = self.tenancy.scene.control.act("GET", f"/v1.0/users/{LOGIN}/authentication/temporaryAccessPassMethods")
        is_demoted = not self.tenancy.holds_role() and not self.tenancy.account()["accountEnabled"]
        return is_demoted and listed["value"] == [] and self.phase() != "privileged"

    def phase(self) -> str:
        return str(self.latch()["phase"])

    def latch(self) -> dict[str, Any]:
        state = json.loads(self.tenancy.run_terraform("state", "pull").stdout)
        (latch,) = [resource for resource in state["resources"] if resource["type"] == "terraform_data"]
        value: dict[str, Any] = latch["instances"][0]["attributes"]["input"]["value"]
        return value


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.1)


@contextmanager
def running(tenancy: Tenancy) -> Iterator[subprocess.Popen[str]]:
    with start_post_apply(tenancy) as process:
        try:
            yield process
        finally:
            process.kill()


def end_of(process: subprocess.Popen[str]) -> tuple[int, str]:
    output, _ = process.communicate(timeout=PATIENCE_SECONDS)
    return process.returncode, output


def read_until(process: subprocess.Popen[str], words: str) -> str:
    assert process.stdout is not None
    seen = ""
    for line in process.stdout:
        seen += line
        if words in line:
            return seen
    raise AssertionError(seen)


@pytest.fixture(scope="module")
def in_window(make_tenancy: MakeTenancy, tmp_path_factory: pytest.TempPathFactory) -> Windowed:
    sink = tmp_path_factory.mktemp("sink")
    return Windowed(make_tenancy(elevation="in_window", seed=SEED, sink=sink), sink)


@pytest.fixture(scope="module")
def scheduled(make_tenancy: MakeTenancy, tmp_path_factory: pytest.TempPathFactory) -> Windowed:
    sink = tmp_path_factory.mktemp("sink")
    seed = replace(SEED, licences=(SeedLicence("AAD_PREMIUM_P2"),))
    return Windowed(make_tenancy(elevation="scheduled", seed=seed, sink=sink), sink)


def test_in_window_is_sealed_after_the_first_sign_in(in_window: Windowed) -> None:
    in_window.deploy()
    assert not in_window.tenancy.holds_role(), "the deploy grants nothing"
    with running(in_window.tenancy) as process:
        in_window.enrol()
        assert not in_window.tenancy.holds_role(), "whoever enrols may do nothing yet"
        read_until(process, "waiting     first sign-in")
        # A read that fails while somebody is waited for is tried again.
        control = in_window.tenancy.scene.control
        control.declare_faults(
            {"route": "GET /users", "status": 403, "times": 2},
            {"route": "GET /auditLogs/signIns", "status": 403, "times": 2},
        )
        until(lambda: control.unused_faults() == [])
        in_window.sign_in()
        code, output = end_of(process)
    assert code == 0, output
    assert in_window.phase() == "sealed"
    assert not in_window.tenancy.holds_role()
    assert f"{ROLE}[0]" not in in_window.tenancy.addresses_in_state()
    assert in_window.tenancy.plan() == {}
    assert len(in_window.passes()) == 2
    before = len(in_window.tenancy.writes())
    in_window.tenancy.post_apply()
    assert len(in_window.tenancy.writes()) == before, "a sealed tenant is left alone"


def test_scheduled_is_sealed_after_the_first_sign_in(scheduled: Windowed) -> None:
    scheduled.deploy()
    with running(scheduled.tenancy) as process:
        scheduled.enrol()
        read_until(process, "waiting     first sign-in")
        (instance,) = _instances(scheduled)
        assert instance["endDateTime"] is not None
        # Entra ID takes no role back within 5 minutes.
        scheduled.tenancy.scene.control.advance_clock(301)
        scheduled.sign_in()
        code, output = end_of(process)
    assert code == 0, output
    assert scheduled.phase() == "sealed"
    assert _instances(scheduled) == []
    assert scheduled.tenancy.plan() == {}


def test_schedule_ends_although_everything_of_ours_is_dead(scheduled: Windowed) -> None:
    scheduled.deploy()
    with running(scheduled.tenancy) as process:
        scheduled.enrol()
        read_until(process, "waiting     first sign-in")
    scheduled.tenancy.scene.control.advance_clock(61 * 60)
    assert not scheduled.tenancy.holds_role()


def test_window_closes_at_its_end_although_nobody_came(in_window: Windowed) -> None:
    in_window.deploy()
    with running(in_window.tenancy) as process:
        in_window.enrol()
        seen = read_until(process, "waiting     first sign-in")
        # A laptop that sleeps: the program stands still in the middle of its wait, and the end passes meanwhile.
        process.send_signal(signal.SIGSTOP)
        os.waitpid(process.pid, os.WUNTRACED)
        before = len(in_window.tenancy.writes())
        in_window.tenancy.scene.control.advance_clock(61 * 60)
        assert in_window.tenancy.holds_role(), "whoever sleeps does nothing"
        process.send_signal(signal.SIGCONT)
        code, output = end_of(process)
    assert code == 1, seen + output
    assert "the window is over" in output
    assert in_window.tenancy.writes()[before].startswith("DELETE /v1.0/roleManagement/"), "the role goes first"
    assert in_window.is_closed()
    assert in_window.phase() == "prepared"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_window_that_is_broken_off_is_closed_first(in_window: Windowed, number: int) -> None:
    in_window.deploy()
    with running(in_window.tenancy) as process:
        in_window.enrol()
        seen = read_until(process, "waiting     first sign-in")
        process.send_signal(number)
        code, output = end_of(process)
    assert code == 3, seen + output
    assert in_window.is_closed()
    assert in_window.phase() == "prepared"


def test_enrolment_that_is_broken_off_is_closed_first(in_window: Windowed) -> None:
    in_window.deploy()
    with running(in_window.tenancy) as process:
        read_until(process, "waiting     second factor")
        process.send_signal(signal.SIGTERM)
        code, output = end_of(process)
    assert code == 3, output
    assert in_window.is_closed()


def test_grant_that_terraform_would_not_plan_alone_is_refused(in_window: Windowed) -> None:
    in_window.deploy()
    in_window.tenancy.scene.control.act("PATCH", f"/v1.0/users/{LOGIN}", {"displayName": "Somebody Else"})
    with running(in_window.tenancy) as process:
        in_window.enrol()
        code, output = end_of(process)
    assert code == 1, output
    assert "update azuread_user.service_account" in output
    assert in_window.is_closed()
    granted = [write for write in in_window.tenancy.writes() if write.startswith("POST /v1.0/roleManagement/")]
    assert granted == []


def test_killed_in_its_window_and_started_again_keeps_the_first_end(in_window: Windowed) -> None:
    in_window.deploy()
    with running(in_window.tenancy) as process:
        in_window.enrol()
        read_until(process, "waiting     first sign-in")
    first, passes = in_window.latch(), len(in_window.passes())
    assert first["phase"] == "privileged"
    with running(in_window.tenancy) as process:
        read_until(process, "waiting     first sign-in")
        assert in_window.latch() == first
        assert len(in_window.passes()) == passes, "no credential changes hands while the role is held"
        in_window.sign_in()
        code, output = end_of(process)
    assert code == 0, output
    assert in_window.phase() == "sealed"


def _instances(windowed: Windowed) -> list[dict[str, Any]]:
    account_id = windowed.tenancy.account()["id"]
    path = f"/v1.0/roleManagement/directory/roleAssignmentScheduleInstances?$filter=principalId eq '{account_id}'"
    listed: list[dict[str, Any]] = windowed.tenancy.scene.control.act("GET", path)["value"]
    return listed
