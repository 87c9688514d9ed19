"""The guard's look at a tenant: a window past its end and a privilege outside any are ended, or told where it may not.

It leaves a window that runs alone, tells of an enabled account that is not settled, and says so when it cannot tell.
"""

from collections.abc import Iterator, Sequence

from steward.config.model import SignIn, Tenant
from steward.errors import ExitCode
from steward.facts import NOT_ASKED, Absent, Caller, Facts, RoleHolding, RoleHoldings, Unreadable, UserState
from steward.lifecycle.actions import Action, Already, Blocked, Found, could_not_tell, not_there
from steward.lifecycle.needs import READ_LOG
from steward.lifecycle.ownership import (
    check_login,
    check_other_accounts,
    deleted_or_unknown,
    find_stray,
    require_own_account,
)
from steward.lifecycle.privilege import describe, privileged
from steward.lifecycle.rights import may_take_roles, within_rights
from steward.lifecycle.sign_in import is_settled
from steward.lifecycle.step import Step
from steward.lifecycle.steps.close import CLOSE
from steward.lifecycle.term import Standing, Term, judge_term


def decide(facts: Facts, tenant: Tenant) -> Iterator[Action]:
    """Close what may not stand if the token lets the guard, else tell; judge the rest."""
    account = require_own_account(facts.account, tenant)
    if isinstance(account, Already):
        yield from deleted_or_unknown(facts, tenant)
        return
    if isinstance(account, Blocked):
        yield from _tell_of_stray(facts, tenant)
        if find_stray(facts.account) is None:
            yield from check_other_accounts(facts)
        yield account
        return
    roles = facts.roles
    if isinstance(roles, Absent | Unreadable):
        yield from not_there(roles)
        yield from _check_open(facts, tenant, account)
        return
    judged = [(holding, judge_term(holding, facts, tenant)) for holding in privileged(roles)]
    if may_take_roles(facts.caller) and any(term.standing is Standing.OVER for _, term in judged):
        yield from within_rights(CLOSE.decide(facts, tenant), facts)
        return
    yield from _tell(account, judged, facts, tenant)
    yield from (could_not_tell(unreadable.what, unreadable.why) for unreadable in roles.unreadable)
    if not judged and not roles.unreadable:
        yield Already(account.login, "no privileged role by any path")
    yield from check_other_accounts(facts)
    yield from check_login(account, tenant)
    yield from _check_open(facts, tenant, account)


def _tell_of_stray(facts: Facts, tenant: Tenant) -> Iterator[Action]:
    """Tell what a stamped account holds that may be another tenant file's, and then has a window of its own."""
    stray = find_stray(facts.account)
    for holding in privileged(facts.roles) if stray and isinstance(facts.roles, RoleHoldings) else ():
        yield Blocked(
            stray.login if stray else "",
            f"it holds {describe(holding)}, and no window of this tenant file gives it",
            "unless it is another tenant file's in its window, close it at once: "
            f"python scripts/close.py {tenant.pasted}",
        )


def _tell(
    account: UserState, judged: Sequence[tuple[RoleHolding, Term]], facts: Facts, tenant: Tenant
) -> Iterator[Action]:
    for holding, term in judged:
        held = f"it holds {describe(holding)}"
        match term.standing:
            case Standing.RUNNING:
                yield Already(account.login, f"{held}; {term.why}")
            case Standing.OVER:
                yield Blocked(account.login, f"{held}; {term.why}", f"at once: python scripts/close.py {tenant.pasted}")
            case Standing.UNKNOWN:
                yield Blocked(
                    account.login,
                    f"could not tell whether a window runs: {held}; {term.why}",
                    f"look again{_what_would_tell(facts, tenant)}, or take it away at once: "
                    f"python scripts/close.py {tenant.pasted}",
                    ExitCode.COULD_NOT_TELL,
                )


def _what_would_tell(facts: Facts, tenant: Tenant) -> str:
    """Return what the guard could be given to tell by, besides time."""
    ways = []
    if tenant.grants_by_latch and facts.stack == NOT_ASKED:
        ways.append("--stacks <folder of the initialised stacks>, to read the latch")
    if isinstance(facts.caller, Caller) and not READ_LOG.is_met_by(facts.caller.permissions):
        ways.append(f"{READ_LOG.permission} for this identity, to read the audit log")
    return f" with {', or '.join(ways)}" if ways else ""


def _check_open(facts: Facts, tenant: Tenant, account: UserState) -> Iterator[Action]:
    """Judge whether the account may be enabled; while somebody enrols it is not settled, and told as such."""
    methods = facts.methods
    close_it = f"python scripts/close.py {tenant.pasted}"
    next_move = f"settle it with python scripts/post_apply.py {tenant.pasted} or close it with {close_it}"
    if not account.is_enabled:
        yield Already("sign-in", "blocked")
    elif tenant.account.sign_in is SignIn.BLOCKED:
        yield Found(account.login, "it is enabled, and the tenant file blocks sign-in", next_move)
    elif isinstance(methods, Absent | Unreadable):
        yield from not_there(methods)
    elif is_settled(account, methods):
        yield Already("sign-in", "allowed, behind a second factor")
    else:
        usable = methods.usable_pass
        until = f"; its pass is valid until {usable.ends:%Y-%m-%d %H:%M} UTC" if usable else ""
        yield Found(account.login, f"it is enabled, but not settled{until}", next_move)


GUARD = Step(
    name="guard",
    reads=(
        *dict.fromkeys((*CLOSE.reads, "caller", "methods", "now", "stack")),
        "role_terms",
        "reopened",
        "role_grants",
        "role_first_seen",
        "role_last_absent",
    ),
    decide=decide,
    looks_again=True,
)
