"""The order of the steps after a deploy, and what happens when one of them is blocked.

Before anything is touched a missing precondition ends the run. After that, whatever goes wrong, the role is taken away
first and the latch is left where no deploy grants it again.
"""

import asyncio
from asyncio import CancelledError
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeVar

from steward.errors import ExitCode, worse
from steward.facts import (
    NOT_READ,
    Absent,
    Facts,
    LatchState,
    PlanState,
    RoleHoldings,
    SignInState,
    StackState,
    UserState,
    WindowState,
)
from steward.lifecycle.ownership import find_stray, is_strangers
from steward.lifecycle.privilege import describe, privileged
from steward.lifecycle.reopening import stands
from steward.lifecycle.runner import StepOutcome
from steward.lifecycle.step import Step
from steward.lifecycle.steps import (
    ABANDON,
    ADMIT,
    ATTEND,
    CLOSE,
    CONSENT,
    CONSENT_IN_BROWSER,
    ELEVATE,
    ENROL,
    OPEN,
    PREFLIGHT,
    PROVE,
    SEAL,
    SETTLE,
    SHUT,
    TRIM,
    TRIM_ALONE,
    VERIFY,
)
from steward.lifecycle.window import find_open_window
from steward.wellknown.latch import SEALED

# The consent needs no role, and a person who signed in before it was asked to consent, to whatever is asked of users.
# Every credential changes hands before the role is granted.
_WINDOW = (CONSENT, OPEN, ENROL, ADMIT, ELEVATE, ATTEND)
# Whoever consents in a browser needs the role for it; the step at the head only looks whether it is worth a window.
_WINDOW_WITH_CONSENT = (CONSENT, OPEN, ENROL, ADMIT, ELEVATE, CONSENT_IN_BROWSER, ATTEND)

T = TypeVar("T")
RunStep = Callable[[Step], Awaitable[StepOutcome]]


def _is_seen_or_told(facts: Facts) -> bool:
    return isinstance(facts.first_sign_in, SignInState) or facts.operators_word is True


@dataclass
class PostApply:
    """How a run ended; `is_sealed` and `privileged_roles` are None when the run could not tell.

    `has_happened` judges whether what a window is opened for has happened; `to_come` names the steps that are planned,
    each where it does its work: a second look at it later is not announced.
    """

    exit_code: ExitCode = ExitCode.WELL
    writes: int = 0
    is_sealed: bool | None = None
    is_enabled: bool | None = None
    may_be_privileged: bool = False
    is_window_open: bool = False
    is_reopened: bool = False
    is_attended: bool = False
    is_interrupted: bool = False
    privileged_roles: tuple[str, ...] | None = None
    plan: str | None = None
    steps: dict[str, str] = field(default_factory=dict)
    to_come: tuple[str, ...] = ()
    has_happened: Callable[[Facts], bool] = field(default=_is_seen_or_told, repr=False)

    def take(self, outcome: StepOutcome) -> bool:
        """Add a step's outcome; return whether the step was confirmed."""
        self.exit_code = worse(self.exit_code, outcome.exit_code)
        self.writes += outcome.writes
        self.steps[outcome.step] = "blocked" if outcome.is_blocked else "confirmed"
        if outcome.is_blocked:
            # What comes now is another order than the planned one.
            self.to_come = ()
        elif outcome.step in self.to_come:
            self.to_come = self.to_come[self.to_come.index(outcome.step) + 1 :]
        self._look(outcome)
        return not outcome.is_blocked

    def _look(self, outcome: StepOutcome) -> None:
        facts = outcome.facts
        if isinstance(facts.stack, StackState):
            latch = facts.stack.latch
            self.is_sealed = isinstance(latch, LatchState) and latch.phase == SEALED
        if isinstance(facts.window, WindowState | Absent):
            self.is_window_open = find_open_window(facts) is not None
        self.is_reopened = self.is_reopened or stands(facts)
        if self.has_happened(facts):
            self.is_attended = True
        if isinstance(facts.plan, PlanState):
            count = len(facts.plan.changes)
            self.plan = f"{count} change{'s' if count > 1 else ''}" if count else "empty"
        if isinstance(facts.account, UserState):
            self.is_enabled = None if is_strangers(facts.account) else facts.account.is_enabled
        elif isinstance(facts.account, Absent):
            self.is_enabled = None
        if isinstance(facts.roles, RoleHoldings):
            held = tuple(describe(holding) for holding in privileged(facts.roles))
            # Of an account that may be another tenant file's, or is nobody's of ours, nothing follows for this one's.
            is_stranger = is_strangers(facts.account)
            is_all = not facts.roles.unreadable and find_stray(facts.account) is None and not is_stranger
            self.privileged_roles = held if (held or is_all) and not is_stranger else None
            self.may_be_privileged = bool(held or facts.roles.unreadable) if is_stranger else held != () or not is_all
        elif isinstance(facts.roles, Absent):
            # An account that is gone is not known to hold nothing: whoever restores it restores its roles.
            self.privileged_roles = None
        elif facts.roles is not NOT_READ:
            self.privileged_roles = None
            self.may_be_privileged = True

    def judge_end(self) -> "PostApply":
        """Return itself, with no good exit code where the last reading shows a privileged role, whatever was judged."""
        if self.privileged_roles:
            self.exit_code = worse(self.exit_code, ExitCode.FINDINGS)
        return self

    def interrupt(self) -> None:
        """Note that somebody broke the run off; what it is known to hold then is what the closing read."""
        self.is_interrupted = True
        self.exit_code = worse(self.exit_code, ExitCode.FINDINGS if self.privileged_roles else ExitCode.COULD_NOT_TELL)


