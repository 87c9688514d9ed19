"""App role assignments and delegated permission grants."""

from typing import Any, Literal

import httpx
import pytest

from sandbox.behaviour import Behaviour
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
    query = {"$filter": "principalDisplayName eq 'Contacts'"}
    seen = client.get(f"/v1.0/servicePrincipals/{graph['id']}/appRoleAssignedTo", params=query).json()["value"]
    assert [each["id"] for each in seen] == [assignment["id"]]
    path = f"/v1.0/servicePrincipals/{app}/appRoleAssignments/{assignment['id']}"
    assert client.get(path).status_code == 200
    assert client.delete(path).status_code == 204
    assert client.get(path).status_code == 404


def test_ids_in_capitals_are_those_of_the_same_objects(client: httpx.Client, graph: dict[str, Any], app: str) -> None:
    role = {"principalId": app, "resourceId": graph["id"], "appRoleId": _role(graph, "Contacts.ReadWrite")}
    path = f"/v1.0/servicePrincipals/{graph['id']}/appRoleAssignedTo"
    made = client.post(path, json={name: value.upper() for name, value in role.items()})
    assert {name: made.json()[name] for name in role} == role
    ends = {"clientId": app.upper(), "resourceId": graph["id"].upper()}
    grant = {**ends, "consentType": "AllPrincipals", "scope": "User.Read"}
    client.post("/v1.0/oauth2PermissionGrants", json=grant)
    (kept,) = client.get("/v1.0/oauth2PermissionGrants", params={"$filter": f"clientId eq '{app}'"}).json()["value"]
    assert (kept["clientId"], kept["resourceId"]) == (app, graph["id"])


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


@pytest.mark.parametrize(("members", "status"), [(["User"], 400), (["Application"], 201)])
def test_access_without_a_role_is_for_a_resource_that_defines_none_for_this_kind_of_member(
    tenant: Tenant, members: list[str], status: int
) -> None:
    role = {"id": _NOWHERE, "allowedMemberTypes": members, "displayName": "R", "isEnabled": True, "value": "r"}
    application = tenant.control.act("POST", "/v1.0/applications", {"displayName": "Roles", "appRoles": [role]})
    resource = tenant.control.act("POST", "/v1.0/servicePrincipals", {"appId": application["appId"]})
    body = {"principalId": tenant.user_id("kim.berg@contoso.example"), "resourceId": resource["id"]}
    response = tenant.client("administer").post(
        f"/v1.0/servicePrincipals/{resource['id']}/appRoleAssignedTo",
        json={**body, "appRoleId": "00000000-0000-0000-0000-000000000000"},
    )
    assert response.status_code == status


def test_disabled_role_is_not_assigned(tenant: Tenant) -> None:
    role = {"id": _NOWHERE, "allowedMemberTypes": ["User"], "displayName": "R", "isEnabled": False, "value": "r"}
    application = tenant.control.act("POST", "/v1.0/applications", {"displayName": "Roles", "appRoles": [role]})
    resource = tenant.control.act("POST", "/v1.0/servicePrincipals", {"appId": application["appId"]})
    body = {"principalId": tenant.user_id("kim.berg@contoso.example"), "resourceId": resource["id"]}
    response = tenant.client("administer").post(
        f"/v1.0/servicePrincipals/{resource['id']}/appRoleAssignedTo", json={**body, "appRoleId": _NOWHERE}
    )
    assert "was not found on application" in refusal(response)[2]


@pytest.mark.parametrize(("setting", "status"), [("refused", 400), ("assigned", 201)])
def test_access_without_a_role_beside_roles_is_given_as_the_tenant_behaves(
    tenant: Tenant, setting: Literal["refused", "assigned"], status: int
) -> None:
    tenant.reseed(behaviour=Behaviour(default_access_beside_roles=setting))
    client = tenant.client("administer")
    role = {
        "id": "5d2c1c35-3c5e-4f0b-9d27-4a1c8b2f4f11",
        "allowedMemberTypes": ["User"],
        "description": "Reads",
        "displayName": "Reader",
        "isEnabled": True,
        "value": "Reader",
    }
    application = tenant.control.act("POST", "/v1.0/applications", {"displayName": "Contacts", "appRoles": [role]})
    resource = tenant.control.act("POST", "/v1.0/servicePrincipals", {"appId": application["appId"]})
    assignment = {
        "principalId": tenant.user_id("kim.berg@contoso.example"),
        "resourceId": resource["id"],
        "appRoleId": "00000000-0000-0000-0000-000000000000",
    }
    path = f"/v1.0/servicePrincipals/{resource['id']}/appRoleAssignedTo"
    assert client.post(path, json=assignment).status_code == status


@pytest.mark.parametrize(("setting", "status"), [("refused", 400), ("assigned", 201)])
def test_disabled_principal_gets_a_role_as_the_tenant_behaves(
    tenant: Tenant, setting: Literal["refused", "assigned"], status: int
) -> None:
    tenant.reseed(behaviour=Behaviour(roles_for_disabled_principals=setting))
    client = tenant.client("administer")
    graph = client.get(_GRAPH).json()
    application = tenant.control.act("POST", "/v1.0/applications", {"displayName": "Contacts"})
    body = {"appId": application["appId"], "accountEnabled": False}
    principal = tenant.control.act("POST", "/v1.0/servicePrincipals", body)
    assignment = {
        "principalId": principal["id"],
        "resourceId": graph["id"],
        "appRoleId": _role(graph, "Contacts.ReadWrite"),
    }
    path = f"/v1.0/servicePrincipals/{graph['id']}/appRoleAssignedTo"
    assert client.post(path, json=assignment).status_code == status


