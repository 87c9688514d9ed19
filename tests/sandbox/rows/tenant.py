"""Rows of the tenant itself, its domains, licences and authorization policy."""

from collections.abc import Mapping

from tests.sandbox.rows.scene import Ask, Row, Scene

P1 = "078d2b04-f1bd-4111-bbd4-b4b1b354cef4"
LICENCE = {"addLicenses": [{"skuId": P1}], "removeLicenses": []}


def licensed_user(scene: Scene) -> str:
    """Create a user who holds a licence, and tell the id."""
    user = scene.user(usageLocation="DE")
    scene.make(f"/users/{user['id']}/assignLicense", LICENCE)
    return str(user["id"])


ROWS: Mapping[str, Row] = {
    "GET /organization": lambda _scene: Ask("/organization"),
    "GET /organization/{id}": lambda scene: Ask(f"/organization/{scene.tenant.running.tenant_id}"),
    "GET /domains": lambda _scene: Ask("/domains"),
    "GET /domains/{id}": lambda _scene: Ask("/domains/contoso.example"),
    "GET /subscribedSkus": lambda _scene: Ask("/subscribedSkus"),
    "GET /subscribedSkus/{id}": lambda scene: Ask(f"/subscribedSkus/{scene.tenant.running.tenant_id}_{P1}"),
    "POST /users/{id}/assignLicense": lambda scene: Ask(
        f"/users/{scene.user(usageLocation='DE')['id']}/assignLicense", LICENCE
    ),
    "GET /users/{id}/licenseDetails": lambda scene: Ask(f"/users/{licensed_user(scene)}/licenseDetails"),
    "GET /users/{id}/licenseDetails/{details_id}": lambda scene: Ask(
        f"/users/{licensed_user(scene)}/licenseDetails/{P1}"
    ),
    "GET /policies/authorizationPolicy": lambda _scene: Ask("/policies/authorizationPolicy"),
    "PATCH /policies/authorizationPolicy": lambda _scene: Ask(
        "/policies/authorizationPolicy", {"allowInvitesFrom": "none"}
    ),
}
