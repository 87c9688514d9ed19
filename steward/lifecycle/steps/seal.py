"""The latch is turned to `sealed`, and a full plan that changes nothing is applied: the state forgets the role."""

from collections.abc import Iterator

from steward.acts import ApplyEmptyPlan, TurnLatch
from steward.config.model import Tenant
from steward.facts import Absent, Facts, LatchState, StackState, Unreadable
from steward.lifecycle.actions import Action, Already, Found, TerraformCall, could_not_tell, not_there
from steward.lifecycle.ownership import lost_latch
from steward.lifecycle.step import Step
from steward.wellknown.latch import SEALED


def decide(facts: Facts, tenant: Tenant) -> Iterator[Action]:
    """Seal first; then demand an empty plan, and report whatever else a plan would change."""
    match facts.stack:
        case Unreadable():
            yield could_not_tell(facts.stack.what, facts.stack.why)
        case StackState(latch=LatchState(phase=phase)) as stack if phase == SEALED:
            yield Already("latch", SEALED)
            yield from _settle_state(facts, stack)
        case StackState(latch=LatchState()):
            yield TerraformCall("turned", f"latch of {tenant.name} to {SEALED}", TurnLatch(SEALED))
        case _:
            yield lost_latch(tenant)


def _settle_state(facts: Facts, stack: StackState) -> Iterator[Action]:
    plan = facts.plan
    if isinstance(plan, Absent | Unreadable):
        yield from not_there(plan)
    elif plan.changes:
        listed = ", ".join(f"{change.actions[0]} {change.address}" for change in plan.changes)
        yield Found("plan", f"sealed, but a plan is not empty: {listed}", "review it with cdktf diff, then deploy")
    elif stack.has_role_assignment:
        yield TerraformCall("applied", "the empty plan: the state forgets the role", ApplyEmptyPlan())
    else:
        yield Already("plan", "empty")


SEAL = Step(name="seal", reads=("stack", "plan"), decide=decide)
