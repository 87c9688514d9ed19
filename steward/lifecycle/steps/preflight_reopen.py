"""Before a second window is opened: everything that would keep it from being opened, or from being closed again."""

from collections.abc import Iterator

from steward.config.model import Tenant
from steward.facts import Absent, Facts, Unreadable, UserState
from steward.lifecycle.actions import Action, Already, Blocked, could_not_tell, not_there
from steward.lifecycle.needs import reopen_needs
from steward.lifecycle.ownership import require_own_account
from steward.lifecycle.privilege import describe, privileged
from steward.lifecycle.sign_in import is_settled
from steward.lifecycle.step import Step
from steward.lifecycle.steps import preflight_checks as checks


def decide(facts: Facts, tenant: Tenant) -> Iterator[Action]:
    """List all that is missing, at once; nothing is ever done here."""
    yield from checks.check_permissions(facts, tenant, "reopen", reopen_needs(tenant))
    account = require_own_account(facts.account, tenant)
    if isinstance(account, UserState):
        yield from _check_settled(facts, tenant, account)
        yield from _check_demoted(facts, tenant, account)
    elif isinstance(account, Already):
        yield Blocked(account.subject, account.reason, f"see what became of it: scripts/post_apply.py {tenant.pasted}")
    else:
        yield account
    yield from checks.check_other_administrator(facts)
    yield _tell_who_ends_it(facts)


def _check_settled(facts: Facts, tenant: Tenant, account: UserState) -> Iterator[Action]:
    methods = facts.methods
    if isinstance(methods, Absent | Unreadable):
        yield from not_there(methods)
    elif is_settled(account, methods):
        yield Already(account.login, "settled: enabled, with a second factor and a password of its own")
    else:
        # Credentials come before the role: what is not settled now would have to be while it is held.
        yield Blocked(
            account.login,
            "it is not settled, so that nobody could use the window as it should be",
            f"reopen once it is settled, by scripts/post_apply.py {tenant.pasted}",
        )


def _check_demoted(facts: Facts, tenant: Tenant, account: UserState) -> Iterator[Action]:
    roles = facts.roles
    if isinstance(roles, Absent | Unreadable):
        yield from not_there(roles)
        return
    yield from (could_not_tell(unreadable.what, unreadable.why) for unreadable in roles.unreadable)
    held = ", ".join(describe(holding) for holding in privileged(roles))
    if held:
        yield Blocked(
            account.login,
            f"it holds {held}, and nobody can tell whose window that is; reopen.py takes it away and opens none",
            f"run again once it is gone, by python scripts/close.py {tenant.pasted}",
        )
    elif not roles.unreadable:
        yield Already(account.login, "no privileged role by any path")


def _tell_who_ends_it(facts: Facts) -> Action:
    terms = facts.role_terms
    if isinstance(terms, Unreadable):
        return could_not_tell(terms.what, terms.why)
    if isinstance(terms, Absent):
        return Already(
            "end", "no Entra ID P2: only this program keeps it, and a guard that may close closes at its next look"
        )
    return Already("end", "by a role schedule: Entra ID keeps it, whatever becomes of this program")


PREFLIGHT_REOPEN = Step(
    name="preflight",
    reads=("caller", "account", "methods", "roles", "other_administrators", "role_terms"),
    decide=decide,
)
