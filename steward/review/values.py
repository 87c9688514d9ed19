"""Attributes before and after as flat paths, each with what may be known of it: a value, unknown, or sensitive.

Blocks of which a provider allows one are lists of one element in a plan; they count as the element, so that a path is
`conditions.users.excluded_groups`. Several blocks under one name stay together as one value.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from steward.review.plan import ChangeBody


class Mark(Enum):
    """What stands for a value that is not there to be shown."""

    UNKNOWN = "known after apply"
    SENSITIVE = "sensitive"


Leaf = Any  # a JSON value, or a Mark
# Blocks that stay together under their name, however many there are.
WHOLE_BLOCKS = frozenset({"app_role", "required_resource_access"})


@dataclass(frozen=True)
class Difference:
    """One path whose value differs; `before` or `after` is None where there is none."""

    path: str
    before: Leaf
    after: Leaf


def differences(body: ChangeBody) -> tuple[Difference, ...]:
    """Return what differs between before and after, by path, in the order of the paths."""
    before = leaves(body.before, sensitive=body.before_sensitive)
    after = leaves(body.after, sensitive=body.after_sensitive, unknown=body.after_unknown)
    paths = sorted({*before, *after})
    changed = (Difference(path, before.get(path), after.get(path)) for path in paths)
    found = [each for each in changed if not _same(each.before, each.after)]
    # Two sensitive values may differ although their marks are the same.
    hidden = [path for path in paths if before.get(path) is after.get(path) is Mark.SENSITIVE]
    if hidden:
        raw_before, raw_after = leaves(body.before), leaves(body.after)
        found += [
            Difference(path, Mark.SENSITIVE, Mark.SENSITIVE) for path in hidden if _differ(path, raw_before, raw_after)
        ]
    return tuple(sorted(found, key=lambda each: each.path))


def leaves(value: Any, *, sensitive: Any = None, unknown: Any = None) -> Mapping[str, Leaf]:
    """Return every value by its path; what is marked as unknown or sensitive is its mark."""
    found: dict[str, Leaf] = {}
    _collect("", value, sensitive, unknown, found)
    return found


def at(attributes: Mapping[str, Any] | None, path: str) -> Any:
    """Return the value at a path, None where there is none."""
    value: Any = attributes
    for name in path.split("."):
        value = _only(value)
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def text_at(attributes: Mapping[str, Any] | None, path: str) -> str | None:
    """Return the text at a path, None where there is none or something else."""
    value = at(attributes, path)
    return value if isinstance(value, str) else None


def is_unknown(body: ChangeBody, path: str) -> bool:
    """Return whether the value at a path is known after the apply only."""
    mask = body.after_unknown
    for name in path.split("."):
        if mask is True:
            return True
        mask = _only(mask)
        mask = mask.get(name) if isinstance(mask, Mapping) else None
    return mask is True or (isinstance(mask, list) and any(each is True for each in mask))


def texts(value: Any) -> frozenset[str]:
    """Return the texts in a list, none for anything else."""
    return frozenset(each for each in value if isinstance(each, str)) if isinstance(value, list) else frozenset()


def blocks(value: Any) -> tuple[Mapping[str, Any], ...]:
    """Return the blocks in a list, none for anything else."""
    return tuple(each for each in value if isinstance(each, dict)) if isinstance(value, list) else ()


def _collect(path: str, value: Any, sensitive: Any, unknown: Any, found: dict[str, Leaf]) -> None:
    if sensitive is True:
        if value is not None:
            found[path] = Mark.SENSITIVE
        return
    if unknown is True:
        found[path] = Mark.UNKNOWN
        return
    if path not in WHOLE_BLOCKS:
        value, sensitive, unknown = _only(value), _only(sensitive), _only(unknown)
    if isinstance(value, Mapping) or isinstance(unknown, Mapping):
        held = value if isinstance(value, Mapping) else {}
        missing = unknown if isinstance(unknown, Mapping) else {}
        for name in {**held, **missing}:
            inner = sensitive.get(name) if isinstance(sensitive, Mapping) else None
            _collect(f"{path}.{name}" if path else name, held.get(name), inner, missing.get(name), found)
        return
    if value in (None, "", []):
        return
    if _holds_true(sensitive):
        found[path] = Mark.SENSITIVE
    elif _holds_true(unknown):
        found[path] = Mark.UNKNOWN
    else:
        found[path] = value


def _differ(path: str, before: Mapping[str, Leaf], after: Mapping[str, Leaf]) -> bool:
    """Return whether anything at a path or below it differs."""
    below = {each for each in (*before, *after) if each == path or each.startswith(f"{path}.")}
    return any(not _same(before.get(each), after.get(each)) for each in below)


def _only(value: Any) -> Any:
    """Return the one block of a list that holds one, anything else as it is."""
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], dict):
        return value[0]
    return value


def _holds_true(mask: Any) -> bool:
    if isinstance(mask, Mapping):
        return any(_holds_true(each) for each in mask.values())
    if isinstance(mask, list):
        return any(_holds_true(each) for each in mask)
    return mask is True


def _same(one: Leaf, other: Leaf) -> bool:
    if isinstance(one, list) and isinstance(other, list):
        return sorted(map(repr, one)) == sorted(map(repr, other))
    return bool(one == other) and type(one) is type(other)
