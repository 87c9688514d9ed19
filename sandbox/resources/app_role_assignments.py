"""App role assignments, seen from the resource, from the client, and from a user or group."""

from http import HTTPStatus

from sandbox.bodies import Creates
from sandbox.directory import grants, groups, service_principals
from sandbox.directory.store import Record
from sandbox.errors import bad_request, not_found
from sandbox.exposures.grants import APP_ROLE_ASSIGNMENT
from sandbox.requests import Answer, GraphRequest
from sandbox.routing import MANY, ONE, Route

_SDK = "msgraph-sdk"
_BOTH_CLIENTS = "azuread provider, msgraph-sdk"
_TO = "/servicePrincipals/{id}/appRoleAssignedTo"
_OF = "/servicePrincipals/{id}/appRoleAssignments"


def list_assigned_to(request: GraphRequest) -> Answer:
    """List who holds roles of a resource."""
    return _list(request, "resourceId", service_principals.require(request.directory, request.params["id"]))


def list_assignments(request: GraphRequest) -> Answer:
    """List the roles that a service principal holds."""
    return _list(request, "principalId", service_principals.require(request.directory, request.params["id"]))


def list_user_assignments(request: GraphRequest) -> Answer:
    """List the roles that a user holds directly."""
    return _list(request, "principalId", request.directory.require_user(request.params["id"]))


def list_group_assignments(request: GraphRequest) -> Answer:
    """List the roles that a group holds."""
    return _list(request, "principalId", groups.require(request.directory, request.params["id"]))


def assign_to(request: GraphRequest) -> Answer:
    """Assign a role of the resource in the path."""
    return _assign(request, "resourceId")


def assign(request: GraphRequest) -> Answer:
    """Assign a role to the service principal in the path."""
    return _assign(request, "principalId")


def read_assigned_to(request: GraphRequest) -> Answer:
    """Show one assignment of a resource."""
    return request.show(APP_ROLE_ASSIGNMENT, _require(request, "resourceId"))


def read_assignment(request: GraphRequest) -> Answer:
    """Show one assignment of a service principal."""
    return request.show(APP_ROLE_ASSIGNMENT, _require(request, "principalId"))


def withdraw_assigned_to(request: GraphRequest) -> Answer:
    """Take an assignment of a resource back."""
    return _withdraw(request, "resourceId")


def withdraw_assignment(request: GraphRequest) -> Answer:
    """Take an assignment of a service principal back."""
    return _withdraw(request, "principalId")


def _list(request: GraphRequest, side: str, holder: Record) -> Answer:
    found = [each for each in request.directory.live_app_role_assignments() if each[side] == holder["id"]]
    return request.page(APP_ROLE_ASSIGNMENT, found)


def _assign(request: GraphRequest, side: str) -> Answer:
    body = request.body
    service_principals.require(request.directory, request.params["id"])
    if body.get(side) != request.params["id"]:
        raise bad_request(f"The property '{side}' must be the id of the service principal in the request's URL.")
    assignment = grants.assign_app_role(request.directory, body, request.caller)
    return request.show(APP_ROLE_ASSIGNMENT, assignment, status=HTTPStatus.CREATED)


def _require(request: GraphRequest, side: str) -> Record:
    service_principals.require(request.directory, request.params["id"])
    assignment = grants.require_assignment(request.directory, request.params["assignment_id"])
    if assignment[side] != request.params["id"]:
        raise not_found(request.params["assignment_id"])
    return assignment


def _withdraw(request: GraphRequest, side: str) -> Answer:
    grants.withdraw_app_role(request.directory, _require(request, side)["id"], request.caller)
    return Answer(HTTPStatus.NO_CONTENT)


ROUTES: tuple[Route, ...] = (
    Route("GET", _TO, list_assigned_to, query=MANY, witness=_SDK),
    Route("POST", _TO, assign_to, accepts=Creates(APP_ROLE_ASSIGNMENT), witness=_BOTH_CLIENTS),
    Route("GET", f"{_TO}/{{assignment_id}}", read_assigned_to, query=ONE, witness=_BOTH_CLIENTS),
    Route("DELETE", f"{_TO}/{{assignment_id}}", withdraw_assigned_to, witness=_BOTH_CLIENTS),
    Route("GET", _OF, list_assignments, query=MANY, witness=_SDK),
    Route("POST", _OF, assign, accepts=Creates(APP_ROLE_ASSIGNMENT), witness=_SDK),
    Route("GET", f"{_OF}/{{assignment_id}}", read_assignment, query=ONE, witness=_SDK),
    Route("DELETE", f"{_OF}/{{assignment_id}}", withdraw_assignment, witness=_SDK),
    Route("GET", "/users/{id}/appRoleAssignments", list_user_assignments, query=MANY, witness=_SDK),
    Route(
        "GET",
        "/groups/{id}/appRoleAssignments",
        list_group_assignments,
        query=MANY,
        needs="AppRoleAssignment.ReadWrite.All;Directory.Read.All",
        witness=_SDK,
    ),
)
