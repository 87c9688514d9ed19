"""Groups, their members and owners.

Sources: learn.microsoft.com, "group resource type", "Create group", "Update group", "Add members" (who may be in which
kind of group, 20 references a request), "Use Microsoft Entra groups to manage role assignments" (role-assignable
groups: P1, security, assigned membership, no nesting, fixed at creation) and "Recover from deletions", read November
2026; the texts of refusals are known from public threads and recordings.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from http import HTTPStatus
from typing import Any

from sandbox.directory import membership_rules, premium, recycling, roles
from sandbox.directory.audit import record_change, target
from sandbox.directory.store import Caller, Directory, Record, referenced_id
from sandbox.errors import GraphError, bad_request, not_found
from sandbox.identifiers import new_id

_REQUIRED = ("displayName", "mailEnabled", "mailNickname", "securityEnabled")
_ADDED_TWICE = "One or more added object references already exist for the following modified properties: '{}'."
_UNIFIED, _DYNAMIC = "Unified", "DynamicMembership"
_RULE_PROPERTIES = frozenset({"membershipRule", "membershipRuleProcessingState"})
_PROCESSING_STATES = frozenset({"On", "Paused"})
# "group resource type": empty stands for Public; hidden ones are Microsoft 365 groups, from their creation to the end.
_HIDDEN = "HiddenMembership"
_VISIBILITIES = frozenset({None, "", "Private", "Public", _HIDDEN})
_OWNER_TYPES = {"user", "servicePrincipal"}
_NICKNAME = re.compile(r"[\x21-\x7e]{1,64}")
_NOT_IN_NICKNAME = frozenset('@()\\[]";:<>, ')
_LONGEST_NAME, _MOST_REFERENCES, _MOST_OWNERS = 256, 20, 100
_EXTRAS = frozenset(
    {"allowExternalSenders", "autoSubscribeNewMembers", "hideFromAddressLists", "hideFromOutlookClients"}
)


def create(directory: Directory, body: Mapping[str, Any], caller: Caller) -> Record:
    """Create a group; without owners named, whoever calls becomes its owner, a user or an application."""
    for name in _REQUIRED:
        if body.get(name) in (None, ""):
            raise bad_request(f"A value is required for property '{name}' of resource 'Group'.")
    _check_names(body)
    _check_kind(directory, body)
    owners = _bound_ids(directory, body, "owners") or [caller.object_id]
    members = _bound_ids(directory, body, "members")
    for each in owners:
        if each:
            _require_type(directory, each, _OWNER_TYPES, "owners")
    group = new_record(directory, new_id(), body)
    for each in members:
        require_may_join(directory, group, each)
    directory.groups[group["id"]] = group
    directory.owners[group["id"]] = [each for each in owners if each]
    directory.members[group["id"]] = members
    _record(directory, caller, "Add group", "Add", group)
    return group


def new_record(directory: Directory, group_id: str, body: Mapping[str, Any]) -> Record:
    """Make a group's record from what was asked for and what Entra adds."""
    assignable = bool(body.get("isAssignableToRole"))
    unified = _UNIFIED in body.get("groupTypes", [])
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
    """Change the named properties of a group and add members; `writebackConfiguration` is merged."""
    group = require(directory, group_id)
    if "isAssignableToRole" in body and body["isAssignableToRole"] != group["isAssignableToRole"]:
        raise bad_request("The property 'isAssignableToRole' can only be set when a group is created.")
    _check_names(body)
    _check_change(group, body, caller)
    joining = _bound_ids(directory, body, "members")
    for each in joining:
        require_may_join(directory, group, each)
        if each in directory.members.get(group_id, []):
            raise bad_request(_ADDED_TWICE.format("members"))
    directory.members.setdefault(group_id, []).extend(joining)
    for name, value in body.items():
        if name == "writebackConfiguration" and value is not None:
            group[name] = {**(group.get(name) or {}), **value}
        elif "@odata." not in name:
            group[name] = value
    _record(directory, caller, "Update group", "Update", group)


def delete(directory: Directory, group_id: str, caller: Caller) -> None:
    """Delete a group so that it can be restored with its members, owners and assignments."""
    group = require(directory, group_id)
    roles.keep_administrator(directory, lambda assignment, _: assignment["principalId"] == group_id)
    recycling.discard(directory, "group", group_id)
    if not _is_unified(group) and not directory.behaviour.security_groups_are_recycled:
        recycling.purge(directory, group_id)
    _record(directory, caller, "Delete group", "Delete", group)


def restore(directory: Directory, group_id: str, caller: Caller) -> Record:
    """Bring a deleted group back with everything it held."""
    group = recycling.take_back(directory, group_id)
    _record(directory, caller, "Restore group", "Restore", group)
    return group


