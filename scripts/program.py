"""What every program of ours has in common: exit codes, errors shown without a traceback, the options they share."""

import argparse
import asyncio
import logging
import signal
import traceback
from collections.abc import Callable, Coroutine, Iterable
from pathlib import Path
from typing import Any, TypeVar

from scripts.console import Console
from steward.errors import ConfigError, ExitCode, StewardError, worse
from steward.pasting import paste

_Thing = TypeVar("_Thing")


def tenant_parser(description: str) -> argparse.ArgumentParser:
    """Return a parser that takes one tenant file and the shared options."""
    parser = shared_parser(description)
    parser.add_argument("tenant", type=Path, help="the tenant file")
    return parser


def shared_parser(description: str) -> argparse.ArgumentParser:
    """Return a parser of the options that every program of ours takes."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.add_argument("--quiet", action="store_true", help="show only what needs somebody")
    return parser


def way_to_close(tenant: Path) -> str:
    """Return what a run that could not even begin says of a role that may be held."""
    file = paste(tenant) if tenant.is_file() else "<tenant file>"
    return (
        f"a role that is held stays held: python scripts/close.py {file} takes it away with a "
        "sign-in alone; where none works, an administrator does in the Entra admin center (Roles and administrators)"
    )


def seconds_between(shortest: float, longest: float) -> Callable[[str], float]:
    """Return how an option's seconds are read; what it returns raises `ValueError` for others than these."""

    def _seconds(text: str) -> float:
        number = float(text)
        if not shortest <= number <= longest:
            raise ValueError(text)
        return number

    return _seconds


_FIRST_PORT, _LAST_PORT = 1024, 65535

# How often a program that waits for somebody may look.
poll_seconds = seconds_between(0.1, 600.0)


def port(text: str) -> int:
    """Read an option's port; raises `ValueError` for one that is none, or that only root may listen at."""
    number = int(text)
    if not _FIRST_PORT <= number <= _LAST_PORT:
        raise ValueError(text)
    return number


def run_program(
    main: Callable[[], ExitCode],
    console: Console,
    *,
    when_interrupted: str = "run again to go on from what the tenant shows",
) -> ExitCode:
    """Run `main`; a failure that a user may meet is shown as such and becomes its exit code.

    `when_interrupted` is told where the run was broken off and has not itself said how it ended.
    """
    # The libraries' own warnings would repeat what an error says, without its next move.
    logging.getLogger("azure").addHandler(logging.NullHandler())
    code = _run(main, console, when_interrupted)
    if not console.unwritten:
        return code
    # A monitor must not take an empty file for a good answer; every other code calls somebody already.
    lost = ConfigError(
        "standard output cannot be written, and the result is not whole",
        why=console.unwritten,
        next_move="make room, or send it elsewhere, and run again",
    )
    console.fail(lost)
    return lost.exit_code if code is ExitCode.WELL else code


def _run(main: Callable[[], ExitCode], console: Console, when_interrupted: str) -> ExitCode:
    try:
        return main()
    except StewardError as error:
        console.fail(error)
        return error.exit_code
    except Exception:  # noqa: BLE001  # the outermost frame: whatever is not a StewardError is a defect of ours
        console.say(traceback.format_exc())
        console.say("this is a defect of ours; nothing that signs in stands above, so please report it whole")
        return ExitCode.DEFECT
    except (KeyboardInterrupt, asyncio.CancelledError):
        console.say(f"interrupted; {when_interrupted}")
        return ExitCode.COULD_NOT_TELL


def run_parsed(parsed: argparse.Namespace, run: Callable[[argparse.Namespace, Console], ExitCode]) -> ExitCode:
    """Run what the arguments ask for, on a console that is as quiet as they want it."""
    console = Console(is_quiet=parsed.quiet)
    return run_program(lambda: run(parsed, console), console)


def take_in_turn(things: Iterable[_Thing], take: Callable[[_Thing], ExitCode], console: Console) -> ExitCode:
    """Take one after another and return the worst exit code: what is wrong with one keeps no other from its turn."""
    code = ExitCode.WELL
    for thing in things:
        try:
            code = worse(code, take(thing))
        except StewardError as error:
            console.fail(error)
            code = worse(code, error.exit_code)
    return code


def run_until_told(
    main: Callable[[], Coroutine[Any, Any, ExitCode]], *, refuses_to_sleep: Console | None = None
) -> ExitCode:
    """Run a coroutine; Ctrl-C, SIGQUIT, SIGTERM and a closed terminal cancel it, so that it closes what it has opened.

    With a console to say so on, Ctrl-Z does not stop it: asleep, it could not close anything at the window's end.
    """

    def stay_awake() -> None:
        if refuses_to_sleep is not None:
            refuses_to_sleep.say("Ctrl-Z does not stop this run, since a role may be held; Ctrl-C closes and ends it")

    async def guarded() -> ExitCode:
        task = asyncio.ensure_future(main())
        loop = asyncio.get_running_loop()
        if refuses_to_sleep is not None:
            loop.add_signal_handler(signal.SIGTSTP, stay_awake)
        for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGHUP):
            # A hang-up that is ignored already (nohup) stays ignored.
            if number is not signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
                loop.add_signal_handler(number, task.cancel)
        return await task

    return asyncio.run(guarded())
