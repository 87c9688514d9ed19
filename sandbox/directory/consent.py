"""Consent: who may give it, and what it leaves in the directory.

Sources, read November 2026: learn.microsoft.com, "Grant tenant-wide admin consent to an application" (which roles may
consent to what; earlier tenant-wide permissions may be revoked, those of single users stay), "oAuth2PermissionGrant
resource type" and "Grant an appRoleAssignment" (what is created), "Microsoft Entra audit log categories and
activities" (what is logged).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.directory import grants, roles, service_principals
from sandbox.directory.audit import modified, record_change, target
from sandbox.directory.store import GRAPH_APP_ID, Caller, Directory, Record

_CONSENT_PAGE = "74658136-14ec-4630-ad9b-26e160ff0fc6"  # the client id of Microsoft's own consent page
_CONSENT_OF_USERS = frozenset(
    {
        "managepermissiongrantsforself.microsoft-user-default-legacy",
        "managepermissiongrantsforself.microsoft-user-default-recommended",
    }
)
_ANY_PERMISSION = frozenset({"Global Administrator", "Privileged Role Administrator"})
_ALL_BUT_GRAPH_ROLES = frozenset({"AI Administrator", "Application Administrator", "Cloud Application Administrator"})


@dataclass(frozen=True)
class Permissions:
    """What somebody consents to: app role ids and scope names, by the client id of the resource."""

    app_roles: Mapping[str, tuple[str, ...]]
    scopes: Mapping[str, tuple[str, ...]]

    @property
    def resources(self) -> list[str]:
        """List the client ids of all resources."""
        return list(dict.fromkeys([*self.app_roles, *self.scopes]))


def may_consent_for_tenant(directory: Directory, user: Record, permissions: Permissions) -> bool:
    """Say whether a user's directory roles let him consent to all of this for everybody.

    A role for some objects only is not one for everybody.
    """
    held_roles = roles.tenant_wide_roles_of(directory, user["id"])
    held = {directory.role_definitions[each]["displayName"] for each in held_roles}
    if held & _ANY_PERMISSION:
        return True
    return bool(held & _ALL_BUT_GRAPH_ROLES) and not permissions.app_roles.get(GRAPH_APP_ID)


def users_may_consent(directory: Directory) -> bool:
    """Say whether users may consent for themselves to what no administrator is needed for.

    The tenant's policies on it are those of learn.microsoft.com, "Manage app consent policies", read November 2026. The
    one for permissions of low impact covers those that an administrator has classified so, and none is here; what a
    policy of the tenant's own includes is not known here either.
    """
    assigned = directory.authorization_policy["defaultUserRolePermissions"]["permissionGrantPoliciesAssigned"] or ()
    return not _CONSENT_OF_USERS.isdisjoint(each.lower() for each in assigned)


def ensure_principal(directory: Directory, client_id: str, user: Record) -> Record:
    """Get the service principal of an application, made now if the tenant has none yet."""
    principal = directory.find_service_principal(client_id)
    if principal is None:
        principal = service_principals.create(directory, {"appId": client_id}, _page(user))
    return principal


def consent_for_tenant(directory: Directory, client_id: str, permissions: Permissions, user: Record) -> None:
    """Give an application permissions for everybody, taking earlier tenant-wide ones back as the tenant does.

    What cannot be given is refused before anything is made or taken back.
    """
    known = directory.find_service_principal(client_id)
    resources = {each: _resource(directory, each)["id"] for each in permissions.resources}
    wanted_roles = {(resources[each], role) for each, ids in permissions.app_roles.items() for role in ids}
    scopes = {
        resources[each]: _scope_for_everybody(directory, known, resources[each], names)
        for each, names in permissions.scopes.items()
    }
    new_roles = sorted(wanted_roles - _roles_held(directory, known))
    for each in resources.values():
        ids = [role_id for resource_id, role_id in new_roles if resource_id == each]
        grants.require_grantable(directory, known, each, ids, scopes.get(each))
    principal = ensure_principal(directory, client_id, user)
    if known is None:
        directory.unseen_principals[client_id] = directory.behaviour.unseen_principal_requests
    _take_back(directory, principal["id"], wanted_roles, scopes, user)
    for resource_id, role_id in new_roles:
        body = {"principalId": principal["id"], "resourceId": resource_id, "appRoleId": role_id}
        grants.assign_app_role(directory, body, _page(user))
    for resource_id, scope in scopes.items():
        _grant(directory, principal, resource_id, None, scope, user)
    _record(directory, principal, user, for_everybody=True, is_app_only=not scopes)


def consent_for_user(directory: Directory, client_id: str, permissions: Permissions, user: Record) -> None:
    """Give an application delegated permissions for the one user who consents, beside those it holds for him."""
    known = directory.find_service_principal(client_id)
    scopes: dict[str, str] = {}
    for each, names in permissions.scopes.items():
        resource_id = _resource(directory, each)["id"]
        scopes[resource_id] = _joined(_find_grant(directory, known, resource_id, user["id"]), names)
        grants.require_grantable(directory, known, resource_id, (), scopes[resource_id])
    principal = ensure_principal(directory, client_id, user)
    for resource_id, scope in scopes.items():
        _grant(directory, principal, resource_id, user["id"], scope, user)
    _record(directory, principal, user, for_everybody=False, is_app_only=False)


def is_assigned(directory: Directory, principal: Record, user: Record) -> bool:
    """Say whether a user may use an application, which is everybody unless it asks for assignment.

    Of groups only direct members profit (learn.microsoft.com, "Assign users and groups to an application", read
    November 2026).
    """
    if not principal["appRoleAssignmentRequired"]:
        return True
    holders = {user["id"], *directory.containers_of(user["id"], nested=False)}
    assigned = (each for each in directory.live_app_role_assignments() if each["resourceId"] == principal["id"])
    return any(each["principalId"] in holders for each in assigned)


def _take_back(
    directory: Directory,
    principal_id: str,
    wanted_roles: Iterable[tuple[str, str]],
    wanted_scopes: Mapping[str, str],
    user: Record,
) -> None:
    extent = directory.behaviour.consent_takes_back
    if extent == "everything":
        for each in list(directory.live_app_role_assignments()):
            held = each["principalId"] == principal_id
            if held and (each["resourceId"], each["appRoleId"]) not in wanted_roles:
                grants.withdraw_app_role(directory, each["id"], _page(user))
    if extent in {"everything", "delegated"}:
        for each in list(directory.permission_grants.values()):
            tenant_wide = each["clientId"] == principal_id and each["principalId"] is None
            if tenant_wide and each["resourceId"] not in wanted_scopes:
                grants.delete_permission_grant(directory, each["id"], _page(user))


def _grant(
    directory: Directory, principal: Record, resource_id: str, user_id: str | None, scope: str, user: Record
) -> None:
    held = _find_grant(directory, principal, resource_id, user_id)
    if held is None:
        body: dict[str, Any] = {"clientId": principal["id"], "resourceId": resource_id, "scope": scope}
        body |= {"consentType": "AllPrincipals" if user_id is None else "Principal", "principalId": user_id}
        grants.create_permission_grant(directory, body, _page(user))
        return
    if held["scope"] != scope:
        grants.change_permission_grant(directory, held["id"], {"scope": scope}, _page(user))


def _scope_for_everybody(directory: Directory, principal: Record | None, resource_id: str, names: Iterable[str]) -> str:
    """Tell what a tenant-wide grant will hold: what was asked for, beside what it held if nothing is taken back."""
    keeps = directory.behaviour.consent_takes_back == "nothing"
    return _joined(_find_grant(directory, principal, resource_id, None) if keeps else None, names)


def _joined(held: Record | None, names: Iterable[str]) -> str:
    before = [] if held is None else str(held["scope"] or "").split()
    return " ".join(dict.fromkeys([*before, *names]))


def _find_grant(directory: Directory, principal: Record | None, resource_id: str, user_id: str | None) -> Record | None:
    if principal is None:
        return None
    wanted = {"clientId": principal["id"], "resourceId": resource_id, "principalId": user_id}
    known = directory.permission_grants.values()
    return next((each for each in known if all(each[name] == value for name, value in wanted.items())), None)


def _roles_held(directory: Directory, principal: Record | None) -> set[tuple[str, str]]:
    """List what a principal holds, as resource and app role."""
    return {
        (each["resourceId"], each["appRoleId"])
        for each in directory.live_app_role_assignments()
        if principal is not None and each["principalId"] == principal["id"]
    }


def _resource(directory: Directory, client_id: str) -> Record:
    found = directory.find_service_principal(client_id)
    if found is None:
        raise ValueError(f"consent was asked for a resource that the tenant does not hold: {client_id}")
    return found


def _page(user: Record) -> Caller:
    # Without an object id, so that nobody comes to own what consent creates.
    return Caller(
        _CONSENT_PAGE,
        "",
        "Microsoft App Access Panel",
        user_id=user["id"],
        login=user["userPrincipalName"],
        unrestricted=True,
    )


def _record(directory: Directory, principal: Record, user: Record, *, for_everybody: bool, is_app_only: bool) -> None:
    granted = [each for each in directory.permission_grants.values() if each["clientId"] == principal["id"]]
    told = ", ".join(
        f"[Id: {each['id']}, ClientId: {each['clientId']}, PrincipalId: {each['principalId'] or ''}, "
        f"ResourceId: {each['resourceId']}, ConsentType: {each['consentType']}, Scope: {each['scope']}]"
        for each in granted
    )
    changes = [
        modified("ConsentContext.IsAdminConsent", new=for_everybody),
        modified("ConsentContext.IsAppOnly", new=is_app_only),
        modified("ConsentContext.OnBehalfOfAll", new=for_everybody),
        modified("ConsentContext.Tags", new="WindowsAzureActiveDirectoryIntegratedApp"),
        modified("ConsentAction.Permissions", new=f"[] => [{told}]"),
        modified("TargetId.ServicePrincipalNames", new=principal["appId"]),
    ]
    record_change(
        directory,
        _page(user),
        "Consent to application",
        category="ApplicationManagement",
        operation="Assign",
        targets=[target("ServicePrincipal", service_principals.render(directory, principal), modified=changes)],
    )
