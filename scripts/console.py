"""The only module that writes to the terminal: progress to stderr in aligned columns, the result to stdout."""

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from rich.console import Console as RichConsole
from rich.table import Table
from rich.text import Text

from scripts.live import LiveView
from scripts.spelling import Spelling
from steward.errors import StewardError
from steward.lifecycle.lines import Line

_INDENT = " " * 25
# What a server calls something must not move anybody's cursor.
_CONTROLS = {code: "\ufffd" for code in (*range(0x20), *range(0x7F, 0xA0)) if chr(code) not in "\n\t"}


class Console:
    """Shows lines as they come; quiet leaves only what needs somebody."""

    def __init__(self, *, is_quiet: bool = False, spelling: Spelling | None = None) -> None:
        self._is_quiet = is_quiet
        self._spell = (spelling or Spelling()).spell
        self._view = LiveView(sys.stderr)

    @contextmanager
    def live(self) -> Iterator[None]:
        """Show a live view meanwhile, where a terminal can; plain lines everywhere else."""
        if not self._is_quiet:
            self._view.start()
        try:
            yield
        finally:
            self._view.stop()

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
        self.say(f"{whose}{line.step:<12} {line.verb:<11} {line.subject}{reason}")
        if line.next_move:
            self.say(f"{_INDENT}next: {line.next_move}")

    def say(self, text: str) -> None:
        """Write a line of progress."""
        spelled = self._spell(text).translate(_CONTROLS)
        # Whoever closed the terminal or the pipe does not keep the program from finishing.
        with suppress(OSError):
            if self._view.is_shown:
                self._view.say(spelled)
                return
            sys.stderr.write(f"{spelled}\n")
            sys.stderr.flush()

    def result(self, text: str) -> None:
        """Write a line of the result."""
        self._write(self._spell(text))

    def _write(self, text: str) -> None:
        self._view.stop()
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
