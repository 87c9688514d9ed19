"""Terraform's local state after a write that was killed.

Terraform empties the file before it writes it anew, so that a kill in between leaves it empty, and a stack whose state
is empty looks as if it had never been deployed. What stood in it is in the backup beside it.
"""

import fcntl
import json
import os
from contextlib import suppress
from pathlib import Path


def find_emptied(stack_folder: Path) -> Path | None:
    """Return a local state file that is empty beside a sound backup; None in all else."""
    state = _local_state(stack_folder)
    if state is None or not state.is_file() or state.stat().st_size:
        return None
    return None if _sound(_backup_of(state)) is None else state


def restore_emptied(stack_folder: Path) -> Path | None:
    """Put the backup's content back into a local state file that is empty, and return the file; None in all else.

    A file that a running Terraform has locked is left alone, and so is one without a sound backup.
    """
    state = find_emptied(stack_folder)
    content = _sound(_backup_of(state)) if state is not None else None
    if state is None or content is None:
        return None
    with suppress(OSError), state.open("r+b") as file:
        # The lock that Terraform itself takes on this file while it works; whoever has it is about to write.
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.fstat(file.fileno()).st_size == 0:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            return state
    return None


def _local_state(stack_folder: Path) -> Path | None:
    try:
        stack = json.loads((stack_folder / "cdk.tf.json").read_text(encoding="utf-8"))
        path = stack["terraform"]["backend"]["local"]["path"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return stack_folder / str(path)


def _backup_of(state: Path) -> Path:
    return state.with_name(f"{state.name}.backup")


def _sound(backup: Path) -> bytes | None:
    try:
        content = backup.read_bytes()
        state = json.loads(content)
    except (OSError, ValueError):
        return None
    return content if isinstance(state, dict) and state.get("resources") else None
