"""`/directoryObjects/{id}`: any object of the directory, marked with its type."""

from sandbox.errors import not_found
from sandbox.requests import Answer, GraphRequest
from sandbox.routing import ONE, Route


def read_object(request: GraphRequest) -> Answer:
    """Show an object of whatever kind."""
    for kind, record in request.objects([request.params["id"]]):
        return request.show_mixed(kind, record)
    raise not_found(request.params["id"])


ROUTES: tuple[Route, ...] = (
    Route("GET", "/directoryObjects/{id}", read_object, query=ONE, witness="azuread provider"),
)
