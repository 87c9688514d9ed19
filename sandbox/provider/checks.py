"""What an argument's value must be, said in the words that the real provider's users know.

Each check gets where the value stands and the value, and returns what is wrong or nothing. ``violations`` runs a whole
configuration through its schema: every check, every exclusion, unknown values aside.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from sandbox.provider.diagnostics import Diagnosis, Path
from sandbox.provider.schema import Attribute, Block, Check, Object
from sandbox.provider.values import UNKNOWN

_LONGEST_REDIRECT = 256
_COMBINATION = "Invalid combination of arguments"

Rule = Callable[[Mapping[str, Any]], Iterator[Diagnosis]]
"""A rule about several arguments of one type at once."""


def one_of(*allowed: str) -> Check:
    """Accept these texts only."""

    def check(where: str, value: Any) -> str | None:
        shown = " ".join(f'"{item}"' for item in allowed)
        return None if value in allowed else f"expected {where} to be one of [{shown}], got {value}"

    return check


def is_uuid(where: str, value: Any) -> str | None:
    """Accept a UUID in its usual form."""
    try:
        usual = str(uuid.UUID(value)) == value.lower()
    except ValueError:
        usual = False
    return None if usual else f'expected "{where}" to be a valid UUID, got {value}'


def not_empty(where: str, value: Any) -> str | None:
    """Accept any text but the empty one."""
    return None if value else f'expected "{where}" to not be an empty string, got {value}'


def length(least: int, most: int) -> Check:
    """Accept a text of so many characters."""

    def check(where: str, value: Any) -> str | None:
        fits = least <= len(value) <= most
        return None if fits else f"expected length of {where} to be in the range ({least} - {most}), got {value}"

    return check


def is_email(where: str, value: Any) -> str | None:
    """Accept what looks like a sign-in name."""
    usual = re.fullmatch(r"[^@\s]+@[^@\s]+", value)
    return None if usual else f'value must be a valid email address for "{where}"'


def is_rfc3339(where: str, value: Any) -> str | None:
    """Accept a date and time with an offset."""
    try:
        usual = datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        usual = False
    return None if usual else f'expected "{where}" to be a valid RFC3339 date, got "{value}"'


def at_least(least: int) -> Check:
    """Accept a number from here up."""

    def check(where: str, value: Any) -> str | None:
        return None if value >= least else f"expected {where} to be at least ({least}), got {value}"

    return check


def is_web_address(where: str, value: Any) -> str | None:
    """Accept an http or https address with a host."""
    return _address(where, value, ("http", "https"))


def is_redirect_uri(*, schemes: tuple[str, ...] = (), urn: bool = False) -> Check:
    """Accept a redirect URI of one of the schemes, any when none are named, or a ``urn:`` where that is allowed."""

    def check(where: str, value: Any) -> str | None:
        if urn and re.match(r"urn:[^:]*:", value):
            return None
        if len(value) > _LONGEST_REDIRECT:
            return f'URI must be {_LONGEST_REDIRECT} characters or less for "{where}"'
        return _address(where, value, schemes, slash_needed=True)

    return check


def is_claim_value(_where: str, value: Any) -> str | None:
    """Accept what an app role or a scope may be called in a token."""
    usual = re.fullmatch(r"[\w!#$%&'()*+,\-./:;<=>?@\[\]^+_`{|}~]*", value, flags=re.ASCII)
    return (
        None if usual else "Value must be alphanumeric with these allowed characters: !#$%&'()*+,-./:;<=>?@[]^+_`{|}~"
    )


def _address(where: str, value: str, schemes: tuple[str, ...], *, slash_needed: bool = False) -> str | None:
    parts = urlsplit(value)
    if not parts.netloc:
        return f'URI has no host for "{where}"'
    if schemes and slash_needed and not parts.path:
        return f'URI must have a trailing slash when there is no path segment for "{where}"'
    if schemes and parts.scheme not in schemes:
        return f'unexpected URI scheme for "{where}", expected one of: {", ".join(schemes)}'
    return None


def violations(schema: Object, config: Mapping[str, Any]) -> Iterator[Diagnosis]:
    """Yield what is wrong with a configuration."""
    yield from _of_object(schema, config, ())


def _of_object(schema: Object, config: Mapping[str, Any], path: Path) -> Iterator[Diagnosis]:
    for name, attribute in schema.attributes.items():
        value = config.get(name)
        if value is not None and not (attribute.required or attribute.optional):
            yield Diagnosis(
                "Value for unconfigurable attribute",
                f'Can\'t configure a value for "{name}": its value will be decided automatically based on the result '
                "of applying this configuration.",
                path=(*path, name),
            )
        elif value is not None:
            yield from _conflicts(attribute, name, config, path)
            yield from _of_value(attribute, value, (*path, name))
    for name, block in schema.blocks.items():
        elements = config.get(name)
        if block.nesting == "single" or not elements:
            continue
        yield from _conflicts(block, name, config, path)
        if elements is not UNKNOWN:
            for n, element in enumerate(elements):
                yield from _of_object(block.object, element, (*path, name, n))


def _conflicts(item: Attribute | Block, name: str, config: Mapping[str, Any], path: Path) -> Iterator[Diagnosis]:
    for other in item.excludes:
        if config.get(other) not in (None, []):
            yield Diagnosis(
                "Conflicting configuration arguments", f'"{name}": conflicts with {other}', path=(*path, name)
            )


def _of_value(attribute: Attribute, value: Any, path: Path) -> Iterator[Diagnosis]:
    if attribute.check is None or value is UNKNOWN:
        return
    members = [(path, value)]
    if isinstance(value, list):
        members = [((*path, n), member) for n, member in enumerate(value)]
    for where, member in members:
        if member is None or member is UNKNOWN:
            continue
        problem = attribute.check(".".join(str(step) for step in where), member)
        if problem:
            yield Diagnosis(problem, path=path)


def at_least_one_of(*paths: str) -> Rule:
    """Demand one of several arguments, named as ``conditions.0.users.0.included_users``."""

    def rule(config: Mapping[str, Any]) -> Iterator[Diagnosis]:
        if not any(_is_set(config, path) for path in paths):
            for path in paths:
                yield _demand("Missing required argument", path, paths, "one of", "must be specified")

    return rule


def exactly_one_of(*paths: str) -> Rule:
    """Demand one of several arguments and no second."""

    def rule(config: Mapping[str, Any]) -> Iterator[Diagnosis]:
        given = [path for path in paths if _is_set(config, path)]
        if not given:
            for path in paths:
                yield _demand(_COMBINATION, path, paths, "one of", "must be specified")
        elif len(given) > 1:
            for path in given:
                yield _demand(
                    _COMBINATION,
                    path,
                    paths,
                    "only one of",
                    f"can be specified, but `{','.join(given)}` were specified.",
                )

    return rule


def all_or_none_of(*paths: str) -> Rule:
    """Demand that arguments which only make sense together come together."""

    def rule(config: Mapping[str, Any]) -> Iterator[Diagnosis]:
        given = [path for path in paths if _is_set(config, path)]
        if given and len(given) < len(paths):
            for path in given:
                yield Diagnosis(
                    "Missing required argument",
                    f'"{path}": all of `{",".join(paths)}` must be specified',
                    path=_steps(path),
                )

    return rule


def inside(block: str, rule: Rule) -> Rule:
    """Apply a rule only where a block is configured."""
    return lambda config: rule(config) if _is_set(config, block) else iter(())


def _demand(summary: str, path: str, paths: tuple[str, ...], which: str, demand: str) -> Diagnosis:
    return Diagnosis(summary, f'"{path}": {which} `{",".join(sorted(paths))}` {demand}', path=_steps(path))


def _steps(path: str) -> Path:
    return tuple(int(step) if step.isdigit() else step for step in path.split("."))


def _is_set(config: Any, path: str) -> bool:
    """Tell whether an argument is configured; an unknown on the way counts, because it may be."""
    value = config
    for step in _steps(path):
        if value is UNKNOWN:
            return True
        if isinstance(step, int):
            value = value[step] if value and len(value) > step else None
        else:
            value = (value or {}).get(step)
    return value is UNKNOWN or value not in (None, [])
