"""`/applications`: registrations, with their owners, secrets and logo."""

from http import HTTPStatus

from sandbox.bodies import Changes, Content, Creates
from sandbox.directory import applications
from sandbox.exposures.applications import APPLICATION
from sandbox.requests import Answer, GraphRequest
from sandbox.resources import credentials, owners
from sandbox.routing import BOTH, MANY, ONE, Route

_BOTH_CLIENTS = "azuread provider, msgraph-sdk"
_ONE = "/applications/{id}"
# Learn, "Update application", read November 2026.
_LARGEST_LOGO = 100 * 1024
_NO_CONTENT = Answer(HTTPStatus.NO_CONTENT)


def list_applications(request: GraphRequest) -> Answer:
    """List applications."""
    return request.page(APPLICATION, request.directory.applications)


def create_application(request: GraphRequest) -> Answer:
    """Register an application."""
    application, secrets = applications.create(request.directory, request.body, request.caller)
    shown = {**application, "passwordCredentials": secrets} if secrets else application
    return request.show(APPLICATION, shown, status=HTTPStatus.CREATED)


def read_application(request: GraphRequest) -> Answer:
    """Show an application."""
    application = applications.require(request.directory, request.params["id"])
    return request.show(APPLICATION, credentials.as_selected(request, application))


def update_application(request: GraphRequest) -> Answer:
    """Change the named properties of an application."""
    applications.change(request.directory, request.params["id"], request.body, request.caller)
    return _NO_CONTENT


def delete_application(request: GraphRequest) -> Answer:
    """Delete an application and its service principal; both stay restorable."""
    applications.delete(request.directory, request.params["id"], request.caller)
    return _NO_CONTENT


def put_logo(request: GraphRequest) -> Answer:
    """Replace an application's logo."""
    address = f"{request.base_url}/{request.version}/{request.path}"
    kind, content = request.content
    applications.set_logo(request.directory, request.params["id"], kind, content, address, request.caller)
    return _NO_CONTENT


ROUTES: tuple[Route, ...] = (
    Route("GET", "/applications", list_applications, query=MANY, witness=_BOTH_CLIENTS),
    Route(
        "POST",
        "/applications",
        create_application,
        accepts=Creates(APPLICATION),
        witness=_BOTH_CLIENTS,
        gaps="symmetric and signing keys",
    ),
    Route("GET", _ONE, read_application, versions=BOTH, query=ONE, witness=_BOTH_CLIENTS),
    Route(
        "PATCH",
        _ONE,
        update_application,
        accepts=Changes(APPLICATION),
        versions=BOTH,
        witness=_BOTH_CLIENTS,
        gaps="symmetric and signing keys",
    ),
    Route("DELETE", _ONE, delete_application, witness=_BOTH_CLIENTS),
    Route(
        "PUT",
        f"{_ONE}/logo",
        put_logo,
        accepts=Content(("image/png", "image/jpeg", "image/gif"), _LARGEST_LOGO),
        witness="azuread provider",
        gaps="the picture cannot be read back",
    ),
    *owners.routes("applications", applications.require),
    *credentials.routes("applications", applications.require),
)
