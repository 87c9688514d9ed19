"""A consent that a person gives in a browser: whether it is complete, and what of it goes beyond the tenant file.

Only what Graph shows counts. What the vendor's application was granted before the run looked first may be somebody
else's, and is told instead of taken back; so are grants that other users gave for themselves.
"""

from collections.abc import Iterator
from dataclasses import replace

from steward.config.model import Tenant
from steward.facts import ConsentPageState, Facts, GrantsState
from steward.lifecycle.actions import GraphCall
from steward.lifecycle.declared import lacking, surplus_roles, surplus_scopes
from steward.lifecycle.revocation import revoke_role, revoke_scopes

_UNDECLARED = "it was granted, and the tenant file does not declare it"


def is_consented(facts: Facts, tenant: Tenant) -> bool:
    """Return whether Graph shows every declared permission; the file's delegated ones are for all principals."""
    return isinstance(facts.grants, GrantsState) and not lacking(facts.grants, tenant, "")


def take_back(facts: Facts, grants: GrantsState, tenant: Tenant, account_id: str) -> Iterator[GraphCall]:
    """Yield what takes back every grant that the file does not declare and that the consent may have brought."""
    kept = _before(facts, tenant)
    for role in surplus_roles(grants, tenant):
        if role.assignment_id not in kept:
            yield replace(revoke_role(role, grants, tenant), finding=_UNDECLARED)
    for delegated, extra in surplus_scopes(grants, tenant, account_id):
        scopes = frozenset(scope for scope in extra if f"{delegated.grant_id} {scope}" not in kept)
        if scopes and delegated.principal_id in {None, account_id}:
            yield replace(revoke_scopes(delegated, scopes, grants), finding=_UNDECLARED)


def _before(facts: Facts, tenant: Tenant) -> frozenset[str]:
    page = facts.consent_page
    return page.granted_before if isinstance(page, ConsentPageState) and not tenant.application.is_own else frozenset()
