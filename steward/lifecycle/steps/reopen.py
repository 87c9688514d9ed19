"""The role for a second window: by a schedule that Entra ID ends, or without P2 by an assignment that the run ends.

The person has a password and a second factor since long before, and nothing about the account changes here.
"""

from collections.abc import Iterator

from steward.acts import AssignRole
from steward.config.model import Tenant
from steward.facts import Absent, Facts, ReopeningState, Unreadable, UserState, WindowState
from steward.lifecycle.actions import Action, Already, Blocked, GraphCall, could_not_tell, not_there
from steward.lifecycle.ownership import require_own_account
from steward.lifecycle.privilege import privileged
from steward.lifecycle.sign_in import is_settled
from steward.lifecycle.step import Step
from steward.lifecycle.steps.elevate import ask_for_schedule, await_schedule, is_coming
from steward.wellknown.roles import GLOBAL_ADMINISTRATOR


def decide(facts: Facts, tenant: Tenant) -> Iterator[Action]:
    """Grant the role until the window's end, to an account that is settled and holds none."""
    account = require_own_account(facts.account, tenant)
    if not isinstance(account, UserState):
        yield account
        return
    methods, roles, now, asked = facts.methods, facts.roles, facts.now, facts.reopening
    if (
        isinstance(methods, Absent | Unreadable)
        or isinstance(roles, Absent | Unreadable)
        or isinstance(now, Absent | Unreadable)
        or isinstance(asked, Absent | Unreadable)
    ):
        yield from not_there(methods, roles, now, asked)
    elif isinstance(facts.role_terms, Unreadable):
        yield could_not_tell(facts.role_terms.what, facts.role_terms.why)
    elif isinstance(facts.window, Unreadable):
        yield could_not_tell(facts.window.what, facts.window.why)
    elif asked.ends is not None and now >= asked.ends:
        yield Blocked("second window", "its end came before the role did", "run again")
    elif isinstance(facts.window, WindowState) and is_coming(facts.window, now):
        yield await_schedule(facts.window)
    elif privileged(roles):
        yield Already(account.login, "the role is held")
    elif not is_settled(account, methods):
        yield Blocked(account.login, "it is not settled any more", f"run scripts/post_apply.py {tenant.pasted} first")
    elif isinstance(facts.role_terms, Absent):
        yield _assign(account, asked)
    else:
        yield ask_for_schedule(facts.window, now, account, minutes=asked.minutes, justification=asked.reason)


def _assign(account: UserState, asked: ReopeningState) -> Action:
    until = "" if asked.ends is None else asked.ends.isoformat(timespec="seconds")
    subject = f"Global Administrator to {account.login}, for {asked.minutes} minutes"
    return GraphCall("granted", subject, AssignRole(account.object_id, GLOBAL_ADMINISTRATOR, until, asked.reason))


REOPEN = Step(
    name="reopen",
    reads=("account", "methods", "roles", "role_terms", "window", "now", "reopening"),
    decide=decide,
    looks_again=True,
    # A role that does not show yet is asked for a second time at worst, which Entra ID takes for done.
    is_glance=True,
)
