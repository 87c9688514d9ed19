"""Terraform values as Python has them, on the wire and off it.

Unknown is a value of its own; null is ``None``; lists, sets and maps are lists and dicts whose meaning comes from the
schema's type. The protocol module decodes and encodes with this; planning compares with it.
"""

from __future__ import annotations

import json
import zlib
from enum import Enum
from typing import Any, Final

import msgpack  # type: ignore[import-untyped]  # comes with tf, without type information
from tf.gen import tfplugin_pb2 as pb

Type = str | tuple[Any, ...]
"""A type as Terraform's JSON writes it, with tuples for lists: ``"string"``, ``("list", "string")``."""

STRING: Final = "string"
BOOL: Final = "bool"
NUMBER: Final = "number"
STRINGS: Final = ("list", "string")
STRING_SET: Final = ("set", "string")
STRING_MAP: Final = ("map", "string")


class _Unknown(Enum):
    UNKNOWN = "unknown"

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = _Unknown.UNKNOWN

# Extension codes of Terraform's msgpack: 0 is a plain unknown, 12 one with refinements, which planning here ignores.
_UNKNOWN_CODES = frozenset({0, 12})


def list_of_objects(**fields: Type) -> Type:
    """Return the type of a computed list of objects."""
    return ("list", ("object", fields))


def type_json(kind: Type) -> bytes:
    """Return a type in the JSON that the protocol's schema carries."""
    return json.dumps(kind, separators=(",", ":")).encode()


def decode(value: pb.DynamicValue) -> Any:
    """Return a value as Terraform sent it; an empty message is null."""
    if value.json:
        return json.loads(value.json)
    if value.msgpack:
        return msgpack.unpackb(value.msgpack, ext_hook=_read_extension, strict_map_key=False)
    return None


def encode(value: Any) -> pb.DynamicValue:
    """Return a value as Terraform expects it in an answer."""
    return pb.DynamicValue(msgpack=msgpack.packb(value, default=_write_unknown))


def _read_extension(code: int, data: bytes) -> Any:
    if code in _UNKNOWN_CODES:
        return UNKNOWN
    raise ValueError(f"Terraform sent a msgpack extension {code} ({len(data)} bytes) that its protocol does not name")


def _write_unknown(value: Any) -> msgpack.ExtType:
    if value is UNKNOWN:
        return msgpack.ExtType(0, b"\x00")
    raise TypeError(f"a {type(value).__name__} is no Terraform value")


def zero(kind: Type) -> Any:
    """Return what a plugin-SDK provider reads for a null of this type."""
    if isinstance(kind, tuple):
        return {} if kind[0] in {"map", "object"} else []
    return {STRING: "", BOOL: False, NUMBER: 0}[kind]


def has_unknown(value: Any) -> bool:
    """Tell whether anything inside a value is unknown."""
    if isinstance(value, dict):
        return any(has_unknown(item) for item in value.values())
    if isinstance(value, list):
        return any(has_unknown(item) for item in value)
    return value is UNKNOWN


def without_unknown(value: Any) -> Any:
    """Return a value in which null stands for everything unknown."""
    if isinstance(value, dict):
        return {key: without_unknown(item) for key, item in value.items()}
    if isinstance(value, list):
        return [without_unknown(item) for item in value]
    return None if value is UNKNOWN else value


def in_set_order(texts: list[Any]) -> list[Any]:
    """Return a set's texts in the order in which the plugin SDK lists them: by their checksums, compared as texts."""
    return sorted(texts, key=lambda text: str(zlib.crc32(f"{text};".encode())))


def settled(value: Any) -> Any:
    """Return an order-free, hashable form in which null, an empty text and an empty collection are one."""
    if isinstance(value, dict):
        return frozenset((key, settled(item)) for key, item in value.items() if not is_empty(item))
    if isinstance(value, list):
        return tuple(settled(item) for item in value)
    return None if is_empty(value) else value


def is_empty(value: Any) -> bool:
    """Tell whether a value is null, an empty text or an empty collection; false and zero are not empty."""
    return value is None or value == "" or value in ([], {})
