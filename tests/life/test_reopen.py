"""reopen.py on a sealed and settled tenant: opened for a reason, closed whatever happens, and judged by others."""

import json
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sandbox.behaviour import Behaviour
from sandbox.seed import Seed, SeedLicence
from scripts.rehearsal.provider_choice import ROOT
from scripts.rehearsal.scene import CLOSE, GUARD, REOPEN
from scripts.rehearsal.tenant_file import LOGIN, NAME
from steward.wellknown.roles import GLOBAL_ADMINISTRATOR
from tests.life.sparse_tenancy import SparseTenancy, make_sparse_tenancy
from tests.programs.running import run

MINUTE = 60
FLOOR = 301  # Privileged Identity Management takes nothing back within 5 minutes
REASON = "ticket 4711: the dashboard lost its connection"
FILE = f"{NAME}.yaml"
PATIENCE_SECONDS = 60
_ASSIGNMENTS = "roleAssignments"
_REQUESTS = "roleAssignmentScheduleRequests"


@dataclass(frozen=True)
class Sealed:
    """A sealed tenant and its settled account, without Terraform anywhere."""

    tenancy: SparseTenancy

    def start_over(self) -> str:
        """Bring the tenant back, with the account settled behind its policy; return the account's id."""
        tenancy, control = self.tenancy, self.tenancy.scene.control
        account_id = tenancy.start_over()
        users = f"/v1.0/users/{account_id}"
        given = control.act("POST", f"{users}/authentication/temporaryAccessPassMethods", {"isUsableOnce": True})
        control.act("PATCH", users, {"accountEnabled": True})
        control.register_method(LOGIN, given["temporaryAccessPass"])
        control.act("DELETE", f"{users}/authentication/temporaryAccessPassMethods/{given['id']}")
        password = {"password": "q7Rr-Vd9x_Lm2wTzKp", "forceChangePasswordNextSignIn": False}
        control.act("PATCH", users, {"passwordProfile": password})
        (group,) = control.act("GET", "/v1.0/groups?$filter=displayName eq 'sg-breakglass'")["value"]
        control.act(
            "POST",
            "/v1.0/identity/conditionalAccess/policies",
            {
                "displayName": f"Require MFA for {LOGIN}",
                "state": "enabled",
                "conditions": {
                    "clientAppTypes": ["all"],
                    "applications": {"includeApplications": ["All"]},
                    "users": {"includeUsers": [account_id], "excludeGroups": [group["id"]]},
                },
                "grantControls": {"operator": "OR", "builtInControls": ["mfa"]},
            },
        )
        control.clear_journal()
        return account_id

    def command(self, *options: str, minutes: int = 30) -> list[str]:
        given = ["--reason", REASON, "--minutes", str(minutes), "--poll-seconds", "0.2"]
        return [sys.executable, str(ROOT / "scripts" / "reopen.py"), FILE, *given, *options]

    def run(self, *options: str, minutes: int = 30) -> subprocess.CompletedProcess[str]:
        """Run reopen.py to an end that comes by itself."""
        return run(
            self.command(*options, minutes=minutes),
            folder=self.tenancy.scene.folder,
            environment=self.tenancy.environment(REOPEN),
            timeout=120,
        )

    @contextmanager
    def running(self, *options: str, minutes: int = 30, stdin: int = subprocess.DEVNULL) -> Iterator[Any]:
        """Start reopen.py, and yield it once its window is open."""
        with subprocess.Popen(
            self.command(*options, minutes=minutes),
            cwd=self.tenancy.scene.folder,
            env=self.tenancy.environment(REOPEN),
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        ) as process:
            try:
                assert process.stdout is not None
                seen = ""
                for line in process.stdout:
                    seen += line
                    if "waiting     second window" in line:
                        break
                assert "waiting     second window" in seen, seen
                yield process
            finally:
                process.kill()

    def is_settled(self) -> bool:
        """Return whether the account is enabled, with a second factor and without a pass."""
        control = self.tenancy.scene.control
        methods = control.act("GET", f"/v1.0/users/{LOGIN}/authentication/methods")["value"]
        kinds = {method["@odata.type"] for method in methods}
        return bool(self.tenancy.account()["accountEnabled"]) and len(kinds) > 1 and not any("Pass" in k for k in kinds)

    def verified(self) -> None:
        """Demand that the evidence is whole and shows no breach."""
        told = run(
            [sys.executable, str(ROOT / "scripts" / "verify_evidence.py"), FILE, "--json"],
            folder=self.tenancy.scene.folder,
            environment=self.tenancy.environment(REOPEN),
        )
        assert told.returncode == 0, told.stdout + told.stderr


