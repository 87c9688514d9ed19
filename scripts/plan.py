"""Makes a plan that can be reviewed and approved by its hash: `python scripts/plan.py tenants/<name>.yaml`.

Run it with the plan-only identity; it writes the plan, its JSON and a manifest into a folder for their owner alone.
With `--drift` nothing is kept, and the exit code says whether the tenant is as the file says.
"""

import argparse
import sys
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    # Found from anywhere, so that a set-up that is missing is told by `scripts` and is no traceback.
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.console import Console
from scripts.delivery import add_delivery_options, open_delivery, plan_folder, valid_hours
from scripts.program import run_program, run_until_told, tenant_parser
from steward.config.loader import load_tenant
from steward.delivery.manifest import JSON, MANIFEST, PLAN
from steward.delivery.planning import MadePlan, PlannedChange, count_actions, find_drift, make_plan
from steward.delivery.repository import Repository
from steward.errors import ExitCode


def parse(arguments: list[str]) -> argparse.Namespace:
    """Return the parsed arguments."""
    parser = tenant_parser("Plans one tenant into a file that is approved by its hash.")
    parser.add_argument(
        "--out", type=Path, help="folder for the plan, its JSON and its manifest (default: cdktf.out/plans/<tenant>)"
    )
    parser.add_argument(
        "--drift",
        action="store_true",
        help="keep nothing; exit code 0: no changes, 1: some, 3: nobody can tell",
    )
    add_delivery_options(parser)
    return parser.parse_args(arguments)


def main(arguments: list[str]) -> ExitCode:
    """Parse the arguments and run; the exit code says how it ended."""
    parsed = parse(arguments)
    console = Console(is_quiet=parsed.quiet)
    run = _find_drift if parsed.drift else _plan
    return run_program(lambda: run_until_told(lambda: run(parsed, console)), console)


async def _plan(parsed: argparse.Namespace, console: Console) -> ExitCode:
    tenant = load_tenant(parsed.tenant)
    folder = parsed.out or plan_folder(tenant.name)
    with open_delivery(tenant, parsed, console.show) as delivery:
        made = await make_plan(
            tenant,
            delivery.plans,
            folder,
            valid_hours=valid_hours(tenant, parsed),
            commit=Repository(tenant.file.resolve().parent).commit(),
        )
    if made.recovered:
        console.say(made.recovered)
    exit_code = ExitCode.FINDINGS if made.grants else ExitCode.WELL
    if parsed.json:
        console.result_json(_as_json(made, exit_code))
        return exit_code
    _show(console, made.changes)
    for grant in made.grants:
        console.say(f"apply.py refuses this plan: {grant}")
    words = _in_words(made.changes, is_empty=made.is_empty)
    console.result(f"{tenant.name}: {words}; valid until {made.manifest.valid_until.isoformat()}")
    console.result(f"plan: {folder / PLAN}; its JSON holds values in clear as well: {folder / JSON}")
    console.result(f"sha256: {made.manifest.plan_sha256}")
    return exit_code


async def _find_drift(parsed: argparse.Namespace, console: Console) -> ExitCode:
    tenant = load_tenant(parsed.tenant)
    with open_delivery(tenant, parsed, console.show) as delivery:
        has_changes, changes = await find_drift(delivery.plans)
    exit_code = ExitCode.FINDINGS if has_changes else ExitCode.WELL
    if parsed.json:
        console.result_json(
            {
                "tenant": tenant.name,
                "drifted": has_changes,
                "changes": _changes_as_json(changes),
                "exit_code": int(exit_code),
            }
        )
        return exit_code
    _show(console, changes)
    console.result(f"{tenant.name}: {_in_words(changes, is_empty=not has_changes)}")
    return exit_code


def _show(console: Console, changes: tuple[PlannedChange, ...]) -> None:
    for change in changes:
        console.say(f"{'/'.join(change.actions):<14} {change.address}")


def _in_words(changes: tuple[PlannedChange, ...], *, is_empty: bool) -> str:
    counts = ", ".join(f"{action} {count}" for action, count in count_actions(changes).items())
    return "no changes" if is_empty else counts or "outputs change"


def _changes_as_json(changes: tuple[PlannedChange, ...]) -> list[dict[str, Any]]:
    return [{"address": change.address, "actions": list(change.actions)} for change in changes]


def _as_json(made: MadePlan, exit_code: ExitCode) -> dict[str, Any]:
    return {
        **made.manifest.model_dump(mode="json"),
        "folder": str(made.folder),
        "plan": str(made.folder / PLAN),
        "plan_json": str(made.folder / JSON),
        "manifest": str(made.folder / MANIFEST),
        "is_empty": made.is_empty,
        "counts": count_actions(made.changes),
        "changes": _changes_as_json(made.changes),
        "grants": list(made.grants),
        "recovered": made.recovered,
        "exit_code": int(exit_code),
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
