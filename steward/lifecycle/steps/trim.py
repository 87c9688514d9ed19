"""Nobody can consent any more: what was granted beyond the tenant file is taken back, however late it came.

It comes after the role is gone and needs no Terraform. Where it is alone, in closing, it never stands in the way of it:
what cannot be looked at or taken back there is told, and counts only where a consent is known to be looked after.
"""

from collections.abc import Iterator, Sequence

from steward.config.model import Tenant
from steward.errors import ExitCode
from steward.facts import Absent, Facts, GrantedBefore, GrantsState, NoClient, Reading, Unreadable, UserState
from steward.lifecycle.actions import Action, Already, Blocked, Found, could_not_tell
from steward.lifecycle.consenting import find_last_look, is_sure, leave_alone, take_back
from steward.lifecycle.ownership import require_own_account
from steward.lifecycle.rights import within_rights
from steward.lifecycle.step import Step

_NOTHING = "nothing that the consent has brought goes beyond the tenant file"
_MAY_HAVE = "somebody may have consented since the last look at them"


def decide(facts: Facts, tenant: Tenant) -> Iterator[Action]:
    """Take back what the consent has brought and the file does not declare, and name what is left alone."""
    account = require_own_account(facts.account, tenant)
    if not isinstance(account, UserState):
        yield account
        return
    before = facts.granted_before
    match facts.known_grants:
        case Unreadable():
            yield could_not_tell(facts.known_grants.what, facts.known_grants.why)
        case GrantsState() as grants:
            known = (facts, grants, tenant, account.object_id)
            calls = list(take_back(*known))
            left = list(leave_alone(*known))
            yield from calls
            # As long as something is to be taken back, nothing is settled.
            yield from left if calls else _conclude(before, left)
        case NoClient():
            yield from _conclude(before, ())
        case Absent() if _is_owed(before):
            yield could_not_tell("the grants", "somebody may have consented, and nothing names the application")
        case Absent():
            yield Already("grants", "the application has none")


def _conclude(before: Reading[GrantedBefore], left: Sequence[Action]) -> Iterator[Action]:
    """Yield what is left alone, and whether nothing else is left; where a consent is owed a look, two have to agree."""
    if not isinstance(before, GrantedBefore) or not before.is_owed or before.let_at is None:
        yield from left or [Already("grants", _NOTHING)]
        return
    wait = find_last_look(before)
    if wait is not None:
        yield wait
        return
    yield from left
    if is_sure(before):
        yield Already("grants", f"{_NOTHING}, as looks some seconds apart agree", is_settled=True)
    else:
        yield Found("grants", "each look at them shows something else, so that another is owed", "run again")


def decide_alone(facts: Facts, tenant: Tenant) -> Iterator[Action]:
    """Take back what the token allows; whatever stands in the way is told, and keeps no closing from its end."""
    is_owed = _is_owed(facts.granted_before)
    if isinstance(facts.account, Unreadable) and is_owed:
        why = f"{_MAY_HAVE}; the account could not be read: {facts.account.why}"
        yield Found("grants", why, _as_post_apply(tenant))
        return
    if not isinstance(require_own_account(facts.account, tenant), UserState):
        yield Already("grants", "not looked at, since no account is known to be this tenant file's")
        return
    for action in within_rights(decide(facts, tenant), facts):
        match action:
            case Blocked(exit_code=ExitCode.COULD_NOT_TELL) if not is_owed:
                yield Already(action.subject, f"not looked at, and no consent is known to be owed a look; {action.why}")
            case Blocked(exit_code=ExitCode.COULD_NOT_TELL):
                yield Found(action.subject, f"{_MAY_HAVE}; {action.why}", _as_post_apply(tenant))
            case Blocked():
                yield Found(action.subject, action.why, _as_post_apply(tenant))
            case Found() if not is_owed:
                yield Already(action.subject, action.why)
            case _:
                yield action


def _is_owed(before: Reading[GrantedBefore]) -> bool:
    return isinstance(before, GrantedBefore) and before.is_owed


def _as_post_apply(tenant: Tenant) -> str:
    return f"sign in as the post-apply identity and run scripts/post_apply.py {tenant.pasted} --only close"


_READS = ("account", "caller", "known_grants", "granted_before")
TRIM = Step(name="trim", reads=_READS, decide=decide, looks_again=True)
TRIM_ALONE = Step(name=TRIM.name, reads=_READS, decide=decide_alone, looks_again=True)
