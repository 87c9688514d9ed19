"""Which account is ours to touch: stamped, cloud-only, and there. Every step that acts on it asks here first."""

from collections.abc import Iterator

from steward.config.model import Tenant
from steward.errors import ExitCode
from steward.facts import Absent, Facts, Reading, RoleHoldings, StackState, Unreadable, UserState
from steward.lifecycle.actions import Action, Already, Blocked, Found, could_not_tell, not_there
from steward.lifecycle.privilege import describe, privileged
from steward.wellknown.account import STAMP
from steward.wellknown.latch import PREPARED
from steward.wellknown.stack import ACCOUNT


def take_in_first(tenant: Tenant) -> str:
    """Return the move by which Terraform takes in what exists before anything else is deployed."""
    file = f"cdktf.out/stacks/{tenant.name}/import.tf.json"
    return (
        "as the deploying identity have what exists written down for Terraform to take in, which tells what to run "
        f"then: python scripts/preflight.py {tenant.pasted} --import-file {file}"
    )


def lost_latch(tenant: Tenant, stack: Reading[StackState]) -> Blocked:
    """Return the refusal for an account that exists while Terraform's state has no latch for it."""
    way_back = f"run cdktf deploy {tenant.name} --var phase={PREPARED} (consent needs no role)"
    if not isinstance(stack, StackState) or ACCOUNT not in stack.addresses:
        # A deploy would fail on the account's name: what exists is taken in first.
        way_back = take_in_first(tenant)
    return Blocked(
        "latch",
        "the account exists, but Terraform's state has no latch: the state is lost, or the deploy did not finish; "
        "a plain deploy would make a privileged one and grant the role",
        f"restore the state, or {way_back}",
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
            "it is not there, and an account of ours holds a privileged role, or is deleted, and whoever restores it "
            f"restores its roles: {', '.join(named)}",
            "take the role away from it; delete a deleted one for good in the recycle bin, or restore it and run again",
        )
        return
    if isinstance(deleted, Unreadable):
        yield could_not_tell(deleted.what, deleted.why)
    yield could_not_tell(tenant.account.login, "there is no account of that login, and none that is known to be it")


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
    if account.is_known_by_stamp_alone:
        at_login = "the account of that login is not ours" if account.is_login_taken else "nobody has that login"
        return Blocked(
            login,
            f"{at_login}; {account.login} has our stamp, but nothing shows whether it is this file's account under "
            "another login, or another tenant file's",
            f"if it is that one, name {account.login} as account.login in the tenant file and run again",
            ExitCode.COULD_NOT_TELL,
        )
    return account


def find_stray(account: Reading[UserState]) -> UserState | None:
    """Return an account that carries our stamp and is not known to be this tenant file's: nobody's, as it seems."""
    if isinstance(account, UserState) and account.is_known_by_stamp_alone and not account.is_synchronised:
        return account if account.stamp == STAMP else None
    return None


def is_missing(account: Reading[UserState]) -> bool:
    """Return whether no account is known to be this tenant file's."""
    return isinstance(account, Absent) or find_stray(account) is not None


def is_gone(account: Reading[UserState]) -> bool:
    """Return whether nothing speaks for an account of this tenant file: what may be it under another login does."""
    stray = find_stray(account)
    return isinstance(account, Absent) or (stray is not None and stray.is_likely_anothers)


def is_strangers(account: Reading[UserState]) -> bool:
    """Return whether it is an account without our stamp, so that what it holds says nothing of ours."""
    return isinstance(account, UserState) and account.stamp != STAMP


def check_login(account: UserState, tenant: Tenant) -> Iterator[Action]:
    """Yield a finding where somebody else's account has the login that the tenant file gives ours."""
    if account.is_login_taken:
        yield Found(
            tenant.account.login,
            f"an account that is not ours has this login; ours is {account.login} now",
            "find out who renamed it, and give it its login back, or name its new one in the tenant file",
        )
