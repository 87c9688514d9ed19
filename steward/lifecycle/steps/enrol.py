"""Wait, as long as the pass lives, until a person has enrolled a second factor; then, or at its end, go on.

The end is the pass's own, by the tenant's clock, so a run that was killed and started again keeps it.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from steward.config.clouds import CLOUDS
from steward.config.model import CommandSink, FileSink, KeyVaultSink, SignIn, Tenant
from steward.facts import Absent, Facts, PassState, Unreadable, UserState
from steward.lifecycle.actions import Action, Already, Blocked, Wait, not_there
from steward.lifecycle.attempts import describe_attempts, find_vain
from steward.lifecycle.ownership import require_own_account
from steward.lifecycle.sign_in import describe_factors, shut
from steward.lifecycle.step import Step

# "Register a Temporary Access Pass", learn.microsoft.com, read November 2026.
_SECURITY_INFO = "https://mysignins.microsoft.com/security-info"
# The same page: whoever signs in with a one-time pass has 10 minutes to register a method.
_TO_ENROL = timedelta(minutes=10)


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
    usable, used = methods.usable_pass, methods.used_pass
    vain = find_vain(facts) if account.is_enabled else None
    if methods.second_factors:
        yield Already("second factor", describe_factors(methods))
    elif vain is not None:
        yield vain
    elif usable is not None and account.is_enabled:
        yield Wait(
            "second factor",
            f"somebody signs in as {account.login} with the pass from the sink and enrols one, at {_page(tenant)}; "
            f"the pass is in {_place(tenant)}{describe_attempts(facts, tenant)}",
            usable.ends,
        )
    elif used is not None and account.is_enabled and (until := _time_to_enrol(facts, used)) is not None:
        yield Wait(
            "second factor",
            f"somebody has signed in as {account.login} with the pass, which is used up, and enrols one now, at "
            f"{_page(tenant)}",
            until,
        )
    elif account.is_enabled or methods.passes:
        yield from shut(account, [entry.pass_id for entry in methods.passes])
    else:
        yield Blocked(
            "second factor",
            "nobody enrolled one while the pass was valid; the account is disabled again",
            "run again when somebody is there to enrol",
        )


def _time_to_enrol(facts: Facts, used: PassState) -> datetime | None:
    """Return until when whoever has signed in with a one-time pass may enrol, None once that is over."""
    if used.used_since is None or not isinstance(facts.now, datetime):
        return None
    until = min(used.ends, used.used_since + _TO_ENROL)
    return until if facts.now < until else None


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


ENROL = Step(name="enrol", reads=("account", "methods", "attempts", "now"), decide=decide)
