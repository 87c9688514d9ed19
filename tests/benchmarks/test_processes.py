"""What a process costs is its own and its children's, and nothing of whoever measures it."""

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.processes import Cost, run
from scripts.environment import child_environment

MIB = 1024 * 1024


def cost(script: str, folder: Path, *, to_its_first_line: bool = False) -> Cost:
    command = [sys.executable, "-I", "-S", "-c", script]
    environment = child_environment(folder)
    out = subprocess.DEVNULL
    return run(command, environment=environment, folder=folder, out=out, to_its_first_line=to_its_first_line)


def test_memory_of_whoever_measures_is_not_counted(tmp_path: Path) -> None:
    held = bytearray(b"x" * 200 * MIB)
    assert cost("pass", tmp_path).memory < 50 * MIB
    assert len(held) == 200 * MIB


def test_memory_and_computing_of_a_child_are_counted(tmp_path: Path) -> None:
    work = "held = bytearray(b'x' * 80 * 1024 * 1024); sum(range(4_000_000))"
    idle, busy = (
        cost("pass", tmp_path),
        cost(
            f"import subprocess, sys; subprocess.run([sys.executable, '-I', '-S', '-c', {work!r}], check=True)",
            tmp_path,
        ),
    )
    assert busy.memory - idle.memory > 60 * MIB
    assert busy.computing - idle.computing > 0.03


def test_process_that_waits_is_ended_at_its_first_line(tmp_path: Path) -> None:
    waiting = "import sys; print('ready', flush=True); sys.stdin.read()"
    assert 0 < cost(waiting, tmp_path, to_its_first_line=True).memory < 50 * MIB


@pytest.mark.parametrize("script", ["raise SystemExit(3)", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"])
def test_process_that_does_not_end_well_is_told(script: str, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="ended with"):
        cost(script, tmp_path)


def test_process_that_ends_without_a_line_is_told(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="ended with 1"):
        cost("pass", tmp_path, to_its_first_line=True)
