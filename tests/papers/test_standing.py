"""Where a tenant stands by its last lines, with the command that leads on."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from steward.evidence.chain import hash_start
from steward.papers.bundle import make_bundle
from steward.papers.record import read_record
from steward.papers.standing import ORDER, Standing, State, judge
from tests.evidence.files import rewrite
from tests.papers.conftest import record_of
from tests.papers.lives import (
    ABSENT,
    AT_DEPLOY,
    BEGAN,
    TENANT_ID,
    Line,
    account,
    act,
    apply_run,
    confirmed,
    end,
    held,
    in_window,
    latch,
    saw,
    write_run,
)

LATER = BEGAN + timedelta(days=30)


def ended(at: float, exit_code: int = 0) -> Line:
    return at, "run", "ended", "", {"exit_code": exit_code}


GONE = (saw(0, "remains", account="absent"), confirmed(1, "remains"), ended(2))
DISABLED = account(is_enabled=False)
GUARDED = (saw(0, "guard", account=DISABLED, roles=ABSENT), confirmed(1, "guard"), ended(2))
COULD_NOT_SEE: tuple[Line, ...] = (
    saw(0, "guard", account="unreadable: 403", roles="unreadable: 403"),
    (1, "guard", "unreadable", "account", {"why": "403"}),
    (2, "guard", "blocked", "", {}),
    ended(3, 3),
)
ALARM: tuple[Line, ...] = (
    saw(0, "guard", account="absent", roles=ABSENT),
    (1, "guard", "alarm", "another account", {"why": "it holds Global Administrator"}),
    (2, "guard", "blocked", "", {}),
    ended(3, 1),
)
PREFLIGHT_BLOCKED: tuple[Line, ...] = (
    (1, "preflight", "missing", "policy", {"why": "it is gone"}),
    (2, "preflight", "blocked", "", {}),
    ended(3, 1),
)
# It was killed in the middle of an act.
IN_TRIM = (
    saw(1, "preflight", account=DISABLED, roles=ABSENT, stack=latch("sealed")),
    confirmed(2, "preflight"),
    (3, "trim", "intends", "x", {"act": "RevokeAppRole"}),
)
CLOSED_BY_THE_GUARD = (
    saw(0, "guard", account=DISABLED, roles=held()),
    *act(1, "guard", "RemoveRoleAssignment", "removed", "the role"),
    saw(2, "guard", account=DISABLED, roles=ABSENT),
    confirmed(3, "guard"),
    ended(4, 1),
)


PROVED_ANEW = (
    saw(0, "verify", account=DISABLED, roles=ABSENT, stack=latch("sealed")),
    confirmed(1, "verify"),
    ended(2),
)


def stand(folder: Path) -> Standing:
    return judge(record_of(folder), file="tenants/contoso.yaml")


def after(folder: Path, *lines: Line, **run: Any) -> Standing:
    """What a tenant's standing is when a second run follows a whole life."""
    write_run(folder, AT_DEPLOY)
    write_run(folder, lines, began=LATER, number=2, **run)
    return stand(folder)


@pytest.mark.parametrize("life", [AT_DEPLOY, in_window()], ids=["at_deploy", "in_window"])
def test_whole_life_ends_sealed_with_verify_as_its_proof(tmp_path: Path, life: tuple[Line, ...]) -> None:
    write_run(tmp_path, life)
    standing = stand(tmp_path)
    assert standing.state is State.SEALED
    assert standing.exit_code == 0
    assert standing.proof is not None
    assert standing.proof.what.startswith("verified")


def test_nothing_was_begun(tmp_path: Path) -> None:
    standing = stand(tmp_path)
    assert standing.state is State.NOT_BEGUN
    assert standing.next_move == "python scripts/preflight.py tenants/contoso.yaml"


def test_run_that_stopped_before_the_seal_is_unfinished(tmp_path: Path) -> None:
    write_run(tmp_path, [line for line in AT_DEPLOY if line[0] < 10])
    standing = stand(tmp_path)
    assert standing.state is State.UNFINISHED
    assert "latch is at privileged" in standing.why
    assert standing.next_move == "python scripts/post_apply.py tenants/contoso.yaml"


def test_role_that_is_held_at_the_end_comes_before_everything_unfinished(tmp_path: Path) -> None:
    window = {"ends": "2026-12-23T09:30:00+00:00"}
    standing = after(tmp_path, saw(0, "hold", account=account(is_enabled=False), roles=held(), window=window))
    assert standing.state is State.PRIVILEGED
    assert "its window ends 2026-12-23 09:30 UTC" in standing.why
    assert standing.next_move == "python scripts/close.py tenants/contoso.yaml"
    assert standing.exit_code == 1


