"""Before the role is granted for a person's sign-in: a second one-time pass to the sink, valid for the window.

Enrolment used up the first pass. The account is closed in between, which ends the session that enrolled, and is open
again, still without any role, when the role comes.
"""

from collections.abc import Iterator

from steward.config.model import Tenant
from steward.facts import Absent, Facts, Unreadable, UserState
from steward.lifecycle.actions import Action, Already, Blocked, not_there
from steward.lifecycle.ownership import require_own_account
from steward.lifecycle.privilege import privileged
from steward.lifecycle.sign_in import is_admitted, let_in
from steward.lifecycle.step import Step
from steward.lifecycle.steps.open_account import judge_held
from steward.lifecycle.window import is_sealed


def decide(facts: Facts, tenant: Tenant) -> Iterator[Action]:
    """Open the account for the window, unless that is open already or the tenant is sealed."""
    if not tenant.opens_window or is_sealed(facts):
        yield Already("window", "none is opened")
        return
    account = require_own_account(facts.account, tenant)
    if not isinstance(account, UserState):
        yield account
        return
    methods, roles, policy = facts.methods, facts.roles, facts.pass_policy
    if (
        isinstance(methods, Absent | Unreadable)
        or isinstance(roles, Absent | Unreadable)
        or isinstance(policy, Absent | Unreadable)
    ):
        yield from not_there(methods, roles, policy)
    elif privileged(roles):
        yield judge_held(facts, account, roles)
    elif not methods.second_factors:
        yield Blocked("second factor", "none is enrolled, and the role is granted behind one only", "enrol one first")
    elif is_admitted(account, methods) and methods.usable_pass is None:
        yield Already(account.login, "signed in to with the pass for the window, and still without any role")
    else:
        yield from let_in(account, methods, policy, tenant, is_for_window=True)


ADMIT = Step(
    name="admit",
    reads=("account", "methods", "pass_policy", "roles", "stack", "window", "now"),
    decide=decide,
    needs_no_role=True,
)
