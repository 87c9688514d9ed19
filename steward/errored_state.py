"""The state that Terraform could not write to its backend: it leaves it as `errored.tfstate` in the stack's folder.

Whoever plans before it is pushed back plans without what the apply before has made. It holds values in clear.
"""

import json
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

NAME = "errored.tfstate"
_CONTENT = ("resources", "outputs")


@dataclass(frozen=True)
class StateVersion:
    """Which state, and how often it was written; Terraform's own words for it are lineage and serial."""

    lineage: str
    serial: int


@dataclass(frozen=True)
class ErroredState:
    """The file and what is in it; `state` is None where that is no state.

    A state that no backend has ever had is without lineage.
    """

    file: Path
    state: dict[str, Any] | None

    @property
    def version(self) -> StateVersion | None:
        """Return which version it is; None where it was in no backend yet, or is no state."""
        return version_of(self.state)

    def is_contained_in(self, state: Any) -> bool:
        """Return whether the backend's state is this one; its serial may be higher, by the push itself."""
        kept = version_of(state)
        if self.state is None or kept is None or any(self.state.get(part) != state.get(part) for part in _CONTENT):
            return False
        return self.version is None or (self.version.lineage == kept.lineage and self.version.serial <= kept.serial)

    def follows(self, state: Any) -> bool:
        """Return whether this is a later version of the backend's state, or the first where there is none."""
        kept = version_of(state)
        if self.state is None or kept is None:
            return self.state is not None
        return self.version is not None and self.version.lineage == kept.lineage and self.version.serial > kept.serial

    def is_past(self, state: Any) -> bool:
        """Return whether the backend's state is as new as this one, or newer."""
        kept = version_of(state)
        if self.version is None or kept is None:
            return self.is_contained_in(state)
        return self.version.lineage == kept.lineage and self.version.serial <= kept.serial

    def discard(self) -> None:
        """Take the file away."""
        self.file.unlink(missing_ok=True)


def find_errored(folder: Path) -> ErroredState | None:
    """Return what lies in a folder, from now on for its owner alone; None where there is nothing."""
    file = folder / NAME
    if not file.is_file():
        return None
    state = None
    # What cannot be read is there all the same, and is told as what nobody can compare.
    with suppress(OSError, ValueError):
        file.chmod(0o600)
        state = json.loads(file.read_bytes())
    is_state = isinstance(state, dict) and isinstance(state.get("resources"), list)
    return ErroredState(file.resolve(), state if is_state else None)


def find_newer(folder: Path, state: Any) -> Path | None:
    """Return the file when what it holds is newer than `state`, the backend's, or cannot be compared with it."""
    errored = find_errored(folder)
    return None if errored is None or errored.is_past(state) else errored.file


def version_of(state: Any) -> StateVersion | None:
    """Return the version of a state as `terraform state pull` shows it; None where there is none yet.

    Some backends (pg) then show a state without lineage.
    """
    match state:
        case {"lineage": str(lineage), "serial": int(serial)} if lineage:
            return StateVersion(lineage, serial)
    return None
