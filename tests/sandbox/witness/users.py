"""Calls on `/users`."""

from collections.abc import Mapping
from typing import Any

from msgraph.generated.models.password_profile import PasswordProfile
from msgraph.generated.models.reference_update import ReferenceUpdate
from msgraph.generated.models.user import User

from tests.sandbox.rows.scene import Scene
from tests.sandbox.witness.call import Call
from tests.sandbox.witness.memberships import action_calls, list_calls


async def _create(client: Any, _scene: Scene) -> None:
    profile = PasswordProfile(password="Kelp-9-lantern")
    user = User(
        account_enabled=False,
        display_name="Mara Holt",
        mail_nickname="mara.holt",
        password_profile=profile,
        user_principal_name="mara.holt@contoso.example",
    )
    await client.users.post(user)


async def _change(client: Any, scene: Scene) -> None:
    await _user(client, scene).patch(User(job_title="Clerk"))


async def _set_manager(client: Any, scene: Scene) -> Any:
    manager = scene.user("lena.roth@contoso.example")
    user = _user(client, scene)
    await user.manager.ref.put(ReferenceUpdate(odata_id=scene.reference(manager["id"])["@odata.id"]))
    return user


async def _read_manager(client: Any, scene: Scene) -> None:
    await (await _set_manager(client, scene)).manager.get()


async def _clear_manager(client: Any, scene: Scene) -> None:
    await (await _set_manager(client, scene)).manager.ref.delete()


def _user(client: Any, scene: Scene) -> Any:
    return client.users.by_user_id(scene.user()["id"])


CALLS: Mapping[str, Call] = {
    "GET /users": lambda client, _scene: client.users.get(),
    "POST /users": _create,
    "GET /users/{id}": lambda client, scene: _user(client, scene).get(),
    "PATCH /users/{id}": _change,
    "DELETE /users/{id}": lambda client, scene: _user(client, scene).delete(),
    "GET /users/{id}/manager": _read_manager,
    "PUT /users/{id}/manager/$ref": _set_manager,
    "DELETE /users/{id}/manager/$ref": _clear_manager,
    "GET /users/{id}/directReports": lambda client, scene: _user(client, scene).direct_reports.get(),
    "POST /users/{id}/revokeSignInSessions": lambda client, scene: _user(client, scene).revoke_sign_in_sessions.post(),
    **list_calls("users", "memberOf", _user),
    **list_calls("users", "transitiveMemberOf", _user),
    **action_calls("users", _user),
    "GET /users/{id}/ownedObjects": lambda client, scene: _user(client, scene).owned_objects.get(),
    "GET /users/{id}/oauth2PermissionGrants": lambda client, scene: _user(client, scene).oauth2_permission_grants.get(),
}
