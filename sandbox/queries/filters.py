"""`$filter`: what a tree may ask of a kind of object, and how it is run over records.

A tree and what a kind of object allows come in; a `Filter` goes out, or a refusal in Graph's words. Which operators
work plainly and which need the advanced parameters follows "Advanced query capabilities on Microsoft Entra ID
objects" (learn.microsoft.com, read November 2026). Text is compared without regard to letter case, as Graph does.
"""

import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sandbox.clock import from_stamp
from sandbox.errors import GraphError, bad_request, malformed
from sandbox.queries.grammar import (
    Both,
    Call,
    Comparison,
    Either,
    Literal,
    Membership,
    Negation,
    Node,
    Path,
    Quantified,
    read_filter,
)
from sandbox.schema import Property, graph_schema, unknown_property

# Operators by property path, such as {"displayName": ("eq", "startsWith"), "tags": ("any",)}.
Operators = Mapping[str, Collection[str]]
Record = Mapping[str, Any]
Predicate = Callable[[Record], bool]

# Advanced queries are not held to it (microsoftgraph/microsoft-graph-docs-contrib, issue 1238).
MOST_ALTERNATIVES = 15

_FUNCTIONS = {"startswith": "startsWith", "endswith": "endsWith", "contains": "contains"}
_TESTS: Mapping[str, Callable[[str, str], bool]] = {
    "startsWith": str.startswith,
    "endsWith": str.endswith,
    "contains": str.__contains__,
}
_COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": lambda left, right: left == right,
    "ne": lambda left, right: left != right,
    "ge": lambda left, right: left >= right,
    "gt": lambda left, right: left > right,
    "le": lambda left, right: left <= right,
    "lt": lambda left, right: left < right,
}
_WORDS = {
    "eq": "Equal",
    "ne": "NotEqual",
    "ge": "GreaterThanOrEqual",
    "gt": "GreaterThan",
    "le": "LessThanOrEqual",
    "lt": "LessThan",
}
_NULL = Literal("constant", "null")
_CONSTANTS: Mapping[str, object] = {"true": True, "false": False, "null": None}
_EDM = {"text": "Edm.String", "moment": "Edm.DateTimeOffset", "guid": "Edm.Guid", "number": "Edm.Int32"}


@dataclass(frozen=True)
class Allowed:
    """What of a kind of object may be filtered: plainly, and with the advanced parameters only.

    `is_directory` says that Entra's directory answers, where negation and the emptiness of collections come with the
    advanced parameters; `advanced` says that the request has those.
    """

    type_name: str
    plain: Operators
    with_parameters: Operators = field(default_factory=dict)
    is_directory: bool = False
    advanced: bool = False
    beta: bool = False

    @property
    def resource(self) -> str:
        """Tell the kind of object as refusals name it."""
        return self.type_name[:1].upper() + self.type_name[1:]


@dataclass(frozen=True)
class Filter:
    """A condition on records; `keys` tells a property and the texts of which it must be one, where there is such."""

    holds: Predicate
    keys: tuple[str, frozenset[str]] | None = None


def compile_filter(text: str, allowed: Allowed) -> Filter:
    """Turn a `$filter` into a condition on records, or refuse it by name."""
    node = read_filter(text)
    compiled = _Compiler(allowed).condition(node)
    return Filter(compiled, _keys(node, allowed))


