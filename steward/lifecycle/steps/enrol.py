"""Wait, as long as the pass lives, until a person has enrolled a second factor; then, or at its end, go on.

The end is the pass's own, by the tenant's clock, so a run that was killed and started again keeps it.
"""

from collections.abc import Iterator

from steward.config.clouds import CLOUDS
from steward.config.model import CommandSink, FileSink, KeyVaultSink, SignIn, Tenant
from steward.facts import Absent, Facts, Unreadable, UserState
from steward.lifecycle.actions import Action, Already, Blocked, Wait, not_there
from steward.lifecycle.ownership import require_own_account
from steward.lifecycle.sign_in import describe_factors, shut
from steward.lifecycle.step import Step

# "Register a Temporary Access Pass", learn.microsoft.com, read November 2026.
_SECURITY_INFO = "https://mysignins.microsoft.com/security-info"


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
        yield Already("second factor", describe_factors(methods))
    elif usable is not None and account.is_enabled:
        yield Wait(
            "second factor",
            f"somebody signs in as {account.login} with the pass from the sink and enrols one, at {_page(tenant)}; "
            f"the pass is in {_place(tenant)}",
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


def _page(tenant: Tenant) -> str:
    """Return where a person enrols a second factor; a cloud of one's own has the page beside its other ones."""
    cloud = tenant.tenant.cloud
    if cloud.name in CLOUDS:
        return "the security info page of My Account" if cloud.name != "global" else _SECURITY_INFO
    return f"{cloud.authority}/{tenant.tenant.id}/security-info"


def _place(tenant: Tenant) -> str:
    """Return where the sink has put the pass."""
    match tenant.sink:
        case FileSink(folder=folder):
            return f"the newest .pass file in {folder}"
        case KeyVaultSink(vault=vault):
            return f"key vault {vault}"
        case CommandSink(words=words):
            return f"the sink ({words[0]})"
    return "the sink"


ENROL = Step(name="enrol", reads=("account", "methods"), decide=decide)
