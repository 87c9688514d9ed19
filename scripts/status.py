"""Shows where many tenants stand, one row each, by their files and their evidence alone.

`python scripts/status.py` takes the files of `tenants/`, or those that are named; `--markdown`, `--html` and `--json`
write the rows in other forms. A file that is wrong is a row of its own.
"""

import argparse
import stat
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from rich.table import Table
from rich.text import Text

if __name__ == "__main__":
    # Found from anywhere, so that a set-up that is missing is told by `scripts` and is no traceback.
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.console import Console
from scripts.program import run_parsed, shared_parser
from scripts.spelling import Spelling
from steward.errors import ConfigError, ExitCode, worse
from steward.papers.status import HEADINGS, Row, Status, Urgency, as_json, cells, read_status, status_page, status_text

_TENANTS = Path("tenants")
_SUFFIXES = frozenset({".yaml", ".yml"})
_STYLES = {Urgency.NOW: "bold red", Urgency.SOON: "yellow", Urgency.NONE: "green"}


def parse(arguments: list[str]) -> argparse.Namespace:
    """Return the parsed arguments."""
    parser = shared_parser("Shows where tenants stand: state, last proof, next move, exceptions.")
    parser.add_argument(
        "paths",
        nargs="*",
        type=Path,
        metavar="tenant",
        help=f"a tenant file, or a folder of them (default: {_TENANTS})",
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--markdown", action="store_true", help="print Markdown")
    form.add_argument("--html", action="store_true", help="print one HTML page")
    parsed = parser.parse_args(arguments)
    if parsed.json and (parsed.html or parsed.markdown):
        parser.error("--json does not go with --html or --markdown: name one form")
    return parsed


def main(arguments: list[str]) -> ExitCode:
    """Parse the arguments and show; the exit code is the worst of all rows."""
    return run_parsed(parse(arguments), _run)


def _run(parsed: argparse.Namespace, console: Console) -> ExitCode:
    # A file that is named beside its folder is one tenant all the same.
    files = {file.parent.resolve() / file.name: file for file in _find_files(parsed.paths or [_TENANTS])}
    status = read_status(files.values(), today=datetime.now(UTC).date())
    if parsed.json:
        console.result_json(as_json(status))
    elif parsed.html or parsed.markdown:
        render = status_page if parsed.html else status_text
        console.result_page(render(_spell(status)))
    else:
        _show(status, console, is_quiet=parsed.quiet)
    code = ExitCode.WELL
    for row in status.rows:
        code = worse(code, row.exit_code)
    return code


def _spell(status: Status) -> Status:
    spell = Spelling().spell
    return replace(status, rows=tuple(replace(row, next_move=spell(row.next_move)) for row in status.rows))


def _find_files(paths: Sequence[Path]) -> Iterator[Path]:
    for path in paths:
        if _is_folder(path):
            yield from _files_of(path)
        else:
            yield path


def _is_folder(path: Path) -> bool:
    """Return whether a folder was meant; raises `ConfigError` for one that is not there."""
    try:
        return stat.S_ISDIR(path.stat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        if path.suffix.lower() in _SUFFIXES:
            return False
    except OSError:
        # Reading it as a file tells why.
        return False
    raise ConfigError(
        f"{path}: there is no such folder",
        why="the files of a folder are shown, by default those of the folder tenants where this is started",
        next_move="start it in the project's folder, or name files or folders that are there: "
        "python scripts/status.py <tenant file or folder>",
    )


def _files_of(folder: Path) -> Iterator[Path]:
    try:
        entries = sorted(entry for entry in folder.iterdir() if not entry.name.startswith("."))
    except OSError as error:
        raise ConfigError(
            f"{folder} cannot be read", why=error.strerror or str(error), next_move="make the folder readable"
        ) from None
    files = [entry for entry in entries if entry.suffix.lower() in _SUFFIXES]
    if not files:
        # Whoever watches the exit code of a wrong folder would see all in order for ever.
        raise ConfigError(
            f"{folder}: there is no tenant file",
            why="nothing was looked at, so nothing is known to be in order; tenant files end in .yaml",
            next_move="name the folder that has them, or make one: copy tenants/example.yaml.sample to "
            "tenants/<name>.yaml and fill it in",
        )
    yield from files


def _show(status: Status, console: Console, *, is_quiet: bool) -> None:
    rows = [row for row in status.rows if row.urgency is not Urgency.NONE or not is_quiet]
    if rows:
        console.result_view([_table(rows)])
    for row in rows:
        for problem in row.problems:
            console.say(f"error: {problem}")
    for row in rows:
        console.result(f"next, {row.tenant}: {row.next_move}")
    counts = "; ".join(f"{word}: {number}" for word, number in status.counts.items())
    console.result(counts)


def _table(rows: Sequence[Row]) -> Table:
    table = Table(title="Tenants", title_justify="left", show_lines=True)
    for heading in HEADINGS:
        table.add_column(heading, overflow="fold")
    for row in rows:
        tenant, state, proof = (Text(each) for each in cells(row))
        state.stylize(_STYLES[row.urgency], 0, len(row.state))
        table.add_row(tenant, state, proof)
    return table


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
