"""The grammars of `$filter` and `$search`, and the trees that they are read into.

A text comes in; a tree of frozen nodes goes out, or a refusal that tells the position of the fault. What a tree may
ask of a kind of object is not decided here.
"""

import functools
from dataclasses import dataclass
from typing import Any, cast

from lark import Lark, Transformer
from lark.exceptions import UnexpectedCharacters, UnexpectedEOF, UnexpectedInput, UnexpectedToken

from sandbox.errors import GraphError, malformed

# OData's reader goes no deeper into parentheses and negations than this, and neither does whoever runs the tree.
DEEPEST = 100

_FILTER = r"""
start: either
?either: both (_OR both)*
?both: single (_AND single)*
?single: _NOT single -> negation
    | "(" either ")"
    | PATH OPERATOR literal -> comparison
    | COUNTED OPERATOR literal -> comparison
    | PATH _IN "(" literal ("," literal)* ")" -> membership
    | call
    | call OPERATOR literal -> compared_call
    | QUANTIFIED "(" PATH ":" either ")" -> quantified
    | QUANTIFIED "(" ")" -> any_at_all
call: FUNCTION "(" [argument ("," argument)*] ")"
?argument: PATH -> path
    | literal
?literal: TEXT -> text
    | MOMENT -> moment
    | GUID -> guid
    | NUMBER -> number
    | CONSTANT -> constant

_OR.9: /or\b/i
_AND.9: /and\b/i
_NOT.9: /not\b/i
_IN.9: /in\b/i
OPERATOR.9: /(eq|ne|ge|gt|le|lt|has)\b/i
CONSTANT.8: /(true|false|null)\b(?![\/(.])/
GUID.7: /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/i
MOMENT.6: /\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,12})?)?(Z|[+-]\d\d:\d\d)?)?(?![\w:-])/i
NUMBER.5: /-?\d+(\.\d+)?(e[+-]?\d+)?(?![\w.:-])/i
QUANTIFIED.4: /[A-Za-z_]\w*(\/[A-Za-z_]\w*)*\/(any|all)(?=\s*\()/
COUNTED.4: /[A-Za-z_]\w*(\/[A-Za-z_]\w*)*\/\$count\b/
FUNCTION.3: /[A-Za-z_][\w.]*(?=\s*\()/
PATH.2: /[A-Za-z_][\w.]*(\/[A-Za-z_][\w.]*)*/
TEXT: /'([^']|'')*'/
%ignore /\s+/
"""

_SEARCH = r"""
start: either
?either: both (_OR both)*
?both: single (_AND single)*
?single: "(" either ")"
    | CLAUSE -> clause
_OR: "OR"
_AND: "AND"
CLAUSE: /"([^"\\]|\\.)*"/
%ignore /\s+/
"""


@dataclass(frozen=True)
class Literal:
    """A value as it was written: its kind is `text`, `moment`, `guid`, `number` or `constant`."""

    kind: str
    text: str


@dataclass(frozen=True)
class Path:
    """A property, or one inside another, with slashes."""

    name: str


@dataclass(frozen=True)
class Comparison:
    """A property compared with a value."""

    path: str
    operator: str
    value: Literal


@dataclass(frozen=True)
class Membership:
    """A property that is one of several values."""

    path: str
    values: tuple[Literal, ...]


@dataclass(frozen=True)
class Call:
    """A function of properties and values."""

    name: str
    arguments: tuple[Path | Literal, ...]


@dataclass(frozen=True)
class Quantified:
    """A condition on the elements of a collection; without one it asks whether there are any."""

    path: str
    quantifier: str
    variable: str
    condition: "Node | None"


@dataclass(frozen=True)
class Clause:
    """A search for a text in a property, or in the usual ones where it names none."""

    path: str
    text: str


@dataclass(frozen=True)
class Negation:
    """The contrary of a condition."""

    part: "Node"


@dataclass(frozen=True)
class Both:
    """Conditions that all hold."""

    parts: "tuple[Node, ...]"


@dataclass(frozen=True)
class Either:
    """Conditions of which one holds."""

    parts: "tuple[Node, ...]"


Node = Comparison | Membership | Call | Quantified | Clause | Negation | Both | Either


