"""Runs a user's commands for the rehearsal, each with a log file of its own, and says which one failed and why."""

import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from steward.errors import ConfigError, RefusedError


@dataclass(frozen=True)
class Finished:
    """A command that ended: exit code, what it wrote, and how long it took in seconds."""

    code: int
    output: str
    seconds: float


@dataclass
class Commands:
    """Runs commands in one folder; `seconds` keeps how long each took."""

    folder: Path
    logs: Path
    announce: Callable[[str, float], object]
    seconds: dict[str, float] = field(default_factory=dict)

    def run(
        self,
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str],
        *,
        expect: frozenset[int] = frozenset({0}),
    ) -> Finished:
        """Run a command; raises `RefusedError` with the log's name when it ends otherwise than expected."""
        self.logs.mkdir(parents=True, exist_ok=True)
        log = self.logs / f"{name}.log"
        started = time.monotonic()
        try:
            finished = subprocess.run(
                list(command),
                cwd=self.folder,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
            )
        except OSError as error:
            raise ConfigError(
                f"{command[0]} cannot be started",
                why=error.strerror or str(error),
                next_move="run make set-up, and put .venv/bin and .toolchain/bin on PATH (make rehearse does both)",
            ) from None
        log.write_text(finished.stdout + finished.stderr, encoding="utf-8")
        seconds = time.monotonic() - started
        self.seconds[name] = round(seconds, 1)
        self.announce(name, seconds)
        if finished.returncode not in expect:
            raise RefusedError(
                f"{name} ended with exit code {finished.returncode}",
                why=_last_words(log),
                next_move=f"read {log}",
            )
        return Finished(finished.returncode, finished.stdout, seconds)


def _last_words(log: Path, lines: int = 12) -> str:
    return "\n        ".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
