"""A second window is closed: the role taken away first, then every session ended that was opened before that.

The account ends as it was, settled; one that is not settled any more is closed as any other is, and disabled.
"""

from collections.abc import Iterator

from steward.acts import EndSessions
from steward.config.model import Tenant
from steward.facts import Facts, MethodsState, ReopeningState, RoleHoldings, UserState
from steward.lifecycle.actions import Action, Already, GraphCall, could_not_tell
from steward.lifecycle.ownership import require_own_account
from steward.lifecycle.privilege import privileged
from steward.lifecycle.rights import within_rights
from steward.lifecycle.sign_in import is_settled
from steward.lifecycle.step import Step
from steward.lifecycle.steps.close import CLOSE, take_roles
from steward.lifecycle.steps.close_alone import CLOSE_ALONE


def decide(facts: Facts, tenant: Tenant) -> Iterator[Action]:
    """Take the role away, and when it is gone end the sessions, as far as the token allows."""
    account, roles, methods = require_own_account(facts.account, tenant), facts.roles, facts.methods
    is_as_before = isinstance(account, UserState) and isinstance(methods, MethodsState) and is_settled(account, methods)
    if not is_as_before or not isinstance(account, UserState) or not isinstance(roles, RoleHoldings):
        yield from CLOSE_ALONE.decide(facts, tenant)
        return
    yield from within_rights(take_roles(facts, roles, account), facts)
    if privileged(roles) or roles.unseen or roles.unreadable:
        return
    asked = facts.reopening
    if not isinstance(asked, ReopeningState) or asked.closes is None:
        yield could_not_tell("sessions", "since when the window is being closed is not known")
    elif account.sessions_from is None or account.sessions_from < asked.closes:
        act = EndSessions(account.object_id)
        yield from within_rights([GraphCall("ended", f"sessions of {account.login}", act)], facts)
    else:
        yield Already(account.login, "no privileged role by any path, its sessions ended, and settled as before")


CLOSE_REOPENED = Step(
    name=CLOSE.name, reads=(*CLOSE.reads, "caller", "methods", "reopening"), decide=decide, looks_again=True
)
