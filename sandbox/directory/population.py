"""Turns a seed into a directory.

What Microsoft delivers with every tenant comes first: its own applications with their permissions, role
definitions, and built-in authentication strengths. Then what the seed names, with ids that follow from the
names.
"""

import csv
import json
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from sandbox.clock import Clock
from sandbox.directory import (
    app_management,
    applications,
    authorization_policy,
    credentials,
    grants,
    groups,
    method_policy,
    publishers,
    roles,
    service_principals,
    users,
    vaults,
)
from sandbox.directory.store import GLOBAL_ADMINISTRATOR, GRAPH_APP_ID, MICROSOFT_TENANT_ID, PORTAL, Directory, Record
from sandbox.identifiers import seeded_id
from sandbox.passwords import SecretHash
from sandbox.seed import Seed, SeedApplication, SeedDomain, SeedError, SeedGroup, SeedIdentity, SeedUser, SeedVault

_DATA = Path(__file__).parents[1] / "data"
# The one delegated permission of Azure Key Vault.
_VAULT_SCOPE = {
    "adminConsentDescription": "Have full access to the Azure Key Vault service",
    "adminConsentDisplayName": "Have full access to the Azure Key Vault service",
    "id": "f53da476-18e3-4152-8e01-aec403e6edc0",
    "isEnabled": True,
    "type": "User",
    "userConsentDescription": None,
    "userConsentDisplayName": None,
    "value": "user_impersonation",
}
# Azure Storage, and its one delegated permission; blobs are outside the directory, and not served here.
_STORAGE_APP_ID, _STORAGE = "e406a681-f3d4-42a8-90b6-c2b029497af1", "https://storage.azure.com"
_STORAGE_SCOPE = {
    **_VAULT_SCOPE,
    "adminConsentDescription": "Access Azure Storage",
    "adminConsentDisplayName": "Access Azure Storage",
    "id": "03e0da56-190b-40ad-a80c-ea378c433f7f",
}
_STRENGTH_STAMP = "2021-12-01T00:00:00Z"


@dataclass(frozen=True)
class IdentityCredential:
    """What an identity signs in with."""

    name: str
    client_id: str
    object_id: str
    application_object_id: str
    client_secret: str = field(repr=False)


def populate(
    seed: Seed, clock: Clock, known_secrets: Mapping[str, str]
) -> tuple[Directory, dict[str, IdentityCredential]]:
    """Build a tenant's directory, and the credentials of its identities (secrets known by name are kept)."""
    directory = Directory(
        tenant_id=seed.tenant_id,
        tenant_name=seed.tenant_name,
        clock=clock,
        page_size=seed.page_size,
        security_defaults=seed.security_defaults,
        behaviour=seed.behaviour,
    )
    method_policy.establish(directory, seed.temporary_access_pass_policy)
    authorization_policy.establish(directory)
    for domain in seed.domains:
        directory.domains[domain.name] = _domain(domain)
    for licence in seed.licences:
        _add_licence(directory, licence.part_number, licence.seats)
    _add_role_definitions(directory)
    _add_strengths(directory)
    for name in seed.terms_of_use:
        agreement_id = seeded_id(seed.tenant_id, "agreement", name)
        directory.terms_of_use[agreement_id] = {"id": agreement_id, "displayName": name}
    directory.custom_controls.extend(seed.custom_controls)
    _add_microsoft_applications(directory)
    for foreign in seed.foreign_applications:
        published = _published(
            foreign.client_id,
            foreign.display_name,
            owner=seeded_id(seed.tenant_id, "publisher", foreign.client_id),
            app_roles=list(foreign.app_roles),
            scopes=list(foreign.oauth2_permission_scopes),
            redirect_uris=foreign.redirect_uris,
        )
        directory.published_applications[foreign.client_id] = {**published, **publishers.describe(directory, foreign)}
    for client_id, name, redirect_uris, further in publishers.microsoft_clients():
        client = _published(
            client_id, name, owner=MICROSOFT_TENANT_ID, app_roles=[], scopes=[], redirect_uris=redirect_uris
        )
        directory.published_applications[client_id] = {**client, **further}
    publishers.trust(directory, seed.trusted_issuers)
    for user in seed.users:
        _add_user(directory, user)
    identities = {each.name: _add_identity(directory, each, known_secrets) for each in seed.identities}
    for application in seed.applications:
        _add_application(directory, application)
    for group in seed.groups:
        _add_group(directory, group)
    _add_relations(directory, seed)
    _add_services(directory, seed)
    roles.ensure_active(directory, GLOBAL_ADMINISTRATOR)
    _give_roles(directory, seed)
    # What the seed names was there before the policy.
    app_management.establish(directory, seed.application_management)
    directory.audit_entries.clear()
    return directory, identities


