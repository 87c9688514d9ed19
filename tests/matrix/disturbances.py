"""Plays one run under faults, one or several: it must end sealed, or stop demoted with the exit code that says so.

Where it stopped, it is started again without faults, and must then end sealed.
"""

import time
from collections.abc import Sequence

from steward.errors import ExitCode
from tests.matrix import judging
from tests.matrix.faults import LAG, Fault, declare, heal
from tests.matrix.outcome import Outcome, Tally
from tests.matrix.tenancies import Prepared

_PATIENCE_SECONDS = 240.0


def play(prepared: Prepared, faults: Sequence[Fault]) -> Outcome:
    """Run post_apply on a fresh deploy under the faults, and judge how it ends."""
    began = time.monotonic()
    control = prepared.tenancy.scene.control
    prepared.restore()
    declare(control, faults)
    tally = Tally()
    with prepared.person():
        code = _run(prepared, tally)
    end = judging.look(prepared)
    met = sum(each["acted"] for each in control.faults())
    expected = sum(fault.kind.name != LAG for fault in faults)
    if code == 0 and met < expected:
        tally.wrong.append(f"{expected - met} of the faults befell nothing")
    if code != 0:
        heal(control, faults)
    if _is_not_begun(prepared, end, code, tally):
        tally.take("not begun", end, judging.never(end))
        closed = _run(prepared, tally, "--only", "close")
        end = judging.look(prepared)
        tally.take("closed", end, judging.judge_close(closed, end))
    else:
        tally.take("ended", end, judging.judge_run(code, end, has_person=prepared.life.has_person))
    if code != 0:
        with prepared.person():
            again = _run(prepared, tally)
        end = judging.look(prepared)
        wrong = [] if again == 0 else [f"it ended with {again}"]
        tally.take("started again", end, [*wrong, *judging.sealed(end, has_person=prepared.life.has_person)])
    kind = " + ".join(sorted({each.kind.name for each in faults}))
    return tally.as_outcome(name_of(faults), kind, prepared.life.name, time.monotonic() - began)


def _is_not_begun(prepared: Prepared, end: judging.End, code: int | None, tally: Tally) -> bool:
    """Say whether the run could not even sign in, so that nothing could be taken away either."""
    stopped = code in {ExitCode.FINDINGS, ExitCode.COULD_NOT_TELL}
    is_signed_out = "preflight" not in tally.output and "next:" in tally.output
    return stopped and bool(end.privileged) and not prepared.tenancy.writes() and is_signed_out


def name_of(faults: Sequence[Fault]) -> str:
    """Name a point by its faults."""
    return " and ".join([faults[0].name, *(f"{each.kind.name} at {each.request.name}" for each in faults[1:])])


def _run(prepared: Prepared, tally: Tally, *options: str) -> int | None:
    started = prepared.start("post_apply", *options)
    code = started.wait(_PATIENCE_SECONDS)
    if code is None:
        started.kill()
    tally.codes.append(code)
    tally.output += started.words()
    return code
