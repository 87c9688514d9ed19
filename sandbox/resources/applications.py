"""`/applications`: registrations, their owners and secrets."""

from http import HTTPStatus

from sandbox.bodies import REFERENCE, Changes, Creates, takes
from sandbox.directory import applications, groups
from sandbox.exposures.applications import APPLICATION
from sandbox.requests import Answer, GraphRequest
from sandbox.routing import BOTH, MANY, ONE, Route

_PROVIDER = "azuread provider"
_BOTH_CLIENTS = "azuread provider, msgraph-sdk"
_NO_CONTENT = Answer(HTTPStatus.NO_CONTENT)


def list_applications(request: GraphRequest) -> Answer:
    """List applications."""
    return request.page(APPLICATION, request.directory.applications.values())


def create_application(request: GraphRequest) -> Answer:
    """Register an application."""
    body = request.body
    application, credentials = applications.create(request.directory, body, request.caller)
    shown = {**application, "passwordCredentials": credentials} if credentials else application
    return request.show(APPLICATION, shown, status=HTTPStatus.CREATED)


def read_application(request: GraphRequest) -> Answer:
    """Show an application."""
    return request.show(APPLICATION, applications.require(request.directory, request.params["id"]))


def update_application(request: GraphRequest) -> Answer:
    """Change the named properties of an application."""
    applications.change(request.directory, request.params["id"], request.body, request.caller)
    return _NO_CONTENT


def delete_application(request: GraphRequest) -> Answer:
    """Delete an application and its service principal."""
    applications.delete(request.directory, request.params["id"], request.caller)
    return _NO_CONTENT


def list_owners(request: GraphRequest) -> Answer:
    """List an application's owners."""
    application = applications.require(request.directory, request.params["id"])
    return request.page_mixed(request.objects(request.directory.owners_of(application["id"])))


def add_owner(request: GraphRequest) -> Answer:
    """Add an owner by reference."""
    application = applications.require(request.directory, request.params["id"])
    groups.add_owner(request.directory, application["id"], request.body.get("@odata.id"), request.caller)
    return _NO_CONTENT


def remove_owner(request: GraphRequest) -> Answer:
    """Take an owner away; an application may be left without one."""
    application = applications.require(request.directory, request.params["id"])
    groups.remove_owner(request.directory, application["id"], request.params["owner_id"], request.caller)
    return _NO_CONTENT


def add_password(request: GraphRequest) -> Answer:
    """Give an application a secret; only this answer shows it."""
    body = request.body
    application = applications.require(request.directory, request.params["id"])
    credential = applications.add_password(request.directory, application, body.get("passwordCredential", {}))
    context = f"{request.base_url}/{request.version}/$metadata#microsoft.graph.passwordCredential"
    return Answer(HTTPStatus.OK, {"@odata.context": context, **credential})


def remove_password(request: GraphRequest) -> Answer:
    """Take a secret away."""
    body = request.body
    application = applications.require(request.directory, request.params["id"])
    applications.remove_password(request.directory, application, body.get("keyId"))
    return _NO_CONTENT


ROUTES: tuple[Route, ...] = (
    Route("GET", "/applications", list_applications, query=MANY, witness=_BOTH_CLIENTS),
    Route(
        "POST",
        "/applications",
        create_application,
        accepts=Creates(APPLICATION),
        witness=_PROVIDER,
        gaps="certificates",
    ),
    Route("GET", "/applications/{id}", read_application, versions=BOTH, query=ONE, witness=_BOTH_CLIENTS),
    Route(
        "PATCH",
        "/applications/{id}",
        update_application,
        accepts=Changes(APPLICATION),
        versions=BOTH,
        witness=_PROVIDER,
        gaps="certificates",
    ),
    Route("DELETE", "/applications/{id}", delete_application, witness=_PROVIDER, gaps="no soft deletion"),
    Route("GET", "/applications/{id}/owners", list_owners, query=MANY, witness=_PROVIDER),
    Route("POST", "/applications/{id}/owners/$ref", add_owner, accepts=REFERENCE, witness=_PROVIDER),
    Route("DELETE", "/applications/{id}/owners/{owner_id}/$ref", remove_owner, witness=_PROVIDER),
    Route(
        "POST",
        "/applications/{id}/addPassword",
        add_password,
        accepts=takes(passwordCredential="passwordCredential"),
        witness=_PROVIDER,
    ),
    Route("POST", "/applications/{id}/removePassword", remove_password, accepts=takes(keyId="Guid"), witness=_PROVIDER),
)
