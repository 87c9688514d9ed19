"""How a run tells what is not as it has to be: each thing once a step, and with a verb that cannot be overlooked."""

import asyncio
from collections.abc import Iterator
from typing import cast

import pytest

from steward.config.model import Tenant
from steward.errors import ExitCode
from steward.facts import Facts
from steward.graph.session import GraphSession
from steward.lifecycle.actions import Action, Already, Blocked
from steward.lifecycle.lines import Line
from steward.lifecycle.runner import Runner
from steward.lifecycle.step import Step
from tests.lifecycle.situation import TENANT

WHY = "403 Forbidden: no. (request {})"


class Silence:
    """A session that nothing is asked of."""

    answers: tuple[()] = ()


def told(*actions: Action, names: tuple[str, ...] = ("close",)) -> list[Line]:
    def decide(_: Facts, __: Tenant) -> Iterator[Action]:
        yield from actions

    lines: list[Line] = []
    runner = Runner(
        tenant=TENANT, session=cast("GraphSession", Silence()), workspace=None, evidence=None, observe=lines.append
    )

    async def run() -> None:
        for name in names:
            await runner.preview(Step(name=name, reads=(), decide=decide))

    asyncio.run(run())
    return lines


def test_one_read_that_fails_is_told_once_a_step_however_often_it_is_met() -> None:
    refusals = [Blocked("the account", WHY.format(number), "see", ExitCode.COULD_NOT_TELL) for number in ("1", "2")]
    assert [line.step for line in told(*refusals, names=("close", "close", "shut"))] == ["close", "shut"]


def test_what_differs_or_is_well_is_told_each_time() -> None:
    assert len(told(Blocked("a", "b", "c"), Blocked("a", "b", "d"), Blocked("a", "e", "c"))) == 3
    assert len(told(Already("a", "b"), names=("close", "close"))) == 2


@pytest.mark.parametrize(("step", "verb"), [("preflight", "missing"), ("guard", "alarm"), ("destroy", "amiss")])
def test_verb_fits_what_is_told(step: str, verb: str) -> None:
    assert [line.verb for line in told(Blocked("it", "it holds a role", "close"), names=(step,))] == [verb]
