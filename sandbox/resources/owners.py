"""Owners of applications and service principals: the same requests below either collection."""

from collections.abc import Callable
from http import HTTPStatus

from sandbox.bodies import REFERENCE
from sandbox.directory import owners
from sandbox.directory.store import Directory, Record
from sandbox.requests import Answer, GraphRequest
from sandbox.routing import MANY, Route

_WITNESS = "azuread provider, msgraph-sdk"


def routes(collection: str, require: Callable[[Directory, str], Record]) -> tuple[Route, ...]:
    """Make the requests about the owners of a collection's objects; `require` gets one of these, or refuses."""

    def list_owners(request: GraphRequest) -> Answer:
        owned = require(request.directory, request.params["id"])
        return request.page_mixed(request.objects(request.directory.owners_of(owned["id"])))

    def add_owner(request: GraphRequest) -> Answer:
        owned = require(request.directory, request.params["id"])
        owners.add(request.directory, owned["id"], request.body.get("@odata.id"), request.caller)
        return Answer(HTTPStatus.NO_CONTENT)

    def remove_owner(request: GraphRequest) -> Answer:
        owned = require(request.directory, request.params["id"])
        owners.remove(request.directory, owned["id"], request.params["owner_id"], request.caller)
        return Answer(HTTPStatus.NO_CONTENT)

    path = f"/{collection}/{{id}}/owners"
    return (
        Route("GET", path, list_owners, query=MANY, witness=_WITNESS),
        Route("POST", f"{path}/$ref", add_owner, accepts=REFERENCE, witness=_WITNESS),
        Route("DELETE", f"{path}/{{owner_id}}/$ref", remove_owner, witness=_WITNESS),
    )
