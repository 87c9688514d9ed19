"""Graph's `$filter` language, as far as the resources here allow it.

A filter is tokenised and parsed into a small tree; every property and operator in it must be one that the
resource declares as filterable, everything else is refused by name. Text is compared without regard to letter
case, as Graph does.
"""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sandbox.clock import from_stamp
from sandbox.errors import GraphError, bad_request, malformed
from sandbox.schema import graph_schema

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')"
    r"|(?P<moment>\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d))"
    r"|(?P<number>-?\d+(?![\w-]))"
    r"|(?P<name>[A-Za-z_][\w.]*(?:/[A-Za-z_][\w.]*)*)"
    r"|(?P<mark>[(),:]))"
)
_FUNCTIONS = {"startswith": "startsWith", "endswith": "endsWith", "contains": "contains"}
_COMPARISONS = frozenset({"eq", "ne", "ge", "gt", "le", "lt"})
_LITERALS: Mapping[str, type] = {"Boolean": bool, "String": str, "Int32": int, "DateTimeOffset": datetime}
_CONSTANTS: Mapping[str, object] = {"true": True, "false": False, "null": None}
Filterable = Mapping[str, Collection[str]]
Record = Mapping[str, Any]
Predicate = Callable[[Record], bool]


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str


def compile_filter(text: str, filterable: Filterable, type_name: str) -> Predicate:
    """Turn a filter into a predicate on records, or refuse it by name."""
    kinds = {name: each.type_name for name, each in graph_schema().properties(type_name).items()}
    return _Parser(_tokenise(text), filterable, type_name, kinds).whole()


def _tokenise(text: str) -> list[_Token]:
    tokens: list[_Token] = []
    position = 0
    while text[position:].strip():
        match = _TOKEN.match(text, position)
        if match is None or match.lastgroup is None:
            raise _syntax_error(text[position:].strip())
        tokens.append(_Token(match.lastgroup, match.group(match.lastgroup)))
        position = match.end()
    return tokens


