"""`/identity/conditionalAccess/namedLocations`: locations by IP ranges or countries, live and deleted."""

from http import HTTPStatus

from sandbox.bodies import Changes, Creates
from sandbox.directory import named_locations, premium, recycling
from sandbox.directory.store import Record
from sandbox.exposures.conditional_access import NAMED_LOCATION
from sandbox.permissions import Service
from sandbox.requests import Answer, GraphRequest
from sandbox.resources import conditional_access_deleted
from sandbox.routing import MANY, ONE, Route

_LOCATIONS = "/identity/conditionalAccess/namedLocations"
_SERVICE = Service.CONDITIONAL_ACCESS
_SDK = "msgraph-sdk"
_BOTH_CLIENTS = "azuread provider, msgraph-sdk"
_NO_CONTENT = Answer(HTTPStatus.NO_CONTENT)


def list_locations(request: GraphRequest) -> Answer:
    """List named locations of both kinds."""
    premium.require_p1(request.directory)
    found = request.directory.named_locations.values()
    return request.page_mixed(map(named_locations.typed, found), base=named_locations.KIND)


def create_location(request: GraphRequest) -> Answer:
    """Save a new location."""
    location = named_locations.create(request.directory, request.body, request.caller)
    return _shown(request, location, status=HTTPStatus.CREATED)


def read_location(request: GraphRequest) -> Answer:
    """Show a location."""
    return _shown(request, named_locations.require(request.directory, request.params["id"]))


def update_location(request: GraphRequest) -> Answer:
    """Change the named properties of a location."""
    named_locations.change(request.directory, request.params["id"], request.body, request.caller)
    return _NO_CONTENT


def delete_location(request: GraphRequest) -> Answer:
    """Delete a location that is not trusted; it stays restorable."""
    named_locations.delete(request.directory, request.params["id"], request.caller)
    return _NO_CONTENT


def list_deleted_locations(request: GraphRequest) -> Answer:
    """List the locations that can still be restored."""
    premium.require_p1(request.directory)
    found = recycling.deleted(request.directory, named_locations.KIND)
    return request.page_mixed(map(named_locations.typed, found), base=named_locations.KIND)


def read_deleted_location(request: GraphRequest) -> Answer:
    """Show a location that can still be restored."""
    return _shown(request, named_locations.require_deleted(request.directory, request.params["id"]))


def restore_location(request: GraphRequest) -> Answer:
    """Bring a deleted location back, without trust."""
    return _shown(request, named_locations.restore(request.directory, request.params["id"], request.caller))


def purge_location(request: GraphRequest) -> Answer:
    """Delete a deleted location for good."""
    named_locations.purge(request.directory, request.params["id"], request.caller)
    return _NO_CONTENT


def _shown(request: GraphRequest, location: Record, *, status: int = HTTPStatus.OK) -> Answer:
    answer = request.show_mixed(*named_locations.typed(location))
    return Answer(status, answer.body)


ROUTES: tuple[Route, ...] = (
    Route("GET", _LOCATIONS, list_locations, query=MANY, service=_SERVICE, witness=_BOTH_CLIENTS),
    Route(
        "POST",
        _LOCATIONS,
        create_location,
        accepts=Creates(NAMED_LOCATION),
        service=_SERVICE,
        witness=_BOTH_CLIENTS,
        gaps="country codes by their form only, no limit on the number of locations",
    ),
    Route("GET", f"{_LOCATIONS}/{{id}}", read_location, query=ONE, service=_SERVICE, witness=_BOTH_CLIENTS),
    Route(
        "PATCH",
        f"{_LOCATIONS}/{{id}}",
        update_location,
        accepts=Changes(NAMED_LOCATION),
        service=_SERVICE,
        witness=_BOTH_CLIENTS,
    ),
    Route("DELETE", f"{_LOCATIONS}/{{id}}", delete_location, service=_SERVICE, witness=_BOTH_CLIENTS),
    *conditional_access_deleted.rows(
        "namedLocations",
        conditional_access_deleted.Recycled(
            list_deleted_locations, read_deleted_location, restore_location, purge_location
        ),
    ),
)
