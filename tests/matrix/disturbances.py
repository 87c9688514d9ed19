"""Plays one run under faults, one or several: it must end sealed, or stop demoted with the exit code that says so.

Where it stopped, it is started again without faults, and must then end sealed. A run that could not begin, or whose
identity has lost for good what takes the role away, may leave the role: closing then demotes, and that is played too.
"""

import time
from collections.abc import Sequence

from steward.errors import ExitCode
from tests.matrix import judging
from tests.matrix.faults import LAG, LOST, Fault, declare, heal
from tests.matrix.outcome import Outcome, Tally
from tests.matrix.tenancies import Prepared

_PATIENCE_SECONDS = 240.0
_STOPPED = frozenset({ExitCode.FINDINGS, ExitCode.COULD_NOT_TELL})
# Where a person acts, how often a program looks before he has acted is left to chance.
_TRIES = 3


def play(prepared: Prepared, faults: Sequence[Fault]) -> Outcome:
    """Run post_apply on a fresh deploy under the faults, and judge how it ends."""
    began = time.monotonic()
    tries = _TRIES if prepared.life.has_person else 1
    tally = Tally()
    while (missed := _play(prepared, faults, tally)) and (tries := tries - 1) and not tally.wrong:
        tally = Tally()
    if missed:
        tally.wrong.append(f"{missed} of the faults befell nothing")
    kind = " + ".join(sorted({each.kind.name for each in faults}))
    return tally.as_outcome(name_of(faults), kind, prepared.life.name, time.monotonic() - began)


def _play(prepared: Prepared, faults: Sequence[Fault], tally: Tally) -> int:
    """Play the faults, and return how many befell nothing although the run came to its end."""
    control = prepared.tenancy.scene.control
    prepared.restore()
    declare(control, faults)
    code = _run(prepared, tally)
    end = judging.look(prepared)
    met = sum(each["acted"] for each in control.faults())
    expected = sum(fault.kind.name != LAG for fault in faults)
    if code != ExitCode.WELL:
        heal(control, faults)
    if _is_not_begun(prepared, end, code, tally):
        tally.take("not begun", end, judging.never(end))
        _close(prepared, tally)
    elif _is_powerless(end, code, faults, tally):
        tally.take("powerless", end, judging.judge_powerless(end, has_window=prepared.life.has_window))
        _close(prepared, tally)
    else:
        tally.take("ended", end, judging.judge_run(code, end, has_person=prepared.life.has_person))
    if code != ExitCode.WELL:
        again = _run(prepared, tally)
        end = judging.look(prepared)
        wrong = [] if again == ExitCode.WELL else [f"it ended with {again}"]
        tally.take("started again", end, [*wrong, *judging.sealed(end, has_person=prepared.life.has_person)])
    return int(expected - met) if code == ExitCode.WELL else 0


def _is_not_begun(prepared: Prepared, end: judging.End, code: int | None, tally: Tally) -> bool:
    """Say whether the run could not even sign in, so that nothing could be taken away either."""
    is_signed_out = "preflight" not in tally.output and "next:" in tally.output
    return code in _STOPPED and bool(end.privileged) and not prepared.tenancy.writes() and is_signed_out


def _is_powerless(end: judging.End, code: int | None, faults: Sequence[Fault], tally: Tally) -> bool:
    """Say whether the identity has lost a permission without which it cannot close, and has said so."""
    is_lost = any(fault.kind.name == LOST for fault in faults)
    is_told = "could not tell whether a privileged role is held" in tally.output or "STILL HOLDS" in tally.output
    return code in _STOPPED and bool(end.privileged) and is_lost and is_told


def name_of(faults: Sequence[Fault]) -> str:
    """Name a point by its faults."""
    return " and ".join([faults[0].name, *(f"{each.kind.name} at {each.request.name}" for each in faults[1:])])


def _run(prepared: Prepared, tally: Tally) -> int | None:
    with prepared.surroundings():
        return tally.await_end(prepared.start(), _PATIENCE_SECONDS)


def _close(prepared: Prepared, tally: Tally) -> None:
    with prepared.surroundings(has_person=False):
        code = tally.await_end(prepared.start("close"), _PATIENCE_SECONDS)
    end = judging.look(prepared)
    tally.take("closed", end, judging.judge_close(code, end))
