"""Says which plans were approved by a merge, as JSON in one line: `python scripts/approved_plans.py run|match`.

`run` asks GitHub for the run that planned what was merged; `match` compares what that run has uploaded with the tenants
that changed. A tenant that no plan was made for is told under `missing`, and keeps no other one waiting.
"""

import argparse
import sys
from dataclasses import asdict
from pathlib import Path

if __name__ == "__main__":
    # Found from anywhere, so that a set-up that is missing is told by `scripts` and is no traceback.
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.console import Console
from scripts.environment import read_forge
from scripts.program import run_program
from steward.delivery.approved import match_plans, read_changed, read_manifests
from steward.errors import ExitCode
from steward.forge.client import open_repository
from steward.forge.runs import find_plan_run
from steward.review.markdown import code, render
from steward.review.words import shown


def parse(arguments: list[str]) -> argparse.Namespace:
    """Return the parsed arguments."""
    parser = argparse.ArgumentParser(description="Says which plans were approved by a merge.")
    verbs = parser.add_subparsers(dest="verb", required=True)
    run = verbs.add_parser("run", help="find the run that planned what was merged")
    run.add_argument("--commit", required=True, help="the commit that the merge made")
    run.add_argument("--branch", required=True, help="the branch that was merged into")
    run.add_argument("--workflow", default="plan.yml", help="file of the planning workflow (default: %(default)s)")
    match = verbs.add_parser("match", help="compare the run's plans with the tenants that changed")
    match.add_argument("--changed", type=Path, required=True, metavar="FILE", help="what changed_tenants.py printed")
    match.add_argument("--plans", type=Path, required=True, metavar="FOLDER", help="the manifests that were uploaded")
    match.add_argument("--list", type=Path, metavar="FILE", help="add a Markdown list of the hashes to this file")
    return parser.parse_args(arguments)


def main(arguments: list[str]) -> ExitCode:
    """Parse the arguments and run; the exit code says how it ended."""
    parsed = parse(arguments)
    console = Console()
    return run_program(lambda: (_run if parsed.verb == "run" else _match)(parsed, console), console)


def _run(parsed: argparse.Namespace, console: Console) -> ExitCode:
    with open_repository(read_forge()) as repository:
        found = find_plan_run(repository, commit=parsed.commit, branch=parsed.branch, workflow=parsed.workflow)
    console.result_line(asdict(found))
    return ExitCode.WELL


def _match(parsed: argparse.Namespace, console: Console) -> ExitCode:
    uploaded = read_manifests(parsed.plans)
    matched = match_plans(read_changed(parsed.changed), uploaded)
    console.result_line(
        {
            "matrix": {"include": list(matched.entries)},
            "any": bool(matched.entries),
            "missing": list(matched.missing),
            "any_missing": bool(matched.missing),
        }
    )
    if parsed.list:
        with parsed.list.open("a", encoding="utf-8") as file:
            file.writelines(
                f"- {render((shown(each['tenant']),))}: {code(each['sha256'])}\n" for each in matched.entries
            )
    for tenant in matched.missing:
        made = "two plans were made" if tenant in uploaded.doubled else "no plan was made"
        console.say(f"{tenant}: {made} for it in the pull request; open one in which one file changes, this tenant's")
    return ExitCode.WELL


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