class _Compiler:
    """Turns the nodes of one filter into predicates, refusing what the kind of object does not allow."""

    def __init__(self, allowed: Allowed) -> None:
        self._allowed = allowed

    def condition(self, node: Node) -> Predicate:
        match node:
            case Both(parts):
                compiled = _all([self.condition(each) for each in parts])
            case Either(parts):
                self._require_few(len(parts))
                compiled = _any([self.condition(each) for each in parts])
            case Negation():
                compiled = self._negation(node)
            case Quantified():
                compiled = self._quantified(node)
            case Comparison():
                compiled = self._comparison(node)
            case Membership():
                compiled = self._membership(node)
            case Call():
                compiled = self._call(node)
            case _:
                raise TypeError(f"a filter holds no {type(node).__name__}")
        return compiled

    def _negation(self, node: Negation) -> Predicate:
        part = self.condition(node.part)
        if not self._allowed.is_directory:
            raise _unsupported_operator("not", self._allowed)
        self._require_advanced("not")
        return lambda record: not part(record)

    def _comparison(self, node: Comparison) -> Predicate:
        if node.operator == "has":
            raise _unsupported_operator("has", self._allowed)
        if node.path.endswith("/$count"):
            return self._count(node)
        value = _value(self._declared(node.path), node.operator, node.value)
        self._require(node.path, node.operator)
        if self._allowed.is_directory and node.value == _NULL:
            # The same page's tables have null nowhere without the parameters.
            self._require_advanced(node.operator)
        return _compare(node.path, node.operator, value)

    def _count(self, node: Comparison) -> Predicate:
        path = node.path.removesuffix("/$count")
        self._declared(path)
        if not self._allowed.is_directory or "any" not in self._operators(path):
            raise _unsupported_clause(path, self._allowed)
        # Only whether a collection is empty or holds one element can be asked (same page).
        if node.operator not in {"eq", "ne"} or node.value not in {Literal("number", "0"), Literal("number", "1")}:
            raise _unsupported_clause(path, self._allowed)
        self._require_advanced("$count")
        wanted, same = int(node.value.text), node.operator == "eq"
        return lambda record: (len(_reach(record, path) or ()) == wanted) == same

    def _membership(self, node: Membership) -> Predicate:
        declared = self._declared(node.path)
        values = [_value(declared, "eq", each) for each in node.values]
        self._require(node.path, "in")
        self._require_few(len(values))
        return _any([_compare(node.path, "eq", each) for each in values])

    def _call(self, node: Call) -> Predicate:
        function = _FUNCTIONS.get(node.name.lower())
        if function is None:
            raise malformed(f"Invalid filter clause: An unknown function with name '{node.name}' was found.")
        path, text = _arguments(function, node)
        self._require(path, function)
        return _text_test(path, function, text)

    def _quantified(self, node: Quantified) -> Predicate:
        element = self._declared(node.path)
        operators = self._operators(node.path)
        if "any" not in operators or node.quantifier != "any" or node.condition is None:
            raise _unsupported_clause(node.path, self._allowed)
        if "any" not in self._allowed.plain.get(node.path, ()):
            self._require_advanced("any")
        test = _Elements(self._allowed, node, element, {"eq", *operators}).condition(node.condition)
        return lambda record: any(test({node.variable: each}) for each in (_reach(record, node.path) or ()))

    def _require(self, path: str, operator: str) -> None:
        """Refuse by name what the property does not allow."""
        self._declared(path)
        if operator in self._allowed.plain.get(path, ()):
            return
        operators = self._operators(path)
        if operator in operators:
            self._require_advanced(operator)
            return
        if not operators or self._allowed.is_directory:
            raise _unsupported_clause(path, self._allowed, operator if operators else "")
        raise _unsupported_operator(operator, self._allowed, path)

    def _operators(self, path: str) -> set[str]:
        found = {*self._allowed.plain.get(path, ()), *self._allowed.with_parameters.get(path, ())}
        # What supports eq supports ne, with the advanced parameters (same page).
        return found | {"ne"} if self._allowed.is_directory and "eq" in found else found

    def _declared(self, path: str) -> Property:
        found = graph_schema().find_property(self._allowed.type_name, path, beta=self._allowed.beta)
        if found is None:
            raise unknown_property(self._allowed.type_name, path)
        return found

    def _require_advanced(self, operator: str) -> None:
        if not self._allowed.advanced:
            raise needs_parameters(operator)

    def _require_few(self, alternatives: int) -> None:
        if self._allowed.is_directory and not self._allowed.advanced and alternatives > MOST_ALTERNATIVES:
            raise bad_request(
                "Too many child clauses specified in search filter expression containing 'OR' operators: "
                f"{alternatives}. Max allowed: {MOST_ALTERNATIVES}.",
                code="Request_UnsupportedQuery",
            )


class _Elements(_Compiler):
    """Turns a condition on a collection's elements into a predicate; records are the elements by the variable."""

    def __init__(self, allowed: Allowed, node: Quantified, collection: Property, operators: set[str]) -> None:
        super().__init__(allowed)
        self._variable = node.variable
        self._collection = collection
        self._owner = node.path
        self._inner = operators

    def _require(self, path: str, operator: str) -> None:
        self._declared(path)
        if operator not in self._inner:
            raise _unsupported_clause(self._owner, self._allowed, operator)
        if operator == "endsWith":
            self._require_advanced(operator)

    def _declared(self, path: str) -> Property:
        variable, _, inner = path.partition("/")
        if variable != self._variable:
            raise unknown_property(self._allowed.type_name, path)
        if not inner:
            return Property(self._owner, self._collection.type_name, collection=False, nullable=True)
        found = graph_schema().find_property(self._collection.type_name, inner)
        if found is None:
            raise unknown_property(self._collection.type_name, inner)
        return found

    def _quantified(self, node: Quantified) -> Predicate:
        raise _unsupported_clause(node.path, self._allowed)

    def _count(self, node: Comparison) -> Predicate:
        raise _unsupported_clause(node.path, self._allowed)


def needs_parameters(operator: str) -> GraphError:
    """Refuse what only works with `$count=true` and the header ConsistencyLevel."""
    return bad_request(
        f"Operator '{operator}' is not supported because the required parameters might be missing. "
        "Try adding $count=true query parameter and ConsistencyLevel:eventual header. "
        "Refer to https://aka.ms/graph-docs/advanced-queries for more information",
        code="Request_UnsupportedQuery",
    )


