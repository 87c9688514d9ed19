"""The latch is turned to `sealed`, and a full plan that changes nothing is applied: the state forgets the role."""

from collections.abc import Iterator

from steward.acts import ApplyEmptyPlan, TurnLatch
from steward.config.model import Tenant
from steward.facts import Absent, Facts, LatchState, PlannedChange, StackState, Unreadable
from steward.lifecycle.actions import Action, Already, Blocked, Found, TerraformCall, could_not_tell, not_there
from steward.lifecycle.ownership import lost_latch
from steward.lifecycle.step import Step
from steward.wellknown.latch import LATCH, ROLE_ASSIGNMENT, SEALED

# The stack declares a latch, so that only one that was replaced already can be deleted: its turn creates before it
# destroys, and was killed in between.
_OLD_LATCH = PlannedChange(LATCH, ("delete",))
_OUTPUT = "output."


def decide(facts: Facts, tenant: Tenant) -> Iterator[Action]:
    """Seal first; then demand an empty plan, and report whatever else a plan would change."""
    match facts.stack:
        case Unreadable():
            yield could_not_tell(facts.stack.what, facts.stack.why)
        case StackState(latch=LatchState(phase=phase)) as stack if phase == SEALED:
            yield Already("latch", SEALED)
            yield from _settle_state(facts, stack, tenant)
        case StackState(latch=LatchState()):
            yield TerraformCall("turned", f"latch of {tenant.name} to {SEALED}", TurnLatch(SEALED))
        case _:
            yield lost_latch(tenant, facts.stack)


def _settle_state(facts: Facts, stack: StackState, tenant: Tenant) -> Iterator[Action]:
    plan = facts.plan
    if isinstance(plan, Absent | Unreadable):
        yield from not_there(plan)
    elif any(change.address.startswith(ROLE_ASSIGNMENT) and "delete" in change.actions for change in plan.changes):
        # Terraform has just read the assignment by its id, so that it is held, whatever the lists say.
        yield Blocked(
            "plan",
            "sealed, but Terraform still finds the role assignment and would take it away: the role is held",
            "run the script with --only close at once, then run again",
        )
    elif plan.changes and all(_touches_nothing(change) for change in plan.changes):
        listed = ", ".join(f"{change.actions[0]} {change.address}" for change in plan.changes)
        subject = f"the plan: it puts right what a broken-off apply has left in the state ({listed})"
        yield TerraformCall("applied", subject, ApplyEmptyPlan())
    elif plan.changes:
        listed = ", ".join(f"{change.actions[0]} {change.address}" for change in plan.changes)
        yield Found("plan", f"sealed, but a plan is not empty: {listed}", _review_then_deploy(tenant))
    elif stack.has_role_assignment:
        yield TerraformCall("applied", "the empty plan: the state forgets the role", ApplyEmptyPlan())
    else:
        yield Already("plan", "empty")


def _touches_nothing(change: PlannedChange) -> bool:
    """Return whether a change stays within Terraform's state: an old latch, or an output that was never written."""
    return change == _OLD_LATCH or change.address.startswith(_OUTPUT)


def _review_then_deploy(tenant: Tenant) -> str:
    return f"review it with cdktf diff {tenant.name}, then run cdktf deploy {tenant.name}"


SEAL = Step(name="seal", reads=("stack", "plan"), decide=decide)