def reopened(ends: str) -> tuple[Line, ...]:
    """A second window, still open."""
    return (
        saw(0, "reopen", account=account(is_enabled=True), roles=ABSENT, reopening={"ends": ends}),
        *act(1, "reopen", "AssignRole", "granted", "Global Administrator", until=ends),
        saw(2, "hold", account=account(is_enabled=True), roles=held(), reopening={"ends": ends}),
    )


def test_window_that_ends_is_the_one_that_is_open(tmp_path: Path) -> None:
    write_run(tmp_path, in_window())
    second = reopened("2026-11-23T13:30:00+00:00")
    write_run(tmp_path, second, began=BEGAN + timedelta(hours=4), number=2)
    told = stand(tmp_path)
    assert told.state is State.PRIVILEGED
    assert "its window ends 2026-11-23 13:30 UTC" in told.why
    assert told.next_move.startswith("python scripts/close.py")


def test_run_that_goes_on_is_waited_for_and_closed_if_nobody_knows_of_it(tmp_path: Path) -> None:
    write_run(tmp_path, in_window())
    second = reopened("2026-11-23T13:30:00+00:00")
    write_run(tmp_path, second, began=BEGAN + timedelta(hours=4), number=2, is_closed=False)
    told = stand(tmp_path)
    assert told.state is State.PRIVILEGED
    assert "a run goes on, or was killed: its last line is of 2026-11-23 13:00:02 UTC" in told.why
    assert "wait until 2026-11-23 13:30 UTC" in told.next_move
    assert "python scripts/close.py" in told.next_move


def test_run_without_a_window_is_not_waited_for(tmp_path: Path) -> None:
    write_run(tmp_path, AT_DEPLOY[:8], is_closed=False)
    told = stand(tmp_path)
    assert told.state is State.PRIVILEGED
    assert "a run goes on, or was killed" in told.why
    assert told.next_move.startswith("python scripts/close.py")


@pytest.mark.parametrize(
    ("ending", "is_open"), [("revoked", False), ("refused", True), (None, True)], ids=["revoked", "refused", "killed"]
)
def test_finding_that_was_taken_back_leaves_nothing_to_mend(tmp_path: Path, ending: str | None, is_open: bool) -> None:
    subject = "application permission Mail.Read of CiraSync"
    intends, answered = act(0.4, "verify", "RevokeAppRole", ending or "", subject)
    found: Line = (0.3, "verify", "found", subject, {"why": "it was granted, and not declared"})
    lines = [found, intends, *([answered] if ending else []), *AT_DEPLOY[1:]]
    write_run(tmp_path, [AT_DEPLOY[0], *lines])
    told = stand(tmp_path)
    assert told.state is State.FINDINGS
    assert ("taken back 2026-11-23 09:00:00 UTC" in told.why) is not is_open
    assert ("once that is mended" in told.next_move) is is_open


def test_second_window_that_was_closed_leaves_it_sealed_with_a_newer_proof(tmp_path: Path) -> None:
    standing = after(
        tmp_path,
        saw(0, "reopen", account=account(is_enabled=True), roles=ABSENT),
        *act(1, "reopen", "AssignRole", "assigned", "the role"),
        saw(3, "hold", account=account(is_enabled=True), roles=held()),
        *act(9, "close", "RemoveRoleAssignment", "removed", "the role"),
        saw(10, "close", account=account(is_enabled=True), roles=ABSENT),
        confirmed(11, "close"),
        (12, "run", "ended", "", {"exit_code": 0}),
    )
    assert standing.state is State.SEALED
    assert standing.proof is not None
    assert standing.proof.mark.time == LATER + timedelta(seconds=11)


def test_step_that_a_later_run_left_blocked_is_unfinished(tmp_path: Path) -> None:
    standing = after(tmp_path, saw(0, "settle", account=account(is_enabled=False)), (1, "settle", "blocked", "", {}))
    assert standing.state is State.UNFINISHED
    assert "settle" in standing.why


