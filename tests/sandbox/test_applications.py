"""Registrations: what Entra adds, what a change merges and replaces, owners, logo, and the audit log."""

import dataclasses
from typing import Any, Literal

import httpx
import pytest

from sandbox.behaviour import Behaviour
from tests.sandbox.conftest import Tenant, refusal

ROLE = {
    "id": "a0000000-0000-4000-8000-000000000001",
    "allowedMemberTypes": ["User", "Application"],
    "description": "Full Administrator",
    "displayName": "Full Administrator",
    "isEnabled": True,
    "value": "Dashboard.FullAdministrator",
}
_PICTURES = {"image/png": b"\x89PNG\r\n\x1a\n..", "image/jpeg": b"\xff\xd8\xff\xe0..", "image/gif": b"GIF89a.."}


def register(client: httpx.Client, **changes: Any) -> dict[str, Any]:
    response = client.post("/v1.0/applications", json={"displayName": "Portal", **changes})
    assert response.status_code == 201, response.text
    application: dict[str, Any] = response.json()
    return application


def test_minimal_application_has_every_object_and_empty_lists(tenant: Tenant) -> None:
    application = register(tenant.client("deploy"))
    assert application["api"]["knownClientApplications"] == []
    assert application["web"]["implicitGrantSettings"] == {
        "enableAccessTokenIssuance": False,
        "enableIdTokenIssuance": False,
    }
    assert application["spa"] == application["publicClient"] == {"redirectUris": []}
    assert application["optionalClaims"] is None
    assert application["parentalControlSettings"] == {"countriesBlockedForMinors": [], "legalAgeGroupRule": "Allow"}
    assert application["verifiedPublisher"]["verifiedPublisherId"] is None
    assert application["publisherDomain"] == "contoso.onmicrosoft.com"


@pytest.mark.parametrize(("audience", "version"), [("AzureADandPersonalMicrosoftAccount", 2), ("AzureADMyOrg", None)])
def test_application_without_an_audience_gets_the_tenants_default(
    tenant: Tenant, audience: Literal["AzureADandPersonalMicrosoftAccount", "AzureADMyOrg"], version: int | None
) -> None:
    tenant.reseed(behaviour=Behaviour(default_sign_in_audience=audience))
    application = register(tenant.client("deploy"))
    assert application["signInAudience"] == audience
    assert application["api"]["requestedAccessTokenVersion"] == version


def test_creator_is_owner_of_what_it_registers(tenant: Tenant) -> None:
    client = tenant.client("deploy")
    application = register(client)
    owners = client.get(f"/v1.0/applications/{application['id']}/owners").json()["value"]
    assert [each["id"] for each in owners] == [tenant.running.identities["deploy"].object_id]
    assert owners[0]["@odata.type"] == "#microsoft.graph.servicePrincipal"


def test_change_merges_api_and_web_deeply_and_replaces_optional_claims(tenant: Tenant) -> None:
    client = tenant.client("deploy")
    path = f"/v1.0/applications/{register(client, web={'redirectUris': ['https://a.contoso.example/']})['id']}"
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


def test_scopes_and_pre_authorised_clients_survive_a_change_that_does_not_name_them(tenant: Tenant) -> None:
    client = tenant.client("deploy")
    scope = {"id": "b0000000-0000-4000-8000-000000000001", "isEnabled": True, "type": "User", "value": "read"}
    path = f"/v1.0/applications/{register(client, api={'oauth2PermissionScopes': [scope]})['id']}"
    known = {"appId": "c0000000-0000-4000-8000-000000000001", "delegatedPermissionIds": [scope["id"]]}
    assert client.patch(path, json={"api": {"preAuthorizedApplications": [known]}}).status_code == 204
    assert client.patch(path, json={"api": {"acceptMappedClaims": True}}).status_code == 204
    api = client.get(path).json()["api"]
    assert (api["preAuthorizedApplications"], api["acceptMappedClaims"]) == ([known], True)
    assert [each["id"] for each in api["oauth2PermissionScopes"]] == [scope["id"]]


