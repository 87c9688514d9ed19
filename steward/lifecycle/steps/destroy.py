"""A tenant is retired: Terraform destroys what its state knows of the stack, once the account is demoted and disabled.

A latch that is privileged is turned back first, so that a destroy that breaks off leaves none that grants the role.
"""

from collections.abc import Iterator
from dataclasses import replace

from steward.acts import DestroyStack, LeaveOut, TurnLatch
from steward.config.model import Tenant
from steward.facts import Absent, Facts, LatchState, PlanState, RoleHoldings, StackState, Unreadable, UserState
from steward.lifecycle.actions import Action, Already, Blocked, TerraformCall, could_not_tell, not_there
from steward.lifecycle.ownership import is_gone, require_own_account
from steward.lifecycle.privilege import describe, privileged
from steward.lifecycle.step import Step
from steward.lifecycle.steps.preflight import declared_addresses
from steward.wellknown.latch import LATCH, PREPARED, PRIVILEGED, ROLE_ASSIGNMENT
from steward.wellknown.stack import ACCOUNT, DASHBOARD_ROLE, SERVICE_PRINCIPAL

_DELETED = ("delete",)


def decide(facts: Facts, tenant: Tenant) -> Iterator[Action]:
    """Apply a plan that deletes, and deletes only what a stack of ours declares."""
    plan = facts.destroy_plan
    if isinstance(plan, Absent | Unreadable):
        yield from not_there(plan)
        return
    if not plan.changes:
        yield Already("stack", "Terraform's state knows nothing any more")
        return
    obstacles = list(_obstacles(facts, plan, tenant))
    if obstacles:
        yield from obstacles
    elif isinstance(facts.stack, StackState) and _is_privileged(facts.stack):
        yield TerraformCall("turned", f"latch of {tenant.name} to {PREPARED}", TurnLatch(PREPARED))
    elif not tenant.application.is_own and any(change.address == SERVICE_PRINCIPAL for change in plan.changes):
        # It may be older than the stack, which takes in what it finds; a destroy deletes it all the same, and with it
        # what others were granted ("azuread_service_principal", registry.terraform.io, read November 2026).
        subject = f"{SERVICE_PRINCIPAL} out of Terraform's state: the vendor's service principal stays in the tenant"
        yield TerraformCall("left", subject, LeaveOut(SERVICE_PRINCIPAL))
    else:
        names = ", ".join(sorted(change.address for change in plan.changes))
        yield TerraformCall("destroyed", f"{len(plan.changes)} of the stack's: {names}", DestroyStack())


def _is_privileged(stack: StackState) -> bool:
    return isinstance(stack.latch, LatchState) and stack.latch.phase == PRIVILEGED


def _obstacles(facts: Facts, plan: PlanState, tenant: Tenant) -> Iterator[Action]:
    yield from _check_plan(plan, tenant)
    if is_gone(facts.account):
        if any(change.address == ACCOUNT for change in plan.changes):
            # Deleted now it would keep whatever it holds, and nobody would have looked.
            yield could_not_tell(tenant.account.login, "Terraform sees the account, and Graph does not show it")
        return
    account = require_own_account(facts.account, tenant)
    if isinstance(account, UserState):
        yield from _check_closed(facts, account, tenant)
    else:
        yield account


def _check_plan(plan: PlanState, tenant: Tenant) -> Iterator[Action]:
    known = declared_addresses(tenant) | {LATCH, ROLE_ASSIGNMENT}
    foreign = [
        f"{'/'.join(change.actions)} {change.address}"
        for change in plan.changes
        if change.actions != _DELETED or not _is_declared(change.address, known)
    ]
    if foreign:
        yield Blocked(
            "stack",
            f"the plan would do more than delete what the stack declares: {', '.join(sorted(foreign))}",
            f"take it out of the state (terraform -chdir=cdktf.out/stacks/{tenant.name} state rm <address>), run again",
        )


def _is_declared(address: str, known: frozenset[str]) -> bool:
    # A group that was taken out of the file has its role by the stack all the same; an output is nothing in the tenant.
    return address.partition("[")[0] in known or address.startswith((f"{DASHBOARD_ROLE}.", "output."))


def _check_closed(facts: Facts, account: UserState, tenant: Tenant) -> Iterator[Action]:
    roles, again = facts.roles, f"run scripts/retire.py {tenant.pasted} again"
    if isinstance(roles, Absent | Unreadable):
        yield from not_there(roles)
        return
    yield from (could_not_tell(unreadable.what, unreadable.why) for unreadable in roles.unreadable)
    held = ", ".join(describe(holding) for holding in privileged(roles))
    if held:
        yield Blocked(account.login, f"it holds {held} again, and would keep it in the recycle bin", again)
    if account.is_enabled:
        yield Blocked(account.login, "it is enabled again", again)


def decide_once_closed(facts: Facts, tenant: Tenant) -> Iterator[Action]:
    """Decide as `decide` will when the account is closed: for a dry run, which closes nothing."""
    account, roles = facts.account, facts.roles
    if isinstance(account, UserState) and isinstance(roles, RoleHoldings):
        closed = replace(roles, held=tuple(held for held in roles.held if held not in privileged(roles)))
        facts = replace(facts, account=replace(account, is_enabled=False), roles=closed)
    yield from decide(facts, tenant)


DESTROY = Step(name="destroy", reads=("account", "roles", "stack", "destroy_plan"), decide=decide, looks_again=True)
DESTROY_ONCE_CLOSED = Step(
    name="destroy", reads=("account", "roles", "stack", "destroy_plan"), decide=decide_once_closed, looks_again=True
)
