"""Terraform's state is read once a run where only its ids matter, and anew wherever it decides."""

import asyncio
from collections.abc import Iterator
from typing import Any, cast

import pytest

from steward.acts import TerraformAct, TurnLatch
from steward.config.model import Tenant
from steward.facts import Absent, Facts, Reading, StackState, Unreadable
from steward.graph.session import GraphSession
from steward.lifecycle.actions import Action, TerraformCall
from steward.lifecycle.runner import Runner
from steward.lifecycle.step import Step
from steward.terraform import Workspace
from tests.lifecycle.situation import TENANT


class CountedState:
    """A workspace whose state is counted as it is read; it knows nothing of an application."""

    def __init__(self, stack: Reading[StackState]) -> None:
        self.stack = stack
        self.reads = 0

    async def read_stack(self) -> Reading[StackState]:
        self.reads += 1
        return self.stack

    async def perform(self, act: TerraformAct) -> None:
        """Turn nothing."""


class Silence:
    """A session that nothing is asked of."""

    answers: tuple[()] = ()


def see(_: Facts, __: Tenant) -> Iterator[Action]:
    yield from ()


def turn_once() -> Any:
    left = [TerraformCall("turned", "latch", TurnLatch("sealed"))]

    def decide(_: Facts, __: Tenant) -> Iterator[Action]:
        yield from [left.pop()] if left else []

    return decide


BY_ID = Step(name="by-id", reads=("grants",), decide=see)
BY_STATE = Step(name="by-state", reads=("stack",), decide=see)
LOOKS = Step(name="looks", reads=("grants",), decide=see, looks_again=True)
STACK = StackState(Absent("the latch"), has_role_assignment=False, application_client_id=None, account_id=None)


def reads_of(*steps: Step, stack: Reading[StackState] = STACK) -> int:
    workspace = CountedState(stack)
    runner = Runner(
        tenant=TENANT,
        session=cast("GraphSession", Silence()),
        workspace=cast("Workspace", workspace),
        evidence=None,
        observe=lambda _: None,
    )

    async def run() -> None:
        for step in steps:
            await runner.run(step)

    asyncio.run(run())
    return workspace.reads


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ((BY_ID, BY_ID, BY_ID), 1),
        ((BY_STATE, BY_ID, BY_ID), 1),
        ((BY_ID, BY_STATE, BY_STATE), 3),
        ((BY_ID, LOOKS, BY_ID), 2),
    ],
)
def test_state_is_read_no_oftener_than_it_matters(steps: tuple[Step, ...], expected: int) -> None:
    assert reads_of(*steps) == expected


def test_state_is_read_anew_after_terraform_has_written_it() -> None:
    turns = Step(name="turns", reads=("grants",), decide=turn_once())
    assert reads_of(BY_ID, turns, BY_ID) == 2


def test_state_that_could_not_be_read_is_tried_again_by_the_next_step() -> None:
    assert reads_of(BY_ID, BY_ID, stack=Unreadable("the state", "timed out")) == 2
