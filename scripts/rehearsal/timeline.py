"""How long the account held Global Administrator, and for how much of that it could sign in, by the sandbox's journal.

Usable privilege is the role and an enabled account, together; both are followed through every request that took effect,
and so is what changes credentials while the role is held.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from steward.wellknown.roles import GLOBAL_ADMINISTRATOR

_ASSIGNMENTS = "roleManagement/directory/roleAssignments"
_REQUESTS = "roleManagement/directory/roleAssignmentScheduleRequests"
_PASSES = "authentication/temporaryAccessPassMethods"
_SCHEDULED = "scheduled"
_HTTP_ERROR = 400


@dataclass(frozen=True)
class Timeline:
    """Seconds with the role, seconds with the role and an enabled account, and whether the role is held at the end.

    `longest_usable_seconds` is the longest of the times for which it could be used without a break.
    """

    role_held_seconds: float
    usable_privilege_seconds: float
    is_held: bool
    longest_usable_seconds: float = 0.0
    credentials_changed_while_held: tuple[str, ...] = ()


@dataclass
class _Account:
    names: frozenset[str]
    assignments: set[str] = field(default_factory=set)
    is_enabled: bool = False
    scheduled_until: datetime | None = None
    changed: list[str] = field(default_factory=list)

    def ends_before(self, moment: datetime) -> datetime:
        """Return when a role that nothing but a schedule gives ends, if that is before a moment."""
        is_bounded = self.assignments == {_SCHEDULED} and self.scheduled_until is not None
        return min(moment, self.scheduled_until) if is_bounded and self.scheduled_until else moment

    def end(self, now: datetime) -> None:
        """Let Entra ID end a schedule whose time is over."""
        if self.scheduled_until is not None and now >= self.scheduled_until:
            self.assignments.discard(_SCHEDULED)

    def follow(self, entry: Mapping[str, Any]) -> None:
        """Take one request into account; one that was refused changes nothing."""
        if entry["status"] >= _HTTP_ERROR:
            return
        method, body = entry["method"], entry.get("body")
        _, _, path = entry["path"].lstrip("/").partition("/")
        collection, _, key = path.rpartition("/")
        if method == "DELETE":
            # The membership of a directory role is an assignment by another path.
            self.assignments.discard(key if collection == _ASSIGNMENTS else entry.get("deleted", ""))
        if not isinstance(body, Mapping):
            return
        if self.assignments and (what := self._credential(method, collection, key, body)):
            self.changed.append(f"{what} at {entry['time']}")
        if method == "POST" and path == _REQUESTS:
            self._schedule(body)
        elif method == "POST" and path == _ASSIGNMENTS:
            if body.get("principalId") in self.names and body.get("roleDefinitionId") == GLOBAL_ADMINISTRATOR:
                self.assignments.add(entry["created"])
        elif "accountEnabled" in body and (
            (method == "POST" and path == "users" and entry.get("created") in self.names)
            or (method == "PATCH" and collection == "users" and key in self.names)
        ):
            self.is_enabled = bool(body["accountEnabled"])

    def _credential(self, method: str, collection: str, key: str, body: Mapping[str, Any]) -> str | None:
        """Name the credential of the account that a request changes; taking one away changes none."""
        if method == "PATCH" and collection == "users" and key in self.names:
            if "passwordProfile" in body:
                return "password"
            return "enabled" if body.get("accountEnabled") and not self.is_enabled else None
        owner, _, what = f"{collection}/{key}".removeprefix("users/").partition("/")
        return "one-time pass" if method == "POST" and what == _PASSES and owner in self.names else None

    def _schedule(self, body: Mapping[str, Any]) -> None:
        if body.get("principalId") not in self.names or body.get("roleDefinitionId") != GLOBAL_ADMINISTRATOR:
            return
        if body["action"] == "adminRemove":
            self.assignments.discard(_SCHEDULED)
        elif body["action"] == "adminAssign":
            # Counted from the request on, though it comes into force a little later.
            self.assignments.add(_SCHEDULED)
            self.scheduled_until = datetime.fromisoformat(body["scheduleInfo"]["expiration"]["endDateTime"])


def follow(journal: Iterable[Mapping[str, Any]], *, account_id: str, login: str, until: datetime) -> Timeline:
    """Walk through the journal's entries in order; `until` ends a role that is still held."""
    account = _Account(frozenset({account_id, login}))
    held = usable = stretch = longest = 0.0
    last: datetime | None = None
    moments = [*((datetime.fromisoformat(entry["time"]), entry) for entry in journal), (until, None)]
    for moment, entry in moments:
        if last is not None and account.assignments:
            seconds = max(0.0, (account.ends_before(moment) - last).total_seconds())
            held += seconds
            if account.is_enabled:
                usable += seconds
                stretch += seconds
                longest = max(longest, stretch)
        last = moment
        account.end(moment)
        if entry is not None:
            account.follow(entry)
        if not (account.assignments and account.is_enabled):
            stretch = 0.0
    return Timeline(held, usable, bool(account.assignments), longest, tuple(account.changed))


def longest_token_of(journal: Iterable[Mapping[str, Any]], account_id: str) -> int:
    """Return the life in seconds of the longest-lived token that was issued to the account, 0 for none."""
    issued = [entry["issued"] for entry in journal if entry.get("issued")]
    return max((token["seconds"] for token in issued if token["principal"] == account_id), default=0)


def count_writes(journal: Iterable[Mapping[str, Any]]) -> int:
    """Return how many requests could have changed the tenant; asking What-If and signing in change nothing."""
    return sum(
        entry["method"] != "GET" and not entry["path"].endswith(("/evaluate", "/oauth2/v2.0/token"))
        for entry in journal
    )


def count_graph_requests(journal: Iterable[Mapping[str, Any]]) -> int:
    """Return how many requests went to Microsoft Graph."""
    return sum(entry["path"].startswith(("/v1.0/", "/beta/")) for entry in journal)
