"""The only module that writes to the terminal: progress to stderr in aligned columns, the result to stdout."""

import json
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from rich.console import Console as RichConsole
from rich.table import Table
from rich.text import Text

from scripts.spelling import Spelling
from steward.errors import StewardError
from steward.lifecycle.runner import Line

_INDENT = " " * 25


class Console:
    """Shows lines as they come; quiet leaves only what needs somebody."""

    def __init__(self, *, is_quiet: bool = False, spelling: Spelling | None = None) -> None:
        self._is_quiet = is_quiet
        self._spell = (spelling or Spelling()).spell

    def show(self, line: Line, *, about: str = "") -> None:
        """Show one line of progress, with the tenant that it is about where there are several."""
        needs_somebody = line.verb in {"alarm", "amiss", "missing", "refused", "unreadable", "found", "blocked"}
        if self._is_quiet and not needs_somebody:
            return
        if not line.subject:
            return
        reason = f": {line.reason}" if line.reason else ""
        whose = f"{about:<16} " if about else ""
        self.say(f"{whose}{line.step:<12} {line.verb:<11} {line.subject}{reason}")
        if line.next_move:
            self.say(f"{_INDENT}next: {line.next_move}")

    def say(self, text: str) -> None:
        """Write a line of progress."""
        # Whoever closed the terminal or the pipe does not keep the program from finishing.
        with suppress(OSError):
            sys.stderr.write(f"{self._spell(text)}\n")
            sys.stderr.flush()

    def result(self, text: str) -> None:
        """Write a line of the result."""
        self._write(self._spell(text))

    def _write(self, text: str) -> None:
        with suppress(OSError):
            sys.stdout.write(f"{text}\n")
            sys.stdout.flush()

    def result_json(self, result: Mapping[str, Any]) -> None:
        """Write the result as one JSON document."""
        self._write(json.dumps(result, indent=2, ensure_ascii=False))

    def result_line(self, result: Mapping[str, Any]) -> None:
        """Write the result as JSON in one line of ASCII, whatever names are in it."""
        self.result(json.dumps(result, separators=(",", ":")))

    def result_table(self, title: str, rows: Mapping[str, str]) -> None:
        """Write a table of two columns."""
        table = Table(title=title, title_justify="left", show_header=False)
        for label, value in rows.items():
            table.add_row(label, value)
        RichConsole(file=sys.stdout).print(table)

    def result_view(self, things: Iterable[Text | Table]) -> None:
        """Write lines and tables that somebody else has laid out."""
        console = RichConsole(file=sys.stdout, highlight=False)
        with suppress(OSError):
            for each in things:
                console.print(each)

    def fail(self, error: StewardError) -> None:
        """Say what failed, why, and what to do."""
        self.say(f"error: {error}")
