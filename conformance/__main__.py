"""Plays recorded cases with a provider against sandboxes, and tells every difference that is not explained.

`python -m conformance [case ...] [--provider own|<mirror folder>|registry|auto] [--jobs N] [--list] [--json]`; cases by
name or pattern, all without any. Exit codes: 0 nothing unexplained, 1 a difference or an explanation that covers
nothing, 2 wrong arguments, 3 interrupted, 4 a case that broke off.
"""

import argparse
import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console

from conformance import report
from conformance.explained import read_explanations
from conformance.running import SEED, Stage, initialise, play_cases, terraform_version
from sandbox.provider.sources import ADDRESSES
from scripts.environment import child_environment, find_on_path
from scripts.rehearsal.provider_choice import ROOT, choose_provider

# Narrower, the table would cut the names off.
_WIDTH = 100
_DATA = ROOT / "tests" / "data"


def main(arguments: list[str]) -> int:
    """Parse the arguments, play, and print."""
    parser = argparse.ArgumentParser(prog="python -m conformance", description="Plays recorded cases and compares.")
    parser.add_argument("cases", nargs="*", help="names or patterns, such as 'user_*' (default: all)")
    parser.add_argument("--provider", type=_provider, default="own", help="own, registry, auto, or a mirror's folder")
    parser.add_argument("--jobs", type=_jobs, default=4, help="how many cases run at once (default: %(default)s)")
    parser.add_argument("--recordings", type=Path, default=_DATA / "recordings", help="the folder of the recordings")
    parser.add_argument("--list", action="store_true", help="name the cases and play none")
    parser.add_argument("--json", action="store_true", help="print everything found as one JSON document")
    parsed = parser.parse_args(arguments)
    if not (parsed.recordings / SEED).is_file():
        parser.error(f"{parsed.recordings} holds no recordings: {SEED} is not in it")
    terraform = find_on_path("terraform")
    if terraform is None:
        parser.error("terraform is not on PATH; `make conformance` brings it")
    with TemporaryDirectory(prefix="conformance-") as scratch:
        environment = child_environment(ROOT)
        chosen = choose_provider(parsed.provider, Path(scratch), terraform=terraform, environment=environment)
        stage = Stage(
            recordings=parsed.recordings,
            schemas=_DATA / "azuread-3.7.0-schemas.json",
            initialised=Path(scratch) / "initialised",
            environment={**environment, **chosen.variables},
            terraform=terraform,
            attached=chosen.is_own,
        )
        try:
            cases = stage.chosen(parsed.cases)
        except ValueError as error:
            parser.error(str(error))
        if parsed.list:
            print("\n".join(cases))  # noqa: T201  the program's result
            return 0
        return _play(stage, cases, jobs=parsed.jobs, words=chosen.words, as_json=parsed.json)


def _play(stage: Stage, cases: list[str], *, jobs: int, words: str, as_json: bool) -> int:
    progress, result = Console(stderr=True, highlight=False), Console(highlight=False, width=_WIDTH)
    engine = terraform_version(stage.terraform, environment=stage.environment)
    explanations = read_explanations(engine=engine)
    initialise(stage.initialised, terraform=stage.terraform, environment=stage.environment)
    progress.print(f"{len(cases)} cases with {words}, {jobs} at once", markup=False)
    outcomes = []
    for outcome in play_cases(stage, cases, explanations, jobs=jobs):
        outcomes.append(outcome)
        told = "broke off" if outcome.broke_off else f"{len(outcome.unexplained)} unexplained"
        progress.print(f"{outcome.case:<40} {told:<16} {outcome.seconds:5.0f} s", markup=False)
    unused = report.idle(outcomes, explanations, stage.names())
    if as_json:
        print(json.dumps(report.document(outcomes, unused, words), indent=1))  # noqa: T201  the program's result
    else:
        for shortfall in report.shortfalls(outcomes, unused):
            print(shortfall)  # noqa: T201  the program's result
        result.print(report.table(outcomes))
    if any(outcome.broke_off for outcome in outcomes):
        return 4
    return 1 if unused or any(outcome.unexplained for outcome in outcomes) else 0


def _provider(text: str) -> str:
    if text in {"own", "registry", "auto"} or any((Path(text) / address).is_dir() for address in ADDRESSES):
        return text
    raise argparse.ArgumentTypeError(f"{text} is neither own, registry nor auto, nor a mirror that holds azuread")


def _jobs(text: str) -> int:
    if text.isascii() and text.isdigit() and int(text) > 0:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text} is no number of cases; give 1 or more")


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(3)
