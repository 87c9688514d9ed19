"""Whether the account still holds a privileged role: while it does, what takes the role away is not taken away.

Reads the facts that closing reads, but for Terraform's state; every refusal names the way on. Called by the steps that
take rights from our identities, before anything else.
"""

from collections.abc import Iterator

from steward.config.model import Tenant
from steward.errors import ExitCode
from steward.facts import Absent, Facts, RoleHoldings, Unreadable, UserState
from steward.lifecycle.actions import Blocked, could_not_tell, not_there
from steward.lifecycle.ownership import others_hold
from steward.lifecycle.privilege import describe, privileged

READS = ("account", "roles", "twins")


def check_demoted(facts: Facts, tenant: Tenant) -> Iterator[Blocked]:
    """Yield why an account may still have to be demoted: a role that shows, or what nobody can tell (exit code 3).

    Whose account it is does not matter: one without our stamp that has the login, or one with it that has another
    login, may be this file's after all.
    """
    account = facts.account
    if isinstance(account, Unreadable):
        yield from not_there(account)
    elif isinstance(account, UserState):
        yield from _check_roles(account, facts, tenant)
    yield from _check_others(facts)


def _check_roles(account: UserState, facts: Facts, tenant: Tenant) -> Iterator[Blocked]:
    roles = facts.roles
    if isinstance(roles, Absent | Unreadable):
        yield from not_there(roles)
        return
    for holding in privileged(roles):
        yield Blocked(
            account.login,
            f"it holds {describe(holding)}, and our identities would lose the right to take it away",
            f"python scripts/close.py {tenant.pasted}, with the closing identity, until it ends with 0; then run again",
        )
    for unreadable in roles.unreadable:
        yield could_not_tell(f"{account.login}: {unreadable.what}", unreadable.why)


def _check_others(facts: Facts) -> Iterator[Blocked]:
    twins = facts.twins
    if isinstance(twins, Absent | Unreadable):
        yield from not_there(twins)
        return
    if privileged(twins):
        yield others_hold(RoleHoldings(privileged(twins)))
    for unreadable in twins.unreadable:
        yield Blocked(
            unreadable.what,
            f"could not tell: {unreadable.why}",
            "delete it for good in the recycle bin (Entra admin center, Users, Deleted users); then run again",
            ExitCode.COULD_NOT_TELL,
        )
