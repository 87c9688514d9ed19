"""The consent of a person who has signed in as the account: sent to its page, and believed only as Graph shows it.

The page may send the browser back with an answer, where the registration is our own; a refusal ends the wait at once,
and so does whatever shows that nobody will get in any more. At the window's end it is over, whatever has happened.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from steward.config.model import Tenant
from steward.facts import (
    Absent,
    ConsentAnswer,
    ConsentEntry,
    ConsentPageState,
    Facts,
    GrantsState,
    NoClient,
    Unreadable,
    UserState,
    WindowState,
)
from steward.lifecycle.actions import Action, Already, Blocked, Invite, Wait, could_not_tell
from steward.lifecycle.attempts import describe_attempts, find_vain, signed_in
from steward.lifecycle.consenting import take_back
from steward.lifecycle.declared import lacking
from steward.lifecycle.ownership import require_own_account
from steward.lifecycle.step import Step
from steward.lifecycle.window import find_open_window, find_over_pass, is_sealed

_SUBJECT = "admin consent"
# Graph may be seconds behind a page that has said yes; a list that lags minutes is no list to go by.
SETTLING = timedelta(minutes=2)

_ACCESS = "run again when somebody is there who accepts it; the page has to list what the tenant file declares"
_MAY_NOT = "see the tenant's consent settings, and that the role was active when the page was opened; then run again"
_NEXT = {
    "AADSTS65005": "run cdktf deploy, so that the registration asks for what the APIs offer, then run again",
    "AADSTS90093": _MAY_NOT,
    "AADSTS90094": _MAY_NOT,
    "AADSTS90095": "switch the admin consent workflow off for this, or approve the request in the Entra admin center",
}
# Each says no in a way of its own; none of them has consented to anything.
_DECLINED = frozenset({"AADSTS65004", "access_denied", "consent_required", "permission_denied"})


def decide(facts: Facts, tenant: Tenant) -> Iterator[Action]:
    """Take back what goes beyond the file; then wait until nothing is missing, or until it is known to be in vain."""
    if not tenant.opens_window or is_sealed(facts):
        yield Already(_SUBJECT, "none is awaited")
        return
    account = require_own_account(facts.account, tenant)
    if not isinstance(account, UserState):
        yield account
        return
    grants = facts.grants
    if isinstance(grants, Unreadable):
        yield could_not_tell(grants.what, grants.why)
    elif isinstance(grants, Absent) and (tenant.declares_principal or not isinstance(grants, NoClient)):
        yield Blocked(grants.what, "it is not in the tenant", f"run cdktf deploy {tenant.name}, then run again")
    elif isinstance(grants, GrantsState) and (extra := list(take_back(facts, grants, tenant, account.object_id))):
        yield from extra
    else:
        missing = lacking(grants, tenant, account.object_id) if isinstance(grants, GrantsState) else []
        if isinstance(grants, GrantsState) and not missing:
            yield Already(_SUBJECT, f"Graph shows every declared permission{_by_whom(facts, tenant)}")
        else:
            yield _await(facts, tenant, account, missing)


def _await(facts: Facts, tenant: Tenant, account: UserState, missing: list[str]) -> Action:
    window, now, page = find_open_window(facts), facts.now, facts.consent_page
    unread = next((entry for entry in (facts.window, now, page) if isinstance(entry, Unreadable)), None)
    if unread is not None:
        return could_not_tell(unread.what, unread.why)
    left = ", ".join(missing) or "everything"
    if window is None or not account.is_enabled or not isinstance(now, datetime):
        over = "the window is over" if account.is_enabled else "the account was disabled meanwhile"
        why = f"{over}, and Graph does not show the consent; missing: {left}"
        return Blocked(_SUBJECT, why, "run again when somebody is there to consent")
    if not isinstance(page, ConsentPageState):
        return could_not_tell(_SUBJECT, "there is no page to send anybody to")
    refusal = _judge_answer(page.answer, tenant) or find_vain(facts) or find_over_pass(facts)
    if refusal is not None:
        return refusal
    return _settle(facts, tenant, window, now, page, left) if page.is_invited else _invite(facts, tenant, window)


def _settle(
    facts: Facts, tenant: Tenant, window: WindowState, now: datetime, page: ConsentPageState, left: str
) -> Action:
    """Wait for the person, or no longer than a moment for the rest of what the page or Graph shows to have begun."""
    seen = [moment for moment in (page.changed, page.answer.at if page.answer else None) if moment is not None]
    if not seen:
        refused = f"; requests to the listener that were no answer: {page.refused}" if page.refused else ""
        reason = f"somebody consents as {tenant.account.login} at the address above{_who(facts)}"
        return Wait(_SUBJECT, f"{reason}{describe_attempts(facts, tenant)}{refused}", window.ends)
    until = min(window.ends, min(seen) + SETTLING)
    if now >= until:
        return Blocked(
            _SUBJECT,
            f"less was granted than the tenant file declares; missing: {left}",
            "run cdktf deploy, so that the registration asks for it, then run again"
            if tenant.application.is_own
            else "ask the vendor what the application asks for, correct application.permissions, then run again",
        )
    said = "the page was accepted" if page.answer else "Graph shows a part of it"
    return Wait(_SUBJECT, f"{said}; not to be seen yet: {left}", until)


def _invite(facts: Facts, tenant: Tenant, window: WindowState) -> Action:
    client_id = tenant.application.client_id
    if client_id is None and isinstance(facts.grants, GrantsState):
        client_id = facts.grants.client.app_id
    if client_id is None:
        return could_not_tell(_SUBJECT, "the application's client id is not known")
    return Invite(
        f"{tenant.account.login} to consent until {window.ends:%H:%M} UTC",
        client_id,
        f"open it in a private window, sign in as {tenant.account.login} with the newest pass from the sink, see that "
        f"the page lists what the tenant file declares ({_declared(tenant)}), and accept{_where_it_ends(tenant)}",
    )


def _where_it_ends(tenant: Tenant) -> str:
    """Return what to know of a page that nobody here hears of: the vendor's own, which may not be there."""
    return "" if tenant.application.is_own else "; what comes after it is the vendor's and may lead nowhere: look here"