def ended(process: "subprocess.Popen[str]", code: int) -> str:
    output, _ = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == code, output
    assert "Traceback" not in output
    return output


def make(folder: Path, sink: Path, licence: str) -> Sealed:
    def seal(text: str) -> str:
        return text.replace("  sign_in: allowed\n", "  sign_in: allowed\n  sealed_on: 2026-11-20\n")

    seed = Seed(
        licences=(SeedLicence(licence),),
        behaviour=Behaviour(role_start_delay_seconds=1),
        conditional_access_requests_per_second=None,
    )
    return Sealed(make_sparse_tenancy(folder, seed=seed, sink=sink, edit=seal))


@pytest.fixture(scope="module")
def scheduling(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sealed]:
    """Return a tenant with Entra ID P2."""
    made = make(tmp_path_factory.mktemp("p2"), tmp_path_factory.mktemp("sink"), "AAD_PREMIUM_P2")
    yield made
    made.tenancy.scene.control.close()
    made.tenancy.scene.sandbox.stop()


@pytest.fixture(scope="module")
def assigning(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sealed]:
    """Return a tenant without it."""
    made = make(tmp_path_factory.mktemp("p1"), tmp_path_factory.mktemp("sink"), "AAD_PREMIUM")
    yield made
    made.tenancy.scene.control.close()
    made.tenancy.scene.sandbox.stop()


def writes(sealed: Sealed) -> list[str]:
    """Return method and last part of what was written, What-If's questions left out."""
    paths = [path for path in sealed.tenancy.writes() if not path.endswith("/evaluate")]
    return [f"{path.split()[0]} {path.rpartition('/')[2]}" for path in paths]


def press_enter(sealed: Sealed, minutes: int = 30, before: float = 0) -> str:
    """Open a window, and end it at the terminal after so many seconds of the tenant's time; return what was told."""
    ours, theirs = pty.openpty()
    with sealed.running(minutes=minutes, stdin=theirs) as process:
        os.close(theirs)
        sealed.tenancy.scene.control.advance_clock(before)
        os.write(ours, b"\n")
        output = ended(process, 0)
    os.close(ours)
    return output


def test_schedule_with_the_reason_and_the_end_is_ended_on_the_operators_word(scheduling: Sealed) -> None:
    account_id = scheduling.start_over()
    output = press_enter(scheduling, before=FLOOR)
    assert "the window is closed; no privileged role by any path" in output
    asked, removed = scheduling.tenancy.scene.control.act("GET", f"/v1.0/roleManagement/directory/{_REQUESTS}")["value"]
    assert (asked["action"], asked["justification"]) == ("adminAssign", REASON)
    assert asked["scheduleInfo"]["expiration"]["endDateTime"]
    assert removed["action"] == "adminRemove"
    assert scheduling.tenancy.roles_of(account_id) == []
    assert scheduling.is_settled()
    # The role goes before the sessions, so that none is opened with it in between.
    written = writes(scheduling)
    assert (written[:2], written[-1]) == ([f"POST {_REQUESTS}"] * 2, "POST revokeSignInSessions")
    text = scheduling.tenancy.evidence()[-1].read_text()
    assert REASON in text
    assert '"ends":"20' in text.replace(" ", "")
    scheduling.verified()


def test_assignment_is_taken_away_at_the_end(assigning: Sealed) -> None:
    account_id = assigning.start_over()
    with assigning.running("--json") as process:
        assert assigning.tenancy.roles_of(account_id) == [GLOBAL_ADMINISTRATOR]
        assigning.tenancy.scene.control.advance_clock(30 * MINUTE)
        output = ended(process, 0)
    assert '"opened": true' in output
    assert assigning.tenancy.roles_of(account_id) == []
    assert assigning.is_settled()
    first, removed, last = writes(assigning)
    assert (first, removed.split()[0], last) == (f"POST {_ASSIGNMENTS}", "DELETE", "POST revokeSignInSessions")
    assigning.verified()


def test_entra_ends_the_schedule_when_the_program_is_dead(scheduling: Sealed) -> None:
    account_id = scheduling.start_over()
    with scheduling.running() as process:
        process.kill()
        scheduling.tenancy.scene.control.advance_clock(31 * MINUTE)
    assert scheduling.tenancy.roles_of(account_id) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP, signal.SIGQUIT])
