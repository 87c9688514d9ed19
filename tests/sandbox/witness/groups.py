"""Calls on `/groups`."""

from collections.abc import Mapping
from typing import Any

from msgraph.generated.models.group import Group
from msgraph.generated.models.reference_create import ReferenceCreate

from tests.sandbox.rows.groups import make_group
from tests.sandbox.rows.memberships import GROUP_CASTS
from tests.sandbox.rows.scene import Scene
from tests.sandbox.witness.call import Call
from tests.sandbox.witness.memberships import action_calls, cast_call, list_calls


async def _create(client: Any, _scene: Scene) -> None:
    group = Group(display_name="sg-couriers", mail_enabled=False, mail_nickname="couriers", security_enabled=True)
    await client.groups.post(group)


async def _change(client: Any, scene: Scene) -> None:
    await _group(client, scene).patch(Group(description="Couriers"))


def _group(client: Any, scene: Scene) -> Any:
    return client.groups.by_group_id(make_group(scene))


def reference(scene: Scene, object_id: str) -> ReferenceCreate:
    """Refer to a directory object as the SDK does."""
    return ReferenceCreate(odata_id=scene.reference(object_id)["@odata.id"])


async def _with_member(client: Any, scene: Scene) -> Any:
    group, user = _group(client, scene), str(scene.user()["id"])
    await group.members.ref.post(reference(scene, user))
    return group.members.by_directory_object_id(user)


async def _without_member(client: Any, scene: Scene) -> None:
    await (await _with_member(client, scene)).ref.delete()


async def _with_owner(client: Any, scene: Scene) -> Any:
    group, user = _group(client, scene), str(scene.user()["id"])
    await group.owners.ref.post(reference(scene, user))
    return group.owners.by_directory_object_id(user)


async def _without_owner(client: Any, scene: Scene) -> None:
    await (await _with_owner(client, scene)).ref.delete()


CALLS: Mapping[str, Call] = {
    "GET /groups": lambda client, _scene: client.groups.get(),
    "POST /groups": _create,
    "GET /groups/{id}": lambda client, scene: _group(client, scene).get(),
    "PATCH /groups/{id}": _change,
    "DELETE /groups/{id}": lambda client, scene: _group(client, scene).delete(),
    "GET /groups/{id}/members": lambda client, scene: _group(client, scene).members.get(),
    "POST /groups/{id}/members/$ref": _with_member,
    "DELETE /groups/{id}/members/{member_id}/$ref": _without_member,
    "GET /groups/{id}/transitiveMembers": lambda client, scene: _group(client, scene).transitive_members.get(),
    **dict(
        cast_call("groups", relation, kind, _group)
        for relation in ("members", "transitiveMembers")
        for kind in ("user", "group", "servicePrincipal")
    ),
    **list_calls("groups", "memberOf", _group, GROUP_CASTS),
    **list_calls("groups", "transitiveMemberOf", _group, GROUP_CASTS),
    **action_calls("groups", _group),
    "GET /groups/{id}/owners": lambda client, scene: _group(client, scene).owners.get(),
    "POST /groups/{id}/owners/$ref": _with_owner,
    "DELETE /groups/{id}/owners/{owner_id}/$ref": _without_owner,
}
