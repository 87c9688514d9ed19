"""The role is gone without consent, or ahead of its time: the latch goes back to `prepared`.

Until its end a privileged latch lets any plain deploy grant the role again. A sealed one stays sealed.
"""

from collections.abc import Iterator

from steward.acts import TurnLatch
from steward.config.model import Tenant
from steward.errors import ExitCode
from steward.facts import Absent, Facts, LatchState, StackState, Unreadable
from steward.lifecycle.actions import Action, Already, Blocked, TerraformCall, could_not_tell
from steward.lifecycle.ownership import is_missing, lost_latch
from steward.lifecycle.step import Step
from steward.wellknown.latch import PREPARED, PRIVILEGED, turn_options


def decide(facts: Facts, tenant: Tenant) -> Iterator[Action]:
    """Turn the latch back if it is privileged; say exactly what is left where Terraform cannot tell."""
    if isinstance(facts.stack, StackState) and _is_privileged(facts.stack):
        # Whatever this file says: an earlier commit of it may not.
        yield TerraformCall("turned", f"latch of {tenant.name} to {PREPARED}", TurnLatch(PREPARED))
        return
    if not tenant.grants_by_latch or tenant.account.sealed_on is not None:
        yield Already("latch", "no deploy of this tenant file grants the role")
        return
    match facts.stack:
        case Unreadable():
            command = f"terraform -chdir=cdktf.out/stacks/{tenant.name} apply {' '.join(turn_options(PREPARED))}"
            yield Blocked(
                "latch",
                f"could not tell: {facts.stack.why}; while it is privileged, a deploy grants the role again",
                command,
                ExitCode.COULD_NOT_TELL,
            )
        case Absent() | StackState(latch=Absent()) if not is_missing(facts.account):
            yield _without_latch(facts, tenant)
        case Absent():
            yield Already("latch", "Terraform knows nothing of this tenant")
        case stack:
            yield Already("latch", "absent" if isinstance(stack.latch, Absent) else stack.latch.phase)


def _is_privileged(stack: StackState) -> bool:
    return isinstance(stack.latch, LatchState) and stack.latch.phase == PRIVILEGED


def _without_latch(facts: Facts, tenant: Tenant) -> Blocked:
    """Return the refusal for a tenant without a latch, where the next plain deploy would make a privileged one."""
    account = facts.account
    return (
        could_not_tell(account.what, account.why)
        if isinstance(account, Unreadable)
        else lost_latch(tenant, facts.stack)
    )


ABANDON = Step(name="abandon", reads=("account", "stack"), decide=decide)
