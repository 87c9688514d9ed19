"""Deleted applications and service principals: what stays, what comes back, and what is free meanwhile."""

from typing import Any

import httpx
import pytest

from sandbox.behaviour import Behaviour
from tests.sandbox.conftest import Tenant, refusal
from tests.sandbox.test_applications import ROLE, register

_GRAPH = "/v1.0/servicePrincipals(appId='00000003-0000-0000-c000-000000000000')"
_DAY = 24 * 60 * 60
_URI = "https://portal.contoso.example/app"


def _restore(tenant: Tenant, object_id: str) -> httpx.Response:
    return tenant.client("administer").post(f"/v1.0/directory/deletedItems/{object_id}/restore")


def _furnish(tenant: Tenant, **changes: Any) -> tuple[dict[str, Any], dict[str, Any], str, str]:
    """Register an application with a service principal, a grant and an assignment; tell the last two's ids."""
    client = tenant.client("administer")
    application = register(client, appRoles=[ROLE], signInAudience="AzureADMyOrg", **changes)
    principal = client.post("/v1.0/servicePrincipals", json={"appId": application["appId"]}).json()
    graph = client.get(_GRAPH).json()
    grant = {"clientId": principal["id"], "resourceId": graph["id"], "consentType": "AllPrincipals", "scope": "openid"}
    granted = tenant.control.act("POST", "/v1.0/oauth2PermissionGrants", grant)
    body = {
        "principalId": tenant.group_id("sg-contacts-admins"),
        "resourceId": principal["id"],
        "appRoleId": ROLE["id"],
    }
    assigned = client.post(f"/v1.0/servicePrincipals/{principal['id']}/appRoleAssignedTo", json=body).json()
    return application, principal, str(granted["id"]), str(assigned["id"])


def test_deleted_application_takes_its_service_principal_and_grants_out_of_sight(tenant: Tenant) -> None:
    application, principal, granted, _ = _furnish(tenant)
    client = tenant.client("administer")
    assert client.delete(f"/v1.0/applications/{application['id']}").status_code == 204
    group = tenant.group_id("sg-contacts-admins")
    assert client.get(f"/v1.0/applications/{application['id']}").status_code == 404
    assert client.get(f"/v1.0/servicePrincipals/{principal['id']}").status_code == 404
    assert client.get(f"/v1.0/oauth2PermissionGrants/{granted}").status_code == 404
    assert client.get("/v1.0/oauth2PermissionGrants").json()["value"] == []
    assert client.get(f"/v1.0/groups/{group}/appRoleAssignments").json()["value"] == []
    assert client.get(f"/v1.0/servicePrincipals(appId='{application['appId']}')").status_code == 404


def test_restored_application_comes_back_without_its_service_principal(tenant: Tenant) -> None:
    application, principal, granted, assigned = _furnish(tenant)
    client = tenant.client("administer")
    owners = client.get(f"/v1.0/applications/{application['id']}/owners").json()["value"]
    client.delete(f"/v1.0/applications/{application['id']}").raise_for_status()
    assert _restore(tenant, principal["id"]).status_code == 400
    assert _restore(tenant, application["id"]).status_code == 200
    shown = client.get(f"/v1.0/applications/{application['id']}").json()
    assert (shown["appId"], shown["deletedDateTime"]) == (application["appId"], None)
    assert client.get(f"/v1.0/applications/{application['id']}/owners").json()["value"] == owners
    assert client.get(f"/v1.0/servicePrincipals/{principal['id']}").status_code == 404
    assert _restore(tenant, principal["id"]).status_code == 200
    assert client.get(f"/v1.0/oauth2PermissionGrants/{granted}").status_code == 200
    path = f"/v1.0/servicePrincipals/{principal['id']}/appRoleAssignedTo/{assigned}"
    assert client.get(path).status_code == 200


def test_new_service_principal_may_take_a_deleted_ones_place_which_then_stays_deleted(tenant: Tenant) -> None:
    application, principal, _, _ = _furnish(tenant)
    client = tenant.client("administer")
    client.delete(f"/v1.0/servicePrincipals/{principal['id']}").raise_for_status()
    again = client.post("/v1.0/servicePrincipals", json={"appId": application["appId"]})
    assert again.status_code == 201
    assert again.json()["id"] != principal["id"]
    assert refusal(_restore(tenant, principal["id"]))[:2] == (409, "Request_MultipleObjectsWithSameKeyValue")


def test_deleted_service_principal_shows_what_it_mirrored(tenant: Tenant) -> None:
    application, principal, _, _ = _furnish(tenant)
    client = tenant.client("administer")
    client.delete(f"/v1.0/applications/{application['id']}").raise_for_status()
    shown = client.get(f"/v1.0/directory/deletedItems/{principal['id']}").json()
    assert (shown["displayName"], shown["appId"]) == ("Portal", application["appId"])
    assert shown["deletedDateTime"]


@pytest.mark.parametrize("kept", [True, False])
def test_deleted_application_keeps_its_identifier_uri_from_others_or_does_not(tenant: Tenant, kept: bool) -> None:
    tenant.reseed(behaviour=Behaviour(deleted_applications_keep_names=kept))
    client = tenant.client("administer")
    application = register(client, identifierUris=[_URI], uniqueName="portal")
    client.delete(f"/v1.0/applications/{application['id']}").raise_for_status()
    body = {"displayName": "Other", "identifierUris": [_URI]}
    again = client.post("/v1.0/applications", json=body)
    assert again.status_code == (400 if kept else 201)
    if not kept:
        assert "identifierUris already exists" in refusal(_restore(tenant, application["id"]))[2]
        assert client.post("/v1.0/applications", json={"displayName": "X", "uniqueName": "portal"}).status_code == 201


@pytest.mark.parametrize(("audience", "gone"), [("AzureADMyOrg", True), ("AzureADMultipleOrgs", False)])
def test_deleted_application_goes_for_good_after_thirty_days_unless_it_is_for_several_tenants(
    tenant: Tenant, audience: str, gone: bool
) -> None:
    client = tenant.client("administer")
    application = register(client, signInAudience=audience)
    client.delete(f"/v1.0/applications/{application['id']}").raise_for_status()
    tenant.control.advance_clock(30 * _DAY + 1)
    assert _restore(tenant, application["id"]).status_code == (404 if gone else 200)


def test_secret_of_a_deleted_application_signs_in_again_after_its_restoration(tenant: Tenant) -> None:
    application, principal, _, _ = _furnish(tenant)
    client = tenant.client("administer")
    path = f"/v1.0/applications/{application['id']}"
    secret = client.post(f"{path}/addPassword", json={}).json()["secretText"]
    fields = {"client_id": application["appId"], "client_secret": secret}
    assert tenant.ask_token(**fields).status_code == 200
    client.delete(path).raise_for_status()
    assert tenant.ask_token(**fields).status_code == 400
    for object_id in (application["id"], principal["id"]):
        assert _restore(tenant, object_id).status_code == 200
    assert tenant.ask_token(**fields).status_code == 200
