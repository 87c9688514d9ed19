"""Calls on app role assignments and delegated permission grants."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from msgraph.generated.models.app_role_assignment import AppRoleAssignment
from msgraph.generated.models.o_auth2_permission_grant import OAuth2PermissionGrant

from tests.sandbox.rows.registrations import (
    assignment_body,
    default_access_body,
    enabled_user_id,
    grant_body,
    group_id,
    new_assignment,
    new_grant,
    new_principal,
)
from tests.sandbox.rows.scene import Scene
from tests.sandbox.witness.call import Call


def _principal(client: Any, object_id: str) -> Any:
    return client.service_principals.by_service_principal_id(object_id)


def _assignment_of(body: Mapping[str, str]) -> AppRoleAssignment:
    return AppRoleAssignment(
        principal_id=UUID(body["principalId"]),
        resource_id=UUID(body["resourceId"]),
        app_role_id=UUID(body["appRoleId"]),
    )


async def _assign_to(client: Any, scene: Scene) -> None:
    body = assignment_body(scene)
    await _principal(client, body["resourceId"]).app_role_assigned_to.post(_assignment_of(body))


async def _assign(client: Any, scene: Scene) -> None:
    body = assignment_body(scene)
    await _principal(client, body["principalId"]).app_role_assignments.post(_assignment_of(body))


def _assigned_to(client: Any, scene: Scene) -> Any:
    held = new_assignment(scene)
    seen = _principal(client, held["resourceId"]).app_role_assigned_to
    return seen.by_app_role_assignment_id(held["id"])


def _assignment(client: Any, scene: Scene) -> Any:
    held = new_assignment(scene)
    return _principal(client, held["principalId"]).app_role_assignments.by_app_role_assignment_id(held["id"])


async def _assign_user(client: Any, scene: Scene) -> Any:
    user_id = enabled_user_id(scene)
    held = client.users.by_user_id(user_id).app_role_assignments
    added = await held.post(_assignment_of(default_access_body(scene, user_id)))
    return held.by_app_role_assignment_id(added.id)


async def _assign_group(client: Any, scene: Scene) -> Any:
    held = client.groups.by_group_id(group_id(scene)).app_role_assignments
    added = await held.post(_assignment_of(default_access_body(scene, group_id(scene))))
    return held.by_app_role_assignment_id(added.id)


async def _withdraw_user(client: Any, scene: Scene) -> None:
    await (await _assign_user(client, scene)).delete()


async def _withdraw_group(client: Any, scene: Scene) -> None:
    await (await _assign_group(client, scene)).delete()


async def _create_grant(client: Any, scene: Scene) -> None:
    body = grant_body(scene)
    await client.oauth2_permission_grants.post(
        OAuth2PermissionGrant(
            client_id=body["clientId"],
            consent_type=body["consentType"],
            principal_id=body["principalId"],
            resource_id=body["resourceId"],
            scope=body["scope"],
        )
    )


def _grant(client: Any, scene: Scene) -> Any:
    return client.oauth2_permission_grants.by_o_auth2_permission_grant_id(new_grant(scene)["id"])


_TO = "/servicePrincipals/{id}/appRoleAssignedTo"
_OF = "/servicePrincipals/{id}/appRoleAssignments"
_GRANTS = "/oauth2PermissionGrants"

CALLS: Mapping[str, Call] = {
    f"GET {_TO}": lambda client, scene: _principal(client, new_principal(scene)["id"]).app_role_assigned_to.get(),
    f"POST {_TO}": _assign_to,
    f"GET {_TO}/{{assignment_id}}": lambda client, scene: _assigned_to(client, scene).get(),
    f"DELETE {_TO}/{{assignment_id}}": lambda client, scene: _assigned_to(client, scene).delete(),
    f"GET {_OF}": lambda client, scene: _principal(client, new_principal(scene)["id"]).app_role_assignments.get(),
    f"POST {_OF}": _assign,
    f"GET {_OF}/{{assignment_id}}": lambda client, scene: _assignment(client, scene).get(),
    f"DELETE {_OF}/{{assignment_id}}": lambda client, scene: _assignment(client, scene).delete(),
    "GET /users/{id}/appRoleAssignments": lambda client, scene: client.users.by_user_id(
        enabled_user_id(scene)
    ).app_role_assignments.get(),
    "POST /users/{id}/appRoleAssignments": _assign_user,
    "DELETE /users/{id}/appRoleAssignments/{assignment_id}": _withdraw_user,
    "GET /groups/{id}/appRoleAssignments": lambda client, scene: client.groups.by_group_id(
        group_id(scene)
    ).app_role_assignments.get(),
    "POST /groups/{id}/appRoleAssignments": _assign_group,
    "DELETE /groups/{id}/appRoleAssignments/{assignment_id}": _withdraw_group,
    f"GET {_GRANTS}": lambda client, _scene: client.oauth2_permission_grants.get(),
    f"POST {_GRANTS}": _create_grant,
    f"GET {_GRANTS}/{{id}}": lambda client, scene: _grant(client, scene).get(),
    f"PATCH {_GRANTS}/{{id}}": lambda client, scene: _grant(client, scene).patch(
        OAuth2PermissionGrant(scope="openid profile")
    ),
    f"DELETE {_GRANTS}/{{id}}": lambda client, scene: _grant(client, scene).delete(),
}