@pytest.mark.parametrize(
    ("verb", "told"),
    [("applied", "a plan was applied 2026-12-23 09:00 UTC"), ("refused", "an apply began, and did not come to a good")],
)
def test_apply_after_the_last_verification_is_unfinished_until_a_later_one(
    tmp_path: Path, verb: str, told: str
) -> None:
    standing = after(tmp_path, *apply_run(verb))
    assert standing.state is State.UNFINISHED
    assert standing.why.startswith(told)
    assert standing.next_move == "python scripts/post_apply.py tenants/contoso.yaml"
    assert standing.exit_code == 1
    # The guard looks for privilege, and not at whether what was applied is consented to.
    guard = (saw(0, "guard", account=account(is_enabled=False), roles=ABSENT), confirmed(1, "guard"))
    write_run(tmp_path, guard, began=LATER + timedelta(hours=1), number=3)
    assert stand(tmp_path).state is State.UNFINISHED
    write_run(tmp_path, end(0, is_enabled=False), began=LATER + timedelta(hours=2), number=4)
    assert stand(tmp_path).state is State.SEALED


def test_apply_that_was_refused_before_it_touched_anything_leaves_it_sealed(tmp_path: Path) -> None:
    assert after(tmp_path, *apply_run("refused", is_admitted=False)).state is State.SEALED


def test_apply_before_the_verification_counts_if_it_went_on_after(tmp_path: Path) -> None:
    write_run(tmp_path, apply_run(), began=BEGAN - timedelta(minutes=1), number=2)
    write_run(tmp_path, AT_DEPLOY)
    assert stand(tmp_path).state is State.SEALED
    went_on = tmp_path / "went_on"
    compared, admitted, *ends = apply_run()
    path = write_run(went_on, [compared, admitted, *((20 + line[0], *line[1:]) for line in ends)], number=2)
    size = len(path.read_bytes().splitlines(keepends=True)[0])
    going_on = {"file": path.name, "sha256": hash_start(path, size)[0], "size": size, "is_over": False}
    write_run(went_on, AT_DEPLOY, number=1, about={"previous": [going_on]})
    assert stand(went_on).why.startswith("a plan was applied")


def test_apply_before_any_other_run_leads_to_post_apply(tmp_path: Path) -> None:
    write_run(tmp_path, apply_run())
    assert stand(tmp_path).next_move == "python scripts/post_apply.py tenants/contoso.yaml"


def test_apply_after_the_end_of_a_retired_account_is_unfinished(tmp_path: Path) -> None:
    assert after(tmp_path, *GONE).state is State.RETIRED
    write_run(tmp_path, apply_run(), began=LATER + timedelta(days=1), number=3)
    assert stand(tmp_path).state is State.UNFINISHED


def test_retired_tenant_is_retired_until_somebody_sees_the_account_again(tmp_path: Path) -> None:
    assert after(tmp_path, *GONE).state is State.RETIRED
    write_run(
        tmp_path,
        [saw(0, "preflight", account=account(is_enabled=False), roles=ABSENT, stack=latch("prepared"))],
        began=LATER + timedelta(days=1),
        number=3,
    )
    assert stand(tmp_path).state is State.UNFINISHED


def follow_up(folder: Path, *runs: tuple[Line, ...], first: tuple[Line, ...] = AT_DEPLOY) -> Standing:
    """What a tenant's standing is when runs follow a whole life, a day after each other."""
    for number, lines in enumerate((first, *runs), 1):
        is_closed = any(line[2] == "ended" for line in lines)
        write_run(folder, lines, began=BEGAN + timedelta(days=number - 1), number=number, is_closed=is_closed)
    return stand(folder)


VERIFIED_AGAIN = end(0, is_enabled=False)


@pytest.mark.parametrize(
    "lines",
    [
        (
            *VERIFIED_AGAIN[:-2],
            (4.5, "verify", "found", "grants", {"why": "granted but not declared: one"}),
            confirmed(5, "verify"),
            ended(6, 1),
        ),
        ((-1, "trim", "found", "a permission", {"why": "granted in the browser"}), *VERIFIED_AGAIN),
        ALARM,
    ],
    ids=["verify", "before verify in its run", "guard"],
)
def test_finding_stands_until_a_later_verification_without_one(tmp_path: Path, lines: tuple[Line, ...]) -> None:
    standing = follow_up(tmp_path, lines, GUARDED)
    assert standing.state is State.FINDINGS
    assert standing.exit_code == 1
    assert standing.next_move.startswith("python scripts/post_apply.py tenants/contoso.yaml")
    write_run(tmp_path, VERIFIED_AGAIN, began=LATER, number=9)
    assert stand(tmp_path).state is State.SEALED


