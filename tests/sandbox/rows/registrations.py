"""What rows about applications start from."""

from typing import Any

from tests.sandbox.rows.scene import Ask, Scene

GRAPH_APP_ID = "00000003-0000-0000-c000-000000000000"
PICTURE = b"\x89PNG\r\n\x1a\n and so on"
FEDERATED = {
    "audiences": ["api://AzureADTokenExchange"],
    "description": "",
    "issuer": "https://token.actions.example",
    "name": "main",
    "subject": "repo:contoso/iac:ref:refs/heads/main",
}


def new_application(scene: Scene, **changes: Any) -> dict[str, Any]:
    """Register an application."""
    return scene.make("/applications", {"displayName": "Portal", **changes})


def new_principal(scene: Scene) -> dict[str, Any]:
    """Register an application and create its service principal."""
    return scene.make("/servicePrincipals", {"appId": new_application(scene)["appId"]})


def graph_principal(scene: Scene) -> dict[str, Any]:
    """Find Microsoft Graph's service principal."""
    return scene.act("GET", f"/servicePrincipals(appId='{GRAPH_APP_ID}')")


def new_federated_credential(scene: Scene) -> tuple[str, str]:
    """Give a new application a federated credential, and tell both ids."""
    application_id = new_application(scene)["id"]
    return application_id, scene.make(f"/applications/{application_id}/federatedIdentityCredentials", FEDERATED)["id"]


def assignment_body(scene: Scene) -> dict[str, str]:
    """Name a role of Microsoft Graph for a new application."""
    graph = graph_principal(scene)
    return {
        "principalId": new_principal(scene)["id"],
        "resourceId": graph["id"],
        "appRoleId": graph["appRoles"][0]["id"],
    }


def new_assignment(scene: Scene) -> dict[str, Any]:
    """Assign a role of Microsoft Graph to a new application."""
    body = assignment_body(scene)
    return scene.make(f"/servicePrincipals/{body['resourceId']}/appRoleAssignedTo", body)


def default_access_body(scene: Scene, principal_id: str) -> dict[str, str]:
    """Name access without a role to a new application that defines none."""
    role = "00000000-0000-0000-0000-000000000000"
    return {"principalId": principal_id, "resourceId": new_principal(scene)["id"], "appRoleId": role}


def enabled_user_id(scene: Scene) -> str:
    """Tell a user who is enabled."""
    return scene.tenant.user_id("kim.berg@contoso.example")


def group_id(scene: Scene) -> str:
    """Tell a group."""
    return scene.tenant.group_id("sg-contacts-admins")


def grant_body(scene: Scene) -> dict[str, Any]:
    """Name delegated permissions for a client that holds others already, whose grant is therefore acknowledged."""
    client_id, graph = new_principal(scene)["id"], graph_principal(scene)
    body = {"clientId": client_id, "resourceId": graph["id"], "consentType": "AllPrincipals", "scope": "openid"}
    scene.tenant.control.act("POST", "/v1.0/oauth2PermissionGrants", body)
    return {**body, "consentType": "Principal", "principalId": enabled_user_id(scene)}


def new_grant(scene: Scene) -> dict[str, Any]:
    """Grant delegated permissions to a new client."""
    return scene.make("/oauth2PermissionGrants", grant_body(scene))


def removing_password(scene: Scene, path: str) -> Ask:
    """Take a secret from an application or service principal that was given one."""
    return Ask(f"{path}/removePassword", {"keyId": scene.make(f"{path}/addPassword", {})["keyId"]})


def removing_owner(scene: Scene, path: str) -> Ask:
    """Take an owner from an application or service principal that was given one."""
    user_id = enabled_user_id(scene)
    scene.make(f"{path}/owners/$ref", scene.reference(user_id))
    return Ask(f"{path}/owners/{user_id}/$ref")