class _Tree(Transformer[Any, Any]):
    """Makes the nodes while the text is read; the parser itself does not recurse."""

    def start(self, parts: list[Any]) -> Any:
        return parts[0]

    def either(self, parts: list[Any]) -> Either:
        return Either(tuple(parts))

    def both(self, parts: list[Any]) -> Both:
        return Both(tuple(parts))

    def negation(self, parts: list[Any]) -> Negation:
        return Negation(parts[0])

    def comparison(self, parts: list[Any]) -> Comparison:
        path, operator, value = parts
        return Comparison(str(path), operator.lower(), value)

    def membership(self, parts: list[Any]) -> Membership:
        return Membership(str(parts[0]), tuple(parts[1:]))

    def call(self, parts: list[Any]) -> Call:
        return Call(str(parts[0]), tuple(each for each in parts[1:] if each is not None))

    def compared_call(self, parts: list[Any]) -> Call | Negation:
        call, operator, value = parts
        if operator.lower() != "eq" or value not in {Literal("constant", "true"), Literal("constant", "false")}:
            raise malformed(f"Invalid filter clause: the result of '{call.name}' can only be compared with 'eq true'.")
        return call if value.text == "true" else Negation(call)

    def quantified(self, parts: list[Any]) -> Quantified:
        path, _, quantifier = str(parts[0]).rpartition("/")
        return Quantified(path, quantifier, str(parts[1]), parts[2])

    def any_at_all(self, parts: list[Any]) -> Quantified:
        path, _, quantifier = str(parts[0]).rpartition("/")
        return Quantified(path, quantifier, "", None)

    def path(self, parts: list[Any]) -> Path:
        return Path(str(parts[0]))

    def text(self, parts: list[Any]) -> Literal:
        return Literal("text", parts[0][1:-1].replace("''", "'"))

    def moment(self, parts: list[Any]) -> Literal:
        return Literal("moment", str(parts[0]))

    def guid(self, parts: list[Any]) -> Literal:
        return Literal("guid", parts[0].lower())

    def number(self, parts: list[Any]) -> Literal:
        return Literal("number", str(parts[0]))

    def constant(self, parts: list[Any]) -> Literal:
        return Literal("constant", str(parts[0]))

    def clause(self, parts: list[Any]) -> Clause:
        path, colon, text = parts[0][1:-1].replace('\\"', '"').replace("\\\\", "\\").partition(":")
        return Clause(path, text) if colon else Clause("", path)


@functools.cache
def _reader(grammar: str) -> Lark:
    return Lark(grammar, parser="lalr", transformer=_Tree())


def read_filter(text: str) -> Node:
    """Read a `$filter`, or refuse it with the position of the fault."""
    return _read(_FILTER, "filter", text)


def read_search(text: str) -> Node:
    """Read a `$search`, or refuse it with the position of the fault."""
    return _read(_SEARCH, "search", text)


def properties_of(node: Node) -> frozenset[str]:
    """List the properties of the object itself that a tree asks for."""
    named: set[str] = set()
    pending: list[tuple[Node, frozenset[str]]] = [(node, frozenset())]
    while pending:
        each, variables = pending.pop()
        named |= {first for first in map(_first, _paths(each)) if first not in variables}
        inner = variables | {each.variable} if isinstance(each, Quantified) else variables
        pending.extend((part, inner) for part in _parts(each))
    return frozenset(named)


def _first(path: str) -> str:
    return path.partition("/")[0]


def _paths(node: Node) -> tuple[str, ...]:
    if isinstance(node, Call):
        return tuple(each.name for each in node.arguments if isinstance(each, Path))
    return (node.path,) if isinstance(node, (Comparison, Membership, Quantified, Clause)) else ()


def _read(grammar: str, option: str, text: str) -> Node:
    try:
        # The transformer makes nodes while it reads, which the parser's own annotation does not know.
        node = cast("Node", _reader(grammar).parse(text))
    except UnexpectedInput as fault:
        raise _syntax_error(option, text, fault) from fault
    if _depth(node) > DEEPEST:
        raise malformed(f"Invalid {option} clause: Recursion depth exceeded allowed limit.")
    return node


def _depth(node: Node) -> int:
    deepest = 0
    pending: list[tuple[Node, int]] = [(node, 1)]
    while pending:
        each, depth = pending.pop()
        deepest = max(deepest, depth)
        pending.extend((part, depth + 1) for part in _parts(each))
    return deepest


def _parts(node: Node) -> tuple[Node, ...]:
    if isinstance(node, (Both, Either)):
        return node.parts
    if isinstance(node, Negation):
        return (node.part,)
    if isinstance(node, Quantified) and node.condition is not None:
        return (node.condition,)
    return ()


def _syntax_error(option: str, text: str, fault: UnexpectedInput) -> GraphError:
    if isinstance(fault, UnexpectedEOF) or (isinstance(fault, UnexpectedToken) and fault.token.type == "$END"):
        return malformed(f"Invalid {option} clause: Expression expected at position {len(text)} in '{text}'.")
    position = cast("int", fault.pos_in_stream)
    if isinstance(fault, UnexpectedCharacters) and text[position] in "'\"":
        return malformed(
            f"Invalid {option} clause: There is an unterminated string literal at position {len(text)} in '{text}'."
        )
    return malformed(f"Invalid {option} clause: Syntax error at position {position} in '{text}'.")