def purge(directory: Directory, group_id: str, caller: Caller) -> None:
    """Delete a group for good."""
    group = recycling.purge(directory, group_id)
    _record(directory, caller, "Hard Delete group", "Delete", group)


def add_member(directory: Directory, group_id: str, reference: object, caller: Caller) -> None:
    """Add a user, group or service principal to a group."""
    group = require(directory, group_id)
    member_id = referenced_id(reference)
    require_may_join(directory, group, member_id)
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
    require_assigned_membership(group)
    roles.keep_administrator(
        directory, lambda assignment, holder: (assignment["principalId"], holder) == (group_id, member_id)
    )
    directory.members[group_id].remove(member_id)
    _record(directory, caller, "Remove member from group", "Unassign", group)


def add_owner(directory: Directory, group_id: str, reference: object, caller: Caller) -> None:
    """Add a user or service principal as an owner."""
    group = require(directory, group_id)
    owner_id = referenced_id(reference)
    _require_type(directory, owner_id, _OWNER_TYPES, "owners")
    owners = directory.owners.setdefault(group_id, [])
    if owner_id in owners:
        raise bad_request(_ADDED_TWICE.format("owners"))
    if len(owners) >= _MOST_OWNERS:
        raise bad_request(f"The group cannot have more than {_MOST_OWNERS} owners.")
    owners.append(owner_id)
    _record(directory, caller, "Add owner to group", "Assign", group)


def remove_owner(directory: Directory, group_id: str, owner_id: str, caller: Caller) -> None:
    """Take an owner away; a group keeps its last user owner."""
    group = require(directory, group_id)
    owners = directory.owners.get(group_id, [])
    if owner_id not in owners:
        raise not_found(owner_id)
    if owners == [owner_id] and owner_id in directory.users:
        raise bad_request("The group must have at least one owner, hence this owner cannot be removed.")
    owners.remove(owner_id)
    _record(directory, caller, "Remove owner from group", "Unassign", group)


def require(directory: Directory, group_id: str) -> Record:
    """Get a group, or refuse with 404."""
    if group_id not in directory.groups:
        raise not_found(group_id)
    return directory.groups[group_id]


def _bound_ids(directory: Directory, body: Mapping[str, Any], relation: str) -> list[str]:
    references: Iterable[object] = body.get(f"{relation}@odata.bind", [])
    ids = [referenced_id(each) for each in references]
    if len(ids) > _MOST_REFERENCES:
        raise bad_request(f"No more than {_MOST_REFERENCES} references can be given for '{relation}' in a request.")
    for each in ids:
        directory.require_object(each)
    if len(ids) != len(set(ids)):
        raise bad_request("Request contains a property with duplicate values.")
    return ids


def _check_names(body: Mapping[str, Any]) -> None:
    if "displayName" in body and not 0 < len(body["displayName"] or "") <= _LONGEST_NAME:
        raise _invalid("displayName")
    if "mailNickname" in body:
        nickname = body["mailNickname"] or ""
        if not _NICKNAME.fullmatch(nickname) or _NOT_IN_NICKNAME.intersection(nickname):
            raise _invalid("mailNickname")


def _check_kind(directory: Directory, body: Mapping[str, Any]) -> None:
    kinds = body.get("groupTypes", [])
    if not {_UNIFIED, _DYNAMIC}.issuperset(kinds):
        raise _invalid("groupTypes")
    if not body["securityEnabled"] and not body["mailEnabled"]:
        raise bad_request("Group must be mail enabled or security enabled.")
    if body["mailEnabled"] != (_UNIFIED in kinds):
        raise bad_request(
            "Mail-enabled security groups and distribution lists cannot be created through this API; "
            "a group is mail enabled exactly if it is a Microsoft 365 group."
        )
    if _UNIFIED in kinds:
        _require_free_nickname(directory, body["mailNickname"])
    _check_rule(body, dynamic=_DYNAMIC in kinds)
    if _DYNAMIC in kinds:
        _require_premium(directory, "Dynamic group membership")
    if body.get("visibility") not in (_VISIBILITIES if _UNIFIED in kinds else _VISIBILITIES - {_HIDDEN}):
        raise _invalid("visibility")
    if body.get("isAssignableToRole"):
        _check_assignable(directory, body)


def _check_rule(body: Mapping[str, Any], *, dynamic: bool) -> None:
    """Refuse a rule that is none, and one of a group whose members are assigned."""
    rule, state = body.get("membershipRule"), body.get("membershipRuleProcessingState")
    if dynamic != bool(rule) or (rule and not membership_rules.is_readable(rule)):
        raise _invalid("membershipRule")
    if state not in _PROCESSING_STATES and (dynamic or state is not None):
        raise _invalid("membershipRuleProcessingState")


