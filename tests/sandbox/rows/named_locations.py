"""Rows of `/identity/conditionalAccess/namedLocations`."""

from collections.abc import Mapping

from tests.sandbox.rows.policies import country_location, ip_location
from tests.sandbox.rows.scene import Ask, Row, Scene

LOCATIONS = "/identity/conditionalAccess/namedLocations"
_DELETED = "/identity/conditionalAccess/deletedItems/namedLocations"


def made_location(scene: Scene) -> str:
    """Make a location and tell its path."""
    return f"{LOCATIONS}/{scene.make(LOCATIONS, ip_location())['id']}"


def deleted_location(scene: Scene) -> str:
    """Make a location, delete it, and tell its path among the deleted ones."""
    path = made_location(scene)
    scene.act("DELETE", path)
    return f"{_DELETED}/{path.rsplit('/', maxsplit=1)[1]}"


def _renamed(scene: Scene) -> Ask:
    return Ask(made_location(scene), {"@odata.type": "#microsoft.graph.ipNamedLocation", "displayName": "Branch"})


ROWS: Mapping[str, Row] = {
    f"GET {LOCATIONS}": lambda _scene: Ask(LOCATIONS),
    f"POST {LOCATIONS}": lambda _scene: Ask(LOCATIONS, country_location("DE", "AT")),
    f"GET {LOCATIONS}/{{id}}": lambda scene: Ask(made_location(scene)),
    f"PATCH {LOCATIONS}/{{id}}": _renamed,
    f"DELETE {LOCATIONS}/{{id}}": lambda scene: Ask(made_location(scene)),
    f"GET {_DELETED}": lambda _scene: Ask(_DELETED),
    f"GET {_DELETED}/{{id}}": lambda scene: Ask(deleted_location(scene)),
    f"POST {_DELETED}/{{id}}/restore": lambda scene: Ask(f"{deleted_location(scene)}/restore"),
    f"DELETE {_DELETED}/{{id}}": lambda scene: Ask(deleted_location(scene)),
}
