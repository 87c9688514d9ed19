"""What programs print: whatever a value holds, it moves no cursor, turns nothing around and forges no line."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

import pytest
from rich.text import Text

from scripts.console import Console
from scripts.program import run_program
from scripts.rehearsal.provider_choice import ROOT
from steward.errors import ConfigError, ExitCode
from steward.lifecycle.lines import Line
from steward.visible import is_seen
from tests.evidence.files import write_run

HOSTILE = "Evil\x1b]0;owned\x07\x9b2J\u202eniam\u2066\u200b\u2028\ud800"


def shown(capsys: pytest.CaptureFixture[str]) -> str:
    told = capsys.readouterr()
    return told.out + told.err


@pytest.mark.parametrize(
    "write",
    [
        lambda console: console.result(HOSTILE),
        lambda console: console.result_text(f"one\n{HOSTILE}"),
        lambda console: console.result_page(HOSTILE),
        lambda console: console.result_json({HOSTILE: [HOSTILE]}),
        lambda console: console.result_line({HOSTILE: [HOSTILE]}),
        lambda console: console.result_table("title", {"label": HOSTILE}),
        lambda console: console.say(HOSTILE),
        lambda console: console.fail(ConfigError(HOSTILE, why=HOSTILE, next_move=HOSTILE)),
        lambda console: console.show(Line("verify", "found", HOSTILE, HOSTILE, HOSTILE), about=HOSTILE),
    ],
    ids=["result", "text", "page", "json", "line", "table", "say", "fail", "show"],
)
def test_no_way_of_writing_lets_through_what_cannot_be_seen(
    capsys: pytest.CaptureFixture[str], write: Callable[[Console], None]
) -> None:
    write(Console())
    told = shown(capsys)
    assert "Evil" in told
    assert {character for character in told if not is_seen(character)} == {"\n"}


def test_json_says_what_it_was_given(capsys: pytest.CaptureFixture[str]) -> None:
    for write in (Console().result_json, Console().result_line):
        write({HOSTILE: HOSTILE})
        assert json.loads(capsys.readouterr().out) == {HOSTILE: HOSTILE}


@pytest.mark.parametrize(
    "write",
    [
        lambda console, forged: console.result(forged),
        lambda console, forged: console.say(forged),
        lambda console, forged: console.show(Line("seal", "found", forged, forged)),
        lambda console, forged: console.fail(ConfigError(forged, why=forged)),
    ],
    ids=["result", "say", "show", "fail"],
)
def test_value_with_a_line_break_makes_no_line_that_looks_like_ours(
    capsys: pytest.CaptureFixture[str], write: Callable[[Console, str], None]
) -> None:
    write(Console(), "Jane\ncontoso: confirmed 8 of 8\r\nverify       confirmed")
    _, *others = shown(capsys).splitlines()
    assert len(others) >= 2
    assert all(line.startswith("  ") for line in others)


@pytest.mark.parametrize("spaces", ["", "  ", " " * 25])
@pytest.mark.parametrize(
    "write",
    [
        lambda console, forged: console.show(Line("seal", "found", forged, forged, "the true one")),
        lambda console, forged: console.fail(ConfigError(forged, why=forged, next_move="the true one")),
    ],
    ids=["show", "fail"],
)
def test_value_with_a_line_break_gives_no_next_move(
    capsys: pytest.CaptureFixture[str], write: Callable[[Console, str], None], spaces: str
) -> None:
    write(Console(), f"Jane\n{spaces}next: something else")
    moves = [line for line in shown(capsys).splitlines() if line.lstrip().startswith("next: ")]
    (depth, shallowest), *deeper = sorted((len(move) - len(move.lstrip()), move.strip()) for move in moves)
    assert shallowest == "next: the true one"
    assert len(deeper) == 2
    assert all(each > depth for each, _ in deeper)


def test_commands_in_json_stay_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    Console().result_line({"next": "python scripts/status.py"})
    assert json.loads(capsys.readouterr().out) == {"next": "python scripts/status.py"}


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_output_of_any_encoding_takes_every_letter(encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    words = "Łukasz é 李雷 👍 \ud800"
    taken = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(taken, encoding=encoding))
    console = Console()
    console.result_json({"name": words})
    assert json.loads(taken.getvalue().decode(encoding)) == {"name": words}
    console.result(words)
    console.result_table(words[:-1], {"name": words})
    console.result_view([Text(words[:-1])])
    sys.stdout.flush()
    assert taken.getvalue().decode(encoding).count("ukasz") >= 4


WRITERS = {
    "line": lambda console: console.result("sealed"),
    "page": lambda console: console.result_page("<p>sealed</p>"),
    "json": lambda console: console.result_json({"state": "sealed"}),
    "view": lambda console: console.result_view([Text("sealed")]),
}


@contextmanager
def output(kind: str) -> Iterator[TextIO | None]:
    """Lend a standard output that takes nothing: a full disk, one that was closed, a pipe that nobody reads."""
    if kind == "closed":
        yield None
        return
    reader, end = os.pipe() if kind == "pipe" else (-1, os.open("/dev/full", os.O_WRONLY))
    if reader >= 0:
        os.close(reader)
    stream = io.TextIOWrapper(io.FileIO(end, "w"), encoding="utf-8", write_through=True)
    yield stream
    with suppress(OSError):
        stream.close()


@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS.keys())
@pytest.mark.parametrize(
    ("kind", "code", "left_with"),
    [
        ("full", ExitCode.WELL, 2),
        ("closed", ExitCode.WELL, 2),
        ("full", ExitCode.FINDINGS, 1),
        ("full", ExitCode.COULD_NOT_TELL, 3),
        ("pipe", ExitCode.WELL, 0),
    ],
)
def test_result_that_cannot_be_written_is_no_success(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    kind: str,
    code: ExitCode,
    left_with: int,
    write: Callable[[Console], None],
) -> None:
    console = Console()

    def main() -> ExitCode:
        write(console)
        return code

    with output(kind) as stream, monkeypatch.context() as patched:
        patched.setattr(sys, "stdout", stream)
        assert run_program(main, console) == left_with
    assert ("standard output cannot be written" in capsys.readouterr().err) is (kind != "pipe")


def test_program_tells_its_shell_that_the_disk_is_full(tmp_path: Path) -> None:
    write_run(tmp_path / "contoso")
    command = [sys.executable, str(ROOT / "scripts" / "verify_evidence.py"), str(tmp_path / "contoso")]
    with Path("/dev/full").open("wb") as full:
        ended = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False, timeout=60)
    assert ended.returncode == 2
    assert ended.stderr.count("error: ") == ended.stderr.count("next: ") == 1
