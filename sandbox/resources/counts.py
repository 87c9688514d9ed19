"""`/$count`: how many objects a list of the directory holds, as plain text.

Every such request is the listing's own, with the same permissions, filter and search, and answers with a number.
"""

from collections.abc import Mapping

from sandbox.resources import (
    administrative_units,
    applications,
    deleted_items,
    groups,
    service_principals,
    users,
)
from sandbox.routing import COUNT, Route, counting

_LISTS: Mapping[str, tuple[Route, ...]] = {
    "/users": users.ROUTES,
    "/users/{id}/memberOf": users.ROUTES,
    "/users/{id}/transitiveMemberOf": users.ROUTES,
    "/groups": groups.ROUTES,
    "/groups/{id}/members": groups.ROUTES,
    "/groups/{id}/transitiveMembers": groups.ROUTES,
    "/groups/{id}/owners": groups.ROUTES,
    "/applications": applications.ROUTES,
    "/applications/{id}/owners": applications.ROUTES,
    "/servicePrincipals": service_principals.ROUTES,
    "/servicePrincipals/{id}/owners": service_principals.ROUTES,
    "/directory/administrativeUnits": administrative_units.ROUTES,
    "/directory/deletedItems/microsoft.graph.user": deleted_items.ROUTES,
    "/directory/deletedItems/microsoft.graph.group": deleted_items.ROUTES,
    "/directory/deletedItems/microsoft.graph.application": deleted_items.ROUTES,
    "/directory/deletedItems/microsoft.graph.servicePrincipal": deleted_items.ROUTES,
    "/directory/deletedItems/microsoft.graph.administrativeUnit": deleted_items.ROUTES,
}

ROUTES: tuple[Route, ...] = tuple(
    counting(route, COUNT, witness="msgraph-sdk")
    for template, routes in _LISTS.items()
    for route in routes
    if route.key == f"GET {template}"
)
