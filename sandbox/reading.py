"""Reads decoded JSON into typed values by their annotations.

Unknown keys, missing ones and wrong types are refused with the place where they stand. Seeds, faults and lag rules
come in this way, and saved directories come back this way.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import MISSING
from types import UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

Kind = TypeVar("Kind")


class UnreadableError(ValueError):
    """Decoded JSON that is not what was asked for, with the place of the fault."""


def read(kind: type[Kind], value: object, place: str) -> Kind:
    """Read a value of a dataclass; `place` is what a fault is found under, such as `seed`."""
    found = read_annotated(kind, value, place)
    if not isinstance(found, kind):
        raise UnreadableError(f"{place}: an object is needed, not {_told(value, place)}.")
    return found


def read_annotated(kind: Any, value: object, place: str) -> object:
    """Read a value of any annotation that seeds and directories use."""
    if kind is Any:
        return value
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        return value if isinstance(value, kind) else _read_fields(kind, value, place)
    origin = get_origin(kind)
    if origin in (Union, UnionType):
        return None if value is None else read_annotated(get_args(kind)[0], value, place)
    if origin in (tuple, list, dict):
        return _read_members(kind, value, place)
    return _read_single(kind, value, place)


def _told(value: object, place: str) -> str:
    """Write a value for a refusal; of one that may be or hold a secret, only what kind of value it is."""
    is_secret = any(each in place.lower() for each in ("password", "secret"))
    return f"a value of type {type(value).__name__}" if is_secret or isinstance(value, dict | list) else repr(value)


def _read_single(kind: Any, value: object, place: str) -> object:
    origin, choices = get_origin(kind), get_args(kind)
    if origin is Literal:
        # True equals 1, and 400.0 equals 400, without being meant.
        if any(type(value) is type(each) and value == each for each in choices):
            return value
        raise UnreadableError(f"{place}: one of {', '.join(map(repr, choices))} is needed, not {_told(value, place)}.")
    if kind is float and type(value) is int:
        return float(value)
    if isinstance(value, dict) == (origin is Mapping) and (origin is Mapping or type(value) is kind):
        return value
    raise UnreadableError(f"{place}: {kind} is needed, not {_told(value, place)}.")


def _read_members(kind: Any, value: object, place: str) -> object:
    origin, inner = get_origin(kind), get_args(kind)
    if origin is dict and isinstance(value, dict):
        return {name: read_annotated(inner[1], each, f"{place}.{name}") for name, each in value.items()}
    if origin in (tuple, list) and isinstance(value, list):
        return origin(read_annotated(inner[0], each, f"{place}[{index}]") for index, each in enumerate(value))
    needed = "an object" if origin is dict else "a list"
    raise UnreadableError(f"{place}: {needed} is needed, not {_told(value, place)}.")


def _read_fields(kind: type, value: object, place: str) -> object:
    if not isinstance(value, dict):
        raise UnreadableError(f"{place}: an object is needed, not {_told(value, place)}.")
    hints = get_type_hints(kind)
    unknown = sorted(value.keys() - hints.keys())
    if unknown:
        raise UnreadableError(f"{place}: unknown key {unknown[0]!r}; allowed are {', '.join(sorted(hints))}.")
    needed = {each.name for each in dataclasses.fields(kind) if each.default is each.default_factory is MISSING}
    missing = sorted(needed - value.keys())
    if missing:
        raise UnreadableError(f"{place}: the key {missing[0]!r} is missing.")
    read_values = {name: read_annotated(hints[name], each, f"{place}.{name}") for name, each in value.items()}
    try:
        return kind(**read_values)
    except (TypeError, ValueError) as fault:
        raise UnreadableError(f"{place}: {fault}") from fault