def _declared(tenant: Tenant) -> str:
    """Return the declared permissions as the page names them, those of the application and those of who signed in."""
    permissions = tenant.application.permissions
    kinds = (("as the application", permissions.application), ("delegated", permissions.delegated))
    return "; ".join(f"{kind}: {', '.join(each.value for each in named)}" for kind, named in kinds if named)


def _judge_answer(answer: ConsentAnswer | None, tenant: Tenant) -> Blocked | None:
    if answer is None:
        return None
    if answer.code in _DECLINED:
        return Blocked(_SUBJECT, f"it was declined on the page ({answer.code})", _ACCESS)
    if answer.code:
        next_move = _NEXT.get(answer.code, "look the number up in the sign-in log, mend it, then run again")
        return Blocked(_SUBJECT, f"the page refused it ({answer.code})", next_move)
    if answer.tenant_id and answer.tenant_id != tenant.tenant.id.lower():
        return Blocked(
            _SUBJECT,
            f"it was given in another tenant ({answer.tenant_id})",
            f"revoke it there (Entra admin center, Enterprise applications); then run again, and sign in as "
            f"{tenant.account.login}",
        )
    return None


def _who(facts: Facts) -> str:
    entry = signed_in(facts)
    return f" (signed in at {entry.at:%H:%M:%S} UTC)" if entry is not None else ""


def _by_whom(facts: Facts, tenant: Tenant) -> str:
    entry = facts.consent_entry
    if not isinstance(entry, ConsentEntry):
        return "; the audit log does not tell yet who consented"
    other = "" if entry.by.lower() == tenant.account.login.lower() else f", who is not {tenant.account.login}"
    return f"; consented at {entry.at:%H:%M:%S} UTC by {entry.by}{other}"


CONSENT_IN_BROWSER = Step(
    name="consent",
    reads=(
        "account",
        "methods",
        "stack",
        "window",
        "now",
        "grants",
        "granted_before",
        "attempts",
        "consent_page",
        "consent_entry",
    ),
    decide=decide,
    invites=True,
)
