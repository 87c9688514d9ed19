"""Which account is ours to touch: stamped, cloud-only, and there. Every step that acts on it asks here first."""

from steward.config.model import Tenant
from steward.facts import Absent, Reading, Unreadable, UserState
from steward.lifecycle.actions import Already, Blocked, could_not_tell
from steward.wellknown.account import STAMP


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
