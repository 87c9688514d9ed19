"""Registrations that Entra would not take."""

from typing import Any

import pytest

from sandbox.behaviour import Behaviour
from tests.sandbox.conftest import Tenant, refusal
from tests.sandbox.test_applications import ROLE, register

_SCOPE: dict[str, Any] = {
    "id": "b0000000-0000-4000-8000-000000000001",
    "adminConsentDescription": "Allow read",
    "adminConsentDisplayName": "read",
    "isEnabled": True,
    "type": "User",
    "value": "read",
}
_PERSONAL = "AzureADandPersonalMicrosoftAccount"
_CLIENT = "c0000000-0000-4000-8000-000000000001"


def _web(*uris: str, **changes: Any) -> dict[str, Any]:
    return {"web": {"redirectUris": list(uris)}, "signInAudience": "AzureADMyOrg", **changes}


@pytest.mark.parametrize("change", [[], [{**ROLE, "description": "Other"}], [{**ROLE, "value": "Other"}]])
def test_enabled_role_must_be_disabled_before_it_changes(tenant: Tenant, change: list[dict[str, Any]]) -> None:
    client = tenant.client("deploy")
    path = f"/v1.0/applications/{register(client, appRoles=[ROLE])['id']}"
    status, code, message = refusal(client.patch(path, json={"appRoles": change}))
    assert (status, code) == (400, "CannotDeleteOrUpdateEnabledEntitlement")
    assert message == "Permission (scope or role) cannot be deleted or updated unless disabled first."
    assert client.patch(path, json={"appRoles": [{**ROLE, "isEnabled": False}]}).status_code == 204
    assert client.patch(path, json={"appRoles": change}).status_code == 204


@pytest.mark.parametrize("change", [[], [{**_SCOPE, "value": "write"}]])
def test_enabled_scope_must_be_disabled_before_it_changes(tenant: Tenant, change: list[dict[str, Any]]) -> None:
    client = tenant.client("deploy")
    path = f"/v1.0/applications/{register(client, api={'oauth2PermissionScopes': [_SCOPE]})['id']}"
    response = client.patch(path, json={"api": {"oauth2PermissionScopes": change}})
    assert refusal(response)[1] == "CannotDeleteOrUpdateEnabledEntitlement"
    disabled = [{**_SCOPE, "isEnabled": False}]
    assert client.patch(path, json={"api": {"oauth2PermissionScopes": disabled}}).status_code == 204
    assert client.patch(path, json={"api": {"oauth2PermissionScopes": change}}).status_code == 204


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"identifierUris": ["https://elsewhere.example/app"]}, "HostNameNotOnVerifiedDomain"),
        ({"identifierUris": ["api://portal"]}, "HostNameNotOnVerifiedDomain"),
        ({"identifierUris": ["https://contoso.example/app/"]}, "Request_BadRequest"),
        ({"identifierUris": ["portal"]}, "Request_BadRequest"),
        ({"identifierUris": ["api://[x"]}, "Request_BadRequest"),
        ({"identifierUris": ["https://contoso.example/a", "https://contoso.example/a"]}, "Request_BadRequest"),
        ({"appRoles": [ROLE, ROLE]}, "Request_BadRequest"),
        ({"appRoles": [{**ROLE, "allowedMemberTypes": []}]}, "Request_BadRequest"),
        ({"appRoles": [{**ROLE, "allowedMemberTypes": ["Device"]}]}, "Request_BadRequest"),
        ({"appRoles": [{**ROLE, "value": "with space"}]}, "Request_BadRequest"),
        ({"appRoles": [{**ROLE, "value": ".starts"}]}, "Request_BadRequest"),
        ({"appRoles": [{**ROLE, "displayName": ""}]}, "Request_BadRequest"),
        ({"displayName": ""}, "Request_BadRequest"),
        ({"displayName": "x" * 257}, "Request_BadRequest"),
        ({"displayName": None}, "Request_BadRequest"),
        ({"appRoles": [{"value": "x"}]}, "Request_BadRequest"),
        ({"api": {"oauth2PermissionScopes": [{"value": "x"}]}}, "Request_BadRequest"),
        ({"signInAudience": "Everybody"}, "Request_BadRequest"),
        ({"groupMembershipClaims": "SecurityGroup,Everything"}, "Request_BadRequest"),
        ({"api": {"requestedAccessTokenVersion": 3}}, "InvalidValue"),
        ({"signInAudience": _PERSONAL, "api": {"requestedAccessTokenVersion": 1}}, "InvalidValue"),
        ({"signInAudience": _PERSONAL, "api": {"requestedAccessTokenVersion": None}}, "InvalidValue"),
        (
            {"requiredResourceAccess": [{"resourceAppId": _CLIENT, "resourceAccess": [{"id": _CLIENT, "type": "x"}]}]},
            "Request_BadRequest",
        ),
        ({"tokenEncryptionKeyId": _CLIENT}, "Request_BadRequest"),
    ],
)
def test_application_that_entra_would_not_take_is_refused(tenant: Tenant, body: dict[str, Any], code: str) -> None:
    client = tenant.client("deploy")
    kept = register(client)
    body.setdefault("displayName", "Portal")
    for response in (
        client.post("/v1.0/applications", json=body),
        client.patch(f"/v1.0/applications/{kept['id']}", json=body),
    ):
        assert refusal(response)[:2] == (400, code), body


