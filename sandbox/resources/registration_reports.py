"""`/reports/authenticationMethods/userRegistrationDetails`: who has registered which methods; needs Entra ID P1."""

from sandbox.directory import premium, registration_details
from sandbox.directory.store import Directory
from sandbox.errors import not_found
from sandbox.exposures.methods import REGISTRATION_DETAILS
from sandbox.permissions import Service
from sandbox.requests import Answer, GraphRequest
from sandbox.routing import MANY, ONE, Route

_DETAILS = "/reports/authenticationMethods/userRegistrationDetails"
_SDK = "msgraph-sdk"


def list_details(request: GraphRequest) -> Answer:
    """List what every user has registered."""
    directory = request.directory
    premium.require_reports(directory)
    return request.page(
        REGISTRATION_DETAILS, [registration_details.details_of(directory, each) for each in _users(directory)]
    )


def read_details(request: GraphRequest) -> Answer:
    """Show what a user has registered, by object id."""
    directory = request.directory
    premium.require_reports(directory)
    user = directory.users.get(request.params["id"])
    if user is None:
        raise not_found(request.params["id"])
    return request.show(REGISTRATION_DETAILS, registration_details.details_of(directory, user))


def _users(directory: Directory) -> list[dict[str, object]]:
    return list(directory.users.values())


ROUTES: tuple[Route, ...] = (
    Route(
        "GET", _DETAILS, list_details, query=MANY, service=Service.AUDIT, witness=_SDK, gaps="told at once, not daily"
    ),
    Route("GET", f"{_DETAILS}/{{id}}", read_details, query=ONE, service=Service.AUDIT, witness=_SDK),
)
