"""`/directory/deletedItems`: deleted users, who keep what they held and get it back with their restoration."""

from sandbox.directory import recycling, users
from sandbox.exposures.users import USER
from sandbox.requests import Answer, GraphRequest
from sandbox.routing import MANY, ONE, Route

_WITNESS = "msgraph-sdk"


def list_deleted_users(request: GraphRequest) -> Answer:
    """List deleted users."""
    return request.page(USER, recycling.deleted(request.directory, "user"))


def read_deleted_item(request: GraphRequest) -> Answer:
    """Show a deleted user by object id."""
    kind, record = recycling.require(request.directory, request.params["id"])
    return request.show_mixed(kind, record)


def restore_item(request: GraphRequest) -> Answer:
    """Bring a deleted user back."""
    users.restore(request.directory, request.params["id"], request.caller)
    return request.show_mixed("user", request.directory.users[request.params["id"]])


ROUTES: tuple[Route, ...] = (
    Route("GET", "/directory/deletedItems/microsoft.graph.user", list_deleted_users, query=MANY, witness=_WITNESS),
    Route(
        "GET",
        "/directory/deletedItems/{id}",
        read_deleted_item,
        query=ONE,
        witness=_WITNESS,
        gaps="users only; no purge",
    ),
    Route(
        "POST",
        "/directory/deletedItems/{id}/restore",
        restore_item,
        witness=_WITNESS,
        gaps="answers 200 with the object",
    ),
)