@pytest.mark.parametrize(
    "body",
    [
        _web("http://portal.contoso.example/"),
        _web("https://portal.contoso.example/(x)"),
        _web("https://portal.contoso.example/#x"),
        _web("https://m\u00fcller.contoso.example/"),
        _web("https://portal.contoso.example/" + "x" * 256),
        _web("http://[::1]:8080/"),
        _web("portal.contoso.example"),
        _web("https:///x"),
        _web("myapp://auth"),
        _web("https://a.contoso.example/", "https://a.contoso.example/"),
        _web(*(f"https://a.contoso.example/{number}" for number in range(257))),
        _web(*(f"https://a.contoso.example/{number}" for number in range(101)), signInAudience=_PERSONAL),
        _web("https://a.contoso.example/?x=1", signInAudience=_PERSONAL),
        {"spa": {"redirectUris": ["myapp://auth"]}},
    ],
)
def test_redirect_uri_that_entra_would_not_take_is_refused(tenant: Tenant, body: dict[str, Any]) -> None:
    response = tenant.client("deploy").post("/v1.0/applications", json={"displayName": "Portal", **body})
    assert refusal(response)[:2] == (400, "Request_BadRequest")


@pytest.mark.parametrize(
    "body",
    [
        _web("http://localhost"),
        _web("http://127.0.0.1:8080/x"),
        _web("https://a.contoso.example/?x=1", "https://*.contoso.example/"),
        _web(*(f"https://a.contoso.example/{number}" for number in range(256))),
        {"publicClient": {"redirectUris": ["myapp://auth", "urn:ietf:wg:oauth:2.0:oob", "http://localhost"]}},
    ],
)
def test_redirect_uri_of_an_allowed_form_is_taken_as_it_is(tenant: Tenant, body: dict[str, Any]) -> None:
    application = register(tenant.client("deploy"), **body)
    platform = "web" if "web" in body else "publicClient"
    assert application[platform]["redirectUris"] == body[platform]["redirectUris"]


def test_identifier_uri_belongs_to_one_application(tenant: Tenant) -> None:
    client = tenant.client("deploy")
    first, second = register(client), register(client)
    own = f"api://{first['appId']}"
    body = {"identifierUris": [own, f"api://{tenant.running.tenant_id}/x", "https://portal.contoso.example/app"]}
    assert client.patch(f"/v1.0/applications/{first['id']}", json=body).status_code == 204
    body = {"identifierUris": ["https://portal.contoso.example/app"]}
    status, code, message = refusal(client.patch(f"/v1.0/applications/{second['id']}", json=body))
    assert (status, code) == (400, "Request_BadRequest")
    assert message == "Another object with the same value for property identifierUris already exists."
    query = {"$filter": f"identifierUris/any(uri:uri eq '{own}')"}
    assert [each["id"] for each in client.get("/v1.0/applications", params=query).json()["value"]] == [first["id"]]


