"""A tenant is retired: nobody signs in as the account any more, settled or not."""

from collections.abc import Iterator

from steward.config.model import SignIn, Tenant
from steward.facts import Facts, MethodsState, Unreadable, UserState
from steward.lifecycle.actions import Action, Already, could_not_tell
from steward.lifecycle.ownership import is_gone, require_own_account
from steward.lifecycle.rights import within_rights
from steward.lifecycle.sign_in import shut
from steward.lifecycle.step import Step


def decide(facts: Facts, tenant: Tenant) -> Iterator[Action]:
    """Disable the account, end its sessions, and delete its passes."""
    if is_gone(facts.account):
        yield Already(tenant.account.login, "there is no such account")
        return
    account = require_own_account(facts.account, tenant)
    if not isinstance(account, UserState):
        yield account
        return
    methods = facts.methods
    pass_ids = [entry.pass_id for entry in methods.passes] if isinstance(methods, MethodsState) else []
    actions = list(within_rights(shut(account, pass_ids), facts))
    if isinstance(methods, Unreadable):
        yield could_not_tell(methods.what, methods.why)
    elif not actions:
        passes = "and it has no pass" if tenant.account.sign_in is SignIn.ALLOWED else "and nobody was ever to sign in"
        yield Already(account.login, f"disabled, {passes}")
    yield from actions


LOCK_OUT = Step(name="lock_out", reads=("caller", "account", "methods"), decide=decide, looks_again=True)
