"""Symbols for what differs from run to run: ids, the tenant, the base URL, times.

``Symbols`` knows the actual value of each symbol. It puts actual values into a recorded configuration or request, and
symbols into what is seen. Ids of resources are learned from the state after each step; a further id at the same address
is the resource's next incarnation (``#2``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(\.\d+)?Z")
# The mail nickname that the provider makes up for a security group: the first of a uuid.
_NICKNAME = re.compile(r"[0-9a-f]{8}-[0-9a-f]")
_NUMBERED = re.compile(r"\{(uuid|password(#\d+)?\.key_id)(\.\d+)?\}")
_NUMBERED_NICKNAME = re.compile(r"\{random\.mail_nickname\.\d+\}")
# A delegated grant's id is made of client, resource and principal: granted again, it is the same. The recorded server
# made a new one.
_DERIVED = re.compile(r"\{(service_principal_delegated_permission_grant\.[^.#{}]+)(?:#\d+)?\.id\}")
# Resources that have no id of their own: a membership has its member's.
_NAMELESS = ("azuread_group_member.", "data.")


class Symbols:
    """The symbols of one run; ``literal`` are the texts whose uuids and times are written out in the recording."""

    def __init__(self, known: Mapping[str, str], *, literal: Iterable[str]) -> None:
        self._actual = dict(known)
        self._incarnations: dict[str, int] = {}
        self._pattern: re.Pattern[str] | None = None
        self._names: dict[str, str] = {}
        texts = tuple(literal)
        self._literal = {found.lower() for text in texts for found in _UUID.findall(text)}
        self._literal_times = {found.group() for text in texts for found in _TIME.finditer(text)}

    def actual(self, recorded: Any) -> Any:
        """Return a recorded value with actual values for its symbols; raises KeyError for one not known yet."""
        if isinstance(recorded, str):
            return re.sub(r"\{([a-z_]+[^{}\s\"$]*)\}", self._replacement, recorded)
        if isinstance(recorded, Mapping):
            return {key: self.actual(value) for key, value in recorded.items()}
        if isinstance(recorded, list | tuple):
            return [self.actual(item) for item in recorded]
        return recorded

    def _replacement(self, match: re.Match[str]) -> str:
        # A template of Terraform's own (`${…}`) is no symbol; the dollar stands before the brace.
        if match.string[: match.start()].endswith("$"):
            return match.group()
        name = match.group(1)
        if name not in self._actual and _DERIVED.fullmatch(match.group()):
            incarnations = (
                known for known in self._actual if derived_once(f"{{{known}}}") == derived_once(match.group())
            )
            name = max(incarnations, key=len, default=name)
        return self._actual[name]

    def symbolic(self, seen: Any) -> Any:
        """Return what was seen with symbols for actual values, and ``{uuid}`` and ``{time}`` for unknown ones."""
        if isinstance(seen, str):
            return self._symbolic_text(seen)
        if isinstance(seen, Mapping):
            return {self._symbolic_text(key): self.symbolic(value) for key, value in seen.items()}
        if isinstance(seen, list | tuple):
            return [self.symbolic(item) for item in seen]
        return seen

    def _symbolic_text(self, text: str) -> str:
        if _NICKNAME.fullmatch(text):
            return "{random.mail_nickname}"
        text = self._known().sub(lambda found: self._names[found.group()], text)
        text = _UUID.sub(lambda found: found.group() if found.group().lower() in self._literal else "{uuid}", text)
        text = _TIME.sub(lambda found: found.group() if found.group() in self._literal_times else "{time}", text)
        return derived_once(text)

    def _known(self) -> re.Pattern[str]:
        """Return the pattern of all known values, the longest first; the first symbol of a value counts."""
        if self._pattern is None:
            self._names = {value: f"{{{name}}}" for name, value in reversed(self._actual.items())}
            longest_first = sorted(self._names, key=len, reverse=True)
            self._pattern = re.compile("|".join(re.escape(value) for value in longest_first) or r"(?!)")
        return self._pattern

    def learn(self, state: Mapping[str, Mapping[str, Any]]) -> None:
        """Take the ids of new objects from a state's attributes by address."""
        for address, values in state.items():
            if address.startswith(_NAMELESS):
                continue
            resource = address.removeprefix("azuread_")
            known = set(self._actual.values())
            ids = {"id": _last_part(str(values["id"])), "client_id": values.get("client_id")}
            if ids["id"] in known:
                continue
            number = self._incarnations[resource] = self._incarnations.get(resource, 0) + 1
            suffix = f"#{number}" if number > 1 else ""
            for name, value in ids.items():
                if value and value not in known:
                    self._actual[f"{resource}{suffix}.{name}"] = value
                    self._pattern = None


def _last_part(state_id: str) -> str:
    return state_id.rsplit("/", 1)[-1]


def derived_once(text: str) -> str:
    """Return a text in which all incarnations are one of what Entra makes no new id for."""
    return _DERIVED.sub(r"{\1.id}", text)


def unnumbered(recorded: Any) -> Any:
    """Return a recorded value in which made-up texts of one kind are alike: their numbers say only what came first."""
    if isinstance(recorded, str):
        return _NUMBERED_NICKNAME.sub("{random.mail_nickname}", _NUMBERED.sub("{uuid}", derived_once(recorded)))
    if isinstance(recorded, Mapping):
        return {unnumbered(key): unnumbered(value) for key, value in recorded.items()}
    if isinstance(recorded, list | tuple):
        return [unnumbered(item) for item in recorded]
    return recorded
