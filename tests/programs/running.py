"""Runs a program of ours to its end, as `subprocess.run` would, without paying for its start each time.

The first run that talks to the tenant is an ordinary process, and is asked what it has imported; later ones are forked
from a process that holds all that already. Any other command is run as it is.
"""

import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.programs import forked

_RECORDED = Path(__file__).with_name("recorded.py")
_PROGRAMS = Path(__file__).resolve().parents[2] / "scripts"
# A program that never got as far as the tenant has imported none of the SDK's models, and would teach nothing.
_MODELS = "msgraph.generated.models."
_is_warm = False


def run(
    command: Sequence[str], *, folder: Path, environment: Mapping[str, str], timeout: float | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end; raises ``subprocess.TimeoutExpired``, with the command killed, when it takes longer."""
    program = _program(command)
    if program is None:
        return _run(command, command, folder, environment, timeout)
    with tempfile.TemporaryDirectory() as scratch:
        if _is_warm:
            return _fork(command, program, Path(scratch), folder, environment, timeout)
        modules = Path(scratch) / "modules"
        recorded = [sys.executable, str(_RECORDED), str(modules), program, *command[2:]]
        finished = _run(recorded, command, folder, environment, timeout)
        _learn(modules)
        return finished


def warm_up(modules: Path) -> None:
    """Let later runs find what an earlier one has written down as imported."""
    global _is_warm  # noqa: PLW0603  there is one process to fork from, and it is started once
    forked.warm_up(modules.read_text(encoding="utf-8").splitlines())
    _is_warm = True


def _learn(modules: Path) -> None:
    if modules.exists() and _MODELS in modules.read_text(encoding="utf-8"):
        warm_up(modules)


def _program(command: Sequence[str]) -> str | None:
    """Return the name of the program of ours that a command runs, if it does."""
    if len(command) < 2 or command[0] != sys.executable:
        return None
    script = Path(command[1])
    return script.stem if script.parent == _PROGRAMS and script.suffix == ".py" else None


def _run(
    started: Sequence[str],
    command: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    timeout: float | None,
) -> subprocess.CompletedProcess[str]:
    finished = subprocess.run(
        list(started),
        cwd=folder,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout,
    )
    return subprocess.CompletedProcess(list(command), finished.returncode, finished.stdout, finished.stderr)


def _fork(
    command: Sequence[str],
    program: str,
    scratch: Path,
    folder: Path,
    environment: Mapping[str, str],
    timeout: float | None,
) -> subprocess.CompletedProcess[str]:
    output, errors = scratch / "output", scratch / "errors"
    started = forked.start(program, command[2:], folder=folder, environment=environment, output=output, errors=errors)
    code = started.wait(timeout)
    if code is None:
        started.kill()
        raise subprocess.TimeoutExpired(list(command), timeout or 0)
    said = [each.read_text(encoding="utf-8") if each.exists() else "" for each in (output, errors)]
    return subprocess.CompletedProcess(list(command), code, *said)