def test_identifier_uri_rule_of_2025_spares_version_2_tokens_and_saml(tenant: Tenant) -> None:
    tenant.reseed(behaviour=Behaviour(identifier_uri_rule="version 1 tokens"))
    client = tenant.client("administer")
    body = {"signInAudience": "AzureADMyOrg", "identifierUris": ["api://portal"]}
    refused = refusal(client.post("/v1.0/applications", json={"displayName": "Portal", **body}))
    assert refused[2].startswith("Failed to add identifier URI api://portal.")
    spared = register(client, **body, api={"requestedAccessTokenVersion": 2})
    assert spared["identifierUris"] == ["api://portal"]
    application = register(client, signInAudience="AzureADMyOrg")
    principal = {"appId": application["appId"], "preferredSingleSignOnMode": "saml"}
    client.post("/v1.0/servicePrincipals", json=principal).raise_for_status()
    change = {"identifierUris": ["https://vendor.example/saml"]}
    assert client.patch(f"/v1.0/applications/{application['id']}", json=change).status_code == 204


def test_identifier_uri_that_was_there_before_is_not_looked_at_again(tenant: Tenant) -> None:
    tenant.reseed(behaviour=Behaviour(identifier_uri_rule="version 1 tokens"))
    client = tenant.client("deploy")
    body = {"identifierUris": ["api://portal"], "api": {"requestedAccessTokenVersion": 2}}
    path = f"/v1.0/applications/{register(client, signInAudience='AzureADMyOrg', **body)['id']}"
    change = {"api": {"requestedAccessTokenVersion": 1}, "identifierUris": ["api://portal"]}
    assert client.patch(path, json=change).status_code == 204
    assert client.patch(path, json={"identifierUris": ["api://portal", "api://other"]}).status_code == 400


def test_unique_name_belongs_to_one_application_and_stays(tenant: Tenant) -> None:
    client = tenant.client("deploy")
    application = register(client, uniqueName="portal")
    again = client.post("/v1.0/applications", json={"displayName": "Other", "uniqueName": "portal"})
    assert "uniqueName already exists" in refusal(again)[2]
    response = client.patch(f"/v1.0/applications/{application['id']}", json={"uniqueName": "other"})
    assert "'uniqueName'" in refusal(response)[2]


@pytest.mark.parametrize("together", [True, False])
def test_pre_authorised_client_names_scopes_that_were_there_before(tenant: Tenant, together: bool) -> None:
    client = tenant.client("deploy")
    scopes = [] if together else [_SCOPE]
    path = f"/v1.0/applications/{register(client, api={'oauth2PermissionScopes': scopes})['id']}"
    known = [{"appId": _CLIENT, "delegatedPermissionIds": [_SCOPE["id"]]}]
    response = client.patch(
        path, json={"api": {"oauth2PermissionScopes": [_SCOPE], "preAuthorizedApplications": known}}
    )
    if not together:
        assert response.status_code == 204
        return
    status, code, message = refusal(response)
    assert (status, code) == (400, "InvalidValue")
    assert message.endswith("has a Permission Id that cannot be found in the AppPermissions sets.")
    assert response.json()["error"]["details"][0]["target"] == "api.preAuthorizedApplications.delegatedPermissionIds"


@pytest.mark.parametrize(
    "name", ["appId", "publisherDomain", "createdDateTime", "verifiedPublisher", "disabledByMicrosoftStatus"]
)
def test_what_entra_sets_itself_cannot_be_set(tenant: Tenant, name: str) -> None:
    value: Any = {} if name == "verifiedPublisher" else "2026-11-01T00:00:00Z"
    response = tenant.client("deploy").post("/v1.0/applications", json={"displayName": "Portal", name: value})
    status, _, message = refusal(response)
    assert status == 400
    assert f"'{name}'" in message
