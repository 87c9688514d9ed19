"""Rows of app role assignments and delegated permission grants."""

from collections.abc import Mapping

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
from tests.sandbox.rows.scene import Ask, Row, Scene

_TO = "/servicePrincipals/{id}/appRoleAssignedTo"
_OF = "/servicePrincipals/{id}/appRoleAssignments"
_OF_USER = "/users/{id}/appRoleAssignments"
_OF_GROUP = "/groups/{id}/appRoleAssignments"


def _assign_to(scene: Scene) -> Ask:
    body = assignment_body(scene)
    return Ask(f"/servicePrincipals/{body['resourceId']}/appRoleAssignedTo", body)


def _assign(scene: Scene) -> Ask:
    body = assignment_body(scene)
    return Ask(f"/servicePrincipals/{body['principalId']}/appRoleAssignments", body)


def _assigned_to(scene: Scene) -> Ask:
    held = new_assignment(scene)
    return Ask(f"/servicePrincipals/{held['resourceId']}/appRoleAssignedTo/{held['id']}")


def _assignment(scene: Scene) -> Ask:
    held = new_assignment(scene)
    return Ask(f"/servicePrincipals/{held['principalId']}/appRoleAssignments/{held['id']}")


def _assign_user(scene: Scene) -> Ask:
    user_id = enabled_user_id(scene)
    return Ask(f"/users/{user_id}/appRoleAssignments", default_access_body(scene, user_id))


def _assign_group(scene: Scene) -> Ask:
    held_by = group_id(scene)
    return Ask(f"/groups/{held_by}/appRoleAssignments", default_access_body(scene, held_by))


def _withdraw(scene: Scene, assign: Ask) -> Ask:
    assert assign.body is not None
    return Ask(f"{assign.path}/{scene.make(assign.path, assign.body)['id']}")


def _grant(scene: Scene) -> str:
    return f"/oauth2PermissionGrants/{new_grant(scene)['id']}"


ROWS: Mapping[str, Row] = {
    f"GET {_TO}": lambda scene: Ask(f"/servicePrincipals/{new_principal(scene)['id']}/appRoleAssignedTo"),
    f"POST {_TO}": _assign_to,
    f"GET {_TO}/{{assignment_id}}": _assigned_to,
    f"DELETE {_TO}/{{assignment_id}}": _assigned_to,
    f"GET {_OF}": lambda scene: Ask(f"/servicePrincipals/{new_principal(scene)['id']}/appRoleAssignments"),
    f"POST {_OF}": _assign,
    f"GET {_OF}/{{assignment_id}}": _assignment,
    f"DELETE {_OF}/{{assignment_id}}": _assignment,
    f"GET {_OF_USER}": lambda scene: Ask(f"/users/{enabled_user_id(scene)}/appRoleAssignments"),
    f"POST {_OF_USER}": _assign_user,
    f"DELETE {_OF_USER}/{{assignment_id}}": lambda scene: _withdraw(scene, _assign_user(scene)),
    f"GET {_OF_GROUP}": lambda scene: Ask(f"/groups/{group_id(scene)}/appRoleAssignments"),
    f"POST {_OF_GROUP}": _assign_group,
    f"DELETE {_OF_GROUP}/{{assignment_id}}": lambda scene: _withdraw(scene, _assign_group(scene)),
    "GET /oauth2PermissionGrants": lambda _scene: Ask("/oauth2PermissionGrants"),
    "POST /oauth2PermissionGrants": lambda scene: Ask("/oauth2PermissionGrants", grant_body(scene)),
    "GET /oauth2PermissionGrants/{id}": lambda scene: Ask(_grant(scene)),
    "PATCH /oauth2PermissionGrants/{id}": lambda scene: Ask(_grant(scene), {"scope": "openid profile"}),
    "DELETE /oauth2PermissionGrants/{id}": lambda scene: Ask(_grant(scene)),
}
