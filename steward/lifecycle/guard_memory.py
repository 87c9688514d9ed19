"""What the guard remembers from look to look: since when it has seen which role, by role template id.

One small file in the tenant's evidence folder, beside the runs and no part of them. A scheduler has to keep the folder
from start to start; without it the guard never sees a role for long, and goes on saying that it could not tell.
"""

import json
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from steward.errors import ConfigError

_NAME = "guard.json"


def read_first_seen(folder: Path) -> Mapping[str, datetime]:
    """Return since when which role has been seen; nothing where there is no file, or none of ours."""
    found: dict[str, datetime] = {}
    with suppress(OSError, ValueError, AttributeError):
        told = json.loads((folder / _NAME).read_text(encoding="utf-8"))
        for role_id, stamp in told["first_seen"].items() if isinstance(told.get("first_seen"), dict) else ():
            with suppress(ValueError, TypeError):
                # A stamp without a zone cannot be compared.
                found[str(role_id)] = datetime.fromisoformat(stamp).astimezone(UTC)
    return found


def remember(folder: Path, seen: Iterable[str], now: datetime) -> None:
    """Keep the first sight of each role that is still seen, and forget the others.

    Raises `ConfigError` where it cannot be kept.
    """
    before = read_first_seen(folder)
    # A clock that was set back, or a file that somebody wrote, must not make a sighting lie ahead.
    after = {role_id: min(before.get(role_id, now), now) for role_id in seen}
    if after == before:
        return
    file, made = folder / _NAME, folder / f".{_NAME}.{os.getpid()}"
    stamps = {role_id: moment.isoformat(timespec="seconds") for role_id, moment in sorted(after.items())}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        made.write_text(json.dumps({"first_seen": stamps}, indent=2) + "\n", encoding="utf-8")
        made.replace(file)
    except OSError as error:
        raise ConfigError(
            f"the guard's memory cannot be written to {folder}",
            why=error.strerror or str(error),
            next_move="make the folder writable, or name another under evidence in the tenant file",
        ) from None
