"""Replicas that lag: reads, and references to fresh objects, that find the directory as it was some changes ago.

Entra answers from replicas that catch up on their own time: a GET or a reference right after a create may meet 404, and
lists lag behind single reads (hashicorp/terraform-provider-azuread, consistency.go and changelog, read November 2026).
How long is nowhere promised, so that rules say it, by kind of read. Who asks, and whether they may, is always judged
by the directory as it is.
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

from sandbox.directory.store import Directory
from sandbox.errors import GraphError, bad_request, not_found
from sandbox.state.rows import Rows, as_directory
from sandbox.trouble.lag import LagRule
from sandbox.trouble.selection import is_about

_REMEMBERED = 50  # changes; older ones have reached every replica
# Where the directory keeps what requests name by id; under the same ids, its other fields keep what belongs to these.
_OBJECTS = (
    "access_policies",
    "administrative_units",
    "app_role_assignments",
    "applications",
    "authentication_contexts",
    "authentication_strengths",
    "directory_roles",
    "group_assignment_requests",
    "group_assignment_schedules",
    "group_eligibility_requests",
    "group_eligibility_schedules",
    "groups",
    "named_locations",
    "permission_grants",
    "recycle_bin",
    "role_assignment_requests",
    "role_assignment_schedules",
    "role_assignments",
    "role_eligibility_requests",
    "role_eligibility_schedules",
    "service_principals",
    "users",
)
_LISTED = ("authentication_methods", "federated_credentials")  # lists of objects, by whom they belong to


@dataclass(frozen=True)
class Lookup:
    """A request as the rules look at it; `params` are the ids in its path."""

    route: str
    path: str
    params: Mapping[str, str]
    body: Mapping[str, Any]


@dataclass(frozen=True)
class _Change:
    number: int
    moment: datetime
    before: Rows


class Replicas:
    """The past of one tenant's directory, as far as its rules can ask for it."""

    def __init__(self, rules: Iterable[LagRule] = ()) -> None:
        self.rules = tuple(rules)
        self._changes: deque[_Change] = deque(maxlen=_REMEMBERED)
        self._counted = 0
        self._met: defaultdict[tuple[LagRule, str, int], int] = defaultdict(int)
        self._turns: defaultdict[tuple[LagRule, str], int] = defaultdict(int)

    def remember(self, before: Rows, moment: datetime) -> None:
        """Keep the directory as it was before a change."""
        self._counted += 1
        self._changes.append(_Change(self._counted, moment, before))

    def find_lagging(self, asked: Lookup, live: Directory) -> "Lagging | None":
        """Find the replica that lags which a request meets, if it meets one."""
        named = set(_named(asked, live)) if self.rules else set[str]()
        for rule in self.rules:
            if is_about(rule.route, asked.route) and (not rule.objects or named.intersection(rule.objects)):
                older = self._older(rule, asked.path, live)
                return None if older is None else Lagging(rule, older)
        return None

    def _older(self, rule: LagRule, path: str, live: Directory) -> Directory | None:
        pending = list(self._pending(rule, path, live.clock.now()))
        if not pending:
            return None
        if rule.alternating:
            self._turns[rule, path] += 1
            if self._turns[rule, path] % 2 == 0:
                return None
        for change in pending:
            self._met[rule, path, change.number] += 1
        return as_directory(pending[0].before, live.clock)

    def _pending(self, rule: LagRule, path: str, now: datetime) -> Iterator[_Change]:
        for change in self._changes:
            if rule.seconds is not None:
                if now < change.moment + timedelta(seconds=rule.seconds):
                    yield change
            elif self._met[rule, path, change.number] < (rule.reads or 0):
                yield change


@dataclass(frozen=True)
class Lagging:
    """A replica that lags, met by a request under a rule."""

    rule: LagRule
    older: Directory

    def serve(self, asked: Lookup, live: Directory) -> Directory:
        """Tell the directory that the request is about; a write that names what has not arrived here is refused."""
        if asked.route.startswith("GET "):
            return self.older
        for object_id in _named(asked, live):
            if self._lacks(object_id, live):
                raise not_found(object_id)
        for object_id in _referenced(asked.body):
            if self._lacks(object_id, live):
                raise _not_arrived(self.rule, object_id)
        return live

    def _lacks(self, object_id: str, live: Directory) -> bool:
        return not _places(live, object_id) <= _places(self.older, object_id)


def _named(asked: Lookup, live: Directory) -> Iterator[str]:
    """List the ids in a request's path; users stand there by their logins as well."""
    for value in asked.params.values():
        user = live.find_user(value) if "@" in value else None
        yield value if user is None else str(user["id"])


def _places(directory: Directory, object_id: str) -> frozenset[str]:
    """Tell in which collections an object is."""
    places = {name for name in _OBJECTS if object_id in getattr(directory, name)}
    for name in _LISTED:
        if any(each["id"] == object_id for listed in getattr(directory, name).values() for each in listed):
            places.add(name)
    return frozenset(places)


def _not_arrived(rule: LagRule, object_id: str) -> GraphError:
    if rule.refusal == HTTPStatus.BAD_REQUEST:
        return bad_request("Not a valid reference update.")
    return not_found(object_id)


def _referenced(value: Any) -> Iterator[str]:
    """List the ids that a body may name: every text in it, and the ends of references."""
    if isinstance(value, str):
        yield value.rstrip("/").rsplit("/", maxsplit=1)[-1]
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _referenced(each)
    elif isinstance(value, list):
        for each in value:
            yield from _referenced(each)
