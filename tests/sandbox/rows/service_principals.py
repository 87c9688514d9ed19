"""Rows of `/servicePrincipals`, but for app role assignments."""

from collections.abc import Mapping

from tests.sandbox.rows.memberships import action_rows, list_rows
from tests.sandbox.rows.registrations import (
    enabled_user_id,
    new_application,
    new_principal,
    removing_owner,
    removing_password,
)
from tests.sandbox.rows.scene import Ask, Row, Scene


def _id(scene: Scene) -> str:
    return str(new_principal(scene)["id"])


def _one(scene: Scene, rest: str = "") -> str:
    return f"/servicePrincipals/{_id(scene)}{rest}"


ROWS: Mapping[str, Row] = {
    "GET /servicePrincipals": lambda _scene: Ask("/servicePrincipals"),
    "POST /servicePrincipals": lambda scene: Ask("/servicePrincipals", {"appId": new_application(scene)["appId"]}),
    "GET /servicePrincipals/{id}": lambda scene: Ask(_one(scene)),
    "PATCH /servicePrincipals/{id}": lambda scene: Ask(_one(scene), {"notes": "kept"}),
    "DELETE /servicePrincipals/{id}": lambda scene: Ask(_one(scene)),
    "GET /servicePrincipals/{id}/owners": lambda scene: Ask(_one(scene, "/owners")),
    "POST /servicePrincipals/{id}/owners/$ref": lambda scene: Ask(
        _one(scene, "/owners/$ref"), scene.reference(enabled_user_id(scene))
    ),
    "DELETE /servicePrincipals/{id}/owners/{owner_id}/$ref": lambda scene: removing_owner(scene, _one(scene)),
    "POST /servicePrincipals/{id}/addPassword": lambda scene: Ask(_one(scene, "/addPassword"), {}),
    "POST /servicePrincipals/{id}/removePassword": lambda scene: removing_password(scene, _one(scene)),
    **list_rows("servicePrincipals", "memberOf", _id),
    **list_rows("servicePrincipals", "transitiveMemberOf", _id),
    **action_rows("servicePrincipals", _id),
    "GET /servicePrincipals/{id}/ownedObjects": lambda scene: Ask(_one(scene, "/ownedObjects")),
    "GET /servicePrincipals/{id}/oauth2PermissionGrants": lambda scene: Ask(_one(scene, "/oauth2PermissionGrants")),
}
