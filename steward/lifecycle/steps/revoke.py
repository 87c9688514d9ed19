"""A tenant is retired: the application keeps no permission, for a deleted one that is restored has them again.

The vendor's application is not ours alone: what the tenant file does not declare may be somebody else's, and stays.
"""

from collections.abc import Iterator

from steward.config.model import ConsentFor, Tenant
from steward.facts import Absent, AppRoleGrant, DelegatedGrant, Facts, GrantsState, Unreadable, UserState
from steward.lifecycle.actions import Action, Already, could_not_tell
from steward.lifecycle.ownership import is_strangers
from steward.lifecycle.revocation import describe_scopes, name_role, revoke_role, revoke_scopes
from steward.lifecycle.step import Step


def decide(facts: Facts, tenant: Tenant) -> Iterator[Action]:
    """Take every permission from an application of our own, and what is declared from the vendor's."""
    grants = facts.client_grants
    match grants:
        case Unreadable():
            yield could_not_tell(grants.what, grants.why)
        case Absent():
            yield Already("grants", f"{grants.what} is not there")
        case _ if not grants.app_roles and not grants.delegated:
            yield Already("grants", f"{grants.client.name} has none")
        case _ if tenant.application.is_own:
            for role in grants.app_roles:
                yield revoke_role(role, grants, tenant)
            for delegated in grants.delegated:
                yield revoke_scopes(delegated, delegated.scopes, grants)
        case _:
            yield from _revoke_declared(facts, grants, tenant)


def _revoke_declared(facts: Facts, grants: GrantsState, tenant: Tenant) -> Iterator[Action]:
    if isinstance(facts.account, Unreadable) and tenant.application.permissions.delegated_for is ConsentFor.ACCOUNT:
        yield could_not_tell(facts.account.what, facts.account.why)
    calls = [revoke_role(role, grants, tenant) for role in grants.app_roles if _is_declared(role, grants, tenant)]
    for delegated in grants.delegated:
        scopes = _declared_scopes(delegated, facts, grants, tenant)
        if scopes:
            calls.append(revoke_scopes(delegated, scopes, grants))
    if calls:
        yield from calls
        return
    left = [name_role(role, grants) for role in grants.app_roles]
    left += [describe_scopes(delegated, delegated.scopes) for delegated in grants.delegated]
    yield Already(
        "grants", f"left to {grants.client.name}, since the tenant file does not declare them: {', '.join(left)}"
    )


def _is_declared(role: AppRoleGrant, grants: GrantsState, tenant: Tenant) -> bool:
    return any(
        (role.resource_id, role.role_id) == (grants.resources[entry.resource_app_id].object_id, entry.id)
        for entry in tenant.application.permissions.application
        if entry.resource_app_id in grants.resources
    )


def _declared_scopes(delegated: DelegatedGrant, facts: Facts, grants: GrantsState, tenant: Tenant) -> frozenset[str]:
    """Return which scopes of a grant the file asked for, for those that it asked them for."""
    account_id = None
    if isinstance(facts.account, UserState) and not is_strangers(facts.account):
        account_id = facts.account.object_id
    declared = tenant.application.permissions
    is_for_account = declared.delegated_for is ConsentFor.ACCOUNT
    if (is_for_account and account_id is None) or delegated.principal_id != (account_id if is_for_account else None):
        return frozenset()
    return delegated.scopes & {
        entry.value
        for entry in declared.delegated
        if entry.resource_app_id in grants.resources
        and grants.resources[entry.resource_app_id].object_id == delegated.resource_id
    }


REVOKE = Step(name="revoke", reads=("account", "stack", "client_grants"), decide=decide, looks_again=True)
