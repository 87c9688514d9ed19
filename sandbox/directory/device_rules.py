"""Rules of device filters, such as `device.trustType -eq "AzureAD" -and device.isCompliant -eq True`.

The language is that of rules for dynamic groups over the properties that conditional access allows, with its
operators in any letter case and with or without their hyphen. An unregistered device has none of the properties, so
that only negative operators match it (learn.microsoft.com, "Conditional Access: Filter for devices", November 2026).
"""

import functools
import re
from collections.abc import Callable, Mapping
from typing import Any

Device = Mapping[str, Any]
Matcher = Callable[[Device], bool]

LONGEST_RULE = 3072
_DEEPEST = 50  # levels of parentheses and negations, which the parser and the test it makes descend into

# Names in rules, and those of Graph's deviceInfo.
_PROPERTIES: Mapping[str, str] = {
    "deviceId": "deviceId",
    "deviceOwnership": "ownership",
    "displayName": "displayName",
    "enrollmentProfileName": "enrollmentProfileName",
    "isCompliant": "isCompliant",
    "manufacturer": "manufacturer",
    "mdmAppId": "mdmAppId",
    "model": "model",
    "operatingSystem": "operatingSystem",
    "operatingSystemVersion": "operatingSystemVersion",
    "physicalIds": "physicalIds",
    "profileType": "profileType",
    "systemLabels": "systemLabels",
    "trustType": "trustType",
    **{f"extensionAttribute{number}": f"extensionAttribute{number}" for number in range(1, 16)},
}
_BY_LOWER = {name.lower(): name for name in _PROPERTIES}
_POSITIVE: Mapping[str, Callable[[str, str], bool]] = {
    "eq": lambda given, wanted: given == wanted,
    "startswith": lambda given, wanted: given.startswith(wanted),
    "endswith": lambda given, wanted: given.endswith(wanted),
    "contains": lambda given, wanted: wanted in given,
}
_OPPOSITES: Mapping[str, str] = {
    "ne": "eq",
    "notstartswith": "startswith",
    "notendswith": "endswith",
    "notcontains": "contains",
    "notin": "in",
}
_TOKEN = re.compile(r"""\s*(?:(?P<text>"[^"]*"|'[^']*')|(?P<mark>[()\[\],])|(?P<word>-?[A-Za-z][\w.]*))""")


class RuleError(ValueError):
    """A rule that cannot be read, with the place of the fault."""


@functools.lru_cache(maxsize=1024)
def compiled(rule: str) -> Matcher:
    """Turn a rule into a test of a device's properties (Graph's deviceInfo); RuleError names what is wrong."""
    if len(rule) > LONGEST_RULE:
        raise RuleError(f"the rule is longer than {LONGEST_RULE} characters")
    return _Parser(_tokens(rule)).whole()


def _tokens(rule: str) -> list[str]:
    found: list[str] = []
    position = 0
    while rule[position:].strip():
        match = _TOKEN.match(rule, position)
        if match is None:
            raise RuleError(f"it cannot be read from '{rule[position:].strip()}' on")
        found.append(match.group().strip())
        position = match.end()
    return found


class _Parser:
    """Recursive descent: or, and, parentheses, comparisons."""

    def __init__(self, tokens: list[str]) -> None:
        self._tokens = tokens
        self._next = 0
        self._depth = 0

    def whole(self) -> Matcher:
        matcher = self._either()
        if self._next < len(self._tokens):
            raise RuleError(f"'{self._tokens[self._next]}' is one too many")
        return matcher

    def _either(self) -> Matcher:
        parts = [self._both()]
        while self._accept("or"):
            parts.append(self._both())
        return lambda device: any(each(device) for each in parts)

    def _both(self) -> Matcher:
        parts = [self._single()]
        while self._accept("and"):
            parts.append(self._single())
        return lambda device: all(each(device) for each in parts)

    def _single(self) -> Matcher:
        if self._accept("not"):
            inner = self._nested(self._single)
            return lambda device: not inner(device)
        if self._accept("("):
            inner = self._nested(self._either)
            self._expect(")")
            return inner
        return self._comparison()

    def _nested(self, read: Callable[[], Matcher]) -> Matcher:
        if self._depth == _DEEPEST:
            raise RuleError(f"it is nested more than {_DEEPEST} levels deep")
        self._depth += 1
        matcher = read()
        self._depth -= 1
        return matcher

    def _comparison(self) -> Matcher:
        word = self._take()
        name = _BY_LOWER.get(word.lower().removeprefix("device."))
        if name is None or not word.lower().startswith("device."):
            raise RuleError(f"'{word}' is no property of a device that a filter may use")
        operator = self._take().lower().removeprefix("-")
        positive = _OPPOSITES.get(operator, operator)
        if positive == "in":
            values, compare = self._list(), _POSITIVE["eq"]
        elif positive in _POSITIVE:
            values, compare = [self._value()], _POSITIVE[positive]
        else:
            raise RuleError(f"'{operator}' is no operator")
        wanted_match = positive == operator
        given_name = _PROPERTIES[name]

        def matches(device: Device) -> bool:
            given = _texts(device.get(given_name))
            return any(compare(each, value) for each in given for value in values) == wanted_match

        return matches

    def _list(self) -> list[str]:
        self._expect("[")
        values = [self._value()]
        while self._accept(","):
            values.append(self._value())
        self._expect("]")
        return values

    def _value(self) -> str:
        token = self._take()
        if token[0] in "\"'":
            return token[1:-1].lower()
        if token.lower() in {"true", "false"}:
            return token.lower()
        raise RuleError(f"'{token}' is no value; text stands in quotation marks")

    def _take(self) -> str:
        if self._next == len(self._tokens):
            raise RuleError("it ends too early")
        self._next += 1
        return self._tokens[self._next - 1]

    def _accept(self, word: str) -> bool:
        if self._next < len(self._tokens) and self._tokens[self._next].lower().removeprefix("-") == word:
            self._next += 1
            return True
        return False

    def _expect(self, mark: str) -> None:
        if not self._accept(mark):
            raise RuleError(f"'{mark}' is missing")


def _texts(value: object) -> list[str]:
    if value is None:
        return []
    return [str(each).lower() for each in (value if isinstance(value, list) else [value])]
