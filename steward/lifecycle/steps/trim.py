"""Nobody can consent any more: what was granted beyond the tenant file is taken back, however late it came."""

from collections.abc import Iterator

from steward.config.model import Tenant
from steward.facts import Absent, Facts, Unreadable, UserState
from steward.lifecycle.actions import Action, Already, could_not_tell
from steward.lifecycle.consenting import take_back
from steward.lifecycle.ownership import require_own_account
from steward.lifecycle.step import Step


def decide(facts: Facts, tenant: Tenant) -> Iterator[Action]:
    """Take back what the consent has brought and the file does not declare."""
    account = require_own_account(facts.account, tenant)
    if not isinstance(account, UserState):
        yield account
        return
    match facts.grants:
        case Unreadable():
            yield could_not_tell(facts.grants.what, facts.grants.why)
        case Absent():
            yield Already("grants", "the application has none")
        case grants:
            extra: list[Action] = list(take_back(facts, grants, tenant, account.object_id))
            yield from extra or [Already("grants", "nothing that the consent has brought goes beyond the tenant file")]


TRIM = Step(name="trim", reads=("account", "stack", "grants", "consent_page"), decide=decide, looks_again=True)
