"""Taking from an application what it was granted: the calls, and what they are called in words."""

from steward.acts import DeleteDelegatedGrant, GraphAct, RevokeAppRole, SetDelegatedScopes
from steward.config.model import Tenant
from steward.facts import AppRoleGrant, DelegatedGrant, GrantsState
from steward.lifecycle.actions import GraphCall


def revoke_role(role: AppRoleGrant, grants: GrantsState, tenant: Tenant) -> GraphCall:
    """Return the call that takes an application permission away."""
    names = {entry.id: entry.value for entry in tenant.application.permissions.application}
    subject = f"{name_role(role, grants, names.get(role.role_id))} of {grants.client.name}"
    return GraphCall("revoked", subject, RevokeAppRole(grants.client.object_id, role.assignment_id))


def revoke_scopes(delegated: DelegatedGrant, scopes: frozenset[str], grants: GrantsState) -> GraphCall:
    """Return the call that takes some scopes of a delegated grant away, and the grant with its last one."""
    rest = delegated.scopes - scopes
    act: GraphAct = SetDelegatedScopes(delegated.grant_id, rest) if rest else DeleteDelegatedGrant(delegated.grant_id)
    return GraphCall("revoked", f"{describe_scopes(delegated, scopes)} of {grants.client.name}", act)


def name_role(role: AppRoleGrant, grants: GrantsState, name: str | None = None) -> str:
    """Return an application permission in words, by its id where nobody tells its name."""
    offered = [entry.app_roles_offered for entry in grants.resources.values() if entry.object_id == role.resource_id]
    known = name or (offered[0].get(role.role_id) if offered else None)
    return f"application permission {known or role.role_id}"


def describe_scopes(delegated: DelegatedGrant, scopes: frozenset[str]) -> str:
    """Return delegated scopes in words, and for whom they are."""
    whom = "all principals" if delegated.principal_id is None else f"user {delegated.principal_id}"
    return f"delegated {' '.join(sorted(scopes))} for {whom}"
