"""`/directoryObjects`: any object of the directory, marked with its type, and what it belongs to."""

from http import HTTPStatus

from sandbox.bodies import takes
from sandbox.directory.store import Record
from sandbox.errors import bad_request, not_found
from sandbox.requests import Answer, GraphRequest
from sandbox.resources import memberships
from sandbox.routing import ONE, Route
from sandbox.schema import graph_schema

_SDK = "msgraph-sdk"
_MOST_IDS = 1000


def read_object(request: GraphRequest) -> Answer:
    """Show an object of whatever kind."""
    for kind, record in request.objects([request.params["id"]]):
        return request.show_mixed(kind, record)
    raise not_found(request.params["id"])


def read_several(request: GraphRequest) -> Answer:
    """Show those of several objects that exist, of the kinds asked for."""
    ids, kinds = request.body.get("ids"), request.body.get("types")
    if ids is None:
        raise bad_request("The parameter 'ids' is required.")
    if len(ids) > _MOST_IDS:
        raise bad_request(f"No more than {_MOST_IDS} ids can be asked for; there are {len(ids)}.")
    for kind in kinds or []:
        if not graph_schema().is_derived(kind, "directoryObject") or kind not in graph_schema().types:
            raise bad_request(f"The type '{kind}' is not a type of directory object.")
    found: list[tuple[str, Record]] = [
        (kind, record) for kind, record in request.objects(dict.fromkeys(ids)) if not kinds or kind in kinds
    ]
    return request.page_mixed(found)


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
