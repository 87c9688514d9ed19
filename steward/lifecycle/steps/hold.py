"""A second window is held open: until its end, the operator's word, or until somebody else has ended it."""

from collections.abc import Iterator

from steward.config.model import Tenant
from steward.facts import Absent, Facts, Unreadable, UserState
from steward.lifecycle.actions import Action, Already, Blocked, Wait, could_not_tell, not_there
from steward.lifecycle.ownership import require_own_account
from steward.lifecycle.privilege import privileged
from steward.lifecycle.step import Step

_SUBJECT = "second window"


def decide(facts: Facts, tenant: Tenant) -> Iterator[Action]:
    """Wait while the role is held and its end lies ahead."""
    asked, now = facts.reopening, facts.now
    if isinstance(asked, Absent | Unreadable) or isinstance(now, Absent | Unreadable):
        yield from not_there(asked, now)
        return
    if facts.operators_word is True:
        yield Already(_SUBJECT, "over, on your word")
        return
    if asked.ends is None or now >= asked.ends:
        yield Already(_SUBJECT, "over, its end has come")
        return
    account = require_own_account(facts.account, tenant)
    roles = facts.roles
    if not isinstance(account, UserState):
        yield account if isinstance(account, Blocked) else could_not_tell(account.subject, account.reason)
    elif isinstance(roles, Absent | Unreadable):
        yield from not_there(roles)
    elif roles.unreadable and not privileged(roles):
        yield could_not_tell(roles.unreadable[0].what, roles.unreadable[0].why)
    elif not privileged(roles) or not account.is_enabled:
        yield Blocked(
            _SUBJECT,
            "somebody else ended it: the role is gone, or the account was disabled",
            "ask whoever guards this tenant; run again to open another one",
        )
    else:
        until = f"until {asked.ends:%Y-%m-%d %H:%M} UTC" + (
            "; press Enter here when it is done" if asked.hears_enter else ", or until this run is told to stop"
        )
        yield Wait(_SUBJECT, f"open for {account.login}: {asked.reason}; {until}", asked.ends)


HOLD = Step(name="hold", reads=("account", "roles", "now", "operators_word", "reopening"), decide=decide)
