"""The whole matrix: every death and every fault of every life, side by side, resumable, with a table at the end.

`python -m tests.matrix.run`, which is what `make matrix` runs. What has been played is kept in `.rehearsal/matrix`
for as long as the programs' sources stay the same; a run that is broken off goes on from there.
"""

import argparse
import hashlib
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from scripts.console import Console
from scripts.program import run_program
from scripts.rehearsal.folder import occupied
from scripts.rehearsal.provider_choice import ROOT
from steward.errors import ExitCode
from tests.matrix import table
from tests.matrix.covering import differing
from tests.matrix.faults import faults_of
from tests.matrix.lanes import Lanes, Point, name_of
from tests.matrix.lives import LIVES
from tests.matrix.outcome import Outcome
from tests.matrix.points import Recording

FOLDER = ROOT / ".rehearsal" / "matrix"
DOCUMENT = ROOT / "docs" / "matrix.md"
_SOURCES = ("main.py", "stacks", "steward", "scripts", "sandbox", "tests/matrix")
_KEPT = "outcomes.jsonl"


def main(arguments: list[str]) -> ExitCode:
    """Play what has not been played; exit code 0 only if every point ended as it must."""
    parser = argparse.ArgumentParser(description="Kills and disturbs every life of an account at every point.")
    parser.add_argument("--lanes", type=int, default=4, help="how many points are played side by side")
    parser.add_argument("--provider", default="own", help="own, or the folder of a provider mirror")
    parser.add_argument("--only", default="", help="only the points whose name has this in it")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the table goes, and is gone on from")
    parsed = parser.parse_args(arguments)
    console = Console()
    return run_program(lambda: _run(parsed, console), console)


def _run(parsed: argparse.Namespace, console: Console) -> ExitCode:
    folder: Path = parsed.folder.resolve()
    with occupied(folder, keep=True), TemporaryDirectory(prefix="matrix-") as scratch:
        kept = _Kept(folder / _KEPT)
        with Lanes(Path(scratch), parsed.lanes, provider=parsed.provider) as lanes:
            recordings = [lanes.record(life) for life in LIVES]
            everything = list(all_points(recordings))
            points = [point for point in everything if parsed.only in name_of(point)]
            left = [point for point in points if name_of(point) not in kept.outcomes]
            console.say(f"matrix       counted     {len(points)} points, {len(left)} of them left")
            for number, outcome in enumerate(lanes.play(left), start=1):
                kept.add(outcome)
                verb = "found" if outcome.wrong else "well"
                reason = f": {'; '.join(outcome.wrong)}" if outcome.wrong else ""
                console.say(f"{f'{number}/{len(left)}':<12} {verb:<11} {outcome.point}{reason}")
        outcomes = [kept.outcomes[name] for point in everything if (name := name_of(point)) in kept.outcomes]
        table.write(folder, outcomes)
    summary = table.summarize(outcomes, of=len(everything))
    DOCUMENT.write_text(table.replace_summary(DOCUMENT.read_text(encoding="utf-8"), summary), encoding="utf-8")
    wrong = sum(bool(each.wrong) for each in outcomes)
    console.result(f"{len(outcomes)} points, {wrong} not as they must; the table is {folder / 'matrix.md'}")
    return ExitCode.FINDINGS if wrong else ExitCode.WELL


def all_points(recordings: Sequence[Recording]) -> Iterator[Point]:
    """List every death, every fault of the first life, and of the others the faults at requests that differ."""
    base = recordings[0]
    for recording in recordings:
        yield from recording.kills()
        requests = recording.requests if recording is base else differing(recording.requests, base.requests)
        yield from ([fault] for fault in faults_of(recording.life, requests))


class _Kept:
    """The outcomes on disk, one a line, below a line that tells the sources they are of."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.outcomes: dict[str, Outcome] = {}
        head = json.dumps({"sources": _fingerprint()})
        lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        if lines[:1] != [head]:
            file.write_text(head + "\n", encoding="utf-8")
            return
        for line in lines[1:]:
            outcome = Outcome.of(json.loads(line))
            # What was wrong is played again, as it may have been the machine's fault.
            if not outcome.wrong:
                self.outcomes[outcome.point] = outcome

    def add(self, outcome: Outcome) -> None:
        """Keep an outcome, on disk first."""
        with self._file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(outcome.as_value()) + "\n")
        self.outcomes[outcome.point] = outcome


def _fingerprint() -> str:
    digest = hashlib.sha256()
    for source in _SOURCES:
        path = ROOT / source
        for each in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            digest.update(str(each.relative_to(ROOT)).encode() + each.read_bytes())
    return digest.hexdigest()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
