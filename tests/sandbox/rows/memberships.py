"""Rows of what objects belong to, below each collection that has them."""

from collections.abc import Callable, Mapping, Sequence

from tests.sandbox.rows.scene import Ask, Row, Scene

# A cast of a transitive list is an advanced query.
_ADVANCED = ("?$count=true", {"ConsistencyLevel": "eventual"})
USER_CASTS = ("group", "directoryRole", "administrativeUnit")
GROUP_CASTS = ("group", "administrativeUnit")
_SOME_GROUP = "11111111-1111-4111-8111-111111111111"


def cast_row(collection: str, relation: str, kind: str, find: Callable[[Scene], str]) -> tuple[str, Row]:
    """Ask for the objects of one kind in a relation."""
    query, headers = _ADVANCED if relation.startswith("transitive") else ("", {})

    def row(scene: Scene) -> Ask:
        return Ask(f"/{collection}/{find(scene)}/{relation}/microsoft.graph.{kind}{query}", headers=headers)

    return f"GET /{collection}/{{id}}/{relation}/microsoft.graph.{kind}", row


def list_rows(
    collection: str, relation: str, find: Callable[[Scene], str], casts: Sequence[str] = USER_CASTS
) -> Mapping[str, Row]:
    """Ask for what an object belongs to, whole and by kind."""
    whole: tuple[str, Row] = (
        f"GET /{collection}/{{id}}/{relation}",
        lambda scene: Ask(f"/{collection}/{find(scene)}/{relation}"),
    )
    return dict([whole, *(cast_row(collection, relation, kind, find) for kind in casts)])


def action_rows(collection: str, find: Callable[[Scene], str]) -> Mapping[str, Row]:
    """Ask the four questions about memberships."""
    bodies: Mapping[str, Mapping[str, object]] = {
        "checkMemberGroups": {"groupIds": [_SOME_GROUP]},
        "checkMemberObjects": {"ids": [_SOME_GROUP]},
        "getMemberGroups": {"securityEnabledOnly": True},
        "getMemberObjects": {"securityEnabledOnly": False},
    }

    def row(action: str) -> Row:
        return lambda scene: Ask(f"/{collection}/{find(scene)}/{action}", bodies[action])

    return {f"POST /{collection}/{{id}}/{action}": row(action) for action in bodies}