def _unsupported_clause(path: str, allowed: Allowed, operator: str = "") -> GraphError:
    detail = f" The operator '{operator}' is not supported for it." if operator else ""
    return bad_request(
        f"Unsupported or invalid query filter clause specified for property '{path}' of resource "
        f"'{allowed.resource}'.{detail}",
        code="Request_UnsupportedQuery",
    )


def _unsupported_operator(operator: str, allowed: Allowed, path: str = "") -> GraphError:
    where = f"property '{path}' of resource" if path else "resource"
    return bad_request(
        f"The operator '{operator}' is not supported for {where} '{allowed.resource}'.",
        code="Request_UnsupportedQuery",
    )


def _arguments(function: str, node: Call) -> tuple[str, str]:
    if len(node.arguments) == len(("property", "text")):
        path, text = node.arguments
        if isinstance(path, Path) and isinstance(text, Literal) and text.kind == "text":
            return path.name, text.text
    raise malformed(f"Invalid filter clause: '{function}' takes a property and a text, such as {function}(name,'a').")


def _value(declared: Property, operator: str, literal: Literal) -> object:
    """Read a literal as the property's type, refusing another one's."""
    if literal.kind == "constant" and literal.text.lower() == "null":
        return None
    value = _read(literal, declared.type_name)
    if value is None:
        found = _EDM.get(literal.kind, "Edm.Boolean")
        raise malformed(
            "Invalid filter clause: A binary operator with incompatible types was detected. Found operand types "
            f"'{_edm_name(declared)}' and '{found}' for operator kind '{_WORDS[operator]}' on '{declared.name}'."
        )
    return value


def _read(literal: Literal, kind: str) -> object:
    if kind == "Boolean":
        return _CONSTANTS[literal.text.lower()] if literal.kind == "constant" else None
    if kind == "Guid":
        return literal.text if literal.kind == "guid" else None
    if kind == "DateTimeOffset":
        return _moment(literal.text) if literal.kind == "moment" else None
    if kind in {"Int32", "Int64", "Double"}:
        return _number(literal.text) if literal.kind == "number" else None
    if kind == "String" or kind in graph_schema().enums:
        return literal.text if literal.kind == "text" else None
    return None


def _edm_name(declared: Property) -> str:
    schema = graph_schema()
    named = declared.type_name in schema.enums or declared.type_name in schema.types
    return f"{'microsoft.graph' if named else 'Edm'}.{declared.type_name}"


def _moment(text: str) -> datetime:
    try:
        moment = from_stamp(text)
    except ValueError as fault:
        raise malformed(f"Invalid filter clause: Unrecognized 'Edm.DateTimeOffset' literal '{text}'.") from fault
    try:
        return moment.astimezone(UTC)
    except OverflowError as fault:
        raise malformed(f"Invalid filter clause: The moment '{text}' is beyond the calendar.") from fault


def _number(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise malformed(f"Invalid filter clause: Unrecognized 'Edm.Double' literal '{text}'.")
    return value


def _compare(path: str, operator: str, wanted: Any) -> Predicate:
    test = _COMPARISONS[operator]
    right = wanted.lower() if isinstance(wanted, str) else wanted
    ordered = operator not in {"eq", "ne"}

    def holds(record: Record) -> bool:
        left = _comparable(_reach(record, path), right)
        if ordered and (left is None or right is None):
            return False
        return test(left, right)

    return holds


def _comparable(value: Any, wanted: Any) -> Any:
    if isinstance(value, str):
        return from_stamp(value) if isinstance(wanted, datetime) else value.lower()
    return value


def _text_test(path: str, function: str, text: str) -> Predicate:
    test, wanted = _TESTS[function], text.lower()
    return lambda record: test(str(_reach(record, path) or "").lower(), wanted)


def _all(parts: list[Predicate]) -> Predicate:
    return lambda record: all(each(record) for each in parts)


def _any(parts: list[Predicate]) -> Predicate:
    return lambda record: any(each(record) for each in parts)


def _reach(record: Any, path: str) -> Any:
    for name in path.split("/"):
        record = record.get(name) if isinstance(record, Mapping) else None
    return record


def _keys(node: Node, allowed: Allowed) -> tuple[str, frozenset[str]] | None:
    """Find a property whose value the filter tells exactly, so that records can be looked up instead of tried."""
    if isinstance(node, Both):
        return next((found for each in node.parts if (found := _keys(each, allowed))), None)
    if isinstance(node, Comparison) and node.operator == "eq":
        values: tuple[Literal, ...] = (node.value,)
    elif isinstance(node, Membership):
        values = node.values
    else:
        return None
    if "/" in node.path or not all(each.kind in {"text", "guid"} for each in values):
        return None
    return node.path, frozenset(each.text.lower() for each in values)
