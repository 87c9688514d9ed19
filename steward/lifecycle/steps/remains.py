"""A tenant is retired: what is left of it, in the recycle bin and beside it, and who could bring it back."""

from collections.abc import Iterator
from datetime import timedelta

from steward.config.model import Tenant
from steward.facts import Absent, Facts, Remain, Unreadable
from steward.lifecycle.actions import Action, Already, Blocked, could_not_tell, not_there
from steward.lifecycle.ownership import find_stray, is_gone, others_hold, require_own_account
from steward.lifecycle.privilege import privileged
from steward.lifecycle.step import Step

# "Restore or permanently remove a deleted user" and "Restore and permanently delete app registrations",
# learn.microsoft.com, read November 2026.
KEPT = timedelta(days=30)


def decide(facts: Facts, tenant: Tenant) -> Iterator[Action]:
    """Name what remains; an account that is still there is a refusal, and so is a role that a restore would bring."""
    account = facts.account
    if isinstance(account, Unreadable):
        yield could_not_tell(account.what, account.why)
    elif isinstance(account, Absent) or is_gone(account):
        yield Already(tenant.account.login, "there is no such account any more")
    elif find_stray(account) is not None:
        owned = require_own_account(account, tenant)
        yield owned if isinstance(owned, Blocked) else could_not_tell(account.login, "it may be this tenant file's")
    else:
        yield Blocked(
            account.login,
            "the account is still there, and Terraform's state knows nothing of it",
            f"delete it (Entra admin center, Users), or take it in as scripts/preflight.py {tenant.pasted} tells, "
            "then run again",
        )
    remains = facts.remains
    if isinstance(remains, Absent | Unreadable):
        yield from not_there(remains)
    else:
        for entry in remains:
            yield Already(f"{entry.kind} {entry.name}", describe_remain(entry))
    yield from _vendors_principal(facts, tenant)
    twins = facts.twins
    if isinstance(twins, Absent | Unreadable):
        yield from not_there(twins)
    elif privileged(twins):
        yield others_hold(twins)


def _vendors_principal(facts: Facts, tenant: Tenant) -> Iterator[Action]:
    """Name the vendor's service principal, which may have been there before and so was not deleted."""
    grants = facts.client_grants
    if tenant.application.is_own or isinstance(grants, Absent):
        return
    if isinstance(grants, Unreadable):
        yield could_not_tell(grants.what, grants.why)
        return
    others = len(grants.app_roles) + len(grants.delegated)
    has = f"grants it has that the tenant file does not declare: {others}" if others else "it has no grants"
    yield Already(
        f"service principal {grants.client.name}",
        f"left in the tenant as {grants.client.object_id}, since it is the vendor's and may serve others: {has}; "
        "if nothing uses it, delete it (Entra admin center, Enterprise applications)",
    )


def describe_remain(entry: Remain) -> str:
    """Return until when a deleted object can be restored, and what that would bring back."""
    until = f" until {entry.deleted + KEPT:%Y-%m-%d}" if entry.deleted is not None else ""
    brings = (
        "a restored user keeps its roles and its groups" if entry.kind == "account" else "a restored one works again"
    )
    return f"in the recycle bin{until}, as {entry.object_id}: {brings}"


REMAINS = Step(name="remains", reads=("account", "remains", "twins", "client_grants"), decide=decide, looks_again=True)