def test_tags_and_dates_come_back_as_they_were_sent(tenant: Tenant) -> None:
    client = tenant.client("deploy")
    wanted = {"displayName": "ci", "startDateTime": "2026-11-01T00:00:00Z", "endDateTime": "2026-12-01T00:00:00.5Z"}
    application = register(client, tags=["HideApp", "b", "a"], passwordCredentials=[wanted])
    (shown,) = application["passwordCredentials"]
    assert {name: shown[name] for name in wanted} == wanted
    assert shown["secretText"]
    read = client.get(f"/v1.0/applications/{application['id']}").json()
    assert read["tags"] == ["HideApp", "b", "a"]
    assert read["passwordCredentials"][0]["endDateTime"] == wanted["endDateTime"]


def test_beta_shows_and_changes_what_the_provider_asks_for_there(tenant: Tenant) -> None:
    client = tenant.client("deploy")
    path = f"/beta/applications/{register(client)['id']}"
    assert client.patch(path, json={"oauth2RequirePostResponse": True}).status_code == 204
    shown = client.get(f"{path}?$select=oauth2RequirePostResponse").json()
    assert shown["oauth2RequirePostResponse"] is True


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("displayName eq 'pOrTaL'", 1),
        ("startswith(displayName, 'Por')", 1),
        ("tags/any(t:t eq 'HideApp')", 1),
        ("signInAudience eq 'AzureADMultipleOrgs'", 1),
        ("uniqueName eq 'portal'", 1),
        ("displayName eq 'O''Hara'", 0),
    ],
)
def test_applications_are_found_by_what_the_page_of_the_resource_lists(tenant: Tenant, query: str, found: int) -> None:
    client = tenant.client("deploy")
    register(client, tags=["HideApp"], signInAudience="AzureADMultipleOrgs", uniqueName="portal")
    response = client.get("/v1.0/applications", params={"$filter": query})
    assert len(response.json()["value"]) == found


def test_owner_may_be_added_and_the_last_one_removed(tenant: Tenant) -> None:
    client = tenant.client("administer")
    application = register(client)
    alex = tenant.user_id("alex.moore@contoso.example")
    owners = f"/v1.0/applications/{application['id']}/owners"
    body = {"@odata.id": f"{tenant.running.base_url}/v1.0/directoryObjects/{alex}"}
    assert client.post(f"{owners}/$ref", json=body).status_code == 204
    assert "already exist for the following modified properties" in refusal(client.post(f"{owners}/$ref", json=body))[2]
    for each in (alex, tenant.running.identities["administer"].object_id):
        assert client.delete(f"{owners}/{each}/$ref").status_code == 204
    assert client.get(owners).json()["value"] == []
    status, _, message = refusal(client.delete(f"{owners}/{alex}/$ref"))
    assert (status, "do not exist for the following" in message) == (400, True)
    assert client.delete(f"{owners}/11111111-1111-4111-8111-111111111111/$ref").status_code == 404


@pytest.mark.parametrize("kind", ["group", "application"])
def test_only_users_and_service_principals_own_an_application(tenant: Tenant, kind: str) -> None:
    client = tenant.client("administer")
    application = register(client)
    other = tenant.group_id("sg-breakglass") if kind == "group" else register(client)["id"]
    body = {"@odata.id": f"{tenant.running.base_url}/v1.0/directoryObjects/{other}"}
    assert client.post(f"/v1.0/applications/{application['id']}/owners/$ref", json=body).status_code == 400


