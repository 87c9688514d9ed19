"""Rows of `/directoryRoles` and `/directoryRoleTemplates`."""

from collections.abc import Mapping

from tests.sandbox.rows.privileged import GLOBAL_ADMINISTRATOR, READERS
from tests.sandbox.rows.scene import Ask, Row, Scene


def activated(scene: Scene) -> str:
    """Activate a role and tell its id."""
    return str(scene.make("/directoryRoles", {"roleTemplateId": READERS})["id"])


def _add_member(scene: Scene) -> Ask:
    return Ask(f"/directoryRoles/{activated(scene)}/members/$ref", scene.reference(scene.user()["id"]))


def _remove_member(scene: Scene) -> Ask:
    role, user = activated(scene), scene.user()
    scene.act("POST", f"/directoryRoles/{role}/members/$ref", scene.reference(user["id"]))
    return Ask(f"/directoryRoles/{role}/members/{user['id']}/$ref")


ROWS: Mapping[str, Row] = {
    "GET /directoryRoles": lambda _scene: Ask("/directoryRoles"),
    "POST /directoryRoles": lambda _scene: Ask("/directoryRoles", {"roleTemplateId": READERS}),
    "GET /directoryRoles/{id}": lambda scene: Ask(f"/directoryRoles/{activated(scene)}"),
    "GET /directoryRoles/{id}/members": lambda scene: Ask(f"/directoryRoles/{activated(scene)}/members"),
    "POST /directoryRoles/{id}/members/$ref": _add_member,
    "DELETE /directoryRoles/{id}/members/{member_id}/$ref": _remove_member,
    "GET /directoryRoleTemplates": lambda _scene: Ask("/directoryRoleTemplates"),
    "GET /directoryRoleTemplates/{id}": lambda _scene: Ask(f"/directoryRoleTemplates/{GLOBAL_ADMINISTRATOR}"),
}
