"""A second window on a tenant that is sealed: what was asked for, and what of it the tenant itself shows.

What the tenant shows is a role schedule with an end, on an account that is settled. An assignment without an end looks
like anybody's, so that nothing but the run that made it lets it stand.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from steward.config.model import SignIn, Tenant
from steward.errors import ConfigError
from steward.facts import (
    Absent,
    Facts,
    MethodsState,
    Reading,
    ReopeningState,
    RoleHoldings,
    RoleTerm,
    Unreadable,
    UserState,
)
from steward.lifecycle.privilege import is_own, privileged
from steward.lifecycle.sign_in import is_settled
from steward.wellknown.roles import GLOBAL_ADMINISTRATOR
from steward.wellknown.schedules import PROVISIONING, SHORTEST_MINUTES

# Privileged Identity Management keeps 500 characters of a justification.
_LONGEST_REASON = 500


class Reopening:
    """The window that a run was asked for, and how far it has come with it.

    `clock` is the tenant's or this machine's, whichever is ahead; `tenants_clock` is what the tenant stamps things by.
    """

    def __init__(
        self,
        reason: str,
        minutes: int,
        *,
        clock: Callable[[], datetime],
        tenants_clock: Callable[[], datetime],
        hears_enter: bool = False,
    ) -> None:
        self.state = ReopeningState(reason, minutes, hears_enter=hears_enter)
        self._clock = clock
        self._tenants_clock = tenants_clock

    def open(self) -> None:
        """Let the window begin now; its end is fixed by that."""
        begins = self._clock()
        self.state = replace(self.state, begins=begins, ends=begins + timedelta(minutes=self.state.minutes))

    def close(self) -> None:
        """Let the closing begin now; sessions that began before it are ended."""
        self.state = replace(self.state, closes=self._tenants_clock())


def require_reopenable(tenant: Tenant, *, reason: str, minutes: int) -> None:
    """Raise `ConfigError` unless the tenant file and the options allow a second window."""
    account = tenant.account
    if account.sealed_on is None:
        raise ConfigError(
            f"{tenant.name} is not sealed",
            why=f"{tenant.file} has no account.sealed_on, and before sealing post_apply opens the window itself",
            next_move="where it is sealed, put in the line that post_apply printed; else run "
            f"scripts/post_apply.py {tenant.pasted}",
        )
    if account.sign_in is SignIn.BLOCKED:
        raise ConfigError(
            f"a window of {tenant.name} would serve nobody",
            why=f"{tenant.file} blocks sign-in, so that nobody could use the role; consent through Graph needs none",
            next_move="for a person set sign_in: allowed and a sink, run post_apply until the account is settled, then "
            f"reopen; for more consent run scripts/post_apply.py {tenant.pasted}",
        )
    if not SHORTEST_MINUTES <= minutes <= tenant.window_minutes:
        raise ConfigError(
            f"--minutes {minutes} is outside what {tenant.file} allows",
            why=f"a window lasts at least {SHORTEST_MINUTES} minutes, since Entra ID takes no scheduled role back "
            f"before, and at most window_minutes, which is {tenant.window_minutes}",
            next_move=f"name {SHORTEST_MINUTES} or more"
            if minutes < SHORTEST_MINUTES
            else "name fewer minutes, or have window_minutes reviewed in the tenant file",
        )
    if not reason.strip() or len(reason) > _LONGEST_REASON or not reason.isprintable():
        raise ConfigError(
            "--reason does not say why",
            why="it stands in the evidence, and with Entra ID P2 in the audit log: one line of 1 to "
            f"{_LONGEST_REASON} characters",
            next_move='name it, such as --reason "ticket 4711: reconnect the dashboard"',
        )


def is_as_long_as_declared(term: RoleTerm, tenant: Tenant) -> bool:
    """Return whether a schedule has an end, and lasts no longer than the tenant file's window."""
    declared = timedelta(minutes=max(tenant.window_minutes, SHORTEST_MINUTES)) + PROVISIONING
    return term.begins is not None and term.ends is not None and term.ends - term.begins <= declared


def may_be_reopened(tenant: Tenant) -> bool:
    """Return whether the tenant file allows a second window at all."""
    return tenant.account.sealed_on is not None and tenant.account.sign_in is SignIn.ALLOWED


def find_reopened(
    account: UserState, methods: Reading[MethodsState], terms: Reading[tuple[RoleTerm, ...]], tenant: Tenant
) -> Reading[RoleTerm]:
    """Return the schedule that a second window stands on: bounded as the file says, of a settled account."""
    if not may_be_reopened(tenant):
        return Absent("a second window")
    for reading in (methods, terms):
        if isinstance(reading, Unreadable):
            return reading
    held = [term for term in terms if term.role_template_id == GLOBAL_ADMINISTRATOR] if isinstance(terms, tuple) else []
    settled = isinstance(methods, MethodsState) and is_settled(account, methods)
    # Entra ID keeps one schedule of a role for a principal; a second one beside it is nothing that we asked for.
    if len(held) != 1 or not settled or not is_as_long_as_declared(held[0], tenant):
        return Absent("a second window")
    return held[0]


def stands(facts: Facts) -> bool:
    """Return whether a second window runs, and nothing else privileged is held beside what it gives."""
    reopened, now, roles = facts.reopened, facts.now, facts.roles
    if not isinstance(reopened, RoleTerm) or not isinstance(now, datetime) or reopened.ends is None:
        return False
    held = privileged(roles) if isinstance(roles, RoleHoldings) else ()
    return now < reopened.ends and all(
        holding.role_template_id == GLOBAL_ADMINISTRATOR and is_own(holding) for holding in held
    )