def _check_assignable(directory: Directory, body: Mapping[str, Any]) -> None:
    _require_premium(directory, "A role-assignable group")
    if not body["securityEnabled"]:
        raise bad_request("A role-assignable group must be security enabled.")
    if _DYNAMIC in body.get("groupTypes", []):
        raise bad_request("A role-assignable group cannot have dynamic membership.")
    if body.get("visibility") not in {None, "Private"}:
        raise bad_request("The visibility of a role-assignable group must be 'Private'.")


def _check_extras(extras: Collection[str], body: Mapping[str, Any], caller: Caller) -> None:
    if len(extras) < sum("@odata." not in name for name in body):
        # "Update group": these are kept elsewhere and must be changed by a request of their own.
        raise bad_request(f"The property '{min(extras)}' cannot be changed together with other properties.")
    if caller.user_id is None and not caller.unrestricted:
        # An application by itself is refused whatever its permissions (terraform-provider-azuread #1262).
        message = "User does not have permissions to execute this action."
        raise GraphError(HTTPStatus.FORBIDDEN, "ErrorGroupsAccessDenied", message)


def _check_change(group: Record, body: Mapping[str, Any], caller: Caller) -> None:
    if any(f"{name}@odata.bind" in body for name in ("owners", "memberOf")):
        raise bad_request("Only 'members' can be added by reference when a group is changed.")
    if "mailEnabled" in body and body["mailEnabled"] != group["mailEnabled"]:
        raise bad_request("The property 'mailEnabled' cannot be changed.")
    if not {**group, **body}.get("securityEnabled") and not group["mailEnabled"]:
        raise bad_request("Group must be mail enabled or security enabled.")
    if _RULE_PROPERTIES.intersection(body):
        _check_rule({**group, **body}, dynamic=_DYNAMIC in group.get("groupTypes", []))
    before, visibility = group["visibility"], body.get("visibility", group["visibility"])
    if visibility not in _VISIBILITIES or (visibility != before and _HIDDEN in {visibility, before}):
        raise _invalid("visibility")
    if group["isAssignableToRole"] and body.get("visibility") not in {None, "Private"}:
        raise bad_request("The visibility of a role-assignable group must be 'Private'.")
    extras = _EXTRAS.intersection(body)
    if extras and not _is_unified(group):
        raise _invalid(min(extras))
    if extras:
        _check_extras(extras, body, caller)


def require_may_join(directory: Directory, group: Record, member_id: str) -> None:
    """Refuse what cannot be a member of a group of this kind."""
    require_assigned_membership(group)
    if member_id == group["id"]:
        raise bad_request("A group cannot be a member of itself.")
    type_name, member = directory.require_object(member_id)
    allowed = {"user"} if _is_unified(group) else {"user", "group", "servicePrincipal"}
    unified = type_name == "group" and _is_unified(member)
    if type_name not in allowed or unified or (type_name == "group" and group["isAssignableToRole"]):
        raise bad_request(
            f"Objects of type '{'Microsoft 365 group' if unified else type_name}' cannot be members of this group."
        )


def require_assigned_membership(group: Record) -> None:
    """Refuse a group that a rule fills."""
    if _DYNAMIC in group.get("groupTypes", []):
        raise bad_request("The members of a group with dynamic membership cannot be changed; its rule decides.")


def _require_type(directory: Directory, object_id: str, allowed: set[str], relation: str) -> None:
    type_name, _ = directory.require_object(object_id)
    if type_name not in allowed:
        raise bad_request(f"Objects of type '{type_name}' cannot be {relation} of a group.")


def _require_premium(directory: Directory, what: str) -> None:
    if not premium.has_p1(directory):
        raise bad_request(f"{what} needs a Microsoft Entra ID P1 or P2 licence.")


def _require_free_nickname(directory: Directory, nickname: str) -> None:
    for each in directory.groups.values():
        if _is_unified(each) and each["mailNickname"].lower() == nickname.lower():
            raise bad_request("Another object with the same value for property mailNickname already exists.")


def _is_unified(group: Record) -> bool:
    return _UNIFIED in group.get("groupTypes", [])


def _invalid(name: str) -> GraphError:
    return bad_request(f"Invalid value specified for property '{name}' of resource 'Group'.")


def _record(directory: Directory, caller: Caller, activity: str, operation: str, group: Record) -> None:
    record_change(
        directory,
        caller,
        activity,
        category="GroupManagement",
        operation=operation,
        targets=[target("Group", group)],
    )
