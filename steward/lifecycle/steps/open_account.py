"""Where a person is to sign in: a password nobody keeps, then a one-time pass to the sink, then the account enabled.

All of it happens after sealing, without any role: whoever signs in first with only a password would register the second
factor, so there is no password to sign in with, and nothing that the account may do.
"""

from collections.abc import Iterator

from steward.acts import EnableAccount, IssuePass, ReplacePassword
from steward.config.model import SignIn, Tenant
from steward.facts import Absent, Facts, LatchState, MethodsState, StackState, Unreadable, UserState
from steward.lifecycle.actions import Action, Already, Blocked, GraphCall, not_there
from steward.lifecycle.ownership import require_own_account
from steward.lifecycle.privilege import describe, privileged
from steward.lifecycle.sign_in import has_own_password, shut
from steward.lifecycle.step import Step
from steward.wellknown.latch import SEALED


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
        held = ", ".join(describe(holding) for holding in privileged(roles))
        yield Blocked(account.login, f"credentials do not change hands while it holds {held}", "close first")
    elif not _is_sealed(facts):
        yield Blocked("latch", "it is not sealed", "seal first")
    elif methods.second_factors:
        yield Already("second factor", ", ".join(sorted(methods.second_factors)))
    else:
        minutes = min(max(tenant.window_minutes, policy.shortest), policy.longest)
        yield from _open(account, methods, minutes)


def _is_sealed(facts: Facts) -> bool:
    stack = facts.stack
    return isinstance(stack, StackState) and isinstance(stack.latch, LatchState) and stack.latch.phase == SEALED


def _open(account: UserState, methods: MethodsState, minutes: int) -> Iterator[Action]:
    user_id, login = account.object_id, account.login
    usable = methods.usable_pass
    if usable is not None and account.is_enabled and has_own_password(account):
        yield Already(login, f"open for enrolment until {usable.ends:%Y-%m-%d %H:%M} UTC")
    elif usable is not None and has_own_password(account):
        yield GraphCall("enabled", f"{login}, for enrolment", EnableAccount(user_id))
    elif account.is_enabled or methods.passes:
        yield from shut(account, [entry.pass_id for entry in methods.passes])
    elif not has_own_password(account):
        yield GraphCall("replaced", f"password of {login}", ReplacePassword(user_id))
    else:
        subject = f"one-time pass for {login}, to the sink, valid {minutes} minutes"
        yield GraphCall("issued", subject, IssuePass(user_id, login, minutes))


OPEN = Step(name="open", reads=("account", "methods", "pass_policy", "roles", "stack"), decide=decide)
