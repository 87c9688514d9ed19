"""What the application was granted, before the first act of a run and at the last look, permission by permission.

Evidence holds ids; names come from the table of known permissions, and an id that is not in it stays an id.
"""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cache
from typing import Any

from steward.papers.record import Entry, Mark, Record, mapping, mappings, text, texts
from steward.wellknown.permissions import KnownPermission, PermissionKind, known_permissions


@dataclass(frozen=True, order=True)
class Grant:
    """One permission: for whom is empty for what the application does as itself."""

    api: str
    permission: str
    kind: str
    for_whom: str


@dataclass(frozen=True)
class GrantChange:
    """A permission with whether it was there at the first look and at the last.

    `between` are the first look that showed one which is in neither, and the look by which it was gone again.
    """

    grant: Grant
    was_there: bool
    is_there: bool
    between: tuple[Mark, ...] = ()


@dataclass(frozen=True)
class Grants:
    """The first look at what the application was granted and the last, and what only looks between them showed."""

    client: str
    client_id: str
    before: Mark
    after: Mark
    changes: tuple[GrantChange, ...]

    @property
    def taken_back(self) -> tuple[GrantChange, ...]:
        """Return what was granted in between and is gone."""
        return tuple(change for change in self.changes if change.between)


@cache
def _by_id() -> Mapping[tuple[str, str, PermissionKind], KnownPermission]:
    return {
        (known.resource_app_id, permission_id, kind): known
        for known in known_permissions().values()
        for kind in PermissionKind
        if (permission_id := known.id_for(kind)) is not None
    }


def find_permission_by_id(app_id: str, permission_id: str, kind: PermissionKind) -> KnownPermission | None:
    """Return the permission that an API grants by this id, if it is known."""
    return _by_id().get((app_id, permission_id, kind))


def find_grants(record: Record) -> Grants | None:
    """Return the first and the last look at the grants; None where no run looked."""
    looks = [(entry, seen) for name in ("grants", "client_grants") for entry, seen in record.sights(name)]
    looks = sorted(((entry, seen) for entry, seen in looks if isinstance(seen, Mapping)), key=lambda look: look[0].mark)
    if not looks:
        return None
    (first, before), (last, after) = looks[0], looks[-1]
    were, are = set(_grants(before)), set(_grants(after))
    between = _find_between(looks, were | are)
    client = mapping(after, "client")
    return Grants(
        text(client, "name"),
        text(client, "app_id"),
        first.mark,
        last.mark,
        tuple(
            GrantChange(grant, grant in were, grant in are, between.get(grant, ()))
            for grant in sorted(were | are | between.keys())
        ),
    )


def _find_between(
    looks: Sequence[tuple[Entry, Mapping[str, Any]]], known: AbstractSet[Grant]
) -> dict[Grant, tuple[Mark, ...]]:
    """Return what neither end shows, with the look that showed it first and the one that showed it no more."""
    found: dict[Grant, tuple[Mark, ...]] = {}
    for entry, seen in looks:
        shown = set(_grants(seen))
        for grant in shown - known:
            found[grant] = (found.get(grant, (entry.mark,))[0],)
        for grant, marks in found.items():
            if grant not in shown and len(marks) == 1:
                found[grant] = (*marks, entry.mark)
    return found


def _grants(seen: Mapping[str, Any]) -> Iterator[Grant]:
    apis = {
        text(resource, "object_id"): (app_id, text(resource, "name"))
        for app_id, resource in mapping(seen, "resources").items()
        if isinstance(resource, Mapping)
    }
    for entry in mappings(seen.get("app_roles")):
        app_id, name = apis.get(text(entry, "resource_id"), ("", text(entry, "resource_id")))
        known = find_permission_by_id(app_id, text(entry, "role_id"), PermissionKind.APPLICATION)
        yield Grant(name, known.value if known else text(entry, "role_id"), "application", "")
    for entry in mappings(seen.get("delegated")):
        _, name = apis.get(text(entry, "resource_id"), ("", text(entry, "resource_id")))
        for_whom = text(entry, "principal_id") or "all principals"
        for scope in texts(entry.get("scopes")):
            yield Grant(name, scope, "delegated", for_whom)
