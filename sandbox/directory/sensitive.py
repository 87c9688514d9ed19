"""Sensitive actions: what changing an administrator takes beyond the permission.

An application may change the sensitive properties of a user who holds a role, or belongs to a role-assignable
group, only if its service principal holds a directory role that outranks the target; a password takes such a
role even for a user without one (learn.microsoft.com, "Privileged roles and permissions in Microsoft Entra
ID", read November 2026).
"""

from collections.abc import Collection

from sandbox.directory import roles
from sandbox.directory.store import Caller, Directory, Record
from sandbox.errors import forbidden

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
_OUTRANK_ALL = ("Global Administrator", "Privileged Authentication Administrator")
_MINOR = frozenset(
    {
        "Directory Readers",
        "Guest Inviter",
        "Message Center Reader",
        "Password Administrator",
        "Reports Reader",
        "User Experience Success Manager",
        "Usage Summary Reports Reader",
    }
)
_OF_AUTHENTICATION_ADMINISTRATOR = _MINOR | {"Authentication Administrator"}
_OF_USER_ADMINISTRATOR = _MINOR | {"Groups Administrator", "Helpdesk Administrator", "User Administrator"}


def require_may_change(directory: Directory, caller: Caller, user: Record, properties: Collection[str]) -> None:
    """Refuse a change of sensitive properties that the caller's directory roles do not cover."""
    touched = PROPERTIES.intersection(properties)
    if touched:
        _require_rank(directory, caller, user, needs_role="passwordProfile" in touched)


def require_may_act(directory: Directory, caller: Caller, user: Record) -> None:
    """Refuse deleting, restoring, signing out or giving a pass to a user who outranks the caller."""
    _require_rank(directory, caller, user, needs_role=False)


def _require_rank(directory: Directory, caller: Caller, user: Record, *, needs_role: bool) -> None:
    if caller.unrestricted:
        return
    held = _names(directory, caller.directory_roles)
    target = _names(directory, roles.roles_of(directory, user["id"]))
    if held.intersection(_OUTRANK_ALL):
        return
    if _is_in_role_assignable_group(directory, user["id"]):
        raise forbidden()
    if not target and not needs_role:
        return
    if "User Administrator" in held and target <= _OF_USER_ADMINISTRATOR:
        return
    if "Authentication Administrator" in held and target <= _OF_AUTHENTICATION_ADMINISTRATOR:
        return
    raise forbidden()


def _names(directory: Directory, role_ids: Collection[str]) -> set[str]:
    known = directory.role_definitions
    return {known[each]["displayName"] for each in role_ids if each in known}


def _is_in_role_assignable_group(directory: Directory, user_id: str) -> bool:
    groups = set(directory.containers_of(user_id, nested=True))
    groups.update(each for each, ids in directory.owners.items() if user_id in ids and each in directory.groups)
    return any(directory.groups[each]["isAssignableToRole"] for each in groups)
