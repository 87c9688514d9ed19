"""`/oauth2PermissionGrants`: delegated permissions granted to clients."""

from http import HTTPStatus

from sandbox.bodies import Changes, Creates
from sandbox.directory import grants
from sandbox.exposures.grants import PERMISSION_GRANT
from sandbox.requests import Answer, GraphRequest
from sandbox.routing import MANY, ONE, Route

_SDK = "msgraph-sdk"
_BOTH_CLIENTS = "azuread provider, msgraph-sdk"
_ONE = "/oauth2PermissionGrants/{id}"


def list_grants(request: GraphRequest) -> Answer:
    """List delegated permission grants."""
    return request.page(PERMISSION_GRANT, request.directory.live_permission_grants())


def create_grant(request: GraphRequest) -> Answer:
    """Grant delegated permissions; the answer may deny what is written."""
    grant = grants.create_permission_grant(request.directory, request.body, request.caller)
    grants.require_acknowledged(request.directory, grant, request.caller)
    return request.show(PERMISSION_GRANT, grant, status=HTTPStatus.CREATED)


def read_grant(request: GraphRequest) -> Answer:
    """Show a delegated permission grant."""
    return request.show(PERMISSION_GRANT, grants.require_permission_grant(request.directory, request.params["id"]))


def update_grant(request: GraphRequest) -> Answer:
    """Replace the whole scope of a grant."""
    grants.change_permission_grant(request.directory, request.params["id"], request.body, request.caller)
    return Answer(HTTPStatus.NO_CONTENT)


def delete_grant(request: GraphRequest) -> Answer:
    """Take a grant back."""
    grants.delete_permission_grant(request.directory, request.params["id"], request.caller)
    return Answer(HTTPStatus.NO_CONTENT)


ROUTES: tuple[Route, ...] = (
    Route("GET", "/oauth2PermissionGrants", list_grants, query=MANY, witness=_SDK),
    Route(
        "POST",
        "/oauth2PermissionGrants",
        create_grant,
        accepts=Creates(PERMISSION_GRANT),
        conflicts=(HTTPStatus.CONFLICT,),
        witness=_BOTH_CLIENTS,
    ),
    Route("GET", _ONE, read_grant, query=ONE, witness=_BOTH_CLIENTS),
    Route("PATCH", _ONE, update_grant, accepts=Changes(PERMISSION_GRANT), witness=_BOTH_CLIENTS),
    Route("DELETE", _ONE, delete_grant, witness=_BOTH_CLIENTS),
)
