"""`$search`: words in the properties of directory objects, with the header ConsistencyLevel only.

The syntax and how values match follow "Use the $search query parameter" (learn.microsoft.com, read November 2026):
quoted clauses `"property:text"` joined by AND and OR; `displayName` and `description` match words anywhere in them by
their beginnings, every other property matches by its own beginning.
"""

import re
from collections.abc import Collection, Mapping
from typing import Any

from sandbox.errors import bad_request, malformed
from sandbox.queries.filters import Predicate
from sandbox.queries.grammar import Both, Clause, Either, Node, read_search
from sandbox.schema import graph_schema, unknown_property

# Split into words; the others are compared as they are.
_IN_WORDS = frozenset({"displayName", "description"})
_WORD = re.compile(r"[^\W_]+")


def compile_search(
    text: str, type_name: str, searchable: Collection[str], *, eventual: bool, beta: bool = False
) -> Predicate:
    """Turn a `$search` into a condition on records, or refuse it."""
    if not searchable:
        raise bad_request(f"$search is not supported for '{type_name}'.", code="Request_UnsupportedQuery")
    if not eventual:
        raise bad_request(
            "Request with $search query parameter only works through MSGraph with a special request header: "
            "'ConsistencyLevel: eventual'",
            code="Request_UnsupportedQuery",
        )
    known = graph_schema().properties(type_name, beta=beta)
    return _condition(read_search(text), type_name, searchable, known)


def _condition(node: Node, type_name: str, searchable: Collection[str], known: Collection[str]) -> Predicate:
    if isinstance(node, (Both, Either)):
        parts = [_condition(each, type_name, searchable, known) for each in node.parts]
        whole = all if isinstance(node, Both) else any
        return lambda record: whole(each(record) for each in parts)
    if not isinstance(node, Clause):
        raise TypeError(f"a search holds no {type(node).__name__}")
    if not node.path:
        raise malformed(f"Invalid search clause: '{node.text}' names no property; write \"property:text\".")
    if node.path not in known:
        raise unknown_property(type_name, node.path)
    if node.path not in searchable:
        raise bad_request(
            f"Unsupported or invalid search clause specified for property '{node.path}' of resource '{type_name}'.",
            code="Request_UnsupportedQuery",
        )
    return _clause(node)


def _clause(node: Clause) -> Predicate:
    if node.path not in _IN_WORDS:
        wanted = node.text.lower()
        return lambda record: any(each.lower().startswith(wanted) for each in _texts(record, node.path))
    words = [each.lower() for each in _WORD.findall(node.text)]

    def holds(record: Mapping[str, Any]) -> bool:
        found = [word.lower() for each in _texts(record, node.path) for word in _WORD.findall(each)]
        return all(any(word.startswith(each) for word in found) for each in words)

    return holds


def _texts(record: Mapping[str, Any], name: str) -> list[str]:
    value = record.get(name)
    return [each for each in (value if isinstance(value, list) else [value]) if isinstance(each, str)]
