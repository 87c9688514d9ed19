"""The order of the steps, and what happens to it when one is blocked, breaks, or is broken off."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from steward.errors import ExitCode
from steward.facts import Absent, Facts, RoleHoldings, SignInState, Unreadable
from steward.lifecycle.post_apply import PostApply, close_only, post_apply, preview
from steward.lifecycle.runner import StepOutcome
from steward.lifecycle.step import Step
from steward.lifecycle.steps import TRIM_ALONE
from tests.lifecycle import situation as s
from tests.lifecycle.test_windows import NOW, OVER, RUNNING

# Close comes a second time after sealing: a deploy that was waiting for its approval may have granted the role.
WHOLE = ["preflight", "prove", "consent", "close", "seal", "close", "open", "enrol", "settle", "verify"]

UNSEEN = Unreadable("eligible schedules", "503")

IN_WINDOW = ["preflight", "prove", "consent", "open", "enrol", "admit", "elevate", "attend", "close", "shut"]
WHOLE_WINDOW = [*IN_WINDOW, *WHOLE[4:]]


class Steps:
    """Confirms every step and notes its name; `blocked` names one that is blocked, `acts` what a step does besides."""

    def __init__(
        self,
        blocked: str = "",
        acts: dict[str, Callable[[], object]] | None = None,
        facts: Facts | None = None,
        writes: dict[str, int] | None = None,
    ) -> None:
        self._writes = writes or {}
        self.seen: list[str] = []
        self.last: Step | None = None
        self._blocked = blocked
        self._acts = acts or {}
        self._facts = facts or Facts()

    async def run(self, step: Step) -> StepOutcome:
        self.seen.append(step.name)
        self.last = step
        await asyncio.sleep(0)
        if step.name in self._acts:
            self._acts[step.name]()
        await asyncio.sleep(0)
        self.seen.append(f"{step.name}.")
        is_blocked = step.name == self._blocked
        code = ExitCode.FINDINGS if is_blocked else ExitCode.WELL
        facts = self._facts if step.name == "preflight" else Facts()
        written = self._writes.get(step.name, 0)
        return StepOutcome(step.name, code, is_blocked=is_blocked, facts=facts, writes=written)

    @property
    def finished(self) -> list[str]:
        return [name.removesuffix(".") for name in self.seen if name.endswith(".")]


@pytest.mark.parametrize(
    ("facts", "writes", "expected"),
    [
        (s.SEALED, {}, ["preflight", "prove", "consent", "close", "seal", "settle", "verify"]),
        (s.SEALED, {"settle": 1}, ["preflight", "prove", "consent", "close", "seal", "settle"]),
        (s.DEPLOYED, {"close": 1}, ["preflight", "prove", "consent", "close", "seal", "settle"]),
    ],
)
def test_preview_of_a_sealed_tenant_shows_its_proof_too(
    facts: Facts, writes: dict[str, int], expected: list[str]
) -> None:
    steps = Steps(facts=facts, writes=writes)
    asyncio.run(preview(steps.run))
    assert steps.finished == expected


def run(steps: Steps) -> PostApply:
    return asyncio.run(post_apply(steps.run))


def run_window(steps: Steps) -> PostApply:
    return asyncio.run(post_apply(steps.run, opens_window=True))


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


@pytest.mark.parametrize(
    "roles", [s.DEPLOYED.roles, Unreadable("directory roles", "503"), RoleHoldings(unreadable=(UNSEEN,))]
)
def test_role_that_is_or_may_be_held_does_not_wait_until_what_is_missing_is_mended(
    roles: RoleHoldings | Unreadable,
) -> None:
    steps = Steps("preflight", facts=replace(s.DEPLOYED, roles=roles))
    run(steps)
    assert steps.finished == ["preflight", "close", "abandon"]


def test_deploy_that_was_waiting_for_the_latch_is_looked_for_once_it_is_turned() -> None:
    steps = Steps("consent", writes={"abandon": 1})
    run(steps)
    assert steps.finished == ["preflight", "prove", "consent", "close", "abandon", "close"]


def test_nothing_is_touched_when_preflight_is_blocked_and_no_role_is_held() -> None:
    steps = Steps("preflight", facts=replace(s.DEPLOYED, roles=RoleHoldings()))
    run(steps)
    assert steps.finished == ["preflight"]


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


@pytest.mark.parametrize(
    ("roles", "held", "code"),
    [
        (s.DEPLOYED.roles, ("Global Administrator (direct)",), ExitCode.FINDINGS),
        (RoleHoldings(), (), ExitCode.COULD_NOT_TELL),
        (UNSEEN, None, ExitCode.COULD_NOT_TELL),
    ],
)
def test_run_that_was_broken_off_is_told_by_what_the_closing_read(
    roles: RoleHoldings | Unreadable, held: tuple[str, ...] | None, code: ExitCode
) -> None:
    reached, result = asyncio.Event(), PostApply()

    async def step(asked: Step) -> StepOutcome:
        if asked.name == "prove":
            reached.set()
            await asyncio.Event().wait()
        read = s.DEPLOYED.roles if asked.name == "preflight" else roles
        return StepOutcome(asked.name, facts=replace(s.DEPLOYED, roles=read))

    async def broken_off() -> None:
        task = asyncio.ensure_future(post_apply(step, result=result))
        await reached.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(broken_off())
    result.interrupt()
    assert result.privileged_roles == held
    assert result.exit_code is code


def test_role_of_an_account_that_is_gone_by_the_last_reading_is_not_told_from_an_earlier_one() -> None:
    result = PostApply()
    result.take(StepOutcome("close", facts=s.DEPLOYED))
    gone = Absent("the account")
    result.take(StepOutcome("close", facts=replace(s.DEPLOYED, account=gone, roles=gone)))
    assert result.privileged_roles is None
    assert result.is_enabled is None


@pytest.mark.parametrize("moment", ["trim", "seal"])
def test_whoever_breaks_it_off_before_the_seal_has_all_taken_back_told_and_no_latch_that_grants(moment: str) -> None:
    reached, result = asyncio.Event(), PostApply()
    steps = Steps(blocked="trim", acts={moment: reached.set})

    async def broken_off() -> None:
        task = asyncio.ensure_future(post_apply(steps.run, opens_window=True, consents_in_browser=True, result=result))
        await reached.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(broken_off())
    assert "trim" in steps.finished
    assert steps.finished[-1] == "abandon"
    assert result.steps["trim"] == "blocked"
    assert result.exit_code is ExitCode.FINDINGS, "what came of it is told, and not that it was broken off alone"


def test_defect_in_trim_leaves_no_latch_that_grants() -> None:
    steps = Steps(acts={"trim": fail})
    with pytest.raises(RuntimeError):
        consent_in_browser(steps)
    assert steps.finished[-3:] == ["close", "shut", "abandon"]


@pytest.mark.parametrize("blocked", ["", "close", "abandon", "trim"])
def test_close_alone_trims_once_all_else_is_done(blocked: str) -> None:
    steps = Steps(blocked)
    asyncio.run(close_only(steps.run, opens_window=True, consents_in_browser=True))
    assert steps.finished == ["close", "shut", "abandon", "trim"]
    assert steps.last is TRIM_ALONE, "what it cannot look at keeps no closing from its end"


def test_defect_in_closing_alone_keeps_nothing_from_being_taken_back() -> None:
    steps = Steps(acts={"close": fail})
    with pytest.raises(RuntimeError):
        asyncio.run(close_only(steps.run, consents_in_browser=True))
    assert steps.finished == ["abandon", "trim"]


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


@pytest.mark.parametrize("blocked", ["", *IN_WINDOW[1:8]])
def test_order_of_a_window_when_a_step_is_blocked(blocked: str) -> None:
    steps = Steps(blocked)
    result = run_window(steps)
    if blocked:
        begun = IN_WINDOW[: IN_WINDOW.index(blocked) + 1]
        assert steps.finished == [*begun, "close", "shut", "abandon"]
    else:
        assert steps.finished == WHOLE_WINDOW
    assert result.exit_code == (ExitCode.FINDINGS if blocked else ExitCode.WELL)


@pytest.mark.parametrize("blocked", ["close", "shut"])
def test_window_that_is_not_closed_is_not_sealed(blocked: str) -> None:
    steps = Steps(blocked)
    run_window(steps)
    assert steps.finished == [*IN_WINDOW, "abandon"]


@pytest.mark.parametrize("moment", ["open", "enrol", "admit", "elevate", "consent", "attend"])
@pytest.mark.parametrize("is_defect", [True, False], ids=["defect", "broken off"])
def test_window_that_ends_early_is_closed_first(moment: str, *, is_defect: bool) -> None:
    reached = asyncio.Event()
    steps = Steps(acts={moment: fail if is_defect else reached.set})

    async def broken_off() -> None:
        task = asyncio.ensure_future(post_apply(steps.run, opens_window=True))
        if not is_defect:
            await reached.wait()
            task.cancel()
        with pytest.raises(RuntimeError if is_defect else asyncio.CancelledError):
            await task

    asyncio.run(broken_off())
    assert steps.finished[-3:] == ["close", "shut", "abandon"]


def test_sealed_tenant_opens_no_window_again() -> None:
    steps = Steps(facts=s.SEALED)
    run_window(steps)
    assert steps.finished == WHOLE


@pytest.mark.parametrize(
    "facts", [replace(RUNNING, first_sign_in=SignInState(NOW, "CiraSync")), replace(RUNNING, operators_word=True)]
)
def test_window_whose_sign_in_has_happened_is_only_closed(facts: Facts) -> None:
    steps = Steps(facts=facts)
    run_window(steps)
    assert steps.finished == ["preflight", "prove", "consent", "close", "shut", *WHOLE[4:]]


def test_open_window_is_gone_on_with() -> None:
    steps = Steps(facts=RUNNING)
    run_window(steps)
    assert steps.finished == WHOLE_WINDOW


def test_window_that_is_over_is_closed_before_anything_else() -> None:
    steps = Steps(facts=replace(RUNNING, window=OVER))
    run_window(steps)
    assert steps.finished[:3] == ["preflight", "close", "prove"]


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (RUNNING, ["preflight", "close", "shut", "abandon"]),
        (replace(RUNNING, roles=RoleHoldings()), ["preflight"]),
    ],
)
def test_window_that_cannot_be_gone_on_with_is_closed(facts: Facts, expected: list[str]) -> None:
    steps = Steps("preflight", facts=facts)
    run_window(steps)
    assert steps.finished == expected


def test_close_alone_closes_the_account_of_a_window_too() -> None:
    steps = Steps()
    asyncio.run(close_only(steps.run, opens_window=True))
    assert steps.finished == ["close", "shut", "abandon"]


HELD = RoleHoldings(held=(s.GLOBAL_ADMIN,))
STRANGER = replace(s.ACCOUNT, stamp=None, is_enabled=True)


@pytest.mark.parametrize(
    ("known", "roles", "code"),
    [
        ({"account": s.ACCOUNT, "roles": HELD}, ("Global Administrator (direct)",), ExitCode.FINDINGS),
        ({"account": s.ACCOUNT, "roles": RoleHoldings()}, (), ExitCode.WELL),
        # What somebody else's account holds is not told as held by ours.
        ({"account": STRANGER, "roles": HELD}, None, ExitCode.WELL),
        ({"account": STRANGER, "roles": RoleHoldings()}, None, ExitCode.WELL),
    ],
)
def test_run_that_last_saw_a_privileged_role_never_ends_well(
    known: dict[str, Any], roles: tuple[str, ...] | None, code: ExitCode
) -> None:
    result = PostApply()
    result.take(StepOutcome("close", facts=Facts(**known)))
    assert result.judge_end().exit_code is code
    assert result.privileged_roles == roles
    assert result.is_enabled is (None if known["account"] is STRANGER else False)
    assert result.may_be_privileged is (known["roles"] is HELD)


def consent_in_browser(steps: Steps, result: PostApply | None = None) -> PostApply:
    return asyncio.run(post_apply(steps.run, opens_window=True, consents_in_browser=True, result=result))


def test_person_consents_once_the_role_is_there_and_what_goes_beyond_is_taken_back_once_it_is_gone() -> None:
    steps = Steps()
    consent_in_browser(steps)
    expected = [
        "preflight",
        "prove",
        "consent",
        "open",
        "enrol",
        "admit",
        "elevate",
        "consent",
        "attend",
        "close",
        "shut",
    ]
    assert steps.finished == [*expected, "trim", *WHOLE[4:]]


@pytest.mark.parametrize("blocked", ["elevate", "attend"])
def test_consent_that_was_not_seen_to_its_end_is_trimmed_after_the_role_is_gone(blocked: str) -> None:
    steps = Steps(blocked)
    consent_in_browser(steps)
    assert steps.finished[-4:] == ["close", "shut", "abandon", "trim"]


def test_consent_is_trimmed_although_the_role_could_not_be_taken_away() -> None:
    steps = Steps("close")
    consent_in_browser(steps)
    assert steps.finished[-4:] == ["close", "shut", "abandon", "trim"]


def test_consent_is_trimmed_although_the_latch_cannot_be_turned_back() -> None:
    steps = Steps("attend", acts={"abandon": fail})
    with pytest.raises(RuntimeError):
        consent_in_browser(steps)
    assert steps.finished[-3:] == ["close", "shut", "trim"]


def test_consent_that_was_given_opens_no_window_again() -> None:
    steps = Steps()
    consent_in_browser(steps, PostApply(has_happened=lambda _: True))
    assert steps.finished == ["preflight", "prove", "consent", "close", "shut", "trim", *WHOLE[4:]]


@pytest.mark.parametrize(
    ("options", "facts", "planned"),
    [
        ({}, s.DEPLOYED, [*WHOLE[1:5], *WHOLE[6:]]),
        ({"opens_window": True}, s.DEPLOYED, [*IN_WINDOW[1:], "seal", "settle", "verify"]),
        (
            {"opens_window": True, "consents_in_browser": True},
            s.DEPLOYED,
            [*IN_WINDOW[1:7], "consent", *IN_WINDOW[7:], "trim", "seal", "settle", "verify"],
        ),
        (
            {"opens_window": True, "consents_in_browser": True},
            s.SEALED,
            ["prove", "consent", "close", "trim", "seal", "open", "enrol", "settle", "verify"],
        ),
    ],
    ids=["no window", "window", "browser", "sealed"],
)
def test_what_is_to_come_is_known_from_the_first_look_on(
    options: dict[str, bool], facts: Facts, planned: list[str]
) -> None:
    result = PostApply()
    seen: list[tuple[str, ...]] = []
    names = {*WHOLE, *IN_WINDOW, "trim"}
    steps = Steps(facts=facts, acts=dict.fromkeys(names, lambda: seen.append(result.to_come)))
    asyncio.run(post_apply(steps.run, result=result, **options))
    assert list(seen[1]) == planned
    assert all(later == earlier[len(earlier) - len(later) :] for earlier, later in pairwise(seen[1:]))
    assert result.to_come == ()
    assert [
        name for name, left in zip(steps.finished[1:], seen[1:], strict=True) if left and name == left[0]
    ] == planned


@pytest.mark.parametrize("blocked", ["prove", "close", "seal"])
def test_nothing_more_is_announced_once_a_step_is_blocked(blocked: str) -> None:
    steps = Steps(blocked, facts=s.DEPLOYED)
    assert run(steps).to_come == ()


def test_nothing_more_is_announced_once_somebody_breaks_it_off() -> None:
    result, left = PostApply(), []

    def break_off() -> None:
        raise asyncio.CancelledError

    steps = Steps(facts=s.DEPLOYED, acts={"consent": break_off, "close": lambda: left.append(result.to_come)})
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(post_apply(steps.run, result=result))
    assert left
    assert set(left) == {()}
