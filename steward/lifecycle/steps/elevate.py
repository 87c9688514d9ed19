"""The role, now, for a person who has enrolled a second factor and holds a pass; and with an end from the start.

`in_window` turns the latch to `privileged` and lets Terraform create the assignment, and nothing else; `scheduled` asks
for a role schedule, which Entra ID ends by itself. A window that is open stays as it is, with its end.
"""

from collections.abc import Iterator
from datetime import datetime

from steward.acts import GrantRole, RequestRoleSchedule, TurnLatch
from steward.config.model import Elevation, Tenant
from steward.facts import Absent, Facts, Unreadable, UserState, WindowState
from steward.lifecycle.actions import (
    Action,
    Already,
    Blocked,
    GraphCall,
    TerraformCall,
    Wait,
    could_not_tell,
    not_there,
)
from steward.lifecycle.ownership import require_own_account
from steward.lifecycle.privilege import privileged
from steward.lifecycle.sign_in import is_admitted
from steward.lifecycle.step import Step
from steward.lifecycle.steps.open_account import judge_held
from steward.lifecycle.window import find_open_window, is_sealed
from steward.wellknown.latch import PRIVILEGED
from steward.wellknown.roles import GLOBAL_ADMINISTRATOR
from steward.wellknown.schedules import PROVISIONING, REMOVED, UNDER_WAY

JUSTIFICATION = "First sign-in of the service account to its application; taken back when it is done"


def decide(facts: Facts, tenant: Tenant) -> Iterator[Action]:
    """Grant the role as the elevation says, once the account is ready for its person."""
    if not tenant.opens_window or is_sealed(facts):
        yield Already("role", "no window is opened")
        return
    account = require_own_account(facts.account, tenant)
    if not isinstance(account, UserState):
        yield account
        return
    methods, roles, now = facts.methods, facts.roles, facts.now
    if (
        isinstance(methods, Absent | Unreadable)
        or isinstance(roles, Absent | Unreadable)
        or isinstance(now, Absent | Unreadable)
    ):
        yield from not_there(methods, roles, now)
    elif isinstance(facts.window, Unreadable):
        yield could_not_tell(facts.window.what, facts.window.why)
    elif isinstance(facts.window, WindowState) and account.is_enabled and is_coming(facts.window, now):
        yield await_schedule(facts.window)
    elif privileged(roles):
        yield judge_held(facts, account, roles)
    elif not methods.second_factors or not is_admitted(account, methods):
        yield Blocked(
            account.login, "it is not open with a second factor and a pass that can be used", "run the script again"
        )
    elif tenant.elevation is Elevation.IN_WINDOW:
        yield _through_terraform(facts, tenant)
    else:
        yield ask_for_schedule(facts.window, now, account, minutes=tenant.window_minutes, justification=JUSTIFICATION)


def _through_terraform(facts: Facts, tenant: Tenant) -> Action:
    if isinstance(facts.window, Absent):
        return TerraformCall("turned", f"latch of {tenant.name} to {PRIVILEGED}", TurnLatch(PRIVILEGED))
    window = find_open_window(facts)
    if window is None:
        return Blocked("window", "its end has passed, and a window is not opened twice", "run the script again")
    subject = f"Global Administrator to {tenant.account.login} until {window.ends:%Y-%m-%d %H:%M} UTC"
    return TerraformCall("granted", subject, GrantRole())


def is_coming(window: WindowState, now: datetime) -> bool:
    """Return whether a role schedule was asked for so lately that it may still come into force."""
    return (
        not window.is_in_force and window.status in UNDER_WAY and now < min(window.ends, window.opened + PROVISIONING)
    )


def await_schedule(window: WindowState) -> Wait:
    """Return the wait for a role schedule that was asked for, no longer than one takes to come into force."""
    reason = f"Entra ID says {window.status}, and will end it at {window.ends:%Y-%m-%d %H:%M} UTC"
    return Wait("role schedule", reason, min(window.ends, window.opened + PROVISIONING))


def ask_for_schedule(
    window: WindowState | Absent, now: datetime, account: UserState, *, minutes: int, justification: str
) -> Action:
    """Return the request for a role schedule from now on; a refusal where one was refused just now."""
    is_recent = isinstance(window, WindowState) and now < window.opened + PROVISIONING
    if isinstance(window, WindowState) and is_recent and window.status not in UNDER_WAY | {REMOVED}:
        return Blocked(
            "role schedule",
            f"its request ended as {window.status}",
            "look at the request in Privileged Identity Management, then run again",
        )
    subject = f"Global Administrator for {account.login}, for {minutes} minutes"
    act = RequestRoleSchedule(account.object_id, GLOBAL_ADMINISTRATOR, minutes, justification)
    return GraphCall("requested", subject, act)


ELEVATE = Step(
    name="elevate",
    reads=("account", "methods", "roles", "stack", "window", "now"),
    decide=decide,
    looks_again=True,
    # A role that does not show yet is asked for a second time at worst, which Terraform and Entra ID take for done.
    is_glance=True,
)
