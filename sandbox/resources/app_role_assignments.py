"""App role assignments, seen from the resource, from the client, and from a user or group."""

from collections.abc import Callable
from http import HTTPStatus

from sandbox.bodies import Creates
from sandbox.directory import grants, groups, service_principals
from sandbox.directory.store import Directory, Record
from sandbox.errors import bad_request, not_found
from sandbox.exposures.grants import APP_ROLE_ASSIGNMENT
from sandbox.identifiers import canonical_id
from sandbox.requests import Answer, GraphRequest
from sandbox.routing import MANY, ONE, Handler, Route

_SDK = "msgraph-sdk"
_BOTH_CLIENTS = "azuread provider, msgraph-sdk"
_TO = "/servicePrincipals/{id}/appRoleAssignedTo"
_OF = "/servicePrincipals/{id}/appRoleAssignments"
_OF_USER = "/users/{id}/appRoleAssignments"
_OF_GROUP = "/groups/{id}/appRoleAssignments"
_READ_OF_GROUP = "AppRoleAssignment.ReadWrite.All;Directory.Read.All"
_WRITE = "AppRoleAssignment.ReadWrite.All"
_Find = Callable[[Directory, str], Record]


def _lists(find: _Find, side: str) -> Handler:
    def handler(request: GraphRequest) -> Answer:
        holder = find(request.directory, request.params["id"])
        found = request.directory.live_app_role_assignments()
        return request.page(APP_ROLE_ASSIGNMENT, [each for each in found if each[side] == holder["id"]])

    return handler


def _assigns(find: _Find, side: str) -> Handler:
    def handler(request: GraphRequest) -> Answer:
        holder = find(request.directory, request.params["id"])
        if canonical_id(str(request.body.get(side))) != holder["id"]:
            raise bad_request(f"The property '{side}' must be the id of the object in the request's URL.")
        assignment = grants.assign_app_role(request.directory, request.body, request.caller)
        return request.show(APP_ROLE_ASSIGNMENT, assignment, status=HTTPStatus.CREATED)

    return handler


def _reads(find: _Find, side: str) -> Handler:
    return lambda request: request.show(APP_ROLE_ASSIGNMENT, _require(request, find, side))


def _withdraws(find: _Find, side: str) -> Handler:
    def handler(request: GraphRequest) -> Answer:
        grants.withdraw_app_role(request.directory, _require(request, find, side)["id"], request.caller)
        return Answer(HTTPStatus.NO_CONTENT)

    return handler


def _require(request: GraphRequest, find: _Find, side: str) -> Record:
    holder = find(request.directory, request.params["id"])
    assignment = grants.require_assignment(request.directory, request.params["assignment_id"])
    if assignment[side] != holder["id"]:
        raise not_found(request.params["assignment_id"])
    return assignment


_RESOURCE = (service_principals.require, "resourceId")
_CLIENT = (service_principals.require, "principalId")
_USER = (Directory.require_user, "principalId")
_GROUP = (groups.require, "principalId")
_NEW = Creates(APP_ROLE_ASSIGNMENT)

ROUTES: tuple[Route, ...] = (
    Route("GET", _TO, _lists(*_RESOURCE), query=MANY, witness=_SDK),
    Route("POST", _TO, _assigns(*_RESOURCE), accepts=_NEW, witness=_BOTH_CLIENTS),
    Route("GET", f"{_TO}/{{assignment_id}}", _reads(*_RESOURCE), query=ONE, witness=_BOTH_CLIENTS),
    Route("DELETE", f"{_TO}/{{assignment_id}}", _withdraws(*_RESOURCE), witness=_BOTH_CLIENTS),
    Route("GET", _OF, _lists(*_CLIENT), query=MANY, witness=_SDK),
    Route("POST", _OF, _assigns(*_CLIENT), accepts=_NEW, witness=_SDK),
    Route("GET", f"{_OF}/{{assignment_id}}", _reads(*_CLIENT), query=ONE, witness=_SDK),
    Route("DELETE", f"{_OF}/{{assignment_id}}", _withdraws(*_CLIENT), witness=_SDK),
    Route("GET", _OF_USER, _lists(*_USER), query=MANY, witness=_SDK),
    Route("POST", _OF_USER, _assigns(*_USER), accepts=_NEW, witness=_SDK),
    Route("DELETE", f"{_OF_USER}/{{assignment_id}}", _withdraws(*_USER), witness=_SDK),
    Route("GET", _OF_GROUP, _lists(*_GROUP), query=MANY, needs=_READ_OF_GROUP, witness=_SDK),
    Route("POST", _OF_GROUP, _assigns(*_GROUP), accepts=_NEW, needs=_WRITE, witness=_SDK),
    Route("DELETE", f"{_OF_GROUP}/{{assignment_id}}", _withdraws(*_GROUP), needs=_WRITE, witness=_SDK),
)
