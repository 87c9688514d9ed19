"""How long the account held Global Administrator, and for how much of that it could sign in, by the journal.

Usable privilege is the role and an enabled account, together; both are followed through every request that took effect.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from steward.wellknown.roles import GLOBAL_ADMINISTRATOR

_ASSIGNMENTS = "/v1.0/roleManagement/directory/roleAssignments"
_HTTP_ERROR = 400


@dataclass(frozen=True)
class Timeline:
    """Seconds with the role, seconds with the role and an enabled account, and whether the role is held at the end."""

    role_held_seconds: float
    usable_privilege_seconds: float
    is_held: bool


def follow(journal: Iterable[Mapping[str, Any]], account_id: str, *, until: datetime) -> Timeline:
    """Walk through the journal's entries in order; `until` ends a role that is still held."""
    held_ids: set[str] = set()
    is_enabled = False
    held = usable = 0.0
    last: datetime | None = None
    for entry in journal:
        now = datetime.fromisoformat(entry["time"])
        if last is not None and held_ids:
            held += (now - last).total_seconds()
            usable += (now - last).total_seconds() if is_enabled else 0.0
        last = now
        if entry["status"] >= _HTTP_ERROR:
            continue
        is_enabled = _enabled_after(entry, account_id, is_enabled=is_enabled)
        _follow_role(entry, account_id, held_ids)
    if last is not None and held_ids:
        held += (until - last).total_seconds()
        usable += (until - last).total_seconds() if is_enabled else 0.0
    return Timeline(round(held, 1), round(usable, 1), bool(held_ids))


def _enabled_after(entry: Mapping[str, Any], account_id: str, *, is_enabled: bool) -> bool:
    body = entry.get("body")
    if not isinstance(body, Mapping) or "accountEnabled" not in body:
        return is_enabled
    creates = entry["method"] == "POST" and entry["path"].endswith("/users")
    changes = entry["method"] == "PATCH" and entry["path"].endswith(f"/users/{account_id}")
    return bool(body["accountEnabled"]) if creates or changes else is_enabled


def _follow_role(entry: Mapping[str, Any], account_id: str, held_ids: set[str]) -> None:
    body = entry.get("body")
    if entry["method"] == "POST" and entry["path"] == _ASSIGNMENTS and isinstance(body, Mapping):
        if body.get("principalId") == account_id and body.get("roleDefinitionId") == GLOBAL_ADMINISTRATOR:
            held_ids.add("any")
    elif entry["method"] == "DELETE" and entry["path"].startswith(f"{_ASSIGNMENTS}/"):
        held_ids.clear()


def count_writes(journal: Iterable[Mapping[str, Any]]) -> int:
    """Return how many requests could have changed the tenant; asking What-If and signing in change nothing."""
    return sum(
        entry["method"] != "GET" and not entry["path"].endswith(("/evaluate", "/oauth2/v2.0/token"))
        for entry in journal
    )


def count_graph_requests(journal: Iterable[Mapping[str, Any]]) -> int:
    """Return how many requests went to Microsoft Graph."""
    return sum(entry["path"].startswith(("/v1.0/", "/beta/")) for entry in journal)
