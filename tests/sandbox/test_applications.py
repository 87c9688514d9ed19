"""Applications and their service principals."""

from typing import Any

import httpx
import pytest

from sandbox.seed import VENDOR_APPLICATION_ID
from tests.sandbox.conftest import Tenant, refusal

_ROLE = {
    "id": "a0000000-0000-4000-8000-000000000001",
    "allowedMemberTypes": ["User", "Application"],
    "description": "Full Administrator",
    "displayName": "Full Administrator",
    "isEnabled": True,
    "value": "Dashboard.FullAdministrator",
}


def _register(client: httpx.Client, **changes: Any) -> dict[str, Any]:
    response = client.post("/v1.0/applications", json={"displayName": "Portal", **changes})
    assert response.status_code == 201, response.text
    application: dict[str, Any] = response.json()
    return application


def test_minimal_application_has_every_object_and_empty_lists(tenant: Tenant) -> None:
    application = _register(tenant.client("deploy"))
    assert application["api"]["knownClientApplications"] == []
    assert application["web"]["implicitGrantSettings"] == {
        "enableAccessTokenIssuance": False,
        "enableIdTokenIssuance": False,
    }
    assert application["spa"] == application["publicClient"] == {"redirectUris": []}
    assert application["optionalClaims"] is None
    assert application["publisherDomain"] == "contoso.onmicrosoft.com"


def test_creator_is_owner_of_what_it_registers(tenant: Tenant) -> None:
    client = tenant.client("deploy")
    application = _register(client)
    owners = client.get(f"/v1.0/applications/{application['id']}/owners").json()["value"]
    assert [each["id"] for each in owners] == [tenant.running.identities["deploy"].object_id]
    assert owners[0]["@odata.type"] == "#microsoft.graph.servicePrincipal"


def test_change_merges_api_and_web_deeply_and_replaces_optional_claims(tenant: Tenant) -> None:
    client = tenant.client("deploy")
    path = f"/v1.0/applications/{_register(client, web={'redirectUris': ['https://a.contoso.example/']})['id']}"
    claim: dict[str, Any] = {"name": "email", "source": None, "essential": False, "additionalProperties": []}
    body = {
        "api": {"requestedAccessTokenVersion": 2},
        "web": {"implicitGrantSettings": {"enableIdTokenIssuance": True}},
        "optionalClaims": {"idToken": [claim]},
    }
    assert client.patch(path, json=body).status_code == 204
    shown = client.get(path).json()
    assert shown["web"]["redirectUris"] == ["https://a.contoso.example/"]
    assert shown["web"]["implicitGrantSettings"] == {
        "enableAccessTokenIssuance": False,
        "enableIdTokenIssuance": True,
    }
    assert shown["optionalClaims"] == {"accessToken": [], "idToken": [claim], "saml2Token": []}
    client.patch(path, json={"optionalClaims": {}, "web": None, "publicClient": {}})
    cleared = client.get(path).json()
    assert cleared["optionalClaims"] is None
    assert cleared["web"]["redirectUris"] == cleared["publicClient"]["redirectUris"] == []


@pytest.mark.parametrize("change", [[], [{**_ROLE, "description": "Other"}], [{**_ROLE, "value": "Other"}]])
def test_enabled_role_must_be_disabled_before_it_changes(tenant: Tenant, change: list[dict[str, Any]]) -> None:
    client = tenant.client("deploy")
    path = f"/v1.0/applications/{_register(client, appRoles=[_ROLE])['id']}"
    assert refusal(client.patch(path, json={"appRoles": change}))[1] == "CannotDeleteOrUpdateEnabledEntitlement"
    assert client.patch(path, json={"appRoles": [{**_ROLE, "isEnabled": False}]}).status_code == 204
    assert client.patch(path, json={"appRoles": change}).status_code == 204


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"identifierUris": ["https://elsewhere.example/app"]}, "HostNameNotOnVerifiedDomain"),
        ({"identifierUris": ["api://portal"]}, "HostNameNotOnVerifiedDomain"),
        ({"web": {"redirectUris": ["http://portal.contoso.example/"]}}, "Request_BadRequest"),
        ({"web": {"redirectUris": ["https://portal.contoso.example/(x)"]}}, "Request_BadRequest"),
        ({"appRoles": [_ROLE, _ROLE]}, "Request_BadRequest"),
        ({"displayName": ""}, "Request_BadRequest"),
        ({"appRoles": [{"value": "x"}]}, "Request_BadRequest"),
        ({"api": {"oauth2PermissionScopes": [{"value": "x"}]}}, "Request_BadRequest"),
    ],
)
def test_application_that_entra_would_not_take_is_refused(tenant: Tenant, body: dict[str, Any], code: str) -> None:
    response = tenant.client("deploy").post("/v1.0/applications", json={"displayName": "Portal", **body})
    assert refusal(response)[:2] == (400, code)


