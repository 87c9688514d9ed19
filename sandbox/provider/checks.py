"""What an argument's value must be, said in the words that the real provider's users know.

Each check gets where the value stands and the value, and returns what is wrong or nothing. ``violations`` runs a whole
configuration through its schema: every check, every exclusion, unknown values aside.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sandbox.provider.addresses import parsed
from sandbox.provider.dates import wrong_time
from sandbox.provider.diagnostics import Diagnosis, Path
from sandbox.provider.schema import Attribute, Block, Check, Object
from sandbox.provider.values import NUMBER, UNKNOWN

_LONGEST_REDIRECT = 256
_LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_EMAIL = re.compile(rf"[A-Za-z0-9.!#$%&'*+/=?^_`{{|}}~-]+@{_LABEL}(?:\.{_LABEL})*")
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
    if not value:
        return f'value must not be empty for "{where}"'
    return None if _EMAIL.fullmatch(value) else f'value must be a valid email address for "{where}"'


def is_rfc3339(where: str, value: Any) -> str | None:
    """Accept a date and time with an offset."""
    wrong = wrong_time(value)
    return f'expected "{where}" to be a valid RFC3339 date, got "{value}": {wrong}' if wrong else None


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
    if value.startswith("."):
        return "Value must not begin with a period"
    usual = re.fullmatch(r"[\w!#$%&'()*+,\-./:;<=>?@\[\]^+_`{|}~]*", value, flags=re.ASCII)
    return (
        None if usual else "Value must be alphanumeric with these allowed characters: !#$%&'()*+,-./:;<=>?@[]^+_`{|}~"
    )


def _address(where: str, value: str, schemes: tuple[str, ...], *, slash_needed: bool = False) -> str | None:
    if not value:
        return f'URI must not be empty for "{where}"'
    parts = parsed(value)
    if parts is None:
        return f'URI is in an invalid format for "{where}"'
    if not parts.host:
        return f'URI has no host for "{where}"'
    if schemes and slash_needed and not parts.path:
        return f'URI must have a trailing slash when there is no path segment for "{where}"'
    if schemes and parts.scheme not in schemes:
        return f'unexpected URI scheme for "{where}", expected one of: {", ".join(schemes)}'
    return None


def violations(schema: Object, config: Mapping[str, Any]) -> Iterator[Diagnosis]:
    """Yield what is wrong with a configuration."""
    if config.get("id") is not None:
        # Every type has an `id` for its state, and none takes one from a configuration.
        yield Diagnosis("Invalid or unknown key", path="id")
    yield from _of_object(schema, present(schema, config), _Place())


def present(schema: Object, config: Mapping[str, Any]) -> dict[str, Any]:
    """Return a configuration with null for blocks that are not there; an empty list of values is there."""
    found = dict(config)
    for name, block in schema.blocks.items():
        elements = config.get(name)
        if block.nesting == "single" or elements is UNKNOWN:
            continue
        found[name] = [present(block.object, element) for element in elements or ()] or None
    return found


@dataclass(frozen=True)
class _Place:
    """Where a value stands: as messages name it, and as Terraform can find it in the configuration.

    What is inside a set has no address there, so Terraform is told the set.
    """

    named: Path = ()
    found: Path = ()
    is_sealed: bool = False

    def at(self, *steps: str | int) -> _Place:
        found = self.found if self.is_sealed else (*self.found, *steps)
        return _Place((*self.named, *steps), found, self.is_sealed)

    def sealed(self) -> _Place:
        return replace(self, is_sealed=True)

    def __str__(self) -> str:
        return ".".join(str(step) for step in self.named)


def _of_object(schema: Object, config: Mapping[str, Any], place: _Place) -> Iterator[Diagnosis]:
    for name, attribute in schema.attributes.items():
        value, here = config.get(name), place.at(name)
        if value is not None and not (attribute.required or attribute.optional):
            yield Diagnosis(
                "Value for unconfigurable attribute",
                f'Can\'t configure a value for "{name}": its value will be decided automatically based on the result '
                "of applying this configuration.",
                path=here.found,
            )
        elif value is not None:
            yield from _conflicts(attribute, name, config, here)
            yield from _of_value(attribute, value, here)
    for name, block in schema.blocks.items():
        elements, here = config.get(name), place.at(name)
        if block.nesting == "single" or not elements:
            continue
        yield from _conflicts(block, name, config, here)
        if elements is not UNKNOWN:
            inside_it = here.sealed() if block.nesting == "set" else here
            for n, element in enumerate(elements):
                yield from _of_object(block.object, element, inside_it.at(n))


def _conflicts(item: Attribute | Block, name: str, config: Mapping[str, Any], here: _Place) -> Iterator[Diagnosis]:
    other = next((other for other in item.excludes if config.get(other) not in (None, UNKNOWN)), None)
    if other:
        yield Diagnosis("Conflicting configuration arguments", f'"{name}": conflicts with {other}', path=here.found)


def _of_value(attribute: Attribute, value: Any, here: _Place) -> Iterator[Diagnosis]:
    if value is UNKNOWN:
        return
    misfit = _size(attribute, value, here) if isinstance(value, list) else _fraction(attribute, value, here)
    if misfit:
        yield misfit
        return
    if attribute.check is None:
        return
    members = [(here, value)]
    if isinstance(value, list):
        inside_it = here.sealed() if attribute.kind[0] == "set" else here
        members = [(inside_it.at(n), member) for n, member in enumerate(value)]
    for where, member in members:
        if member is None or member is UNKNOWN:
            continue
        problem = attribute.check(str(where), member)
        if problem:
            yield Diagnosis(problem, path=where.found)


def _fraction(attribute: Attribute, value: Any, here: _Place) -> Diagnosis | None:
    """Return what is wrong with a number that is no whole one, which is all that the SDK knows."""
    if attribute.kind != NUMBER or value == int(value):
        return None
    return Diagnosis(f"Attribute must be a whole number, got {value}", path=here.found)


def _size(attribute: Attribute, value: list[Any], here: _Place) -> Diagnosis | None:
    """Return what is wrong with the number of members; the protocol counts those of blocks only."""
    count = len(value)
    if attribute.max_items and count > attribute.max_items:
        most = attribute.max_items
        detail = f"Attribute {here} supports {most} item maximum, but config has {count} declared."
        return Diagnosis("Too many list items", detail, path=here.found)
    if count < attribute.min_items:
        least = attribute.min_items
        detail = f"Attribute {here} requires {least} item minimum, but config has only {count} declared."
        return Diagnosis("Not enough list items", detail, path=here.found)
    return None


def null_members(schema: Object, config: Mapping[str, Any]) -> Iterator[Diagnosis]:
    """Yield a refusal for every null in a list or a set, which planning finds and validation does not."""
    yield from _nulls(schema, config, _Place())


def _nulls(schema: Object, config: Mapping[str, Any], place: _Place) -> Iterator[Diagnosis]:
    for name, attribute in schema.attributes.items():
        value, here = config.get(name), place.at(name)
        if isinstance(value, list):
            inside_it = here.sealed() if attribute.kind[0] == "set" else here
            for n, member in enumerate(value):
                if member is None:
                    said = "Null values are not allowed for this attribute value."
                    yield Diagnosis("Null value found in list", said, path=inside_it.at(n).found)
    for name, block in schema.blocks.items():
        elements, here = config.get(name), place.at(name)
        if isinstance(elements, list):
            inside_it = here.sealed() if block.nesting == "set" else here
            for n, element in enumerate(elements):
                yield from _nulls(block.object, element, inside_it.at(n))


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
        given = [path for path in paths if _is_set(config, path) and _value(config, path) is not UNKNOWN]
        if not any(_is_set(config, path) for path in paths):
            for path in paths:
                yield _demand(_COMBINATION, path, paths, "one of", "must be specified")
        elif len(given) > 1:
            # Said of every one of them, configured or not.
            for path in paths:
                yield _demand(
                    _COMBINATION,
                    path,
                    paths,
                    "only one of",
                    f"can be specified, but `{','.join(sorted(given))}` were specified.",
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
    """Tell whether an argument is configured; an unknown one counts, because it may be."""
    return _value(config, path) is not None


def _value(config: Any, path: str) -> Any:
    """Return an argument's value, which is unknown when anything on the way to it is."""
    value = config
    for step in _steps(path):
        if value is UNKNOWN:
            return UNKNOWN
        if isinstance(step, int):
            value = value[step] if value and len(value) > step else None
        else:
            value = (value or {}).get(step)
    return value
