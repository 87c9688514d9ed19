"""Rows of directory objects of any kind, deleted ones, and administrative units."""

from collections.abc import Mapping

from tests.sandbox.rows.groups import group_body
from tests.sandbox.rows.memberships import action_rows
from tests.sandbox.rows.scene import Ask, Row, Scene

UNITS = "/directory/administrativeUnits"
UNIT = {"displayName": "Couriers", "visibility": "Public"}
ITEMS = "/directory/deletedItems"


def make_unit(scene: Scene) -> str:
    """Create an administrative unit and tell its id."""
    return str(scene.make(UNITS, UNIT)["id"])


def deleted_user(scene: Scene) -> str:
    """Create and delete a user, and tell its id."""
    user_id = str(scene.user()["id"])
    scene.act("DELETE", f"/users/{user_id}")
    return user_id


def _remove_member(scene: Scene) -> Ask:
    unit, user = make_unit(scene), str(scene.user()["id"])
    scene.make(f"{UNITS}/{unit}/members/$ref", scene.reference(user))
    return Ask(f"{UNITS}/{unit}/members/{user}/$ref")


def _id(scene: Scene) -> str:
    return str(scene.user()["id"])


def _deleted_of(kind: str) -> Row:
    return lambda _scene: Ask(f"{ITEMS}/microsoft.graph.{kind}")


_ONE = f"{UNITS}/{{id}}"

ROWS: Mapping[str, Row] = {
    "GET /directoryObjects/{id}": lambda scene: Ask(f"/directoryObjects/{_id(scene)}"),
    "POST /directoryObjects/getByIds": lambda scene: Ask(
        "/directoryObjects/getByIds", {"ids": [_id(scene)], "types": ["user"]}
    ),
    **action_rows("directoryObjects", _id),
    f"GET {UNITS}": lambda _scene: Ask(UNITS),
    f"POST {UNITS}": lambda _scene: Ask(UNITS, UNIT),
    f"GET {_ONE}": lambda scene: Ask(f"{UNITS}/{make_unit(scene)}"),
    f"PATCH {_ONE}": lambda scene: Ask(f"{UNITS}/{make_unit(scene)}", {"displayName": "Riders"}),
    f"DELETE {_ONE}": lambda scene: Ask(f"{UNITS}/{make_unit(scene)}"),
    f"GET {_ONE}/members": lambda scene: Ask(f"{UNITS}/{make_unit(scene)}/members"),
    f"GET {_ONE}/members/microsoft.graph.user": lambda scene: Ask(
        f"{UNITS}/{make_unit(scene)}/members/microsoft.graph.user"
    ),
    f"GET {_ONE}/members/microsoft.graph.group": lambda scene: Ask(
        f"{UNITS}/{make_unit(scene)}/members/microsoft.graph.group"
    ),
    f"POST {_ONE}/members": lambda scene: Ask(f"{UNITS}/{make_unit(scene)}/members", group_body()),
    f"POST {_ONE}/members/$ref": lambda scene: Ask(
        f"{UNITS}/{make_unit(scene)}/members/$ref", scene.reference(_id(scene))
    ),
    f"DELETE {_ONE}/members/{{member_id}}/$ref": _remove_member,
    "DELETE /administrativeUnits/{id}": lambda scene: Ask(f"/administrativeUnits/{make_unit(scene)}"),
    **{
        f"GET {ITEMS}/microsoft.graph.{kind}": _deleted_of(kind)
        for kind in ("user", "group", "application", "servicePrincipal", "administrativeUnit")
    },
    f"GET {ITEMS}/{{id}}": lambda scene: Ask(f"{ITEMS}/{deleted_user(scene)}"),
    f"DELETE {ITEMS}/{{id}}": lambda scene: Ask(f"{ITEMS}/{deleted_user(scene)}"),
    f"POST {ITEMS}/{{id}}/restore": lambda scene: Ask(f"{ITEMS}/{deleted_user(scene)}/restore", {}),
}
