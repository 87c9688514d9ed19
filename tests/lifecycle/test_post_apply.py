"""The order of the steps, and what happens to it when one is blocked, breaks, or is broken off."""

import asyncio
from collections.abc import Callable

import pytest

from steward.errors import ExitCode
from steward.lifecycle.post_apply import PostApply, close_only, post_apply
from steward.lifecycle.runner import StepOutcome
from steward.lifecycle.step import Step

# Close comes a second time after sealing: a deploy that was waiting for its approval may have granted the role.
WHOLE = ["preflight", "prove", "consent", "close", "seal", "close", "open", "enrol", "settle", "verify"]


class Steps:
    """Confirms every step and notes its name; `blocked` names one that is blocked, `acts` what a step does besides."""

    def __init__(self, blocked: str = "", acts: dict[str, Callable[[], object]] | None = None) -> None:
        self.seen: list[str] = []
        self._blocked = blocked
        self._acts = acts or {}

    async def run(self, step: Step) -> StepOutcome:
        self.seen.append(step.name)
        await asyncio.sleep(0)
        if step.name in self._acts:
            self._acts[step.name]()
        await asyncio.sleep(0)
        self.seen.append(f"{step.name}.")
        is_blocked = step.name == self._blocked
        return StepOutcome(step.name, ExitCode.FINDINGS if is_blocked else ExitCode.WELL, is_blocked=is_blocked)

    @property
    def finished(self) -> list[str]:
        return [name.removesuffix(".") for name in self.seen if name.endswith(".")]


def run(steps: Steps) -> PostApply:
    return asyncio.run(post_apply(steps.run))


def fail() -> None:
    raise RuntimeError("a defect")


@pytest.mark.parametrize(
    ("blocked", "expected"),
    [
        ("", WHOLE),
        ("preflight", ["preflight"]),
        ("prove", ["preflight", "prove", "close", "abandon"]),
        ("consent", ["preflight", "prove", "consent", "close", "abandon"]),
        ("close", ["preflight", "prove", "consent", "close", "abandon"]),
        ("seal", WHOLE),
        ("open", [step for step in WHOLE if step != "enrol"]),
        ("enrol", WHOLE),
        ("settle", WHOLE),
        ("verify", WHOLE),
    ],
)
def test_order_when_a_step_is_blocked(blocked: str, expected: list[str]) -> None:
    steps = Steps(blocked)
    result = run(steps)
    assert steps.finished == expected
    assert result.exit_code == (ExitCode.FINDINGS if blocked else ExitCode.WELL)


@pytest.mark.parametrize("broken", ["prove", "consent"])
def test_defect_before_close_still_closes(broken: str) -> None:
    steps = Steps(acts={broken: fail})
    with pytest.raises(RuntimeError):
        run(steps)
    assert steps.finished[-2:] == ["close", "abandon"]


@pytest.mark.parametrize("broken", ["open", "enrol"])
def test_defect_while_the_account_is_open_shuts_it(broken: str) -> None:
    steps = Steps(acts={broken: fail})
    with pytest.raises(RuntimeError):
        run(steps)
    assert steps.finished[-1] == "shut"


@pytest.mark.parametrize("moment", ["prove", "consent", "close"])
def test_whoever_breaks_it_off_waits_until_the_role_is_gone(moment: str) -> None:
    reached = asyncio.Event()
    steps = Steps(acts={moment: reached.set})

    async def broken_off() -> None:
        task = asyncio.ensure_future(post_apply(steps.run))
        await reached.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(broken_off())
    assert steps.finished[-2:] == ["close", "abandon"]


@pytest.mark.parametrize("blocked", ["", "close"])
def test_close_alone_leaves_the_latch_where_no_deploy_grants_again(blocked: str) -> None:
    steps = Steps(blocked)
    asyncio.run(close_only(steps.run))
    assert steps.finished == ["close", "abandon"]


def test_defect_in_close_still_turns_the_latch_back() -> None:
    steps = Steps(acts={"close": fail})
    with pytest.raises(RuntimeError):
        run(steps)
    assert steps.finished[-1] == "abandon"
