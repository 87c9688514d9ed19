"""The order of the steps after a deploy, and what happens when one of them is blocked.

Before anything is touched a missing precondition ends the run. After that, whatever goes wrong, the role is taken away
first and the latch is left where no deploy grants it again.
"""

import asyncio
from asyncio import CancelledError
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeVar

from steward.errors import ExitCode
from steward.facts import (
    NOT_READ,
    LatchState,
    PlanState,
    RoleHoldings,
    StackState,
    Unreadable,
    UserState,
)
from steward.lifecycle.privilege import describe, privileged
from steward.lifecycle.runner import StepOutcome, worse
from steward.lifecycle.step import Step
from steward.lifecycle.steps import ABANDON, CLOSE, CONSENT, ENROL, OPEN, PREFLIGHT, PROVE, SEAL, SETTLE, SHUT, VERIFY
from steward.wellknown.latch import SEALED

T = TypeVar("T")
RunStep = Callable[[Step], Awaitable[StepOutcome]]


@dataclass
class PostApply:
    """How a run ended; `is_sealed` and `privileged_roles` are None when the run could not tell."""

    exit_code: ExitCode = ExitCode.WELL
    writes: int = 0
    is_sealed: bool | None = None
    is_enabled: bool | None = None
    privileged_roles: tuple[str, ...] | None = None
    plan: str | None = None
    steps: dict[str, str] = field(default_factory=dict)

    def take(self, outcome: StepOutcome) -> bool:
        """Add a step's outcome; return whether the step was confirmed."""
        self.exit_code = worse(self.exit_code, outcome.exit_code)
        self.writes += outcome.writes
        self.steps[outcome.step] = "blocked" if outcome.is_blocked else "confirmed"
        self._look(outcome)
        return not outcome.is_blocked

    def _look(self, outcome: StepOutcome) -> None:
        facts = outcome.facts
        if isinstance(facts.stack, StackState):
            latch = facts.stack.latch
            self.is_sealed = isinstance(latch, LatchState) and latch.phase == SEALED
        if isinstance(facts.plan, PlanState):
            self.plan = f"{len(facts.plan.changes)} changes" if facts.plan.changes else "empty"
        if isinstance(facts.account, UserState):
            self.is_enabled = facts.account.is_enabled
        if isinstance(facts.roles, RoleHoldings):
            held = tuple(describe(holding) for holding in privileged(facts.roles))
            self.privileged_roles = held if held or not facts.roles.unreadable else None
        elif isinstance(facts.roles, Unreadable) and facts.roles is not NOT_READ:
            self.privileged_roles = None


async def post_apply(run: RunStep) -> PostApply:
    """Run the whole order; the returned exit code is 0 only if every step was confirmed and nothing was found."""
    result = PostApply()
    if not result.take(await run(PREFLIGHT)):
        return result
    if result.is_enabled and result.privileged_roles != ():
        # Somebody enabled it while it holds the role: that is ended before anything else is done.
        result.take(await to_the_end(run(CLOSE)))
    try:
        has_consent = result.take(await run(PROVE)) and result.take(await run(CONSENT))
    except (Exception, CancelledError):
        # Whatever broke here, or whoever broke it off, a role that is held is worse: it goes first.
        await to_the_end(close_and_abandon(run, result))
        raise
    if not has_consent:
        await to_the_end(close_and_abandon(run, result))
        return result
    is_closed = False
    try:
        is_closed = result.take(await to_the_end(run(CLOSE)))
    finally:
        if not is_closed:
            await to_the_end(abandon(run, result))
    if not is_closed:
        return result
    result.take(await run(SEAL))
    # A deploy that was waiting for its approval may have granted the role meanwhile; from the seal on none can.
    if not result.take(await to_the_end(run(CLOSE))):
        return result
    try:
        result.take(await run(OPEN)) and result.take(await run(ENROL))
    except (Exception, CancelledError):
        # Nobody waits any longer, so the account does not stay open.
        result.take(await to_the_end(run(SHUT)))
        raise
    result.take(await run(SETTLE))
    result.take(await run(VERIFY))
    return result


async def close_only(run: RunStep) -> PostApply:
    """Take the role away, and turn the latch back where Terraform can; closing itself does not need it."""
    result = PostApply()
    await to_the_end(close_and_abandon(run, result))
    return result


async def preview(run: RunStep, *, is_close_only: bool = False) -> PostApply:
    """Show what a run would do from where the tenant stands; what depends on an earlier deed is left out."""
    result = PostApply()
    if is_close_only:
        result.take(await run(CLOSE))
        result.take(await run(ABANDON))
        return result
    if not result.take(await run(PREFLIGHT)):
        return result
    has_consent = result.take(await run(PROVE)) and result.take(await run(CONSENT))
    for step in (CLOSE, SEAL, SETTLE) if has_consent else (CLOSE, ABANDON):
        result.take(await run(step))
    return result


async def close_and_abandon(run: RunStep, result: PostApply) -> None:
    """Take the role away, then leave the latch where no deploy grants it again, even if the first was blocked."""
    try:
        result.take(await run(CLOSE))
    finally:
        await abandon(run, result)


async def abandon(run: RunStep, result: PostApply) -> None:
    """Leave the latch where no deploy grants the role again."""
    result.take(await run(ABANDON))


async def to_the_end(step: Awaitable[T]) -> T:
    """Await what must not be broken off; whoever asked the run to stop is obeyed when it is over."""
    task = asyncio.ensure_future(step)
    is_told_to_stop = False
    while not task.done():
        try:
            await asyncio.shield(task)
        except CancelledError:
            is_told_to_stop = True
    if is_told_to_stop and task.exception() is None:
        raise CancelledError
    return task.result()
