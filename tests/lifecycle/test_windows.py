"""The steps of a window in which a person signs in with the role: what each intends, situation by situation."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from steward.acts import GrantRole, RequestRoleSchedule, TurnLatch
from steward.config.model import Elevation, FirstSignIn
from steward.errors import ExitCode
from steward.facts import (
    Absent,
    Facts,
    LatchState,
    MethodsState,
    PassPolicy,
    PassState,
    Reading,
    RoleHoldings,
    SignInState,
    StackState,
    Unreadable,
    WindowState,
)
from steward.lifecycle.actions import Already, Blocked, GraphCall, TerraformCall, Wait
from steward.lifecycle.step import Step
from steward.lifecycle.steps import ABANDON, ADMIT, ATTEND, ELEVATE, ENROL, OPEN, PREFLIGHT, SHUT
from steward.lifecycle.window import window_of
from steward.wellknown.roles import GLOBAL_ADMINISTRATOR
from steward.wellknown.schedules import REMOVED
from tests.lifecycle import situation as s

NOW = s.CREATED + timedelta(minutes=30)
LOGIN = s.TENANT.account.login
IN_WINDOW = s.ALLOWED_TENANT.model_copy(
    update={"elevation": Elevation.IN_WINDOW, "first_sign_in": FirstSignIn.DASHBOARD, "dashboard": ()}
)
SCHEDULED = IN_WINDOW.model_copy(update={"elevation": Elevation.SCHEDULED})
UNREADABLE = Unreadable("it", "503 from the service")
PREPARED = replace(s.SEALED_STACK, latch=LatchState("prepared", "2026-11-23T13:00:00Z"))
FACTOR = frozenset({"#microsoft.graph.microsoftAuthenticatorAuthenticationMethod"})
ISSUED = PassState("pass-1", is_usable=True, ends=NOW + timedelta(hours=1), is_delivered=True)
FOREIGN = replace(ISSUED, is_delivered=False)
USED = replace(ISSUED, is_usable=False)
CLOSED = replace(s.ACCOUNT, password_changed=s.CREATED + timedelta(minutes=5))
ENABLED = replace(CLOSED, is_enabled=True)
OPEN_WINDOW = WindowState(
    NOW - timedelta(minutes=10), NOW + timedelta(minutes=50), is_in_force=True, status="privileged"
)
OVER = WindowState(NOW - timedelta(minutes=61), NOW - timedelta(minutes=1), is_in_force=True, status="privileged")
ASKED = replace(OPEN_WINDOW, opened=NOW - timedelta(seconds=20), is_in_force=False, status="Granted")
HELD = RoleHoldings(held=(s.GLOBAL_ADMIN,))
SEEN = SignInState(NOW, "CiraSync")
SHUTTING = ["disabled DisableAccount", "deleted DeletePass"]

READY = replace(
    s.SEALED,
    stack=PREPARED,
    account=ENABLED,
    methods=MethodsState(FACTOR, (ISSUED,)),
    pass_policy=PassPolicy(True, 60, 480),
    roles=RoleHoldings(),
    now=NOW,
    window=Absent("a window"),
    first_sign_in=Absent("a sign-in"),
    operators_word=False,
)
RUNNING = replace(READY, stack=s.PRIVILEGED_STACK, roles=HELD, window=OPEN_WINDOW)


def _with(base: Facts, **changes: Any) -> Facts:
    return replace(base, **changes)


CASES: list[tuple[str, Step, Facts, list[str]]] = [
    (
        "open opens before the latch is sealed",
        OPEN,
        _with(READY, account=s.ACCOUNT, methods=MethodsState(frozenset(), ())),
        ["replaced ReplacePassword"],
    ),
    (
        "open enables once the sink has the pass",
        OPEN,
        _with(READY, account=CLOSED, methods=MethodsState(frozenset(), (ISSUED,))),
        ["enabled EnableAccount"],
    ),
    (
        "open makes a pass anew that may be in nobody's hands",
        OPEN,
        _with(READY, account=CLOSED, methods=MethodsState(frozenset(), (FOREIGN,))),
        ["deleted DeletePass"],
    ),
    ("open touches nothing while the window is open", OPEN, RUNNING, [f"already {LOGIN}"]),
    ("open refuses a role that is held outside a window", OPEN, _with(READY, roles=HELD), [f"blocked {LOGIN}"]),
    ("open refuses once the window is over", OPEN, _with(RUNNING, window=OVER), [f"blocked {LOGIN}"]),
    (
        "open refuses to enable an account that was disabled in the window",
        OPEN,
        _with(RUNNING, account=CLOSED),
        [f"blocked {LOGIN}"],
    ),
    (
        "enrol waits before the window",
        ENROL,
        _with(READY, methods=MethodsState(frozenset(), (FOREIGN,))),
        ["waits second factor"],
    ),
    (
        "admit goes on when the pass for the window is used before the role is there",
        ADMIT,
        _with(READY, methods=MethodsState(FACTOR, (replace(USED, is_for_window=True),))),
        [f"already {LOGIN}"],
    ),
    (
        "admit closes an account that was closed after its pass for the window was used",
        ADMIT,
        _with(READY, account=CLOSED, methods=MethodsState(FACTOR, (replace(USED, is_for_window=True),))),
        ["deleted DeletePass"],
    ),
    ("admit closes the account that enrolled", ADMIT, _with(READY, methods=MethodsState(FACTOR, (USED,))), SHUTTING),
    (
        "admit issues a pass of its own",
        ADMIT,
        _with(READY, account=CLOSED, methods=MethodsState(FACTOR, ())),
        ["issued IssuePass"],
    ),
    ("admit enables last", ADMIT, _with(READY, account=CLOSED), ["enabled EnableAccount"]),
    (
        "admit makes a pass anew that may be in nobody's hands",
        ADMIT,
        _with(READY, account=CLOSED, methods=MethodsState(FACTOR, (FOREIGN,))),
        ["deleted DeletePass"],
    ),
    (
        "admit goes on with an account that an earlier run opened",
        ADMIT,
        _with(READY, methods=MethodsState(FACTOR, (FOREIGN,))),
        [f"already {LOGIN}"],
    ),
    (
        "admit wants a second factor",
        ADMIT,
        _with(READY, methods=MethodsState(frozenset(), (ISSUED,))),
        ["blocked second factor"],
    ),
    (
        "admit touches nothing while the window is open",
        ADMIT,
        _with(RUNNING, methods=MethodsState(FACTOR, (USED,))),
        [f"already {LOGIN}"],
    ),
    ("admit refuses a role that is held outside a window", ADMIT, _with(READY, roles=HELD), [f"blocked {LOGIN}"]),
    ("admit opens nothing once sealed", ADMIT, _with(READY, stack=s.SEALED_STACK), ["already window"]),
    ("admit cannot tell without the roles", ADMIT, _with(READY, roles=UNREADABLE), ["blocked it"]),
    ("elevate turns the latch first", ELEVATE, READY, ["turned TurnLatch"]),
    ("elevate then has the role granted", ELEVATE, _with(RUNNING, roles=RoleHoldings()), ["granted GrantRole"]),
    ("elevate leaves an open window as it is", ELEVATE, RUNNING, [f"already {LOGIN}"]),
    (
        "elevate does not open a window twice",
        ELEVATE,
        _with(RUNNING, roles=RoleHoldings(), window=OVER),
        ["blocked window"],
    ),
    (
        "elevate refuses an account that nobody can sign in as",
        ELEVATE,
        _with(READY, methods=MethodsState(FACTOR, (USED,))),
        [f"blocked {LOGIN}"],
    ),
    ("elevate refuses a disabled account", ELEVATE, _with(READY, account=CLOSED), [f"blocked {LOGIN}"]),
    (
        "elevate refuses an account without a second factor",
        ELEVATE,
        _with(READY, methods=MethodsState(frozenset(), (ISSUED,))),
        [f"blocked {LOGIN}"],
    ),
    ("elevate cannot tell without the window", ELEVATE, _with(READY, window=UNREADABLE), ["blocked it"]),
    ("elevate grants nothing once sealed", ELEVATE, _with(READY, stack=s.SEALED_STACK), ["already role"]),
    ("attend waits while the window is open", ATTEND, RUNNING, ["waits first sign-in"]),
    (
        "attend waits although the log cannot be read",
        ATTEND,
        _with(RUNNING, first_sign_in=UNREADABLE),
        ["waits first sign-in"],
    ),
    ("attend sees the sign-in", ATTEND, _with(RUNNING, first_sign_in=SEEN), ["already first sign-in"]),
    ("attend takes the operator's word", ATTEND, _with(RUNNING, operators_word=True), ["already first sign-in"]),
    ("attend ends with the window", ATTEND, _with(RUNNING, window=OVER), ["blocked first sign-in"]),
    ("attend ends with the account", ATTEND, _with(RUNNING, account=CLOSED), ["blocked first sign-in"]),
    ("attend cannot tell without the window", ATTEND, _with(RUNNING, window=UNREADABLE), ["blocked it"]),
    ("attend waits for nobody once sealed", ATTEND, _with(READY, stack=s.SEALED_STACK), ["already first sign-in"]),
    ("shut closes an account that was open for the window", SHUT, READY, SHUTTING),
]


@pytest.mark.parametrize(("step", "facts", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_step_intends_in_a_window(step: Step, facts: Facts, expected: list[str]) -> None:
    assert s.in_short(s.intend(step, facts, IN_WINDOW)) == expected


@pytest.mark.parametrize("step", [ADMIT, ELEVATE, ATTEND])
def test_step_of_a_window_does_nothing_where_none_is_opened(step: Step) -> None:
    (action,) = s.intend(step, s.DEPLOYED)
    assert isinstance(action, Already)


@pytest.mark.parametrize("step", [OPEN, ADMIT, ELEVATE, ATTEND])
def test_step_of_a_window_that_is_given_nothing_cannot_tell(step: Step) -> None:
    actions = list(step.decide(Facts(), IN_WINDOW))
    assert ExitCode.COULD_NOT_TELL in {action.exit_code for action in actions if isinstance(action, Blocked)}


def test_latch_is_turned_to_privileged_and_the_grant_names_no_account() -> None:
    (turn,) = s.intend(ELEVATE, READY, IN_WINDOW)
    (grant,) = s.intend(ELEVATE, _with(RUNNING, roles=RoleHoldings()), IN_WINDOW)
    assert isinstance(turn, TerraformCall)
    assert isinstance(grant, TerraformCall)
    assert (turn.act, grant.act) == (TurnLatch("privileged"), GrantRole())


SCHEDULE_CASES: list[tuple[str, Reading[WindowState], RoleHoldings, list[str]]] = [
    ("elevate asks for a schedule", Absent("a schedule"), RoleHoldings(), ["requested RequestRoleSchedule"]),
    ("elevate waits until it is in force", ASKED, RoleHoldings(), ["waits role schedule"]),
    ("elevate believes no answer", replace(ASKED, status="Provisioned"), RoleHoldings(), ["waits role schedule"]),
    (
        "elevate believes no assignment without an end",
        replace(ASKED, status="Provisioned"),
        HELD,
        ["waits role schedule"],
    ),
    ("elevate sees it in force", OPEN_WINDOW, HELD, [f"already {LOGIN}"]),
    ("elevate says that it failed", replace(ASKED, status="Failed"), RoleHoldings(), ["blocked role schedule"]),
    (
        "elevate asks anew once it was taken back",
        replace(ASKED, status=REMOVED),
        RoleHoldings(),
        ["requested RequestRoleSchedule"],
    ),
    (
        "elevate asks anew once it has ended",
        replace(OVER, is_in_force=False, status="Provisioned"),
        RoleHoldings(),
        ["requested RequestRoleSchedule"],
    ),
    ("elevate refuses what is held without a schedule", Absent("a schedule"), HELD, [f"blocked {LOGIN}"]),
]


@pytest.mark.parametrize(
    ("window", "roles", "expected"), [case[1:] for case in SCHEDULE_CASES], ids=[case[0] for case in SCHEDULE_CASES]
)
def test_elevate_by_a_schedule(window: Reading[WindowState], roles: RoleHoldings, expected: list[str]) -> None:
    facts = _with(READY, window=window, roles=roles)
    assert s.in_short(s.intend(ELEVATE, facts, SCHEDULED)) == expected


def test_schedule_lasts_as_long_as_the_file_says() -> None:
    (action,) = s.intend(ELEVATE, READY, SCHEDULED)
    assert isinstance(action, GraphCall)
    assert isinstance(action.act, RequestRoleSchedule)
    wanted = (s.ACCOUNT_ID, GLOBAL_ADMINISTRATOR, SCHEDULED.window_minutes)
    assert (action.act.principal_id, action.act.role_template_id, action.act.minutes) == wanted


def test_wait_ends_with_the_window() -> None:
    (action,) = s.intend(ATTEND, RUNNING, IN_WINDOW)
    assert isinstance(action, Wait)
    assert action.until == OPEN_WINDOW.ends
    assert f"before {OPEN_WINDOW.opened:%H:%M:%S} UTC" in action.reason, (
        "who came earlier is told that it does not count"
    )
    assert f"before {OPEN_WINDOW.opened:%H:%M:%S} UTC" in action.reason, (
        "who came earlier is told that it does not count"
    )


def test_window_ends_when_the_latch_says() -> None:
    window = window_of(s.PRIVILEGED_STACK, IN_WINDOW)
    assert isinstance(window, WindowState)
    assert window.ends == datetime.fromisoformat("2026-11-23T13:00:00Z")
    assert window.opened == window.ends - timedelta(minutes=IN_WINDOW.window_minutes)


@pytest.mark.parametrize(
    ("stack", "kind"),
    [(PREPARED, Absent), (s.SEALED_STACK, Absent), (replace(PREPARED, latch=LatchState("privileged", "")), Unreadable)],
)
def test_latch_that_is_not_privileged_opens_no_window(stack: StackState, kind: type[object]) -> None:
    assert isinstance(window_of(stack, IN_WINDOW), kind)


def test_schedule_needs_a_licence_for_it() -> None:
    subjects = {action.subject for action in s.intend(PREFLIGHT, READY, SCHEDULED) if isinstance(action, Blocked)}
    assert "Microsoft Entra ID P2" in subjects
    subjects = {action.subject for action in s.intend(PREFLIGHT, READY, IN_WINDOW) if isinstance(action, Blocked)}
    assert "Microsoft Entra ID P2" not in subjects


def test_preflight_finds_nothing_in_an_account_that_is_open_for_its_window() -> None:
    texts = [getattr(action, "why", "") for action in s.intend(PREFLIGHT, RUNNING, IN_WINDOW)]
    assert not [text for text in texts if "enabled and holds a privileged role" in text]
    texts = [getattr(action, "why", "") for action in s.intend(PREFLIGHT, _with(RUNNING, window=OVER), IN_WINDOW)]
    assert [text for text in texts if "enabled and holds a privileged role" in text]


SEALED_FILE = IN_WINDOW.model_copy(
    update={"account": IN_WINDOW.account.model_copy(update={"sealed_on": date(2026, 11, 20)})}
)


@pytest.mark.parametrize("step", [OPEN, ADMIT, ELEVATE, ATTEND])
@pytest.mark.parametrize("stack", [PREPARED, s.PRIVILEGED_STACK])
def test_tenant_file_that_says_sealed_opens_no_window_though_an_older_state_would(
    step: Step, stack: StackState
) -> None:
    facts = _with(READY, account=CLOSED, methods=MethodsState(frozenset(), ()), stack=stack)
    assert not SEALED_FILE.opens_window
    intended = s.intend(step, facts, SEALED_FILE)
    assert not [action for action in intended if isinstance(action, GraphCall | TerraformCall | Wait)]


def test_privileged_latch_is_turned_back_although_the_tenant_file_says_sealed() -> None:
    (action,) = s.intend(ABANDON, _with(READY, stack=s.PRIVILEGED_STACK), SEALED_FILE)
    assert isinstance(action, TerraformCall)
    assert action.act == TurnLatch("prepared")