def test_roles_of_users_and_groups_are_given_and_taken_back_on_their_side(tenant: Tenant, app: str) -> None:
    client = tenant.client("administer")
    for path, holder in (
        ("users", tenant.user_id("kim.berg@contoso.example")),
        ("groups", tenant.group_id("sg-contacts-admins")),
    ):
        collection = f"/v1.0/{path}/{holder}/appRoleAssignments"
        body = {"principalId": holder, "resourceId": app, "appRoleId": "00000000-0000-0000-0000-000000000000"}
        created = client.post(collection, json=body)
        assert created.status_code == 201
        assert [each["id"] for each in client.get(collection).json()["value"]] == [created.json()["id"]]
        assert client.post(collection, json={**body, "principalId": app}).status_code == 400
        assert client.delete(f"{collection}/{created.json()['id']}").status_code == 204
        assert client.get(collection).json()["value"] == []


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


def test_first_grant_of_a_client_is_answered_not_found_although_it_is_written(
    client: httpx.Client, graph: dict[str, Any], app: str
) -> None:
    assert refusal(client.post("/v1.0/oauth2PermissionGrants", json=_grant(graph, app))) == (
        404,
        "Directory_ObjectNotFound",
        "Unable to read the company information from the directory.",
    )
    query = {"$filter": f"clientId eq '{app}'"}
    (grant,) = client.get("/v1.0/oauth2PermissionGrants", params=query).json()["value"]
    assert (grant["scope"], grant["principalId"]) == ("openid profile Contacts.ReadWrite", None)
    assert refusal(client.post("/v1.0/oauth2PermissionGrants", json=_grant(graph, app))) == (
        400,
        "Request_BadRequest",
        "Permission entry already exists.",
    )


def test_further_grants_of_a_client_are_answered_as_created(
    tenant: Tenant, client: httpx.Client, graph: dict[str, Any], app: str
) -> None:
    tenant.control.act("POST", "/v1.0/oauth2PermissionGrants", _grant(graph, app))
    kim = tenant.user_id("kim.berg@contoso.example")
    body = _grant(graph, app, consentType="Principal", principalId=kim)
    assert client.post("/v1.0/oauth2PermissionGrants", json=body).status_code == 201


@pytest.fixture
def plain(tenant: Tenant) -> Tenant:
    """A tenant that answers grants as the pages of Graph say."""
    tenant.reseed(behaviour=Behaviour(first_grant_answer="created", duplicate_grant_status=409))
    return tenant


@pytest.mark.usefixtures("plain")
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


def test_grant_for_one_principal_stands_beside_the_one_for_all_with_a_longer_id(
    plain: Tenant, client: httpx.Client, graph: dict[str, Any], app: str
) -> None:
    kim = plain.user_id("kim.berg@contoso.example")
    ids = []
    for body in (_grant(graph, app), _grant(graph, app, consentType="Principal", principalId=kim)):
        created = client.post("/v1.0/oauth2PermissionGrants", json=body)
        assert created.status_code == 201
        ids.append(created.json()["id"])
    assert len(ids[0]) < len(ids[1])
    assert all("/" not in each for each in ids)
    for query, count in (
        (f"clientId eq '{app}'", 2),
        (f"clientId eq '{app}' and consentType eq 'Principal'", 1),
        (f"clientId eq '{app}' and resourceId eq '{graph['id']}' and principalId eq '{kim}'", 1),
        (f"clientId eq '{app}' and principalId eq null", 1),
        (f"clientId eq '{_NOWHERE}'", 0),
    ):
        # Comparing with null is an advanced query.
        parameters = {"$filter": query, "$count": "true"} if "null" in query else {"$filter": query}
        headers = {"ConsistencyLevel": "eventual"}
        found = client.get("/v1.0/oauth2PermissionGrants", params=parameters, headers=headers).json()["value"]
        assert len(found) == count, query
    of_user = client.get(f"/v1.0/users/{kim}/oauth2PermissionGrants").json()["value"]
    of_client = client.get(f"/v1.0/servicePrincipals/{app}/oauth2PermissionGrants").json()["value"]
    assert (len(of_user), len(of_client)) == (1, 2)


@pytest.mark.parametrize(("setting", "status"), [("stored", 201), ("refused", 400)])
def test_scope_that_the_resource_does_not_publish_is_stored_or_refused_as_the_tenant_behaves(
    tenant: Tenant, setting: Literal["stored", "refused"], status: int
) -> None:
    tenant.reseed(behaviour=Behaviour(first_grant_answer="created", unknown_scopes=setting))
    client = tenant.client("post-apply")
    graph = client.get(_GRAPH).json()
    application = tenant.control.act("POST", "/v1.0/applications", {"displayName": "Contacts"})
    app = str(tenant.control.act("POST", "/v1.0/servicePrincipals", {"appId": application["appId"]})["id"])
    response = client.post("/v1.0/oauth2PermissionGrants", json=_grant(graph, app, scope="openid Contact.ReadWrite"))
    assert response.status_code == status
    if status == 400:
        assert "'Contact.ReadWrite'" in refusal(response)[2]
        assert client.post("/v1.0/oauth2PermissionGrants", json=_grant(graph, app)).status_code == 201


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
