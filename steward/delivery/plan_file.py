"""What a plan file says of itself: the stack that it was made from, and the state that it was made against.

Both stand in the file that the approved hash is about, so that nothing beside it has to be believed. Terraform and
OpenTofu keep a plan as a ZIP archive and promise nothing about its content: what cannot be read there is refused.
"""

import hashlib
import json
import os
import zipfile
from dataclasses import dataclass
from pathlib import Path

from steward.errored_state import StateVersion, version_of
from steward.errors import ConfigError, RefusedError, UnreadableError

STACK = "cdk.tf.json"
_PIECE = 1024 * 1024
_CONFIGURATION = "tfconfig/m-/"
_STATE = "tfstate"
_LARGEST_MEMBER = 64 * 1024 * 1024


@dataclass(frozen=True)
class PlanFile:
    """What admits a plan: the stack that was planned, and the version of the state; None where there was none yet."""

    stack: bytes
    state: StateVersion | None

    @property
    def stack_sha256(self) -> str:
        """Return the hash of the stack that was planned."""
        return hash_bytes(self.stack)

    @property
    def tenant_id(self) -> str | None:
        """Return the tenant that the stack's provider is configured for."""
        try:
            (provider,) = json.loads(self.stack)["provider"]["azuread"]
            return str(provider["tenant_id"])
        except (ValueError, KeyError, TypeError):
            return None


def hash_bytes(content: bytes) -> str:
    """Return the SHA-256 in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def copy_hashed(source: Path, target: Path) -> str:
    """Copy a file to a new one that only its owner can read, and return the SHA-256 of what was copied."""
    digest = hashlib.sha256()
    try:
        with source.open("rb") as file:
            descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as copy:
                while piece := file.read(_PIECE):
                    digest.update(piece)
                    copy.write(piece)
                copy.flush()
                os.fsync(copy.fileno())
    except OSError as error:
        raise ConfigError(
            f"{source} cannot be copied to {target}",
            why=error.strerror or str(error),
            next_move="name a folder that scripts/plan.py has written, and that can be read",
        ) from None
    return digest.hexdigest()


def read_plan_file(file: Path, *, name: str) -> PlanFile:
    """Return what a plan file says; `name` is what it is called in errors.

    Raises `UnreadableError` for what is no such file, `RefusedError` when it was made from more than one stack.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            configured = sorted(each for each in archive.namelist() if _is_configuration(each))
            stack = _read_member(archive, f"{_CONFIGURATION}{STACK}")
            state = json.loads(_read_member(archive, _STATE))
    except (OSError, zipfile.BadZipFile, KeyError, ValueError, NotImplementedError, RuntimeError) as error:
        raise UnreadableError(
            f"what {name} was made from cannot be told",
            why=f"it is no plan file as Terraform and OpenTofu write them: {error}",
            next_move="plan with an execution mode that runs on this machine, and without encrypting plans",
        ) from None
    if configured != [f"{_CONFIGURATION}{STACK}"]:
        raise RefusedError(
            f"{name} was made from more than the tenant's stack",
            why=f"the configuration in it is {', '.join(configured)}",
            next_move="plan again with scripts/plan.py, in a folder that holds nothing but what was synthesized",
        )
    return PlanFile(stack=stack, state=version_of(state))


def _read_member(archive: zipfile.ZipFile, name: str) -> bytes:
    """Return a part of an archive that has it once; another reader may take the other one of two."""
    (member,) = [each for each in archive.infolist() if each.filename == name] or [archive.getinfo(name)]
    if member.file_size > _LARGEST_MEMBER:
        raise ValueError(f"{name} is too large")
    return archive.read(member)


def _is_configuration(member: str) -> bool:
    return member.startswith("tfconfig/") and not member.endswith(("/", "modules.json"))
