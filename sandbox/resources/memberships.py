"""What a user, group, service principal or any directory object belongs to: lists, their casts, and four actions.

Each resource that has members' side of memberships takes its routes from here, under its own address.
"""

from collections.abc import Callable, Sequence
from http import HTTPStatus

from sandbox.bodies import takes
from sandbox.directory import memberships
from sandbox.directory.store import Record
from sandbox.errors import bad_request, not_found
from sandbox.exposures.registry import BY_TYPE
from sandbox.requests import Answer, GraphRequest
from sandbox.routing import MANY, V1, Handler, Route

USER_CASTS = ("group", "directoryRole", "administrativeUnit")
GROUP_CASTS = ("group", "administrativeUnit")


def list_routes(
    collection: str,
    relation: str,
    *,
    casts: Sequence[str],
    versions: Sequence[str] = V1,
    needs: str | None = None,
    witness: str = "msgraph-sdk",
) -> list[Route]:
    """Make the routes of `memberOf` or `transitiveMemberOf` below a collection, with their casts."""
    nested = relation == "transitiveMemberOf"
    template = f"/{collection}/{{id}}/{relation}"

    def whole(request: GraphRequest) -> Answer:
        return request.page_mixed(request.objects(_belongs_to(request, collection, nested=nested)))

    return [
        Route("GET", template, whole, versions=tuple(versions), query=MANY, needs=needs, witness=witness),
        *(cast_route(template, kind, _only(kind, collection, nested=nested), needs=needs) for kind in casts),
    ]


def cast_route(template: str, kind: str, handler: Handler, *, needs: str | None = None) -> Route:
    """Make the route of a list that is narrowed to one kind of object."""
    return Route("GET", f"{template}/microsoft.graph.{kind}", handler, query=MANY, needs=needs, witness="msgraph-sdk")


def action_routes(collection: str, *, groups: str, objects: str) -> list[Route]:
    """Make the routes of the four actions on memberships; the permissions are those for groups and for all objects."""

    def check_groups(request: GraphRequest) -> Answer:
        found = memberships.groups_of(request.directory, _id(request, collection), security_only=False)
        return _texts(request, memberships.check(request.body.get("groupIds"), found, "groupIds"))

    def check_objects(request: GraphRequest) -> Answer:
        found = memberships.objects_of(request.directory, _id(request, collection), security_only=False)
        return _texts(request, memberships.check(request.body.get("ids"), found, "ids"))

    def get_groups(request: GraphRequest) -> Answer:
        only = bool(request.body.get("securityEnabledOnly"))
        return _texts(request, memberships.groups_of(request.directory, _id(request, collection), security_only=only))

    def get_objects(request: GraphRequest) -> Answer:
        only = bool(request.body.get("securityEnabledOnly"))
        return _texts(request, memberships.objects_of(request.directory, _id(request, collection), security_only=only))

    rows: tuple[tuple[str, Handler, str, str, str], ...] = (
        ("checkMemberGroups", check_groups, "groupIds", "Collection(String)", groups),
        ("checkMemberObjects", check_objects, "ids", "Collection(String)", objects),
        ("getMemberGroups", get_groups, "securityEnabledOnly", "Boolean", groups),
        ("getMemberObjects", get_objects, "securityEnabledOnly", "Boolean", objects),
    )
    return [
        Route(
            "POST",
            f"/{collection}/{{id}}/{action}",
            handler,
            accepts=takes(**{parameter: kind}),
            needs=needs,
            witness="msgraph-sdk",
        )
        for action, handler, parameter, kind, needs in rows
    ]


def require_advanced(request: GraphRequest) -> None:
    """Refuse a cast of a transitive list without the parameters that Graph wants for it.

    Source: learn.microsoft.com, "Advanced query capabilities on Microsoft Entra ID objects", read November 2026.
    """
    if not request.eventual or request.query.get("$count") != "true":
        raise bad_request(
            "A cast of transitive members needs the header 'ConsistencyLevel: eventual' and '$count=true'.",
            code="Request_UnsupportedQuery",
        )


def of_kind(request: GraphRequest, kind: str, ids: Sequence[str]) -> Answer:
    """Answer with those of several objects that are of one kind."""
    records = [record for found, record in request.objects(ids) if found == kind]
    return request.page(BY_TYPE[kind], records)


def _only(kind: str, collection: str, *, nested: bool) -> Handler:
    def handler(request: GraphRequest) -> Answer:
        if nested:
            require_advanced(request)
        return of_kind(request, kind, _belongs_to(request, collection, nested=nested))

    return handler


def _belongs_to(request: GraphRequest, collection: str, *, nested: bool) -> list[str]:
    return memberships.memberships_of(request.directory, _id(request, collection), nested=nested)


def _id(request: GraphRequest, collection: str) -> str:
    return str(_OBJECTS[collection](request)["id"])


def _live(kind: str) -> Callable[[GraphRequest], Record]:
    def find(request: GraphRequest) -> Record:
        found, record = request.directory.require_object(request.params["id"])
        if found != kind:
            raise not_found(request.params["id"])
        return record

    return find


_OBJECTS: dict[str, Callable[[GraphRequest], Record]] = {
    "directoryObjects": lambda request: request.directory.require_object(request.params["id"])[1],
    "groups": _live("group"),
    "servicePrincipals": _live("servicePrincipal"),
    "users": lambda request: request.directory.require_user(request.params["id"]),
}


def _texts(request: GraphRequest, values: Sequence[str]) -> Answer:
    context = f"{request.base_url}/{request.version}/$metadata#Collection(Edm.String)"
    return Answer(HTTPStatus.OK, {"@odata.context": context, "value": list(values)})
