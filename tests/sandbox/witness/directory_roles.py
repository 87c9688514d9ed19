"""Calls on `/directoryRoles` and `/directoryRoleTemplates`."""

from collections.abc import Mapping
from typing import Any

from msgraph.generated.models.directory_role import DirectoryRole
from msgraph.generated.models.reference_create import ReferenceCreate

from tests.sandbox.rows.directory_roles import activated
from tests.sandbox.rows.privileged import GLOBAL_ADMINISTRATOR, READERS
from tests.sandbox.rows.scene import Scene
from tests.sandbox.witness.call import Call


async def _add_member(client: Any, scene: Scene) -> None:
    reference = ReferenceCreate(odata_id=scene.reference(scene.user()["id"])["@odata.id"])
    await client.directory_roles.by_directory_role_id(activated(scene)).members.ref.post(reference)


async def _remove_member(client: Any, scene: Scene) -> None:
    role, user = activated(scene), scene.user()
    scene.act("POST", f"/directoryRoles/{role}/members/$ref", scene.reference(user["id"]))
    members = client.directory_roles.by_directory_role_id(role).members
    await members.by_directory_object_id(user["id"]).ref.delete()


CALLS: Mapping[str, Call] = {
    "GET /directoryRoles": lambda client, _scene: client.directory_roles.get(),
    "POST /directoryRoles": lambda client, _scene: client.directory_roles.post(DirectoryRole(role_template_id=READERS)),
    "GET /directoryRoles/{id}": lambda client, scene: client.directory_roles.by_directory_role_id(
        activated(scene)
    ).get(),
    "GET /directoryRoles/{id}/members": lambda client, scene: client.directory_roles.by_directory_role_id(
        activated(scene)
    ).members.get(),
    "POST /directoryRoles/{id}/members/$ref": _add_member,
    "DELETE /directoryRoles/{id}/members/{member_id}/$ref": _remove_member,
    "GET /directoryRoleTemplates": lambda client, _scene: client.directory_role_templates.get(),
    "GET /directoryRoleTemplates/{id}": lambda client, _scene: (
        client.directory_role_templates.by_directory_role_template_id(GLOBAL_ADMINISTRATOR).get()
    ),
}
