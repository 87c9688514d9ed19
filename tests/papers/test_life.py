"""How long the role was held and could be used, by evidence alone: the widest that it allows, and never less."""

from datetime import timedelta
from pathlib import Path

import pytest

from steward.papers.life import Life, follow
from tests.papers.conftest import record_of
from tests.papers.lives import (
    ABSENT,
    AT_DEPLOY,
    BEGAN,
    LOGIN,
    NONE,
    Line,
    account,
    act,
    confirmed,
    held,
    in_window,
    saw,
    write_run,
)


def live(folder: Path, *lines: Line) -> Life:
    write_run(folder, lines)
    (life,) = follow(record_of(folder))
    return life


def figures(life: Life) -> tuple[float, ...]:
    """Seconds held, enabled and usable, to the millisecond that evidence has."""
    return tuple(round(life.seconds(spans), 3) for spans in (life.held, life.enabled, life.usable))


def test_role_given_by_the_deploy_counts_from_the_accounts_creation(tmp_path: Path) -> None:
    life = live(tmp_path, *AT_DEPLOY)
    # Created 12 s before the run, taken away 6.5 s into it.
    assert figures(life) == (18.5, 0, 0)
    assert life.held[0].is_from_creation
    assert life.seconds_unseen == pytest.approx(12)
    assert life.paths == ("Global Administrator, direct",)


def test_life_without_the_role_has_none(tmp_path: Path) -> None:
    assert figures(live(tmp_path, *NONE)) == (0, 0, 0)


@pytest.mark.parametrize("act_of", ["GrantRole", "RequestRoleSchedule", "AssignRole"])
def test_window_counts_from_the_intention_to_the_removal_that_was_answered(tmp_path: Path, act_of: str) -> None:
    life = live(tmp_path, *in_window(act_of))
    held_seconds, _, usable = figures(life)
    assert (held_seconds, usable) == (5.1, 5.1)
    assert [span.ends is None for span in life.enabled] == [False, True]
    assert [each.what for each in life.moments if each.kind == "sign-in"] == ["signed in to CiraSync"]
    # The line that says so was written later; the moment is the tenant's own.
    assert next(each.at for each in life.moments if each.kind == "sign-in") == BEGAN + timedelta(seconds=16)


def test_role_that_somebody_else_gives_counts_from_the_last_look_without_it(tmp_path: Path) -> None:
    life = live(
        tmp_path,
        saw(0, "verify", account=account(is_enabled=True), roles=ABSENT),
        confirmed(1, "verify"),
        saw(60, "guard", account=account(is_enabled=True), roles=held("through group admins")),
        saw(70, "guard", account=account(is_enabled=True), roles=ABSENT),
        confirmed(71, "guard"),
    )
    # Nobody saw when it was taken away, so it counts up to the look that shows it gone.
    assert figures(life)[0] == 70
    assert figures(life)[2] == 70


def test_one_empty_list_does_not_end_it(tmp_path: Path) -> None:
    life = live(
        tmp_path,
        saw(0, "preflight", account=account(is_enabled=False), roles=held()),
        saw(5, "close", account=account(is_enabled=False), roles=ABSENT),
        saw(9, "close", account=account(is_enabled=False), roles=held()),
        *act(10, "close", "RemoveRoleAssignment", "removed", "the role"),
        saw(12, "close", account=account(is_enabled=False), roles=ABSENT),
        confirmed(13, "close"),
    )
    assert len(life.held) == 1
    assert figures(life)[0] == 22.1


def test_grant_that_was_refused_and_never_seen_gave_nothing(tmp_path: Path) -> None:
    intends, _ = act(3, "elevate", "GrantRole", "granted", "the role")
    life = live(
        tmp_path,
        saw(0, "elevate", account=account(is_enabled=True), roles=ABSENT),
        intends,
        (4, "elevate", "refused", "the role", {"why": "403"}),
        saw(5, "close", account=account(is_enabled=True), roles=ABSENT),
        confirmed(6, "close"),
    )
    assert life.held == ()


