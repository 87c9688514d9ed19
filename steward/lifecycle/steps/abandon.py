"""The window ended without consent: the latch goes back to `prepared`, so that no deploy grants the role again."""

from collections.abc import Iterator

from steward.acts import TurnLatch
from steward.config.model import Tenant
from steward.facts import Absent, Facts, Unreadable
from steward.lifecycle.actions import Action, Already, TerraformCall, could_not_tell
from steward.lifecycle.phases import PREPARED, PRIVILEGED
from steward.lifecycle.step import Step


def decide(facts: Facts, tenant: Tenant) -> Iterator[Action]:
    """Turn the latch back unless it says so already; a sealed one stays sealed."""
    match facts.stack:
        case Unreadable():
            yield could_not_tell(facts.stack.what, facts.stack.why)
        case Absent():
            yield Already("latch", "Terraform knows nothing of this tenant")
        case stack:
            phase = "absent" if isinstance(stack.latch, Absent) else stack.latch.phase
            if phase == PRIVILEGED:
                yield TerraformCall("turned", f"latch of {tenant.name} to {PREPARED}", TurnLatch(PREPARED))
            else:
                yield Already("latch", phase)


ABANDON = Step(name="abandon", reads=("stack",), decide=decide)
