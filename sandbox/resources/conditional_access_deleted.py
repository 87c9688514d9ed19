"""The rows of `/identity/conditionalAccess/deletedItems`, which are alike for whatever can be deleted there.

A resource names its collection and its handlers, and gets the rows for its own table.
"""

from dataclasses import dataclass

from sandbox.permissions import Service
from sandbox.routing import BOTH, MANY, NO_OPTIONS, ONE, Handler, Route

_SDK = "msgraph-sdk"
# The pages of the deleted objects list no permissions that work; these are those of the live ones.
_READ = "Policy.Read.All"
_WRITE = "Policy.Read.All+Policy.ReadWrite.ConditionalAccess"


@dataclass(frozen=True)
class Recycled:
    """What is done with the deleted objects of one kind."""

    list_all: Handler
    read: Handler
    restore: Handler
    purge: Handler


def rows(collection: str, recycled: Recycled) -> tuple[Route, ...]:
    """Declare the rows of a collection of deleted objects."""
    template = f"/identity/conditionalAccess/deletedItems/{collection}"
    return (
        _row("GET", template, recycled.list_all, _READ, query=MANY),
        _row("GET", f"{template}/{{id}}", recycled.read, _READ, query=ONE),
        _row("POST", f"{template}/{{id}}/restore", recycled.restore, _WRITE),
        _row("DELETE", f"{template}/{{id}}", recycled.purge, _WRITE),
    )


def _row(method: str, template: str, handler: Handler, needs: str, *, query: frozenset[str] = NO_OPTIONS) -> Route:
    return Route(
        method,
        template,
        handler,
        versions=BOTH,
        query=query,
        needs=needs,
        service=Service.CONDITIONAL_ACCESS,
        witness=_SDK,
    )
