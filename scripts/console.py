"""The only module that writes to the terminal: progress to stderr in aligned columns, the result to stdout."""

import errno
import io
import json
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, TextIO

from rich.table import Table
from rich.text import Text

from scripts.live import LiveView, Terminal
from scripts.spelling import Spelling
from steward.config.problem import TenantFileError
from steward.errors import StewardError
from steward.lifecycle.lines import Line
from steward.visible import dump_json, in_one_line, make_visible

_INDENT = " " * 25
_LINE_OF_ITS_OWN = re.compile(r"\n(?! )")


class Console:
    """Shows lines as they come; quiet leaves only what needs somebody."""

    def __init__(self, *, is_quiet: bool = False, spelling: Spelling | None = None) -> None:
        self._is_quiet = is_quiet
        self._spell = (spelling or Spelling()).spell
        self._view = LiveView(sys.stderr)
        self._unwritten = ""

    @property
    def unwritten(self) -> str:
        """Return why a result could not be written, empty where all of it was or nobody reads it any more."""
        return self._unwritten

    @contextmanager
    def live(self) -> Iterator[None]:
        """Show a live view meanwhile, where a terminal can; plain lines everywhere else."""
        if not self._is_quiet:
            self._view.start()
        try:
            yield
        finally:
            self._view.stop()

    def expect(self, to_come: Callable[[], Sequence[str]]) -> None:
        """Have the live view show what is still to come."""
        self._view.to_come = to_come

    def show(self, line: Line, *, about: str = "") -> None:
        """Show one line of progress, with the tenant that it is about where there are several."""
        needs_somebody = line.verb in {
            "address", "alarm", "amiss", "blocked", "found", "invited", "missing", "refused", "unheard", "unreadable",
        }  # fmt: skip  # one a line would hide that they are one set
        if self._is_quiet and not needs_somebody:
            return
        if self._view.is_shown and not self._view.follow(line):
            return
        if not line.subject:
            return
        reason = f": {line.reason}" if line.reason else ""
        whose = f"{about:<16} " if about else ""
        self.say(_set_in(f"{whose}{line.step:<12} {line.verb:<11} {line.subject}{reason}"))
        if line.next_move:
            self.say(_set_in(f"{_INDENT}next: {line.next_move}"))

    def say(self, text: str) -> None:
        """Write a line of progress; what a value breaks into further lines is set in, and looks like none of ours."""
        spelled = _line(self._spell(text))
        # Whoever closed the terminal or the pipe does not keep the program from finishing.
        with suppress(OSError):
            if self._view.is_shown:
                self._view.say(spelled)
                return
            sys.stderr.write(f"{spelled}\n")
            sys.stderr.flush()

    def result(self, text: str) -> None:
        """Write a line of the result; what a value breaks into further lines is set in."""
        self._write(_line(self._spell(text)))

    def result_text(self, text: str) -> None:
        """Write a result of several lines, which holds no line break but its own."""
        self._write(_visible(self._spell(text)))

    def result_page(self, page: str) -> None:
        """Write a page, whose commands were spelled before they were escaped, which would hide them."""
        self._write(_visible(page))

    def _write(self, text: str) -> None:
        self._view.stop()
        with self._noting():
            out = _output()
            out.write(f"{text}\n")
            out.flush()

    @contextmanager
    def _noting(self) -> Iterator[None]:
        """Note what keeps standard output from being written, which breaks no run off."""
        try:
            yield
        except BrokenPipeError:
            # Whoever reads has read enough, as `head` does.
            return
        except OSError as error:
            self._unwritten = error.strerror or str(error)

    def result_json(self, result: Mapping[str, Any]) -> None:
        """Write the result as one JSON document; as ASCII where the output has no name for every letter."""
        encoding = sys.stdout.encoding if sys.stdout else None
        is_ascii = not (encoding or "").lower().startswith("utf")
        self._write(dump_json(result, indent=2, is_ascii=is_ascii))

    def result_line(self, result: Mapping[str, Any]) -> None:
        """Write the result as JSON in one line of ASCII, whatever names are in it."""
        self._write(json.dumps(result, separators=(",", ":")))

    def result_table(self, title: str, rows: Mapping[str, str]) -> None:
        """Write a table of two columns."""
        table = Table(title=title, title_justify="left", show_header=False)
        for label, value in rows.items():
            table.add_row(label, Text(in_one_line(value)))
        self.result_view([table])

    def result_view(self, things: Iterable[Text | Table]) -> None:
        """Write lines and tables that somebody else has laid out, and whose texts are visible throughout."""
        with self._noting():
            out = _output()
            console = Terminal(file=out, highlight=False)
            for each in things:
                console.print(each)
            out.flush()

    def fail(self, error: StewardError) -> None:
        """Say what failed, why, and what to do."""
        # Each problem has a place of its own, which an editor finds at the beginning of a line.
        problems = error.problems if isinstance(error, TenantFileError) else (error,)
        for number, problem in enumerate(problems):
            self.say(f"{problem}" if number else f"error: {problem}")


def _line(text: str) -> str:
    return _LINE_OF_ITS_OWN.sub("\n  ", _visible(text))


def _set_in(text: str) -> str:
    """Return a line whose values' own line breaks end up beneath it, deeper than where a next move stands."""
    return text.replace("\n", f"\n{_INDENT}  ")


def _visible(text: str) -> str:
    return make_visible(text, keep="\n\t")


def _output() -> TextIO:
    """Return standard output as a stream that takes every letter: what its encoding lacks is spelled out."""
    if sys.stdout is None:  # what Python makes of a standard output that was closed before it started
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    return sys.stdout
