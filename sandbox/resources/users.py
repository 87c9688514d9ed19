"""`/users`: accounts, their manager, memberships and sessions; `/me` is the signed-in user's own address."""

from http import HTTPStatus

from sandbox.bodies import REFERENCE, Changes, Creates
from sandbox.directory import users
from sandbox.exposures.grants import PERMISSION_GRANT
from sandbox.exposures.users import USER
from sandbox.requests import Answer, GraphRequest
from sandbox.resources import memberships
from sandbox.routing import BOTH, MANY, ONE, Route

_SDK = "msgraph-sdk"
_BOTH_CLIENTS = "azuread provider, msgraph-sdk"
_NO_CONTENT = Answer(HTTPStatus.NO_CONTENT)


def list_users(request: GraphRequest) -> Answer:
    """List users; without `$select` the 11 default properties."""
    return request.page(USER, request.directory.users)


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


def list_reports(request: GraphRequest) -> Answer:
    """List those whose manager a user is."""
    return request.page_mixed(request.objects(users.reports_of(request.directory, request.params["id"])))


def list_owned_objects(request: GraphRequest) -> Answer:
    """List what a user owns."""
    user = request.directory.require_user(request.params["id"])
    owned = [each for each, owners in request.directory.owners.items() if user["id"] in owners]
    return request.page_mixed(request.objects(owned))


def list_permission_grants(request: GraphRequest) -> Answer:
    """List the delegated permission grants made for this user alone."""
    user = request.directory.require_user(request.params["id"])
    granted = request.directory.live_permission_grants()
    return request.page(PERMISSION_GRANT, [each for each in granted if each["principalId"] == user["id"]])


# Permissions of the actions on memberships: Learn, "directoryObject: checkMemberGroups" and "checkMemberObjects".
_GROUPS_OF_USERS = "User.Read.All+GroupMember.Read.All;User.Read.All+Group.Read.All;Directory.Read.All"
_READ_USERS = "User.Read.All;User.ReadWrite.All;Directory.Read.All;Directory.ReadWrite.All"

ROUTES: tuple[Route, ...] = (
    Route("GET", "/users", list_users, query=MANY, witness=_BOTH_CLIENTS),
    Route("POST", "/users", create_user, accepts=Creates(USER), witness=_BOTH_CLIENTS),
    Route("GET", "/users/{id}", read_user, versions=BOTH, query=ONE, witness=_BOTH_CLIENTS),
    Route("PATCH", "/users/{id}", update_user, accepts=Changes(USER), versions=BOTH, witness=_BOTH_CLIENTS),
    Route("DELETE", "/users/{id}", delete_user, witness=_BOTH_CLIENTS),
    Route("GET", "/users/{id}/manager", read_manager, query=ONE, witness=_BOTH_CLIENTS),
    Route("PUT", "/users/{id}/manager/$ref", set_manager, accepts=REFERENCE, witness=_BOTH_CLIENTS),
    Route("DELETE", "/users/{id}/manager/$ref", clear_manager, witness=_BOTH_CLIENTS),
    Route("POST", "/users/{id}/revokeSignInSessions", revoke_sessions, witness=_SDK),
    Route("GET", "/users/{id}/directReports", list_reports, query=MANY, needs=_READ_USERS, witness=_SDK),
    *memberships.list_routes("users", "memberOf", casts=memberships.USER_CASTS),
    *memberships.list_routes("users", "transitiveMemberOf", casts=memberships.USER_CASTS),
    *memberships.action_routes("users", groups=_GROUPS_OF_USERS, objects=_READ_USERS),
    Route(
        "GET",
        "/users/{id}/ownedObjects",
        list_owned_objects,
        query=MANY,
        needs=_READ_USERS,
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
