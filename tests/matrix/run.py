"""The whole matrix: every death, fault and race of every life, side by side, resumable, with a table at the end.

`python -m tests.matrix.run`, which is what `make matrix` runs. What has been played is kept in `.rehearsal/matrix`
for as long as the programs' sources stay the same; a run that is broken off goes on from there. Several machines take
a shard each, and one of them takes in what the others have kept.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from scripts.console import Console
from scripts.program import run_program
from scripts.rehearsal.folder import occupied
from scripts.rehearsal.provider_choice import ROOT
from steward.errors import ConfigError, ExitCode
from tests.matrix import table
from tests.matrix.covering import differing
from tests.matrix.faults import faults_of
from tests.matrix.fingerprint import fingerprint
from tests.matrix.lanes import Lanes, Point, name_of
from tests.matrix.lives import LIVES, Life
from tests.matrix.outcome import Outcome
from tests.matrix.points import Recording
from tests.matrix.races import races_of

FOLDER = ROOT / ".rehearsal" / "matrix"
DOCUMENT = ROOT / "docs" / "matrix.md"
_KEPT = "outcomes.jsonl"
_RACED = ("at_deploy", "in_window", "scheduled")


def parse(arguments: list[str]) -> argparse.Namespace:
    """Return the parsed arguments."""
    parser = argparse.ArgumentParser(description="Kills and disturbs every life of an account at every point.")
    parser.add_argument("--lanes", type=int, default=4, help="how many points are played side by side")
    parser.add_argument("--provider", default="own", help="own, or the folder of a provider mirror")
    parser.add_argument("--only", default="", help="only the points whose name has this in it")
    parser.add_argument("--lives", nargs="+", choices=[life.name for life in LIVES], help="only these lives")
    parser.add_argument("--shard", type=_shard, default=(1, 1), metavar="2/8", help="only this part of the points")
    parser.add_argument("--minutes", type=float, help="begin no further point when this time is over")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the table goes, and is gone on from")
    parser.add_argument(
        "--take-in", type=Path, nargs="+", default=[], metavar="outcomes.jsonl", help="what other machines have played"
    )
    parser.add_argument("--fingerprint", action="store_true", help="tell the sources' fingerprint, and play nothing")
    return parser.parse_args(arguments)


def _shard(text: str) -> tuple[int, int]:
    part, _, parts = text.partition("/")
    if not (part.isdecimal() and parts.isdecimal() and 1 <= int(part) <= int(parts)):
        raise argparse.ArgumentTypeError(f"a shard is such as 2/8, the second of eight parts, not {text!r}")
    return int(part), int(parts)


def main(arguments: list[str]) -> ExitCode:
    """Play what has not been played; exit code 0 only if every point ended as it must."""
    parsed = parse(arguments)
    console = Console()
    if parsed.fingerprint:
        console.result(fingerprint())
        return ExitCode.WELL
    return run_program(lambda: _run(parsed, console), console)


def _run(parsed: argparse.Namespace, console: Console) -> ExitCode:
    folder: Path = parsed.folder.resolve()
    began = time.monotonic()
    with occupied(folder, keep=True), TemporaryDirectory(prefix="matrix-") as scratch:
        kept = Kept(folder / _KEPT)
        for other in parsed.take_in:
            kept.take_in(other)
        with Lanes(Path(scratch), parsed.lanes, provider=parsed.provider) as lanes:
            everything = list(all_points(lanes.record_all(wanted(parsed))))
            left = [point for point in chosen(everything, parsed) if name_of(point) not in kept.outcomes]
            console.say(f"matrix       counted     {len(everything)} points; {len(left)} of them are played now")
            deadline = None if parsed.minutes is None else began + parsed.minutes * 60
            for number, outcome in enumerate(lanes.play(left, deadline=deadline), start=1):
                kept.add(outcome)
                verb = "found" if outcome.wrong else "well"
                reason = f": {'; '.join(outcome.wrong)}" if outcome.wrong else ""
                console.say(
                    f"{f'{number}/{len(left)}':<12} {verb:<11} {outcome.point} ({outcome.seconds:.0f} s){reason}"
                )
        outcomes = [kept.outcomes[name] for point in everything if (name := name_of(point)) in kept.outcomes]
        table.write(folder, outcomes)
    if not parsed.lives:
        # What some lives came to is no summary of all.
        summary = table.summarize(outcomes, of=len(everything), sources=kept.sources)
        DOCUMENT.write_text(table.replace_summary(DOCUMENT.read_text(encoding="utf-8"), summary), encoding="utf-8")
    wrong = sum(bool(each.wrong) for each in outcomes)
    console.result(
        f"{len(outcomes)} of {len(everything)} points played, {wrong} not as they must; the table is "
        f"{folder / 'matrix.md'}"
    )
    return ExitCode.FINDINGS if wrong else ExitCode.WELL


def all_points(recordings: Sequence[Recording]) -> Iterator[Point]:
    """List every death, the races, every fault of the first life, and of the others what differs from it."""
    base = recordings[0]
    for recording in recordings:
        is_base = recording is base
        yield from recording.kills()
        yield from recording.deploy_kills(() if is_base else base.deploys)
        if recording.life in _RACED:
            yield from races_of(recording)
        requests = recording.requests if is_base else differing(recording.requests, base.requests)
        yield from ([fault] for fault in faults_of(recording.life, requests))


def wanted(parsed: argparse.Namespace) -> list[Life]:
    """Return the lives that are recorded: those that are asked for, and the first, which they are compared with."""
    return [life for life in LIVES if life is LIVES[0] or not parsed.lives or life.name in parsed.lives]


def chosen(points: Sequence[Point], parsed: argparse.Namespace) -> list[Point]:
    """Return the points that the options leave; a shard takes every so-manieth, so that all take about as long."""
    part, parts = parsed.shard
    return [
        point
        for point in points[part - 1 :: parts]
        if parsed.only in name_of(point) and (not parsed.lives or name_of(point).partition(": ")[0] in parsed.lives)
    ]


class Kept:
    """The outcomes on disk, one a line, below a line that tells the sources they are of."""

    def __init__(self, file: Path, sources: str | None = None) -> None:
        self.sources = sources or fingerprint()
        self.outcomes: dict[str, Outcome] = {}
        self._file = file
        self._head = json.dumps({"sources": self.sources})
        lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        if lines[:1] != [self._head]:
            if lines:
                # What was played on other sources says nothing of these, and is nobody's to throw away.
                file.rename(file.with_suffix(f".{datetime.now(UTC):%Y%m%dT%H%M%S}.jsonl"))
            file.write_text(self._head + "\n", encoding="utf-8")
            return
        self._read(lines[1:])

    def take_in(self, other: Path) -> None:
        """Add what another machine has played; raises `ConfigError` where that was on other sources."""
        lines = other.read_text(encoding="utf-8").splitlines() if other.is_file() else []
        if lines[:1] != [self._head]:
            raise ConfigError(
                f"{other} is not taken in",
                why="it is no list of outcomes, or one of other sources" if lines else "there is nothing in it",
                next_move=f"play it on the sources whose fingerprint is {self.sources}",
            )
        known = set(self.outcomes)
        self._read(lines[1:])
        for name, outcome in self.outcomes.items():
            if name not in known:
                self._write(outcome)

    def add(self, outcome: Outcome) -> None:
        """Keep an outcome, on disk first."""
        self._write(outcome)
        self.outcomes[outcome.point] = outcome

    def _write(self, outcome: Outcome) -> None:
        with self._file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(outcome.as_value()) + "\n")

    def _read(self, lines: Sequence[str]) -> None:
        for line in lines:
            outcome = Outcome.of(json.loads(line))
            # What was wrong is played again, as it may have been the machine's fault.
            if not outcome.wrong:
                self.outcomes[outcome.point] = outcome


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