def test_grant_that_was_refused_and_is_seen_all_the_same_counts(tmp_path: Path) -> None:
    intends, _ = act(3, "elevate", "AssignRole", "granted", "the role")
    life = live(
        tmp_path,
        saw(0, "elevate", account=account(is_enabled=True), roles=ABSENT),
        intends,
        (4, "elevate", "refused", "the role", {"why": "503"}),
        saw(5, "close", account=account(is_enabled=True), roles=held()),
        saw(8, "close", account=account(is_enabled=True), roles=ABSENT),
    )
    assert figures(life)[0] == 5


def test_removal_that_a_later_look_does_not_confirm_ends_nothing(tmp_path: Path) -> None:
    life = live(
        tmp_path,
        saw(0, "close", account=account(is_enabled=True), roles=held()),
        *act(1, "close", "RemoveRoleAssignment", "removed", "the role"),
        saw(2, "close", account=account(is_enabled=True), roles=held()),
        (9, "run", "ended", "", {"exit_code": 1}),
    )
    assert life.held[-1].ends is None
    assert life.usable[-1].ends is None


def test_look_that_could_not_tell_neither_begins_nor_ends_anything(tmp_path: Path) -> None:
    unreadable = {**ABSENT, "unreadable": ["unreadable: schedules"]}
    life = live(
        tmp_path,
        saw(0, "close", account=account(is_enabled=False), roles=held()),
        saw(5, "close", account=account(is_enabled=False), roles=unreadable),
        (6, "run", "ended", "", {"exit_code": 3}),
    )
    assert life.held[-1].ends is None


def test_account_that_was_deleted_signs_in_nowhere(tmp_path: Path) -> None:
    life = live(
        tmp_path,
        saw(0, "close", account=account(is_enabled=True), roles=ABSENT),
        saw(5, "remains", account="absent"),
    )
    assert [span.ends for span in life.enabled] == [BEGAN + timedelta(seconds=5)]


def test_new_account_under_the_same_login_has_a_life_of_its_own(tmp_path: Path) -> None:
    write_run(tmp_path, AT_DEPLOY)
    other = {**account(is_enabled=False), "object_id": "another"}
    write_run(tmp_path, [saw(0, "verify", account=other, roles=ABSENT)], began=BEGAN + timedelta(days=1), number=2)
    assert [life.account_id for life in follow(record_of(tmp_path))] == [
        account(is_enabled=False)["object_id"],
        "another",
    ]


def test_log_entries_are_told_once_each_however_often_they_are_seen(tmp_path: Path) -> None:
    at = BEGAN.isoformat()
    attempts = [
        {"at": at, "user_id": "1", "login": LOGIN.upper(), "application": "CiraSync", "error_code": 0},
        {"at": at, "user_id": "1", "login": LOGIN, "application": "CiraSync", "error_code": 130503},
        {"at": at, "user_id": "1", "login": LOGIN, "application": "CiraSync", "error_code": 130507},
        {"at": at, "user_id": "1", "login": LOGIN, "application": "CiraSync", "error_code": 65001},
        {"at": at, "user_id": "1", "login": LOGIN, "application": "CiraSync", "error_code": None},
        {"at": at, "user_id": "2", "login": "jane@contoso.com", "application": "CiraSync", "error_code": 0},
    ]
    seen = {
        "account": account(is_enabled=True),
        "attempts": attempts,
        "first_sign_in": {"at": at, "application": "CiraSync"},
        "consent_entry": {"at": at, "by": LOGIN},
    }
    life = live(tmp_path, saw(1, "consent", **seen), saw(2, "consent", **seen))
    assert sorted((each.kind, each.what) for each in life.moments) == [
        ("consent", f"consented in the browser: {LOGIN}"),
        ("sign-in", "came to the page of the consent, on the way in to CiraSync (AADSTS65001)"),
        ("sign-in", "did not get in to CiraSync: AADSTS130503"),
        ("sign-in", "did not get in to CiraSync: the pass was mistyped (AADSTS130507)"),
        ("sign-in", "jane@contoso.com, who is somebody else, signed in to CiraSync"),
        ("sign-in", "signed in to CiraSync"),
        ("sign-in", "tried to sign in to CiraSync; the log does not say what became of it"),
    ]
