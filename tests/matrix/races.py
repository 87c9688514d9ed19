"""Two programs at once on one tenancy: nothing double, nothing lost, nobody left privileged."""

import time
from collections.abc import Callable, Sequence

from scripts.rehearsal.scene import DEPLOY
from tests.matrix import judging, processes
from tests.matrix.outcome import Outcome, Tally
from tests.matrix.processes import Started
from tests.matrix.tenancies import Prepared

_PATIENCE_SECONDS = 240.0
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
    """Start a plain `terraform apply`, which is what a deploy comes to."""
    tenancy = prepared.tenancy
    return processes.start_command(
        [tenancy.terraform, "apply", "-input=false", "-no-color", "-auto-approve", "-lock-timeout=60s"],
        folder=tenancy.scene.stack,
        environment=tenancy.scene.environments[DEPLOY],
        output=prepared.folder / "output" / f"apply-{time.monotonic_ns()}.txt",
    )


RACES: dict[str, tuple[Starts, Starts]] = {
    "two post_apply": (post_apply, post_apply),
    "post_apply and a deploy": (post_apply, deploy),
    "two close": (close, close),
    "the guard and a running window": (post_apply, guard),
}


def play(prepared: Prepared, name: str) -> Outcome:
    """Start both at once on a fresh deploy, judge when both are over, and then see that post_apply ends sealed."""
    began = time.monotonic()
    prepared.restore()
    tally = Tally()
    started = [start(prepared) for start in RACES[name]]
    _wait(started, tally)
    end = judging.look(prepared)
    tally.take("both over", end, judging.demoted(end))
    again = prepared.start()
    _wait([again], tally)
    end = judging.look(prepared)
    wrong = [] if again.code == 0 else [f"it ended with {again.code}"]
    tally.take("started again", end, [*wrong, *judging.sealed(end, has_person=prepared.life.has_person)])
    return tally.as_outcome(f"{prepared.life.name}: {name}", "race", prepared.life.name, time.monotonic() - began)


def _wait(started: Sequence[Started], tally: Tally) -> None:
    for each in started:
        code = each.wait(_PATIENCE_SECONDS)
        if code is None:
            each.kill()
            tally.wrong.append("one did not end")
        tally.codes.append(code)
        tally.output += each.words()
