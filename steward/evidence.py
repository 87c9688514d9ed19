"""What a run saw and did, one JSON line each, in a file of its own under the tenant's evidence folder.

The first line names the hash of the run before, so that a missing file shows. Lines are on disk before the next
act begins; no value that signs in is ever written.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

from steward.errors import ConfigError


class EvidenceFile:
    """An open evidence file; use it as a context manager."""

    def __init__(self, folder: Path, *, actor: str, about: Mapping[str, Any]) -> None:
        run_id = uuid4().hex[:12]
        self.path = folder / f"{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}-{run_id}.jsonl"
        self.failure: str | None = None
        self._actor = actor
        try:
            folder.mkdir(parents=True, exist_ok=True)
            before = sorted(folder.glob("*.jsonl"))
            previous = {"file": before[-1].name, "sha256": hash_file(before[-1])} if before else None
            descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        except OSError as error:
            raise ConfigError(
                f"no evidence can be written to {folder}",
                why=error.strerror or str(error),
                next_move="make the folder writable, or name another under evidence in the tenant file",
            ) from None
        self._file = os.fdopen(descriptor, "w", encoding="utf-8")
        self.record("run", "started", detail={"run": run_id, "previous": previous, **about})

    def record(self, step: str, verb: str, subject: str = "", detail: Mapping[str, Any] | None = None) -> None:
        """Write one line and wait until it is on disk.

        A disk that is full does not stop a demotion: what could not be written stands in `failure`.
        """
        line = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "actor": self._actor,
            "step": step,
            "verb": verb,
            "subject": subject,
            **({"detail": dict(detail)} if detail else {}),
        }
        text = json.dumps(line, ensure_ascii=False, sort_keys=False) + "\n"
        try:
            self._file.write(text)
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            self.failure = error.strerror or str(error)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with suppress(OSError):
            self._file.close()


def hash_file(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