async def post_apply(
    run: RunStep,
    *,
    opens_window: bool = False,
    consents_in_browser: bool = False,
    result: PostApply | None = None,
) -> PostApply:
    """Run the whole order; the returned exit code is 0 only if every step was confirmed and nothing was found.

    With `opens_window` a person signs in as the account while it holds the role: credentials before, closed after; with
    `consents_in_browser` he consents as well, and what that grants beyond the file is taken back.
    `result` is filled as the run goes on, for whoever has to tell how far one came that was broken off.
    """
    result = PostApply() if result is None else result
    is_ready = result.take(await run(PREFLIGHT))
    is_usable = bool(result.is_enabled) and result.privileged_roles != ()
    if not is_ready:
        # A second window on a sealed tenant is left to its own end, as the guard leaves it.
        if (is_usable or result.may_be_privileged) and not result.is_reopened:
            # Mending what is missing takes its time, and the role would stand all the while for nothing: a deploy that
            # granted it did so for a consent that needs none, and a window that an earlier run opened cannot go on.
            await to_the_end(withdraw(run, result, opens_window=opens_window, trims=consents_in_browser))
        return result
    if is_usable and not result.is_window_open:
        # Somebody enabled it while it holds the role: that is ended before anything else is done.
        result.take(await to_the_end(run(CLOSE)))
    steps = _before_closing(result, opens_window=opens_window, consents_in_browser=consents_in_browser)
    result.to_come = _announce(steps, opens_window=opens_window and not result.is_sealed, trims=consents_in_browser)
    try:
        is_done = await in_order(run, result, steps)
    except (Exception, CancelledError):
        # Whatever broke here, or whoever broke it off, a role that is held is worse: it goes first.
        result.to_come = ()
        await to_the_end(withdraw(run, result, opens_window=opens_window, trims=consents_in_browser))
        raise
    if not is_done:
        await to_the_end(withdraw(run, result, opens_window=opens_window, trims=consents_in_browser))
        return result
    opens_window = opens_window and not result.is_sealed
    if not await _close_and_seal(run, result, opens_window=opens_window, trims=consents_in_browser):
        return result
    return await _settle(run, result)


async def _close_and_seal(run: RunStep, result: PostApply, *, opens_window: bool, trims: bool) -> bool:
    """Take the role away, then what goes beyond the file, then seal; return whether the first is done."""
    is_closed = False
    try:
        try:
            is_closed = await to_the_end(close(run, result, opens_window=opens_window))
        finally:
            try:
                if not is_closed:
                    await to_the_end(abandon(run, result))
            finally:
                # Where the role is held still, what nobody declared is taken back all the more.
                if trims:
                    await to_the_end(trim(run, result))
        if is_closed:
            result.take(await run(SEAL))
    except (Exception, CancelledError):
        # Whoever broke it off between the closing and the seal must not leave a latch that lets a deploy grant again.
        if is_closed:
            await to_the_end(abandon(run, result))
        raise
    return is_closed


