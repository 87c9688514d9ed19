"""Rows of `/$count`: the listing's own request, with the header that counting needs."""

from collections.abc import Mapping

from sandbox.resources.counts import ROUTES
from tests.sandbox.rows import applications, directory_objects, groups, service_principals, users
from tests.sandbox.rows.scene import Ask, Row, Scene

_LISTS: Mapping[str, Row] = {
    **users.ROWS,
    **groups.ROWS,
    **applications.ROWS,
    **service_principals.ROWS,
    **directory_objects.ROWS,
}


def _counting(listing: Row) -> Row:
    def row(scene: Scene) -> Ask:
        return Ask(f"{listing(scene).path}/$count", headers={"ConsistencyLevel": "eventual"})

    return row


ROWS: Mapping[str, Row] = {route.key: _counting(_LISTS[route.key.removesuffix("/$count")]) for route in ROUTES}
