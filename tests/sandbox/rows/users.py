"""Rows of `/users`."""

from collections.abc import Mapping

from tests.sandbox.conftest import user_body
from tests.sandbox.rows.memberships import action_rows, list_rows
from tests.sandbox.rows.scene import Ask, Row, Scene


def _with_manager(scene: Scene) -> Ask:
    user, manager = scene.user(), scene.user("lena.roth@contoso.example")
    scene.act("PUT", f"/users/{user['id']}/manager/$ref", scene.reference(manager["id"]))
    return Ask(f"/users/{user['id']}/manager")


def _set_manager(scene: Scene) -> Ask:
    user, manager = scene.user(), scene.user("lena.roth@contoso.example")
    return Ask(f"/users/{user['id']}/manager/$ref", scene.reference(manager["id"]))


def _id(scene: Scene) -> str:
    return str(scene.user()["id"])


ROWS: Mapping[str, Row] = {
    "GET /users": lambda _scene: Ask("/users"),
    "POST /users": lambda _scene: Ask("/users", user_body()),
    "GET /users/{id}": lambda scene: Ask(f"/users/{scene.user()['id']}"),
    "PATCH /users/{id}": lambda scene: Ask(f"/users/{scene.user()['id']}", {"jobTitle": "Clerk"}),
    "DELETE /users/{id}": lambda scene: Ask(f"/users/{scene.user()['id']}"),
    "GET /users/{id}/manager": _with_manager,
    "PUT /users/{id}/manager/$ref": _set_manager,
    "DELETE /users/{id}/manager/$ref": lambda scene: Ask(f"{_with_manager(scene).path}/$ref"),
    "GET /users/{id}/directReports": lambda scene: Ask(f"/users/{scene.user()['id']}/directReports"),
    "POST /users/{id}/revokeSignInSessions": lambda scene: Ask(f"/users/{scene.user()['id']}/revokeSignInSessions"),
    **list_rows("users", "memberOf", _id),
    **list_rows("users", "transitiveMemberOf", _id),
    **action_rows("users", _id),
    "GET /users/{id}/ownedObjects": lambda scene: Ask(f"/users/{scene.user()['id']}/ownedObjects"),
    "GET /users/{id}/oauth2PermissionGrants": lambda scene: Ask(f"/users/{scene.user()['id']}/oauth2PermissionGrants"),
}
