"""The application that gets the consent: our own registration with the dashboard's roles, or the vendor's principal.

The vendor's is not declared where its consent is given in a browser, which brings it into the tenant.
Declaring permissions on the registration grants nothing; the post-apply script grants exactly the declared set.
Role ids are derived from the tenant and the role's name, so that changing one role leaves the assignments of the
others alone.
"""

from itertools import groupby

from cdktf_cdktf_provider_azuread.app_role_assignment import AppRoleAssignment
from cdktf_cdktf_provider_azuread.application import (
    Application,
    ApplicationApi,
    ApplicationAppRole,
    ApplicationRequiredResourceAccess,
    ApplicationRequiredResourceAccessResourceAccess,
    ApplicationWeb,
)
from cdktf_cdktf_provider_azuread.service_principal import ServicePrincipal, ServicePrincipalFeatureTags
from constructs import Construct

from stacks.groups import read_group
from stacks.naming import address_as
from steward.config.model import Permissions, Tenant
from steward.ids import derive_app_role_id
from steward.wellknown.stack import (
    APPLICATION,
    LOOPBACK_REDIRECT,
    SERVICE_PRINCIPAL,
    dashboard_names,
    distinct_slugs,
)


class AppRegistration(Construct):
    """`azuread_service_principal.cirasync`, and `azuread_application.cirasync` where the registration is our own."""

    def __init__(self, scope: Construct, construct_id: str, *, tenant: Tenant) -> None:
        super().__init__(scope, construct_id)
        client_id = tenant.application.client_id or self._register(tenant)
        self.client_id = client_id
        if tenant.declares_principal:
            self._declare_principal(tenant, client_id)

    def _declare_principal(self, tenant: Tenant, client_id: str) -> None:
        principal = ServicePrincipal(
            self,
            "service_principal",
            client_id=client_id,
            # The vendor's principal may exist from an earlier consent; it is then adopted, not created a second time.
            use_existing=None if tenant.application.is_own else True,
            app_role_assignment_required=bool(tenant.dashboard),
            owners=[tenant.deployer_id] if tenant.application.is_own else None,
            feature_tags=[ServicePrincipalFeatureTags(enterprise=True)] if tenant.application.is_own else None,
        )
        address_as(principal, SERVICE_PRINCIPAL)
        self._assign_dashboard_roles(tenant, principal)

    def _register(self, tenant: Tenant) -> str:
        application = Application(
            self,
            "application",
            display_name=tenant.application.display_name,
            sign_in_audience="AzureADMyOrg",
            owners=[tenant.deployer_id],
            api=ApplicationApi(requested_access_token_version=2),
            app_role=[
                ApplicationAppRole(
                    id=derive_app_role_id(tenant.tenant.id, role),
                    value=role.replace(" ", ""),
                    display_name=role,
                    description=f"{role} of the dashboard",
                    allowed_member_types=["User"],
                    enabled=True,
                )
                for role in sorted({entry.role for entry in tenant.dashboard})
            ],
            required_resource_access=required_resource_access(tenant.application.permissions),
            web=ApplicationWeb(redirect_uris=redirect_uris(tenant)) if redirect_uris(tenant) else None,
        )
        address_as(application, APPLICATION)
        return application.client_id

    def _assign_dashboard_roles(self, tenant: Tenant, principal: ServicePrincipal) -> None:
        group_slugs = distinct_slugs(entry.group.label for entry in tenant.dashboard)
        names = dashboard_names((entry.role, entry.group.label) for entry in tenant.dashboard)
        groups = {
            entry.group: read_group(self, f"dashboard_{group_slugs[entry.group.label]}", entry.group)
            for entry in {entry.group: entry for entry in tenant.dashboard}.values()
        }
        for entry in tenant.dashboard:
            name = names[entry.role, entry.group.label]
            assignment = AppRoleAssignment(
                self,
                name,
                app_role_id=derive_app_role_id(tenant.tenant.id, entry.role),
                principal_object_id=groups[entry.group].object_id,
                resource_object_id=principal.object_id,
            )
            address_as(assignment, name)


def redirect_uris(tenant: Tenant) -> list[str]:
    """Return where sign-ins to the own registration return to, the consent's answer to this machine among them."""
    return sorted({*tenant.application.redirect_uris, *([LOOPBACK_REDIRECT] if tenant.consents_in_browser else ())})


def required_resource_access(permissions: Permissions) -> list[ApplicationRequiredResourceAccess]:
    """Return the declared set in the registration's shape: one element an API, roles and scopes by literal id."""
    kinds = [("Role", permission) for permission in permissions.application]
    kinds += [("Scope", permission) for permission in permissions.delegated]
    kinds.sort(key=lambda pair: (pair[1].resource_app_id, pair[0], pair[1].value))
    return [
        ApplicationRequiredResourceAccess(
            resource_app_id=api,
            resource_access=[
                ApplicationRequiredResourceAccessResourceAccess(id=permission.id, type=kind)
                for kind, permission in entries
            ],
        )
        for api, entries in groupby(kinds, key=lambda pair: pair[1].resource_app_id)
    ]
