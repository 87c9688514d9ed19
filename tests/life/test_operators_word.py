"""The operator's word at a terminal: Enter gives it; a terminal that is gone neither gives it nor breaks anything."""

import os
import pty
import subprocess
import sys

import pytest

_PROGRAM = """
import asyncio
from scripts.operators_word import hear_operator

async def main(is_given):
    with hear_operator(is_given=is_given) as word:
        print("ready", flush=True)
        try:
            await asyncio.wait_for(word.wait(), 3)
        except TimeoutError:
            return "not given"
        return "given"

print(asyncio.run(main({is_given})))
"""


def _run(typed: bytes | None, *, is_given: bool = False) -> str:
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", _PROGRAM.replace("{is_given}", str(is_given))],
        stdin=theirs,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as running:
        os.close(theirs)
        assert running.stdout is not None
        assert running.stdout.readline() == "ready\n"
        if typed is not None:
            os.write(ours, typed)
            said = running.stdout.read()
            os.close(ours)
        else:
            os.close(ours)
            said = running.stdout.read()
    return said.strip()


@pytest.mark.parametrize(
    ("typed", "is_given", "said"),
    [(b"\n", False, "given"), (None, False, "not given"), (None, True, "given")],
    ids=["enter", "terminal gone", "given with the command"],
)
def test_operators_word(typed: bytes | None, said: str, *, is_given: bool) -> None:
    assert _run(typed, is_given=is_given) == said
