"""Sensitive actions: what acting on a user takes beyond the permission, by the roles of both.

A role may act on users who hold none, or none but those that its column in the tables names; Global Administrator and
Privileged Authentication Administrator act on everybody, and they alone on members and owners of role-assignable
groups (learn.microsoft.com, "Privileged roles and permissions in Microsoft Entra ID", version of June 2026, read
November 2026). An application that acts by itself is judged by the directory roles of its service principal, of which
it needs none for users without a role, passwords excepted ("Update user", same date). Restricted management units,
which the page guards too, cannot be made here.
"""

from collections.abc import Collection, Mapping, Set
from enum import Enum

from sandbox.directory import roles
from sandbox.directory.store import Caller, Directory, Record
from sandbox.errors import GraphError, forbidden

PROPERTIES = frozenset(
    {
        "accountEnabled",
        "businessPhones",
        "mobilePhone",
        "onPremisesImmutableId",
        "otherMails",
        "passwordProfile",
        "userPrincipalName",
    }
)
# Whoever may reset a password may change these too, as self-service password reset sends its codes there.
_FOR_RESETS = frozenset({"businessPhones", "mobilePhone", "otherMails"})
# What everybody may change of themselves ("Default user permissions").
_OWN = frozenset({"mobilePhone"})
_GLOBAL = "Global Administrator"
_PRIVILEGED = "Privileged Authentication Administrator"
_OUTRANK_ALL = frozenset({_GLOBAL, _PRIVILEGED})
_NOBODY: frozenset[str] = frozenset()
_LEAST = frozenset({"Directory Readers", "Guest Inviter", "Password Administrator"})
_MINOR = _LEAST | {
    "Message Center Reader",
    "Reports Reader",
    "Usage Summary Reports Reader",
    "User Experience Success Manager",
}
_OF_USER_ADMINISTRATORS = _MINOR | {"Groups Administrator", "Helpdesk Administrator", "User Administrator"}
# They are limited to users without a role.
_LIMITED = {"Security Administrator": _NOBODY, "Security Operator": _NOBODY}


class Table(Enum):
    """Who may act on holders of which roles: one table for passwords and sessions, one for every other action."""

    PASSWORDS = "who can reset passwords"
    ACTIONS = "who can perform sensitive actions"


_COLUMNS: Mapping[Table, Mapping[str, Set[str]]] = {
    Table.PASSWORDS: {
        **_LIMITED,
        "Authentication Administrator": _MINOR | {"Authentication Administrator"},
        "Helpdesk Administrator": _MINOR | {"Helpdesk Administrator"},
        "Password Administrator": _LEAST,
        "User Administrator": _OF_USER_ADMINISTRATORS,
    },
    Table.ACTIONS: {
        **_LIMITED,
        "Authentication Administrator": _MINOR | {"Authentication Administrator"},
        "User Administrator": _OF_USER_ADMINISTRATORS,
    },
}


def require_may_change(directory: Directory, caller: Caller, user: Record, properties: Collection[str]) -> None:
    """Refuse a change of sensitive properties that the caller's directory roles do not cover."""
    touched = PROPERTIES.intersection(properties)
    if caller.unrestricted or not touched or (caller.user_id == user["id"] and touched <= _OWN):
        return
    _require_scope(directory, caller, user)
    if "passwordProfile" in touched:
        _require_may_reset(directory, caller, user)
    if touched & _FOR_RESETS:
        _require_rank(directory, caller, user, *Table)
    if touched - _FOR_RESETS - {"passwordProfile"}:
        _require_rank(directory, caller, user, Table.ACTIONS)


def require_may_delete(directory: Directory, caller: Caller, user: Record) -> None:
    """Refuse deleting or restoring a user who outranks the caller."""
    if not caller.unrestricted:
        _require_scope(directory, caller, user)
        _require_rank(directory, caller, user, Table.ACTIONS)


def require_may_reset_password(directory: Directory, caller: Caller, user: Record) -> None:
    """Refuse resetting the password, as an authentication method, of a user who outranks the caller."""
    if not caller.unrestricted:
        _require_may_reset(directory, caller, user)


def require_may_end_sessions(directory: Directory, caller: Caller, user: Record) -> None:
    """Refuse ending the sessions of a user who outranks the caller; everybody may end their own."""
    lenient = directory.behaviour.revocation_by_application == "done"
    if caller.unrestricted or caller.user_id == user["id"] or (caller.user_id is None and lenient):
        return
    _require_rank(directory, caller, user, *Table)


def require_may_manage_methods(directory: Directory, caller: Caller, user: Record, *, own: bool = False) -> None:
    """Refuse managing the passes and other methods of a user who outranks the caller, and one's own unless `own`.

    People manage their own methods, but nobody issues a pass for themselves ("Configure Temporary Access Pass in
    Microsoft Entra ID", read November 2026).
    """
    if caller.unrestricted:
        return
    if caller.user_id == user["id"]:
        if own:
            return
        raise _methods_refused()
    held = _names(directory, caller.directory_roles)
    if not directory.behaviour.global_administrators_manage_methods:
        held -= {_GLOBAL}
    if caller.user_id is None and not _is_administrator(directory, user):
        return
    managing = held & {"Authentication Administrator", _GLOBAL, _PRIVILEGED}
    if not _outranks(directory, managing, user, Table.ACTIONS):
        raise _methods_refused()


def _methods_refused() -> GraphError:
    return GraphError(403, "accessDenied", "Request Authorization failed")


def _require_scope(directory: Directory, caller: Caller, user: Record) -> None:
    scope = directory.behaviour.sensitive_scope
    if caller.user_id is not None and scope and scope not in caller.scopes and _is_administrator(directory, user):
        raise forbidden()


def _require_may_reset(directory: Directory, caller: Caller, user: Record) -> None:
    held = _names(directory, caller.directory_roles)
    if caller.user_id is None and directory.behaviour.application_reset_role == "User Administrator":
        held &= _OUTRANK_ALL | {"User Administrator"}
    if not _outranks(directory, held, user, Table.PASSWORDS):
        raise forbidden()


def _require_rank(directory: Directory, caller: Caller, user: Record, *tables: Table) -> None:
    if caller.user_id is None and not _is_administrator(directory, user):
        return
    held = _names(directory, caller.directory_roles)
    if not any(_outranks(directory, held, user, table) for table in tables):
        raise forbidden()


def _outranks(directory: Directory, held: Set[str], user: Record, table: Table) -> bool:
    if held & _OUTRANK_ALL:
        return True
    if _is_in_role_assignable_group(directory, user["id"]):
        return False
    target = _names(directory, roles.roles_of(directory, user["id"]))
    return any(target <= column for role, column in _COLUMNS[table].items() if role in held)


def _is_administrator(directory: Directory, user: Record) -> bool:
    return bool(roles.roles_of(directory, user["id"])) or _is_in_role_assignable_group(directory, user["id"])


def _names(directory: Directory, role_ids: Collection[str]) -> set[str]:
    known = directory.role_definitions
    return {known[each]["displayName"] if each in known else each for each in role_ids}


def _is_in_role_assignable_group(directory: Directory, user_id: str) -> bool:
    groups = set(directory.containers_of(user_id, nested=True))
    groups.update(each for each, ids in directory.owners.items() if user_id in ids and each in directory.groups)
    return any(directory.groups[each]["isAssignableToRole"] for each in groups)
