"""The operator's word that a person has signed in: given with the command, or by pressing Enter at the terminal."""

import asyncio
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_LONGEST_LINE = 4096


def can_hear_operator() -> bool:
    """Return whether somebody at a terminal could press Enter."""
    return bool(sys.stdin) and sys.stdin.isatty()


@contextmanager
def hear_operator(*, is_given: bool) -> Iterator[asyncio.Event]:
    """Yield an event that is set once the operator gives his word; without a terminal only the command can give it."""
    word = asyncio.Event()
    if is_given:
        word.set()
    if not can_hear_operator():
        yield word
        return
    loop, terminal = asyncio.get_running_loop(), sys.stdin.fileno()

    def hear() -> None:
        # A program in the background that read its terminal would be stopped, with the role held.
        if _is_in_background(terminal) or not _read_line(terminal):
            loop.remove_reader(terminal)
        else:
            word.set()

    loop.add_reader(terminal, hear)
    try:
        yield word
    finally:
        loop.remove_reader(terminal)


def _is_in_background(terminal: int) -> bool:
    try:
        return os.tcgetpgrp(terminal) != os.getpgrp()
    except OSError:
        # It is somebody else's terminal, whose jobs this is none of.
        return False


def _read_line(terminal: int) -> bytes:
    """Return what was typed, nothing once the terminal is gone."""
    try:
        return os.read(terminal, _LONGEST_LINE)
    except OSError:
        return b""
