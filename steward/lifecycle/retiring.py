"""The order of a retirement: the account closed and locked out, the grants taken back, and only then the destroy.

Each step finds what an earlier run left to do, so that a retirement may be killed and started again anywhere.
"""

from steward.lifecycle.post_apply import PostApply, RunStep, in_order, to_the_end
from steward.lifecycle.steps import (
    CLOSE_RETIRED,
    DESTROY,
    DESTROY_ONCE_CLOSED,
    LOCK_OUT,
    PREFLIGHT_RETIRE,
    REMAINS,
    REVOKE,
)


async def retire(run: RunStep) -> PostApply:
    """Retire; broken off only after the account is closed, and destroyed only when everything before is confirmed."""
    result = PostApply()
    if not result.take(await run(PREFLIGHT_RETIRE)):
        return result
    if await to_the_end(_close(run, result)) and await in_order(run, result, (REVOKE, DESTROY)):
        result.take(await run(REMAINS))
    return result


async def preview_retirement(run: RunStep) -> PostApply:
    """Show what a run would do, each step as if those before it had been done; Terraform plans as matters stand."""
    result = PostApply()
    if result.take(await run(PREFLIGHT_RETIRE)) and await in_order(run, result, (CLOSE_RETIRED, LOCK_OUT)):
        await in_order(run, result, (REVOKE, DESTROY_ONCE_CLOSED))
    return result


async def _close(run: RunStep, result: PostApply) -> bool:
    is_closed = False
    try:
        is_closed = result.take(await run(CLOSE_RETIRED))
    finally:
        # Whatever came of the role, nobody signs in with it.
        is_closed = result.take(await run(LOCK_OUT)) and is_closed
    return is_closed
