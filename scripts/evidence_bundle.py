"""Writes the evidence bundle of tenants: one HTML page that needs nothing else, and the same as JSON.

`python scripts/evidence_bundle.py tenants/<name>.yaml`, or an evidence folder, writes `papers/<tenant>/evidence.html`
and `.json`. It reads evidence only; the same evidence gives the same bytes.
"""

import argparse
import json
import sys
from pathlib import Path

if __name__ == "__main__":
    # Found from anywhere, so that a set-up that is missing is told by `scripts` and is no traceback.
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.console import Console
from scripts.evidence_folders import Subject, add_expect, find_subjects
from scripts.papers_folder import add_folder, write_paper
from scripts.program import run_program, shared_parser
from steward.errors import ExitCode, StewardError, worse
from steward.papers.bundle import Bundle, as_json, bundle_page, make_bundle
from steward.papers.record import read_record


def parse(arguments: list[str]) -> argparse.Namespace:
    """Return the parsed arguments."""
    parser = shared_parser("Writes evidence bundles, as HTML and JSON.")
    parser.add_argument("paths", nargs="+", type=Path, metavar="tenant", help="a tenant file, or an evidence folder")
    add_folder(parser)
    add_expect(parser)
    return parser.parse_args(arguments)


def main(arguments: list[str]) -> ExitCode:
    """Parse the arguments and write; the exit code is the worst of what the bundles say."""
    parsed = parse(arguments)
    console = Console(is_quiet=parsed.quiet)
    return run_program(lambda: _run(parsed, console), console)


def _run(parsed: argparse.Namespace, console: Console) -> ExitCode:
    code = ExitCode.WELL
    written = []
    found: set[str] = set()
    for path in parsed.paths:
        try:
            for subject in find_subjects(path):
                bundle, page = _write(subject, parsed)
                found |= set(bundle.expected_found)
                code = worse(code, ExitCode(bundle.exit_code))
                written.append({**as_json(bundle), "written": str(page)})
                if not parsed.json and (bundle.exit_code or not parsed.quiet):
                    console.result(f"{bundle.tenant}: {bundle.verdict.tone}: {bundle.verdict.headline}; {page}")
        except StewardError as error:
            # One tenant's wrong file does not keep the others from their bundles.
            console.fail(error)
            code = worse(code, error.exit_code)
    for sha256 in sorted(set(parsed.expect) - found):
        code = worse(code, ExitCode.FINDINGS)
        console.say(f"no run has the expected hash {sha256}: that run was changed, cut or taken away")
    if parsed.json:
        console.result_json({"tenants": written, "exit_code": int(code)})
    return code


def _write(subject: Subject, parsed: argparse.Namespace) -> tuple[Bundle, Path]:
    record = read_record(
        subject.folder, name=subject.name, tenant_id=subject.tenant_id, expected=frozenset(parsed.expect)
    )
    bundle = make_bundle(record)
    folder = parsed.folder / subject.name
    write_paper(folder / "evidence.json", json.dumps(as_json(bundle), indent=1, ensure_ascii=False) + "\n")
    return bundle, write_paper(folder / "evidence.html", bundle_page(bundle, record))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
