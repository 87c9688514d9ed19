"""What a life cost, by the sandbox's journal and its clock: privilege, tokens, requests.

A request is necessary that changes the tenant, or that asks something for the first time since the last change.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from scripts.rehearsal.timeline import count_graph_requests, follow, longest_token_of

_ERROR = 400


@dataclass(frozen=True)
class Figures:
    """The figures of one life; times in seconds on the sandbox's clock."""

    role_held: float
    usable_privilege: float
    longest_token: int
    is_held_at_the_end: bool
    requests: int
    necessary_requests: int


def figures_of(journal: Iterable[Mapping[str, Any]], *, account_id: str, login: str, until: datetime) -> Figures:
    """Draw the figures from the journal of one life; `until` ends a role that is still held."""
    entries = list(journal)
    timeline = follow(entries, account_id=account_id, login=login, until=until.astimezone(UTC))
    return Figures(
        role_held=timeline.role_held_seconds,
        usable_privilege=timeline.usable_privilege_seconds,
        longest_token=longest_token_of(entries, account_id),
        is_held_at_the_end=timeline.is_held,
        requests=count_graph_requests(entries),
        necessary_requests=count_necessary_requests(entries),
    )


def count_necessary_requests(journal: Iterable[Mapping[str, Any]]) -> int:
    """Count changes that took effect, and questions that had not been asked since the last change."""
    asked: set[tuple[str, ...]] = set()
    count = 0
    for entry in journal:
        if not entry["path"].startswith(("/v1.0/", "/beta/")) or entry["status"] >= _ERROR:
            continue
        if entry["method"] != "GET" and not entry["path"].endswith("/evaluate"):
            asked.clear()
            count += 1
            continue
        question = (entry["path"], str(sorted(entry["query"].items())), str(entry["body"]))
        count += question not in asked
        asked.add(question)
    return count
