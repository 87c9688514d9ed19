"""The declared set of permissions, compared with what was granted: what is missing, what is surplus."""

from collections.abc import Iterator
from dataclasses import dataclass

from steward.config.model import ConsentFor, Permission, Tenant
from steward.facts import AppRoleGrant, DelegatedGrant, GrantsState


@dataclass(frozen=True)
class DelegatedWish:
    """The delegated scopes that the file asks for on one API, and the grant that holds some of them, if any does."""

    resource_id: str
    resource_name: str
    principal_id: str | None
    scopes: frozenset[str]
    existing: DelegatedGrant | None

    @property
    def missing(self) -> frozenset[str]:
        """Return the scopes that are not granted yet."""
        return self.scopes - (self.existing.scopes if self.existing else frozenset())


def missing_roles(grants: GrantsState, tenant: Tenant) -> Iterator[Permission]:
    """Yield each declared application permission that has not been granted."""
    granted = {(grant.resource_id, grant.role_id) for grant in grants.app_roles}
    for permission in tenant.application.permissions.application:
        resource = grants.resources[permission.resource_app_id]
        if (resource.object_id, permission.id) not in granted:
            yield permission


def delegated_wishes(grants: GrantsState, tenant: Tenant, account_id: str) -> Iterator[DelegatedWish]:
    """Yield the declared delegated scopes, one wish an API."""
    declared = tenant.application.permissions
    principal_id = account_id if declared.delegated_for is ConsentFor.ACCOUNT else None
    for app_id in sorted({permission.resource_app_id for permission in declared.delegated}):
        resource = grants.resources[app_id]
        yield DelegatedWish(
            resource_id=resource.object_id,
            resource_name=resource.name,
            principal_id=principal_id,
            scopes=frozenset(entry.value for entry in declared.delegated if entry.resource_app_id == app_id),
            existing=next(
                (
                    grant
                    for grant in grants.delegated
                    if (grant.resource_id, grant.principal_id) == (resource.object_id, principal_id)
                ),
                None,
            ),
        )


def lacking(grants: GrantsState, tenant: Tenant, account_id: str) -> list[str]:
    """Return the names of the permissions that are declared and not granted."""
    names = [permission.value for permission in missing_roles(grants, tenant)]
    return names + [scope for wish in delegated_wishes(grants, tenant, account_id) for scope in sorted(wish.missing)]


def surplus(grants: GrantsState, tenant: Tenant, account_id: str) -> Iterator[str]:
    """Yield in words each grant that the file does not declare."""
    names = {resource.object_id: resource for resource in grants.resources.values()}
    for grant in surplus_roles(grants, tenant):
        resource = names.get(grant.resource_id)
        value = resource.app_roles_offered.get(grant.role_id) if resource else None
        yield f"application permission {value or grant.role_id}"
    for delegated, extra in surplus_scopes(grants, tenant, account_id):
        whom = "all principals" if delegated.principal_id is None else f"user {delegated.principal_id}"
        yield f"delegated {' '.join(sorted(extra))} for {whom}"


def surplus_roles(grants: GrantsState, tenant: Tenant) -> Iterator[AppRoleGrant]:
    """Yield each application permission that was granted and is not declared; of an API that is not there none is."""
    declared = {
        (grants.resources[permission.resource_app_id].object_id, permission.id)
        for permission in tenant.application.permissions.application
        if permission.resource_app_id in grants.resources
    }
    for grant in grants.app_roles:
        if (grant.resource_id, grant.role_id) not in declared:
            yield grant


def surplus_scopes(
    grants: GrantsState, tenant: Tenant, account_id: str
) -> Iterator[tuple[DelegatedGrant, frozenset[str]]]:
    """Yield each delegated grant that goes beyond what is declared, with the scopes by which it does."""
    declared = tenant.application.permissions
    principal_id = account_id if declared.delegated_for is ConsentFor.ACCOUNT else None
    wished = {
        (entry.resource_app_id, entry.value)
        for entry in declared.delegated
        if entry.resource_app_id in grants.resources
    }
    for delegated in grants.delegated:
        extra = delegated.scopes
        if delegated.principal_id == principal_id:
            extra -= {scope for app_id, scope in wished if grants.resources[app_id].object_id == delegated.resource_id}
        if extra:
            yield delegated, extra