def test_owners_are_bound_at_creation_at_most_twenty_and_each_once(tenant: Tenant) -> None:
    client = tenant.client("administer")
    base = f"{tenant.running.base_url}/v1.0/directoryObjects"
    alex, kim = (f"{base}/{tenant.user_id(f'{name}@contoso.example')}" for name in ("alex.moore", "kim.berg"))
    application = register(client, **{"owners@odata.bind": [alex, kim]})
    owners = client.get(f"/v1.0/applications/{application['id']}/owners").json()["value"]
    assert {each["id"] for each in owners} == {alex.rsplit("/", 1)[1], kim.rsplit("/", 1)[1]}
    for wrong in ([alex, alex], [kim] * 21, [f"{base}/11111111-1111-4111-8111-111111111111"]):
        body = {"displayName": "Portal", "owners@odata.bind": wrong}
        assert client.post("/v1.0/applications", json=body).status_code in {400, 404}
    for value in (None, alex):
        single = {"displayName": "Portal", "owners@odata.bind": value}
        assert "'owners@odata.bind'" in refusal(client.post("/v1.0/applications", json=single))[2]
    change = {"owners@odata.bind": [alex]}
    response = client.patch(f"/v1.0/applications/{application['id']}", json=change)
    assert "'owners@odata.bind'" in refusal(response)[2]


@pytest.mark.parametrize("kind", _PICTURES)
def test_logo_gets_an_address(tenant: Tenant, kind: str) -> None:
    client = tenant.client("deploy")
    path = f"/v1.0/applications/{register(client)['id']}"
    response = client.put(f"{path}/logo", content=_PICTURES[kind], headers={"Content-Type": kind})
    assert response.status_code == 204
    assert client.get(path).json()["info"]["logoUrl"].startswith("https://")


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("image/png", _PICTURES["image/gif"]),
        ("image/png", _PICTURES["image/png"] + bytes(100 * 1024)),
        ("image/svg+xml", b"<svg/>"),
        ("application/json", b"{}"),
    ],
)
def test_logo_that_is_no_picture_or_too_large_is_refused(tenant: Tenant, kind: str, content: bytes) -> None:
    client = tenant.client("deploy")
    path = f"/v1.0/applications/{register(client)['id']}"
    assert client.put(f"{path}/logo", content=content, headers={"Content-Type": kind}).status_code == 400
    assert client.get(path).json()["info"]["logoUrl"] is None


def test_changes_of_an_application_are_audited_under_entras_names(tenant: Tenant) -> None:
    tenant.reseed(behaviour=dataclasses.replace(Behaviour(), log_delay_seconds=0))
    client = tenant.client("administer")
    application = register(client)
    path = f"/v1.0/applications/{application['id']}"
    client.patch(path, json={"notes": "kept"})
    key_id = client.post(f"{path}/addPassword", json={}).json()["keyId"]
    client.post(f"{path}/removePassword", json={"keyId": key_id})
    principal = client.post("/v1.0/servicePrincipals", json={"appId": application["appId"]}).json()
    client.post(f"/v1.0/servicePrincipals/{principal['id']}/addPassword", json={})
    client.delete(path)
    secrets = "Update application \N{EN DASH} Certificates and secrets management"
    audits = tenant.control.snapshot()["audit_entries"]
    assert [each["activityDisplayName"] for each in audits] == [
        "Add application",
        "Update application",
        secrets,
        secrets,
        "Add service principal",
        "Add service principal credentials",
        "Remove service principal",
        "Delete application",
    ]
    assert {each["category"] for each in audits} == {"ApplicationManagement"}


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


@pytest.mark.parametrize(
    "path",
    [
        "applicationTemplates/8adf8e6e-67b2-4cf2-a259-e3dc5476c621",
        "applications/{id}/addKey",
        "applications/{id}/removeKey",
        "applications/{id}/setVerifiedPublisher",
        "applications/{id}/appManagementPolicies",
        "servicePrincipals/{principal}/addTokenSigningCertificate",
        "servicePrincipals/{principal}/federatedIdentityCredentials",
    ],
)
def test_what_is_left_out_is_refused_by_name(tenant: Tenant, path: str) -> None:
    client = tenant.client("administer")
    application = register(client)
    principal = client.post("/v1.0/servicePrincipals", json={"appId": application["appId"]}).json()
    target = path.format(id=application["id"], principal=principal["id"])
    status, code, message = refusal(client.post(f"/v1.0/{target}", json={}))
    assert (status, code) == (501, "notImplemented")
    named = path.rsplit("/", maxsplit=1)[-1] if "{" in path else "applicationTemplates"
    assert f"'{named}'" in message
