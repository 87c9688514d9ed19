"""Credentials and a role, met or kept apart: each case is a short run whose lines are known."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pytest

from steward import acts
from steward.evidence import Breach, find_breaches
from steward.evidence.invariant import MEANINGS
from steward.wellknown.roles import GLOBAL_ADMINISTRATOR

ACCOUNT = "account-1"
START = datetime(2026, 11, 23, 12, tzinfo=UTC)
BEFORE, AFTER = "2026-11-23T11:00:00+00:00", "2026-11-23T12:00:30+00:00"
READER = "88d8e3e3-8f55-4a1e-953a-9b9898b8876b"  # Directory Readers
Step = dict[str, Any]


def line(step: str, verb: str, subject: str = "", **detail: Any) -> Step:
    return {"step": step, "verb": verb, "subject": subject, "detail": detail}


def saw(
    step: str = "close", *roles: str, unreadable: Sequence[str] = (), unseen: Sequence[str] = (), **more: Any
) -> Step:
    account = {"object_id": more.pop("object_id", ACCOUNT), "is_enabled": False, "password_changed": BEFORE}
    account |= more.pop("account", {})
    held = [{"role_template_id": role, "path": "direct"} for role in roles]
    return line(
        step,
        "saw",
        account=account,
        roles={"held": held, "unreadable": list(unreadable), "unseen": list(unseen)},
        **more,
    )


def intends(act: str, **detail: Any) -> Step:
    user = {"user_id": ACCOUNT} if act in {"ReplacePassword", "DeliverPassword", "IssuePass", "EnableAccount"} else {}
    return line("settle", "intends", act, act=act, **user, **detail)


def did(act: str) -> Step:
    return line("settle", "did", act)


def run(*steps: Step, at: float = 0) -> list[Step]:
    times = (START + timedelta(seconds=at + number) for number in range(len(steps)))
    return [{"time": time.isoformat(), **step} for time, step in zip(times, steps, strict=True)]


def judge(*runs: list[Step]) -> list[tuple[str, int, bool]]:
    return [(found.file, found.line, found.is_certain) for found in breaches(*runs)]


def breaches(*runs: list[Step]) -> tuple[Breach, ...]:
    return find_breaches({f"run-{number}": lines for number, lines in enumerate(runs, 1)})


ABSENT = saw("preflight")
HELD = saw("preflight", GLOBAL_ADMINISTRATOR)
GONE = saw("close")
CLOSED = line("close", "confirmed")
CREDENTIALS = ("ReplacePassword", "DeliverPassword", "IssuePass", "EnableAccount")
GRANTS = (
    intends("GrantRole"),
    intends("TurnLatch", phase="privileged"),
    intends("RequestRoleSchedule", principal_id=ACCOUNT),
)


@pytest.mark.parametrize("act", CREDENTIALS)
def test_act_after_the_role_is_gone_is_in_order(act: str) -> None:
    assert judge(run(HELD, line("close", "removed"), GONE, CLOSED, intends(act), did(act))) == []


@pytest.mark.parametrize("act", CREDENTIALS)
def test_act_before_the_grant_is_in_order(act: str) -> None:
    assert judge(run(ABSENT, intends(act), did(act), GRANTS[0], HELD, GONE, CLOSED)) == []


@pytest.mark.parametrize("act", CREDENTIALS)
def test_act_while_the_role_was_seen_is_a_breach(act: str) -> None:
    assert judge(run(HELD, intends(act), did(act), GONE, CLOSED)) == [("run-1", 2, True)]


@pytest.mark.parametrize("act", CREDENTIALS)
@pytest.mark.parametrize("grant", GRANTS)
def test_act_after_a_grant_was_intended_is_a_breach(grant: Step, act: str) -> None:
    assert judge(run(ABSENT, grant, intends(act))) == [("run-1", 3, True)]


@pytest.mark.parametrize("phase", ["prepared", "sealed"])
def test_latch_turned_to_another_phase_grants_nothing(phase: str) -> None:
    assert judge(run(ABSENT, intends("TurnLatch", phase=phase), intends("IssuePass"))) == []


@pytest.mark.parametrize("act", sorted({kind.__name__ for kind in MEANINGS} - set(CREDENTIALS)))
def test_other_acts_while_the_role_is_held_are_in_order(act: str) -> None:
    assert judge(run(HELD, intends(act), did(act))) == []


def test_refused_act_counts_since_it_may_have_taken_effect() -> None:
    refused = line("settle", "refused", "IssuePass", why="no answer")
    assert judge(run(HELD, intends("IssuePass"), refused)) == [("run-1", 2, True)]


def test_act_that_nobody_knows_is_unclear_while_the_role_is_held() -> None:
    assert judge(run(HELD, intends("ResetEverything"))) == [("run-1", 2, False)]
    assert judge(run(ABSENT, intends("ResetEverything"))) == []


def test_act_before_anybody_looked_at_the_roles_is_unclear() -> None:
    assert judge(run(intends("ReplacePassword"))) == [("run-1", 1, False)]


def test_absence_is_believed_only_when_it_was_read_everywhere_and_confirmed() -> None:
    assert judge(run(HELD, GONE, intends("IssuePass"))) == [("run-1", 3, True)]
    assert judge(run(HELD, saw("close", unreadable=["schedules"]), CLOSED, intends("IssuePass"))) == [
        ("run-1", 4, True)
    ]
    assert judge(run(HELD, saw("close", unseen=["a-1"]), CLOSED, intends("IssuePass"))) == [("run-1", 4, True)]
    assert judge(run(HELD, saw("guard"), line("guard", "confirmed"), intends("IssuePass"))) == []
    assert judge(run(HELD, saw("preflight"), line("preflight", "confirmed"), intends("IssuePass"))) == [
        ("run-1", 4, True)
    ]
    assert judge(run(HELD, GONE, line("close", "blocked"), intends("IssuePass"))) == [("run-1", 4, True)]
    assert judge(run(saw("preflight", unreadable=["schedules"]), intends("IssuePass"))) == [("run-1", 2, False)]


def test_first_empty_read_of_the_next_run_does_not_end_what_the_killed_one_saw() -> None:
    killed = run(HELD)
    resumed = run(ABSENT, line("preflight", "confirmed"), intends("IssuePass"), at=60)
    assert judge(killed, resumed) == [("run-2", 3, True)]
    closed = run(ABSENT, saw("close"), CLOSED, intends("IssuePass"), at=60)
    assert judge(killed, closed) == []


def test_role_without_privilege_does_not_count_and_an_unknown_one_does() -> None:
    assert judge(run(saw("preflight", READER), intends("IssuePass"))) == []
    assert judge(run(saw("preflight", "a-custom-role"), intends("IssuePass"))) == [("run-1", 2, True)]


def test_other_account_is_judged_by_itself() -> None:
    other = saw("preflight", object_id="account-2")
    assert judge(run(HELD, other, line("settle", "intends", "x", act="IssuePass", user_id="account-2"))) == []


def test_two_runs_are_followed_in_the_order_of_time() -> None:
    granting = run(GRANTS[0], HELD, at=2.5)
    under_way = run(ABSENT, line("open", "started"), intends("IssuePass"), did("IssuePass"))
    assert judge(under_way, granting) == [("run-1", 3, True)]
    assert judge(run(ABSENT, intends("IssuePass"), did("IssuePass")), granting) == []
    late = run(ABSENT, *[line("open", "waiting")] * 3, intends("IssuePass"))
    assert judge(late, granting) == [("run-1", 5, True)]


def test_sight_that_was_read_before_another_run_confirmed_the_absence_is_older() -> None:
    closing = run(HELD, line("close", "started"), GONE, CLOSED, *[intends("IssuePass"), did("IssuePass")])
    beside = run(line("preflight", "started"), HELD, at=2.7)
    assert judge(closing, beside) == []
    afterwards = run(line("preflight", "started"), HELD, at=3.2)
    assert judge(closing, afterwards) == [("run-1", 5, True)]


def test_grant_of_another_run_is_not_confirmed_away_by_an_earlier_look() -> None:
    closing = run(HELD, line("close", "started"), GONE, CLOSED, intends("IssuePass"))
    granting = run(GRANTS[0], at=1.5)
    assert judge(closing, granting) == [("run-1", 5, True)]


def test_act_of_a_killed_run_is_not_open_for_ever() -> None:
    killed = run(ABSENT, intends("IssuePass"))
    assert judge(killed, run(ABSENT, GRANTS[0], HELD, at=60)) == []


class TestSeen:
    """What shows in the tenant, although no run of ours did it."""

    @pytest.mark.parametrize(
        ("first", "then"),
        [
            ({}, {"account": {"password_changed": AFTER}}),
            ({}, {"account": {"is_enabled": True}}),
            ({"methods": {"second_factors": []}}, {"methods": {"second_factors": ["fido2"]}}),
            ({"methods": {"passes": []}}, {"methods": {"passes": [{"pass_id": "pass-1"}]}}),
        ],
    )
    def test_change_while_held_is_a_breach_and_otherwise_none(self, first: Step, then: Step) -> None:
        held = [saw("wait", GLOBAL_ADMINISTRATOR, **case) for case in (first, then)]
        free = [saw("wait", **case) for case in (first, then)]
        assert judge(run(*held)) == [("run-1", 2, True)]
        assert judge(run(*free)) == []
        assert judge(run(saw("wait", **first), GRANTS[0], saw("wait", GLOBAL_ADMINISTRATOR, **then))) == [
            ("run-1", 3, True)
        ]

    @pytest.mark.parametrize(
        ("act", "then"),
        [
            ("ReplacePassword", {"account": {"password_changed": AFTER}}),
            ("EnableAccount", {"account": {"is_enabled": True}}),
            ("IssuePass", {"methods": {"passes": [{"pass_id": "pass-1"}]}}),
        ],
    )
    def test_own_act_from_before_the_grant_that_shows_late_is_no_breach(self, act: str, then: Step) -> None:
        none: Step = {"methods": {"passes": []}}
        steps = [saw("preflight", **none), intends(act), did(act), GRANTS[0], saw("wait", GLOBAL_ADMINISTRATOR, **then)]
        assert judge(run(*steps)) == []

    def test_replicas_that_disagree_are_no_breach(self) -> None:
        old: Step = {}
        new: Step = {"account": {"password_changed": AFTER, "is_enabled": True}}
        seen = [saw("wait", GLOBAL_ADMINISTRATOR, **case) for case in (new, old, new)]
        own = [step for act in ("ReplacePassword", "EnableAccount") for step in (intends(act), did(act))]
        assert judge(run(ABSENT, *own, saw("open", **new), GRANTS[0], *seen)) == []

    def test_words_name_what_was_done_and_since_when_the_role_was_held(self) -> None:
        (found,) = breaches(run(HELD, saw("wait", GLOBAL_ADMINISTRATOR, account={"password_changed": AFTER})))
        assert AFTER in found.what
        assert found.held_since == "run-1, line 1"
        assert found.account == ACCOUNT


@pytest.mark.parametrize("foreign", [None, 5, "held", [], {}, [None], [5], {"held": 5}, {"held": [5]}])
@pytest.mark.parametrize("name", ["account", "roles", "methods", "act", "user_id", "phase"])
def test_lines_of_any_shape_are_followed(name: str, foreign: Any) -> None:
    steps = [{**step, "detail": {**step["detail"], name: foreign}} for step in (HELD, intends("IssuePass"), GONE)]
    broken: list[Step] = [{}, {"time": 5}, {"verb": "saw", "detail": foreign}, {"verb": foreign}]
    assert isinstance(judge(run(*steps, *broken), broken), list)


def test_every_act_has_a_meaning() -> None:
    assert set(MEANINGS) == set(get_args(acts.GraphAct)) | set(get_args(acts.TerraformAct))
