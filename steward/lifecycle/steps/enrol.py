"""Wait, as long as the pass lives, until a person has enrolled a second factor; then, or at its end, go on.

The end is the pass's own, by the tenant's clock, so a run that was killed and started again keeps it.
"""

from collections.abc import Iterator

from steward.config.model import SignIn, Tenant
from steward.facts import Absent, Facts, Unreadable, UserState
from steward.lifecycle.actions import Action, Already, Blocked, Wait, not_there
from steward.lifecycle.ownership import require_own_account
from steward.lifecycle.sign_in import shut
from steward.lifecycle.step import Step


def decide(facts: Facts, tenant: Tenant) -> Iterator[Action]:
    """Wait for the second factor; when the pass is over without one, close the account."""
    if tenant.account.sign_in is SignIn.BLOCKED:
        yield Already("sign-in", "blocked by the tenant file")
        return
    account = require_own_account(facts.account, tenant)
    if not isinstance(account, UserState):
        yield account
        return
    methods = facts.methods
    if isinstance(methods, Absent | Unreadable):
        yield from not_there(methods)
        return
    usable = methods.usable_pass
    if methods.second_factors:
        yield Already("second factor", ", ".join(sorted(methods.second_factors)))
    elif usable is not None and account.is_enabled:
        yield Wait(
            "second factor",
            f"somebody signs in as {account.login} with the pass from the sink and enrols one",
            usable.ends,
        )
    elif account.is_enabled or methods.passes:
        yield from shut(account, [entry.pass_id for entry in methods.passes])
    else:
        yield Blocked(
            "second factor",
            "nobody enrolled one while the pass was valid; the account is disabled again",
            "run again when somebody is there to enrol",
        )


ENROL = Step(name="enrol", reads=("account", "methods"), decide=decide)
