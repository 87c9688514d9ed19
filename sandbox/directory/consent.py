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
    """Say whether a user's directory roles let him consent to all of this for everybody."""
    held = {directory.role_definitions[each]["displayName"] for each in roles.roles_of(directory, user["id"])}
    if held & _ANY_PERMISSION:
        return True
    return bool(held & _ALL_BUT_GRAPH_ROLES) and not permissions.app_roles.get(GRAPH_APP_ID)


def ensure_principal(directory: Directory, client_id: str, user: Record) -> Record:
    """Get the service principal of an application, made now if the tenant has none yet."""
    principal = directory.find_service_principal(client_id)
    if principal is None:
        principal = service_principals.create(directory, {"appId": client_id}, _page(user))
    return principal


def consent_for_tenant(directory: Directory, client_id: str, permissions: Permissions, user: Record) -> None:
    """Give an application permissions for everybody, taking earlier tenant-wide ones back as the tenant does."""
    if directory.find_service_principal(client_id) is None:
        directory.unseen_principals[client_id] = directory.behaviour.unseen_principal_requests
    principal = ensure_principal(directory, client_id, user)
    resources = {each: _resource(directory, each)["id"] for each in permissions.resources}
    wanted_roles = {(resources[each], role) for each, ids in permissions.app_roles.items() for role in ids}
    wanted_scopes = {resources[each]: " ".join(names) for each, names in permissions.scopes.items()}
    _take_back(directory, principal["id"], wanted_roles, wanted_scopes, user)
    held = {(each["resourceId"], each["appRoleId"]) for each in _roles_held(directory, principal["id"])}
    for resource_id, role_id in sorted(wanted_roles - held):
        body = {"principalId": principal["id"], "resourceId": resource_id, "appRoleId": role_id}
        grants.assign_app_role(directory, body, _page(user))
    for resource_id, scope in wanted_scopes.items():
        _grant(directory, principal["id"], resource_id, None, scope, user)
    _record(directory, principal, user, for_everybody=True, is_app_only=not wanted_scopes)


def consent_for_user(directory: Directory, client_id: str, permissions: Permissions, user: Record) -> None:
    """Give an application delegated permissions for the one user who consents, beside those it holds for him."""
    principal = ensure_principal(directory, client_id, user)
    for each, names in permissions.scopes.items():
        resource_id = _resource(directory, each)["id"]
        held = _find_grant(directory, principal["id"], resource_id, user["id"])
        before = [] if held is None else str(held["scope"] or "").split()
        scope = " ".join(dict.fromkeys([*before, *names]))
        _grant(directory, principal["id"], resource_id, user["id"], scope, user)
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
        for each in list(_roles_held(directory, principal_id)):
            if (each["resourceId"], each["appRoleId"]) not in wanted_roles:
                grants.withdraw_app_role(directory, each["id"], _page(user))
    if extent in {"everything", "delegated"}:
        for each in list(directory.permission_grants.values()):
            tenant_wide = each["clientId"] == principal_id and each["principalId"] is None
            if tenant_wide and each["resourceId"] not in wanted_scopes:
                grants.delete_permission_grant(directory, each["id"], _page(user))


def _grant(
    directory: Directory, principal_id: str, resource_id: str, user_id: str | None, scope: str, user: Record
) -> None:
    held = _find_grant(directory, principal_id, resource_id, user_id)
    if held is None:
        body: dict[str, Any] = {"clientId": principal_id, "resourceId": resource_id, "scope": scope}
        body |= {"consentType": "AllPrincipals" if user_id is None else "Principal", "principalId": user_id}
        grants.create_permission_grant(directory, body, _page(user))
        return
    if user_id is None and directory.behaviour.consent_takes_back == "nothing":
        scope = " ".join(dict.fromkeys([*str(held["scope"] or "").split(), *scope.split()]))
    if held["scope"] != scope:
        grants.change_permission_grant(directory, held["id"], {"scope": scope}, _page(user))


def _find_grant(directory: Directory, principal_id: str, resource_id: str, user_id: str | None) -> Record | None:
    wanted = {"clientId": principal_id, "resourceId": resource_id, "principalId": user_id}
    known = directory.permission_grants.values()
    return next((each for each in known if all(each[name] == value for name, value in wanted.items())), None)


def _roles_held(directory: Directory, principal_id: str) -> Iterable[Record]:
    return (each for each in directory.live_app_role_assignments() if each["principalId"] == principal_id)


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
