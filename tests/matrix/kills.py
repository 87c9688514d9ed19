"""Plays one death: a run is killed at a moment, and then, each from there, post_apply or only close is started.

Where the death left a window that somebody can use, it is played as well that nothing of ours comes to life until the
window is over: Entra ID ends a schedule by itself, and the guard's next look ends what a latch had granted.
"""

import time
from collections.abc import Iterator

from steward.errors import ExitCode
from tests.matrix import judging
from tests.matrix.outcome import Outcome, Tally
from tests.matrix.points import Kill, Request
from tests.matrix.tenancies import Prepared
from tests.matrix.watched_terraform import ALONE, BEFORE
from tests.programs.forked import Started
from tests.programs.forked_provider import AS_IT_IS

HELD_SECONDS = 15.0
PATIENCE_SECONDS = 240.0
_LOOK_SECONDS = 0.02
_LET_GO_SECONDS = 10.0
_AFTER_SECONDS = 5.0


def play(prepared: Prepared, point: Kill) -> Outcome:
    """Kill a run at the point and see what becomes of it: by starting post_apply again, and separately by closing.

    A local state that the death emptied is put right by post_apply; closing needs no state, and leaves it.
    """
    began = time.monotonic()
    prepared.restore()
    with prepared.surroundings():
        first = _run_into_death(prepared, point)
    tally = Tally(codes=[first.code], wrong=list(judge_death(first)))
    if not tally.wrong:
        end = judging.look(prepared)
        is_lost = prepared.is_lost()
        tally.take("state lost" if is_lost else "killed", end, judging.never(end, is_lost=is_lost))
        left = prepared.save()
        _start_again(prepared, tally)
        prepared.restore(left)
        _close(prepared, tally)
        if end.window_ends is not None and end.privileged:
            prepared.restore(left)
            _leave_alone(prepared, end, tally)
    return tally.as_outcome(point.name, f"killed {point.moment}", point.life, time.monotonic() - began)


def _start_again(prepared: Prepared, tally: Tally) -> None:
    with prepared.surroundings():
        code = tally.await_end(prepared.start(), PATIENCE_SECONDS)
    end = judging.look(prepared)
    wrong = [] if code == ExitCode.WELL else [f"it ended with {code}"]
    tally.take("started again", end, [*wrong, *judging.sealed(end, has_person=prepared.life.has_person)])


def _close(prepared: Prepared, tally: Tally) -> None:
    with prepared.surroundings(has_person=False):
        code = tally.await_end(prepared.start("close"), PATIENCE_SECONDS)
    end = judging.look(prepared)
    tally.take("closed", end, judging.judge_close(code, end, is_lost=prepared.is_lost()))


def _leave_alone(prepared: Prepared, end: judging.End, tally: Tally) -> None:
    """Let the window's end pass with nothing of ours alive, and then let the guard have a look."""
    control = prepared.tenancy.scene.control
    control.advance_clock(judging.seconds_left(prepared, end) + _AFTER_SECONDS)
    if prepared.life.is_scheduled:
        over = judging.look(prepared)
        held = [f"a privileged role is held: {path}" for path in over.privileged]
        tally.take("everything dead", over, [*held, *judging.never(over)])
    with prepared.surroundings(has_person=False):
        # It reads the end of the window where that stands; without the stacks it has the audit log or waits longer.
        options = ("--guard", "--stacks", str(prepared.tenancy.scene.stack.parent))
        code = tally.await_end(prepared.start("close", *options), PATIENCE_SECONDS)
    guarded = judging.look(prepared)
    tally.take("guarded", guarded, judging.judge_guard(code, guarded))


def _run_into_death(prepared: Prepared, point: Kill) -> Started:
    if not isinstance(point.at, Request):
        prepared.order(phase=point.at.phase, nth=point.at.nth, moment=point.moment)
        started = prepared.start(variables=AS_IT_IS)
        started.wait(PATIENCE_SECONDS)
        if not point.moment.startswith(ALONE):
            _let_go(prepared)
        return started
    hold(prepared, point.at, point.moment)
    return kill_at_hold(prepared, prepared.start(variables=AS_IT_IS))


def hold(prepared: Prepared, request: Request, moment: str) -> None:
    """Have the tenant hold a request, with or without its effect, for the one who sends it to die meanwhile."""
    held = {"route": request.route, "nth": request.nth, "seconds": HELD_SECONDS}
    prepared.tenancy.scene.control.declare_faults({**held, "reset": True} if moment == BEFORE else held)


def kill_at_hold(prepared: Prepared, started: Started) -> Started:
    """Kill a program with all it has started once the tenant holds its request."""
    deadline = time.monotonic() + PATIENCE_SECONDS
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


def judge_death(started: Started) -> Iterator[str]:
    """Say what is wrong with how a program died."""
    if started.code is None:
        started.kill()
        yield "it neither came to the point nor ended"
    elif started.code >= 0:
        yield f"it ended with {started.code} before the point"
