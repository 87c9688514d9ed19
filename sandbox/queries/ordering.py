"""`$orderby`: by which properties a list can be sorted, and how.

Which properties sort plainly and which with the advanced parameters only follows "Support for sorting by properties
of directory objects" (learn.microsoft.com, read November 2026); a filter and an order together always need them.
"""

import functools
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.errors import bad_request, malformed
from sandbox.schema import graph_schema, unknown_property

Record = dict[str, Any]

_PART = re.compile(r"\s*(?P<name>[A-Za-z_]\w*(?:/[A-Za-z_]\w*)*)(?:\s+(?P<direction>asc|desc))?\s*", re.IGNORECASE)


@dataclass(frozen=True)
class Sortable:
    """By what a kind of object sorts: plainly, and with the advanced parameters only."""

    type_name: str
    plain: Collection[str] = ()
    with_parameters: Collection[str] = ()
    is_directory: bool = False
    beta: bool = False


@dataclass(frozen=True)
class Order:
    """One property to sort by."""

    name: str
    descending: bool


def read_order(text: str, sortable: Sortable, *, advanced: bool, filtered: bool) -> tuple[Order, ...]:
    """Read an `$orderby`, or refuse it by name; `filtered` says that the request filters or searches as well."""
    orders = tuple(_read_part(each, sortable) for each in text.split(","))
    alone = not sortable.is_directory or not filtered
    for order in orders:
        if order.name not in sortable.plain and order.name not in sortable.with_parameters:
            raise bad_request(
                f"Unsupported sort property '{order.name}' for '{sortable.type_name[:1].upper()}"
                f"{sortable.type_name[1:]}'.",
                code="Request_UnsupportedQuery",
            )
        if not advanced and (order.name not in sortable.plain or not alone):
            raise bad_request("Sorting not supported for current query.", code="Request_UnsupportedQuery")
    return orders


def order_names(text: str) -> tuple[str, ...]:
    """List what an `$orderby` names, or refuse what is none."""
    return tuple(_matched(each)["name"] for each in text.split(","))


def ordered(records: Sequence[Record], orders: Sequence[Order], as_shown: Callable[[Record], Record]) -> list[Record]:
    """Sort records by what they are shown with; no value comes first, and letter case does not count."""
    found = [(each, as_shown(each)) for each in records]
    for order in reversed(orders):
        found.sort(key=functools.partial(_key, path=order.name), reverse=order.descending)
    return [each for each, _ in found]


def _read_part(text: str, sortable: Sortable) -> Order:
    match = _matched(text)
    if graph_schema().find_property(sortable.type_name, match["name"], beta=sortable.beta) is None:
        raise unknown_property(sortable.type_name, match["name"])
    return Order(match["name"], (match["direction"] or "").lower() == "desc")


def _matched(text: str) -> re.Match[str]:
    match = _PART.fullmatch(text)
    if match is None:
        raise malformed(f"Invalid $orderby clause: Syntax error in '{text.strip()}'.")
    return match


def _key(pair: tuple[Record, Record], path: str) -> tuple[bool, Any]:
    _, value = pair
    return _sortable_value(value, path)


def _sortable_value(value: Any, path: str) -> tuple[bool, Any]:
    for name in path.split("/"):
        value = value.get(name) if isinstance(value, Mapping) else None
    if value is None:
        return False, ""
    return True, value.lower() if isinstance(value, str) else value
