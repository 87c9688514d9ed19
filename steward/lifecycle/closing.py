"""Closing alone, and the guard's look, each from the tenant file only; what they ended with goes to the program."""

from collections.abc import Mapping
from types import MappingProxyType

from steward.config.model import SignIn, Tenant
from steward.errors import ExitCode, worse
from steward.lifecycle.post_apply import PostApply, RunStep, close, to_the_end, trim
from steward.lifecycle.runner import StepOutcome
from steward.lifecycle.step import Step
from steward.lifecycle.steps import CLOSE, CLOSE_ALONE, GUARD, SHUT, SHUT_ALONE, TRIM_ALONE

_ALONE: Mapping[str, Step] = MappingProxyType({CLOSE.name: CLOSE_ALONE, SHUT.name: SHUT_ALONE})


async def close_alone(run: RunStep, tenant: Tenant, result: PostApply | None = None) -> PostApply:
    """Take the role away, and shut an account that is not settled; broken off only when it is done.

    Once that is over, what a consent in a browser brought too much is taken back, as far as the token allows.
    """
    result = PostApply() if result is None else result
    await to_the_end(_close_and_trim(run, tenant, result))
    return result


async def _close_and_trim(run: RunStep, tenant: Tenant, result: PostApply) -> None:
    try:
        await close(_alone(run), result, opens_window=tenant.account.sign_in is SignIn.ALLOWED)
    finally:
        # Where the role is held still, what nobody declared is taken back all the more.
        await _trim(run, tenant, result)


async def _trim(run: RunStep, tenant: Tenant, result: PostApply) -> None:
    if tenant.consents_in_browser:
        await trim(run, result, TRIM_ALONE)


async def preview_closing(run: RunStep, tenant: Tenant) -> PostApply:
    """Show what closing would do."""
    result = PostApply()
    result.take(await run(CLOSE_ALONE))
    if tenant.account.sign_in is SignIn.ALLOWED:
        result.take(await run(SHUT_ALONE))
    await _trim(run, tenant, result)
    return result


async def guard(run: RunStep, tenant: Tenant, result: PostApply | None = None) -> PostApply:
    """Look, and close what may not stand; to have closed something is a finding."""
    result = PostApply() if result is None else result
    await to_the_end(_guard(run, tenant, result))
    return result


async def _guard(run: RunStep, tenant: Tenant, result: PostApply) -> None:
    result.take(await run(GUARD))
    if result.writes:
        result.exit_code = worse(result.exit_code, ExitCode.FINDINGS)
        if tenant.account.sign_in is SignIn.ALLOWED:
            result.take(await run(SHUT_ALONE))
        await _trim(run, tenant, result)


def _alone(run: RunStep) -> RunStep:
    async def run_alone(step: Step) -> StepOutcome:
        return await run(_ALONE[step.name])

    return run_alone
