"""The sink that is a program: what it gets, what it does not, and every way in which it can fail."""

import asyncio
import os
import sys
import time
from pathlib import Path

import pytest

from steward.errors import FinalRefusalError
from steward.facts import SinkState
from steward.secret import Secret
from steward.sinks.command import CommandSink
from steward.sinks.sink import Label, SecretKind

CANARY = "Canary-93ab-Xy!only-on-standard-input"
LABEL = Label(SecretKind.PASSWORD, "j.keller@contoso.example", "account-1")
ENVIRONMENT = {"PATH": os.defpath}
RECORD = """
import os, sys
from pathlib import Path
folder = Path(sys.argv[1])
folder.joinpath("stdin").write_bytes(sys.stdin.buffer.read())
folder.joinpath("argv").write_text(repr(sys.argv))
folder.joinpath("environ").write_text(repr(dict(os.environ)))
"""


def python(text: str, *words: str, seconds: float = 20) -> CommandSink:
    return CommandSink((sys.executable, "-c", text, *words), seconds, ENVIRONMENT)


def deliver(sink: CommandSink) -> str:
    return asyncio.run(sink.deliver(LABEL, Secret(CANARY)))


def refusal(sink: CommandSink) -> str:
    with pytest.raises(FinalRefusalError) as told:
        deliver(sink)
    assert CANARY not in str(told.value)
    return str(told.value)


def test_secret_is_on_standard_input_and_nowhere_else(tmp_path: Path) -> None:
    deliver(python(RECORD, str(tmp_path), "<time>-<name>"))
    assert (tmp_path / "stdin").read_bytes() == CANARY.encode(), "and no line break after it"
    assert CANARY not in (tmp_path / "argv").read_text() + (tmp_path / "environ").read_text()
    assert "Z-j.keller@contoso.example.password" in (tmp_path / "argv").read_text()


def test_words_are_no_shell_line(tmp_path: Path) -> None:
    deliver(python(RECORD, str(tmp_path), "; touch x", "$HOME", "*"))
    assert "'; touch x', '$HOME', '*'" in (tmp_path / "argv").read_text()


def test_exit_code_is_a_failure_whose_words_are_masked() -> None:
    told = refusal(python("import sys; sys.stderr.write('no room for ' + sys.stdin.read()); sys.exit(3)"))
    assert "exit code 3: no room for ********" in told


def test_what_it_says_on_standard_output_is_shown_nowhere(capfd: pytest.CaptureFixture[str]) -> None:
    told = refusal(python("import sys; print(sys.stdin.read()); sys.exit(1)"))
    assert told.count("exit code 1") == 1
    assert capfd.readouterr() == ("", "")


def test_program_that_is_not_there_is_a_failure() -> None:
    told = refusal(CommandSink(("no-such-program-here",), 5, ENVIRONMENT))
    assert "install no-such-program-here" in told


def test_program_that_cannot_be_run_is_a_failure(tmp_path: Path) -> None:
    (tmp_path / "keep").write_text("#!/bin/sh\n")
    assert "Permission denied" in refusal(CommandSink((str(tmp_path / "keep"),), 5, ENVIRONMENT))


def test_program_that_does_not_end_is_a_failure_and_is_ended_with_its_children(tmp_path: Path) -> None:
    text = (
        "import subprocess, sys, time; from pathlib import Path\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "Path(sys.argv[1]).write_text(str(child.pid)); time.sleep(60)"
    )
    started = time.monotonic()
    assert "did not end within 2 seconds" in refusal(python(text, str(tmp_path / "child"), seconds=2))
    assert time.monotonic() - started < 15
    child = int((tmp_path / "child").read_text())
    deadline = time.monotonic() + 10
    while _is_running(child):
        assert time.monotonic() < deadline, "the program's child goes on with the secret"
        time.sleep(0.05)


def _is_running(pid: int) -> bool:
    try:
        # A process that nobody has waited for is a zombie, and runs no more.
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_program_that_does_not_read_and_fails_is_a_failure() -> None:
    assert "exit code 7" in refusal(python("import sys; sys.stdin.close(); sys.exit(7)"))


def test_program_that_talks_on_is_heard_out() -> None:
    told = refusal(python("import sys; sys.stderr.write('x' * 500_000); sys.exit(1)"))
    assert len(told) < 800


def test_delivery_that_is_broken_off_ends_the_program(tmp_path: Path) -> None:
    text = (
        "import os, sys, time; from pathlib import Path; Path(sys.argv[1]).write_text(str(os.getpid())); time.sleep(60)"
    )
    mark = tmp_path / "pid"

    async def broken_off() -> None:
        delivering = asyncio.ensure_future(python(text, str(mark)).deliver(LABEL, Secret(CANARY)))
        while not (mark.exists() and mark.read_text()):  # noqa: ASYNC110  # the program rings no bell
            await asyncio.sleep(0.02)
        delivering.cancel()
        with pytest.raises(asyncio.CancelledError):
            await delivering

    asyncio.run(broken_off())
    assert not _is_running(int(mark.read_text()))


@pytest.mark.parametrize(("program", "would"), [(sys.executable, True), ("no-such-program-here", False)])
def test_probe_looks_for_the_program_and_does_not_run_it(program: str, would: bool) -> None:
    found = asyncio.run(CommandSink((program, "-c", "raise SystemExit(1)"), 5, ENVIRONMENT).probe())
    assert isinstance(found, SinkState)
    assert (found.why == "") is would


def test_environment_is_not_shown_by_its_text_form() -> None:
    assert "hidden" not in repr(CommandSink(("age",), 5, {"TOKEN": "hidden"}))
