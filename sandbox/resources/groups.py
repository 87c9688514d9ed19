"""`/groups`, their members and owners; the azuread provider asks for them on beta."""

from http import HTTPStatus

from sandbox.directory import groups
from sandbox.exposures import GROUP
from sandbox.requests import Answer, GraphRequest
from sandbox.routing import BOTH, MANY, NO_OPTIONS, ONE, Handler, Route

_PROVIDER = "azuread provider"
_BOTH_CLIENTS = "azuread provider, msgraph-sdk"
_NO_CONTENT = Answer(HTTPStatus.NO_CONTENT)


def list_groups(request: GraphRequest) -> Answer:
    """List groups."""
    return request.page(GROUP, request.directory.groups.values())


def create_group(request: GraphRequest) -> Answer:
    """Create a group."""
    body = request.check_body(GROUP, creating=True)
    return request.show(GROUP, groups.create(request.directory, body, request.caller), status=HTTPStatus.CREATED)


def read_group(request: GraphRequest) -> Answer:
    """Show a group."""
    return request.show(GROUP, groups.require(request.directory, request.params["id"]))


def update_group(request: GraphRequest) -> Answer:
    """Change the named properties of a group."""
    groups.change(request.directory, request.params["id"], request.check_body(GROUP), request.caller)
    return _NO_CONTENT


def delete_group(request: GraphRequest) -> Answer:
    """Delete a group."""
    groups.delete(request.directory, request.params["id"], request.caller)
    return _NO_CONTENT


def list_members(request: GraphRequest) -> Answer:
    """List a group's direct members."""
    group = groups.require(request.directory, request.params["id"])
    return request.page_mixed(request.objects(request.directory.members_of(group["id"], nested=False)))


def list_transitive_members(request: GraphRequest) -> Answer:
    """List a group's members, those of nested groups too, each once."""
    group = groups.require(request.directory, request.params["id"])
    return request.page_mixed(request.objects(request.directory.members_of(group["id"], nested=True)))


def list_memberships(request: GraphRequest) -> Answer:
    """List the groups that a group is a direct member of."""
    group = groups.require(request.directory, request.params["id"])
    return request.page_mixed(request.objects(request.directory.containers_of(group["id"], nested=False)))


def list_owners(request: GraphRequest) -> Answer:
    """List a group's owners."""
    group = groups.require(request.directory, request.params["id"])
    return request.page_mixed(request.objects(request.directory.owners_of(group["id"])))


def add_member(request: GraphRequest) -> Answer:
    """Add a member by reference."""
    groups.add_member(request.directory, request.params["id"], request.body.get("@odata.id"), request.caller)
    return _NO_CONTENT


def remove_member(request: GraphRequest) -> Answer:
    """Take a member out."""
    groups.remove_member(request.directory, request.params["id"], request.params["member_id"], request.caller)
    return _NO_CONTENT


def add_owner(request: GraphRequest) -> Answer:
    """Add an owner by reference."""
    groups.require(request.directory, request.params["id"])
    groups.add_owner(request.directory, request.params["id"], request.body.get("@odata.id"), request.caller)
    return _NO_CONTENT


def remove_owner(request: GraphRequest) -> Answer:
    """Take an owner away."""
    groups.require(request.directory, request.params["id"])
    groups.remove_owner(request.directory, request.params["id"], request.params["owner_id"], request.caller)
    return _NO_CONTENT


def _on_both(
    method: str, template: str, handler: Handler, query: frozenset[str] = NO_OPTIONS, witness: str = _PROVIDER
) -> Route:
    return Route(method, template, handler, versions=BOTH, query=query, witness=witness)


ROUTES: tuple[Route, ...] = (
    _on_both("GET", "/groups", list_groups, MANY, _BOTH_CLIENTS),
    _on_both("POST", "/groups", create_group),
    _on_both("GET", "/groups/{id}", read_group, ONE, _BOTH_CLIENTS),
    _on_both("PATCH", "/groups/{id}", update_group),
    _on_both("DELETE", "/groups/{id}", delete_group),
    _on_both("GET", "/groups/{id}/members", list_members, MANY, _BOTH_CLIENTS),
    _on_both("POST", "/groups/{id}/members/$ref", add_member),
    _on_both("DELETE", "/groups/{id}/members/{member_id}/$ref", remove_member),
    _on_both("GET", "/groups/{id}/transitiveMembers", list_transitive_members, MANY, _BOTH_CLIENTS),
    _on_both("GET", "/groups/{id}/memberOf", list_memberships, MANY),
    _on_both("GET", "/groups/{id}/owners", list_owners, MANY, _BOTH_CLIENTS),
    _on_both("POST", "/groups/{id}/owners/$ref", add_owner),
    _on_both("DELETE", "/groups/{id}/owners/{owner_id}/$ref", remove_owner),
)
