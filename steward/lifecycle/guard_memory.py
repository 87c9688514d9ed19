"""What the guard remembers from look to look: since when it has seen which role, and when it last saw none.

One small file in the tenant's evidence folder, beside the runs and no part of them. A scheduler has to keep the folder
from start to start; without it the guard never sees a role for long, and goes on saying that it could not tell.
"""

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from steward.errors import ConfigError

_NAME = "guard.json"


@dataclass(frozen=True)
class GuardMemory:
    """By role template id, since when a role has been seen, and when the last look before that did not show it.

    `looked` is the last look that could see everything.
    """

    first_seen: Mapping[str, datetime] = field(default_factory=dict)
    last_absent: Mapping[str, datetime] = field(default_factory=dict)
    looked: datetime | None = None

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


def read_memory(folder: Path) -> GuardMemory:
    """Return what is remembered; nothing where there is no file, or none of ours."""
    told: Any = None
    with suppress(OSError, ValueError):
        told = json.loads((folder / _NAME).read_text(encoding="utf-8"))
    if not isinstance(told, dict):
        return NO_MEMORY
    looked = dict(_moments({"looked": told.get("looked")}))
    return GuardMemory(
        dict(_moments(told.get("first_seen"))), dict(_moments(told.get("last_absent"))), looked.get("looked")
    )


def _moments(stamps: Any) -> Iterator[tuple[str, datetime]]:
    for name, stamp in stamps.items() if isinstance(stamps, dict) else ():
        with suppress(ValueError, TypeError):
            # A stamp without a zone cannot be compared.
            yield str(name), datetime.fromisoformat(stamp).astimezone(UTC)


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
