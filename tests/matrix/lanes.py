"""Plays points side by side: each lane has sandboxes and folders of its own, one for each life that it has met.

A point is played on one lane from start to end; the lanes share nothing but the machine.
"""

import queue
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.matrix import deploys, disturbances, kills, races
from tests.matrix.faults import Fault
from tests.matrix.lives import Life, find_life
from tests.matrix.outcome import Outcome, Tally
from tests.matrix.points import DeployKill, Kill, Recording, record
from tests.matrix.races import Race
from tests.matrix.tenancies import Prepared, dispose, prepare

Point = Kill | DeployKill | Race | Sequence[Fault]


@dataclass
class _Lane:
    folder: Path
    provider: str
    prepared: dict[str, Prepared] = field(default_factory=dict)

    def have(self, life: Life) -> Prepared:
        if life.name not in self.prepared:
            self.prepared[life.name] = prepare(life, self.folder / str(len(self.prepared)), provider=self.provider)
        return self.prepared[life.name]


class Lanes:
    """A number of lanes in a folder; leaving it stops their sandboxes."""

    def __init__(self, folder: Path, count: int, *, provider: str = "own") -> None:
        self._count = count
        self._all = [_Lane(folder / f"lane-{number}", provider) for number in range(count)]
        self._free: queue.LifoQueue[_Lane] = queue.LifoQueue()
        for lane in self._all:
            self._free.put(lane)
        self._recordings: dict[str, Recording] = {}

    def record(self, life: Life) -> Recording:
        """Count the points of a life, once."""
        if life.name not in self._recordings:
            with self.lane(life) as prepared:
                self._recordings[life.name] = record(prepared)
        return self._recordings[life.name]

    def record_all(self, lives: Sequence[Life]) -> list[Recording]:
        """Count the points of lives, side by side."""
        # The first one tells what the programs import, which later starts find imported.
        first = self.record(lives[0])
        with ThreadPoolExecutor(self._count) as pool:
            return [first, *pool.map(self.record, lives[1:])]

    @contextmanager
    def lane(self, life: Life) -> Iterator[Prepared]:
        """Have a lane to oneself, with a life's tenancy on it."""
        lane = self._free.get()
        try:
            yield lane.have(life)
        finally:
            self._free.put(lane)

    def play(self, points: Sequence[Point], *, deadline: float | None = None) -> Iterator[Outcome]:
        """Play points, and give their outcomes as they come; none is begun after the deadline of `time.monotonic`."""
        with ThreadPoolExecutor(self._count) as pool:
            for done in as_completed([pool.submit(self._play, point, deadline) for point in points]):
                outcome = done.result()
                if outcome is not None:
                    yield outcome

    def _play(self, point: Point, deadline: float | None) -> Outcome | None:
        began = time.monotonic()
        if deadline is not None and began > deadline:
            return None
        try:
            with self.lane(find_life(life_of(point))) as prepared:
                return _play_on(prepared, point)
        except Exception as error:  # noqa: BLE001  # one point that cannot be played must not hide the others
            tally = Tally(wrong=[f"it could not be played: {type(error).__name__}: {error}"])
            return tally.as_outcome(name_of(point), "not played", life_of(point), time.monotonic() - began)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        for lane in self._all:
            for prepared in lane.prepared.values():
                dispose(prepared)


def _play_on(prepared: Prepared, point: Point) -> Outcome:
    match point:
        case Kill():
            return kills.play(prepared, point)
        case DeployKill():
            return deploys.play(prepared, point)
        case Race():
            return races.play(prepared, point)
        case _:
            return disturbances.play(prepared, point)


def name_of(point: Point) -> str:
    """Return the name that a point has in the table."""
    return point.name if isinstance(point, Kill | DeployKill | Race) else disturbances.name_of(point)


def life_of(point: Point) -> str:
    """Return the name of the life that a point is of."""
    return point.life if isinstance(point, Kill | DeployKill | Race) else point[0].life
