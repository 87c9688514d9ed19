"""Writes tenants' hand-over sheets: what was done, with its proof, and what people do in the vendor's dashboard.

`python scripts/handover.py tenants/<name>.yaml` writes `papers/<tenant>/hand-over.html` and `.md`. It reads the tenant
file and its evidence, signs in nowhere, and changes nothing else.
"""

import argparse
import sys
from pathlib import Path

if __name__ == "__main__":
    # Found from anywhere, so that a set-up that is missing is told by `scripts` and is no traceback.
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.console import Console
from scripts.papers_folder import Shelf, add_folder, write_sheet
from scripts.program import run_parsed, shared_parser, take_in_turn
from steward.config.loader import load_tenant
from steward.errors import ExitCode
from steward.papers.handover import Sheet, make_sheet
from steward.papers.record import read_record_of


def parse(arguments: list[str]) -> argparse.Namespace:
    """Return the parsed arguments."""
    parser = shared_parser("Writes hand-over sheets, as HTML and Markdown.")
    parser.add_argument("tenants", nargs="+", type=Path, metavar="tenant", help="a tenant file")
    add_folder(parser)
    return parser.parse_args(arguments)


def main(arguments: list[str]) -> ExitCode:
    """Parse the arguments and write; the exit code is 0 where every tenant is ready to be handed over."""
    return run_parsed(parse(arguments), _run)


def _run(parsed: argparse.Namespace, console: Console) -> ExitCode:
    written = []
    shelf = Shelf(parsed.folder)

    def write(file: Path) -> ExitCode:
        tenant = load_tenant(file)
        record = read_record_of(tenant)
        sheet = make_sheet(tenant, record)
        page = write_sheet(shelf, sheet)
        written.append(_as_json(sheet, page))
        if not parsed.json and (sheet.not_ready or not parsed.quiet):
            _tell(console, sheet, page)
        return sheet.exit_code

    code = take_in_turn(parsed.tenants, write, console)
    if parsed.json:
        console.result_json({"tenants": written, "exit_code": int(code)})
    return code


def _tell(console: Console, sheet: Sheet, page: Path) -> None:
    if sheet.not_ready:
        console.result(f"{sheet.tenant.name}: not ready, so nothing is asked: {sheet.not_ready}; {page}")
        console.result(f"next: {sheet.standing.next_move}")
        return
    rehearsal = "a rehearsal, and about no tenant: " if sheet.is_rehearsal else ""
    console.result(f"{sheet.tenant.name}: {rehearsal}confirmed {sheet.confirmed} of {len(sheet.asked)}; {page}")
    if not sheet.is_complete:
        flag = " --rehearsal" if sheet.is_rehearsal else ""
        console.result(
            f'next: print it, then python scripts/confirm.py {sheet.tenant.pasted} <item> --by "<name>"{flag}'
        )


def _as_json(sheet: Sheet, page: Path) -> dict[str, object]:
    return {
        "tenant": sheet.tenant.name,
        "state": sheet.standing.state.value,
        "not_ready": sheet.not_ready,
        "items": [
            {
                "id": each.item.id,
                "title": each.item.title,
                "menu": list(each.item.menu),
                "who": each.item.who,
                "confirmed_by": each.confirmation.by if each.confirmation else None,
                "confirmed": each.confirmation.mark.time.isoformat() if each.confirmation else None,
            }
            for each in sheet.asked_now
        ],
        "written": str(page),
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
