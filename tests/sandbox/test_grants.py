"""App role assignments and delegated permission grants."""

from typing import Any

import httpx
import pytest

from tests.sandbox.conftest import Tenant, refusal

_GRAPH = "/v1.0/servicePrincipals(appId='00000003-0000-0000-c000-000000000000')"
_NOWHERE = "11111111-1111-4111-8111-111111111111"


@pytest.fixture
def client(tenant: Tenant) -> httpx.Client:
    return tenant.client("post-apply")


@pytest.fixture
def graph(client: httpx.Client) -> dict[str, Any]:
    principal: dict[str, Any] = client.get(_GRAPH).json()
    return principal


@pytest.fixture
def app(tenant: Tenant) -> str:
    """The service principal of a client application."""
    application = tenant.control.act("POST", "/v1.0/applications", {"displayName": "Contacts"})
    principal = tenant.control.act("POST", "/v1.0/servicePrincipals", {"appId": application["appId"]})
    return str(principal["id"])


def _role(graph: dict[str, Any], value: str) -> str:
    return next(str(each["id"]) for each in graph["appRoles"] if each["value"] == value)


def test_app_role_is_assigned_read_from_both_sides_and_taken_back(
    client: httpx.Client, graph: dict[str, Any], app: str
) -> None:
    body = {"principalId": app, "resourceId": graph["id"], "appRoleId": _role(graph, "Contacts.ReadWrite")}
    assigned = client.post(f"/v1.0/servicePrincipals/{graph['id']}/appRoleAssignedTo", json=body)
    assert assigned.status_code == 201
    assignment = assigned.json()
    assert (assignment["principalType"], assignment["resourceDisplayName"]) == ("ServicePrincipal", "Microsoft Graph")
    held = client.get(f"/v1.0/servicePrincipals/{app}/appRoleAssignments").json()["value"]
    assert [each["id"] for each in held] == [assignment["id"]]
    query = {"$filter": f"principalId eq '{app}'"}
    seen = client.get(f"/v1.0/servicePrincipals/{graph['id']}/appRoleAssignedTo", params=query).json()["value"]
    assert [each["id"] for each in seen] == [assignment["id"]]
    path = f"/v1.0/servicePrincipals/{app}/appRoleAssignments/{assignment['id']}"
    assert client.get(path).status_code == 200
    assert client.delete(path).status_code == 204
    assert client.get(path).status_code == 404


def test_second_assignment_of_a_role_is_refused(client: httpx.Client, graph: dict[str, Any], app: str) -> None:
    body = {"principalId": app, "resourceId": graph["id"], "appRoleId": _role(graph, "Contacts.ReadWrite")}
    path = f"/v1.0/servicePrincipals/{app}/appRoleAssignments"
    assert client.post(path, json=body).status_code == 201
    assert refusal(client.post(path, json=body)) == (
        400,
        "Request_BadRequest",
        "Permission being assigned already exists on the object",
    )


def test_role_that_the_resource_lacks_or_not_for_this_kind_of_member_is_refused(
    tenant: Tenant, client: httpx.Client, graph: dict[str, Any], app: str
) -> None:
    path = f"/v1.0/servicePrincipals/{graph['id']}/appRoleAssignedTo"
    person = tenant.user_id("kim.berg@contoso.example")
    for principal, role in ((app, _NOWHERE), (person, _role(graph, "Contacts.ReadWrite"))):
        body = {"principalId": principal, "resourceId": graph["id"], "appRoleId": role}
        assert "was not found on application" in refusal(client.post(path, json=body))[2]


def test_assignment_to_somebody_unknown_is_not_found(client: httpx.Client, graph: dict[str, Any]) -> None:
    body = {"principalId": _NOWHERE, "resourceId": graph["id"], "appRoleId": _role(graph, "Contacts.ReadWrite")}
    response = client.post(f"/v1.0/servicePrincipals/{graph['id']}/appRoleAssignedTo", json=body)
    assert response.status_code == 404


def test_assignment_must_be_of_the_service_principal_in_the_path(
    client: httpx.Client, graph: dict[str, Any], app: str
) -> None:
    body = {"principalId": app, "resourceId": graph["id"], "appRoleId": _role(graph, "Contacts.ReadWrite")}
    assert client.post(f"/v1.0/servicePrincipals/{app}/appRoleAssignedTo", json=body).status_code == 400


