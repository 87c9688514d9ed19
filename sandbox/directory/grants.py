"""What applications and people were granted: app role assignments and delegated permission grants.

Rules are those of Learn, "appRoleAssignment resource type", "Grant an appRoleAssignment", "oAuth2PermissionGrant
resource type" and "Update a delegated permission grant", read November 2026; what those pages leave open is a setting
of the tenant's behaviour.
"""

from collections.abc import Collection, Mapping
from typing import Any

from sandbox.directory import premium, service_principals
from sandbox.directory.audit import modified, record_change, target
from sandbox.directory.store import Caller, Directory, Record
from sandbox.errors import GraphError, bad_request, conflicting_object, forbidden, not_found
from sandbox.identifiers import canonical_id, encoded_id, new_id

DEFAULT_ROLE = "00000000-0000-0000-0000-000000000000"
_LONGEST_SCOPE = 3850
_MEMBER_KIND = {"user": "User", "group": "User", "servicePrincipal": "Application"}
_PRINCIPAL_TYPE = {"user": "User", "group": "Group", "servicePrincipal": "ServicePrincipal"}
# What every resource takes beside its own scopes, because the tokens are about the person who signs in.
_SIGN_IN_SCOPES = frozenset({"openid", "profile", "email", "offline_access"})


def assign_app_role(directory: Directory, body: Mapping[str, Any], caller: Caller) -> Record:
    """Assign an app role of a resource to a user, group or service principal."""
    for name in ("principalId", "resourceId", "appRoleId"):
        if not body.get(name):
            raise bad_request(f"A value is required for property '{name}' of resource 'AppRoleAssignment'.")
    principal_id, resource_id, role_id = (
        canonical_id(str(body[name])) for name in ("principalId", "resourceId", "appRoleId")
    )
    resource = service_principals.render(directory, service_principals.require(directory, resource_id))
    type_name, principal = directory.require_object(principal_id)
    if type_name not in _PRINCIPAL_TYPE:
        raise not_found(principal_id)
    if type_name == "group" and not premium.has_p1(directory):
        raise forbidden("Assigning groups to applications needs a Microsoft Entra ID P1 or P2 licence.")
    if role_id != DEFAULT_ROLE or directory.behaviour.default_access_beside_roles == "refused":
        _require_role(resource, role_id, _MEMBER_KIND[type_name])
    _require_enabled(directory, principal)
    if type_name == "servicePrincipal":
        principal = service_principals.render(directory, principal)
    wanted = (principal_id, resource_id, role_id)
    if any(_key(each) == wanted for each in directory.app_role_assignments.values()):
        raise bad_request("Permission being assigned already exists on the object")
    assignment = {
        "id": encoded_id(principal_id, new_id()),
        "deletedDateTime": None,
        "appRoleId": role_id,
        "createdDateTime": directory.clock.stamp(),
        "principalDisplayName": principal["displayName"],
        "principalId": principal_id,
        "principalType": _PRINCIPAL_TYPE[type_name],
        "resourceDisplayName": resource["displayName"],
        "resourceId": resource_id,
    }
    directory.app_role_assignments[assignment["id"]] = assignment
    _record_assignment(directory, caller, assignment, added=True)
    return assignment


def withdraw_app_role(directory: Directory, assignment_id: str, caller: Caller) -> None:
    """Take an app role assignment back."""
    assignment = require_assignment(directory, assignment_id)
    del directory.app_role_assignments[assignment_id]
    _record_assignment(directory, caller, assignment, added=False)


def require_assignment(directory: Directory, assignment_id: str) -> Record:
    """Get an app role assignment whose principal and resource exist, or refuse with 404."""
    assignment = directory.app_role_assignments.get(assignment_id)
    if assignment is None or not directory.is_live(assignment, "principalId", "resourceId"):
        raise not_found(assignment_id)
    return assignment


def granted_permissions(directory: Directory, principal_id: str, resource_id: str) -> list[str]:
    """List the values of the app roles that a principal holds on a resource."""
    resource = service_principals.render(directory, directory.service_principals[resource_id])
    values = {each["id"]: each["value"] for each in resource["appRoles"] if each["isEnabled"]}
    return sorted(
        values[each["appRoleId"]]
        for each in directory.live_app_role_assignments()
        if each["principalId"] == principal_id and each["resourceId"] == resource_id and values.get(each["appRoleId"])
    )


def require_grantable(
    directory: Directory, client: Record | None, resource_id: str, app_roles: Collection[str], scope: str | None
) -> None:
    """Refuse app roles and a scope that a resource cannot grant to a client, which may not be in the tenant yet."""
    resource = service_principals.require(directory, resource_id)
    shown = service_principals.render(directory, resource)
    for each in app_roles:
        _require_role(shown, each, _MEMBER_KIND["servicePrincipal"])
    if app_roles and client is not None:
        _require_enabled(directory, client)
    if scope is not None:
        _check_scope(directory, resource, scope)


