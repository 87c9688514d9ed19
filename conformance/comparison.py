"""Comparing what was seen with what was recorded: every difference, named by step and place.

Equal are: null, an empty text and an empty collection; sets in any order; the repetitions of a poll; the order of
requests about different objects, which is Terraform's and not the provider's; and all but the first line of a summary.
Bodies are compared as they are: there null and absent mean different things to Graph.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
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
_ACTIONS_ONLY = ("no-op",)


@dataclass(frozen=True)
class Explanation:
    """Why some differences are none of the provider's: a pattern of places, and the reason."""

    place: str
    reason: str

    def covers(self, difference: Difference) -> bool:
        """Tell whether it is about this difference; ``*`` stands for anything."""
        return fnmatchcase(difference.place, self.place)


@dataclass(frozen=True)
class Difference:
    """One thing that is not as recorded."""

    step: str
    place: str
    recorded: Any
    seen: Any

    def __str__(self) -> str:
        shown = (json.dumps(value, sort_keys=True, default=str) for value in (self.recorded, self.seen))
        return f"{self.step} | {self.place}\n    recorded: {next(shown)}\n    seen:     {next(shown)}"


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
        pairs += [("diagnostics", _diagnostics(step.diagnostics), _diagnostics(seen.diagnostics))]
        pairs += self._plan(step, seen)
        pairs += self._state(step, seen)
        for place, recorded, actual in pairs:
            yield from _leaves(step.name, place, recorded, actual)

    def _requests(self, step: Step, seen: Seen) -> Iterator[tuple[str, Any, Any]]:
        recorded, actual = _by_subject(step.requests), _by_subject(seen.requests)
        for subject in sorted({*recorded, *actual}):
            yield f"requests | {subject}", recorded.get(subject), actual.get(subject)

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
        managed = {address for address in seen.state if not address.startswith("data.")}
        yield "state | addresses", {a for a in step.state if not a.startswith("data.")}, managed
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
        parts = address.removeprefix("data.").split(".")
        block = self._blocks.get(("data." if address.startswith("data.") else "") + parts[0])
        return _ordered(block, values) if block else _loose(values)


def _leaves(step: str, place: str, recorded: Any, actual: Any) -> Iterator[Difference]:
    """Yield the smallest members that differ; lists are one member, for their order may be what differs."""
    if isinstance(recorded, Mapping) and isinstance(actual, Mapping):
        for name in sorted({*recorded, *actual}):
            yield from _leaves(step, f"{place} | {name}", recorded.get(name), actual.get(name))
    elif recorded != actual:
        yield Difference(step, place, recorded, actual)


def _ordered(block: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    result = {}
    for name, value in values.items():
        attribute = (block.get("attributes") or {}).get(name)
        nested = (block.get("block_types") or {}).get(name)
        ordered = _MASK if isinstance(value, str) and _is_made_secret(attribute) else _loose(value)
        if nested and isinstance(value, list):
            ordered = [_ordered(nested["block"], item) if isinstance(item, Mapping) else item for item in value] or None
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
    prior = ((shown.get("prior_state") or {}).get("values") or {}).get("root_module") or {}
    return [item for item in prior.get("resources") or [] if item["mode"] == "data"]


def _diagnostics(items: Sequence[Mapping[str, Any]]) -> list[str]:
    shown = ((item["severity"], item["summary"].splitlines()[0], item.get("address")) for item in items)
    return sorted(json.dumps(unnumbered(item)) for item in shown)


def _by_subject(requests: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """Return requests by what they are about, in order, with the repetitions of a poll taken as one.

    A request to create something is about that alone, for the order of creations is Terraform's; any other one is about
    the last id in its path, or, without any, about its own address.
    """
    found: defaultdict[str, list[Any]] = defaultdict(list)
    for request in requests:
        entry = {
            "method": request["method"],
            "path": unnumbered(request["path"]),
            "query": unnumbered(request.get("query")) or None,
            "body": _body(unnumbered(request.get("body"))) or None,
            "status": request["status"],
        }
        queue = found[_subject(entry)]
        if not (queue and entry["method"] == "GET" and queue[-1] == entry):
            queue.append(entry)
    return dict(found)


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
