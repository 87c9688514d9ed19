"""Bodies that say little: good ones with each property left out, emptied, or made of single parts, one at a time."""

from collections.abc import Iterator, Mapping
from typing import Any

from sandbox.schema import Property, graph_schema

Body = Mapping[str, Any]
_DEPTH = 1
_SAMPLES: Mapping[str, Any] = {
    "Boolean": True,
    "Int32": 1,
    "Int64": 1,
    "Double": 1.5,
    "Guid": "11111111-1111-4111-8111-111111111111",
    "DateTimeOffset": "2027-01-01T00:00:00Z",
    "Date": "2027-01-01",
    "TimeOfDay": "08:00:00",
    "Duration": "PT2H",
    "Binary": "a2VscA==",
}
_LONG_AGO, _FAR_AWAY = "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"


def sparse(type_name: str, good: Body, names: tuple[str, ...], depth: int = _DEPTH) -> Iterator[Body]:
    """Vary a good body of a Graph type: these of its properties, one at a time, and what is inside them."""
    declared = str(good.get("@odata.type") or type_name).removeprefix("#microsoft.graph.")
    known = graph_schema().properties(declared, beta=False)
    for name in names:
        if name in good:
            yield {key: value for key, value in good.items() if key != name}
        if name in known:
            for value in _values(known[name], good.get(name), depth):
                yield {**good, name: value}


def _values(declared: Property, current: Any, depth: int) -> Iterator[Any]:
    yield None
    if not declared.collection:
        yield from _singles(declared, current, depth)
        return
    yield []
    first = current[0] if isinstance(current, list) and current else None
    for each in _singles(declared, first, depth):
        yield [each]


def _singles(declared: Property, current: Any, depth: int) -> Iterator[Any]:
    schema = graph_schema()
    if declared.type_name in schema.types:
        inner = tuple(schema.properties(declared.type_name, beta=False))
        yield {}
        if depth:
            yield from sparse(declared.type_name, {}, inner, depth - 1)
        if depth and current:
            yield from sparse(declared.type_name, current, inner, depth - 1)
    elif declared.type_name in schema.enums:
        yield from sorted(schema.enums[declared.type_name])
    elif declared.type_name == "DateTimeOffset":
        yield from (_SAMPLES["DateTimeOffset"], _LONG_AGO, _FAR_AWAY)
    elif declared.type_name == "String":
        yield from ("", "kelp")
    elif declared.type_name in _SAMPLES:
        yield _SAMPLES[declared.type_name]
