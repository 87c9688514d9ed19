"""Reads JSON as Graph does: strictly, and never deeper or stranger than an answer can be written again.

Bytes come in, from bodies and from requests inside a batch; decoded JSON goes out, or a ValueError that says what is
wrong without repeating it.
"""

import json
import math
from collections.abc import Iterator
from typing import Any, NoReturn

# Graph's own types nest far less deeply.
DEEPEST = 60


def read_json(content: bytes) -> Any:
    """Decode JSON; ValueError for what is none, for a name given twice, and for values that no answer can hold."""
    try:
        value = json.loads(
            content.decode("utf-8-sig"),
            object_pairs_hook=_read_object,
            parse_float=_read_float,
            parse_constant=_refuse_constant,
        )
    except UnicodeDecodeError as fault:
        raise ValueError("it is no UTF-8") from fault
    except json.JSONDecodeError as fault:
        raise ValueError(f"{fault.msg} at position {fault.pos}") from fault
    except RecursionError as fault:
        raise ValueError("it is nested too deeply") from fault
    for depth, text in _texts(value):
        if depth > DEEPEST:
            raise ValueError("it is nested too deeply")
        if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
            raise ValueError("it holds half of a surrogate pair, which is no character")
    return value


def _texts(value: Any) -> Iterator[tuple[int, str]]:
    """List all texts in a value with their depth, and an empty one for each list and object."""
    pending: list[tuple[int, Any]] = [(1, value)]
    while pending:
        depth, each = pending.pop()
        if isinstance(each, str):
            yield depth, each
        elif isinstance(each, dict):
            yield depth, ""
            pending.extend((depth + 1, name) for name in each)
            pending.extend((depth + 1, inner) for inner in each.values())
        elif isinstance(each, list):
            yield depth, ""
            pending.extend((depth + 1, inner) for inner in each)


def _read_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"multiple properties with the name {twice!r} were detected in one object")
    return found


def _read_float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError("it holds a number that is too large")
    return value


def _refuse_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is no JSON")