def test_whatever_interrupts_it_it_closes_first(assigning: Sealed, number: signal.Signals) -> None:
    account_id = assigning.start_over()
    with assigning.running() as process:
        process.send_signal(number)
        told = ended(process, 3)
    assert "interrupted; the window is closed; no privileged role by any path" in told
    assert "run again to open another window" in told
    assert "go on" not in told
    assert assigning.tenancy.roles_of(account_id) == []
    assert assigning.is_settled()
    assert writes(assigning)[-1] == "POST revokeSignInSessions"


def test_ctrl_z_does_not_put_an_open_window_to_sleep(assigning: Sealed) -> None:
    account_id = assigning.start_over()
    with assigning.running() as process:
        process.send_signal(signal.SIGTSTP)
        assert process.stdout is not None
        assert "Ctrl-Z" in next(line for line in process.stdout if "Ctrl" in line)
        assigning.tenancy.scene.control.advance_clock(30 * MINUTE)
        ended(process, 0)
    assert assigning.tenancy.roles_of(account_id) == []


def test_no_role_is_granted_of_which_no_evidence_can_be_kept(assigning: Sealed) -> None:
    account_id = assigning.start_over()
    limit = "import os, resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
    limit += "resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000)); os.execv(sys.argv[1], sys.argv[1:])"
    ended_by_itself = subprocess.run(
        [sys.executable, "-c", limit, *assigning.command()],
        cwd=assigning.tenancy.scene.folder,
        env=assigning.tenancy.environment(REOPEN),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_SECONDS,
    )
    told = ended_by_itself.stderr + ended_by_itself.stdout
    assert ended_by_itself.returncode == 1, told
    assert "no evidence can be kept" in told
    assert f"POST {_ASSIGNMENTS}" not in writes(assigning)
    assert assigning.tenancy.roles_of(account_id) == []


def test_run_after_a_kill_closes_and_opens_nothing_and_the_one_after_opens(assigning: Sealed) -> None:
    account_id = assigning.start_over()
    with assigning.running() as process:
        process.kill()
    assert assigning.tenancy.roles_of(account_id) == [GLOBAL_ADMINISTRATOR]
    again = assigning.run()
    assert again.returncode == 1, again.stderr
    assert "no window was opened; no privileged role by any path" in again.stdout
    assert assigning.tenancy.roles_of(account_id) == []
    assert assigning.is_settled()
    press_enter(assigning)
    assert assigning.tenancy.roles_of(account_id) == []
    assigning.verified()


def test_close_alone_after_a_kill_closes_and_disables(assigning: Sealed) -> None:
    account_id = assigning.start_over()
    with assigning.running() as process:
        process.kill()
    closed = assigning.tenancy.close()
    assert closed.returncode == 0, closed.stderr
    assert assigning.tenancy.roles_of(account_id) == []
    assert not assigning.tenancy.account()["accountEnabled"]
    refused = assigning.run()
    assert refused.returncode == 1
    assert "scripts/post_apply.py" in refused.stderr


@pytest.mark.parametrize("at_once", [True, False], ids=["together", "one after the other"])
def test_two_leave_nobody_privileged(assigning: Sealed, at_once: bool) -> None:
    account_id = assigning.start_over()
    if at_once:
        with assigning_pair(assigning) as (first, second):
            deadline = time.monotonic() + PATIENCE_SECONDS
            while first.poll() is None or second.poll() is None:
                assert time.monotonic() < deadline, "one of them waits for ever"
                time.sleep(5)
                assigning.tenancy.scene.control.advance_clock(30 * MINUTE)
            codes = [first.returncode, second.returncode]
    else:
        with assigning.running() as first:
            codes = [assigning.run().returncode, first.wait(PATIENCE_SECONDS)]
        assert codes == [1, 1]
    assert set(codes) <= {0, 1}
    assert assigning.tenancy.roles_of(account_id) == []
    assert assigning.is_settled()


