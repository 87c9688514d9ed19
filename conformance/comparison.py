"""Comparing what was seen with what was recorded: every difference, named by step and place.

Equal are: null, an empty text and an empty collection; sets in any order; the repetitions of a poll; the order of
what does not depend on one another, which is Terraform's and not the provider's; and where lines end that Terraform
prints for people. Bodies are compared as they are: there null and absent mean different things to Graph.
"""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from conformance.player import Seen
from conformance.recording import Step
from conformance.symbols import unnumbered

# Bodies' lists that the provider fills from sets.
_SET_PROPERTIES = frozenset(
    {
        "allowedMemberTypes",
        "alternativeNames",
        "appRoles",
        "identifierUris",
        "knownClientApplications",
        "notificationEmailAddresses",
        "oauth2PermissionScopes",
        "otherMails",
        "owners@odata.bind",
        "redirectUris",
        "requiredResourceAccess",
        "tags",
    }
)
# Computed lists in which a service principal mirrors its application's sets.
_MIRRORED_SETS = frozenset({"app_roles", "oauth2_permission_scopes", "redirect_uris"})
# Values that the sandbox's journal masks, or that a server makes up.
_MASK = "(masked)"
_SECRETS = frozenset({"client_secret", "password"})
_PLANNED = ("actions", "before", "after", "after_unknown", "before_sensitive", "after_sensitive", "replace_paths")
# The type in an address, be it in a module or not.
_TYPE = re.compile(r"(?:^|\.)(?P<type>(?:data\.)?azuread_\w+)\.")


@dataclass(frozen=True)
class Difference:
    """One thing that is not as recorded."""

    step: str
    place: str
    recorded: Any
    seen: Any

    @property
    def recorded_text(self) -> str:
        """Return what was recorded as JSON."""
        return json.dumps(self.recorded, sort_keys=True, default=sorted, ensure_ascii=False)

    @property
    def seen_text(self) -> str:
        """Return what is seen as JSON."""
        return json.dumps(self.seen, sort_keys=True, default=sorted, ensure_ascii=False)

    def __str__(self) -> str:
        return f"{self.step} | {self.place}\n    recorded: {self.recorded_text}\n    seen:     {self.seen_text}"


