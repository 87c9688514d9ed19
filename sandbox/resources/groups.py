"""`/groups`, their members and owners; the azuread provider asks for them on beta."""

from http import HTTPStatus

from sandbox.bodies import REFERENCE, Changes, Creates
from sandbox.directory import groups
from sandbox.exposures.groups import GROUP
from sandbox.requests import Answer, GraphRequest
from sandbox.resources import memberships
from sandbox.routing import BOTH, MANY, ONE, Handler, Route

_BOTH_CLIENTS = "azuread provider, msgraph-sdk"
_NO_CONTENT = Answer(HTTPStatus.NO_CONTENT)


def list_groups(request: GraphRequest) -> Answer:
    """List groups."""
    return request.page(GROUP, request.directory.groups)


def create_group(request: GraphRequest) -> Answer:
    """Create a group."""
    body = request.body
    return request.show(GROUP, groups.create(request.directory, body, request.caller), status=HTTPStatus.CREATED)


def read_group(request: GraphRequest) -> Answer:
    """Show a group."""
    return request.show(GROUP, groups.require(request.directory, request.params["id"]))


def update_group(request: GraphRequest) -> Answer:
    """Change the named properties of a group."""
    groups.change(request.directory, request.params["id"], request.body, request.caller)
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
    groups.add_owner(request.directory, request.params["id"], request.body.get("@odata.id"), request.caller)
    return _NO_CONTENT


def remove_owner(request: GraphRequest) -> Answer:
    """Take an owner away."""
    groups.remove_owner(request.directory, request.params["id"], request.params["owner_id"], request.caller)
    return _NO_CONTENT


def _members_of_kind(kind: str, *, nested: bool) -> Handler:
    def handler(request: GraphRequest) -> Answer:
        if nested:
            memberships.require_advanced(request)
        group = groups.require(request.directory, request.params["id"])
        members = request.directory.members_of(group["id"], nested=nested)
        return memberships.of_kind(request, kind, members)

    return handler


_GAPS = "dynamic membership is stored and not evaluated; no Exchange mailbox behind a Microsoft 365 group"
_MEMBERS, _TRANSITIVE = "/groups/{id}/members", "/groups/{id}/transitiveMembers"
# Permissions of the actions on memberships: Learn, "directoryObject: checkMemberGroups" and "checkMemberObjects".
_READ_GROUPS = "GroupMember.Read.All;Group.Read.All;Directory.Read.All;Group.ReadWrite.All;Directory.ReadWrite.All"

ROUTES: tuple[Route, ...] = (
    Route("GET", "/groups", list_groups, versions=BOTH, query=MANY, witness=_BOTH_CLIENTS),
    Route("POST", "/groups", create_group, versions=BOTH, accepts=Creates(GROUP), witness=_BOTH_CLIENTS, gaps=_GAPS),
    Route("GET", "/groups/{id}", read_group, versions=BOTH, query=ONE, witness=_BOTH_CLIENTS),
    Route("PATCH", "/groups/{id}", update_group, versions=BOTH, accepts=Changes(GROUP), witness=_BOTH_CLIENTS),
    Route("DELETE", "/groups/{id}", delete_group, versions=BOTH, witness=_BOTH_CLIENTS),
    Route("GET", "/groups/{id}/members", list_members, versions=BOTH, query=MANY, witness=_BOTH_CLIENTS),
    Route("POST", "/groups/{id}/members/$ref", add_member, versions=BOTH, accepts=REFERENCE, witness=_BOTH_CLIENTS),
    Route("DELETE", "/groups/{id}/members/{member_id}/$ref", remove_member, versions=BOTH, witness=_BOTH_CLIENTS),
    Route(
        "GET",
        "/groups/{id}/transitiveMembers",
        list_transitive_members,
        versions=BOTH,
        query=MANY,
        witness=_BOTH_CLIENTS,
    ),
    *(
        memberships.cast_route(template, kind, _members_of_kind(kind, nested=nested))
        for template, nested in ((_MEMBERS, False), (_TRANSITIVE, True))
        for kind in ("user", "group", "servicePrincipal")
    ),
    *memberships.list_routes("groups", "memberOf", casts=memberships.GROUP_CASTS, versions=BOTH, witness=_BOTH_CLIENTS),
    *memberships.list_routes("groups", "transitiveMemberOf", casts=memberships.GROUP_CASTS, needs=_READ_GROUPS),
    *memberships.action_routes("groups", groups=_READ_GROUPS, objects=_READ_GROUPS),
    Route("GET", "/groups/{id}/owners", list_owners, versions=BOTH, query=MANY, witness=_BOTH_CLIENTS),
    Route("POST", "/groups/{id}/owners/$ref", add_owner, versions=BOTH, accepts=REFERENCE, witness=_BOTH_CLIENTS),
    Route("DELETE", "/groups/{id}/owners/{owner_id}/$ref", remove_owner, versions=BOTH, witness=_BOTH_CLIENTS),
)
