"""Where a person is to sign in: a password nobody keeps, then a one-time pass to the sink, then the account enabled.

All of it happens without any role, after sealing or before the window. Whoever signs in first with only a password
would register the second factor, so there is no password to sign in with, and nothing that the account may do.
"""

from collections.abc import Iterator

from steward.config.model import SignIn, Tenant
from steward.facts import Absent, Facts, RoleHoldings, Unreadable, UserState
from steward.lifecycle.actions import Action, Already, Blocked, not_there
from steward.lifecycle.ownership import require_own_account
from steward.lifecycle.privilege import describe, privileged
from steward.lifecycle.sign_in import describe_factors, let_in
from steward.lifecycle.step import Step
from steward.lifecycle.window import find_open_window, is_sealed


def decide(facts: Facts, tenant: Tenant) -> Iterator[Action]:
    """Open the account for enrolment, unless it is blocked by the tenant file or has a second factor already."""
    if tenant.account.sign_in is SignIn.BLOCKED:
        yield Already("sign-in", "blocked by the tenant file")
        return
    account = require_own_account(facts.account, tenant)
    if not isinstance(account, UserState):
        yield account
        return
    methods, roles, policy = facts.methods, facts.roles, facts.pass_policy
    if (
        isinstance(methods, Absent | Unreadable)
        or isinstance(roles, Absent | Unreadable)
        or isinstance(policy, Absent | Unreadable)
    ):
        yield from not_there(methods, roles, policy)
        return
    if privileged(roles):
        yield judge_held(facts, account, roles)
    elif not is_sealed(facts) and not tenant.opens_window:
        yield Blocked("latch", "it is not sealed", "seal first")
    elif methods.second_factors:
        yield Already("second factor", describe_factors(methods))
    else:
        yield from let_in(account, methods, policy, tenant)


def judge_held(facts: Facts, account: UserState, roles: RoleHoldings) -> Action:
    """Return what a role that is held means for credentials: a window that is open, or a refusal."""
    window = find_open_window(facts)
    if window is not None and account.is_enabled:
        return Already(account.login, f"the window is open until {window.ends:%Y-%m-%d %H:%M} UTC")
    held = ", ".join(describe(holding) for holding in privileged(roles))
    return Blocked(account.login, f"credentials do not change hands while it holds {held}", "close first")


OPEN = Step(
    name="open",
    reads=("account", "methods", "pass_policy", "roles", "stack", "window", "now"),
    decide=decide,
    needs_no_role=True,
)