def grant_permission(directory: Directory, principal_id: str, permission: str) -> None:
    """Give a service principal a Microsoft Graph application permission by name, as an administrator would."""
    resource = _graph(directory)
    role_id = permission_id(directory, permission)
    body = {"principalId": principal_id, "resourceId": resource["id"], "appRoleId": role_id}
    grants.assign_app_role(directory, body, PORTAL)


def withdraw_permission(directory: Directory, principal_id: str, permission: str) -> None:
    """Take a Microsoft Graph application permission away; SeedError when it is not held."""
    grants.withdraw_app_role(directory, require_held(directory, principal_id, permission), PORTAL)


def require_held(directory: Directory, principal_id: str, permission: str) -> str:
    """Tell the id of the assignment by which a Graph application permission is held; SeedError when it is not."""
    resource = _graph(directory)
    wanted = (principal_id, resource["id"], permission_id(directory, permission))
    for each in directory.app_role_assignments.values():
        if (each["principalId"], each["resourceId"], each["appRoleId"]) == wanted:
            return str(each["id"])
    raise SeedError(f"The identity does not hold {permission}.")


def permission_id(directory: Directory, permission: str) -> str:
    """Tell the app role id of a Microsoft Graph application permission; SeedError when there is none."""
    for role in directory.published_applications[GRAPH_APP_ID]["appRoles"]:
        if role["value"] == permission:
            return str(role["id"])
    raise SeedError(f"Microsoft Graph has no application permission {permission!r}.")


def _graph(directory: Directory) -> Record:
    principal = directory.find_service_principal(GRAPH_APP_ID)
    if principal is None:
        raise SeedError("The tenant holds no service principal of Microsoft Graph.")
    return principal


def _domain(domain: SeedDomain) -> Record:
    return {
        "id": domain.name,
        "authenticationType": "Federated" if domain.is_federated else "Managed",
        "availabilityStatus": None,
        "isAdminManaged": domain.is_admin_managed,
        "isDefault": domain.is_default,
        "isInitial": domain.is_initial,
        "isRoot": domain.is_root,
        "isVerified": domain.is_verified,
        "manufacturer": None,
        "model": None,
        "passwordNotificationWindowInDays": None,
        "passwordValidityPeriodInDays": None,
        "state": None,
        "supportedServices": list(domain.supported_services) if domain.is_verified else [],
    }


def _add_licence(directory: Directory, part_number: str, seats: int) -> None:
    known = json.loads((_DATA / "licences.json").read_text(encoding="utf-8"))
    if part_number not in known:
        raise SeedError(f"Unknown licence {part_number!r}; known are {', '.join(sorted(known))}.")
    sku_id = known[part_number]["skuId"]
    directory.skus[sku_id] = {
        "id": f"{directory.tenant_id}_{sku_id}",
        "accountId": directory.tenant_id,
        "accountName": directory.tenant_name,
        "appliesTo": "User",
        "capabilityStatus": "Enabled",
        "prepaidUnits": {"enabled": seats, "lockedOut": 0, "suspended": 0, "warning": 0},
        "servicePlans": [
            {**plan, "appliesTo": "User", "provisioningStatus": "Success"}
            for plan in known[part_number]["servicePlans"]
        ],
        "skuId": sku_id,
        "skuPartNumber": part_number,
        "subscriptionIds": [seeded_id(directory.tenant_id, "subscription", part_number)],
    }


def _add_role_definitions(directory: Directory) -> None:
    for row in _rows("directory-roles.csv"):
        directory.role_definitions[row["template_id"]] = {
            "id": row["template_id"],
            "description": f"Built-in role {row['role_name']}.",
            "displayName": row["role_name"],
            "isBuiltIn": True,
            "isEnabled": True,
            "resourceScopes": ["/"],
            "rolePermissions": [],
            "templateId": row["template_id"],
            "version": "1",
        }


