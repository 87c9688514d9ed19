"""Records that people have done what a tenant's hand-over sheet asks for, or takes such a word back.

`python scripts/confirm.py tenants/<name>.yaml <item>... --by "<name>"` adds a run to the tenant's evidence; without
items it lists them. It signs in nowhere: a confirmation is a person's word, kept in the chain of hashes.
"""

import argparse
import sys
from pathlib import Path

if __name__ == "__main__":
    # Found from anywhere, so that a set-up that is missing is told by `scripts` and is no traceback.
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.console import Console
from scripts.program import run_parsed, tenant_parser
from steward.config.loader import load_tenant
from steward.config.model import Tenant
from steward.errors import ExitCode
from steward.papers.confirming import Word, confirm
from steward.papers.handover import Sheet, make_sheet
from steward.papers.names import require_name
from steward.papers.record import read_record_of
from steward.papers.words import at


def parse(arguments: list[str]) -> argparse.Namespace:
    """Return the parsed arguments."""
    parser = tenant_parser("Records confirmations of a tenant's hand-over sheet.")
    parser.add_argument("items", nargs="*", metavar="item", help="an item of the sheet; without one they are listed")
    parser.add_argument("--by", metavar="NAME", help="whose word it is")
    parser.add_argument("--withdraw", action="store_true", help="take a confirmation back")
    parser.add_argument("--rehearsal", action="store_true", help="confirm on a rehearsal's sheet, and on no other")
    parsed = parser.parse_args(arguments)
    if parsed.items and not parsed.by:
        parser.error("a confirmation is somebody's word: give --by")
    return parsed


def main(arguments: list[str]) -> ExitCode:
    """Parse the arguments and record; the exit code is 1 where the sheet does not ask for it, or for nothing yet."""
    return run_parsed(parse(arguments), _run)


def _run(parsed: argparse.Namespace, console: Console) -> ExitCode:
    tenant = load_tenant(parsed.tenant)
    sheet = _read_sheet(tenant)
    if not parsed.items:
        _list(parsed, console, sheet)
        return sheet.exit_code
    items = tuple(dict.fromkeys(parsed.items))
    word = Word(require_name(parsed.by), items, is_withdrawn=parsed.withdraw, is_rehearsed=parsed.rehearsal)
    recorded = confirm(sheet, word)
    sheet = _read_sheet(tenant)
    if parsed.json:
        console.result_json(
            {
                "tenant": tenant.name,
                "recorded": list(recorded.items),
                "already": list(recorded.already),
                "confirmed": sheet.confirmed,
                "asked": len(sheet.asked),
                "evidence": str(recorded.path) if recorded.path else None,
                "evidence_sha256": recorded.sha256,
                "exit_code": 0,
            }
        )
        return ExitCode.WELL
    for item in recorded.already:
        console.say(f"hand-over    already     {item}: nothing was to be recorded")
    for item in recorded.items:
        console.say(f"hand-over    {'withdrawn' if parsed.withdraw else 'confirmed':<11} {item}: by {word.by}")
    console.result(f"{tenant.name}: confirmed {sheet.confirmed} of {len(sheet.asked)}")
    if recorded.path:
        console.result(f"evidence: {recorded.path}; its sha256, to keep elsewhere: {recorded.sha256}")
    return ExitCode.WELL


def _read_sheet(tenant: Tenant) -> Sheet:
    record = read_record_of(tenant)
    return make_sheet(tenant, record)


def _list(parsed: argparse.Namespace, console: Console, sheet: Sheet) -> None:
    if parsed.json:
        console.result_json(
            {
                "tenant": sheet.tenant.name,
                "not_ready": sheet.not_ready,
                "items": [
                    {
                        "id": each.item.id,
                        "words": each.item.words,
                        "confirmed_by": each.confirmation and each.confirmation.by,
                    }
                    for each in sheet.asked_now
                ],
                "exit_code": int(sheet.exit_code),
            }
        )
        return
    if sheet.not_ready:
        console.result(f"{sheet.tenant.name}: not ready, so nothing is asked: {sheet.not_ready}")
        console.result(f"next: {sheet.standing.next_move}")
    for each in sheet.asked_now:
        said = "open"
        if each.confirmation:
            said = f"confirmed by {each.confirmation.by}, {at(each.confirmation.mark.time)}"
        elif each.outdated:
            said = f"to be confirmed again: {each.outdated.by} confirmed something else"
        console.result(f"{each.item.id}: {each.item.words}: {said}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
