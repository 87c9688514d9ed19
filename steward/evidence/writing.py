"""What a run saw and did, one JSON line each, in a file of its own under the tenant's evidence folder.

Each line carries the hash of the line before, and the first line names the runs before, so that what was changed or
taken away afterwards shows. Lines are on disk before the next act begins; no value that signs in is ever written.
"""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

from steward.errors import ConfigError
from steward.evidence.chain import find_open_ends, hash_line, hold


class EvidenceFile:
    """An open evidence file; use it as a context manager, which writes the line that closes it."""

    def __init__(self, folder: Path, *, actor: str, about: Mapping[str, Any]) -> None:
        run_id = uuid4().hex[:12]
        self.path = folder / f"{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}-{run_id}.jsonl"
        self.failure: str | None = None
        self._actor = actor
        self._before: str | None = None
        self._lines = self._size = self._lost = 0
        self._is_ended = self._is_broken = False
        self._digest = hashlib.sha256()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            previous = [asdict(link) for link in find_open_ends(folder)]
            self._descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
            hold(self._descriptor)
        except OSError as error:
            raise ConfigError(
                f"no evidence can be written to {folder}",
                why=error.strerror or str(error),
                next_move="make the folder writable, or name another under evidence in the tenant file",
            ) from None
        _keep_name(folder)
        self.record("run", "started", detail={"run": run_id, "previous": previous, **about})

    @property
    def sha256(self) -> str:
        """Return the hash of the file as it is written so far; once closed, the anchor to keep elsewhere."""
        return self._digest.hexdigest()

    def record(
        self,
        step: str,
        verb: str,
        subject: str = "",
        detail: Mapping[str, Any] | None = None,
        answers: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        """Write one line and wait until it is on disk; `answers` are Graph's, with their request ids.

        A disk that is full does not stop a demotion: what could not be written stands in `failure`, and the next line
        that can be written says how many are lost.
        """
        self._is_ended = self._is_ended or (step, verb) == ("run", "ended")
        line = {
            "line": self._lines + 1,
            "before": self._before,
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "actor": self._actor,
            "step": step,
            "verb": verb,
            "subject": subject,
            **({"detail": dict(detail)} if detail else {}),
            **({"answers": [dict(answer) for answer in answers]} if answers else {}),
            **({"lost": self._lost} if self._lost else {}),
        }
        # A name that is no Unicode text, such as a folder's, must not keep a run from its next act.
        self._write((json.dumps(line, ensure_ascii=False) + "\n").encode("utf-8", errors="backslashreplace"))

    def _write(self, line: bytes) -> None:
        if self._is_broken:
            return
        try:
            written = 0
            while written < len(line):
                written += os.write(self._descriptor, line[written:])
            os.fsync(self._descriptor)
        except OSError as error:
            self.failure = error.strerror or str(error)
            self._lost += 1
            self._take_back()
            return
        self._lines += 1
        self._size += len(line)
        self._before = hash_line(line)
        self._digest.update(line)
        self._lost = 0

    def _take_back(self) -> None:
        """Cut off what was written of a line; where that fails too, nothing may be written behind it."""
        try:
            os.ftruncate(self._descriptor, self._size)
        except OSError:
            self._is_broken = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if kind is not None and not self._is_ended:
            self.record("run", "broken off", detail={"by": kind.__name__})
        # It says nothing, so that the line before it, which says how the run ended, is bound like all others.
        self.record("run", "closed")
        with suppress(OSError):
            os.close(self._descriptor)


def _keep_name(folder: Path) -> None:
    """Have the folder's entry on disk, too; some file systems do not let a folder be synchronised, and need no help."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