def create_permission_grant(directory: Directory, body: Mapping[str, Any], caller: Caller) -> Record:
    """Grant delegated permissions, once per client, resource and principal."""
    client_id, resource_id = canonical_id(str(body.get("clientId"))), canonical_id(str(body.get("resourceId")))
    service_principals.require(directory, client_id)
    resource = service_principals.require(directory, resource_id)
    kind, principal_id = body.get("consentType"), body.get("principalId")
    if kind not in {"AllPrincipals", "Principal"}:
        raise bad_request("Invalid value specified for property 'consentType' of resource 'OAuth2PermissionGrant'.")
    if (kind == "Principal") != bool(principal_id):
        raise bad_request("The property 'principalId' is needed for consentType 'Principal', and for that only.")
    principal_id = canonical_id(principal_id) if principal_id else None
    if principal_id is not None and principal_id not in directory.users:
        raise not_found(principal_id)
    _check_scope(directory, resource, body.get("scope"))
    grant_id = encoded_id(*(each for each in (client_id, resource_id, principal_id) if each))
    if grant_id in directory.permission_grants:
        raise _duplicate_grant(directory)
    grant = {
        "id": grant_id,
        "clientId": client_id,
        "consentType": kind,
        "principalId": principal_id,
        "resourceId": resource_id,
        "scope": body.get("scope"),
    }
    directory.permission_grants[grant_id] = grant
    _record_grant(directory, caller, "Add delegated permission grant", "Assign", grant)
    return grant


def require_acknowledged(directory: Directory, grant: Record, caller: Caller) -> None:
    """Refuse to tell a request of a client's first grant that it is written, where the tenant behaves so."""
    if caller.unrestricted:
        return
    grants = [each for each in directory.permission_grants.values() if each["clientId"] == grant["clientId"]]
    if directory.behaviour.first_grant_answer == "not found" and grants == [grant]:
        message = "Unable to read the company information from the directory."
        raise GraphError(404, "Directory_ObjectNotFound", message)


def change_permission_grant(directory: Directory, grant_id: str, body: Mapping[str, Any], caller: Caller) -> None:
    """Replace the whole scope of a grant; nothing else of it can be changed."""
    grant = require_permission_grant(directory, grant_id)
    for name in body:
        if "@odata." not in name and name != "scope":
            raise bad_request(f"Property cannot be updated: {name}")
    _check_scope(directory, directory.service_principals[grant["resourceId"]], body.get("scope"))
    grant["scope"] = body["scope"]
    _record_grant(directory, caller, "Add delegated permission grant", "Update", grant)


def delete_permission_grant(directory: Directory, grant_id: str, caller: Caller) -> None:
    """Take a delegated permission grant back."""
    grant = require_permission_grant(directory, grant_id)
    del directory.permission_grants[grant_id]
    _record_grant(directory, caller, "Remove delegated permission grant", "Unassign", grant)


def require_permission_grant(directory: Directory, grant_id: str) -> Record:
    """Get a delegated permission grant whose client, resource and user exist, or refuse with 404."""
    grant = directory.permission_grants.get(grant_id)
    if grant is None or not directory.is_live(grant, "clientId", "resourceId", "principalId"):
        raise not_found(grant_id)
    return grant


def _require_role(resource: Record, role_id: str, member_kind: str) -> None:
    offered = [each for each in resource["appRoles"] if each["isEnabled"] and member_kind in each["allowedMemberTypes"]]
    # Access without a role is for resources that define none for this kind of member.
    known = [each["id"] for each in offered] or [DEFAULT_ROLE]
    if role_id not in known:
        raise bad_request(f"Permission being assigned was not found on application '{resource['appId']}'.")


def _require_enabled(directory: Directory, principal: Record) -> None:
    refused = directory.behaviour.roles_for_disabled_principals == "refused"
    if refused and principal.get("accountEnabled") is False:
        raise bad_request("The principal of the app role assignment is disabled.")


def _check_scope(directory: Directory, resource: Record, scope: object) -> None:
    if not isinstance(scope, str) or len(scope) > _LONGEST_SCOPE:
        raise bad_request("Invalid value specified for property 'scope' of resource 'OAuth2PermissionGrant'.")
    if directory.behaviour.unknown_scopes == "refused":
        shown = service_principals.render(directory, resource)
        known = {each["value"] for each in shown["oauth2PermissionScopes"] if each["isEnabled"]} | _SIGN_IN_SCOPES
        for name in scope.split():
            if name not in known:
                raise bad_request(f"The scope '{name}' was not found on application '{shown['appId']}'.")


def _duplicate_grant(directory: Directory) -> GraphError:
    message = "Permission entry already exists."
    if directory.behaviour.duplicate_grant_status == 409:  # noqa: PLR2004 - HTTP's number for a conflict
        return conflicting_object(message)
    return bad_request(message)


def _key(assignment: Record) -> tuple[str, str, str]:
    return assignment["principalId"], assignment["resourceId"], assignment["appRoleId"]


def _record_assignment(directory: Directory, caller: Caller, assignment: Record, *, added: bool) -> None:
    kind = {"User": "user", "Group": "group", "ServicePrincipal": "service principal"}[assignment["principalType"]]
    direction = "to" if added else "from"
    verb = "Add" if added else "Remove"
    if kind == "user":
        activity = f"{verb} app role assignment {'grant to' if added else 'from'} user"
    else:
        activity = f"{verb} app role assignment {direction} {kind}"
    subject = {"id": assignment["resourceId"], "displayName": assignment["resourceDisplayName"]}
    role = modified("AppRole.Id", **{"new" if added else "old": assignment["appRoleId"]})
    record_change(
        directory,
        caller,
        activity,
        category="ApplicationManagement",
        operation="Assign" if added else "Unassign",
        targets=[
            target("ServicePrincipal", subject, modified=[role]),
            target(assignment["principalType"], {"id": assignment["principalId"], "displayName": None}),
        ],
    )


def _record_grant(directory: Directory, caller: Caller, activity: str, operation: str, grant: Record) -> None:
    scope = modified("DelegatedPermissionGrant.Scope", new=grant["scope"])
    record_change(
        directory,
        caller,
        activity,
        category="ApplicationManagement",
        operation=operation,
        targets=[target("ServicePrincipal", {"id": grant["resourceId"]}, modified=[scope])],
    )