class Comparison:
    """Compares steps by the schemas of the types, which say what is a set (``terraform providers schema -json``)."""

    def __init__(self, schemas: Mapping[str, Any]) -> None:
        self._blocks = {name: item["block"] for name, item in schemas["resource_schemas"].items()}
        self._blocks |= {f"data.{name}": item["block"] for name, item in schemas["data_source_schemas"].items()}

    def differences(self, step: Step, seen: Seen) -> Iterator[Difference]:
        """Yield what is not as recorded in one step."""
        if step.command is None:
            return
        pairs: list[tuple[str, Any, Any]] = [("exit code", step.exit_code, seen.exit_code)]
        pairs += self._requests(step, seen)
        printed = "-json" not in step.command
        diagnostics = (_diagnostics(items, printed=printed) for items in (step.diagnostics, seen.diagnostics))
        pairs += _pair_diagnostics(*diagnostics)
        pairs += self._plan(step, seen)
        pairs += self._state(step, seen)
        for place, recorded, actual in pairs:
            yield from _leaves(step.name, place, recorded, actual)

    def _requests(self, step: Step, seen: Seen) -> Iterator[tuple[str, Any, Any]]:
        in_order, found = _in_order(step.requests), _in_order(seen.requests)
        is_same = Counter(in_order) == Counter(found)
        is_reordered = _runs_in_series(step) and is_same and _unbroken_runs(in_order, found) > _operations(step, seen)
        recorded, actual = _by_subject(step.requests), _by_subject(seen.requests)
        for subject in sorted({*recorded, *actual}):
            one, other = recorded.get(subject, []), actual.get(subject, [])
            # Several data sources may read one object, in an order that is Terraform's.
            if not (is_same and not is_reordered and all(entry["method"] == "GET" for entry in one)):
                yield from _pair_requests(subject, one, other)
        if is_reordered and recorded == actual:
            yield "requests | order", _short(step.requests), _short(seen.requests)

    def _plan(self, step: Step, seen: Seen) -> Iterator[tuple[str, Any, Any]]:
        if step.plan is None:
            yield "plan file", False, seen.shown is not None
            return
        shown = seen.shown or {}
        yield from self._changes("plan", step.plan, shown.get("resource_changes") or [])
        yield from self._changes("drift", step.drift or (), shown.get("resource_drift") or [])
        outputs = {name: _loose(item) for name, item in (shown.get("output_changes") or {}).items()}
        changed = {name: item for name, item in outputs.items() if item["actions"] != ["no-op"]}
        wanted = {name: _loose(unnumbered(item)) for name, item in (step.output_changes or {}).items()}
        yield "output changes", {n: i for n, i in wanted.items() if i["actions"] != ["no-op"]}, changed
        read = {item["address"]: item["values"] for item in _data_read(shown)}
        for address, values in step.data_read.items():
            yield (
                f"data | {address}",
                self._values(address, unnumbered(values)),
                self._values(address, read.get(address)),
            )

    def _changes(
        self, what: str, recorded: Sequence[Mapping[str, Any]], shown: Sequence[Mapping[str, Any]]
    ) -> Iterator[tuple[str, Any, Any]]:
        wanted = {item["address"]: item for item in recorded}
        found = {item["address"]: item for item in shown if item["mode"] == "managed"}
        for address in sorted({*wanted, *found}):
            one, other = wanted.get(address), found.get(address)
            if one is None or other is None:
                yield f"{what} | {address}", one and one["actions"], other and other["change"]["actions"]
                continue
            yield f"{what} | {address} | action reason", one.get("action_reason"), other.get("action_reason")
            yield f"{what} | {address} | importing", one.get("importing"), other["change"].get("importing")
            names = _PLANNED if "after" in one else ("actions",)
            for name in names:
                yield (
                    f"{what} | {address} | {name}",
                    self._values(address, unnumbered(one.get(name))),
                    self._values(address, other["change"].get(name)),
                )

    def _state(self, step: Step, seen: Seen) -> Iterator[tuple[str, Any, Any]]:
        if step.state is None:
            return
        wanted, found = ({a for a in state if not _is_data(a)} for state in (step.state, seen.state))
        yield "state | addresses", wanted, found
        for address, values in step.state.items():
            yield (
                f"state | {address}",
                self._values(address, unnumbered(values)),
                self._values(address, seen.state.get(address)),
            )
        yield "state | outputs", _loose(unnumbered(step.outputs or {})), _loose(seen.outputs)
        yield "state | tainted", sorted(step.tainted), sorted(seen.tainted)

    def _values(self, address: str, values: Any) -> Any:
        """Return a type's values with its sets in one order, and every empty value alike."""
        if not isinstance(values, Mapping):
            return _loose(values)
        found = _TYPE.search(address)
        block = self._blocks.get(found.group("type")) if found else None
        return _ordered(block, values) if block else _loose(values)


def _leaves(step: str, place: str, recorded: Any, actual: Any) -> Iterator[Difference]:
    """Yield the smallest members that differ; lists are one member, for their order may be what differs."""
    if isinstance(recorded, Mapping) and isinstance(actual, Mapping):
        for name in sorted({*recorded, *actual}):
            yield from _leaves(step, f"{place} | {name}", recorded.get(name), actual.get(name))
    elif recorded != actual:
        yield Difference(step, place, recorded, actual)


def _runs_in_series(step: Step) -> bool:
    """Tell whether the order of requests about different objects is the provider's at all."""
    return "-parallelism=1 " in f"{step.command} "


