"""Before a tenant is retired: what would leave it half retired."""

from collections.abc import Iterator
from dataclasses import replace

from steward.config.model import Tenant
from steward.facts import Absent, Facts, Unreadable, UserState
from steward.lifecycle.actions import Action, Already, Blocked, could_not_tell
from steward.lifecycle.needs import retire_needs
from steward.lifecycle.ownership import find_stray, is_gone, require_own_account
from steward.lifecycle.step import Step
from steward.lifecycle.steps import preflight_checks as checks


def decide(facts: Facts, tenant: Tenant) -> Iterator[Action]:
    """List all that is missing, at once; nothing is ever done here."""
    yield from checks.check_permissions(facts, tenant, "retire", retire_needs(tenant))
    if is_gone(facts.account):
        yield Already(tenant.account.login, "there is no such account")
    else:
        account = require_own_account(facts.account, tenant)
        yield Already(account.login, "it is ours") if isinstance(account, UserState) else _tell_apart(account, facts)
    match facts.stack:
        case Unreadable():
            yield could_not_tell(facts.stack.what, facts.stack.why)
        case Absent():
            yield Already("Terraform's state", "it knows nothing of this tenant")
        case stack:
            yield Already("Terraform's state", f"it knows {len(stack.addresses)} objects of this tenant")
    yield from checks.check_lock(facts)


def _tell_apart(refusal: Blocked | Already, facts: Facts) -> Action:
    """Return a refusal, with what tells another tenant file's account from this one's where that is the question."""
    if isinstance(refusal, Already) or find_stray(facts.account) is None:
        return refusal
    move = f"{refusal.next_move}; if it is another's, bring this file's evidence along: earlier runs tell them apart"
    return replace(refusal, next_move=move)


PREFLIGHT_RETIRE = Step(name="preflight", reads=("caller", "account", "stack", "lock"), decide=decide)
