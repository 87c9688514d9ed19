"""`/directoryRoles` and `/directoryRoleTemplates`: the active roles of a tenant, and those it could activate."""

from http import HTTPStatus

from sandbox.bodies import REFERENCE, Creates
from sandbox.directory import role_schedules, roles
from sandbox.directory.store import Record, referenced_id
from sandbox.errors import not_found
from sandbox.exposures.roles import DIRECTORY_ROLE, DIRECTORY_ROLE_TEMPLATE
from sandbox.requests import Answer, GraphRequest
from sandbox.routing import MANY, NO_OPTIONS, ONE, Route

_PROVIDER = "azuread provider"
_SDK = "msgraph-sdk"


def list_roles(request: GraphRequest) -> Answer:
    """List the active roles."""
    return request.page(DIRECTORY_ROLE, request.directory.directory_roles.values())


def activate_role(request: GraphRequest) -> Answer:
    """Make a role active by its template."""
    role = roles.activate(request.directory, request.body.get("roleTemplateId"), request.caller)
    return request.show(DIRECTORY_ROLE, role, status=HTTPStatus.CREATED)


def read_role(request: GraphRequest) -> Answer:
    """Show an active role."""
    return request.show(DIRECTORY_ROLE, _require_role(request))


def list_role_members(request: GraphRequest) -> Answer:
    """List who holds a role directly, at the scope of the tenant."""
    role = _require_role(request)
    holders = [
        each["principalId"]
        for each in request.directory.live_role_assignments()
        if each["roleDefinitionId"] == role["roleTemplateId"] and each["directoryScopeId"] == "/"
    ]
    return request.page_mixed(request.objects(holders))


def add_role_member(request: GraphRequest) -> Answer:
    """Give a role to a principal, at the scope of the tenant."""
    role, member = _require_role(request), referenced_id(request.body["@odata.id"])
    roles.add_member(request.directory, role, member, request.caller)
    return Answer(HTTPStatus.NO_CONTENT)


def remove_role_member(request: GraphRequest) -> Answer:
    """Take a role back from a principal that holds it directly."""
    role, member = _require_role(request), request.params["member_id"]
    assignment = roles.find_assignment(request.directory, member, role["roleTemplateId"], "/")
    if assignment is None:
        raise not_found(member)
    role_schedules.withdraw_assignment(request.directory, assignment["id"], request.caller)
    return Answer(HTTPStatus.NO_CONTENT, deleted=assignment["id"])


def list_templates(request: GraphRequest) -> Answer:
    """List the templates of the built-in roles."""
    return request.page(DIRECTORY_ROLE_TEMPLATE, request.directory.role_definitions.values())


def read_template(request: GraphRequest) -> Answer:
    """Show the template of a built-in role."""
    definition = request.directory.role_definitions.get(request.params["id"])
    if definition is None:
        raise not_found(request.params["id"])
    return request.show(DIRECTORY_ROLE_TEMPLATE, definition)


def _require_role(request: GraphRequest) -> Record:
    role = request.directory.directory_roles.get(request.params["id"])
    if role is None:
        raise not_found(request.params["id"])
    return role


ROUTES: tuple[Route, ...] = (
    Route("GET", "/directoryRoles", list_roles, query=MANY, witness=f"{_PROVIDER}, {_SDK}"),
    Route(
        "POST",
        "/directoryRoles",
        activate_role,
        accepts=Creates(DIRECTORY_ROLE),
        conflicts=(409,),
        witness=f"{_PROVIDER}, {_SDK}",
    ),
    Route("GET", "/directoryRoles/{id}", read_role, query=ONE, witness=f"{_PROVIDER}, {_SDK}"),
    Route("GET", "/directoryRoles/{id}/members", list_role_members, query=MANY, witness=f"{_PROVIDER}, {_SDK}"),
    Route(
        "POST",
        "/directoryRoles/{id}/members/$ref",
        add_role_member,
        accepts=REFERENCE,
        witness=f"{_PROVIDER}, {_SDK}",
    ),
    Route(
        "DELETE",
        "/directoryRoles/{id}/members/{member_id}/$ref",
        remove_role_member,
        witness=f"{_PROVIDER}, {_SDK}",
    ),
    Route("GET", "/directoryRoleTemplates", list_templates, query=NO_OPTIONS, witness=f"{_PROVIDER}, {_SDK}"),
    Route("GET", "/directoryRoleTemplates/{id}", read_template, query=ONE, witness=f"{_PROVIDER}, {_SDK}"),
)
