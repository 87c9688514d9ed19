"""Calls about what objects belong to, below each collection that has them."""

import importlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from kiota_abstractions.base_request_configuration import RequestConfiguration

from tests.sandbox.rows.memberships import USER_CASTS
from tests.sandbox.rows.scene import Scene
from tests.sandbox.witness.call import Call

Builder = Callable[[Any, Scene], Any]
_RELATIONS = {
    "members": "members",
    "memberOf": "member_of",
    "transitiveMembers": "transitive_members",
    "transitiveMemberOf": "transitive_member_of",
}
_CASTS = {
    "administrativeUnit": "graph_administrative_unit",
    "directoryRole": "graph_directory_role",
    "group": "graph_group",
    "servicePrincipal": "graph_service_principal",
    "user": "graph_user",
}
_FOLDERS = {"directoryObjects": "directory_objects", "servicePrincipals": "service_principals"}
_ACTIONS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "checkMemberGroups": ("check_member_groups", {"group_ids": ["11111111-1111-4111-8111-111111111111"]}),
    "checkMemberObjects": ("check_member_objects", {"ids": ["11111111-1111-4111-8111-111111111111"]}),
    "getMemberGroups": ("get_member_groups", {"security_enabled_only": True}),
    "getMemberObjects": ("get_member_objects", {"security_enabled_only": False}),
}


def advanced(builder: Any) -> RequestConfiguration[Any]:
    """Ask for an advanced query, as a cast of a transitive list is one."""
    kind = next(each for name, each in vars(type(builder)).items() if name.endswith("RequestBuilderGetQueryParameters"))
    configuration: RequestConfiguration[Any] = RequestConfiguration(query_parameters=kind(count=True))
    configuration.headers.add("ConsistencyLevel", "eventual")
    return configuration


def cast_call(collection: str, relation: str, kind: str, find: Builder) -> tuple[str, Call]:
    """Ask for the objects of one kind in a relation."""

    async def call(client: Any, scene: Scene) -> None:
        builder = getattr(getattr(find(client, scene), _RELATIONS[relation]), _CASTS[kind])
        await builder.get(request_configuration=advanced(builder))

    return f"GET /{collection}/{{id}}/{relation}/microsoft.graph.{kind}", call


def list_calls(collection: str, relation: str, find: Builder, casts: Sequence[str] = USER_CASTS) -> Mapping[str, Call]:
    """Ask for what an object belongs to, whole and by kind."""

    def whole(client: Any, scene: Scene) -> Awaitable[Any]:
        asked: Awaitable[Any] = getattr(find(client, scene), _RELATIONS[relation]).get()
        return asked

    found: dict[str, Call] = {f"GET /{collection}/{{id}}/{relation}": whole}
    return found | dict(cast_call(collection, relation, kind, find) for kind in casts)


def action_calls(collection: str, find: Builder) -> Mapping[str, Call]:
    """Ask the four questions about memberships."""

    def call_of(attribute: str, values: Mapping[str, Any]) -> Call:
        name = f"{attribute}_post_request_body"
        folder = _FOLDERS.get(collection, collection)
        module = importlib.import_module(f"msgraph.generated.{folder}.item.{attribute}.{name}")
        body = getattr(module, "".join(part.capitalize() for part in name.split("_")))

        def call(client: Any, scene: Scene) -> Awaitable[Any]:
            asked: Awaitable[Any] = getattr(find(client, scene), attribute).post(body(**values))
            return asked

        return call

    return {f"POST /{collection}/{{id}}/{action}": call_of(*_ACTIONS[action]) for action in _ACTIONS}
