"""The sink that is a program: it reads the secret from its standard input, as `op`, `vault`, `gpg` and `age` can.

The program is started without a shell and without a terminal; arguments and environment never hold the secret. Its word
is its exit code: whatever is not 0 within the time is a failure, and what it says then is shown masked and in short.
"""

import asyncio
import os
import shutil
import signal
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

from steward.errors import FinalRefusalError
from steward.facts import Absent, DeliveryState, Reading, SinkState
from steward.secret import Secret
from steward.sinks.masking import veil
from steward.sinks.sink import Label

# More than this is read and thrown away, so that a program that talks on is not held up.
_KEPT_BYTES = 4096


@dataclass(frozen=True)
class CommandSink:
    """A program and its arguments; `environment` is all that it gets to see of the caller's."""

    words: tuple[str, ...]
    timeout_seconds: float
    environment: Mapping[str, str] = field(repr=False)
    keeps_record: bool = False

    @property
    def _program(self) -> str:
        return self.words[0]

    async def deliver(self, label: Label, secret: Secret) -> str:
        """Run the program with the secret, and nothing after it, on its standard input."""
        filled = {"<name>": label.name, "<time>": f"{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}"}
        words = [self._program]
        for word in self.words[1:]:
            for mark, text in filled.items():
                word = word.replace(mark, text)  # noqa: PLW2901  # filled mark by mark
            words.append(word)
        try:
            process = await asyncio.create_subprocess_exec(
                *words,
                stdin=PIPE,
                stdout=DEVNULL,
                stderr=PIPE,
                env=dict(self.environment),
                start_new_session=True,
            )
        except OSError as error:
            raise self._failure(label, f"{self._program}: {error.strerror}", self._missing) from None
        said = await self._feed(process, label, secret)
        if process.returncode != 0:
            ended = f"{self._program} ended with exit code {process.returncode}"
            raise self._failure(label, f"{ended}: {said}" if said else ended, "run the program by hand, then run again")
        return label.name

    async def _feed(self, process: Process, label: Label, secret: Secret) -> str:
        try:
            async with asyncio.timeout(self.timeout_seconds):
                _, said = await asyncio.gather(_write(process, secret), _read_errors(process))
                await process.wait()
        except TimeoutError:
            raise self._failure(
                label,
                f"{self._program} did not end within {self.timeout_seconds:g} seconds",
                "see that it asks nobody anything, or give it more time (sink.command.timeout_seconds)",
            ) from None
        finally:
            # Whatever the way out, nothing that the program started goes on with the secret.
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
        return veil(said.decode(errors="replace"), secret)

    def _failure(self, label: Label, why: str, next_move: str) -> FinalRefusalError:
        return FinalRefusalError(f"the sink did not take {label.name}", why=why, next_move=next_move)

    @property
    def _missing(self) -> str:
        return f"install {self._program}, or correct sink.command.words in the tenant file"

    async def confirm(self, receipt: str, password_changed: datetime) -> None:
        """Note nothing: a program is asked for nothing but to take a secret."""

    async def probe(self) -> Reading[SinkState]:
        """Look whether the program can be found and run, without running it."""
        found = shutil.which(self._program, path=self.environment.get("PATH", os.defpath))
        where = f"command {self._program}"
        return SinkState(where) if found else SinkState(where, "no such program can be run", self._missing)

    async def read_delivery(self, account_id: str) -> Reading[DeliveryState]:
        """Tell that a program keeps no record of `account_id`."""
        del account_id
        return Absent("the sink's record")


async def _write(process: Process, secret: Secret) -> None:
    if process.stdin is None:
        raise AssertionError("the program was started with a pipe")
    # A program that ends without reading says so by its exit code, or was content without.
    with suppress(BrokenPipeError, ConnectionResetError):
        process.stdin.write(secret.reveal().encode())
        await process.stdin.drain()
    process.stdin.close()


async def _read_errors(process: Process) -> bytes:
    if process.stderr is None:
        raise AssertionError("the program was started with a pipe")
    kept = b""
    while part := await process.stderr.read(_KEPT_BYTES):
        kept = (kept + part)[:_KEPT_BYTES]
    return kept
