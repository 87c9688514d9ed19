"""The query string: its options, each at most once and none that the request does not take."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote

from sandbox.errors import malformed

_KNOWN = frozenset(
    {
        "$count",
        "$deltatoken",
        "$expand",
        "$filter",
        "$format",
        "$orderby",
        "$search",
        "$select",
        "$skip",
        "$skiptoken",
        "$top",
    }
)
_EXPANDED = re.compile(r"\s*(?P<name>[A-Za-z_]\w*)\s*(?:\((?P<options>[^()]*)\))?\s*(?:,|$)")
_NAME = re.compile(r"[A-Za-z_][\w./]*|\*")
_STRAY_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")


@dataclass(frozen=True)
class Expanded:
    """One relation to show inside its object, with the properties selected of what it leads to."""

    name: str
    select: tuple[str, ...] | None = None
    within: tuple["Expanded", ...] = ()


def read_query(text: str, allowed: Collection[str]) -> dict[str, str]:
    """Read a query string, refusing by name every option that this request does not take."""
    options: dict[str, str] = {}
    for name, value in _pairs(text):
        if name in options:
            raise malformed(
                f"Query option '{name}' was specified more than once, but it must be specified at most once."
            )
        if name not in allowed:
            known = "is not supported by this request" if name in _KNOWN else "is not a known query option"
            raise malformed(f"The query parameter '{name}' {known}.")
        options[name] = value
    if options.get("$count", "true") not in {"true", "false"}:
        raise malformed(f"Invalid value '{options['$count']}' for $count query option found; it is true or false.")
    return options


def read_selection(text: str | None) -> tuple[str, ...] | None:
    """Read a `$select` into names, each once; None selects what is shown anyway."""
    if text is None:
        return None
    names = [each.strip() for each in text.split(",")]
    for name in names:
        if not _NAME.fullmatch(name):
            raise malformed(f"Invalid $select clause: '{name}' is not the name of a property.")
    return None if "*" in names else tuple(dict.fromkeys(names))


def read_expansion(text: str | None) -> tuple[Expanded, ...]:
    """Read an `$expand` with the `$select` that may stand in the parentheses of each relation."""
    found: list[Expanded] = []
    position = 0
    while text and position < len(text):
        match = _EXPANDED.match(text, position)
        if match is None or (match.end() == len(text) and text.endswith(",")):
            raise malformed(f"Invalid $expand clause: Syntax error at position {position} in '{text}'.")
        found.append(_with_options(match["name"], match["options"]))
        position = match.end()
    if text is not None and not found:
        raise malformed("Invalid $expand clause: it names no relation.")
    return tuple(found)


def decode(text: str) -> str:
    """Take the percent-encoding off a part of an address, refusing what is no UTF-8."""
    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError as fault:
        raise malformed("The request URI is not valid: its percent-encoding is no UTF-8.") from fault


def _pairs(text: str) -> list[tuple[str, str]]:
    if _STRAY_PERCENT.search(text):
        raise malformed("The request URI is not valid: a percent sign must be followed by two hexadecimal digits.")
    try:
        return parse_qsl(text, keep_blank_values=True, errors="strict")
    except ValueError as fault:
        raise malformed("The query string is not valid: its percent-encoding is no UTF-8.") from fault


def _with_options(name: str, options: str | None) -> Expanded:
    given: dict[str, str] = {}
    for each in options.split(";") if options is not None else ():
        option, equals, value = each.partition("=")
        if option.strip() not in {"$expand", "$select"} or not equals or option.strip() in given:
            raise malformed(f"The query option '{option.strip()}' is not supported inside $expand of '{name}'.")
        given[option.strip()] = value.strip()
    return Expanded(name, read_selection(given.get("$select")), read_expansion(given.get("$expand")))
