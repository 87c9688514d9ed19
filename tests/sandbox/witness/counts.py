"""Calls on `/$count`."""

from collections.abc import Callable, Mapping
from typing import Any

from kiota_abstractions.base_request_configuration import RequestConfiguration

from tests.sandbox.rows.counts import ROWS
from tests.sandbox.rows.scene import Scene
from tests.sandbox.witness.call import Call

_DELETED = "/directory/deletedItems/microsoft.graph"
_LISTS: Mapping[str, Callable[[Any, str], Any]] = {
    "/users": lambda client, _id: client.users,
    "/users/{id}/memberOf": lambda client, key: client.users.by_user_id(key).member_of,
    "/users/{id}/transitiveMemberOf": lambda client, key: client.users.by_user_id(key).transitive_member_of,
    "/groups": lambda client, _id: client.groups,
    "/groups/{id}/members": lambda client, key: client.groups.by_group_id(key).members,
    "/groups/{id}/transitiveMembers": lambda client, key: client.groups.by_group_id(key).transitive_members,
    "/groups/{id}/owners": lambda client, key: client.groups.by_group_id(key).owners,
    "/applications": lambda client, _id: client.applications,
    "/applications/{id}/owners": lambda client, key: client.applications.by_application_id(key).owners,
    "/servicePrincipals": lambda client, _id: client.service_principals,
    "/servicePrincipals/{id}/owners": lambda client, key: client.service_principals.by_service_principal_id(key).owners,
    "/directory/administrativeUnits": lambda client, _id: client.directory.administrative_units,
    f"{_DELETED}.user": lambda client, _id: client.directory.deleted_items.graph_user,
    f"{_DELETED}.group": lambda client, _id: client.directory.deleted_items.graph_group,
    f"{_DELETED}.application": lambda client, _id: client.directory.deleted_items.graph_application,
    f"{_DELETED}.servicePrincipal": lambda client, _id: client.directory.deleted_items.graph_service_principal,
    f"{_DELETED}.administrativeUnit": lambda client, _id: client.directory.deleted_items.graph_administrative_unit,
}


def _counting(key: str, find: Callable[[Any, str], Any]) -> Call:
    async def call(client: Any, scene: Scene) -> None:
        segments = ROWS[key](scene).path.strip("/").split("/")
        configuration: RequestConfiguration[Any] = RequestConfiguration()
        configuration.headers.add("ConsistencyLevel", "eventual")
        number = await find(client, segments[1]).count.get(request_configuration=configuration)
        assert isinstance(number, int)

    return call


CALLS: Mapping[str, Call] = {
    f"GET {template}/$count": _counting(f"GET {template}/$count", find) for template, find in _LISTS.items()
}
