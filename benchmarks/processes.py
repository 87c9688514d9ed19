"""What one of our programs costs, as a process of its own: its computing and the most memory that it held."""

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from scripts.environment import child_environment

ROOT = Path(__file__).resolve().parents[1]
_KIB = 1024


@dataclass(frozen=True)
class Cost:
    """Seconds of the processor's time, and bytes of memory at most."""

    computing: float
    memory: int


def run_program(words: Sequence[str], *, out: IO[bytes] | None = None) -> Cost:
    """Run `scripts/<first word>` to its end; raises `RuntimeError` where it does not end well."""
    command = [sys.executable, str(ROOT / "scripts" / words[0]), *words[1:]]
    process = subprocess.Popen(command, cwd=ROOT, env=child_environment(ROOT), stdout=out)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise RuntimeError(f"{words[0]} ended with {process.returncode}")
    # Linux counts in KiB, macOS in bytes.
    memory = used.ru_maxrss * (1 if sys.platform == "darwin" else _KIB)
    return Cost(used.ru_utime + used.ru_stime, memory)
