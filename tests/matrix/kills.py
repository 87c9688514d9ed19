"""Plays one death: a run is killed at a moment, and then, each from there, post_apply or only close is started."""

import time
from collections.abc import Iterator

from steward.errors import ExitCode
from tests.matrix import judging
from tests.matrix.outcome import Outcome, Tally
from tests.matrix.points import Kill, Request
from tests.matrix.processes import Started
from tests.matrix.tenancies import Prepared
from tests.matrix.watched_terraform import ALONE, BEFORE

_HELD_SECONDS = 15.0
_PATIENCE_SECONDS = 180.0
_LOOK_SECONDS = 0.02
_LET_GO_SECONDS = 10.0


def play(prepared: Prepared, point: Kill) -> Outcome:
    """Kill a run at the point and see what becomes of it: by starting post_apply again, and separately by closing.

    A local state that the death emptied is put right by post_apply; closing needs no state, and leaves it.
    """
    began = time.monotonic()
    prepared.restore()
    with prepared.person():
        first = _run_into_death(prepared, point)
    tally = Tally(codes=[first.code], wrong=list(_judge_death(first)))
    if not tally.wrong:
        tally.take("killed", judging.look(prepared), judging.never(judging.look(prepared), is_lost=prepared.is_lost()))
        left = prepared.save()
        _start_again(prepared, tally)
        prepared.restore(left)
        _close(prepared, tally)
    return tally.as_outcome(point.name, f"killed {point.moment}", point.life, time.monotonic() - began)


def _start_again(prepared: Prepared, tally: Tally) -> None:
    with prepared.person():
        code = _end(prepared.start(), tally)
    end = judging.look(prepared)
    wrong = [] if code == ExitCode.WELL else [f"it ended with {code}"]
    tally.take("started again", end, [*wrong, *judging.sealed(end, has_person=prepared.life.has_person)])


def _close(prepared: Prepared, tally: Tally) -> None:
    code = _end(prepared.start("close"), tally)
    end = judging.look(prepared)
    tally.take("closed", end, judging.judge_close(code, end, is_lost=prepared.is_lost()))


def _end(started: Started, tally: Tally) -> int | None:
    code = started.wait(_PATIENCE_SECONDS)
    if code is None:
        started.kill()
    tally.codes.append(code)
    tally.output += started.words()
    return code


def _run_into_death(prepared: Prepared, point: Kill) -> Started:
    if not isinstance(point.at, Request):
        prepared.order(phase=point.at.phase, nth=point.at.nth, moment=point.moment)
        started = prepared.start()
        started.wait(_PATIENCE_SECONDS)
        if not point.moment.startswith(ALONE):
            _let_go(prepared)
        return started
    # The tenant holds the request, with or without its effect, until the one who sent it is dead.
    held = {"route": point.at.route, "nth": point.at.nth, "seconds": _HELD_SECONDS}
    prepared.tenancy.scene.control.declare_faults({**held, "reset": True} if point.moment == BEFORE else held)
    started = prepared.start()
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while started.code is None and time.monotonic() < deadline:
        if not prepared.tenancy.scene.control.unused_faults():
            started.kill()
            break
        started.process.join(_LOOK_SECONDS)
    prepared.tenancy.scene.control.clear_faults()
    return started


def _let_go(prepared: Prepared) -> None:
    """Wait until the operating system has taken a killed Terraform's lock from the state."""
    deadline = time.monotonic() + _LET_GO_SECONDS
    while prepared.is_locked() and time.monotonic() < deadline:
        time.sleep(_LOOK_SECONDS)


def _judge_death(started: Started) -> Iterator[str]:
    if started.code is None:
        started.kill()
        yield "it neither came to the point nor ended"
    elif started.code >= 0:
        yield f"it ended with {started.code} before the point"