async def _settle(run: RunStep, result: PostApply) -> PostApply:
    """Run what comes once the role is gone, and no deploy grants it any more."""
    # A deploy that was waiting for its approval may have granted the role meanwhile; from the seal on none can.
    if not result.take(await to_the_end(run(CLOSE))):
        return result
    try:
        await in_order(run, result, (OPEN, ENROL))
    except (Exception, CancelledError):
        # Nobody waits any longer, so the account does not stay open.
        result.take(await to_the_end(run(SHUT)))
        raise
    result.take(await run(SETTLE))
    result.take(await run(VERIFY))
    return result


def _before_closing(result: PostApply, *, opens_window: bool, consents_in_browser: bool) -> tuple[Step, ...]:
    """Return the steps up to the closing: with a window, unless what it is for has happened."""
    if not opens_window or result.is_sealed or result.is_attended:
        return (PROVE, CONSENT)
    return (PROVE, *(_WINDOW_WITH_CONSENT if consents_in_browser else _WINDOW))


def _announce(steps: tuple[Step, ...], *, opens_window: bool, trims: bool) -> tuple[str, ...]:
    """Return the names of the steps that are to come: these, the closing and what follows it."""
    closing = (CLOSE, *((SHUT,) if opens_window else ()), *((TRIM,) if trims else ()), SEAL)
    credentials = () if OPEN in steps else (OPEN, ENROL)
    return tuple(step.name for step in (*steps, *closing, *credentials, SETTLE, VERIFY))


async def close_only(
    run: RunStep, *, opens_window: bool = False, consents_in_browser: bool = False, result: PostApply | None = None
) -> PostApply:
    """Take the role away, and turn the latch back where Terraform can; closing itself does not need it.

    Once that is over, what a consent in a browser brought too much is taken back, as far as the token allows.
    """
    result = PostApply() if result is None else result
    await to_the_end(_close_only(run, result, opens_window=opens_window, trims=consents_in_browser))
    return result


async def _close_only(run: RunStep, result: PostApply, *, opens_window: bool, trims: bool) -> None:
    try:
        await withdraw(run, result, opens_window=opens_window)
    finally:
        if trims:
            await trim(run, result, TRIM_ALONE)


async def preview(
    run: RunStep, *, is_close_only: bool = False, opens_window: bool = False, consents_in_browser: bool = False
) -> PostApply:
    """Show what a run would do from where the tenant stands; what depends on an earlier deed is left out."""
    result = PostApply()
    if is_close_only:
        result.take(await run(CLOSE))
        result.take(await run(ABANDON))
        if consents_in_browser:
            await trim(run, result, TRIM_ALONE)
        return result
    if not result.take(await run(PREFLIGHT)):
        return result
    if opens_window and not (result.is_sealed or result.is_attended):
        # Everything after it waits for a person.
        await in_order(run, result, (PROVE, CONSENT, OPEN))
        return result
    has_consent = await in_order(run, result, (PROVE, CONSENT))
    for step in (CLOSE, SEAL, SETTLE) if has_consent else (CLOSE, ABANDON):
        result.take(await run(step))
    if result.is_sealed and not result.writes:
        # Nothing would be done, so that what the run would prove at its end can be seen now.
        result.take(await run(VERIFY))
    return result


async def in_order(run: RunStep, result: PostApply, steps: Iterable[Step]) -> bool:
    """Run steps until one is blocked; return whether none was."""
    for step in steps:
        if not result.take(await run(step)):
            return False
    return True


async def withdraw(run: RunStep, result: PostApply, *, opens_window: bool, trims: bool = False) -> None:
    """Take the role away, then leave the latch where no deploy grants it again, even if the first was blocked.

    With `trims` a person may have consented to more than the file declares, which is taken back.
    """
    try:
        await close(run, result, opens_window=opens_window)
    finally:
        try:
            await abandon(run, result)
        finally:
            if trims:
                await trim(run, result)


async def trim(run: RunStep, result: PostApply, step: Step = TRIM) -> None:
    """Take back what a consent brought beyond the file, and keep what came of it, however the run ends."""
    result.take(await run(step))


async def close(run: RunStep, result: PostApply, *, opens_window: bool) -> bool:
    """Take the role away; an account that was open for the window is closed, and its passes go, whatever came of it."""
    is_closed = False
    try:
        is_closed = result.take(await run(CLOSE))
    finally:
        if opens_window:
            is_closed = result.take(await run(SHUT)) and is_closed
    return is_closed


async def abandon(run: RunStep, result: PostApply) -> None:
    """Leave the latch where no deploy grants the role again; one that was waiting for it may have granted it first."""
    outcome = await run(ABANDON)
    result.take(outcome)
    if outcome.writes:
        result.take(await run(CLOSE))


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
