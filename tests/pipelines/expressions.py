"""GitHub's expressions, as far as the project's workflows go; whatever else stands in one is refused by name.

https://docs.github.com/en/actions/reference/workflows-and-actions/expressions, read November 2026.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<name>[A-Za-z_][A-Za-z0-9_-]*)|(?P<sign>==|!=|&&|\|\||[!().,])|(?P<end>$))"
)
_WHOLE = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
_ASKS_STATUS = re.compile(r"\b(?:always|failure|success)\(\)")
_STATUS = ("always", "failure", "success")


class UnknownExpressionError(Exception):
    """Something stands in an expression that this reader does not know, or that no context has."""


@dataclass(frozen=True)
class Contexts:
    """The contexts by name, and the status of the job so far."""

    values: Mapping[str, Any]
    status: str = "success"

    def is_true(self, text: str) -> bool:
        """Return whether an `if:` holds; one without a status function holds only while all went well."""
        if self.status != "success" and not _ASKS_STATUS.search(text):
            return False
        return _truth(_Reader(text.strip().removeprefix("${{").removesuffix("}}"), self).read())

    def fill(self, value: Any) -> Any:
        """Return a value of a workflow with its expressions put in; one that is an expression whole keeps its type."""
        if isinstance(value, Mapping):
            return {key: self.fill(each) for key, each in value.items()}
        if not isinstance(value, str):
            return value
        whole = _WHOLE.fullmatch(value.strip())
        if whole:
            return _Reader(whole[1], self).read()
        return _WHOLE.sub(lambda found: as_text(_Reader(found[1], self).read()), value)


def as_text(value: Any) -> str:
    """Return a value as it stands in a text."""
    if isinstance(value, Mapping | list):
        raise UnknownExpressionError("an object stands in a text")
    return {True: "true", False: "false", None: ""}.get(value, str(value)) if not isinstance(value, str) else value


def _truth(value: Any) -> bool:
    return value not in (False, None, "", 0)


class _Reader:
    """Reads one expression from left to right."""

    def __init__(self, text: str, contexts: Contexts) -> None:
        self._text, self._at, self._contexts = text, 0, contexts
        self._functions: dict[str, Callable[..., Any]] = {"fromJSON": json.loads, "join": _join}

    def read(self) -> Any:
        value = self._or()
        if self._take() != ("end", ""):
            raise UnknownExpressionError(self._text)
        return value

    def _or(self) -> Any:
        value = self._and()
        while self._next() == ("sign", "||"):
            self._take()
            other = self._and()
            value = value if _truth(value) else other
        return value

    def _and(self) -> Any:
        value = self._compared()
        while self._next() == ("sign", "&&"):
            self._take()
            other = self._compared()
            value = other if _truth(value) else value
        return value

    def _compared(self) -> Any:
        value = self._single()
        while self._next() in {("sign", "=="), ("sign", "!=")}:
            _, sign = self._take()
            other = self._single()
            if type(value) is not type(other):
                raise UnknownExpressionError(f"{self._text}: {value!r} is compared with {other!r}")
            value = (value == other) is (sign == "==")
        return value

    def _single(self) -> Any:
        kind, text = self._take()
        if kind == "text":
            return text[1:-1].replace("''", "'")
        if (kind, text) == ("sign", "!"):
            return not _truth(self._single())
        if (kind, text) == ("sign", "("):
            value = self._or()
            self._expect(")")
            return self._members(value)
        if kind != "name":
            raise UnknownExpressionError(self._text)
        if self._next() == ("sign", "("):
            return self._members(self._call(text))
        if text in {"true", "false"}:
            return text == "true"
        if text not in self._contexts.values:
            raise UnknownExpressionError(f"{self._text}: there is no {text} here")
        return self._members(self._contexts.values[text])

    def _members(self, value: Any) -> Any:
        while self._next() == ("sign", "."):
            self._take()
            kind, name = self._take()
            if kind != "name" or not isinstance(value, Mapping):
                raise UnknownExpressionError(self._text)
            if name not in value:
                # GitHub takes what is not there for nothing; a name that was misspelt would be so as well.
                raise UnknownExpressionError(f"{self._text}: there is no {name}")
            value = value[name]
        return value

    def _call(self, name: str) -> Any:
        self._expect("(")
        given: list[Any] = []
        while self._next() != ("sign", ")"):
            given.append(self._or())
            if self._next() == ("sign", ","):
                self._take()
        self._expect(")")
        if name in _STATUS and not given:
            return name in {"always", self._contexts.status}
        if name not in self._functions:
            raise UnknownExpressionError(f"{self._text}: {name}() is not known here")
        return self._functions[name](*given)

    def _next(self) -> tuple[str, str]:
        found = _TOKEN.match(self._text, self._at)
        if found is None or found.lastgroup is None:
            raise UnknownExpressionError(f"{self._text}: not known from {self._text[self._at :]!r} on")
        return found.lastgroup, found[found.lastgroup]

    def _take(self) -> tuple[str, str]:
        token = self._next()
        found = _TOKEN.match(self._text, self._at)
        self._at = found.end() if found else len(self._text)
        return token

    def _expect(self, sign: str) -> None:
        if self._take() != ("sign", sign):
            raise UnknownExpressionError(f"{self._text}: {sign} is missing")


def _join(values: list[str], separator: str = ",") -> str:
    return separator.join(values)