def test_identifier_uri_belongs_to_one_application(tenant: Tenant) -> None:
    client = tenant.client("deploy")
    first, second = _register(client), _register(client)
    own = f"api://{first['appId']}"
    body = {"identifierUris": [own, "https://portal.contoso.example/app"]}
    assert client.patch(f"/v1.0/applications/{first['id']}", json=body).status_code == 204
    body = {"identifierUris": ["https://portal.contoso.example/app"]}
    _, _, message = refusal(client.patch(f"/v1.0/applications/{second['id']}", json=body))
    assert "identifierUris already exists" in message
    query = {"$filter": f"identifierUris/any(uri:uri eq '{own}')"}
    assert [each["id"] for each in client.get("/v1.0/applications", params=query).json()["value"]] == [first["id"]]


def test_added_secret_is_shown_once_signs_in_and_ends_when_removed(tenant: Tenant) -> None:
    client = tenant.client("deploy")
    application = _register(client)
    client.post("/v1.0/servicePrincipals", json={"appId": application["appId"]})
    path = f"/v1.0/applications/{application['id']}"
    added = client.post(f"{path}/addPassword", json={"passwordCredential": {"displayName": "ci"}}).json()
    shown = client.get(path).json()["passwordCredentials"]
    assert [(each["keyId"], each["secretText"]) for each in shown] == [(added["keyId"], None)]
    fields = {"client_id": application["appId"], "client_secret": added["secretText"]}
    assert tenant.ask_token(**fields).status_code == 200
    assert client.post(f"{path}/removePassword", json={"keyId": added["keyId"]}).status_code == 204
    assert tenant.ask_token(**fields).status_code == 401
    assert added["secretText"] not in str(tenant.control.journal())


def test_owner_may_be_added_and_the_last_one_removed(tenant: Tenant) -> None:
    client = tenant.client("administer")
    application = _register(client)
    alex = tenant.user_id("alex.moore@contoso.example")
    owners = f"/v1.0/applications/{application['id']}/owners"
    body = {"@odata.id": f"{tenant.running.base_url}/v1.0/directoryObjects/{alex}"}
    assert client.post(f"{owners}/$ref", json=body).status_code == 204
    assert client.post(f"{owners}/$ref", json=body).status_code == 400
    for each in (alex, tenant.running.identities["administer"].object_id):
        assert client.delete(f"{owners}/{each}/$ref").status_code == 204
    assert client.get(owners).json()["value"] == []


def test_service_principal_mirrors_its_application_as_it_is_now(tenant: Tenant) -> None:
    client = tenant.client("deploy")
    application = _register(client)
    principal = client.post("/v1.0/servicePrincipals", json={"appId": application["appId"]}).json()
    body = {"displayName": "Renamed", "appRoles": [_ROLE], "web": {"redirectUris": ["https://a.contoso.example/"]}}
    client.patch(f"/v1.0/applications/{application['id']}", json=body)
    shown = client.get(f"/v1.0/servicePrincipals/{principal['id']}").json()
    assert shown["displayName"] == shown["appDisplayName"] == "Renamed"
    assert shown["appRoles"] == [{**_ROLE, "origin": "Application"}]
    assert shown["replyUrls"] == ["https://a.contoso.example/"]
    assert shown["appOwnerOrganizationId"] == tenant.running.tenant_id


