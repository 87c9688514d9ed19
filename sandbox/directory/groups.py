"""Groups, their members and owners."""

from collections.abc import Iterable, Mapping
from typing import Any

from sandbox.directory.audit import record_change, target
from sandbox.directory.store import Caller, Directory, Record, referenced_id
from sandbox.errors import bad_request, not_found
from sandbox.identifiers import new_id

_REQUIRED = ("displayName", "mailEnabled", "mailNickname", "securityEnabled")
_ADDED_TWICE = "One or more added object references already exist for the following modified properties: '{}'."
_MEMBER_TYPES = {"user", "group", "servicePrincipal"}


def create(directory: Directory, body: Mapping[str, Any], caller: Caller) -> Record:
    """Create a group; without owners named, a calling application becomes its owner."""
    for name in _REQUIRED:
        if body.get(name) in (None, ""):
            raise bad_request(f"A value is required for property '{name}' of resource 'Group'.")
    unified = "Unified" in body.get("groupTypes", [])
    if not body["securityEnabled"] and not body["mailEnabled"]:
        raise bad_request("Group must be mail enabled or security enabled.")
    if body["mailEnabled"] and not unified:
        raise bad_request("Only Microsoft 365 groups can be mail enabled through this API.")
    owners = _bound_ids(directory, body, "owners") or [caller.object_id]
    members = _bound_ids(directory, body, "members")
    group = new_record(directory, new_id(), body)
    directory.groups[group["id"]] = group
    directory.owners[group["id"]] = [each for each in owners if each]
    directory.members[group["id"]] = members
    _record(directory, caller, "Add group", "Add", group)
    return group


def new_record(directory: Directory, group_id: str, body: Mapping[str, Any]) -> Record:
    """Make a group's record from what was asked for and what Entra adds."""
    assignable = bool(body.get("isAssignableToRole"))
    unified = "Unified" in body.get("groupTypes", [])
    default = next(each["id"] for each in directory.domains.values() if each["isDefault"])
    mail = f"{body['mailNickname']}@{default}" if unified else None
    return {
        "visibility": "Private" if assignable else "Public" if unified else None,
        "description": body["displayName"] if unified else None,
        "writebackConfiguration": {"isEnabled": False, "onPremisesGroupType": None},
        "mail": mail,
        "proxyAddresses": [f"SMTP:{mail}"] if mail else [],
        **{name: value for name, value in body.items() if "@odata." not in name and value is not None},
        "id": group_id,
        "isAssignableToRole": assignable,
        "createdDateTime": directory.clock.stamp(),
        "deletedDateTime": None,
    }


def change(directory: Directory, group_id: str, body: Mapping[str, Any], caller: Caller) -> None:
    """Change the named properties of a group; `writebackConfiguration` is merged."""
    group = require(directory, group_id)
    if "isAssignableToRole" in body and body["isAssignableToRole"] != group["isAssignableToRole"]:
        raise bad_request("The property 'isAssignableToRole' can only be set when a group is created.")
    for name, value in body.items():
        if name == "writebackConfiguration" and value is not None:
            group[name] = {**(group.get(name) or {}), **value}
        elif "@odata." not in name:
            group[name] = value
    _record(directory, caller, "Update group", "Update", group)


def delete(directory: Directory, group_id: str, caller: Caller) -> None:
    """Delete a group with its memberships and assignments."""
    group = require(directory, group_id)
    del directory.groups[group_id]
    directory.forget(group_id)
    _record(directory, caller, "Delete group", "Delete", group)


def add_member(directory: Directory, group_id: str, reference: object, caller: Caller) -> None:
    """Add a user, group or service principal to a group."""
    group = require(directory, group_id)
    member_id = referenced_id(reference)
    type_name, _ = directory.require_object(member_id)
    if type_name not in _MEMBER_TYPES or (group["isAssignableToRole"] and type_name == "group"):
        raise bad_request(f"Objects of type '{type_name}' cannot be members of this group.")
    members = directory.members.setdefault(group_id, [])
    if member_id in members:
        raise bad_request(_ADDED_TWICE.format("members"))
    members.append(member_id)
    _record(directory, caller, "Add member to group", "Assign", group)


def remove_member(directory: Directory, group_id: str, member_id: str, caller: Caller) -> None:
    """Take a member out of a group."""
    group = require(directory, group_id)
    if member_id not in directory.members.get(group_id, []):
        raise not_found(member_id)
    directory.members[group_id].remove(member_id)
    _record(directory, caller, "Remove member from group", "Unassign", group)


def add_owner(directory: Directory, object_id: str, reference: object, caller: Caller) -> None:
    """Add an owner to a group, application or service principal."""
    type_name, record = directory.require_object(object_id)
    owner_id = referenced_id(reference)
    if directory.require_object(owner_id)[0] not in {"user", "servicePrincipal"}:
        raise bad_request("Only users and service principals can own an object.")
    owners = directory.owners.setdefault(object_id, [])
    if owner_id in owners:
        raise bad_request(_ADDED_TWICE.format("owners"))
    owners.append(owner_id)
    _record(directory, caller, f"Add owner to {_spoken(type_name)}", "Assign", record)


def remove_owner(directory: Directory, object_id: str, owner_id: str, caller: Caller) -> None:
    """Take an owner from a group, application or service principal; a group keeps its last user owner."""
    type_name, record = directory.require_object(object_id)
    owners = directory.owners.get(object_id, [])
    if owner_id not in owners:
        raise not_found(owner_id)
    if type_name == "group" and owners == [owner_id] and owner_id in directory.users:
        raise bad_request("The group must have at least one owner, hence this owner cannot be removed.")
    owners.remove(owner_id)
    _record(directory, caller, f"Remove owner from {_spoken(type_name)}", "Unassign", record)


def require(directory: Directory, group_id: str) -> Record:
    """Get a group, or refuse with 404."""
    if group_id not in directory.groups:
        raise not_found(group_id)
    return directory.groups[group_id]


def bound_owners(directory: Directory, body: Mapping[str, Any]) -> list[str]:
    """Take the owners that a new object's body names by reference."""
    return _bound_ids(directory, body, "owners")


def _bound_ids(directory: Directory, body: Mapping[str, Any], relation: str) -> list[str]:
    references: Iterable[object] = body.get(f"{relation}@odata.bind", [])
    ids = [referenced_id(each) for each in references]
    for each in ids:
        directory.require_object(each)
    if len(ids) != len(set(ids)):
        raise bad_request("Request contains a property with duplicate values.")
    return ids


def _spoken(type_name: str) -> str:
    return "service principal" if type_name == "servicePrincipal" else type_name


def _record(directory: Directory, caller: Caller, activity: str, operation: str, record: Record) -> None:
    category = "GroupManagement" if activity.endswith("group") else "ApplicationManagement"
    kind = "Group" if category == "GroupManagement" else "Application"
    record_change(directory, caller, activity, category=category, operation=operation, targets=[target(kind, record)])
