"""Directory roles: who holds which, and the guards around Global Administrator.

A role assignment names a role definition (its template id for built-in roles), a principal and a scope. A
role that is given for the first time becomes active, as in Entra, where the active role has an id of its own.
"""

from collections.abc import Mapping
from typing import Any

from sandbox.directory.audit import modified, record_change, target
from sandbox.directory.store import GLOBAL_ADMINISTRATOR, Caller, Directory, Record
from sandbox.errors import bad_request, not_found
from sandbox.identifiers import encoded_id, new_id, seeded_id

_CONFLICT = "A conflicting object with one or more of the specified property values is present in the directory."


def activate(directory: Directory, template_id: str) -> Record:
    """Make a built-in role active in the tenant, or return the active one."""
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
    scope = body.get("directoryScopeId")
    if not scope:
        raise bad_request("Must specify valid property scope of entity RoleAssignment")
    if scope != "/":
        directory.require_object(str(scope).strip("/"))
    principal_id = str(body.get("principalId"))
    type_name, principal = directory.require_object(principal_id)
    if type_name not in {"user", "servicePrincipal", "group"}:
        raise not_found(principal_id)
    if type_name == "group" and not principal["isAssignableToRole"]:
        raise bad_request("The group must have the isAssignableToRole property set to true to be assigned a role.")
    wanted = (principal_id, definition["id"], scope)
    if any(_key(each) == wanted for each in directory.role_assignments.values()):
        raise bad_request(_CONFLICT)
    assignment = {
        "id": encoded_id(definition["id"], new_id(), suffix="-1"),
        "principalId": principal_id,
        "principalOrganizationId": directory.tenant_id,
        "roleDefinitionId": definition["id"],
        "directoryScopeId": scope,
        "appScopeId": None,
        "condition": None,
    }
    directory.role_assignments[assignment["id"]] = assignment
    activate(directory, definition["id"])
    _record(directory, caller, "Add member to role", "Assign", type_name, principal, definition)
    return assignment


def withdraw(directory: Directory, assignment_id: str, caller: Caller) -> None:
    """Take a role assignment back, unless it is the tenant's last Global Administrator or the caller's own."""
    assignment = require_assignment(directory, assignment_id)
    definition = directory.role_definitions[assignment["roleDefinitionId"]]
    if definition["id"] == GLOBAL_ADMINISTRATOR:
        if assignment["principalId"] == caller.object_id:
            raise bad_request("Removing self from Global Administrator built-in role is not allowed")
        require_other_administrator(directory, without_assignment=assignment_id)
    type_name, principal = directory.require_object(assignment["principalId"])
    del directory.role_assignments[assignment_id]
    _record(directory, caller, "Remove member from role", "Unassign", type_name, principal, definition)


def require_assignment(directory: Directory, assignment_id: str) -> Record:
    """Get a role assignment whose principal exists, or refuse with 404."""
    assignment = directory.role_assignments.get(assignment_id)
    if assignment is None or directory.find_object(assignment["principalId"]) is None:
        raise not_found(assignment_id)
    return assignment


def require_other_administrator(directory: Directory, *, without_assignment: str = "", without_user: str = "") -> None:
    """Refuse what would leave the tenant without a user who is Global Administrator.

    Only users count: what Entra makes of disabled administrators and of service principals is not documented.
    """
    remaining = (
        user_id
        for each in directory.live_role_assignments()
        if each["roleDefinitionId"] == GLOBAL_ADMINISTRATOR
        and each["directoryScopeId"] == "/"
        and each["id"] != without_assignment
        for user_id in [each["principalId"], *directory.members_of(each["principalId"], nested=True)]
        if user_id in directory.users and user_id != without_user
    )
    if next(remaining, None) is None:
        raise bad_request("The last Global Administrator of the organization cannot be removed.")


def roles_of(directory: Directory, principal_id: str) -> set[str]:
    """List the roles a principal holds, or held when it was deleted, directly or through groups, by definition id."""
    holders = {principal_id, *directory.containers_of(principal_id, nested=True)}
    return {each["roleDefinitionId"] for each in directory.role_assignments.values() if each["principalId"] in holders}


def template_of(directory: Directory, role_name: str) -> str:
    """Tell the template id of a built-in role by its name; KeyError when there is none."""
    for each in directory.role_definitions.values():
        if each["displayName"] == role_name:
            return str(each["templateId"])
    raise KeyError(role_name)


def _require_definition(directory: Directory, definition_id: object) -> Record:
    definition = directory.role_definitions.get(str(definition_id).lower())
    if definition is None:
        raise not_found(str(definition_id))
    return definition


def _key(assignment: Record) -> tuple[str, str, str]:
    return assignment["principalId"], assignment["roleDefinitionId"], assignment["directoryScopeId"]


def _record(
    directory: Directory,
    caller: Caller,
    activity: str,
    operation: str,
    type_name: str,
    principal: Record,
    definition: Record,
) -> None:
    side = "new" if operation == "Assign" else "old"
    role = activate(directory, definition["id"])
    changes = [
        modified("Role.ObjectID", **{side: role["id"]}),
        modified("Role.DisplayName", **{side: definition["displayName"]}),
        modified("Role.TemplateId", **{side: definition["templateId"]}),
    ]
    kind = type_name[0].upper() + type_name[1:]
    record_change(
        directory,
        caller,
        activity,
        category="RoleManagement",
        operation=operation,
        targets=[target(kind, principal, modified=changes), target("Role", role)],
    )
