"""Plays the death of a first deploy: Terraform and its provider are killed around a write to the tenant.

From there a user deploys again, takes in what the state does not know as preflight tells, and runs post_apply, which
must end sealed; and separately only close is started, which must leave nobody privileged.
"""

import time

from steward.errors import ExitCode
from tests.matrix import judging
from tests.matrix.kills import PATIENCE_SECONDS, hold, judge_death, kill_at_hold
from tests.matrix.outcome import Outcome, Tally
from tests.matrix.points import DeployKill
from tests.matrix.tenancies import Prepared
from tests.programs.forked_provider import AS_IT_IS


def play(prepared: Prepared, point: DeployKill) -> Outcome:
    """Kill a first deploy at the point and see what becomes of it."""
    began = time.monotonic()
    prepared.restore(prepared.empty)
    hold(prepared, point.at, point.moment)
    first = kill_at_hold(prepared, prepared.start_deploy(AS_IT_IS))
    tally = Tally(codes=[first.code], wrong=list(judge_death(first)))
    if not tally.wrong:
        end = judging.look(prepared)
        is_lost = prepared.is_emptied()
        tally.take("state lost" if is_lost else "killed", end, judging.never(end, is_lost=is_lost))
        left = prepared.save()
        _deploy_again(prepared, tally)
        prepared.restore(left)
        _close(prepared, tally, is_lost=is_lost)
    return tally.as_outcome(point.name, f"deploy killed {point.moment}", point.life, time.monotonic() - began)


def _deploy_again(prepared: Prepared, tally: Tally) -> None:
    code = tally.await_end(prepared.start_deploy(), PATIENCE_SECONDS)
    if code != ExitCode.WELL:
        code = _take_in(prepared, tally)
    if code != ExitCode.WELL:
        tally.wrong.append(f"deployed again: it ended with {code}")
        return
    with prepared.surroundings():
        code = tally.await_end(prepared.start(), PATIENCE_SECONDS)
    end = judging.look(prepared)
    wrong = [] if code == ExitCode.WELL else [f"it ended with {code}"]
    tally.take("deployed again", end, [*wrong, *judging.sealed(end, has_person=prepared.life.has_person)])


def _take_in(prepared: Prepared, tally: Tally) -> int | None:
    """Do what preflight tells where the state does not know all there is; return the next deploy's code."""
    imports = prepared.tenancy.scene.stack / "import.tf.json"
    asked = prepared.start("preflight", "--import-file", str(imports))
    tally.await_end(asked, PATIENCE_SECONDS)
    if not imports.exists():
        tally.wrong.append("the deploy fails, and preflight does not tell how what is there is taken in")
        return None
    code = tally.await_end(prepared.start_deploy(), PATIENCE_SECONDS)
    imports.unlink()
    return code


def _close(prepared: Prepared, tally: Tally, *, is_lost: bool) -> None:
    code = tally.await_end(prepared.start("close"), PATIENCE_SECONDS)
    end = judging.look(prepared)
    tally.take("closed", end, judging.judge_close(code, end, is_lost=is_lost))