def _add_strengths(directory: Directory) -> None:
    for each in json.loads((_DATA / "authentication-strengths.json").read_text(encoding="utf-8")):
        directory.authentication_strengths[each["id"]] = {
            **each,
            "createdDateTime": _STRENGTH_STAMP,
            "modifiedDateTime": _STRENGTH_STAMP,
            "policyType": "builtIn",
            "requirementsSatisfied": "mfa",
        }


def _add_microsoft_applications(directory: Directory) -> None:
    resources: dict[str, list[Mapping[str, str]]] = {}
    for row in _rows("permissions.csv"):
        resources.setdefault(row["resource_app_id"], []).append(row)
    for app_id, rows in resources.items():
        directory.published_applications[app_id] = _published(
            app_id,
            rows[0]["resource"],
            owner=MICROSOFT_TENANT_ID,
            app_roles=[_app_role(row) for row in rows if row["application_id"]],
            scopes=[_scope(row) for row in rows if row["delegated_id"]],
        )
        principal_id = seeded_id(directory.tenant_id, "servicePrincipal", app_id)
        record = service_principals.new_record(principal_id, app_id, {})
        directory.service_principals[principal_id] = record


def _add_services(directory: Directory, seed: Seed) -> None:
    if seed.vault is not None:
        _add_vault(directory, seed, seed.vault)
    if seed.storage:
        _add_resource(directory, _STORAGE_APP_ID, "Azure Storage", _STORAGE, _STORAGE_SCOPE)


def _add_vault(directory: Directory, seed: Seed, vault: SeedVault) -> None:
    """Give the tenant its vault, and the service principal of Key Vault, for which tokens are asked."""
    _add_resource(directory, vaults.KEY_VAULT_APP_ID, "Azure Key Vault", vaults.RESOURCE, _VAULT_SCOPE)
    find = _name_lookup(directory, seed)
    directory.vault = vaults.new_vault(vault.name, {find(each.name): each.actions for each in vault.access})


def _add_resource(directory: Directory, app_id: str, name: str, resource: str, scope: dict[str, Any]) -> None:
    """Give the tenant the service principal of a service of Azure with its one delegated permission."""
    directory.published_applications[app_id] = {
        **_published(app_id, name, owner=MICROSOFT_TENANT_ID, app_roles=[], scopes=[scope]),
        "servicePrincipalNames": [app_id, resource],
    }
    principal_id = seeded_id(directory.tenant_id, "servicePrincipal", app_id)
    directory.service_principals[principal_id] = service_principals.new_record(principal_id, app_id, {})


def _published(
    client_id: str,
    display_name: str,
    *,
    owner: str,
    app_roles: list[Any],
    scopes: list[Any],
    redirect_uris: Iterable[str] = (),
) -> Record:
    return {
        "appDescription": None,
        "appDisplayName": display_name,
        "appOwnerOrganizationId": owner,
        "appRoles": app_roles,
        "displayName": display_name,
        "homepage": None,
        "info": None,
        "logoutUrl": None,
        "oauth2PermissionScopes": scopes,
        "replyUrls": list(redirect_uris),
        "servicePrincipalNames": [client_id],
        "signInAudience": "AzureADMultipleOrgs",
    }


def _app_role(row: Mapping[str, str]) -> Record:
    return {
        "allowedMemberTypes": ["Application"],
        "description": row["display_name"],
        "displayName": row["display_name"],
        "id": row["application_id"],
        "isEnabled": True,
        "origin": "Application",
        "value": row["value"],
    }


def _scope(row: Mapping[str, str]) -> Record:
    return {
        "adminConsentDescription": row["display_name"],
        "adminConsentDisplayName": row["display_name"],
        "id": row["delegated_id"],
        "isEnabled": True,
        "type": "Admin" if row["admin_consent_required_delegated"] == "yes" else "User",
        "userConsentDescription": None,
        "userConsentDisplayName": None,
        "value": row["value"],
    }


def _add_user(directory: Directory, user: SeedUser) -> None:
    user_id = seeded_id(directory.tenant_id, "user", user.user_principal_name)
    body = {
        "accountEnabled": user.account_enabled,
        "displayName": user.display_name,
        "mailNickname": user.user_principal_name.split("@")[0],
        "userPrincipalName": user.user_principal_name,
        **user.properties,
    }
    directory.users[user_id] = users.new_record(directory, user_id, body)
    directory.password_hashes[user_id] = SecretHash.of(user.password or secrets.token_urlsafe(24))


