"""What the fuzz tests do to good requests, and what every answer must be like all the same."""

import copy
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

import httpx
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from tests.sandbox.rows.scene import Ask

# Unpaired surrogates are left in: JSON can spell them.
_ODD = ("\x00", "é" * 300, "\ud800", "'", "''", '"', "%", "%00", "../..", "$filter", "null", "9" * 500, "", " ")
# Right in kind and wrong in place, so that they come past the first check.
_PLAUSIBLE = (
    "00000000-0000-0000-0000-000000000000",
    "00000003-0000-0000-c000-000000000000",
    "62e90394-69f5-4237-9190-012177145e10",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59Z",
    "2026-11-01T00:00:00Z",
    "P99999D",
    "-PT1S",
    "All",
    "None",
    "enabled",
    "alex.moore@contoso.example",
    "https://x.example/",
    "/",
)
TEXTS = st.text(max_size=20) | st.sampled_from(_ODD) | st.sampled_from(_PLAUSIBLE)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(min_value=-(10**40), max_value=10**40)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS | st.just("@odata.type"), inner, max_size=3),
    max_leaves=6,
)
OPTIONS = ("$count", "$expand", "$filter", "$orderby", "$search", "$select", "$skip", "$skiptoken", "$top")


def bounded(examples: int) -> settings:
    """Run the same few examples every time."""
    return settings(
        max_examples=examples,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


@dataclass(frozen=True)
class Mutation:
    """One thing to do to a good request: where, to which part of it, and what to put there."""

    where: str  # "body", "left out", "whole body", "query", "path", "segment" or "header"
    part: int
    text: str
    value: Any


MUTATIONS = st.builds(
    Mutation,
    where=st.sampled_from(["body", "body", "left out", "whole body", "query", "path", "segment", "header"]),
    part=st.integers(min_value=0, max_value=40),
    text=TEXTS,
    value=VALUES,
)
_HEADERS = ("content-type", "consistencylevel", "prefer", "client-request-id", "accept", "authorization")


def mutated(ask: Ask, mutation: Mutation) -> Ask:
    """Do to a good request what a mutation says."""
    encoded = quote(mutation.text, safe="", errors="replace")
    if mutation.where in {"body", "left out", "whole body"}:
        return replace(ask, content=None, body=_mutated_body(ask.body, mutation))
    if mutation.where == "query":
        name = OPTIONS[mutation.part % len(OPTIONS)]
        return replace(ask, path=f"{ask.path}{'&' if '?' in ask.path else '?'}{name}={encoded}")
    if mutation.where == "path":
        return replace(ask, path=f"{ask.path}/{encoded}")
    if mutation.where == "segment":
        segments = ask.path.split("/")
        segments[1 + mutation.part % (len(segments) - 1)] = encoded
        return replace(ask, path="/".join(segments))
    name = _HEADERS[mutation.part % len(_HEADERS)]
    return replace(ask, headers={**ask.headers, name: encoded})


def _mutated_body(body: Any, mutation: Mutation) -> Any:
    places = list(_places(body, ()))
    if mutation.where == "whole body" or not places:
        return mutation.value
    changed = copy.deepcopy(dict(body))
    *above, last = places[mutation.part % len(places)]
    holder: Any = changed
    for each in above:
        holder = holder[each]
    if mutation.where == "left out":
        del holder[last]
    else:
        holder[last] = mutation.value
    return changed


def _places(value: Any, above: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    """List where something stands in a body, at whatever depth."""
    if isinstance(value, Mapping):
        parts: Iterable[tuple[Any, Any]] = sorted(value.items())
    else:
        parts = enumerate(value) if isinstance(value, list) else ()
    for name, inner in parts:
        yield (*above, name)
        yield from _places(inner, (*above, name))


def require_graphs_answer(response: httpx.Response, sent: object) -> None:
    """Fail for a defect, a traceback, and a refusal that is not in Graph's shape."""
    assert "Traceback" not in response.text, sent
    if response.status_code < 400:
        return
    error = response.json()["error"]
    assert isinstance(error["code"], str), sent
    assert isinstance(error["message"], str), sent
    assert response.status_code < 500 or (response.status_code, error["code"]) == (501, "notImplemented"), (sent, error)
