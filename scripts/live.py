"""The live view of a run in a terminal: what is done, what is waited for and for how long, what is to come.

What is said stands above it and stays; the view itself is gone when the run is over. It is made only where the other
end is a terminal that can move its cursor.
"""

import os
import time
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
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
    """Follows a run by its lines; `to_come` names the steps that are still planned."""

    file: IO[str]
    to_come: Callable[[], Sequence[str]] = tuple
    _steps: dict[str, str] = field(default_factory=dict)
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
            get_renderable=lambda: self.render(console.width),
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
        is_mark = not line.subject and line.verb in _MARKS
        # What is looked at once more, or is to come once more, is not done, however this ends.
        for step in {*self.to_come(), line.step} - ({line.step} if is_mark else set()):
            self._steps.pop(step, None)
        if line.verb == "waiting":
            is_news = self._wait is None or _words(self._wait) != _words(line)
            self._wait, self._waits_since = line, time.monotonic()
            return is_news
        self._wait, self._at = None, line.step
        if is_mark:
            self._steps[line.step], self._at = line.verb, ""
            return False
        return True

    def render(self, width: int) -> RenderableType:
        """Return the view for a terminal of so many columns."""
        planned = self.to_come()
        # Between two steps it is the next one that is being looked at.
        at = self._wait.step if self._wait else self._at or next(iter(planned), "")
        lines = [self._done(width, {*planned, at}), self._now(at)]
        after = [step for step in dict.fromkeys(planned) if step != at]
        return Group(*lines, *([_line(Text(f"then {'  '.join(after)}", "dim"))] if after else []))

    def _done(self, width: int, unfinished: AbstractSet[str]) -> Text:
        """Return the steps that are over, the earlier ones left out where the terminal is narrow."""
        done = _line()
        for step, verb in reversed(self._steps.items()):
            if step in unfinished:
                continue
            mark, style = _MARKS[verb]
            one = Text(f"{mark} ", style).append(f"{step}  ", "default")
            if done.cell_len + one.cell_len > width:
                break
            done = _line(one.append_text(done))
        return done

    def _now(self, at: str) -> Text:
        line = self._wait
        if line is None:
            return _line(Text(f"… {at}", "dim"))
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
