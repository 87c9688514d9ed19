"""close.py and its guard against a tenant that nobody deployed to: what they take away, tell, and leave alone."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.seed import Seed, SeedLicence
from scripts.rehearsal.provider_choice import ROOT
from scripts.rehearsal.scene import CLOSE, GUARD, POST_APPLY
from scripts.rehearsal.tenant_file import LOGIN, NAME
from steward.wellknown.account import STAMP
from steward.wellknown.roles import GLOBAL_ADMINISTRATOR
from tests.life.sparse_tenancy import ROLES, SparseTenancy, make_sparse_tenancy

MINUTE = 60
LATE_LOG = 3 * MINUTE  # entries are to be read after two minutes
FILE = "contoso.yaml"
TOKEN = "POST /{tenant}/oauth2/v2.0/token"


@pytest.fixture(scope="module")
def tenancy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparseTenancy]:
    made = make_sparse_tenancy(tmp_path_factory.mktemp("sparse"), seed=Seed(licences=(SeedLicence("AAD_PREMIUM_P2"),)))
    yield made
    made.scene.control.close()
    made.scene.sandbox.stop()


def ended(finished: subprocess.CompletedProcess[str], code: int) -> str:
    """Return what was told, by a program that ended with a code."""
    told = finished.stdout + finished.stderr
    assert finished.returncode == code, told
    assert "Traceback" not in told
    return told


def test_role_is_taken_and_the_account_disabled_without_terraform(tenancy: SparseTenancy) -> None:
    account_id = tenancy.start_over(accountEnabled=True)
    tenancy.grant(account_id)
    told = ended(tenancy.close(), 0)
    assert "no privileged role by any path" in told
    assert tenancy.roles_of(account_id) == []
    assert not tenancy.account()["accountEnabled"]
    assert [path.rpartition("/")[2] for path in tenancy.writes()][-1] == "revokeSignInSessions"
    assert len(tenancy.evidence()) == 1


RENAMED = {"userPrincipalName": "somebody.else@contoso.example"}
STRANGER = {
    "userPrincipalName": LOGIN,
    "displayName": "Jordan Keller",
    "mailNickname": "j.keller",
    "accountEnabled": True,
    "passwordProfile": {"password": "xWwvJ]6NMw+bWH-d"},
}


def test_account_that_was_renamed_is_found_by_its_stamp_and_not_known_by_its_display_name(
    tenancy: SparseTenancy,
) -> None:
    account_id = tenancy.start_over(**RENAMED, accountEnabled=True)
    ended(tenancy.close(), 3)
    assert tenancy.writes() == [], "it may be another file's, and settled"
    tenancy.grant(account_id)
    assert "which its stamp alone tells ours" in ended(tenancy.close(), 3)
    assert tenancy.roles_of(account_id) == []


@pytest.mark.parametrize(("is_remembered", "code"), [(True, 1), (False, 3)])
def test_account_that_is_not_ours_and_has_the_login_hides_nothing(
    tenancy: SparseTenancy, is_remembered: bool, code: int
) -> None:
    account_id, control = tenancy.start_over(), tenancy.scene.control
    if is_remembered:
        ended(tenancy.close(), 0)
    control.act("PATCH", f"/v1.0/users/{account_id}", RENAMED)
    stranger_id = control.act("POST", "/v1.0/users", STRANGER)["id"]
    for holder_id in (account_id, stranger_id):
        tenancy.grant(holder_id)
    assert "holds Global Administrator" in ended(tenancy.close("--guard", identity=GUARD), 1)
    told = ended(tenancy.close(), code)
    assert "not ours" in told
    assert "HOLDS" not in told
    assert tenancy.roles_of(account_id) == []
    assert tenancy.roles_of(stranger_id) == [GLOBAL_ADMINISTRATOR]
    assert tenancy.account()["accountEnabled"], "the stranger's"
    control.act("DELETE", f"/v1.0/users/{account_id}")
    told = ended(tenancy.close("--json"), 1)
    assert json.loads(told[told.index("{") : told.rindex("}") + 1])["tenants"][0]["privileged_roles"] is None
    assert f"{LOGIN}: it holds Global Administrator (direct), and is not touched" in told


def test_stamped_account_of_another_name_is_closed_while_privileged_and_never_taken_for_ours(
    tenancy: SparseTenancy,
) -> None:
    other_id = tenancy.start_over(**RENAMED, displayName="Somebody Else")
    ended(tenancy.close(), 3)
    assert tenancy.writes() == []
    tenancy.grant(other_id)
    assert "unless it is another tenant file's" in ended(tenancy.close("--guard"), 1)
    assert tenancy.roles_of(other_id) == [GLOBAL_ADMINISTRATOR], "its own file's guard judges its window"
    told = ended(tenancy.close(), 3)
    assert tenancy.roles_of(other_id) == [], told
    assert "could not tell whether a privileged role is held" in told


def test_what_earlier_runs_saw_tells_two_accounts_of_one_name_apart(tenancy: SparseTenancy) -> None:
    account_id = tenancy.start_over()
    ended(tenancy.close(), 0)
    control = tenancy.scene.control
    control.act("PATCH", f"/v1.0/users/{account_id}", RENAMED | {"displayName": "Somebody Else"})
    assert RENAMED["userPrincipalName"] in ended(tenancy.close(), 0), "the same account under another name"
    control.act("DELETE", f"/v1.0/users/{account_id}")
    control.act("DELETE", f"/v1.0/directory/deletedItems/{account_id}")
    made = {"mailNickname": "else", "accountEnabled": False, "passwordProfile": {"password": "xWwvJ]6NMw+bWH-d"}}
    control.act("POST", "/v1.0/users", made | RENAMED | {"displayName": "Jordan Keller", "employeeType": STAMP})
    control.clear_journal()
    ended(tenancy.close(), 3)
    assert tenancy.writes() == []


def test_role_is_taken_although_a_file_stands_where_evidence_is_to_go(tenancy: SparseTenancy) -> None:
    account_id = tenancy.start_over()
    tenancy.grant(account_id)
    evidence = tenancy.scene.folder / "evidence"
    shutil.rmtree(evidence, ignore_errors=True)
    evidence.touch()
    told = ended(tenancy.close(), 1)
    guarded = ended(tenancy.close("--guard"), 0)
    evidence.unlink()
    assert tenancy.roles_of(account_id) == []
    assert "evidence is incomplete" in told
    assert "no privileged role by any path" in guarded


@pytest.mark.parametrize("content", ["[" * 60000, '{"first_seen": {"x": "0001-01-01T00:00:00+14:00"}}', None])
def test_damaged_memory_of_the_guard_keeps_nobody_from_closing(tenancy: SparseTenancy, content: str | None) -> None:
    account_id = tenancy.start_over()
    tenancy.grant(account_id)
    memory = tenancy.scene.folder / "evidence" / NAME / "guard.json"
    memory.parent.mkdir(parents=True, exist_ok=True)
    if content is None:
        os.mkfifo(memory)
    else:
        memory.write_text(content)
    told = ended(tenancy.close("--guard", identity=GUARD), 3)
    assert "what it remembered" in told
    assert memory.is_file(), "a new one is begun"
    memory.unlink()
    os.mkfifo(memory)
    told = ended(tenancy.close(), 0)
    memory.unlink()
    assert "what it remembered" not in told
    assert tenancy.roles_of(account_id) == []


def test_folder_of_stacks_that_is_not_there_is_told_and_the_guard_looks_all_the_same(tenancy: SparseTenancy) -> None:
    tenancy.start_over()
    told = ended(tenancy.close("--guard", "--stacks", "nowhere", identity=GUARD), 1)
    assert "--stacks nowhere" in told
    assert "no privileged role by any path" in told
    (tenancy.scene.folder / "somewhere").mkdir(exist_ok=True)
    assert "latch of contoso" in ended(tenancy.close("--guard", "--stacks", "somewhere", identity=GUARD), 0)


def test_closing_that_somebody_breaks_off_is_told_as_it_ended(tenancy: SparseTenancy) -> None:
    account_id = tenancy.start_over(accountEnabled=True)
    tenancy.grant(account_id)
    control = tenancy.scene.control
    control.declare_faults({"route": "GET /users", "times": 1, "seconds": 3})
    with tenancy.start("--quiet") as running:
        deadline = time.monotonic() + 60
        while control.unused_faults():
            assert time.monotonic() < deadline, "nothing was read"
            time.sleep(0.1)
        running.send_signal(signal.SIGQUIT)
        told, _ = running.communicate(timeout=60)
    assert running.returncode == 3, told
    assert "interrupted" in told
    assert "no privileged role by any path" in told
    assert tenancy.roles_of(account_id) == []


def leave_no_other_administrator(tenancy: SparseTenancy, account_id: str) -> None:
    act = tenancy.scene.control.act
    for entry in act("GET", f"{ROLES}?$filter=roleDefinitionId eq '{GLOBAL_ADMINISTRATOR}'")["value"]:
        if entry["principalId"] != account_id:
            act("DELETE", f"{ROLES}/{entry['id']}")


def test_deleted_account_is_told_since_it_keeps_its_role_for_a_restore(tenancy: SparseTenancy) -> None:
    account_id = tenancy.start_over()
    tenancy.grant(account_id)
    tenancy.scene.control.act("DELETE", f"/v1.0/users/{account_id}")
    assert "whoever restores it restores its roles" in ended(tenancy.close(), 1)


@pytest.mark.parametrize("stamp", [None, "Somebody else's service account"])
def test_principal_without_the_stamp_is_refused(tenancy: SparseTenancy, stamp: str | None) -> None:
    account_id = tenancy.start_over(employeeType=stamp)
    tenancy.grant(account_id)
    assert "does not carry the stamp" in ended(tenancy.close(), 1)
    assert tenancy.roles_of(account_id) == [GLOBAL_ADMINISTRATOR]
    assert tenancy.writes() == []


def test_last_global_administrator_is_refused(tenancy: SparseTenancy) -> None:
    account_id = tenancy.start_over(accountEnabled=True)
    tenancy.grant(account_id)
    leave_no_other_administrator(tenancy, account_id)
    told = ended(tenancy.close("--dry-run"), 1)
    assert "last active Global Administrator" in told
    assert tenancy.roles_of(account_id) == [GLOBAL_ADMINISTRATOR]


@pytest.mark.parametrize("options", [("--dry-run",), ("--guard", "--dry-run")])
def test_dry_run_writes_nothing_to_tenant_or_disk(tenancy: SparseTenancy, options: tuple[str, ...]) -> None:
    tenancy.grant(tenancy.start_over())
    tenancy.scene.control.advance_clock(2 * 60 * MINUTE)
    tenancy.scene.control.grant(CLOSE, "AuditLog.Read.All")
    told = tenancy.close(*options)
    assert "would" in told.stderr, told.stderr
    assert tenancy.writes() == []
    assert [entry for entry in (tenancy.scene.folder / "evidence").rglob("*") if entry.is_file()] == []


@pytest.mark.parametrize("lacking", ["User.EnableDisableAccount.All", "User.RevokeSessions.All"])
def test_what_the_token_may_not_do_besides_is_named(tenancy: SparseTenancy, lacking: str) -> None:
    account_id = tenancy.start_over(accountEnabled=True)
    tenancy.grant(account_id)
    tenancy.scene.control.withdraw(CLOSE, lacking)
    assert f"permission {lacking}" in ended(tenancy.close(), 1)
    assert tenancy.roles_of(account_id) == []
    assert tenancy.account()["accountEnabled"] is (lacking == "User.EnableDisableAccount.All")


def test_token_that_may_not_take_the_role_says_so_at_once(tenancy: SparseTenancy) -> None:
    account_id = tenancy.start_over()
    tenancy.grant(account_id)
    tenancy.scene.control.withdraw(CLOSE, "RoleManagement.ReadWrite.Directory")
    tenancy.scene.control.grant(CLOSE, "RoleManagement.Read.Directory")
    begun = time.monotonic()
    assert "lacks RoleManagement.ReadWrite.Directory" in ended(tenancy.close(), 1)
    assert time.monotonic() - begun < 40
    assert tenancy.writes() == []


def test_two_at_once_take_the_role_once_and_both_say_that_it_is_gone(tenancy: SparseTenancy) -> None:
    account_id = tenancy.start_over(accountEnabled=True)
    tenancy.grant(account_id)
    running = [tenancy.start() for _ in range(2)]
    told = [process.communicate(timeout=120)[0] for process in running]
    assert [process.returncode for process in running] == [0, 0], told
    assert tenancy.roles_of(account_id) == []
    assert not tenancy.account()["accountEnabled"]
    assert len(tenancy.evidence()) == 2


def test_throttling_that_outlasts_patience_ends_in_could_not_tell(tenancy: SparseTenancy) -> None:
    tenancy.grant(tenancy.start_over())
    fault = {"status": 429, "headers": {"Retry-After": "170"}, "times": 99}
    tenancy.scene.control.declare_faults({"route": "GET /users", **fault})
    begun = time.monotonic()
    assert "429" in ended(tenancy.close(), 3)
    assert time.monotonic() - begun < 40


def test_throttling_is_told_while_it_is_waited_for(tenancy: SparseTenancy) -> None:
    account_id = tenancy.start_over()
    tenancy.grant(account_id)
    fault = {"status": 429, "headers": {"Retry-After": "4"}}
    tenancy.scene.control.declare_faults({"route": "GET /users", **fault})
    assert "waiting 4 s, Graph throttles" in ended(tenancy.close(), 0)
    assert tenancy.roles_of(account_id) == []


def test_sign_in_that_breaks_leaves_nobody_without_a_way_to_close(tenancy: SparseTenancy) -> None:
    account_id = tenancy.start_over()
    tenancy.grant(account_id)
    tenancy.scene.control.declare_faults({"route": TOKEN, "status": 503, "times": 99})
    told = ended(tenancy.close(), 3)
    with only_close(tenancy, Path("no-terraform-here")) as running:
        output, _ = running.communicate(timeout=120)
    tenancy.scene.control.clear_faults()
    assert running.returncode == 3, output
    for text in (told, output):
        assert "a role that is held stays held" in text
        assert "Entra admin center" in text
        assert "scripts/close.py contoso.yaml" in text
    assert tenancy.roles_of(account_id) == [GLOBAL_ADMINISTRATOR]


def test_fault_of_one_tenant_does_not_stop_the_others(tenancy: SparseTenancy, tmp_path: Path) -> None:
    account_id = tenancy.start_over()
    tenancy.grant(account_id)
    good = (tenancy.scene.folder / FILE).read_text()
    broken, elsewhere = tmp_path / "broken.yaml", tenancy.scene.folder / "elsewhere.yaml"
    broken.write_text("tenant: [")
    tenant_id = tenancy.scene.tenant.tenant.id
    elsewhere.write_text(
        good.replace(tenant_id, "28105d61-e8e6-4cd6-b41f-775300457fd8").replace("contoso\n", "other\n", 1)
    )
    told = tenancy.close(str(broken), str(tmp_path / "absent.yaml"), elsewhere.name, FILE, "--json")
    elsewhere.unlink()
    assert tenancy.roles_of(account_id) == [], told.stderr
    assert told.returncode == 2, told.stderr
    codes = {entry["tenant"]: entry["exit_code"] for entry in json.loads(told.stdout)["tenants"]}
    assert codes["contoso"] == 0
    assert codes["broken"] == codes["absent"] == 2
    assert codes["elsewhere"] in {1, 3}


@pytest.mark.parametrize(("identity", "closes"), [(GUARD, False), (CLOSE, True)])
def test_guard_leaves_a_window_alone_and_ends_it_or_tells_when_it_is_over(
    tenancy: SparseTenancy, identity: str, closes: bool
) -> None:
    account_id = tenancy.start_over()
    tenancy.scene.control.grant(CLOSE, "AuditLog.Read.All")
    tenancy.grant(account_id)
    tenancy.scene.control.advance_clock(LATE_LOG)
    assert "its window runs until" in ended(tenancy.close("--guard", identity=identity), 0)
    assert tenancy.evidence() == [], "what is well is no evidence"
    tenancy.scene.control.advance_clock(58 * MINUTE)
    told = ended(tenancy.close("--guard", identity=identity), 1)
    assert len(tenancy.evidence()) == 1
    if closes:
        assert tenancy.roles_of(account_id) == []
        ended(tenancy.close("--guard", identity=identity), 0)
    else:
        assert "its window ended at" in told
        assert tenancy.roles_of(account_id) == [GLOBAL_ADMINISTRATOR]
        assert tenancy.writes() == []


def test_guard_that_finds_no_entry_closes_once_it_has_seen_the_role_for_twenty_minutes(tenancy: SparseTenancy) -> None:
    account_id = tenancy.start_over()
    tenancy.grant(account_id)
    for _ in range(2):
        # The closing identity may not read the log.
        assert "could not tell whether a window runs" in ended(tenancy.close("--guard"), 3)
        assert tenancy.roles_of(account_id) == [GLOBAL_ADMINISTRATOR]
        tenancy.scene.control.advance_clock(9 * MINUTE)
    tenancy.scene.control.advance_clock(2 * MINUTE)
    ended(tenancy.close("--guard"), 1)
    assert tenancy.roles_of(account_id) == []


def test_guard_does_not_judge_a_new_grant_by_the_entry_of_an_old_one(tenancy: SparseTenancy) -> None:
    account_id = tenancy.start_over()
    tenancy.grant(account_id)
    tenancy.scene.control.advance_clock(2 * 60 * MINUTE)
    (entry,) = tenancy.scene.control.act("GET", f"{ROLES}?$filter=principalId eq '{account_id}'")["value"]
    tenancy.scene.control.act("DELETE", f"{ROLES}/{entry['id']}")
    tenancy.scene.control.advance_clock(LATE_LOG)
    tenancy.grant(account_id)
    assert "could not tell whether a window runs" in ended(tenancy.close("--guard", identity=GUARD), 3)
    tenancy.scene.control.advance_clock(LATE_LOG)
    assert "its window runs until" in ended(tenancy.close("--guard", identity=GUARD), 0)


def test_guard_that_saw_the_role_gone_does_not_end_the_next_window_by_the_entry_of_the_last(
    tenancy: SparseTenancy,
) -> None:
    account_id = tenancy.start_over()
    control = tenancy.scene.control
    tenancy.grant(account_id)
    control.advance_clock(59 * MINUTE)
    (entry,) = control.act("GET", f"{ROLES}?$filter=principalId eq '{account_id}'")["value"]
    control.act("DELETE", f"{ROLES}/{entry['id']}")
    ended(tenancy.close("--guard", identity=GUARD), 0)
    # Past the first window's end, and neither the removal's entry nor the second grant's has come.
    control.advance_clock(MINUTE + 1)
    tenancy.grant(account_id)
    told = ended(tenancy.close("--guard", identity=GUARD), 3)
    assert "only the entry of an earlier grant" in told
    assert "--stacks" in told
    control.advance_clock(LATE_LOG)
    assert "its window runs until" in ended(tenancy.close("--guard", identity=GUARD), 0)
    control.advance_clock(58 * MINUTE)
    assert "its window ended at" in ended(tenancy.close("--guard", identity=GUARD), 1)


def test_guard_tells_of_an_enabled_account_and_touches_nothing(tenancy: SparseTenancy) -> None:
    tenancy.start_over(accountEnabled=True)
    tenancy.scene.control.grant(CLOSE, "AuditLog.Read.All")
    assert "it is enabled, and the tenant file blocks sign-in" in ended(tenancy.close("--guard"), 1)
    assert tenancy.writes() == []


def test_guard_that_may_not_read_roles_could_not_tell(tenancy: SparseTenancy) -> None:
    tenancy.start_over()
    tenancy.scene.control.withdraw(GUARD, "RoleManagement.Read.Directory")
    ended(tenancy.close("--guard", identity=GUARD), 3)


def test_guard_that_stays_ends_a_window_and_leaves_when_told(tenancy: SparseTenancy) -> None:
    account_id = tenancy.start_over()
    tenancy.scene.control.grant(CLOSE, "AuditLog.Read.All")
    tenancy.grant(account_id)
    tenancy.scene.control.advance_clock(LATE_LOG)
    with tenancy.start("--watch", "--interval", "0.5") as running:
        assert running.stdout is not None
        first = next(line for line in running.stdout if line.startswith("20"))
        assert "holds Global Administrator" in first
        tenancy.scene.control.advance_clock(60 * MINUTE)
        seen = next(line for line in running.stdout if "no privileged role by any path; w" in line)
        assert tenancy.roles_of(account_id) == [], seen
        next(line for line in running.stdout if "no privileged role by any path; writes: 0" in line)
        running.send_signal(signal.SIGTERM)
        output, _ = running.communicate(timeout=60)
    assert running.returncode in {0, 3}, output


def test_guard_leaves_a_scheduled_window_to_its_end(tenancy: SparseTenancy) -> None:
    account_id = tenancy.start_over()
    tenancy.scene.control.act(
        "POST",
        "/v1.0/roleManagement/directory/roleAssignmentScheduleRequests",
        {
            "action": "adminAssign",
            "principalId": account_id,
            "roleDefinitionId": GLOBAL_ADMINISTRATOR,
            "directoryScopeId": "/",
            "justification": "a window",
            "scheduleInfo": {"expiration": {"type": "afterDuration", "duration": "PT1H"}},
        },
    )
    tenancy.scene.control.advance_clock(5 * MINUTE)
    assert "by its schedule" in ended(tenancy.close("--guard", identity=GUARD), 0)


@pytest.fixture
def hanging_terraform(tmp_path: Path) -> Path:
    """Return a Terraform that neither answers nor ends, and a child that it would leave behind."""
    program = tmp_path / "terraform"
    program.write_text("#!/bin/sh\ntrap '' INT TERM\nwhile :; do sleep 300; done\n")
    program.chmod(0o755)
    return program


def only_close(tenancy: SparseTenancy, terraform: Path) -> "subprocess.Popen[str]":
    stack = {
        "provider": {"azuread": [{"tenant_id": tenancy.scene.sandbox.tenant_id}]},
        "resource": {"azuread_user": {"service_account": {"user_principal_name": LOGIN}}},
    }
    folder = tenancy.scene.folder / "cdktf.out" / "stacks" / NAME
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "cdk.tf.json").write_text(json.dumps(stack))
    return subprocess.Popen(
        [sys.executable, str(ROOT / "scripts" / "post_apply.py"), FILE, "--only", "close"],
        cwd=tenancy.scene.folder,
        env={**tenancy.scene.environments[POST_APPLY], "TERRAFORM_BINARY_NAME": str(terraform)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_close_does_not_wait_for_a_terraform_that_hangs(tenancy: SparseTenancy, hanging_terraform: Path) -> None:
    account_id = tenancy.start_over()
    tenancy.grant(account_id)
    with only_close(tenancy, hanging_terraform) as running:
        deadline = time.monotonic() + 60
        while tenancy.roles_of(account_id):
            assert time.monotonic() < deadline, "the role still stands"
            time.sleep(0.5)
        assert running.stdout is not None
        before = []
        for line in running.stdout:
            before.append(line)
            if "terraform state has run for 5 s" in line:
                break
        running.send_signal(signal.SIGTERM)
        after, _ = running.communicate(timeout=90)
    told = "".join(before) + after
    assert running.returncode == 3, told
    assert "did not end within 20 s: it waits for the state's backend" in told
    left = subprocess.run(["pgrep", "-f", str(hanging_terraform)], capture_output=True, text=True, check=False)
    assert left.stdout == "", "a child outlived the program"
