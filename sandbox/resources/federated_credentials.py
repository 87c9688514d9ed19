"""`/applications/{id}/federatedIdentityCredentials`: whose tokens an application takes for its own."""

from http import HTTPStatus

from sandbox.bodies import Changes, Creates
from sandbox.directory import federated_credentials
from sandbox.exposures.applications import FEDERATED_CREDENTIAL
from sandbox.requests import Answer, GraphRequest
from sandbox.routing import MANY, ONE, Route

_SDK = "msgraph-sdk"
_BOTH_CLIENTS = "azuread provider, msgraph-sdk"
_ALL = "/applications/{id}/federatedIdentityCredentials"
_ONE = f"{_ALL}/{{credential_id}}"


def list_credentials(request: GraphRequest) -> Answer:
    """List an application's federated credentials."""
    return request.page(FEDERATED_CREDENTIAL, federated_credentials.held_by(request.directory, request.params["id"]))


def create_credential(request: GraphRequest) -> Answer:
    """Add a federated credential."""
    created = federated_credentials.create(request.directory, request.params["id"], request.body, request.caller)
    return request.show(FEDERATED_CREDENTIAL, created, status=HTTPStatus.CREATED)


def read_credential(request: GraphRequest) -> Answer:
    """Show a federated credential by its id or name."""
    found = federated_credentials.require(request.directory, request.params["id"], request.params["credential_id"])
    return request.show(FEDERATED_CREDENTIAL, found)


def update_credential(request: GraphRequest) -> Answer:
    """Change a federated credential; its name stays."""
    application_id, credential_id = request.params["id"], request.params["credential_id"]
    federated_credentials.change(request.directory, application_id, credential_id, request.body, request.caller)
    return Answer(HTTPStatus.NO_CONTENT)


def delete_credential(request: GraphRequest) -> Answer:
    """Take a federated credential away."""
    application_id, credential_id = request.params["id"], request.params["credential_id"]
    federated_credentials.delete(request.directory, application_id, credential_id, request.caller)
    return Answer(HTTPStatus.NO_CONTENT)


ROUTES: tuple[Route, ...] = (
    Route("GET", _ALL, list_credentials, query=MANY, witness=_SDK),
    Route(
        "POST",
        _ALL,
        create_credential,
        accepts=Creates(FEDERATED_CREDENTIAL),
        conflicts=(HTTPStatus.CONFLICT,),
        witness=_BOTH_CLIENTS,
        gaps="no flexible credentials (beta), none of service principals",
    ),
    Route("GET", _ONE, read_credential, query=ONE, witness=_BOTH_CLIENTS),
    Route(
        "PATCH",
        _ONE,
        update_credential,
        accepts=Changes(FEDERATED_CREDENTIAL),
        witness=_BOTH_CLIENTS,
        gaps="creates nothing that is missing",
    ),
    Route("DELETE", _ONE, delete_credential, witness=_BOTH_CLIENTS),
)
