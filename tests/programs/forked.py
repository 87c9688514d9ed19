"""Starts our programs as processes of their own that cost no start-up: forked from one that has imported them already.

What is forked runs `main` of `scripts/<program>.py` with its own folder, environment and output, and ends or is killed
as any process does. Importing msgraph-sdk's models is most of what a short run costs.
"""

import importlib
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.context import ForkServerProcess
from pathlib import Path

_STARTS = get_context("forkserver")
# msgraph-sdk imports its thousands of models when they are first asked for; what the programs were seen to use.
_PREFIXES = ("azure", "httpx", "kiota", "msal", "msgraph", "scripts", "steward")


@dataclass(frozen=True)
class Started:
    """A program that runs, and the file that it writes to."""

    process: ForkServerProcess
    output: Path

    @property
    def code(self) -> int | None:
        """Return the exit code, negative for a signal, None while it runs."""
        return self.process.exitcode

    def wait(self, seconds: float | None) -> int | None:
        """Wait for the end, at most so many seconds, and return the exit code; None when it has not come in time."""
        self.process.join(seconds)
        return self.process.exitcode

    def kill(self) -> None:
        """Kill it with everything that it has started, as when the machine dies."""
        pid = self.process.pid
        assert pid is not None
        for each in (pid, *_descendants(pid)):
            with suppress(ProcessLookupError):
                os.kill(each, signal.SIGKILL)
        self.process.join()

    def words(self) -> str:
        """Return what it has written."""
        return self.output.read_text(encoding="utf-8", errors="replace") if self.output.exists() else ""


def warm_up(modules: Sequence[str]) -> None:
    """Name what the programs import, for later ones to find it imported; counts before the first start only."""
    _STARTS.set_forkserver_preload([each for each in modules if each.startswith(_PREFIXES)])


def start(
    program: str,
    arguments: Sequence[str],
    *,
    folder: Path,
    environment: Mapping[str, str],
    output: Path,
    errors: Path | None = None,
) -> Started:
    """Start `scripts/<program>.py` in a folder; errors go where the output goes, or to a file of their own."""
    given = (program, [*arguments], folder, dict(environment), output, errors or output)
    process = _STARTS.Process(target=_run, args=given)
    process.start()
    return Started(process, output)


def start_command(command: Sequence[str], *, folder: Path, environment: Mapping[str, str], output: Path) -> Started:
    """Start any other command as our programs are started."""
    process = _STARTS.Process(target=_execute, args=([*command], folder, dict(environment), output))
    process.start()
    return Started(process, output)


def _run(
    program: str, arguments: list[str], folder: Path, environment: dict[str, str], output: Path, errors: Path
) -> None:
    _settle_in(folder, output, errors)
    os.environ.clear()
    os.environ.update(environment)
    module = importlib.import_module(f"scripts.{program}")
    sys.argv = [str(module.__file__), *arguments]
    sys.exit(int(module.main(arguments)))


def _execute(command: list[str], folder: Path, environment: dict[str, str], output: Path) -> None:
    _settle_in(folder, output, output)
    os.execve(command[0], command, environment)  # noqa: S606  # no shell is wanted


def _settle_in(folder: Path, output: Path, errors: Path) -> None:
    os.setsid()
    os.chdir(folder)
    for number, file in ((1, output), (2, errors)):
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(descriptor, number)
        os.close(descriptor)


def _descendants(pid: int) -> list[int]:
    parents: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, ValueError, IndexError):
            # The name in brackets may hold anything; the state and the parent follow the last bracket.
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
    found = [pid]
    for each in found:
        found += [child for child, parent in parents.items() if parent == each]
    return found[1:]