def test_group_gets_a_role_only_with_p1(tenant: Tenant, app: str) -> None:
    body = {
        "principalId": tenant.group_id("sg-contacts-admins"),
        "resourceId": app,
        "appRoleId": "00000000-0000-0000-0000-000000000000",
    }
    path = f"/v1.0/servicePrincipals/{app}/appRoleAssignedTo"
    response = tenant.client("administer").post(path, json=body)
    assert (response.status_code, response.json()["principalType"]) == (201, "Group")
    tenant.reseed(licences=())
    application = tenant.control.act("POST", "/v1.0/applications", {"displayName": "Contacts"})
    principal = tenant.control.act("POST", "/v1.0/servicePrincipals", {"appId": application["appId"]})
    path = f"/v1.0/servicePrincipals/{principal['id']}/appRoleAssignedTo"
    assert tenant.client("administer").post(path, json={**body, "resourceId": principal["id"]}).status_code == 403


def _grant(graph: dict[str, Any], app: str, **changes: Any) -> dict[str, Any]:
    scope = "openid profile Contacts.ReadWrite"
    return {"clientId": app, "resourceId": graph["id"], "consentType": "AllPrincipals", "scope": scope, **changes}


def test_delegated_grant_is_made_once_and_its_scope_replaced(
    client: httpx.Client, graph: dict[str, Any], app: str
) -> None:
    created = client.post("/v1.0/oauth2PermissionGrants", json=_grant(graph, app))
    assert created.status_code == 201
    grant = created.json()
    assert grant["principalId"] is None
    again = client.post("/v1.0/oauth2PermissionGrants", json=_grant(graph, app, scope="openid"))
    assert refusal(again) == (
        409,
        "Request_MultipleObjectsWithSameKeyValue",
        "Permission entry already exists.",
    )
    path = f"/v1.0/oauth2PermissionGrants/{grant['id']}"
    assert client.patch(path, json={"scope": "openid"}).status_code == 204
    assert client.get(path).json()["scope"] == "openid"
    assert "principalId" in refusal(client.patch(path, json={"principalId": None}))[2]
    assert client.delete(path).status_code == 204
    assert client.get(path).status_code == 404


def test_grant_for_one_principal_stands_beside_the_one_for_all(
    tenant: Tenant, client: httpx.Client, graph: dict[str, Any], app: str
) -> None:
    kim = tenant.user_id("kim.berg@contoso.example")
    for body in (_grant(graph, app), _grant(graph, app, consentType="Principal", principalId=kim)):
        assert client.post("/v1.0/oauth2PermissionGrants", json=body).status_code == 201
    for query, count in (
        (f"clientId eq '{app}'", 2),
        (f"clientId eq '{app}' and consentType eq 'Principal'", 1),
        (f"clientId eq '{app}' and resourceId eq '{graph['id']}' and principalId eq '{kim}'", 1),
        (f"clientId eq '{app}' and principalId eq null", 1),
        (f"clientId eq '{_NOWHERE}'", 0),
    ):
        found = client.get("/v1.0/oauth2PermissionGrants", params={"$filter": query}).json()["value"]
        assert len(found) == count, query
    of_user = client.get(f"/v1.0/users/{kim}/oauth2PermissionGrants").json()["value"]
    of_client = client.get(f"/v1.0/servicePrincipals/{app}/oauth2PermissionGrants").json()["value"]
    assert (len(of_user), len(of_client)) == (1, 2)


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"consentType": "Everybody"}, 400),
        ({"consentType": "Principal"}, 400),
        ({"principalId": _NOWHERE}, 400),
        ({"consentType": "Principal", "principalId": _NOWHERE}, 404),
        ({"resourceId": _NOWHERE}, 404),
        ({"scope": None}, 400),
        ({"scope": "x" * 3851}, 400),
    ],
)
def test_grant_that_entra_would_not_take_is_refused(
    client: httpx.Client, graph: dict[str, Any], app: str, changes: dict[str, Any], status: int
) -> None:
    response = client.post("/v1.0/oauth2PermissionGrants", json=_grant(graph, app, **changes))
    assert response.status_code == status
