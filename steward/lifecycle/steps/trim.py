"""Nobody can consent any more: what was granted beyond the tenant file is taken back, however late it came.

It comes after the role is gone and needs no Terraform. Where it is alone, in closing, it never stands in the way of it:
what cannot be looked at or taken back there is told, and counts only where a consent is known to be looked after.
"""

from collections.abc import Iterator

from steward.config.model import Tenant
from steward.errors import ExitCode
from steward.facts import Absent, Facts, GrantedBefore, Unreadable, UserState
from steward.lifecycle.actions import Action, Already, Blocked, Found, could_not_tell
from steward.lifecycle.consenting import leave_alone, take_back
from steward.lifecycle.ownership import require_own_account
from steward.lifecycle.rights import within_rights
from steward.lifecycle.step import Step


def decide(facts: Facts, tenant: Tenant) -> Iterator[Action]:
    """Take back what the consent has brought and the file does not declare, and name what is left alone."""
    account = require_own_account(facts.account, tenant)
    if not isinstance(account, UserState):
        yield account
        return
    match facts.known_grants:
        case Unreadable():
            yield could_not_tell(facts.known_grants.what, facts.known_grants.why)
        case Absent():
            yield Already("grants", "the application has none")
        case grants:
            known = (facts, grants, tenant, account.object_id)
            extra: list[Action] = [*take_back(*known), *leave_alone(*known)]
            yield from extra or [Already("grants", "nothing that the consent has brought goes beyond the tenant file")]


def decide_alone(facts: Facts, tenant: Tenant) -> Iterator[Action]:
    """Take back what the token allows; whatever stands in the way is told, and keeps no closing from its end."""
    if not isinstance(require_own_account(facts.account, tenant), UserState):
        yield Already("grants", "not looked at, since no account is known to be this tenant file's")
        return
    before = facts.granted_before
    is_owed = isinstance(before, GrantedBefore) and (before.is_owed or bool(before.trouble))
    for action in within_rights(decide(facts, tenant), facts):
        match action:
            case Blocked(exit_code=ExitCode.COULD_NOT_TELL) if not is_owed:
                yield Already(action.subject, f"not looked at, and no consent is known to be owed a look; {action.why}")
            case Blocked(exit_code=ExitCode.COULD_NOT_TELL):
                why = f"somebody may have consented since the last look at them; {action.why}"
                yield Found(action.subject, why, _as_post_apply(tenant))
            case Blocked():
                yield Found(action.subject, action.why, _as_post_apply(tenant))
            case Found() if not is_owed:
                yield Already(action.subject, action.why)
            case _:
                yield action


def _as_post_apply(tenant: Tenant) -> str:
    return f"sign in as the post-apply identity and run scripts/post_apply.py {tenant.pasted} --only close"


_READS = ("account", "caller", "known_grants", "granted_before")
TRIM = Step(name="trim", reads=_READS, decide=decide, looks_again=True)
TRIM_ALONE = Step(name=TRIM.name, reads=_READS, decide=decide_alone, looks_again=True)