@contextmanager
def assigning_pair(sealed: Sealed) -> "Iterator[list[subprocess.Popen[bytes]]]":
    pair = [
        subprocess.Popen(
            sealed.command(),
            cwd=sealed.tenancy.scene.folder,
            env=sealed.tenancy.environment(REOPEN),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for _ in range(2)
    ]
    try:
        yield pair
    finally:
        for process in pair:
            process.kill()
            process.wait()


def test_guard_leaves_a_reopened_schedule_to_its_end(scheduling: Sealed) -> None:
    account_id = scheduling.start_over()
    with scheduling.running() as process:
        for identity in (GUARD, CLOSE):
            looked = scheduling.tenancy.close("--guard", identity=identity)
            assert looked.returncode == 0, looked.stderr
            assert "by its schedule" in looked.stderr
        assert scheduling.tenancy.roles_of(account_id) == [GLOBAL_ADMINISTRATOR]
        scheduling.tenancy.scene.control.advance_clock(FLOOR)
        process.send_signal(signal.SIGTERM)
        ended(process, 3)
    looked = scheduling.tenancy.close("--guard", identity=GUARD)
    assert looked.returncode == 0, looked.stderr


def test_guard_that_may_close_ends_a_plain_assignment_at_once(assigning: Sealed) -> None:
    account_id = assigning.start_over()
    assert assigning.tenancy.close("--guard").returncode == 0, "before it is opened"
    with assigning.running() as process:
        looked = assigning.tenancy.close("--guard", identity=GUARD)
        assert looked.returncode == 1, "one that only reads tells"
        assert assigning.tenancy.roles_of(account_id) == [GLOBAL_ADMINISTRATOR]
        looked = assigning.tenancy.close("--guard")
        assert looked.returncode == 1, looked.stderr
        output = ended(process, 1)
    assert "somebody else ended it" in output
    assert "settles it with a new password" in output
    assert assigning.tenancy.roles_of(account_id) == []
    assert not assigning.tenancy.account()["accountEnabled"]


def test_account_that_is_not_settled_any_more_at_the_end_is_disabled(assigning: Sealed) -> None:
    account_id = assigning.start_over()
    methods = f"/v1.0/users/{account_id}/authentication/temporaryAccessPassMethods"
    with assigning.running() as process:
        assigning.tenancy.scene.control.act("POST", methods, {"isUsableOnce": True})
        assigning.tenancy.scene.control.advance_clock(30 * MINUTE)
        ended(process, 0)
    assert assigning.tenancy.roles_of(account_id) == []
    assert not assigning.tenancy.account()["accountEnabled"]
    assert assigning.tenancy.scene.control.act("GET", methods)["value"] == []


def test_role_that_cannot_be_taken_back_yet_is_tried_until_it_can(scheduling: Sealed) -> None:
    account_id = scheduling.start_over()
    with scheduling.running() as process:
        process.send_signal(signal.SIGTERM)
        assert process.stdout is not None
        for line in process.stdout:
            if "not taken back yet" in line:
                break
        assert scheduling.tenancy.roles_of(account_id) == [GLOBAL_ADMINISTRATOR]
        scheduling.tenancy.scene.control.advance_clock(FLOOR)
        ended(process, 3)
    assert scheduling.tenancy.roles_of(account_id) == []
    assert scheduling.is_settled()


@pytest.mark.parametrize("spoil", ["disabled", "without policy", "unsealed file"])
def test_tenant_in_which_no_window_is_opened(assigning: Sealed, spoil: str) -> None:
    account_id = assigning.start_over()
    act, file = assigning.tenancy.scene.control.act, assigning.tenancy.scene.folder / FILE
    before = file.read_text()
    if spoil == "disabled":
        act("PATCH", f"/v1.0/users/{account_id}", {"accountEnabled": False})
    elif spoil == "without policy":
        (policy,) = act("GET", "/v1.0/identity/conditionalAccess/policies")["value"]
        act("DELETE", f"/v1.0/identity/conditionalAccess/policies/{policy['id']}")
    else:
        file.write_text(before.replace("  sealed_on: 2026-11-20\n", ""))
    refused = assigning.run()
    file.write_text(before)
    assert refused.returncode == (2 if spoil == "unsealed file" else 1), refused.stdout + refused.stderr
    assert writes(assigning) == []


def test_dry_run_writes_nothing_to_tenant_or_disk(scheduling: Sealed) -> None:
    scheduling.start_over()
    shown = scheduling.run("--dry-run", "--json")
    assert shown.returncode == 0, shown.stderr
    assert "have requested Global Administrator" in shown.stderr
    assert json.loads(shown.stdout)["opened"] is False
    assert writes(scheduling) == []
    assert scheduling.tenancy.evidence() == []
