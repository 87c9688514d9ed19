"""What the sign-in log tells of somebody who tries to sign in while the run waits: a hint, or that it is in vain.

The log is minutes late: what it does not show has not been shown to be well.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from steward.config.model import Tenant
from steward.facts import Absent, Facts, SignInAttempt, Unreadable, UserState
from steward.lifecycle.actions import Blocked
from steward.wellknown.sign_in_errors import INTERRUPTIONS, WORDS

# Nothing but another pass, another policy or another account would help, and none of them changes in a window.
_IN_VAIN: Mapping[int, tuple[str, str]] = MappingProxyType(
    {
        50057: (WORDS[50057], "see in the audit log who disabled it, then run again"),
        50105: (
            WORDS[50105],
            "assign it, or take the demand for an assignment from the application; then run again",
        ),
        53000: (WORDS[53000], ""),
        53001: (WORDS[53001], ""),
        53003: (WORDS[53003], ""),
        53004: (WORDS[53004], ""),
        130501: (
            WORDS[130501],
            "where nobody of yours used it, look at the sign-in log for who did; then run again for a new one",
        ),
        130504: (WORDS[130504], "run again for a new one, and sign in at once"),
    }
)
_POLICY = "see in the sign-in log which policy it was, let the account pass it, then run again"
# Told, and waited on: the person can mend these at the page.
_HINTS: Mapping[int, str] = MappingProxyType(
    {
        50053: WORDS[50053],
        50126: WORDS[50126],
        65001: "the page of the consent is open",
        65004: WORDS[65004],
        90094: WORDS[90094],
        130507: WORDS[130507],
    }
)


def find_vain(facts: Facts) -> Blocked | None:
    """Return why nobody will get in as the account any more, going by its last entry in the log."""
    last = _last_of_account(facts)
    if last is None or last.error_code not in _IN_VAIN:
        return None
    why, next_move = _IN_VAIN[last.error_code]
    return Blocked(
        "sign-in",
        f"{_when(last)} as {last.login} it was refused: {why} (AADSTS{last.error_code})",
        next_move or _POLICY,
    )


def describe_attempts(facts: Facts, tenant: Tenant) -> str:
    """Return in words what whoever waits should know of the log, with a mark in front; empty where that is nothing."""
    if isinstance(facts.attempts, Unreadable):
        return f"; the sign-in log cannot be read: {facts.attempts.why}"
    account, entries = facts.account, _entries(facts)
    if not isinstance(account, UserState) or not entries:
        return ""
    last = max(entries, key=lambda entry: entry.at)
    if last.user_id != account.object_id:
        who = last.login or "somebody else"
        return (
            f"; {_when(last)} {who} signed in, or tried to: that is not {tenant.account.login}, so sign out there or "
            "use a private window"
        )
    said = _HINTS.get(last.error_code)
    return f"; {_when(last)} the log says: {said} (AADSTS{last.error_code})" if said else ""


def signed_in(facts: Facts) -> SignInAttempt | None:
    """Return the account's last entry that is a success, if there is one."""
    account = facts.account
    if not isinstance(account, UserState):
        return None
    good = [entry for entry in _entries(facts) if entry.user_id == account.object_id and entry.error_code == 0]
    return max(good, key=lambda entry: entry.at, default=None)


def _last_of_account(facts: Facts) -> SignInAttempt | None:
    account = facts.account
    if not isinstance(account, UserState):
        return None
    own = [
        entry
        for entry in _entries(facts)
        if entry.user_id == account.object_id and entry.error_code not in INTERRUPTIONS
    ]
    return max(own, key=lambda entry: entry.at, default=None)


def _entries(facts: Facts) -> Sequence[SignInAttempt]:
    return () if isinstance(facts.attempts, Absent | Unreadable) else facts.attempts


def _when(entry: SignInAttempt) -> str:
    return f"at {entry.at:%H:%M:%S} UTC"
