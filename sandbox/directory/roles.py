"""Directory roles: who holds which, and the guards around the administrators of last resort.

A role assignment names a role definition (its template id for built-in roles), a principal and a scope. A
role that is given for the first time becomes active, as in Entra, where the active role has an id of its own.
Whatever is scheduled by Privileged Identity Management is an assignment here while it is in force
(`sandbox.directory.role_schedules`). Sources: learn.microsoft.com, "Create unifiedRoleAssignment", "Remove directory
role member", "Assign Microsoft Entra roles in Privileged Identity Management", read November 2026.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any

from sandbox.directory import premium
from sandbox.directory.audit import modified, record_change, target
from sandbox.directory.store import GLOBAL_ADMINISTRATOR, Caller, Directory, Record
from sandbox.errors import bad_request, conflicting_object, not_emulated, not_found
from sandbox.identifiers import canonical_id, encoded_id, new_id, seeded_id

PRIVILEGED_ROLE_ADMINISTRATOR = "e8611ab8-c189-46e8-94e1-60213ab1f814"
_CONFLICT = "A conflicting object with one or more of the specified property values is present in the directory."
_LAST_ADMINISTRATOR = "The last Global Administrator of the organization cannot be removed."
_REMOVES_ITSELF = "Removing self from Global Administrator built-in role is not allowed"
_HOLDERS = frozenset({"user", "servicePrincipal", "group"})
# What an assignment can be limited to, beside the whole tenant.
_SCOPE = re.compile(r"/(?P<collection>administrativeUnits/)?(?P<id>[^/]+)")
_SCOPES = frozenset({"administrativeUnit", "application", "group", "servicePrincipal", "user"})


def activate(directory: Directory, template_id: object, caller: Caller) -> Record:
    """Make a built-in role active in the tenant, once."""
    known = canonical_id(str(template_id))
    if known not in directory.role_definitions:
        raise bad_request("Invalid value specified for property 'roleTemplateId' of resource 'DirectoryRole'.")
    if directory.find_directory_role(known) is not None:
        raise conflicting_object(_CONFLICT, target="roleTemplateId")
    role = ensure_active(directory, known)
    # "Microsoft Entra audit log categories and activities", learn.microsoft.com, read November 2026.
    record_change(
        directory,
        caller,
        "Add role from template",
        category="RoleManagement",
        operation="Add",
        targets=[target("Role", role)],
    )
    return role


def ensure_active(directory: Directory, template_id: str) -> Record:
    """Get the active role of a template, made active if it is not yet."""
    role_id = seeded_id(directory.tenant_id, "directoryRole", template_id)
    definition = directory.role_definitions[template_id]
    role = {
        "id": role_id,
        "deletedDateTime": None,
        "displayName": definition["displayName"],
        "description": definition["description"],
        "roleTemplateId": template_id,
    }
    return directory.directory_roles.setdefault(role_id, role)


def assign(directory: Directory, body: Mapping[str, Any], caller: Caller) -> Record:
    """Give a role to a principal."""
    definition = _require_definition(directory, body.get("roleDefinitionId"))
    scope = require_scope(directory, body)
    principal_id = canonical_id(str(body.get("principalId")))
    type_name, principal = directory.require_object(principal_id)
    if type_name not in _HOLDERS:
        raise not_found(principal_id)
    require_may_hold(type_name, principal)
    if find_assignment(directory, principal_id, definition["id"], scope) is not None:
        if directory.behaviour.duplicate_role_assignment == HTTPStatus.CONFLICT.value:
            raise conflicting_object(_CONFLICT, target="roleDefinitionId")
        raise bad_request(_CONFLICT)
    assignment = hold(directory, principal_id, definition["id"], scope)
    record(directory, caller, "Add member to role", assignment)
    if premium.has_p2(directory):
        record(directory, caller, "Add member to role outside of PIM (permanent)", assignment, service="PIM")
    return assignment


def add_member(directory: Directory, role: Record, principal_id: str, caller: Caller) -> None:
    """Give an active role to a principal for the whole tenant; a second time, Graph refuses the reference."""
    if find_assignment(directory, principal_id, role["roleTemplateId"], "/") is not None:
        raise bad_request(
            "One or more added object references already exist for the following modified properties: 'members'."
        )
    body = {"principalId": principal_id, "roleDefinitionId": role["roleTemplateId"], "directoryScopeId": "/"}
    assign(directory, body, caller)


def withdraw(directory: Directory, assignment_id: str, caller: Caller) -> None:
    """Take a role assignment back, unless it is the tenant's last Global Administrator or the caller's own."""
    assignment = require_assignment(directory, assignment_id)
    if assignment["roleDefinitionId"] == GLOBAL_ADMINISTRATOR:
        require_not_own(assignment, caller)
        require_other_administrator(directory, without_assignment=assignment_id)
    record(directory, caller, "Remove member from role", assignment)
    del directory.role_assignments[assignment_id]


def hold(directory: Directory, principal_id: str, definition_id: str, scope: str) -> Record:
    """Make a role assignment as it is kept, unchecked and unrecorded."""
    assignment: Record = {
        "id": encoded_id(definition_id, new_id(), suffix="-1"),
        "principalId": principal_id,
        "principalOrganizationId": directory.tenant_id,
        "roleDefinitionId": definition_id,
        "directoryScopeId": scope,
        "appScopeId": None,
        "condition": None,
    }
    directory.role_assignments[assignment["id"]] = assignment
    ensure_active(directory, definition_id)
    return assignment


def find_assignment(directory: Directory, principal_id: str, definition_id: str, scope: str) -> Record | None:
    """Find what a principal was assigned directly, by role and scope."""
    wanted = (principal_id, definition_id, scope)
    return next((each for each in directory.role_assignments.values() if triple(each) == wanted), None)


def require_assignment(directory: Directory, assignment_id: str) -> Record:
    """Get a role assignment whose principal exists, or refuse with 404."""
    assignment = directory.role_assignments.get(assignment_id)
    if assignment is None or directory.find_object(assignment["principalId"]) is None:
        raise not_found(assignment_id)
    return assignment


def require_scope(directory: Directory, body: Mapping[str, Any]) -> str:
    """Get the scope that a new assignment names: the tenant, or an object that exists."""
    if body.get("appScopeId") is not None:
        raise not_emulated("an assignment within the scope of one application ('appScopeId')")
    scope = body.get("directoryScopeId")
    if not scope:
        raise bad_request("Must specify valid property scope of entity RoleAssignment")
    if scope == "/":
        return "/"
    # Administrative units stand behind their collection, other objects by themselves.
    form = _SCOPE.fullmatch(str(scope))
    if form is None:
        raise bad_request("Must specify valid property scope of entity RoleAssignment")
    object_id = canonical_id(form["id"])
    type_name, _ = directory.require_object(object_id)
    if type_name not in _SCOPES or (type_name == "administrativeUnit") != bool(form["collection"]):
        raise not_found(object_id)
    return f"/{form['collection'] or ''}{object_id}"


def require_may_hold(type_name: str, principal: Record) -> None:
    """Refuse a group that was not made to hold roles."""
    if type_name == "group" and not principal["isAssignableToRole"]:
        raise bad_request("The group must have the isAssignableToRole property set to true to be assigned a role.")


def require_not_own(assignment: Record, caller: Caller) -> None:
    """Refuse a Global Administrator who takes the role from himself."""
    if assignment["roleDefinitionId"] == GLOBAL_ADMINISTRATOR and assignment["principalId"] == caller.object_id:
        raise bad_request(_REMOVES_ITSELF)


def require_other_administrator(directory: Directory, *, without_assignment: str = "", without_user: str = "") -> None:
    """Refuse what would leave the tenant without a Global Administrator who can act."""
    remaining = holders(directory, GLOBAL_ADMINISTRATOR, without={without_assignment})
    if all(each == without_user for each in remaining):
        raise bad_request(_LAST_ADMINISTRATOR)


def keep_administrator(directory: Directory, ends: Callable[[Record, str], bool]) -> None:
    """Refuse a change of a user or group after which nobody is Global Administrator, where the tenant guards that.

    `ends` says of an assignment and of who holds it, by himself or in a group, whether the change comes between them.
    """
    if directory.behaviour.last_administrator_guard == "every path":
        held = list(_held(directory, GLOBAL_ADMINISTRATOR))
        if held and all(ends(assignment, holder) for assignment, holder in held):
            raise bad_request(_LAST_ADMINISTRATOR)


def holders(directory: Directory, definition_id: str, *, without: Collection[str] = ()) -> Iterator[str]:
    """List who holds a role for the whole tenant and counts as one who can act, by object id.

    The assignments `without` are left out of account.
    """
    return (holder for each, holder in _held(directory, definition_id) if each["id"] not in without)


def _held(directory: Directory, definition_id: str) -> Iterator[tuple[Record, str]]:
    for each in directory.live_role_assignments():
        if each["roleDefinitionId"] == definition_id and each["directoryScopeId"] == "/":
            for holder in [each["principalId"], *directory.members_of(each["principalId"], nested=True)]:
                if _remains(directory, holder):
                    yield each, holder


def _remains(directory: Directory, holder: str) -> bool:
    behaviour = directory.behaviour
    if holder in directory.service_principals:
        return behaviour.service_principals_remain_administrators
    user = directory.users.get(holder)
    return user is not None and (bool(user.get("accountEnabled")) or behaviour.disabled_administrators_remain)


def roles_of(directory: Directory, principal_id: str) -> set[str]:
    """List the roles a principal holds, or held when it was deleted, directly or through groups, by definition id."""
    involved = {principal_id, *directory.containers_of(principal_id, nested=True)}
    return {each["roleDefinitionId"] for each in directory.role_assignments.values() if each["principalId"] in involved}


def tenant_wide_roles_of(directory: Directory, principal_id: str) -> set[str]:
    """List the roles a principal holds for the whole tenant, directly or through groups, by definition id."""
    involved = {principal_id, *directory.containers_of(principal_id, nested=True)}
    return {
        each["roleDefinitionId"]
        for each in directory.role_assignments.values()
        if each["principalId"] in involved and each["directoryScopeId"] == "/"
    }


def template_of(directory: Directory, role_name: str) -> str:
    """Tell the template id of a built-in role by its name; KeyError when there is none."""
    for each in directory.role_definitions.values():
        if each["displayName"] == role_name:
            return str(each["templateId"])
    raise KeyError(role_name)


def triple(entry: Record) -> tuple[str, str, str]:
    """Tell what an assignment, schedule or request is about: principal, role and scope."""
    return entry["principalId"], entry["roleDefinitionId"], entry["directoryScopeId"]


def _require_definition(directory: Directory, definition_id: object) -> Record:
    definition = directory.role_definitions.get(str(definition_id).lower())
    if definition is None:
        raise not_found(str(definition_id))
    return definition


def record(
    directory: Directory,
    caller: Caller,
    activity: str,
    entry: Record,
    *,
    service: str = "Core Directory",
    operation: str | None = None,
    at: datetime | None = None,
    details: Mapping[str, str] | None = None,
) -> None:
    """Add an entry to the audit log about what an assignment, schedule or request gives or takes."""
    taken = activity.startswith("Remove")
    side = "old" if taken else "new"
    definition = directory.role_definitions[entry["roleDefinitionId"]]
    role = ensure_active(directory, definition["id"])
    changes = [
        modified("Role.ObjectID", **{side: role["id"]}),
        modified("Role.DisplayName", **{side: definition["displayName"]}),
        modified("Role.TemplateId", **{side: definition["templateId"]}),
    ]
    if definition["id"] == GLOBAL_ADMINISTRATOR:
        changes.append(modified("Role.WellKnownObjectName", **{side: "TenantAdmins"}))
    found = directory.find_object(entry["principalId"])
    type_name, principal = found or ("user", {"id": entry["principalId"]})
    record_change(
        directory,
        caller,
        activity,
        category="RoleManagement",
        operation=operation or ("Unassign" if taken else "Assign"),
        targets=[target(type_name[0].upper() + type_name[1:], principal, modified=changes), target("Role", role)],
        service=service,
        at=at,
        details=details,
    )