def _ordered(block: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    result = {}
    for name, value in values.items():
        attribute = (block.get("attributes") or {}).get(name)
        nested = (block.get("block_types") or {}).get(name)
        ordered = _MASK if isinstance(value, str) and _is_made_secret(attribute) else _loose(value)
        if nested and isinstance(value, list):
            ordered = [_ordered(nested["block"], item) if isinstance(item, Mapping) else item for item in value] or None
        if isinstance(ordered, Mapping) and attribute is not None and attribute["type"][0] == "map":
            ordered = sorted(ordered.items())  # what differs is the map, not each of its keys
        if isinstance(ordered, list) and _is_orderless(name, attribute, nested):
            ordered = sorted((_sorted_inside(item) for item in ordered), key=_sort_key)
        result[name] = ordered
    return {name: value for name, value in result.items() if value is not None}


def _is_orderless(name: str, attribute: Mapping[str, Any] | None, nested: Mapping[str, Any] | None) -> bool:
    if nested:
        return bool(nested["nesting_mode"] == "set")
    return attribute is not None and (attribute["type"][0] == "set" or name in _MIRRORED_SETS)


def _is_made_secret(attribute: Mapping[str, Any] | None) -> bool:
    """Tell whether an attribute holds a secret that the server makes, another one in every run."""
    return attribute is not None and bool(attribute.get("sensitive")) and not attribute.get("optional")


def _sorted_inside(item: Any) -> Any:
    """Return an element with the lists inside it sorted; those of a role or a scope come from sets too."""
    if isinstance(item, Mapping):
        return {key: _sorted_inside(value) for key, value in item.items()}
    return sorted(item, key=_sort_key) if isinstance(item, list) else item


def _is_data(address: str) -> bool:
    return re.search(r"(^|\.)data\.", address) is not None


def _loose(value: Any) -> Any:
    if isinstance(value, Mapping):
        items = {key: _loose(item) for key, item in value.items()}
        return {key: item for key, item in items.items() if item is not None} or None
    if isinstance(value, list | tuple):
        return [_loose(item) for item in value] or None
    return None if value == "" else value


def _sort_key(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _data_read(shown: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    modules = [((shown.get("prior_state") or {}).get("values") or {}).get("root_module") or {}]
    read: list[Mapping[str, Any]] = []
    for module in modules:
        read += [item for item in module.get("resources") or [] if item["mode"] == "data"]
        modules += module.get("child_modules") or []
    return read


def _diagnostics(items: Sequence[Mapping[str, Any]], *, printed: bool) -> list[dict[str, Any]]:
    """Return diagnostics in one order; the lines of those that were printed for people end anywhere."""
    shown = []
    for item in items:
        texts = {name: str(item.get(name) or "") for name in ("summary", "detail")}
        if printed:
            texts = {"summary": _on_one_line(" ".join(texts.values())), "detail": ""}
        texts = {name: unnumbered(text).strip() for name, text in texts.items()}
        shown.append({"severity": item["severity"], "address": item.get("address"), **texts})
    return sorted(shown, key=_sort_key)


def _pair_diagnostics(
    recorded: Sequence[Mapping[str, Any]], seen: Sequence[Mapping[str, Any]]
) -> Iterator[tuple[str, Any, Any]]:
    """Yield what was said of each address: the whole list where numbers differ, else one by one."""
    by_address: defaultdict[str, tuple[list[Any], list[Any]]] = defaultdict(lambda: ([], []))
    for side, items in enumerate((recorded, seen)):
        for item in items:
            by_address[str(item["address"])][side].append(item)
    for address, (wanted, found) in sorted(by_address.items()):
        place = f"diagnostics | {address}"
        for left in [item for item in wanted if item in found]:
            wanted.remove(left)
            found.remove(left)
        if len(wanted) == len(found):
            for one, other in zip(wanted, found, strict=True):
                yield place, one, other
        else:
            yield place, wanted, found


def _on_one_line(text: str) -> str:
    return " ".join(text.split())


def _by_subject(requests: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """Return requests by what they are about, in order, with the repetitions of a poll taken as one.

    A request to create something is about that alone, for the order of creations is Terraform's; any other one is about
    the last id in its path, or, without any, about its own address.
    """
    found: defaultdict[str, list[Any]] = defaultdict(list)
    for request in requests:
        entry = _entry(request)
        queue = found[_subject(entry)]
        if not (queue and entry["method"] == "GET" and queue[-1] == entry):
            queue.append(entry)
    return dict(found)


def _pair_requests(subject: str, recorded: list[Any], seen: list[Any]) -> Iterator[tuple[str, Any, Any]]:
    """Yield the requests about one thing: one by one where as many were sent, else the whole list."""
    if len(recorded) != len(seen):
        yield f"requests | {subject}", recorded or None, seen or None
        return
    for one, other in zip(recorded, seen, strict=True):
        for name in one:
            yield f"requests | {subject} | {one['method']} | {name}", _whole(one[name]), _whole(other[name])


def _whole(value: Any) -> Any:
    """Return a body as one value: in it null and absent are not alike."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False) if isinstance(value, Mapping) else value


def _in_order(requests: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return requests as one line each, in order, every repetition included."""
    return [_sort_key(_entry(request)) for request in requests for _ in range(request.get("repeats") or 1)]


def _short(requests: Sequence[Mapping[str, Any]]) -> list[str]:
    return [f"{request['method']} {unnumbered(request['path'])} {request['status']}" for request in requests]


def _unbroken_runs(recorded: list[str], seen: list[str]) -> int:
    """Return into how few pieces the one order can be cut so that the pieces make the other."""
    free = [True] * len(recorded)
    runs, done = 0, 0
    while done < len(seen):
        start, length = max(
            ((start, _common(recorded, free, start, seen, done)) for start in range(len(recorded))),
            key=lambda found: found[1],
        )
        free[start : start + length] = [False] * length
        runs, done = runs + 1, done + length
    return runs


def _common(recorded: list[str], free: list[bool], start: int, seen: list[str], done: int) -> int:
    """Return how many lines are the same from here and from there, those aside that a piece has taken already."""
    length = 0
    while (
        start + length < len(recorded)
        and done + length < len(seen)
        and free[start + length]
        and recorded[start + length] == seen[done + length]
    ):
        length += 1
    return length


def _operations(step: Step, seen: Seen) -> int:
    """Return how many orders Terraform may choose among: it takes what does not depend on one another in any order."""
    read = (item["address"] for item in _data_read(seen.shown or {}))
    # A provider is configured before anything else, and in a destroying plan once more.
    configured = sum(1 for request in step.requests if request["path"] == "/metadata/endpoints")
    addresses = {*seen.known_before, *seen.state, *(item["address"] for item in step.plan or ()), *read}
    if len(addresses) <= 1:
        return 1
    # An apply may delete an object and create it anew, with other objects' turns in between.
    turns = 2 if (step.command or "").startswith("terraform apply") else 1
    return turns * len(addresses) + configured


def _entry(request: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "method": request["method"],
        "path": unnumbered(request["path"]),
        "query": unnumbered(request.get("query")) or None,
        "body": _body(unnumbered(request.get("body"))) or None,
        "status": request["status"],
    }


def _subject(request: Mapping[str, Any]) -> str:
    path = request["path"]
    if request["method"] == "POST" and not path.endswith("}"):
        return f"POST {path} {_sort_key(request['body'])}"
    ids = [part for part in path.split("/") if part.startswith("{")]
    if ids and path.endswith("/$ref"):
        return str(ids[0])
    return str(ids[-1]) if ids else f"{path} {_sort_key(request['query'])}"


def _body(value: Any, name: str = "") -> Any:
    if name in _SECRETS:
        return _MASK
    if isinstance(value, Mapping):
        return {key: _body(item, key) for key, item in value.items()}
    if isinstance(value, list):
        items = [_body(item) for item in value]
        return sorted(items, key=_sort_key) if name in _SET_PROPERTIES else items
    return value
