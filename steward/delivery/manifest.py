"""The small file beside a plan that says which plan it is, for people, for a pipeline, and for whoever applies it.

Whoever applies believes none of it: each of its words is compared with what the plan file itself, the checked-out
tenant file and the state's backend say. What nothing else tells, such as the commit, decides nothing.
"""

import os
from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from steward.errored_state import NAME, StateVersion
from steward.errors import ConfigError, RefusedError

PLAN, JSON, MANIFEST = "plan.tfplan", "plan.json", "manifest.json"
_OURS = (PLAN, JSON, MANIFEST, NAME)
_LARGEST = 64 * 1024
_SHA256 = r"^[0-9a-f]{64}$"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class ManifestState(_Part):
    """Which version of the state was planned against."""

    lineage: str = Field(min_length=1)
    serial: int = Field(ge=0)


class ManifestEngine(_Part):
    """What made the plan: only the same applies it."""

    program: str
    version: str
    provider: str


class Manifest(_Part):
    """One plan: what it is, what it was made from and against, and until when it may be applied.

    `state` is None where there was none yet; `commit` where the project is no repository, or is one with changes.
    """

    format: Literal[1] = 1
    tenant: str
    tenant_id: str
    plan_sha256: str = Field(pattern=_SHA256)
    stack_sha256: str = Field(pattern=_SHA256)
    commit: str | None
    state: ManifestState | None
    engine: ManifestEngine
    made_at: AwareDatetime
    valid_until: AwareDatetime

    @property
    def state_version(self) -> StateVersion | None:
        """Return the version of the state as it is read elsewhere."""
        return StateVersion(self.state.lineage, self.state.serial) if self.state else None


def read_manifest(folder: Path) -> Manifest:
    """Return the manifest in a plan's folder.

    Raises `ConfigError` where there is none, `RefusedError` for one that was changed.
    """
    file = folder / MANIFEST
    try:
        with file.open("rb") as opened:
            content = opened.read(_LARGEST + 1)
    except OSError as error:
        raise ConfigError(
            f"{folder} holds no plan",
            why=f"{MANIFEST} cannot be read: {error.strerror or error}",
            next_move="name the folder that scripts/plan.py has written; a plan that was broken off has no manifest",
        ) from None
    try:
        return Manifest.model_validate_json(content if len(content) <= _LARGEST else b"")
    except ValidationError as error:
        place = ".".join(str(part) for part in error.errors(include_input=False, include_url=False)[0]["loc"])[:80]
        raise RefusedError(
            f"{file} is no manifest of a plan",
            why=f"it was changed or cut off{f', at {place!a}' if place else ''}",
            next_move="plan again, and have the new plan approved",
        ) from None


def make_folder(folder: Path) -> None:
    """Make a plan's folder, for its owner alone; a manifest that lies there already is taken away first.

    A folder that holds other things and no plan is refused: it is somebody's, and would be closed to all others.
    """
    try:
        if folder.is_dir() and any(folder.iterdir()) and not any((folder / name).exists() for name in _OURS):
            raise ConfigError(
                f"{folder} holds other things than a plan",
                why="a plan's folder is for its owner alone, and for one plan",
                next_move="name a folder of its own with --out, such as plans/<tenant>",
            )
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
        (folder / MANIFEST).unlink(missing_ok=True)
    except OSError as error:
        raise ConfigError(
            f"no plan can be written to {folder}",
            why=error.strerror or str(error),
            next_move="name a folder that can be written with --out",
        ) from None


def write_private(file: Path, content: bytes) -> None:
    """Write a file anew, with mode 0600 from its first byte on."""
    try:
        file.unlink(missing_ok=True)
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as opened:
            opened.write(content)
            opened.flush()
            os.fsync(opened.fileno())
    except OSError as error:
        raise ConfigError(
            f"{file} cannot be written",
            why=error.strerror or str(error),
            next_move="make room and the folder writable, then run it again",
        ) from None


def render(manifest: Manifest) -> bytes:
    """Return the manifest as it is written: the same bytes for the same values."""
    return (manifest.model_dump_json(indent=2) + "\n").encode()


def whole_seconds(moment: datetime) -> datetime:
    """Return a moment without fractions, as Terraform dates a plan."""
    return moment.replace(microsecond=0)
