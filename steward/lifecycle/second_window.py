"""The order of a second window: what has to hold, the role with an end, the wait, and the closing that always comes.

It goes through Graph alone; the latch and `sealed_on` stay as they are. A role that is held when a run begins is never
taken for its own: it is taken away, and the run is over.
"""

from asyncio import CancelledError

from steward.lifecycle.post_apply import PostApply, RunStep, in_order, to_the_end
from steward.lifecycle.reopening import Reopening
from steward.lifecycle.steps import (
    CLOSE_ALONE,
    CLOSE_REOPENED,
    HOLD,
    PREFLIGHT_REOPEN,
    PROVE,
    REOPEN,
    SHUT_ALONE,
)


async def reopen(run: RunStep, reopening: Reopening, result: PostApply | None = None) -> PostApply:
    """Open the window, wait, and close; what breaks or breaks off the wait is raised again once it is closed.

    `result` is filled as the run goes on, for whoever has to tell how far one came that was broken off.
    """
    result = PostApply() if result is None else result
    if not result.take(await run(PREFLIGHT_REOPEN)):
        if result.may_be_privileged:
            # Nobody knows whose it is, or since when: a run that was killed comes back to this.
            await to_the_end(_close(run, result, reopening))
        return result
    if not result.take(await run(PROVE)):
        return result
    reopening.open()
    try:
        await in_order(run, result, (REOPEN, HOLD))
    except (Exception, CancelledError):
        await to_the_end(_close(run, result, reopening))
        raise
    await to_the_end(_close(run, result, reopening))
    return result


async def preview_reopening(run: RunStep) -> PostApply:
    """Show what a run would do up to the opening; what comes after it waits for a person."""
    result = PostApply()
    await in_order(run, result, (PREFLIGHT_REOPEN, PROVE, REOPEN))
    return result


async def _close(run: RunStep, result: PostApply, reopening: Reopening) -> None:
    """Take the role away and end the sessions; where that is not confirmed, the account is disabled as well."""
    reopening.close()
    is_closed = False
    try:
        is_closed = result.take(await run(CLOSE_REOPENED))
    finally:
        if not is_closed:
            result.take(await run(CLOSE_ALONE))
        # One that is settled is left as it is.
        result.take(await run(SHUT_ALONE))