@pytest.mark.parametrize(
    ("runs", "told"),
    [
        ([GUARDED, COULD_NOT_SEE], "blocked since it was verified: guard"),
        ([PREFLIGHT_BLOCKED], "blocked since it was verified: preflight"),
        ([PREFLIGHT_BLOCKED, GUARDED], "blocked since it was verified: preflight"),
        ([(confirmed(1, "preflight"), ended(2, 3))], "a run ended with exit code 3"),
        ([(*GUARDED[:-1], ended(2, 1))], "a run ended with exit code 1"),
        ([(*GUARDED[:-1], ended(2, True))], "a run was broken off"),
        ([IN_TRIM, GUARDED], "what became of RevokeAppRole"),
        ([(*IN_TRIM, ended(4))], "what became of RevokeAppRole"),
        ([IN_TRIM[:2], GUARDED], "a run was broken off"),
        ([IN_TRIM, PREFLIGHT_BLOCKED], "blocked since it was verified: preflight"),
        ([(*VERIFIED_AGAIN[:-1], ended(6, 1))], "a run ended with exit code 1"),
        ([VERIFIED_AGAIN[:-1], GUARDED], "a run was broken off"),
    ],
)
def test_run_without_a_good_end_is_unfinished_until_a_later_verification(
    tmp_path: Path, runs: list[tuple[Line, ...]], told: str
) -> None:
    standing = follow_up(tmp_path, *runs)
    assert standing.state is State.UNFINISHED
    assert standing.why.startswith(told)
    assert standing.exit_code == 1
    write_run(tmp_path, VERIFIED_AGAIN, began=LATER, number=9)
    assert stand(tmp_path).state is State.SEALED


@pytest.mark.parametrize("runs", [[CLOSED_BY_THE_GUARD], [COULD_NOT_SEE, GUARDED]], ids=["closed", "looked again"])
def test_guard_that_came_to_terms_leaves_it_sealed(tmp_path: Path, runs: list[tuple[Line, ...]]) -> None:
    assert follow_up(tmp_path, *runs).state is State.SEALED


@pytest.mark.parametrize(
    ("lines", "state"), [(ALARM, State.FINDINGS), (COULD_NOT_SEE, State.UNFINISHED)], ids=["alarm", "unreadable"]
)
def test_guard_takes_back_that_a_tenant_is_retired(tmp_path: Path, lines: tuple[Line, ...], state: State) -> None:
    standing = follow_up(tmp_path, GONE, lines)
    assert standing.state is state
    assert standing.exit_code == 1
    write_run(tmp_path, GONE, began=LATER, number=9)
    assert stand(tmp_path).state is State.RETIRED


def test_runs_stand_in_the_order_of_their_chain_where_clocks_differ(tmp_path: Path) -> None:
    first = write_run(tmp_path, AT_DEPLOY)
    behind = write_run(tmp_path, GUARDED, began=BEGAN - timedelta(minutes=10), number=2)
    record = record_of(tmp_path)
    files = [entry.mark.file for entry in record.entries]
    assert files == sorted(files, key=[first.name, behind.name].index)
    standing = stand(tmp_path)
    assert standing.state is State.UNKNOWN
    assert "behind that of a run that it names" in standing.why
    # What it found is not forgotten.
    holds = (saw(0, "guard", account=DISABLED, roles=held()), *ALARM[1:])
    write_run(tmp_path, holds, began=BEGAN - timedelta(minutes=20), number=3, about={"previous": _links(behind)})
    assert stand(tmp_path).state is State.PRIVILEGED


def _links(path: Path) -> list[dict[str, Any]]:
    sha256, size = hash_start(path)
    return [{"file": path.name, "sha256": sha256, "size": size, "is_over": True}]


def test_clock_that_was_set_back_is_settled_by_a_later_run_that_proves_all_anew(tmp_path: Path) -> None:
    write_run(tmp_path, AT_DEPLOY)
    behind = write_run(tmp_path, GUARDED, began=BEGAN - timedelta(minutes=10), number=2)
    # A guard does not prove all of it.
    about = {"previous": _links(behind)}
    guarded = write_run(tmp_path, GUARDED, began=BEGAN + timedelta(minutes=10), number=3, about=about)
    standing = stand(tmp_path)
    assert standing.state is State.UNKNOWN
    assert standing.next_move.startswith("run post_apply.py")
    about = {"previous": _links(guarded)}
    write_run(tmp_path, PROVED_ANEW, began=BEGAN + timedelta(minutes=20), number=4, about=about)
    record = record_of(tmp_path)
    assert judge(record).state is State.SEALED
    assert [remark.exit_code for remark in record.verification.remarks] == [0]
    # How long something lasted is not known for all that.
    bundle = make_bundle(record)
    assert "How long the role was held is not known" in " ".join(bundle.verdict.sentences)
    assert {figure.seconds for figure in bundle.figures[:2]} == {None}


