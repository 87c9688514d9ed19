"""Rows of `/groups`."""

from collections.abc import Mapping
from typing import Any

from tests.sandbox.rows.memberships import GROUP_CASTS, action_rows, cast_row, list_rows
from tests.sandbox.rows.scene import Ask, Row, Scene


def group_body(name: str = "sg-couriers", **changes: Any) -> dict[str, Any]:
    """Describe a security group."""
    body = {"displayName": name, "mailEnabled": False, "mailNickname": name, "securityEnabled": True}
    return {**body, **changes}


def make_group(scene: Scene, name: str = "sg-couriers", **changes: Any) -> str:
    """Create a security group and tell its id."""
    return str(scene.make("/groups", group_body(name, **changes))["id"])


def _with(scene: Scene, relation: str) -> tuple[str, str]:
    group, user = make_group(scene), str(scene.user()["id"])
    scene.make(f"/groups/{group}/{relation}/$ref", scene.reference(user))
    return group, user


def _remove(relation: str) -> Row:
    def row(scene: Scene) -> Ask:
        group, user = _with(scene, relation)
        return Ask(f"/groups/{group}/{relation}/{user}/$ref")

    return row


def _add(relation: str) -> Row:
    return lambda scene: Ask(f"/groups/{make_group(scene)}/{relation}/$ref", scene.reference(str(scene.user()["id"])))


ROWS: Mapping[str, Row] = {
    "GET /groups": lambda _scene: Ask("/groups"),
    "POST /groups": lambda _scene: Ask("/groups", group_body()),
    "GET /groups/{id}": lambda scene: Ask(f"/groups/{make_group(scene)}"),
    "PATCH /groups/{id}": lambda scene: Ask(f"/groups/{make_group(scene)}", {"description": "Couriers"}),
    "DELETE /groups/{id}": lambda scene: Ask(f"/groups/{make_group(scene)}"),
    "GET /groups/{id}/members": lambda scene: Ask(f"/groups/{_with(scene, 'members')[0]}/members"),
    "POST /groups/{id}/members/$ref": _add("members"),
    "DELETE /groups/{id}/members/{member_id}/$ref": _remove("members"),
    "GET /groups/{id}/transitiveMembers": lambda scene: Ask(f"/groups/{make_group(scene)}/transitiveMembers"),
    **dict(
        cast_row("groups", relation, kind, make_group)
        for relation in ("members", "transitiveMembers")
        for kind in ("user", "group", "servicePrincipal")
    ),
    **list_rows("groups", "memberOf", make_group, GROUP_CASTS),
    **list_rows("groups", "transitiveMemberOf", make_group, GROUP_CASTS),
    **action_rows("groups", make_group),
    "GET /groups/{id}/owners": lambda scene: Ask(f"/groups/{_with(scene, 'owners')[0]}/owners"),
    "POST /groups/{id}/owners/$ref": _add("owners"),
    "DELETE /groups/{id}/owners/{owner_id}/$ref": _remove("owners"),
}
