"""The proof at the end: no privilege by any path, grants equal to the declared set, MFA still demanded."""

from collections.abc import Iterator

from steward.config.model import SignIn, Tenant
from steward.facts import Absent, Facts, GrantsState, Unreadable, UserState
from steward.lifecycle.actions import Action, Already, Blocked, Found, could_not_tell, not_there
from steward.lifecycle.declared import delegated_wishes, missing_roles, surplus
from steward.lifecycle.mfa import check_mfa
from steward.lifecycle.ownership import check_other_accounts, deleted_or_unknown, require_own_account
from steward.lifecycle.privilege import describe, privileged
from steward.lifecycle.sign_in import is_settled
from steward.lifecycle.step import Step


def decide(facts: Facts, tenant: Tenant) -> Iterator[Action]:
    """Read everything once more and say what is not as it must be; nothing is done here."""
    account = require_own_account(facts.account, tenant)
    if isinstance(account, Already):
        yield from deleted_or_unknown(facts, tenant)
        return
    if isinstance(account, Blocked):
        yield account
        return
    yield from _check_sign_in(facts, tenant, account)
    yield from _check_roles(facts, account)
    yield from _check_owned(facts, account)
    yield from _check_reachable(facts, account)
    yield from check_other_accounts(facts)
    yield from _check_grants(facts, tenant, account)
    yield from check_mfa(facts, tenant)


def _check_sign_in(facts: Facts, tenant: Tenant, account: UserState) -> Iterator[Action]:
    methods = facts.methods
    if not account.is_enabled:
        yield Already("sign-in", "blocked")
    elif tenant.account.sign_in is SignIn.BLOCKED:
        yield Blocked(account.login, "it is enabled, and the tenant file blocks sign-in", "run the script again")
    elif isinstance(methods, Absent | Unreadable):
        yield from not_there(methods)
    elif is_settled(account, methods):
        yield Already("sign-in", "allowed, behind a second factor")
    else:
        yield Blocked(account.login, "it is enabled, but not settled", "run the script again")


def _check_roles(facts: Facts, account: UserState) -> Iterator[Action]:
    roles = facts.roles
    if isinstance(roles, Absent | Unreadable):
        yield from not_there(roles)
        return
    yield from (could_not_tell(unreadable.what, unreadable.why) for unreadable in roles.unreadable)
    held = privileged(roles)
    for holding in held:
        yield Blocked(account.login, f"it holds {describe(holding)}", "run the script with --only close at once")
    if not held and not roles.unreadable:
        yield Already(account.login, "no privileged role by any path")


def _check_owned(facts: Facts, account: UserState) -> Iterator[Action]:
    owned = facts.owned
    if isinstance(owned, Absent | Unreadable):
        yield from not_there(owned)
        return
    yield from (could_not_tell(unreadable.what, unreadable.why) for unreadable in owned.unreadable)
    for holding in privileged(owned):
        yield Blocked(
            account.login, f"it could make {describe(holding)} its own", "take the account out of the owners there"
        )
    if not privileged(owned) and not owned.unreadable:
        yield Already("owned objects", "no group or application that leads to a privileged role")


def _check_reachable(facts: Facts, account: UserState) -> Iterator[Action]:
    reachable, subject = facts.reachable, "Privileged Identity Management for Groups"
    if isinstance(reachable, Absent):
        yield Already(subject, "the tenant has no licence for it")
        return
    if isinstance(reachable, Unreadable):
        yield could_not_tell(reachable.what, reachable.why)
        return
    yield from (could_not_tell(unreadable.what, unreadable.why) for unreadable in reachable.unreadable)
    for holding in privileged(reachable):
        yield Blocked(
            account.login,
            f"it could come to hold {describe(holding)}",
            "take it out of that group's assignments (Entra admin center, Privileged Identity Management, Groups)",
        )
    if not privileged(reachable) and not reachable.unreadable:
        yield Already(subject, "no membership or ownership that leads to a privileged role")


def _check_grants(facts: Facts, tenant: Tenant, account: UserState) -> Iterator[Action]:
    grants = facts.grants
    if not isinstance(grants, GrantsState):
        yield from not_there(grants)
        return
    missing = [permission.value for permission in missing_roles(grants, tenant)]
    for wish in delegated_wishes(grants, tenant, account.object_id):
        missing += sorted(wish.missing)
    extra = list(surplus(grants, tenant, account.object_id))
    if missing:
        yield Blocked("grants", f"declared but not granted: {', '.join(missing)}", "run the script again")
    if extra:
        yield Found(
            "grants",
            f"granted but not declared: {', '.join(extra)}",
            "revoke it, or declare it in the tenant file",
        )
    if not missing and not extra:
        yield Already("grants", "equal to the declared set")


VERIFY = Step(
    name="verify",
    reads=(
        "account",
        "methods",
        "roles",
        "owned",
        "reachable",
        "twins",
        "stack",
        "grants",
        "policies",
        "break_glass",
        "what_if",
    ),
    decide=decide,
)