def test_run_that_is_behind_itself_settles_no_clock(tmp_path: Path) -> None:
    write_run(tmp_path, AT_DEPLOY)
    behind = write_run(tmp_path, GUARDED, began=BEGAN - timedelta(minutes=10), number=2)
    about = {"previous": _links(behind)}
    write_run(tmp_path, PROVED_ANEW, began=BEGAN - timedelta(minutes=5), number=3, about=about)
    assert stand(tmp_path).state is State.UNKNOWN


def test_clock_that_was_set_back_a_little_is_none_that_differs(tmp_path: Path) -> None:
    write_run(tmp_path, AT_DEPLOY)
    write_run(tmp_path, GUARDED, began=BEGAN + timedelta(seconds=14), number=2)
    assert stand(tmp_path).state is State.SEALED


def test_run_that_names_another_tenant_is_cleared_by_the_tenant_file_or_by_moving_it(tmp_path: Path) -> None:
    folder = tmp_path / "contoso"
    write_run(folder, AT_DEPLOY)
    stray = write_run(folder, GUARDED, began=LATER, number=2, about={"tenant": "fabrikam"})
    standing = stand(folder)
    assert standing.state is State.UNKNOWN
    assert "its own" in standing.next_move
    by_file = read_record(folder, name="contoso", tenant_id=TENANT_ID)
    assert judge(by_file).state is State.SEALED
    stray.rename(tmp_path / stray.name)
    assert stand(folder).state is State.SEALED


def test_run_that_was_put_here_and_named_since_stays(tmp_path: Path) -> None:
    folder = tmp_path / "contoso"
    write_run(folder, AT_DEPLOY)
    write_run(folder, GUARDED, began=LATER, number=2, about={"tenant": "fabrikam"})
    write_run(folder, VERIFIED_AGAIN, began=LATER + timedelta(days=1), number=3)
    standing = stand(folder)
    assert standing.state is State.UNKNOWN
    # To move it would make it a run that is missing.
    assert "under another name" in standing.next_move
    assert "its own" not in standing.next_move


def test_clock_that_was_ahead_is_settled_by_a_folder_that_begins_anew(tmp_path: Path) -> None:
    ahead = write_run(tmp_path / "old", AT_DEPLOY, began=LATER + timedelta(days=365))
    about = {"previous": _links(ahead)}
    write_run(tmp_path / "old", PROVED_ANEW, number=2, about=about)
    standing = stand(tmp_path / "old")
    assert standing.state is State.UNKNOWN
    assert "begins a new one" in standing.next_move
    write_run(tmp_path / "new", PROVED_ANEW)
    assert stand(tmp_path / "new").state is State.SEALED


def test_run_of_another_tenant_is_not_in_order(tmp_path: Path) -> None:
    write_run(tmp_path, AT_DEPLOY, about={"tenant": "fabrikam"})
    standing = stand(tmp_path)
    assert standing.state is State.UNKNOWN
    assert "'fabrikam'" in standing.why
    assert standing.exit_code == 3


def test_run_that_was_killed_last_cannot_be_told(tmp_path: Path) -> None:
    standing = after(tmp_path, saw(0, "guard", account=account(is_enabled=False), roles=ABSENT), is_closed=False)
    assert standing.state is State.UNKNOWN
    assert standing.exit_code == 3


def test_changed_line_outranks_everything(tmp_path: Path) -> None:
    path = write_run(tmp_path, AT_DEPLOY)
    rewrite(path, [line.replace(b"removed", b"granted") for line in path.read_bytes().splitlines(keepends=True)])
    standing = stand(tmp_path)
    assert standing.state is State.TAMPERED
    assert standing.exit_code == 1


def test_credentials_that_changed_while_privileged_outrank_a_seal(tmp_path: Path) -> None:
    taken = [line for line in AT_DEPLOY if line[0] < 6]
    changed = act(
        6, "settle", "ReplacePassword", "replaced", "password", user_id=account(is_enabled=False)["object_id"]
    )
    write_run(tmp_path, [*taken, *changed, *(line for line in AT_DEPLOY if line[0] >= 6.2)])
    assert stand(tmp_path).state is State.BREACH


def test_every_state_has_its_place_from_the_worst_to_the_best() -> None:
    assert set(ORDER) == set(State)
    assert ORDER.index(State.TAMPERED) < ORDER.index(State.PRIVILEGED) < ORDER.index(State.SEALED)
