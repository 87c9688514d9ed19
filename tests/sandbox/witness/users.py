"""Calls on `/users`."""

from collections.abc import Mapping
from typing import Any

from msgraph.generated.models.user import User

from tests.sandbox.rows.scene import Scene
from tests.sandbox.witness.call import Call


async def _change(client: Any, scene: Scene) -> None:
    await client.users.by_user_id(scene.user()["id"]).patch(User(job_title="Clerk"))


CALLS: Mapping[str, Call] = {
    "GET /users": lambda client, _scene: client.users.get(),
    "GET /users/{id}": lambda client, scene: client.users.by_user_id(scene.user()["id"]).get(),
    "PATCH /users/{id}": _change,
    "POST /users/{id}/revokeSignInSessions": lambda client, scene: client.users.by_user_id(
        scene.user()["id"]
    ).revoke_sign_in_sessions.post(),
    "GET /users/{id}/memberOf": lambda client, scene: client.users.by_user_id(scene.user()["id"]).member_of.get(),
    "GET /users/{id}/transitiveMemberOf": lambda client, scene: client.users.by_user_id(
        scene.user()["id"]
    ).transitive_member_of.get(),
    "GET /users/{id}/ownedObjects": lambda client, scene: client.users.by_user_id(
        scene.user()["id"]
    ).owned_objects.get(),
    "GET /users/{id}/oauth2PermissionGrants": lambda client, scene: client.users.by_user_id(
        scene.user()["id"]
    ).oauth2_permission_grants.get(),
}
