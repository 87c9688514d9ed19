"""How far the tenant's clock and the machine's differ, and how much longer a span may therefore have been.

Lines carry the machine's time, and some of what they saw carries the tenant's. A difference that came up in the middle
of a span makes the span longer by the tenant's clock, so that a figure counted by the machine's would be no bound.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from steward.papers.life import Life
from steward.papers.record import Record, moment

# A look is written down after the tenant told its time, so that the tenant's clock seems to be behind, and never ahead.
_AHEAD, _BEHIND = 1.0, -30.0
# An answer's Date has no fractions of a second.
_RESOLUTION = 1.0


@dataclass(frozen=True)
class Clocks:
    """What runs saw of the tenant's clock, in seconds.

    `ahead` is the most by which it was ahead of this machine's, negative where it was behind; `unknown` is by how much
    a span may have been longer than this machine counted it, and 0 where the clocks agree.
    """

    ahead: float
    unknown: float

    @property
    def differ(self) -> bool:
        """Return whether a figure by one clock says nothing about the other."""
        return self.unknown > 0


def compare(record: Record, lives: Sequence[Life]) -> Clocks:
    """Return how far the clocks differ, by the tenant's time as looks and log entries tell it."""
    seen = [*_looks(record), *_told_ahead(lives)]
    ahead = max((least for least, _ in seen), default=0.0)
    if _BEHIND <= ahead <= _AHEAD:
        return Clocks(ahead, 0.0)
    return Clocks(ahead, max([abs(ahead), *(most for least, most in seen if least > _AHEAD)]) + _RESOLUTION)


def _looks(record: Record) -> Iterator[tuple[float, float]]:
    """Yield the least and the most by which the tenant's clock was ahead: a look began after its run's last line."""
    before: dict[str, datetime] = {}
    for entry in record.entries:
        now = moment(entry.detail.get("now")) if entry.verb == "saw" else None
        if now is not None:
            since = before.get(entry.mark.file, entry.mark.time)
            yield (now - entry.mark.time).total_seconds(), (now - since).total_seconds()
        before[entry.mark.file] = entry.mark.time


def _told_ahead(lives: Sequence[Life]) -> Iterator[tuple[float, float]]:
    """Yield by how much something that was seen had, by the tenant's clock, not happened yet."""
    for life in lives:
        for at, mark in [(each.at, each.mark) for each in life.moments] + [(life.created, life.first_look)]:
            if at is not None and at > mark.time:
                ahead = (at - mark.time).total_seconds()
                yield ahead, ahead
