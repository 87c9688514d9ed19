"""Two programs on one tenancy, from the same moment or one after the other: nothing double, nobody left privileged."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from steward.errors import ExitCode
from tests.matrix import judging
from tests.matrix.outcome import Outcome, Tally
from tests.matrix.points import Recording, Request
from tests.matrix.tenancies import Prepared
from tests.programs.forked import Started

_PATIENCE_SECONDS = 300.0
_LOOK_SECONDS = 0.02
_MOMENT_SECONDS = 0.01
_STAGGERS = 6
_APART_SECONDS = (1.0, 4.0)
Starts = Callable[[Prepared], Started]


def post_apply(prepared: Prepared) -> Started:
    """Start post_apply."""
    return prepared.start()


def close(prepared: Prepared) -> Started:
    """Start close."""
    return prepared.start("close")


def guard(prepared: Prepared) -> Started:
    """Start a look of the guard with what closes."""
    return prepared.start("close", "--guard")


def deploy(prepared: Prepared) -> Started:
    """Start a plain `terraform apply`."""
    return prepared.start_deploy()


RACES: dict[str, tuple[Starts, Starts]] = {
    "two post_apply": (post_apply, post_apply),
    "post_apply and a deploy": (post_apply, deploy),
    "two close": (close, close),
    "the guard and a running window": (post_apply, guard),
    "post_apply and close": (post_apply, close),
}


@dataclass(frozen=True)
class Race:
    """Two programs of a life; the second starts with the first, some seconds later, or when that sends a request."""

    life: str
    race: str
    after: Request | float = 0.0

    @property
    def name(self) -> str:
        if isinstance(self.after, Request):
            return f"{self.life}: {self.race}, at {self.after.name}"
        return f"{self.life}: {self.race}, {f'{self.after:g} s later' if self.after else 'at once'}"


def races_of(recording: Recording) -> Iterator[Race]:
    """List the races of a life: at once, and staggered by the writes of the first program, a few of them spread out."""
    writes = [request for request in recording.requests if request.is_write]
    spread = [writes[number * len(writes) // _STAGGERS] for number in range(_STAGGERS)]
    for name, (first, _) in RACES.items():
        yield Race(recording.life, name)
        afters: Sequence[Request | float] = list(dict.fromkeys(spread)) if first is post_apply else _APART_SECONDS
        yield from (Race(recording.life, name, after) for after in afters)


def play(prepared: Prepared, point: Race) -> Outcome:
    """Start both on a fresh deploy, judge when both are over, and then see that post_apply ends sealed."""
    began = time.monotonic()
    prepared.restore()
    tally = Tally()
    first, second = RACES[point.race]
    with prepared.surroundings():
        started = [_start(prepared, first, point.after), second(prepared)]
        for each in started:
            if tally.await_end(each, _PATIENCE_SECONDS) is None:
                tally.wrong.append("one did not end")
    prepared.tenancy.scene.control.clear_faults()
    end = judging.look(prepared)
    tally.take("both over", end, judging.demoted(end))
    with prepared.surroundings():
        code = tally.await_end(prepared.start(), _PATIENCE_SECONDS)
    end = judging.look(prepared)
    wrong = [] if code == ExitCode.WELL else [f"it ended with {code}"]
    tally.take("started again", end, [*wrong, *judging.sealed(end, has_person=prepared.life.has_person)])
    return tally.as_outcome(point.name, "race", prepared.life.name, time.monotonic() - began)


def _start(prepared: Prepared, starts: Starts, after: Request | float) -> Started:
    """Start the first, and return when it is time for the second."""
    if not isinstance(after, Request):
        started = starts(prepared)
        started.process.join(after)
        return started
    control = prepared.tenancy.scene.control
    control.declare_faults({"route": after.route, "nth": after.nth, "seconds": _MOMENT_SECONDS})
    started = starts(prepared)
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while started.code is None and control.unused_faults() and time.monotonic() < deadline:
        started.process.join(_LOOK_SECONDS)
    return started
