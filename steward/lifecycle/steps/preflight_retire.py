"""Before a tenant is retired: what would leave it half retired."""

from collections.abc import Iterator

from steward.config.model import Tenant
from steward.facts import Absent, Facts, Unreadable, UserState
from steward.lifecycle.actions import Action, Already, could_not_tell
from steward.lifecycle.needs import retire_needs
from steward.lifecycle.ownership import is_missing, require_own_account
from steward.lifecycle.step import Step
from steward.lifecycle.steps import preflight_checks as checks


def decide(facts: Facts, tenant: Tenant) -> Iterator[Action]:
    """List all that is missing, at once; nothing is ever done here."""
    yield from checks.check_permissions(facts, retire_needs(tenant))
    if is_missing(facts.account):
        yield Already(tenant.account.login, "there is no such account")
    else:
        account = require_own_account(facts.account, tenant)
        yield Already(account.login, "it is ours") if isinstance(account, UserState) else account
    match facts.stack:
        case Unreadable():
            yield could_not_tell(facts.stack.what, facts.stack.why)
        case Absent():
            yield Already("Terraform's state", "it knows nothing of this tenant")
        case stack:
            yield Already("Terraform's state", f"it knows {len(stack.addresses)} objects of this tenant")
    yield from checks.check_lock(facts)


PREFLIGHT_RETIRE = Step(name="preflight", reads=("caller", "account", "stack", "lock"), decide=decide)
