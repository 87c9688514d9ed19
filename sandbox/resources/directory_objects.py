"""`/directoryObjects`: any object of the directory, marked with its type, and what it belongs to."""

from http import HTTPStatus

from sandbox.bodies import takes
from sandbox.directory import several_objects
from sandbox.errors import not_found
from sandbox.requests import Answer, GraphRequest
from sandbox.resources import memberships
from sandbox.routing import ONE, Route

_SDK = "msgraph-sdk"


def read_object(request: GraphRequest) -> Answer:
    """Show an object of whatever kind."""
    for kind, record in request.objects([request.params["id"]]):
        return request.show_mixed(kind, record)
    raise not_found(request.params["id"])


def read_several(request: GraphRequest) -> Answer:
    """Show those of several objects that exist, of the kinds asked for."""
    ids, kinds = several_objects.asked_for(request.body)
    return request.page_mixed([each for each in request.objects(ids) if not kinds or each[0] in kinds])


ROUTES: tuple[Route, ...] = (
    Route("GET", "/directoryObjects/{id}", read_object, query=ONE, witness=f"azuread provider, {_SDK}"),
    Route(
        "POST",
        "/directoryObjects/getByIds",
        read_several,
        accepts=takes(ids="Collection(String)", types="Collection(String)"),
        status=HTTPStatus.OK,
        witness=_SDK,
    ),
    *memberships.action_routes(
        "directoryObjects",
        groups="Directory.Read.All;Directory.ReadWrite.All",
        objects="Directory.Read.All;Directory.ReadWrite.All",
    ),
)
