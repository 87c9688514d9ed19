"""Progress in a terminal is a live view with a countdown; everywhere else it is plain lines, and nothing else ever."""

import io
import os
import pty
import re
import subprocess
import sys
import termios
from collections.abc import Mapping
from pathlib import Path

import pytest
from rich.console import Console

from scripts.live import LiveView
from scripts.rehearsal.provider_choice import ROOT
from steward.lifecycle.lines import Line

SHOWN = Path(__file__).with_name("shown.py")
COLOUR = re.compile(r"\x1b\[(?:[0-9;]*;)?(?:3[0-9]|9[0-7]|4[0-9]|10[0-7])(?:;[0-9]+)*m")
ENVIRONMENT = {
    name: value
    for name, value in os.environ.items()
    if name not in {"NO_COLOR", "FORCE_COLOR", "TERM", "COLUMNS", "LINES", "CI"} and not name.startswith("TTY_")
}
ENVIRONMENT |= {"PYTHONPATH": str(ROOT), "COLUMNS": "160", "LINES": "40"}


def in_terminal(tmp_path: Path, *options: str, leaves: bool = False, **variables: str) -> str:
    """Run it with a terminal as its output, and return every byte that the terminal was sent."""
    terminal, end = pty.openpty()
    settings = termios.tcgetattr(end)
    settings[1] &= ~termios.OPOST
    termios.tcsetattr(end, termios.TCSANOW, settings)
    process = subprocess.Popen(command(tmp_path, *options), env=ENVIRONMENT | variables, stdout=end, stderr=end)
    os.close(end)
    sent = b""
    while True:
        try:
            part = os.read(terminal, 65536)
        except OSError:
            break
        sent += part
        if not part or (leaves and b"second factor" in sent):
            break
    os.close(terminal)
    assert process.wait(timeout=60) == 0, sent
    assert (tmp_path / "done").read_text() == "done"
    return sent.decode()


def command(tmp_path: Path, *options: str) -> list[str]:
    return [sys.executable, str(SHOWN), str(tmp_path / "done"), "2.2", *options]


def in_pipe(tmp_path: Path, variables: Mapping[str, str]) -> str:
    finished = subprocess.run(
        command(tmp_path), env=ENVIRONMENT | dict(variables), capture_output=True, text=True, check=False, timeout=60
    )
    assert finished.returncode == 0, finished.stderr
    assert finished.stdout == "contoso: sealed\n"
    return finished.stderr


def test_terminal_gets_a_view_that_counts_down_and_goes(tmp_path: Path) -> None:
    sent = in_terminal(tmp_path, TERM="xterm-256color")
    assert "✓" in sent
    assert "✗" in sent
    lefts = re.findall(r"(\d+:\d\d) left", sent)
    assert {"1:04", "1:03"} <= set(lefts), "it goes on between two looks at the tenant"
    assert sent.count("somebody enrols (") == 1, "what is waited for is said once"
    assert sent.count("somebody enrols; the pass was mistyped") == 1, "and what is new of it as well"
    assert sent.count("\x1b[?25l") == sent.count("\x1b[?25h") > 0, "the cursor is given back"
    assert "permissions: the token has all that is needed" in sent
    shown_last = sent[sent.rindex("software OATH token") :]
    assert "contoso: sealed" in shown_last
    assert COLOUR.search(sent)


def test_terminal_is_shown_what_is_still_to_come_and_no_step_done_before_its_last(tmp_path: Path) -> None:
    sent = in_terminal(tmp_path, "--look-again", TERM="xterm-256color")
    plain = re.sub(r"\x1b\[[0-9;?]*[mlh]", "", sent)
    shown = [line.strip() for line in re.split(r"\x1b\[[0-9]*[KA]|\r|\n", plain)]
    done = [line for line in shown if "✓" in line]
    assert "✓ preflight  ✗ prove" in done, "the consent is to come once more"
    assert done[-1] == "✓ preflight  ✗ prove  ✓ consent", "what is under way is not done"
    assert "then consent  verify" in shown, "what is waited for is not to come"
    assert "… enrol" in shown[shown.index("then verify") :]


def test_step_that_is_to_come_once_more_is_not_done_where_the_order_is_given_up() -> None:
    planned = ["open", "consent"]
    view = LiveView(io.StringIO(), lambda: planned)
    view.follow(Line("consent", "confirmed", ""))
    view.follow(Line("open", "amiss", "account", "it is gone"))
    planned.clear()
    view.follow(Line("open", "blocked", ""))
    view.follow(Line("close", "confirmed", ""))
    view.follow(Line("close", "already", "role", "looked at once more"))
    assert "consent" not in rendered(view)
    assert "close" in rendered(view).splitlines()[1], "it is under way again"
    assert rendered(view).startswith("✗ open")


def rendered(view: LiveView) -> str:
    console = Console(file=io.StringIO(), width=80)
    with console.capture() as captured:
        console.print(view.render(console.width))
    return captured.get()


def test_view_takes_its_lines_and_no_more_in_a_narrow_terminal(tmp_path: Path) -> None:
    sent = in_terminal(tmp_path, TERM="xterm-256color", COLUMNS="24")
    shown = [line for line in re.split(r"\x1b\[2K|\r|\n", re.sub(r"\x1b\[[0-9;?]*[mlh]", "", sent)) if line]
    views = [line for line in shown if "✓" in line or "✗" in line or " left  " in line]
    assert views
    assert max(map(len, views)) <= 24
    assert any("✗ prove" in line for line in views), "the latest steps stay"


def test_terminal_without_colours_gets_none(tmp_path: Path) -> None:
    sent = in_terminal(tmp_path, TERM="xterm-256color", NO_COLOR="1")
    assert not COLOUR.search(sent)
    assert "1:03" in sent


@pytest.mark.parametrize(
    ("term", "options"), [("dumb", ()), ("unknown", ()), ("", ()), ("xterm-256color", ("--quiet",))]
)
def test_terminal_that_cannot_or_is_asked_not_to_gets_plain_lines(
    term: str, options: tuple[str, ...], tmp_path: Path
) -> None:
    sent = in_terminal(tmp_path, *options, TERM=term)
    assert "\x1b" not in sent
    assert ("somebody enrols (1:05 left)" in sent) is not bool(options)


@pytest.mark.parametrize(
    "variables",
    [{"TERM": "xterm-256color"}, {"TERM": "xterm-256color", "FORCE_COLOR": "1"}, {"TTY_COMPATIBLE": "1"}, {}],
)
def test_pipe_gets_plain_lines_whatever_the_environment_says(variables: dict[str, str], tmp_path: Path) -> None:
    said = in_pipe(tmp_path, variables)
    assert not [character for character in said if ord(character) < 0x20 and character not in "\n\t"]
    assert "\x9b" not in said
    assert "enrol        waiting     second factor: somebody enrols (1:04 left)" in said


def test_what_a_server_calls_something_moves_no_cursor(tmp_path: Path) -> None:
    sent = in_terminal(tmp_path, TERM="xterm-256color")
    assert "\x1b]0;" not in sent
    assert "\x1b[2J" not in sent
    assert "\x07" not in sent
    assert "\u202e" not in sent
    assert "Evil\\u{1b}]0;owned" in sent
    # The view itself shows what is waited for.
    assert re.search(r"left  \S*attend: Evil\\u\{1b\}", re.sub(r"\x1b\[[0-9;]*m", "", sent))


def test_run_goes_on_when_its_terminal_is_closed(tmp_path: Path) -> None:
    in_terminal(tmp_path, leaves=True, TERM="xterm-256color")
