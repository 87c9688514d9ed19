"""Administrative units: parts of a tenant that a directory role can be limited to.

Sources: learn.microsoft.com, "administrativeUnit resource type", "Add members" and "Recover from deletions" (restorable
for 30 days, never deleted for good before), read November 2026.
"""

from collections.abc import Mapping
from typing import Any

from sandbox.directory import groups, recycling
from sandbox.directory.audit import record_change, target
from sandbox.directory.store import Caller, Directory, Record, referenced_id
from sandbox.errors import GraphError, bad_request, not_found
from sandbox.identifiers import new_id

_MEMBER_TYPES = frozenset({"user", "group"})
_VISIBILITIES = frozenset({None, "Public", "HiddenMembership"})


def create(directory: Directory, body: Mapping[str, Any], caller: Caller) -> Record:
    """Create an administrative unit."""
    if not body.get("displayName"):
        raise bad_request("A value is required for property 'displayName' of resource 'AdministrativeUnit'.")
    _check(body)
    unit = {
        "visibility": "Public",
        "isMemberManagementRestricted": False,
        **{name: value for name, value in body.items() if "@odata." not in name and value is not None},
        "id": new_id(),
        "deletedDateTime": None,
    }
    directory.administrative_units[unit["id"]] = unit
    directory.unit_members[unit["id"]] = []
    _record(directory, caller, "Add administrative unit", "Add", unit)
    return unit


def change(directory: Directory, unit_id: str, body: Mapping[str, Any], caller: Caller) -> None:
    """Change the named properties of an administrative unit."""
    unit = require(directory, unit_id)
    if "displayName" in body and not body["displayName"]:
        raise _invalid("displayName")
    _check(body)
    unit.update({name: value for name, value in body.items() if "@odata." not in name})
    _record(directory, caller, "Update administrative unit", "Update", unit)


def delete(directory: Directory, unit_id: str, caller: Caller) -> None:
    """Delete an administrative unit so that it can be restored with its members."""
    unit = require(directory, unit_id)
    recycling.discard(directory, "administrativeUnit", unit_id)
    _record(directory, caller, "Delete administrative unit", "Delete", unit)


def restore(directory: Directory, unit_id: str, caller: Caller) -> Record:
    """Bring a deleted administrative unit back with its members."""
    unit = recycling.take_back(directory, unit_id)
    _record(directory, caller, "Restore administrative unit", "Restore", unit)
    return unit


def add_member(directory: Directory, unit_id: str, reference: object, caller: Caller) -> None:
    """Add a user or group to an administrative unit."""
    unit = require(directory, unit_id)
    member_id = referenced_id(reference)
    type_name, _ = directory.require_object(member_id)
    if type_name not in _MEMBER_TYPES:
        raise bad_request(f"Objects of type '{type_name}' cannot be members of an administrative unit.")
    members = directory.unit_members.setdefault(unit_id, [])
    if member_id in members:
        raise bad_request(
            "One or more added object references already exist for the following modified properties: 'members'."
        )
    members.append(member_id)
    _record(directory, caller, "Add member to administrative unit", "Assign", unit)


def remove_member(directory: Directory, unit_id: str, member_id: str, caller: Caller) -> None:
    """Take a member out of an administrative unit."""
    unit = require(directory, unit_id)
    if member_id not in directory.unit_members.get(unit_id, []):
        raise not_found(member_id)
    directory.unit_members[unit_id].remove(member_id)
    _record(directory, caller, "Remove member from administrative unit", "Unassign", unit)


def create_group(directory: Directory, unit_id: str, body: Mapping[str, Any], caller: Caller) -> Record:
    """Create a group as a member of an administrative unit."""
    unit = require(directory, unit_id)
    if body.get("isAssignableToRole"):
        raise bad_request("A role-assignable group cannot be created in an administrative unit.")
    group = groups.create(directory, body, caller)
    directory.unit_members.setdefault(unit_id, []).append(group["id"])
    _record(directory, caller, "Add member to administrative unit", "Assign", unit)
    return group


def members_of(directory: Directory, unit_id: str) -> list[str]:
    """List the ids of an administrative unit's live members."""
    require(directory, unit_id)
    return [each for each in directory.unit_members.get(unit_id, []) if directory.find_object(each)]


def require(directory: Directory, unit_id: str) -> Record:
    """Get an administrative unit, or refuse with 404."""
    if unit_id not in directory.administrative_units:
        raise not_found(unit_id)
    return directory.administrative_units[unit_id]


def _check(body: Mapping[str, Any]) -> None:
    if body.get("visibility") not in _VISIBILITIES:
        raise _invalid("visibility")


def _invalid(name: str) -> GraphError:
    return bad_request(f"Invalid value specified for property '{name}' of resource 'AdministrativeUnit'.")


def _record(directory: Directory, caller: Caller, activity: str, operation: str, unit: Record) -> None:
    record_change(
        directory,
        caller,
        activity,
        category="AdministrativeUnit",
        operation=operation,
        targets=[target("AdministrativeUnit", unit)],
    )
