"""`/users`: the accounts of a tenant, their manager, memberships and sessions."""

from http import HTTPStatus

from sandbox.bodies import REFERENCE, Changes, Creates
from sandbox.directory import users
from sandbox.exposures.grants import PERMISSION_GRANT
from sandbox.exposures.users import USER
from sandbox.requests import Answer, GraphRequest
from sandbox.routing import BOTH, MANY, ONE, Route

_PROVIDER = "azuread provider"
_SDK = "msgraph-sdk"
_NO_CONTENT = Answer(HTTPStatus.NO_CONTENT)


def list_users(request: GraphRequest) -> Answer:
    """List users; without `$select` the 11 default properties."""
    return request.page(USER, request.directory.users.values())


def create_user(request: GraphRequest) -> Answer:
    """Create a user."""
    body = request.body
    return request.show(USER, users.create(request.directory, body, request.caller), status=HTTPStatus.CREATED)


def read_user(request: GraphRequest) -> Answer:
    """Show a user by object id or login."""
    return request.show(USER, request.directory.require_user(request.params["id"]))


def update_user(request: GraphRequest) -> Answer:
    """Change the named properties of a user."""
    users.change(request.directory, request.params["id"], request.body, request.caller)
    return _NO_CONTENT


def delete_user(request: GraphRequest) -> Answer:
    """Delete a user; it stays restorable."""
    users.delete(request.directory, request.params["id"], request.caller)
    return _NO_CONTENT


def read_manager(request: GraphRequest) -> Answer:
    """Show a user's manager; 404 is the usual answer."""
    return request.show_mixed("user", users.require_manager(request.directory, request.params["id"]))


def set_manager(request: GraphRequest) -> Answer:
    """Set a user's manager by reference."""
    users.set_manager(request.directory, request.params["id"], request.body.get("@odata.id"), request.caller)
    return _NO_CONTENT


def clear_manager(request: GraphRequest) -> Answer:
    """Take a user's manager away."""
    users.clear_manager(request.directory, request.params["id"], request.caller)
    return _NO_CONTENT


def revoke_sessions(request: GraphRequest) -> Answer:
    """End a user's sessions; Graph answers 200 with a value here."""
    users.revoke_sessions(request.directory, request.params["id"], request.caller)
    context = f"{request.base_url}/{request.version}/$metadata#Edm.Boolean"
    return Answer(HTTPStatus.OK, {"@odata.context": context, "value": True})


def list_memberships(request: GraphRequest) -> Answer:
    """List the groups and active directory roles that a user belongs to directly."""
    return _memberships(request, nested=False)


def list_transitive_memberships(request: GraphRequest) -> Answer:
    """List the groups and active directory roles that a user belongs to, through groups too."""
    return _memberships(request, nested=True)


def list_owned_objects(request: GraphRequest) -> Answer:
    """List what a user owns."""
    user = request.directory.require_user(request.params["id"])
    owned = [each for each, owners in request.directory.owners.items() if user["id"] in owners]
    return request.page_mixed(request.objects(owned))


def list_permission_grants(request: GraphRequest) -> Answer:
    """List the delegated permission grants made for this user alone."""
    user = request.directory.require_user(request.params["id"])
    granted = request.directory.permission_grants.values()
    return request.page(PERMISSION_GRANT, [each for each in granted if each["principalId"] == user["id"]])


def _memberships(request: GraphRequest, *, nested: bool) -> Answer:
    directory = request.directory
    user = directory.require_user(request.params["id"])
    groups = directory.containers_of(user["id"], nested=nested)
    holders = {user["id"], *groups} if nested else {user["id"]}
    held = {each["roleDefinitionId"] for each in directory.live_role_assignments() if each["principalId"] in holders}
    roles = [each["id"] for each in directory.directory_roles.values() if each["roleTemplateId"] in held]
    return request.page_mixed(request.objects([*groups, *roles]))


ROUTES: tuple[Route, ...] = (
    Route("GET", "/users", list_users, query=MANY, witness=f"{_PROVIDER}, {_SDK}", gaps="no $search, $orderby"),
    Route("POST", "/users", create_user, accepts=Creates(USER), witness=_PROVIDER),
    Route("GET", "/users/{id}", read_user, versions=BOTH, query=ONE, witness=f"{_PROVIDER}, {_SDK}"),
    Route("PATCH", "/users/{id}", update_user, accepts=Changes(USER), versions=BOTH, witness=f"{_PROVIDER}, {_SDK}"),
    Route("DELETE", "/users/{id}", delete_user, witness=_PROVIDER),
    Route("GET", "/users/{id}/manager", read_manager, query=ONE, witness=_PROVIDER),
    Route("PUT", "/users/{id}/manager/$ref", set_manager, accepts=REFERENCE, witness=_PROVIDER),
    Route("DELETE", "/users/{id}/manager/$ref", clear_manager, witness=_PROVIDER),
    Route("POST", "/users/{id}/revokeSignInSessions", revoke_sessions, witness=_SDK),
    Route("GET", "/users/{id}/memberOf", list_memberships, query=MANY, witness=_SDK),
    Route("GET", "/users/{id}/transitiveMemberOf", list_transitive_memberships, query=MANY, witness=_SDK),
    Route(
        "GET",
        "/users/{id}/ownedObjects",
        list_owned_objects,
        query=MANY,
        needs="User.Read.All;User.ReadWrite.All;Directory.Read.All;Directory.ReadWrite.All",
        witness=_SDK,
    ),
    Route(
        "GET",
        "/users/{id}/oauth2PermissionGrants",
        list_permission_grants,
        query=MANY,
        needs="Directory.Read.All;DelegatedPermissionGrant.ReadWrite.All;Directory.ReadWrite.All",
        witness=_SDK,
    ),
)
