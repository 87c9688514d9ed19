"""What Terraform says when something fails: the diagnostics of its `-json` output, or its words where it has no other.

A lock that somebody else holds and a state that could not be written are told apart from everything else: both have a
next move of their own, and Terraform's words beside them would lead to switching the lock off.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

LOCKED = "Error acquiring the state lock"
NOT_PERSISTED = "Failed to persist state to backend"
STALE = "Saved plan is stale"

# Terraform and OpenTofu write a lock down the same way for every backend; there is no other form than text.
_LOCK_INFO = "Lock Info:"
_ADVICE = "Terraform acquires a state lock"
_LOCK_LINE = re.compile(r"^\s*(ID|Operation|Who|Created):[ \t]+(\S.*?)\s*$", re.MULTILINE)
# The http backend names the holder's lock here, and nothing else of it.
_LOCK_ID = re.compile(r"\bID=([\w-]+)")
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d(?:\.\d{1,6})?)")
_FRAME = re.compile(r"\x1b\[[0-9;]*m|[│╷╵]")


@dataclass(frozen=True)
class LockHolder:
    """Who holds the lock of a state, as its backend tells; empty where it does not."""

    lock_id: str = ""
    operation: str = ""
    who: str = ""
    created: str = ""

    def __str__(self) -> str:
        lock = f" (lock {self.lock_id})" if self.lock_id else ""
        if not self.who:
            return f"its backend does not tell who holds it{lock}"
        operation = self.operation.removeprefix("OperationType").lower() or "something"
        return f"{self.who} holds it for {operation}, since {self.created}{lock}"


def unframe(words: str) -> str:
    """Return what Terraform wrote for people, without its colours and frames."""
    return "\n".join(line.strip() for line in _FRAME.sub("", words).splitlines() if line.strip())


def diagnose(words: str) -> list[Mapping[str, Any]]:
    """Return the diagnostic in words for people, of commands that know no JSON: of a lock, and of nothing else."""
    plain = unframe(words)
    return [{"summary": LOCKED, "detail": plain.partition(LOCKED)[2]}] if LOCKED in plain else []


def find_lock(diagnostics: Sequence[Mapping[str, Any]], began: datetime | None) -> LockHolder | None:
    """Return who holds the lock on which a command failed; None where it failed on something else.

    Some backends (pg, http) show the command's own attempt in the holder's place: what was created after it `began` is
    that, and so may be anything where nobody knows when it began.
    """
    for entry in diagnostics:
        if entry.get("summary") == LOCKED:
            message, _, info = str(entry.get("detail", "")).partition(_LOCK_INFO)
            told = dict(_LOCK_LINE.findall(info.partition(_ADVICE)[0]))
            created = _moment(told.get("Created", ""))
            if began is not None and created is not None and created < began:
                when = created.strftime("%Y-%m-%d %H:%M:%S UTC")
                return LockHolder(told.get("ID", ""), told.get("Operation", ""), told.get("Who", ""), when)
            named = _LOCK_ID.search(message)
            return LockHolder(named[1] if named else "")
    return None


def is_said(diagnostics: Sequence[Mapping[str, Any]], summary: str) -> bool:
    """Return whether one of the diagnostics has this summary."""
    return any(entry.get("summary") == summary for entry in diagnostics)


def join_reasons(diagnostics: Sequence[Mapping[str, Any]], began: datetime | None) -> str:
    """Return the errors in one line; a lock is told by its holder, without the option that would pass it over."""
    return "; ".join(_reason(entry, began) for entry in diagnostics)


def _reason(entry: Mapping[str, Any], began: datetime | None) -> str:
    holder = find_lock([entry], began)
    if holder is not None:
        return f"the state is locked: {holder}"
    return f"{entry.get('summary', '')}: {' '.join(str(entry.get('detail', '')).split())}"


def _moment(text: str) -> datetime | None:
    """Return the moment in the ways that Go writes one, in UTC as locks are; None where there is none."""
    match = _MOMENT.match(text)
    try:
        return datetime.fromisoformat(f"{match[1]}T{match[2]}").replace(tzinfo=UTC) if match else None
    except ValueError:
        return None
