"""What an object belongs to: groups, active directory roles and administrative units, directly or through groups.

Sources: learn.microsoft.com, "List a user's direct memberships", "directoryObject: checkMemberGroups" (20 ids),
"getMemberGroups" and "checkMemberObjects", read November 2026.
"""

from collections.abc import Sequence

from sandbox.directory.store import Directory
from sandbox.errors import bad_request

_MOST_CHECKED = 20


def memberships_of(directory: Directory, object_id: str, *, nested: bool) -> list[str]:
    """List the ids of the groups, active roles and administrative units that an object belongs to, each once."""
    groups = directory.containers_of(object_id, nested=nested)
    holders = {object_id, *groups} if nested else {object_id}
    held = {
        each["roleDefinitionId"]
        for each in directory.live_role_assignments()
        if each["principalId"] in holders and each["directoryScopeId"] == "/"
    }
    roles = [each["id"] for each in directory.directory_roles.values() if each["roleTemplateId"] in held]
    units = [
        each
        for each, ids in directory.unit_members.items()
        if each in directory.administrative_units and holders.intersection(ids)
    ]
    return [*groups, *roles, *units]


def groups_of(directory: Directory, object_id: str, *, security_only: bool) -> list[str]:
    """List the ids of the groups that an object belongs to, through other groups too."""
    groups = directory.containers_of(object_id, nested=True)
    return [each for each in groups if directory.groups[each]["securityEnabled"] or not security_only]


def objects_of(directory: Directory, object_id: str, *, security_only: bool) -> list[str]:
    """List the ids of everything that an object belongs to, through groups too; of security groups only if asked."""
    groups = set(groups_of(directory, object_id, security_only=security_only))
    found = memberships_of(directory, object_id, nested=True)
    return [each for each in found if each in groups or each not in directory.groups]


def check(ids: Sequence[str] | None, belongs_to: Sequence[str], parameter: str) -> list[str]:
    """Tell which of the ids asked about are among those that an object belongs to."""
    if ids is None:
        raise bad_request(f"The parameter '{parameter}' is required.")
    if len(ids) > _MOST_CHECKED:
        raise bad_request(f"No more than {_MOST_CHECKED} ids can be checked in a request; there are {len(ids)}.")
    return [each for each in ids if each in belongs_to]
