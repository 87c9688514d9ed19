"""Nobody waits for a person any longer: whatever is not settled is closed, the account first and then its passes."""

from collections.abc import Iterator

from steward.config.model import Tenant
from steward.facts import Absent, Facts, MethodsState, Unreadable, UserState
from steward.lifecycle.actions import Action, Already, not_there
from steward.lifecycle.ownership import require_own_account
from steward.lifecycle.sign_in import is_settled, shut
from steward.lifecycle.step import Step


def decide(facts: Facts, tenant: Tenant) -> Iterator[Action]:
    """Disable an account that is not settled, and delete its passes."""
    account = require_own_account(facts.account, tenant)
    if not isinstance(account, UserState):
        yield account
        return
    methods = facts.methods
    if isinstance(methods, Absent | Unreadable):
        # The passes cannot be seen, but the account can be closed, and then they open nothing.
        if account.is_enabled:
            yield from shut(account)
        yield from not_there(methods)
    elif is_settled(account, methods):
        yield Already(account.login, "settled")
    else:
        yield from _shut(account, methods)


def _shut(account: UserState, methods: MethodsState) -> Iterator[Action]:
    actions = list(shut(account, [entry.pass_id for entry in methods.passes]))
    yield from actions or [Already(account.login, "closed")]


SHUT = Step(name="shut", reads=("account", "methods"), decide=decide)