def test_service_principal_is_made_once_and_only_for_a_known_application(tenant: Tenant) -> None:
    client = tenant.client("administer")
    application = _register(client)
    body = {"appId": application["appId"]}
    assert client.post("/v1.0/servicePrincipals", json=body).status_code == 201
    assert refusal(client.post("/v1.0/servicePrincipals", json=body))[:2] == (
        409,
        "Request_MultipleObjectsWithSameKeyValue",
    )
    unknown = {"appId": "11111111-1111-4111-8111-111111111111"}
    _, _, message = refusal(client.post("/v1.0/servicePrincipals", json=unknown))
    assert "does not reference a valid application object" in message


def test_vendors_application_gets_a_service_principal_on_request(tenant: Tenant) -> None:
    client = tenant.client("administer")
    principal = client.post("/v1.0/servicePrincipals", json={"appId": VENDOR_APPLICATION_ID}).json()
    assert principal["displayName"] == "CiraSync"
    assert principal["appOwnerOrganizationId"] != tenant.running.tenant_id


def test_microsofts_own_service_principal_cannot_be_deleted(tenant: Tenant) -> None:
    client = tenant.client("administer")
    graph = client.get("/v1.0/servicePrincipals(appId='00000003-0000-0000-c000-000000000000')").json()
    assert client.delete(f"/v1.0/servicePrincipals/{graph['id']}").status_code == 403
    assert client.patch(f"/v1.0/servicePrincipals/{graph['id']}", json={"notes": "kept"}).status_code == 204


def test_saml_settings_and_beta_address_of_a_service_principal(tenant: Tenant) -> None:
    client = tenant.client("deploy")
    application = _register(client)
    principal = client.post("/v1.0/servicePrincipals", json={"appId": application["appId"]}).json()
    path = f"servicePrincipals/{principal['id']}"
    client.patch(f"/v1.0/{path}", json={"samlSingleSignOnSettings": {"relayState": "x"}})
    assert client.get(f"/v1.0/{path}").json()["samlSingleSignOnSettings"] == {"relayState": "x"}
    client.patch(f"/v1.0/{path}", json={"samlSingleSignOnSettings": {}})
    assert client.get(f"/v1.0/{path}").json()["samlSingleSignOnSettings"] is None
    assert client.get(f"/beta/{path}?$select=samlMetadataUrl").json()["samlMetadataUrl"] is None


def test_deleted_application_takes_its_service_principal_and_grants_along(tenant: Tenant) -> None:
    client = tenant.client("administer")
    application = _register(client, appRoles=[_ROLE])
    principal = client.post("/v1.0/servicePrincipals", json={"appId": application["appId"]}).json()
    graph = client.get("/v1.0/servicePrincipals(appId='00000003-0000-0000-c000-000000000000')").json()
    grant = {"clientId": principal["id"], "resourceId": graph["id"], "consentType": "AllPrincipals", "scope": "openid"}
    granted = client.post("/v1.0/oauth2PermissionGrants", json=grant).json()
    assigned = {
        "principalId": tenant.group_id("sg-contacts-admins"),
        "resourceId": principal["id"],
        "appRoleId": _ROLE["id"],
    }
    client.post(f"/v1.0/servicePrincipals/{principal['id']}/appRoleAssignedTo", json=assigned)
    assert client.delete(f"/v1.0/applications/{application['id']}").status_code == 204
    assert client.get(f"/v1.0/servicePrincipals/{principal['id']}").status_code == 404
    assert client.get(f"/v1.0/oauth2PermissionGrants/{granted['id']}").status_code == 404
    snapshot = tenant.control.snapshot()
    assert all(each["resourceId"] != principal["id"] for each in snapshot["app_role_assignments"].values())


def test_directory_object_of_any_kind_is_shown_with_its_type(tenant: Tenant) -> None:
    client = tenant.client("administer")
    for object_id, kind in (
        (tenant.user_id("kim.berg@contoso.example"), "user"),
        (tenant.group_id("sg-breakglass"), "group"),
        (tenant.running.identities["deploy"].object_id, "servicePrincipal"),
    ):
        shown = client.get(f"/v1.0/directoryObjects/{object_id}").json()
        assert (shown["@odata.type"], shown["id"]) == (f"#microsoft.graph.{kind}", object_id)
    assert client.get("/v1.0/directoryObjects/11111111-1111-4111-8111-111111111111").status_code == 404
