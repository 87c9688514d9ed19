"""At the head of post-apply, with its own identity: everything that would stop the run half-way."""

from collections.abc import Iterator

from steward.config.model import Tenant
from steward.facts import Absent, Facts, RoleHoldings, StackState, Unreadable, UserState
from steward.lifecycle.actions import Action, Already, Blocked, Found, could_not_tell
from steward.lifecycle.needs import POST_APPLY_ROLES, post_apply_needs
from steward.lifecycle.ownership import lost_latch, require_own_account
from steward.lifecycle.privilege import privileged
from steward.lifecycle.step import Step
from steward.lifecycle.steps import preflight_checks as checks


def decide(facts: Facts, tenant: Tenant) -> Iterator[Action]:
    """List all that is missing, at once; nothing is ever done here."""
    yield from checks.check_permissions(facts, post_apply_needs(tenant), POST_APPLY_ROLES)
    yield from _check_deployed(facts, tenant)
    yield from _check_not_usable(facts)
    yield from checks.check_licences(facts, tenant)
    yield from checks.check_security_defaults(facts)
    yield from checks.check_pass_policy(facts, tenant)
    yield from checks.check_break_glass(facts, tenant)
    yield from checks.check_other_administrator(facts)


def _check_not_usable(facts: Facts) -> Iterator[Action]:
    account, roles = facts.account, facts.roles
    if isinstance(account, UserState) and isinstance(roles, RoleHoldings) and account.is_enabled and privileged(roles):
        yield Found(
            account.login,
            "somebody enabled it while it holds a privileged role, so the role could be used",
            "it is closed now; find out in the audit log who enabled it, and what was done as it",
        )


def _check_deployed(facts: Facts, tenant: Tenant) -> Iterator[Action]:
    deploy = f"run cdktf deploy {tenant.name} first"
    match facts.stack:
        case Unreadable():
            yield could_not_tell(facts.stack.what, facts.stack.why)
        case Absent() if isinstance(facts.account, Absent):
            yield Blocked("deploy", "Terraform knows nothing of this tenant", deploy)
        case Absent() | StackState(latch=Absent()):
            yield lost_latch(tenant)
        case stack:
            if stack.application_client_id is None:
                yield Blocked("deploy", "Terraform's state has no application: the deploy did not finish", deploy)
    if isinstance(facts.account, Absent):
        yield Blocked(tenant.account.login, "there is no such account", deploy)
        return
    owned = require_own_account(facts.account, tenant)
    yield owned if isinstance(owned, Blocked | Already) else Already(owned.login, "it exists, and it is ours")


PREFLIGHT = Step(
    name="preflight",
    reads=(
        "caller",
        "organization",
        "security_defaults",
        "pass_policy",
        "break_glass",
        "account",
        "other_administrators",
        "roles",
        "stack",
    ),
    decide=decide,
)
