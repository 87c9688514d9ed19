"""How long a privileged role may still stand: within a window, past it, outside any, or nobody can tell.

A window's end is told by the role's own schedule, by the latch where Terraform's state is at hand, or by the audit
log's entry and the tenant file's minutes, in this order; a latch counts no longer than the log and the minutes let it.
Whoever has none of them waits for the log, and not for long.
An entry is of an earlier grant only where the guard itself saw the role gone since; where it did not, the entry counts.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from steward.config.model import Elevation, Tenant
from steward.facts import Facts, LatchState, Reading, RoleHolding, RoleTerm, StackState, Unreadable, UserState
from steward.lifecycle.privilege import is_own
from steward.lifecycle.reopening import is_as_long_as_declared
from steward.wellknown.latch import PRIVILEGED
from steward.wellknown.roles import GLOBAL_ADMINISTRATOR

# Entries reach the audit log after 2 to 15 minutes, and no delay is promised ("Microsoft Entra reporting latencies",
# learn.microsoft.com, read November 2026); what has no entry by then is not waited for.
PATIENCE = timedelta(minutes=20)
# The guard's clock and that of the log are not the same; an entry this little older than a look counts as later.
_CLOCKS_APART = timedelta(minutes=5)


class Standing(StrEnum):
    """What may become of a role that is held."""

    RUNNING = "running"
    OVER = "over"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Term:
    """Whether a role may stand, and why in words."""

    standing: Standing
    why: str


def judge_term(holding: RoleHolding, facts: Facts, tenant: Tenant) -> Term:
    """Return whether a window is running for what the account holds."""
    if not isinstance(facts.now, datetime):
        return Term(Standing.UNKNOWN, "the tenant's time is not known")
    if holding.role_template_id != GLOBAL_ADMINISTRATOR or not is_own(holding):
        return Term(Standing.OVER, "no window gives that, or in that way")
    is_open = isinstance(facts.account, UserState) and facts.account.is_enabled
    if is_open and not tenant.opens_window and not isinstance(facts.reopened, RoleTerm):
        return Term(Standing.OVER, "the account is enabled, and nobody is to sign in to it while it holds that")
    if tenant.elevation is Elevation.SCHEDULED and isinstance(facts.role_terms, Unreadable):
        return _by_patience(facts, facts.now)
    return (
        _by_schedule(facts, facts.now, tenant)
        or _by_file(tenant)
        or _by_latch(facts, facts.now, tenant)
        or _by_log(facts, facts.now, tenant)
        or _by_patience(facts, facts.now)
    )


def _until(ends: datetime, now: datetime, source: str) -> Term:
    standing = Standing.RUNNING if now < ends else Standing.OVER
    words = "runs until" if now < ends else "ended at"
    return Term(standing, f"its window {words} {ends:%Y-%m-%d %H:%M} UTC, by {source}")


def _by_schedule(facts: Facts, now: datetime, tenant: Tenant) -> Term | None:
    terms = facts.role_terms if isinstance(facts.role_terms, tuple) else ()
    bounded = [
        (term, term.ends) for term in terms if term.role_template_id == GLOBAL_ADMINISTRATOR and term.ends is not None
    ]
    if not bounded:
        return None
    term, ends = max(bounded, key=lambda pair: pair[1])
    if not is_as_long_as_declared(term, tenant):
        return Term(Standing.OVER, f"its schedule until {ends:%Y-%m-%d %H:%M} UTC is longer than window_minutes")
    return _until(ends, now, "its schedule")


def _by_file(tenant: Tenant) -> Term | None:
    if tenant.account.sealed_on is not None:
        return Term(Standing.OVER, f"the tenant file says that it is sealed since {tenant.account.sealed_on}")
    if not tenant.grants_by_latch:
        return Term(Standing.OVER, f"with elevation {tenant.elevation} nobody assigns it without an end")
    return None


def _by_latch(facts: Facts, now: datetime, tenant: Tenant) -> Term | None:
    latch = facts.stack.latch if isinstance(facts.stack, StackState) else None
    if not isinstance(latch, LatchState):
        return None
    if latch.phase != PRIVILEGED:
        return Term(Standing.OVER, f"the latch is {latch.phase}")
    try:
        ends = datetime.fromisoformat(latch.until).astimezone(UTC)
    except (ValueError, TypeError, OverflowError):
        return None
    window = timedelta(minutes=tenant.window_minutes)
    # State can be edited, and may be of a plan by another tenant file: a latch does not lengthen a window.
    if ends - now > window + _CLOCKS_APART:
        return Term(Standing.OVER, f"the latch until {ends:%Y-%m-%d %H:%M} UTC is longer than window_minutes")
    known = [(ends, "the latch")]
    if (granted := _granted(facts, now)) is not None:
        known.append((granted + window, "the audit log and window_minutes, which end before the latch"))
    elif (seen := _of_global_administrator(facts.role_first_seen)) is not None:
        known.append((seen + window, "the guard's first sight and window_minutes, which end before the latch"))
    ends, source = min(known, key=lambda pair: pair[0])
    return _until(ends, now, source)


def _granted(facts: Facts, now: datetime) -> datetime | None:
    """Return since when the log says that the role is held; None where its entry is missing, or of an earlier grant."""
    granted = _of_global_administrator(facts.role_grants)
    return None if granted is None or _is_of_an_earlier_grant(granted, facts, now) else granted


def _by_log(facts: Facts, now: datetime, tenant: Tenant) -> Term | None:
    granted = _granted(facts, now)
    if granted is not None:
        return _until(granted + timedelta(minutes=tenant.window_minutes), now, "the audit log and window_minutes")
    return None


def _is_of_an_earlier_grant(granted: datetime, facts: Facts, now: datetime) -> bool:
    """Return whether a look after that grant found the role gone; the entries of what followed are still to come."""
    absent = _of_global_administrator(facts.role_last_absent)
    return absent is not None and granted + _CLOCKS_APART < absent <= now


def _of_global_administrator(moments: Reading[Mapping[str, datetime]]) -> datetime | None:
    return moments.get(GLOBAL_ADMINISTRATOR) if isinstance(moments, Mapping) else None


def _by_patience(facts: Facts, now: datetime) -> Term:
    log = facts.role_grants
    silent = "the audit log has no entry of its grant"
    if isinstance(log, Unreadable):
        silent = f"the audit log cannot be read ({log.why})"
    elif _of_global_administrator(log) is not None:
        silent = "the audit log has only the entry of an earlier grant"
    seen = _of_global_administrator(facts.role_first_seen)
    if seen is not None and now - seen >= PATIENCE:
        return Term(Standing.OVER, f"it was first seen at {seen:%Y-%m-%d %H:%M} UTC, and {silent}")
    waits = PATIENCE.total_seconds() / 60
    told = "it is seen for the first time" if seen is None else f"it was first seen at {seen:%Y-%m-%d %H:%M} UTC"
    return Term(Standing.UNKNOWN, f"{silent}; {told}, and is taken away {waits:.0f} minutes after that")
