"""Writes the evidence bundle of tenants: one HTML page that needs nothing else, and the same as JSON.

`python scripts/evidence_bundle.py tenants/<name>.yaml`, or an evidence folder, writes `papers/<tenant>/evidence.html`
and `.json`. It reads evidence only; the same evidence gives the same bytes.
"""

import argparse
import sys
from pathlib import Path

if __name__ == "__main__":
    # Found from anywhere, so that a set-up that is missing is told by `scripts` and is no traceback.
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.console import Console
from scripts.evidence_folders import Looked, Subject, add_expect, look_at_each
from scripts.papers_folder import Shelf, add_folder, write_bundle
from scripts.program import run_parsed, shared_parser
from steward.errors import ExitCode
from steward.papers.bundle import as_json
from steward.papers.record import read_record, read_record_of


def parse(arguments: list[str]) -> argparse.Namespace:
    """Return the parsed arguments."""
    parser = shared_parser("Writes evidence bundles, as HTML and JSON.")
    parser.add_argument("paths", nargs="+", type=Path, metavar="tenant", help="a tenant file, or an evidence folder")
    add_folder(parser)
    add_expect(parser)
    return parser.parse_args(arguments)


def main(arguments: list[str]) -> ExitCode:
    """Parse the arguments and write; the exit code is the worst of what the bundles say."""
    return run_parsed(parse(arguments), _run)


def _run(parsed: argparse.Namespace, console: Console) -> ExitCode:
    written = []
    shelf = Shelf(parsed.folder)

    def write(subject: Subject) -> Looked:
        expected = frozenset(parsed.expect)
        if subject.tenant is not None:
            record = read_record_of(subject.tenant, expected)
        else:
            record = read_record(subject.folder, name=subject.name, expected=expected)
        source = subject.tenant.file if subject.tenant is not None else subject.folder
        bundle, page = write_bundle(shelf, record, source, subject.tenant)
        written.append({**as_json(bundle), "written": str(page)})
        if not parsed.json and (bundle.exit_code or not parsed.quiet):
            console.result(f"{bundle.tenant}: {bundle.verdict.tone}: {bundle.verdict.headline}; {page}")
        return Looked(ExitCode(bundle.exit_code), record.verification.confirmed)

    code, lost = look_at_each(parsed, write, console)
    if parsed.json:
        console.result_json({"tenants": written, "not_found": lost, "exit_code": int(code)})
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
