"""`/roleManagement/directory`: role definitions, and who holds which."""

from http import HTTPStatus

from sandbox.bodies import Creates
from sandbox.directory import role_schedules, roles
from sandbox.errors import not_found
from sandbox.exposures.roles import ROLE_ASSIGNMENT, ROLE_DEFINITION
from sandbox.requests import Answer, GraphRequest
from sandbox.routing import MANY, ONE, Route

_ASSIGNMENTS = "/roleManagement/directory/roleAssignments"
_DEFINITIONS = "/roleManagement/directory/roleDefinitions"
_BOTH_CLIENTS = "azuread provider, msgraph-sdk"


def list_assignments(request: GraphRequest) -> Answer:
    """List role assignments."""
    return request.page(ROLE_ASSIGNMENT, request.directory.live_role_assignments())


def create_assignment(request: GraphRequest) -> Answer:
    """Give a role to a principal."""
    body = request.body
    assignment = roles.assign(request.directory, body, request.caller)
    return request.show(ROLE_ASSIGNMENT, assignment, status=HTTPStatus.CREATED)


def read_assignment(request: GraphRequest) -> Answer:
    """Show a role assignment."""
    return request.show(ROLE_ASSIGNMENT, roles.require_assignment(request.directory, request.params["id"]))


def delete_assignment(request: GraphRequest) -> Answer:
    """Take a role back."""
    role_schedules.withdraw_assignment(request.directory, request.params["id"], request.caller)
    return Answer(HTTPStatus.NO_CONTENT)


def list_definitions(request: GraphRequest) -> Answer:
    """List role definitions."""
    return request.page(ROLE_DEFINITION, request.directory.role_definitions.values())


def read_definition(request: GraphRequest) -> Answer:
    """Show a role definition."""
    definition = request.directory.role_definitions.get(request.params["id"])
    if definition is None:
        raise not_found(request.params["id"])
    return request.show(ROLE_DEFINITION, definition)


ROUTES: tuple[Route, ...] = (
    Route("GET", _ASSIGNMENTS, list_assignments, query=MANY, witness="msgraph-sdk"),
    Route(
        "POST",
        _ASSIGNMENTS,
        create_assignment,
        accepts=Creates(ROLE_ASSIGNMENT),
        conflicts=(409,),
        witness=_BOTH_CLIENTS,
        gaps="no appScopeId",
    ),
    Route("GET", f"{_ASSIGNMENTS}/{{id}}", read_assignment, query=ONE, witness=_BOTH_CLIENTS),
    Route("DELETE", f"{_ASSIGNMENTS}/{{id}}", delete_assignment, witness=_BOTH_CLIENTS),
    Route(
        "GET",
        _DEFINITIONS,
        list_definitions,
        query=MANY,
        witness="msgraph-sdk",
        gaps="rolePermissions are empty; no custom roles",
    ),
    Route("GET", f"{_DEFINITIONS}/{{id}}", read_definition, query=ONE, witness="msgraph-sdk"),
)
