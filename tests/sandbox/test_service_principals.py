"""Service principals: what they mirror, what they hold themselves, and whose application they stand for."""

from typing import Any

import pytest

from sandbox.seed import VENDOR_APPLICATION_ID
from tests.sandbox.conftest import Tenant, refusal
from tests.sandbox.test_applications import ROLE, register

_GRAPH = "/v1.0/servicePrincipals(appId='00000003-0000-0000-c000-000000000000')"
_NOWHERE = "11111111-1111-4111-8111-111111111111"


def test_service_principal_mirrors_its_application_as_it_is_now(tenant: Tenant) -> None:
    client = tenant.client("deploy")
    application = register(client)
    principal = client.post("/v1.0/servicePrincipals", json={"appId": application["appId"]}).json()
    uri = f"api://{application['appId']}"
    body = {
        "displayName": "Renamed",
        "appRoles": [ROLE],
        "identifierUris": [uri],
        "web": {"redirectUris": ["https://a.contoso.example/"]},
    }
    client.patch(f"/v1.0/applications/{application['id']}", json=body).raise_for_status()
    shown = client.get(f"/v1.0/servicePrincipals/{principal['id']}").json()
    assert shown["displayName"] == shown["appDisplayName"] == "Renamed"
    assert shown["appRoles"] == [{**ROLE, "origin": "Application"}]
    assert shown["replyUrls"] == ["https://a.contoso.example/"]
    assert shown["servicePrincipalNames"] == [application["appId"], uri]
    assert shown["appOwnerOrganizationId"] == tenant.running.tenant_id


def test_service_principal_is_made_once_and_only_for_a_known_application(tenant: Tenant) -> None:
    client = tenant.client("administer")
    body = {"appId": register(client)["appId"]}
    created = client.post("/v1.0/servicePrincipals", json=body)
    assert created.status_code == 201
    assert (created.json()["accountEnabled"], created.json()["appRoleAssignmentRequired"]) == (True, False)
    assert refusal(client.post("/v1.0/servicePrincipals", json=body))[:2] == (
        409,
        "Request_MultipleObjectsWithSameKeyValue",
    )
    status, _, message = refusal(client.post("/v1.0/servicePrincipals", json={"appId": _NOWHERE}))
    assert status == 400
    assert "does not reference a valid application object" in message
    assert client.post("/v1.0/servicePrincipals", json={}).status_code == 400


def test_vendors_application_gets_a_service_principal_only_from_who_may_write_all_applications(tenant: Tenant) -> None:
    body = {"appId": VENDOR_APPLICATION_ID}
    status, _, message = refusal(tenant.client("deploy").post("/v1.0/servicePrincipals", json=body))
    assert status == 403
    assert "the backing application of the service principal being created must in the local tenant" in message
    principal = tenant.client("administer").post("/v1.0/servicePrincipals", json=body).json()
    assert principal["displayName"] == "CiraSync"
    assert principal["appOwnerOrganizationId"] != tenant.running.tenant_id


def test_microsofts_own_service_principal_cannot_be_deleted(tenant: Tenant) -> None:
    client = tenant.client("administer")
    graph = client.get(_GRAPH).json()
    assert client.delete(f"/v1.0/servicePrincipals/{graph['id']}").status_code == 403
    assert client.patch(f"/v1.0/servicePrincipals/{graph['id']}", json={"notes": "kept"}).status_code == 204


def test_saml_settings_and_beta_address_of_a_service_principal(tenant: Tenant) -> None:
    client = tenant.client("deploy")
    application = register(client)
    principal = client.post("/v1.0/servicePrincipals", json={"appId": application["appId"]}).json()
    path = f"servicePrincipals/{principal['id']}"
    client.patch(f"/v1.0/{path}", json={"samlSingleSignOnSettings": {"relayState": "x"}})
    assert client.get(f"/v1.0/{path}").json()["samlSingleSignOnSettings"] == {"relayState": "x"}
    client.patch(f"/v1.0/{path}", json={"samlSingleSignOnSettings": {}})
    assert client.get(f"/v1.0/{path}").json()["samlSingleSignOnSettings"] is None
    assert client.get(f"/beta/{path}?$select=samlMetadataUrl").json()["samlMetadataUrl"] is None


