"""Where a tenant stands by its last lines, with the command that leads on."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from steward.papers.standing import ORDER, Standing, State, judge
from tests.evidence.files import rewrite
from tests.papers.conftest import record_of
from tests.papers.lives import (
    ABSENT,
    AT_DEPLOY,
    BEGAN,
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
    write_run(went_on, [compared, admitted, *((20 + line[0], *line[1:]) for line in ends)], number=2)
    write_run(went_on, AT_DEPLOY, number=1)
    assert stand(went_on).why.startswith("a plan was applied")


def test_apply_before_any_other_run_leads_to_post_apply(tmp_path: Path) -> None:
    write_run(tmp_path, apply_run())
    assert stand(tmp_path).next_move == "python scripts/post_apply.py tenants/contoso.yaml"


def test_apply_after_the_end_of_a_retired_account_is_unfinished(tmp_path: Path) -> None:
    assert after(tmp_path, saw(0, "remains", account="absent"), confirmed(1, "remains")).state is State.RETIRED
    write_run(tmp_path, apply_run(), began=LATER + timedelta(days=1), number=3)
    assert stand(tmp_path).state is State.UNFINISHED


def test_retired_tenant_is_retired_until_somebody_sees_the_account_again(tmp_path: Path) -> None:
    gone = (saw(0, "remains", account="absent"), confirmed(1, "remains"))
    assert after(tmp_path, *gone).state is State.RETIRED
    write_run(
        tmp_path,
        [saw(0, "preflight", account=account(is_enabled=False), roles=ABSENT, stack=latch("prepared"))],
        began=LATER + timedelta(days=1),
        number=3,
    )
    assert stand(tmp_path).state is State.UNFINISHED


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
