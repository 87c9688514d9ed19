"""What a process costs: its computing, its children's included, and the most memory that one of them held."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from scripts.environment import child_environment

ROOT = Path(__file__).resolve().parents[1]
_LAUNCHER = Path(__file__).with_name("launching.py")


@dataclass(frozen=True)
class Cost:
    """Seconds of the processor's time, and bytes of memory at most."""

    computing: float
    memory: int


def run_program(words: Sequence[str], *, out: IO[bytes] | int | None = None) -> Cost:
    """Run `scripts/<first word>` to its end; raises `RuntimeError` where it does not end well."""
    command = [sys.executable, str(ROOT / "scripts" / words[0]), *words[1:]]
    return run(command, environment=child_environment(ROOT), folder=ROOT, out=out)


def run(
    command: Sequence[str],
    *,
    environment: Mapping[str, str],
    folder: Path,
    out: IO[bytes] | int | None = None,
    to_its_first_line: bool = False,
) -> Cost:
    """Run a command to its end, or only until it has said a line; raises `RuntimeError` where it does not end well."""
    lasts = "to-its-first-line" if to_its_first_line else "to-its-end"
    reading, writing = os.pipe()
    with os.fdopen(reading, encoding="utf-8") as told:
        try:
            launcher = [sys.executable, "-I", "-S", str(_LAUNCHER), str(writing), lasts]
            ended = subprocess.run(
                [*launcher, *command], cwd=folder, env=dict(environment), stdout=out, pass_fds=(writing,), check=False
            )
        finally:
            os.close(writing)
        if ended.returncode != 0:
            raise RuntimeError(f"{' '.join(command)} ended with {ended.returncode}")
        return Cost(**json.load(told))
