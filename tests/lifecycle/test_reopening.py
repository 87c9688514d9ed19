"""A second window: whom it is opened for, what shows that it runs, and who closes it when."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from steward.acts import AssignRole, RequestRoleSchedule
from steward.config.model import Elevation, SignIn, Tenant
from steward.errors import ConfigError, ExitCode
from steward.facts import (
    Absent,
    Facts,
    MethodsState,
    PassState,
    ReopeningState,
    RoleHoldings,
    RoleTerm,
    Unreadable,
    WindowState,
)
from steward.lifecycle.actions import GraphCall, Wait
from steward.lifecycle.needs import reopen_needs
from steward.lifecycle.post_apply import PostApply, post_apply
from steward.lifecycle.reopening import Reopening, find_reopened, require_reopenable
from steward.lifecycle.runner import StepOutcome
from steward.lifecycle.second_window import reopen
from steward.lifecycle.step import Step
from steward.lifecycle.steps import CLOSE_REOPENED, GUARD, HOLD, PREFLIGHT, PREFLIGHT_REOPEN, REOPEN
from steward.lifecycle.term import Standing, judge_term
from steward.wellknown.roles import GLOBAL_ADMINISTRATOR
from tests.lifecycle import situation as s

NOW = datetime(2026, 11, 23, 13, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
TENANT = s.ALLOWED_TENANT.model_copy(
    update={"account": s.ALLOWED_TENANT.account.model_copy(update={"sealed_on": date(2026, 11, 20)})}
)
SETTLED = replace(
    s.ACCOUNT, is_enabled=True, password_changed=s.CREATED + 5 * MINUTE, sessions_from=s.CREATED + 5 * MINUTE
)
METHODS = MethodsState(frozenset({"#microsoft.graph.microsoftAuthenticatorAuthenticationMethod"}), ())
WITH_PASS = replace(METHODS, passes=(PassState("pass-1", is_usable=True, ends=NOW + MINUTE),))
ASKED = ReopeningState("ticket 4711", 30, begins=NOW - MINUTE, ends=NOW + 29 * MINUTE)
TERM = RoleTerm(GLOBAL_ADMINISTRATOR, NOW - MINUTE, NOW + 29 * MINUTE)
STANDING = replace(TERM, ends=None)
HELD = RoleHoldings(held=(s.GLOBAL_ADMIN,))
CALLER = replace(s.CALLER, permissions=frozenset(need.permission for need in reopen_needs(TENANT)))
UNREADABLE = Unreadable("it", "503")
SCHEDULED = WindowState(NOW - MINUTE, NOW + 29 * MINUTE, is_in_force=False, status="Provisioned")


def facts(**known: Any) -> Facts:
    """Return a sealed tenant with a settled account, in which a window was asked for, with `known` instead."""
    found = replace(
        s.SEALED,
        caller=CALLER,
        account=SETTLED,
        methods=METHODS,
        now=NOW,
        role_terms=(),
        window=Absent("a role schedule of the account"),
        reopening=ASKED,
        reopened=Absent("a second window"),
        operators_word=False,
        first_sign_in=Absent("an awaited sign-in"),
    )
    return replace(found, **known)


def intend(step: Step, found: Facts) -> list[str]:
    return s.in_short(s.intend(step, found, TENANT))


@pytest.mark.parametrize(
    ("account", "minutes", "reason", "words"),
    [
        ({}, 61, "x", "outside"),
        ({}, 5, "x", "outside"),
        ({}, 30, " ", "reason"),
        ({}, 30, "one\ntwo", "reason"),
        ({}, 30, "x" * 501, "reason"),
        ({"sealed_on": None}, 30, "x", "not sealed"),
        ({"sign_in": SignIn.BLOCKED}, 30, "x", "nobody"),
    ],
)
def test_what_no_window_is_opened_for(account: dict[str, Any], minutes: int, reason: str, words: str) -> None:
    tenant = TENANT.model_copy(update={"account": TENANT.account.model_copy(update=account)})
    with pytest.raises(ConfigError) as refused:
        require_reopenable(tenant, reason=reason, minutes=minutes)
    assert words in str(refused.value)


@pytest.mark.parametrize(("minutes", "words"), [(5, "6 or more"), (61, "fewer")])
def test_minutes_that_do_not_do_are_answered_with_what_would(minutes: int, words: str) -> None:
    with pytest.raises(ConfigError) as refused:
        require_reopenable(TENANT, reason="x", minutes=minutes)
    assert words in refused.value.next_move


@pytest.mark.parametrize("hears_enter", [True, False])
def test_enter_is_asked_for_only_where_somebody_could_press_it(hears_enter: bool) -> None:
    found = facts(roles=HELD, reopening=replace(ASKED, hears_enter=hears_enter))
    (wait,) = [action for action in s.intend(HOLD, found, TENANT) if isinstance(action, Wait)]
    assert ("Enter" in wait.reason) is hears_enter
    assert "13:29 UTC" in wait.reason


@pytest.mark.parametrize("minutes", [6, 60])
def test_window_may_last_as_long_as_the_file_says(minutes: int) -> None:
    require_reopenable(TENANT, reason="ticket 4711", minutes=minutes)


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ({}, []),
        ({"role_terms": Absent("role schedules")}, []),
        ({"account": replace(SETTLED, is_enabled=False)}, [f"blocked {SETTLED.login}"]),
        ({"methods": WITH_PASS}, [f"blocked {SETTLED.login}"]),
        ({"methods": UNREADABLE}, ["blocked it"]),
        ({"roles": HELD}, [f"blocked {SETTLED.login}"]),
        ({"roles": RoleHoldings(unreadable=(UNREADABLE,))}, ["blocked it"]),
        ({"role_terms": UNREADABLE}, ["blocked it"]),
        ({"other_administrators": ()}, ["blocked another Global Administrator"]),
        ({"account": Absent("the account")}, [f"blocked {SETTLED.login}"]),
        ({"account": replace(SETTLED, stamp=None)}, [f"blocked {SETTLED.login}"]),
    ],
)
def test_preflight(known: dict[str, Any], expected: list[str]) -> None:
    found = [words for words in intend(PREFLIGHT_REOPEN, facts(**known)) if words.startswith("blocked")]
    assert found == expected


@pytest.mark.parametrize("lacking", [need.permission for need in reopen_needs(TENANT)])
def test_preflight_names_a_permission_that_is_missing(lacking: str) -> None:
    caller = replace(CALLER, object_id="another", permissions=CALLER.permissions - {lacking})
    assert f"blocked permission {lacking}" in intend(PREFLIGHT_REOPEN, facts(caller=caller))


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ({}, ["requested RequestRoleSchedule"]),
        ({"role_terms": Absent("role schedules")}, ["granted AssignRole"]),
        ({"window": SCHEDULED}, ["waits role schedule"]),
        ({"window": replace(SCHEDULED, status="Denied")}, ["blocked role schedule"]),
        ({"window": replace(SCHEDULED, status="removed")}, ["requested RequestRoleSchedule"]),
        ({"roles": HELD}, [f"already {SETTLED.login}"]),
        ({"methods": WITH_PASS}, [f"blocked {SETTLED.login}"]),
        ({"account": replace(SETTLED, is_enabled=False)}, [f"blocked {SETTLED.login}"]),
        ({"now": ASKED.ends}, ["blocked second window"]),
        ({"role_terms": UNREADABLE}, ["blocked it"]),
        ({"window": UNREADABLE}, ["blocked it"]),
        ({"reopening": Absent("a second window to open")}, ["blocked a second window to open"]),
    ],
)
def test_grant(known: dict[str, Any], expected: list[str]) -> None:
    assert intend(REOPEN, facts(**known)) == expected


def test_grant_carries_the_reason_and_its_bound() -> None:
    (scheduled,) = s.intend(REOPEN, facts(), TENANT)
    (assigned,) = s.intend(REOPEN, facts(role_terms=Absent("role schedules")), TENANT)
    assert isinstance(scheduled, GraphCall)
    assert isinstance(assigned, GraphCall)
    assert scheduled.act == RequestRoleSchedule(s.ACCOUNT_ID, GLOBAL_ADMINISTRATOR, 30, "ticket 4711")
    assert assigned.act == AssignRole(s.ACCOUNT_ID, GLOBAL_ADMINISTRATOR, "2026-11-23T13:29:00+00:00", "ticket 4711")


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ({"roles": HELD}, ["waits second window"]),
        ({"roles": HELD, "now": ASKED.ends}, ["already second window"]),
        ({"roles": HELD, "operators_word": True}, ["already second window"]),
        ({}, ["blocked second window"]),
        ({"roles": HELD, "account": replace(SETTLED, is_enabled=False)}, ["blocked second window"]),
        ({"roles": RoleHoldings(unreadable=(UNREADABLE,))}, ["blocked it"]),
        ({"roles": replace(HELD, unreadable=(UNREADABLE,))}, ["waits second window"]),
        ({"account": Absent("the account")}, [f"blocked {SETTLED.login}"]),
        ({"account": UNREADABLE, "now": ASKED.ends}, ["already second window"]),
    ],
)
def test_hold(known: dict[str, Any], expected: list[str]) -> None:
    assert intend(HOLD, facts(**known)) == expected


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ({"roles": HELD}, ["removed RemoveRoleAssignment"]),
        ({}, ["ended EndSessions"]),
        ({"account": replace(SETTLED, sessions_from=NOW)}, [f"already {SETTLED.login}"]),
        ({"roles": RoleHoldings(unreadable=(UNREADABLE,))}, ["blocked it"]),
        ({"roles": RoleHoldings(unseen=("assignment-1",))}, ["removed RemoveRoleAssignment"]),
        ({"roles": HELD, "methods": WITH_PASS}, ["removed RemoveRoleAssignment", "disabled DisableAccount"]),
        (
            {"caller": replace(CALLER, permissions=CALLER.permissions - {"User.RevokeSessions.All"})},
            [f"blocked sessions of {SETTLED.login}"],
        ),
    ],
)
def test_close(known: dict[str, Any], expected: list[str]) -> None:
    found = facts(**{"reopening": replace(ASKED, closes=NOW), **known})
    words = intend(CLOSE_REOPENED, found)
    assert [each for each in words if not each.startswith("found permission")] == expected


@pytest.mark.parametrize(
    ("account", "methods", "terms", "tenant", "is_one"),
    [
        (SETTLED, METHODS, (TERM,), TENANT, True),
        (SETTLED, METHODS, (STANDING,), TENANT, False),
        (SETTLED, METHODS, (TERM, STANDING), TENANT, False),
        (SETTLED, METHODS, (replace(TERM, ends=NOW + 24 * 60 * MINUTE),), TENANT, False),
        (SETTLED, METHODS, (), TENANT, False),
        (SETTLED, METHODS, Absent("role schedules"), TENANT, False),
        (SETTLED, METHODS, UNREADABLE, TENANT, False),
        (SETTLED, WITH_PASS, (TERM,), TENANT, False),
        (SETTLED, UNREADABLE, (TERM,), TENANT, False),
        (replace(SETTLED, is_enabled=False), METHODS, (TERM,), TENANT, False),
        (SETTLED, METHODS, (TERM,), s.ALLOWED_TENANT, False),
    ],
)
def test_what_shows_a_second_window(account: Any, methods: Any, terms: Any, tenant: Tenant, is_one: bool) -> None:
    assert isinstance(find_reopened(account, methods, terms, tenant), RoleTerm) is is_one


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        ((TERM,), Standing.RUNNING),
        ((replace(TERM, ends=NOW),), Standing.OVER),
        ((STANDING,), Standing.OVER),
        ((), Standing.OVER),
    ],
)
@pytest.mark.parametrize("elevation", list(Elevation))
def test_guard_lets_a_bounded_schedule_stand_and_nothing_else(
    terms: tuple[RoleTerm, ...], expected: Standing, elevation: Elevation
) -> None:
    tenant = TENANT.model_copy(update={"elevation": elevation})
    reopened = find_reopened(SETTLED, METHODS, terms, tenant)
    # Even an entry of the audit log, which bounds a first window, bounds nothing on a sealed tenant.
    found = facts(roles=HELD, role_terms=terms, reopened=reopened, role_grants={GLOBAL_ADMINISTRATOR: NOW - MINUTE})
    assert "reopened" in GUARD.reads
    assert judge_term(s.GLOBAL_ADMIN, found, tenant).standing is expected


def run_post_apply(found: Facts) -> list[str]:
    seen: list[str] = []

    async def run(step: Step) -> StepOutcome:
        seen.append(step.name)
        if step is not PREFLIGHT:
            return StepOutcome(step.name)
        is_blocked = any(words.startswith("blocked second window") for words in intend(PREFLIGHT, found))
        return StepOutcome(step.name, ExitCode.FINDINGS, is_blocked=is_blocked, facts=found)

    asyncio.run(post_apply(run))
    return seen


OTHER = RoleHoldings(held=(s.GLOBAL_ADMIN, replace(s.GLOBAL_ADMIN, path="through group sg-ops", assignment_id=None)))
CLOSED = ["preflight", "close", "prove"]


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ({"reopened": TERM}, ["preflight"]),
        ({"reopened": TERM, "roles": RoleHoldings()}, ["preflight"]),
        ({"reopened": TERM, "roles": OTHER}, CLOSED),
        ({"reopened": replace(TERM, ends=NOW)}, CLOSED),
        ({"reopened": Absent("a second window")}, CLOSED),
        ({"reopened": UNREADABLE}, CLOSED),
    ],
)
def test_post_apply_leaves_a_second_window_to_its_end_and_closes_whatever_else_is_held(
    known: dict[str, Any], expected: list[str]
) -> None:
    assert run_post_apply(facts(**{"roles": HELD, **known}))[:3] == expected


class Steps:
    """Confirms every step but those that are `blocked`; one in `acts` does something besides."""

    def __init__(self, *blocked: str, roles: Any = None, acts: dict[str, Callable[[], object]] | None = None):
        self.seen: list[str] = []
        self._blocked, self._roles, self._acts = blocked, roles or RoleHoldings(), acts or {}

    async def run(self, step: Step) -> StepOutcome:
        self.seen.append(step.name)
        self._acts.get(step.name, lambda: None)()
        await asyncio.sleep(0)
        is_blocked = step.name in self._blocked
        code = ExitCode.FINDINGS if is_blocked else ExitCode.WELL
        return StepOutcome(step.name, code, is_blocked=is_blocked, facts=Facts(roles=self._roles))


def clock() -> datetime:
    return NOW


def run(steps: Steps) -> PostApply:
    return asyncio.run(reopen(steps.run, Reopening("x", 30, clock=clock, tenants_clock=clock)))


OPENED = ["preflight", "prove", "reopen", "hold"]


@pytest.mark.parametrize(
    ("blocked", "roles", "expected"),
    [
        ((), RoleHoldings(), [*OPENED, "close", "shut"]),
        (("preflight",), RoleHoldings(), ["preflight"]),
        (("preflight",), HELD, ["preflight", "close", "shut"]),
        (("preflight",), UNREADABLE, ["preflight", "close", "shut"]),
        (("prove",), RoleHoldings(), ["preflight", "prove"]),
        (("reopen",), RoleHoldings(), ["preflight", "prove", "reopen", "close", "shut"]),
        (("hold",), RoleHoldings(), [*OPENED, "close", "shut"]),
        (("close",), HELD, [*OPENED, "close", "close", "shut"]),
    ],
)
def test_order(blocked: tuple[str, ...], roles: Any, expected: list[str]) -> None:
    steps = Steps(*blocked, roles=roles)
    assert (run(steps).exit_code is ExitCode.WELL) is not bool(blocked)
    assert steps.seen == expected


@pytest.mark.parametrize("step", ["reopen", "hold"])
@pytest.mark.parametrize("fault", [RuntimeError, asyncio.CancelledError])
def test_whatever_breaks_it_closes_first(step: str, fault: type[BaseException]) -> None:
    def fail() -> None:
        raise fault

    steps = Steps(acts={step: fail})
    with pytest.raises(fault):
        run(steps)
    assert steps.seen[-3:] == [step, "close", "shut"]


def test_defect_in_closing_falls_back_to_closing_whatever_the_account_is() -> None:
    failures = iter([True])

    def fail_once() -> None:
        if next(failures, False):
            raise RuntimeError

    steps = Steps(acts={"close": fail_once})
    with pytest.raises(RuntimeError):
        run(steps)
    assert steps.seen == [*OPENED, "close", "close", "shut"]


def test_end_is_fixed_when_it_opens() -> None:
    moments = iter([NOW, NOW + 10 * MINUTE])
    reopening = Reopening("x", 30, clock=lambda: next(moments), tenants_clock=clock)
    reopening.open()
    assert reopening.state.ends == NOW + 30 * MINUTE
    reopening.close()
    assert reopening.state.ends == NOW + 30 * MINUTE
