"""A directory as rows: one JSON text for each object under its collection and key, and back again.

Every field of `Directory` is a row or a collection of rows, whatever it is called; two sets of rows compare as the
directories do, which is how a change is noticed without anybody's telling.
"""

import dataclasses
import functools
import json
from collections.abc import Iterator, Mapping
from typing import Any, get_origin, get_type_hints

from sandbox.clock import Clock
from sandbox.directory.store import Directory
from sandbox.passwords import SecretHash
from sandbox.reading import UnreadableError, read_annotated

Key = tuple[str, str]  # a collection and the object's key in it; a field that is no collection has the key ""
Rows = Mapping[Key, str]

_SECRET = "$secretHash"  # noqa: S105 - the mark under which a hash is written
_NOT_SAVED = frozenset({"clock"})


def rows_of(directory: Directory, earlier: Rows | None = None) -> dict[Key, str]:
    """Write a directory as rows; texts that were the same `earlier` are shared with them."""
    known = earlier or {}
    encode = json.JSONEncoder(default=_plain).encode  # made once, for thousands of rows
    rows: dict[Key, str] = {}
    for name in _fields():
        for key, value in _members(getattr(directory, name)):
            text = encode(value)
            before = known.get((name, key))
            rows[name, key] = before if before == text else text
    return rows


def as_directory(rows: Rows, clock: Clock) -> Directory:
    """Make the directory that rows describe, living by the clock; UnreadableError when they describe none."""
    values: dict[str, Any] = {}
    for (name, key), text in rows.items():
        kind = get_origin(_fields().get(name))
        value = json.loads(text, object_hook=_secret if _SECRET in text else None)
        if kind is dict:
            values.setdefault(name, {})[key] = value
        elif kind is list:
            values.setdefault(name, {})[int(key)] = value
        else:
            values[name] = value
    for name, kind in _fields().items():
        if get_origin(kind) is list and name in values:
            values[name] = [value for _, value in sorted(values[name].items())]
    return read_directory(values, clock)


def read_directory(values: Mapping[str, Any], clock: Clock) -> Directory:
    """Make a directory of its fields' values; UnreadableError names the place of what does not belong."""
    unknown = sorted(values.keys() - _fields().keys())
    if unknown:
        raise UnreadableError(f"directory: unknown key {unknown[0]!r}; allowed are {', '.join(_fields())}.")
    read = {name: read_annotated(_fields()[name], value, f"directory.{name}") for name, value in values.items()}
    try:
        return Directory(clock=clock, **read)  # type: ignore[arg-type] # read by the annotations of Directory itself
    except TypeError as fault:
        raise UnreadableError(f"directory: {fault}") from fault


def values_of(directory: Directory) -> dict[str, Any]:
    """Copy a directory as JSON by its fields, secrets as marked hashes."""
    saved = {name: getattr(directory, name) for name in _fields()}
    copied: dict[str, Any] = json.loads(json.dumps(saved, default=_plain))
    return copied


def revived(value: Any) -> Any:
    """Copy JSON with hashes for what is marked as such."""
    return json.loads(json.dumps(value), object_hook=_secret)


@functools.cache
def _fields() -> Mapping[str, Any]:
    """Map the fields that are saved to their annotations; what a directory derives by itself is not saved."""
    hints = get_type_hints(Directory)
    names = [each.name for each in dataclasses.fields(Directory) if each.init and each.name not in _NOT_SAVED]
    return {name: hints[name] for name in names}


def _members(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        yield from value.items()
    elif isinstance(value, list):
        yield from ((str(index), each) for index, each in enumerate(value))
    else:
        yield "", value


def _plain(value: object) -> Any:
    if isinstance(value, SecretHash):
        return {_SECRET: value.as_text()}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    raise TypeError(f"A directory holds {type(value).__name__}, which cannot be written down as JSON.")


def _secret(value: dict[str, Any]) -> Any:
    if value.keys() != {_SECRET}:
        return value
    try:
        return SecretHash.from_text(value[_SECRET])
    except (AttributeError, ValueError) as fault:
        raise UnreadableError(f"directory: {value[_SECRET]!r} is no hash of a secret.") from fault
