"""What the guard remembers from look to look: since when it has seen which role, and when it last saw none.

One small file in the tenant's evidence folder, beside the runs and no part of them. A scheduler has to keep the folder
from start to start; without it the guard never sees a role for long, and goes on saying that it could not tell.
"""

import json
import os
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from steward.errors import ConfigError

_NAME = "guard.json"
# A few role ids with a moment each; whatever is longer was written by something else.
_MOST_BYTES = 64 * 1024


@dataclass(frozen=True)
class GuardMemory:
    """By role template id, since when a role has been seen, and when the last look before that did not show it.

    `looked` is the last look that could see everything. `unread` says why a file that is there counts for nothing.
    """

    first_seen: Mapping[str, datetime] = field(default_factory=dict)
    last_absent: Mapping[str, datetime] = field(default_factory=dict)
    looked: datetime | None = None
    unread: str | None = None

    def after(self, seen: Iterable[str], now: datetime, *, is_whole: bool) -> "GuardMemory":
        """Return the memory after a look; one that is not `is_whole` forgets nothing, and shows no absence."""
        # A clock that was set back, or a file that somebody wrote, must not make a sighting lie ahead.
        roles = set(seen) if is_whole else {*seen, *self.first_seen}
        first_seen = {role_id: min(self.first_seen.get(role_id, now), now) for role_id in roles}
        absent = {role_id: moment for role_id, moment in self.absences(roles).items() if moment <= now}
        return GuardMemory(first_seen, absent, now if is_whole else self.looked)

    def absences(self, roles: Iterable[str]) -> Mapping[str, datetime]:
        """Return when each role was last not there, as far as it is known: one not seen before, at the last look."""
        moments = {
            role_id: self.last_absent.get(role_id) if role_id in self.first_seen else self.looked for role_id in roles
        }
        return {role_id: moment for role_id, moment in moments.items() if moment is not None}


NO_MEMORY = GuardMemory()


class _Kept(BaseModel):
    """The file's content; a moment without a zone cannot be compared, and is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    first_seen: Mapping[str, AwareDatetime]
    last_absent: Mapping[str, AwareDatetime]
    looked: AwareDatetime | None


def read_memory(folder: Path) -> GuardMemory:
    """Return what is remembered: nothing where there is no file, nothing and the reason where it is none of ours."""
    try:
        content = _read(folder / _NAME)
        kept = _Kept.model_validate_json(content)
        return GuardMemory(
            {role_id: moment.astimezone(UTC) for role_id, moment in kept.first_seen.items()},
            {role_id: moment.astimezone(UTC) for role_id, moment in kept.last_absent.items()},
            kept.looked and kept.looked.astimezone(UTC),
        )
    except FileNotFoundError:
        return NO_MEMORY
    except ValidationError as error:
        return GuardMemory(unread=f"it is none that a guard wrote: {error.errors()[0]['msg']}")
    except (OSError, ValueError, OverflowError) as error:
        # A moment at the edge of the calendar exists in one zone and not in another.
        return GuardMemory(unread=(isinstance(error, OSError) and error.strerror) or str(error))


def _read(file: Path) -> bytes:
    """Return the content of a regular file of a sensible size; whatever else has its name is not waited for."""
    descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as opened:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise ValueError("it is no regular file")
        content = opened.read(_MOST_BYTES + 1)
    if len(content) > _MOST_BYTES:
        raise ValueError(f"it is longer than {_MOST_BYTES} bytes")
    return content


def remember(folder: Path, memory: GuardMemory) -> None:
    """Keep what the next look is to know; raises `ConfigError` where it cannot be kept."""
    file, made = folder / _NAME, folder / f".{_NAME}.{os.getpid()}"
    told = {
        "first_seen": _stamps(memory.first_seen),
        "last_absent": _stamps(memory.last_absent),
        "looked": memory.looked and memory.looked.isoformat(timespec="seconds"),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        made.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
        made.replace(file)
    except OSError as error:
        raise ConfigError(
            f"the guard's memory cannot be written to {folder}",
            why=error.strerror or str(error),
            next_move="make the folder writable, or name another under evidence in the tenant file",
        ) from None


def _stamps(moments: Mapping[str, datetime]) -> dict[str, str]:
    return {name: moment.isoformat(timespec="seconds") for name, moment in sorted(moments.items())}
