"""A consent that a person gives in a browser: whether it is complete, and what of it goes beyond the tenant file.

Only what Graph shows counts. What the vendor's application was granted before anybody could consent may be somebody
else's, and is told instead of taken back; so are grants that other users gave for themselves.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from steward.config.model import Tenant
from steward.evidence import LOOKS_APART
from steward.facts import AppRoleGrant, DelegatedGrant, Facts, GrantedBefore, GrantsState
from steward.lifecycle.actions import Found, GraphCall, Wait
from steward.lifecycle.declared import lacking, surplus_roles, surplus_scopes
from steward.lifecycle.revocation import describe_scopes, name_role, revoke_role, revoke_scopes

# What was consented to at the last moment may show a little later; the role is gone by then, and only trim waits.
_AFTER_CONSENT = timedelta(seconds=10)
# Looks that go on to differ are no reason to stay.
_LONGEST = timedelta(minutes=1)
_UNDECLARED = "it was granted, and the tenant file does not declare it"


def is_consented(facts: Facts, tenant: Tenant) -> bool:
    """Return whether Graph shows every declared permission; the file's delegated ones are for all principals."""
    return isinstance(facts.grants, GrantsState) and not lacking(facts.grants, tenant, "")


@dataclass(frozen=True)
class _Surplus:
    """What was granted beyond the file: brought by the consent, there before it, and given by users for themselves."""

    roles: tuple[AppRoleGrant, ...]
    scopes: tuple[tuple[DelegatedGrant, frozenset[str]], ...]
    before: tuple[str, ...]
    by_others: tuple[str, ...]


def take_back(facts: Facts, grants: GrantsState, tenant: Tenant, account_id: str) -> Iterator[GraphCall]:
    """Yield what takes back every grant that the file does not declare and that the consent may have brought."""
    found = _sort_out(facts, grants, tenant, account_id)
    for role in found.roles:
        yield replace(revoke_role(role, grants, tenant), finding=_UNDECLARED)
    for delegated, extra in found.scopes:
        yield replace(revoke_scopes(delegated, extra, grants), finding=_UNDECLARED)


def name_from_before(facts: Facts, grants: GrantsState, tenant: Tenant, account_id: str) -> tuple[str, ...]:
    """Return in words what the file does not declare and what was there before anybody could consent."""
    return _sort_out(facts, grants, tenant, account_id).before


def leave_alone(facts: Facts, grants: GrantsState, tenant: Tenant, account_id: str) -> Iterator[Found]:
    """Yield a finding for what goes beyond the file and is not taken back, since it may be somebody else's."""
    found = _sort_out(facts, grants, tenant, account_id)
    if found.before:
        yield Found(
            grants.client.name,
            f"it has more than the tenant file declares, {since_when(facts)}: {', '.join(found.before)}; that is not "
            "taken back, since it may be somebody else's",
            "declare it under application.permissions, or revoke it",
        )
    if found.by_others:
        yield Found(
            grants.client.name,
            f"users granted it what the tenant file does not declare, for themselves: {', '.join(found.by_others)}; "
            "that is not taken back, since no admin consent brings it",
            "revoke it if it is not wanted (DELETE /oauth2PermissionGrants/<id> in Graph), and see who may consent "
            "(Entra admin center, Enterprise applications, Consent and permissions)",
        )


def find_first_look(facts: Facts) -> Wait | None:
    """Return the wait for another look before anybody can consent: what one replica does not show is no news later."""
    before = facts.granted_before
    if not isinstance(before, GrantedBefore) or before.is_earlier:
        return None
    if (
        before.looking_since is None
        or before.looked_at is None
        or before.looked_at - before.looking_since >= LOOKS_APART
    ):
        return None
    why = "what it has now is told later from what the consent brings, and one look may not show all"
    return Wait("a second look at the grants", why, before.looking_since + LOOKS_APART, is_for_somebody=False)


def find_last_look(before: GrantedBefore) -> Wait | None:
    """Return the wait for another look at what somebody may have consented to; None once the looks agree, or cannot."""
    if before.let_at is None or before.looking_since is None or before.looked_at is None or is_sure(before):
        return None
    if before.looked_at - before.looking_since >= _LONGEST:
        return None
    why = "somebody may have consented, and one look may not show all of it"
    return Wait("a second look at the grants", why, _sure_from(before) or before.looked_at, is_for_somebody=False)


def is_sure(before: GrantedBefore) -> bool:
    """Return whether looks some time apart agree on what there is, late enough after somebody was let consent."""
    sure_from = _sure_from(before)
    return sure_from is not None and before.looked_at is not None and before.looked_at >= sure_from


def _sure_from(before: GrantedBefore) -> datetime | None:
    if before.let_at is None or before.looking_since is None or before.agreeing_since is None:
        return None
    # The looks came after it, whatever the clock says by which it was written down.
    return max(before.agreeing_since + LOOKS_APART, min(before.let_at, before.looking_since) + _AFTER_CONSENT)


def since_when(facts: Facts) -> str:
    """Return in words since when the vendor's application has what counts as granted before."""
    before = facts.granted_before
    if not isinstance(before, GrantedBefore) or before.ids is None:
        return "and nobody can tell since when"
    if before.is_earlier:
        return "from before the first run let anybody consent"
    unseen = "no evidence of an earlier run lies here, so that a consent of an earlier run may have brought it"
    return f"from before this run's first look ({before.trouble or unseen})"


def _sort_out(facts: Facts, grants: GrantsState, tenant: Tenant, account_id: str) -> _Surplus:
    roles, scopes, before, by_others = [], [], [], []
    for role in surplus_roles(grants, tenant):
        if _is_ours(role.assignment_id, facts, tenant):
            roles.append(role)
        else:
            before.append(name_role(role, grants))
    for delegated, extra in surplus_scopes(grants, tenant, account_id):
        if delegated.principal_id not in {None, account_id}:
            by_others.append(describe_scopes(delegated, extra))
            continue
        ours = frozenset(scope for scope in extra if _is_ours(f"{delegated.grant_id} {scope}", facts, tenant))
        if ours:
            scopes.append((delegated, ours))
        if extra - ours:
            before.append(describe_scopes(delegated, extra - ours))
    return _Surplus(tuple(roles), tuple(scopes), tuple(before), tuple(by_others))


def _is_ours(granted_id: str, facts: Facts, tenant: Tenant) -> bool:
    """Return whether a grant is ours to take back: all of our own registration's, and what the vendor's got later."""
    before = facts.granted_before
    if tenant.application.is_own:
        return True
    return isinstance(before, GrantedBefore) and before.ids is not None and granted_id not in before.ids
