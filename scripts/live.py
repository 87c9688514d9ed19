"""The live view of a run in a terminal: the steps so far, what is waited for, and how much time is left for it.

What is said stands above it and stays; the view itself is gone when the run is over. It is made only where the other
end is a terminal that can move its cursor.
"""

import os
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import IO

from rich.console import Console as RichConsole
from rich.console import Group, RenderableType
from rich.live import Live
from rich.text import Text

from steward.lifecycle.lines import Line, in_minutes
from steward.visible import in_one_line

_REFRESHES_A_SECOND = 2.0
_MARKS = {"confirmed": ("✓", "green"), "blocked": ("✗", "red")}


class Terminal(RichConsole):
    """A terminal that may be closed at any time."""

    def on_broken_pipe(self) -> None:
        """Go on: whoever closed the terminal does not keep the run from closing what it has opened."""


@dataclass
class LiveView:
    """Follows a run by its lines."""

    file: IO[str]
    _steps: list[tuple[str, str]] = field(default_factory=list)
    _wait: Line | None = None
    _waits_since: float = 0.0
    _at: str = ""
    _live: Live | None = None

    def start(self) -> bool:
        """Begin, and return whether the terminal can show it."""
        console = Terminal(file=self.file, highlight=False)
        if not self.file.isatty() or console.is_dumb_terminal or not os.environ.get("TERM"):
            return False
        self._live = Live(
            console=console,
            get_renderable=self._render,
            refresh_per_second=_REFRESHES_A_SECOND,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        with suppress(OSError):
            self._live.start()
        return True

    def stop(self) -> None:
        """Take the view away; what was said above it stays."""
        live, self._live = self._live, None
        if live is not None:
            with suppress(OSError):
                live.stop()

    @property
    def is_shown(self) -> bool:
        """Return whether the view is on the terminal."""
        return self._live is not None

    def say(self, text: str) -> None:
        """Write a line above the view."""
        if self._live is not None:
            self._live.console.print(Text(text), soft_wrap=True)

    def follow(self, line: Line) -> bool:
        """Take a line into account; return whether it has to be said as well."""
        if line.verb == "waiting":
            is_news = self._wait is None or _words(self._wait) != _words(line)
            self._wait, self._waits_since = line, time.monotonic()
            return is_news
        self._wait, self._at = None, line.step
        if not line.subject and line.verb in _MARKS:
            self._steps.append((line.step, line.verb))
            return False
        return True

    def _render(self) -> RenderableType:
        width = self._live.console.width if self._live is not None else 0
        return Group(self._done(width), self._waiting())

    def _done(self, width: int) -> Text:
        """Return the steps so far, the earlier ones left out where the terminal is narrow."""
        done = _line()
        for step, verb in reversed(self._steps):
            mark, style = _MARKS[verb]
            one = Text(f"{mark} ", style).append(f"{step}  ", "default")
            if done.cell_len + one.cell_len > width:
                break
            done = _line(one.append_text(done))
        return done

    def _waiting(self) -> Text:
        line = self._wait
        if line is None:
            return _line(Text(f"… {self._at}", "dim"))
        left = "" if line.seconds_left is None else in_minutes(line.seconds_left - time.monotonic() + self._waits_since)
        subject = in_one_line(line.subject)
        return _line(Text(f"{left} left  " if left else "", "bold").append(f"{line.step}: {subject}", "not bold"))


def _words(line: Line) -> tuple[str, str]:
    """Return what a line says of a wait, without the time that is left."""
    left = "" if line.seconds_left is None else f" ({in_minutes(line.seconds_left)} left)"
    return line.subject, line.reason.removesuffix(left)


def _line(text: Text | None = None) -> Text:
    """Return a text that takes one line of the terminal, whatever its width: the view counts its lines."""
    text = Text() if text is None else text
    text.no_wrap, text.overflow = True, "ellipsis"
    return text