class _Parser:
    """Recursive descent over the tokens: or, and, parentheses, comparisons, functions, any."""

    def __init__(self, tokens: list[_Token], filterable: Filterable, type_name: str, kinds: Mapping[str, str]) -> None:
        self._kinds = kinds
        self._tokens = tokens
        self._next = 0
        self._filterable = filterable
        self._type_name = type_name

    def whole(self) -> Predicate:
        predicate = self._either()
        if self._next < len(self._tokens):
            raise _syntax_error(self._tokens[self._next].text)
        return predicate

    def _either(self) -> Predicate:
        parts = [self._both()]
        while self._accept("or"):
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else lambda record: any(each(record) for each in parts)

    def _both(self) -> Predicate:
        parts = [self._single()]
        while self._accept("and"):
            parts.append(self._single())
        return parts[0] if len(parts) == 1 else lambda record: all(each(record) for each in parts)

    def _single(self) -> Predicate:
        if self._accept("("):
            predicate = self._either()
            self._expect(")")
            return predicate
        name = self._take("name")
        if name == "not":
            raise bad_request("The operator 'not' is not supported in this filter.", code="Request_UnsupportedQuery")
        if self._accept("("):
            return self._function(name)
        operator = self._take("name")
        if operator == "in":
            self._require(name, "in")
            return _one_of(name, [self._typed(name, each) for each in self._literals()])
        if operator not in _COMPARISONS:
            raise _syntax_error(operator)
        self._require(name, operator)
        return _comparison(name, operator, self._typed(name, self._literal()))

    def _function(self, name: str) -> Predicate:
        if name.endswith("/any"):
            return self._any(name.removesuffix("/any"))
        function = _FUNCTIONS.get(name.lower())
        if function is None:
            raise malformed(f"An unknown function with name '{name}' was found.")
        path = self._take("name")
        self._require(path, function)
        self._expect(",")
        value = str(self._literal()).lower()
        self._expect(")")
        test = {"startsWith": str.startswith, "endsWith": str.endswith, "contains": str.__contains__}[function]
        return lambda record: test(str(_reach(record, path) or "").lower(), value)

    def _any(self, path: str) -> Predicate:
        variable = self._take("name")
        self._expect(":")
        inner = self._take("name")
        if inner.split("/")[0] != variable:
            raise _syntax_error(inner)
        field = inner.partition("/")[2]
        operator = self._take("name")
        self._require(path, "any")
        if operator != "eq":
            raise self._unsupported(path)
        compare = _comparison(field or "(value)", operator, self._literal())
        self._expect(")")
        return lambda record: any(
            compare(each if field else {"(value)": each}) for each in (_reach(record, path) or [])
        )

    def _literals(self) -> list[object]:
        self._expect("(")
        found = [self._literal()]
        while self._accept(","):
            found.append(self._literal())
        self._expect(")")
        return found

    def _literal(self) -> object:
        token = self._pop()
        if token.kind == "text":
            return token.text[1:-1].replace("''", "'")
        if token.kind == "moment":
            return _moment(token.text)
        if token.kind == "number":
            return int(token.text)
        if token.text in _CONSTANTS:
            return _CONSTANTS[token.text]
        raise _syntax_error(token.text)

    def _typed(self, path: str, value: object) -> object:
        kind = self._kinds.get(path, "")
        expected = _LITERALS.get(kind)
        if expected is not None and value is not None and type(value) is not expected:
            raise malformed(
                "A binary operator with incompatible types was detected. "
                f"The property '{path}' is of type 'Edm.{kind}', the literal compared with it is not."
            )
        return value

    def _require(self, path: str, operator: str) -> None:
        if path not in self._filterable:
            raise self._unsupported(path)
        if operator not in self._filterable[path]:
            raise bad_request(
                f"The operator '{operator}' is not supported for property '{path}' of resource '{self._type_name}'.",
                code="Request_UnsupportedQuery",
            )

    def _unsupported(self, path: str) -> GraphError:
        return bad_request(
            f"Unsupported or invalid query filter clause specified for property '{path}' of resource "
            f"'{self._type_name}'.",
            code="Request_UnsupportedQuery",
        )

    def _pop(self) -> _Token:
        if self._next >= len(self._tokens):
            raise malformed("Invalid filter clause: it ends too early.")
        self._next += 1
        return self._tokens[self._next - 1]

    def _take(self, kind: str) -> str:
        token = self._pop()
        if token.kind != kind:
            raise _syntax_error(token.text)
        return token.text

    def _accept(self, text: str) -> bool:
        found = self._next < len(self._tokens) and self._tokens[self._next].text == text
        self._next += found
        return found

    def _expect(self, text: str) -> None:
        if not self._accept(text):
            found = self._tokens[self._next].text if self._next < len(self._tokens) else "the end"
            raise _syntax_error(found)


def _moment(text: str) -> datetime:
    try:
        return from_stamp(text)
    except ValueError as fault:
        raise _syntax_error(text) from fault


def _comparison(path: str, operator: str, wanted: Any) -> Predicate:
    tests: Mapping[str, Callable[[Any, Any], bool]] = {
        "eq": lambda left, right: left == right,
        "ne": lambda left, right: left != right,
        "ge": lambda left, right: left >= right,
        "gt": lambda left, right: left > right,
        "le": lambda left, right: left <= right,
        "lt": lambda left, right: left < right,
    }
    test = tests[operator]

    def holds(record: Record) -> bool:
        left, right = _comparable(_reach(record, path), wanted)
        if operator not in {"eq", "ne"} and (left is None or type(left) is not type(right)):
            return False
        return test(left, right)

    return holds


def _one_of(path: str, wanted: list[object]) -> Predicate:
    tests = [_comparison(path, "eq", each) for each in wanted]
    return lambda record: any(each(record) for each in tests)


def _comparable(value: Any, wanted: Any) -> tuple[Any, Any]:
    if isinstance(value, str) and isinstance(wanted, str):
        return value.lower(), wanted.lower()
    if isinstance(value, str) and isinstance(wanted, datetime):
        return from_stamp(value), wanted
    return value, wanted


def _reach(record: Any, path: str) -> Any:
    for name in path.split("/"):
        record = record.get(name) if isinstance(record, Mapping) else None
    return record


def _syntax_error(near: str) -> GraphError:
    return malformed(f"Invalid filter clause: syntax error near '{near}'.")
