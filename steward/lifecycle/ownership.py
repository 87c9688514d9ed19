"""Which account is ours to touch: stamped, cloud-only, and there. Every step that acts on it asks here first."""

from collections.abc import Iterator

from steward.config.model import Tenant
from steward.facts import Absent, Facts, Reading, RoleHoldings, Unreadable, UserState
from steward.lifecycle.actions import Action, Already, Blocked, Found, could_not_tell, not_there
from steward.lifecycle.privilege import describe, privileged
from steward.wellknown.account import STAMP
from steward.wellknown.latch import PREPARED


def lost_latch(tenant: Tenant) -> Blocked:
    """Return the refusal for an account that exists while Terraform's state has no latch for it."""
    return Blocked(
        "latch",
        "the account exists, but Terraform's state has no latch: the state is lost, or the deploy did not finish; "
        "a plain deploy would make a privileged one and grant the role",
        f"restore the state, or run cdktf deploy {tenant.name} --var phase={PREPARED} (consent needs no role)",
    )


def others_hold(twins: RoleHoldings) -> Blocked:
    """Return the refusal for other accounts of ours that hold a privileged role."""
    listed = ", ".join(describe(holding) for holding in privileged(twins))
    return Blocked(
        "other accounts",
        f"another account of ours holds a privileged role, or will when it is restored: {listed}",
        "take the role away from it; a deleted one is deleted for good in the recycle bin",
    )


def check_other_accounts(facts: Facts) -> Iterator[Action]:
    """Yield whether any other account of ours holds a privileged role, deleted ones included."""
    twins = facts.twins
    if isinstance(twins, Absent | Unreadable):
        yield from not_there(twins)
    elif privileged(twins):
        yield others_hold(twins)
    elif twins.unreadable:
        yield Found(
            "other accounts",
            f"{', '.join(entry.what for entry in twins.unreadable)}: {twins.unreadable[0].why}",
            "delete it for good in the recycle bin",
        )
    else:
        yield Already("other accounts", "none holds a privileged role")


def deleted_or_unknown(facts: Facts, tenant: Tenant) -> Iterator[Action]:
    """Yield what an absent account leaves to be said: a deleted one keeps its roles, and one list may lag."""
    deleted = facts.twins
    if isinstance(deleted, RoleHoldings) and (privileged(deleted) or deleted.unreadable):
        named = [describe(holding) for holding in privileged(deleted)] or [entry.what for entry in deleted.unreadable]
        yield Blocked(
            tenant.account.login,
            f"it is deleted, and whoever restores it restores its roles: {', '.join(named)}",
            "delete it for good in the recycle bin, or restore it and run again",
        )
        return
    if isinstance(deleted, Unreadable):
        yield could_not_tell(deleted.what, deleted.why)
    yield could_not_tell(tenant.account.login, "there is no account of that login, and none with our stamp")


def require_own_account(account: Reading[UserState], tenant: Tenant) -> UserState | Blocked | Already:
    """Return the account if it may be touched, else the reason why not; an absent account needs nothing."""
    login = tenant.account.login
    match account:
        case Absent():
            return Already(login, "there is no such account")
        case Unreadable():
            return could_not_tell(account.what, account.why)
    if account.is_synchronised:
        return Blocked(
            account.login,
            "it is synchronised from on premises, and changes here would be undone there",
            "name a cloud-only account in the tenant file",
        )
    if account.stamp != STAMP:
        return Blocked(
            account.login,
            f"it does not carry the stamp {STAMP!r} (employeeType), so it is not an account of ours",
            "choose another login in the tenant file, or deploy first so that the account is created",
        )
    return account
