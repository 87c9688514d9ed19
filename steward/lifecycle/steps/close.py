"""The window is closed: the role taken away first, then the account disabled and its sessions ended.

This is the step that must not fail silently. It needs neither Terraform nor any earlier evidence, and it is over only
when Graph shows no privileged role by any path.
"""

from collections.abc import Iterator
from dataclasses import replace

from steward.acts import EndRoleSchedule, GraphAct, RemoveRoleAssignment, RemoveRoleMember
from steward.config.model import SignIn, Tenant
from steward.facts import Absent, Facts, RoleHolding, RoleHoldings, Unreadable, UserState
from steward.lifecycle.actions import Action, Already, Blocked, GraphCall, could_not_tell, not_there
from steward.lifecycle.ownership import (
    check_login,
    deleted_or_unknown,
    find_stray,
    is_strangers,
    others_hold,
    require_own_account,
)
from steward.lifecycle.privilege import describe, privileged
from steward.lifecycle.sign_in import shut
from steward.lifecycle.step import Step
from steward.wellknown.roles import GLOBAL_ADMINISTRATOR


def decide(facts: Facts, tenant: Tenant) -> Iterator[Action]:
    """Take away every privileged role held directly; name every other path and who can close it."""
    account = require_own_account(facts.account, tenant)
    if isinstance(account, Already):
        yield from deleted_or_unknown(facts, tenant)
        return
    if isinstance(account, Blocked):
        yield from _close_stray(facts)
        yield from _close_unread(facts)
        yield from _tell_of_stranger(facts)
        yield from _other_accounts(facts)
        yield account
        return
    roles = facts.roles
    if isinstance(roles, Absent | Unreadable):
        # Whatever it holds, it can be kept from using it.
        if account.is_enabled and tenant.account.sign_in is SignIn.BLOCKED:
            yield from shut(account)
        yield from not_there(roles)
        return
    yield from take_roles(facts, roles, account)
    yield from check_login(account, tenant)
    yield from _other_accounts(facts)
    # Where a person may sign in, an enabled account without any role is for open, enrol and settle to judge.
    if account.is_enabled and (privileged(roles) or tenant.account.sign_in is SignIn.BLOCKED):
        yield from shut(account)
    elif not privileged(roles) and not roles.unreadable:
        state = "enabled" if account.is_enabled else "disabled"
        yield Already(account.login, f"no privileged role by any path, and {state}")


def _close_stray(facts: Facts) -> Iterator[Action]:
    """Close a stamped account that may be another tenant file's, if it is privileged: to leave it would be worse."""
    stray, roles = find_stray(facts.account), facts.roles
    if stray is not None and isinstance(roles, RoleHoldings) and privileged(roles):
        yield from take_roles(facts, roles, replace(stray, login=f"{stray.login}, which its stamp alone tells ours"))
        yield from shut(stray) if stray.is_enabled else ()


def _close_unread(facts: Facts) -> Iterator[Action]:
    """Take the role from an account that cannot be read itself: state and earlier runs agree on whose it is."""
    if not isinstance(facts.account, Unreadable) or not isinstance(facts.roles, RoleHoldings):
        return
    others = facts.other_administrators
    # Nobody saw a stamp on it now, so that everything else has to be certain.
    if isinstance(others, Absent | Unreadable) or not others:
        return
    for holding in privileged(facts.roles):
        if holding.assignment_id is not None and not holding.is_scheduled:
            removal = RemoveRoleAssignment(holding.assignment_id)
            yield GraphCall("removed", f"{holding.role_name} from the account in Terraform's state", removal)


def _tell_of_stranger(facts: Facts) -> Iterator[Action]:
    """Tell what an account without our stamp holds: it is not touched, and not passed over."""
    if isinstance(facts.account, UserState) and is_strangers(facts.account) and isinstance(facts.roles, RoleHoldings):
        for holding in privileged(facts.roles):
            yield Blocked(
                facts.account.login,
                f"it holds {describe(holding)}, and is not touched, since it does not carry our stamp",
                "see in the audit log whose it is; where it is ours after all, an administrator takes the role away in "
                "the Entra admin center (Roles and administrators)",
            )


def _other_accounts(facts: Facts) -> Iterator[Action]:
    twins = facts.twins
    if isinstance(twins, RoleHoldings) and privileged(twins):
        yield others_hold(twins)


def take_roles(facts: Facts, roles: RoleHoldings, account: UserState) -> Iterator[Action]:
    """Yield what takes every privileged role from the account itself, and a refusal for every other path."""
    for holding in privileged(roles):
        act = _removal_of(holding, account)
        if act is None:
            yield Blocked(
                account.login,
                f"it holds {describe(holding)}, which cannot be taken from the account itself",
                "take the account out of that group, or remove that schedule in Privileged Identity Management",
            )
        # Where the others could not be read the role is taken all the same: Entra ID itself keeps the last one.
        elif holding.role_template_id == GLOBAL_ADMINISTRATOR and facts.other_administrators == ():
            yield Blocked(
                account.login,
                "it is the tenant's last active Global Administrator, which Entra ID does not let go",
                "assign Global Administrator to an emergency account, then run again at once",
            )
        else:
            yield GraphCall("removed", f"{holding.role_name} from {account.login}", act)
    # What stood there once and shows no more is removed all the same: a list may lag, and a removal does not.
    for assignment_id in roles.unseen:
        if facts.other_administrators != ():
            act = RemoveRoleAssignment(assignment_id, is_unseen=True)
            yield GraphCall("removed", f"role assignment {assignment_id}, if it is there still", act)
    for unreadable in roles.unreadable:
        yield could_not_tell(unreadable.what, unreadable.why)


def _removal_of(holding: RoleHolding, account: UserState) -> GraphAct | None:
    """Return what takes away what the account holds itself; None for what comes through something else."""
    if holding.is_scheduled:
        return EndRoleSchedule(account.object_id, holding.role_template_id, "the window is closed")
    if holding.assignment_id is not None:
        return RemoveRoleAssignment(holding.assignment_id)
    if holding.role_id is not None:
        return RemoveRoleMember(holding.role_id, account.object_id)
    return None


CLOSE = Step(name="close", reads=("account", "roles", "other_administrators", "twins"), decide=decide, looks_again=True)