def test_tags_of_a_service_principal_are_its_own(tenant: Tenant) -> None:
    client = tenant.client("deploy")
    application = register(client, tags=["HideApp"])
    body = {"appId": application["appId"], "tags": ["WindowsAzureActiveDirectoryIntegratedApp"]}
    principal = client.post("/v1.0/servicePrincipals", json=body).json()
    assert principal["tags"] == body["tags"]


def test_service_principal_is_not_made_with_an_encryption_key_it_lacks(tenant: Tenant) -> None:
    client = tenant.client("administer")
    body = {"appId": register(client)["appId"], "tokenEncryptionKeyId": _NOWHERE}
    assert client.post("/v1.0/servicePrincipals", json=body).status_code == 400


def test_client_id_in_capitals_is_that_of_the_same_application(tenant: Tenant) -> None:
    client = tenant.client("administer")
    client_id = register(client)["appId"]
    made = client.post("/v1.0/servicePrincipals", json={"appId": client_id.upper()})
    assert (made.status_code, made.json()["appId"]) == (201, client_id)


@pytest.mark.parametrize(
    "change",
    [
        {"preferredSingleSignOnMode": "magic"},
        {"notificationEmailAddresses": [f"{number}@contoso.example" for number in range(6)]},
        {"tokenEncryptionKeyId": _NOWHERE},
        {"appId": _NOWHERE},
        {"appRoles": []},
        {"displayName": "Other"},
    ],
)
def test_change_that_entra_would_not_take_is_refused(tenant: Tenant, change: dict[str, Any]) -> None:
    client = tenant.client("administer")
    application = register(client)
    principal = client.post("/v1.0/servicePrincipals", json={"appId": application["appId"]}).json()
    before = client.get(f"/v1.0/servicePrincipals/{principal['id']}").json()
    assert client.patch(f"/v1.0/servicePrincipals/{principal['id']}", json=change).status_code == 400
    assert client.get(f"/v1.0/servicePrincipals/{principal['id']}").json() == before


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("displayName eq 'MiCrOsOfT GrApH'", 1),
        ("appId eq '00000003-0000-0000-c000-000000000000'", 1),
        ("servicePrincipalNames/any(n:n eq '00000003-0000-0000-c000-000000000000')", 1),
        ("startswith(displayName, 'Microsoft G')", 1),
        (f"appId eq '{_NOWHERE}'", 0),
    ],
)
def test_service_principals_are_found_by_what_they_mirror(tenant: Tenant, query: str, found: int) -> None:
    response = tenant.client("administer").get("/v1.0/servicePrincipals", params={"$filter": query})
    assert len(response.json()["value"]) == found


def test_owned_objects_and_nested_memberships_of_a_service_principal(tenant: Tenant) -> None:
    client = tenant.client("administer")
    own = tenant.running.identities["deploy"].object_id
    application = register(tenant.client("deploy"))
    owned = client.get(f"/v1.0/servicePrincipals/{own}/ownedObjects").json()["value"]
    assert application["id"] in [each["id"] for each in owned]
    inner, outer = tenant.group_id("sg-contacts-admins"), tenant.group_id("sg-dashboard-readers")
    for group, member in ((inner, own), (outer, inner)):
        reference = {"@odata.id": f"{tenant.running.base_url}/v1.0/directoryObjects/{member}"}
        tenant.control.act("POST", f"/v1.0/groups/{group}/members/$ref", reference)
    for relation, expected in (("memberOf", {inner}), ("transitiveMemberOf", {inner, outer})):
        found = client.get(f"/v1.0/servicePrincipals/{own}/{relation}").json()["value"]
        assert {each["id"] for each in found} == expected
