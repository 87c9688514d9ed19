"""Calls on the tenant itself, its domains, licences and authorization policy."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from msgraph.generated.models.allow_invites_from import AllowInvitesFrom
from msgraph.generated.models.assigned_license import AssignedLicense
from msgraph.generated.models.authorization_policy import AuthorizationPolicy
from msgraph.generated.users.item.assign_license.assign_license_post_request_body import AssignLicensePostRequestBody

from tests.sandbox.rows.scene import Scene
from tests.sandbox.rows.tenant import P1, licensed_user
from tests.sandbox.witness.call import Call

_LICENCE = AssignLicensePostRequestBody(
    add_licenses=[AssignedLicense(sku_id=UUID(P1), disabled_plans=[])], remove_licenses=[]
)


def _tenant_id(scene: Scene) -> str:
    return scene.tenant.running.tenant_id


def _details(client: Any, scene: Scene) -> Any:
    return client.users.by_user_id(licensed_user(scene)).license_details


CALLS: Mapping[str, Call] = {
    "GET /organization": lambda client, _scene: client.organization.get(),
    "GET /organization/{id}": lambda client, scene: client.organization.by_organization_id(_tenant_id(scene)).get(),
    "GET /domains": lambda client, _scene: client.domains.get(),
    "GET /domains/{id}": lambda client, _scene: client.domains.by_domain_id("contoso.example").get(),
    "GET /subscribedSkus": lambda client, _scene: client.subscribed_skus.get(),
    "GET /subscribedSkus/{id}": lambda client, scene: client.subscribed_skus.by_subscribed_sku_id(
        f"{_tenant_id(scene)}_{P1}"
    ).get(),
    "POST /users/{id}/assignLicense": lambda client, scene: client.users.by_user_id(
        scene.user(usageLocation="DE")["id"]
    ).assign_license.post(_LICENCE),
    "GET /users/{id}/licenseDetails": lambda client, scene: _details(client, scene).get(),
    "GET /users/{id}/licenseDetails/{details_id}": lambda client, scene: (
        _details(client, scene).by_license_details_id(P1).get()
    ),
    "GET /policies/authorizationPolicy": lambda client, _scene: client.policies.authorization_policy.get(),
    "PATCH /policies/authorizationPolicy": lambda client, _scene: client.policies.authorization_policy.patch(
        AuthorizationPolicy(allow_invites_from=AllowInvitesFrom.None_)
    ),
}
