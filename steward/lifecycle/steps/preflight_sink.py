"""Whether the sink would take a secret, asked before anything is touched: an account half opened helps nobody."""

from collections.abc import Iterator

from steward.config.model import SignIn, Tenant
from steward.facts import Absent, Facts, RoleHoldings, Unreadable
from steward.lifecycle.actions import Action, Already, Blocked, Found, not_there
from steward.lifecycle.privilege import privileged


def check_sink(facts: Facts, tenant: Tenant) -> Iterator[Action]:
    """Check the sink where there will be something to deliver."""
    if tenant.account.sign_in is SignIn.BLOCKED:
        return
    sink = facts.sink
    if isinstance(sink, Absent | Unreadable):
        yield from (_unless_role_is_held(facts, refusal) for refusal in not_there(sink))
    elif sink.why:
        yield _unless_role_is_held(facts, Blocked(f"sink {sink.where}", sink.why, sink.next_move))
    else:
        yield Already(f"sink {sink.where}", "nothing speaks against a delivery")


def _unless_role_is_held(facts: Facts, refusal: Blocked) -> Action:
    """Return the refusal; while the role is held only a finding, since taking it away needs no sink."""
    if isinstance(facts.roles, RoleHoldings) and privileged(facts.roles):
        return Found(refusal.subject, refusal.why, refusal.next_move)
    return refusal
