"""`/directory/deletedItems`: what was deleted in the last 30 days, to be restored whole or deleted for good."""

from http import HTTPStatus

from sandbox.bodies import takes
from sandbox.directory import deleted_items
from sandbox.exposures.registry import BY_TYPE
from sandbox.requests import Answer, GraphRequest
from sandbox.routing import MANY, ONE, Handler, Route

_WITNESS = "msgraph-sdk"
_ITEMS = "/directory/deletedItems"
_READ_UNITS = "AdministrativeUnit.ReadWrite.All;Directory.Read.All"
# Learn, "Restore deleted item" and "Permanently delete item", each kind with its own permissions.
_PURGE = (
    "User.DeleteRestore.All[type:user];User.ReadWrite.All[type:user];Group.ReadWrite.All[type:group];"
    "Application.ReadWrite.All[type:application|servicePrincipal];"
    "Application.ReadWrite.OwnedBy[type:application|servicePrincipal,owned]"
)
# What is done to a role-assignable group takes this permission as well ("Use Microsoft Entra groups to manage role
# assignments"); its roles come back with it.
_OF_ASSIGNABLE_GROUPS = "isAssignableToRole=>RoleManagement.ReadWrite.Directory"
_RESTORE = f"{_PURGE};AdministrativeUnit.ReadWrite.All[type:administrativeUnit]"


def read_deleted_item(request: GraphRequest) -> Answer:
    """Show a deleted object by its id."""
    return request.show_mixed(*deleted_items.require(request.directory, request.params["id"]))


def restore_item(request: GraphRequest) -> Answer:
    """Bring a deleted object back."""
    restored = deleted_items.restore(request.directory, request.params["id"], request.body, request.caller)
    return request.show_mixed(*restored)


def purge_item(request: GraphRequest) -> Answer:
    """Delete a deleted object for good."""
    deleted_items.purge(request.directory, request.params["id"], request.caller)
    return Answer(HTTPStatus.NO_CONTENT)


def _lists(kind: str) -> Handler:
    def handler(request: GraphRequest) -> Answer:
        return request.page(BY_TYPE[kind], deleted_items.deleted(request.directory, kind))

    return handler


ROUTES: tuple[Route, ...] = (
    *(
        Route(
            "GET",
            f"{_ITEMS}/microsoft.graph.{kind}",
            _lists(kind),
            query=MANY,
            needs=_READ_UNITS if kind == "administrativeUnit" else None,
            witness=_WITNESS,
        )
        for kind in deleted_items.KINDS
    ),
    Route("GET", f"{_ITEMS}/{{id}}", read_deleted_item, query=ONE, witness=_WITNESS),
    Route("DELETE", f"{_ITEMS}/{{id}}", purge_item, needs=_PURGE, needs_also=_OF_ASSIGNABLE_GROUPS, witness=_WITNESS),
    Route(
        "POST",
        f"{_ITEMS}/{{id}}/restore",
        restore_item,
        accepts=takes(autoReconcileProxyConflict="Boolean", newUserPrincipalName="String"),
        needs=_RESTORE,
        needs_also=_OF_ASSIGNABLE_GROUPS,
        status=HTTPStatus.OK,
        conflicts=(HTTPStatus.CONFLICT,),
        witness=_WITNESS,
    ),
)