def _add_identity(directory: Directory, identity: SeedIdentity, known_secrets: Mapping[str, str]) -> IdentityCredential:
    client_id = identity.client_id or seeded_id(directory.tenant_id, "client", identity.name)
    body = {"displayName": identity.display_name or identity.name}
    application_id, object_id = _add_registration(directory, f"identity/{identity.name}", client_id, body)
    secret = identity.client_secret or known_secrets.get(identity.name) or secrets.token_urlsafe(30)
    application = directory.applications[application_id]
    credential = credentials.add_password(directory, application, {"displayName": "seed"}, PORTAL)
    directory.secret_hashes[application_id][credential["keyId"]] = SecretHash.of(secret)
    for permission in dict.fromkeys(identity.permissions):
        grant_permission(directory, object_id, permission)
    return IdentityCredential(identity.name, client_id, object_id, application_id, secret)


def _add_application(directory: Directory, application: SeedApplication) -> None:
    name = f"application/{application.key or application.display_name}"
    client_id = seeded_id(directory.tenant_id, "client", name)
    body = {"displayName": application.display_name, **application.properties}
    _add_registration(directory, name, client_id, body)


def _add_registration(directory: Directory, name: str, client_id: str, body: Mapping[str, Any]) -> tuple[str, str]:
    application_id = seeded_id(directory.tenant_id, "application", name)
    principal_id = seeded_id(directory.tenant_id, "servicePrincipal", name)
    record = applications.new_record(directory, application_id, client_id, body)
    directory.applications[application_id] = record
    directory.service_principals[principal_id] = service_principals.new_record(principal_id, client_id, {})
    return application_id, principal_id


def _add_group(directory: Directory, group: SeedGroup) -> None:
    group_id = seeded_id(directory.tenant_id, "group", group.key or group.display_name)
    body = {
        "displayName": group.display_name,
        "groupTypes": [],
        "isAssignableToRole": group.is_assignable_to_role,
        "mailEnabled": False,
        "mailNickname": group.key or group.display_name,
        "securityEnabled": True,
        **group.properties,
    }
    directory.groups[group_id] = groups.new_record(directory, group_id, body)


def _add_relations(directory: Directory, seed: Seed) -> None:
    find = _name_lookup(directory, seed)
    for group in seed.groups:
        group_id = find(group.key or group.display_name)
        directory.members[group_id] = [find(each) for each in group.members]
        directory.owners[group_id] = [find(each) for each in group.owners]
    for application in seed.applications:
        name = f"application/{application.key or application.display_name}"
        owners = [find(each) for each in application.owners]
        for kind in ("application", "servicePrincipal"):
            directory.owners[seeded_id(directory.tenant_id, kind, name)] = list(owners)
    for user in seed.users:
        if user.manager:
            directory.managers[find(user.user_principal_name)] = find(user.manager)


def _give_roles(directory: Directory, seed: Seed) -> None:
    find = _name_lookup(directory, seed)
    holders: list[SeedUser | SeedIdentity] = [*seed.users, *seed.identities]
    for holder in holders:
        name = holder.user_principal_name if isinstance(holder, SeedUser) else holder.name
        for role_name in holder.directory_roles:
            try:
                template_id = roles.template_of(directory, role_name)
            except KeyError as fault:
                raise SeedError(f"Unknown directory role {role_name!r} of {name!r}.") from fault
            body = {"principalId": find(name), "roleDefinitionId": template_id, "directoryScopeId": "/"}
            roles.assign(directory, body, PORTAL)


def _name_lookup(directory: Directory, seed: Seed) -> Callable[[str], str]:
    tenant = directory.tenant_id
    names = {each.user_principal_name: seeded_id(tenant, "user", each.user_principal_name) for each in seed.users}
    for group in seed.groups:
        key = group.key or group.display_name
        names[key] = seeded_id(tenant, "group", key)
    for identity in seed.identities:
        names[identity.name] = seeded_id(tenant, "servicePrincipal", f"identity/{identity.name}")
    for application in seed.applications:
        key = application.key or application.display_name
        names.setdefault(key, seeded_id(tenant, "servicePrincipal", f"application/{key}"))

    def find(name: str) -> str:
        if name not in names:
            raise SeedError(
                f"The seed names {name!r}, which it does not define. Where a seed gives `users`, `groups` or "
                "`applications`, its own stand in place of the default ones, which other lists may still name."
            )
        return names[name]

    return find


@cache
def _rows(name: str) -> Sequence[Mapping[str, str]]:
    with (_DATA / name).open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))
