"""Users: the rules of creation, change, deletion and restoration."""

from typing import Any

import pytest

from sandbox.seed import SeedDomain
from tests.sandbox.conftest import SEED, Tenant, create_user, refusal, user_body

_DEFAULT = {
    "businessPhones",
    "displayName",
    "givenName",
    "jobTitle",
    "mail",
    "mobilePhone",
    "officeLocation",
    "preferredLanguage",
    "surname",
    "userPrincipalName",
    "id",
}


def test_read_without_select_shows_the_11_default_properties(tenant: Tenant, new_user: dict[str, Any]) -> None:
    shown = tenant.client("deploy").get(f"/v1.0/users/{new_user['id']}").json()
    assert set(shown) == {"@odata.context", *_DEFAULT}


def test_selected_property_that_was_never_set_is_an_explicit_null(tenant: Tenant, new_user: dict[str, Any]) -> None:
    shown = tenant.client("deploy").get(f"/v1.0/users/{new_user['id']}?$select=employeeId,otherMails").json()
    assert {"employeeId": None, "otherMails": []}.items() <= shown.items()


def test_user_is_found_by_login_in_any_letter_case(tenant: Tenant, new_user: dict[str, Any]) -> None:
    client = tenant.client("deploy")
    assert client.get("/v1.0/users/MARA.HOLT@contoso.example").json()["id"] == new_user["id"]
    found = client.get("/v1.0/users", params={"$filter": "userPrincipalName eq 'MARA.holt@contoso.example'"}).json()
    assert [each["id"] for each in found["value"]] == [new_user["id"]]


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"userPrincipalName": "alex.moore@contoso.example"}, "already exists"),
        ({"userPrincipalName": "ALEX.MOORE@CONTOSO.example"}, "already exists"),
        ({"userPrincipalName": "x.y@unknown.example"}, "domain portion"),
        ({"userPrincipalName": "x.y@pending.example"}, "domain portion"),
        ({"userPrincipalName": "x.y@federated.example"}, "domain portion"),
        ({"userPrincipalName": "no domain"}, "'userPrincipalName'"),
        ({"mailNickname": "two words"}, "'mailNickname'"),
        ({"displayName": None}, "'displayName'"),
        ({"usageLocation": "Germany"}, "'usageLocation'"),
        ({"passwordProfile": None}, "'passwordProfile'"),
        ({"passwordProfile": {}}, "'password"),
        ({"passwordProfile": {"password": "short1!"}}, "specified password does not comply"),
        ({"passwordProfile": {"password": "onlylowercaseletters"}}, "specified password does not comply"),
        ({"passwordProfile": {"password": "Password1234"}}, "specified password does not comply"),
        ({"passwordProfile": {"password": "Mara.Holt-77"}}, "specified password does not comply"),
        ({"passwordProfile": {"password": "Aa1" * 86}}, "specified password does not comply"),
    ],
)
def test_user_that_entra_would_not_take_is_refused(tenant: Tenant, changes: dict[str, Any], named: str) -> None:
    further = (SeedDomain("pending.example", is_verified=False), SeedDomain("federated.example", is_federated=True))
    tenant.reseed(domains=(*SEED.domains, *further))
    status, code, message = refusal(tenant.client("deploy").post("/v1.0/users", json=user_body(**changes)))
    assert (status, code) == (400, "Request_BadRequest")
    assert named in message


def test_change_merges_organization_data_and_replaces_the_rest(tenant: Tenant, new_user: dict[str, Any]) -> None:
    client = tenant.client("deploy")
    path = f"/v1.0/users/{new_user['id']}"
    client.patch(path, json={"employeeOrgData": {"division": "D"}, "otherMails": ["a@b.example"]})
    client.patch(path, json={"employeeOrgData": {"costCenter": "C"}, "otherMails": []})
    shown = client.get(f"{path}?$select=employeeOrgData,otherMails").json()
    assert shown["employeeOrgData"] == {"division": "D", "costCenter": "C"}
    assert shown["otherMails"] == []


def test_password_is_taken_in_and_never_shown(tenant: Tenant, new_user: dict[str, Any]) -> None:
    login = new_user["userPrincipalName"]
    assert tenant.control.try_password(login, "Kelp-9-lantern") == {"valid": True, "enabled": False}
    client = tenant.client("post-apply")
    path = f"/v1.0/users/{new_user['id']}"
    assert client.patch(path, json={"passwordProfile": {"password": "Tern-4-quarry"}}).status_code == 204
    assert tenant.control.try_password(login, "Kelp-9-lantern")["valid"] is False
    assert tenant.control.try_password(login, "Tern-4-quarry")["valid"] is True
    assert client.get(f"{path}?$select=passwordProfile").json()["passwordProfile"]["password"] is None
    assert "Tern-4-quarry" not in str(tenant.control.snapshot())


def test_manager_is_absent_until_set_and_again_when_cleared(tenant: Tenant, new_user: dict[str, Any]) -> None:
    client = tenant.client("deploy")
    path = f"/v1.0/users/{new_user['id']}/manager"
    assert client.get(path).status_code == 404
    kim = tenant.user_id("kim.berg@contoso.example")
    body = {"@odata.id": f"{tenant.running.base_url}/v1.0/directoryObjects/{kim}"}
    assert client.put(f"{path}/$ref", json=body).status_code == 204
    assert client.get(path).json()["id"] == kim
    assert client.delete(f"{path}/$ref").status_code == 204
    assert client.get(path).status_code == 404


def test_manager_that_does_not_exist_is_refused(tenant: Tenant, new_user: dict[str, Any]) -> None:
    body = {"@odata.id": "https://localhost/v1.0/directoryObjects/11111111-1111-4111-8111-111111111111"}
    response = tenant.client("deploy").put(f"/v1.0/users/{new_user['id']}/manager/$ref", json=body)
    assert response.status_code == 404


def test_revoking_sessions_answers_with_a_value_and_moves_the_time(tenant: Tenant, new_user: dict[str, Any]) -> None:
    client = tenant.client("post-apply")
    tenant.control.advance_clock(60)
    path = f"/v1.0/users/{new_user['id']}"
    before = client.get(f"{path}?$select=signInSessionsValidFromDateTime").json()
    response = client.post(f"{path}/revokeSignInSessions")
    assert (response.status_code, response.json()["value"]) == (200, True)
    after = client.get(f"{path}?$select=signInSessionsValidFromDateTime").json()
    assert after["signInSessionsValidFromDateTime"] > before["signInSessionsValidFromDateTime"]


def test_deleted_user_frees_its_login_and_comes_back_with_its_role(tenant: Tenant) -> None:
    client = tenant.client("administer")
    user = create_user(client)
    reader = {
        "principalId": user["id"],
        "roleDefinitionId": "f2ef992c-3afb-46b9-b7cf-a126ee74c451",
        "directoryScopeId": "/",
    }
    assignment = client.post("/v1.0/roleManagement/directory/roleAssignments", json=reader).json()
    assert client.delete(f"/v1.0/users/{user['id']}").status_code == 204
    assert client.get(f"/v1.0/users/{user['id']}").status_code == 404
    assert client.get(f"/v1.0/roleManagement/directory/roleAssignments/{assignment['id']}").status_code == 404
    deleted = client.get("/v1.0/directory/deletedItems/microsoft.graph.user?$select=id,deletedDateTime").json()["value"]
    assert [each["id"] for each in deleted] == [user["id"]]
    assert client.post(f"/v1.0/directory/deletedItems/{user['id']}/restore").status_code == 200
    restored = client.get(f"/v1.0/users/{user['id']}").json()
    assert restored["userPrincipalName"] == "mara.holt@contoso.example"
    assert client.get(f"/v1.0/roleManagement/directory/roleAssignments/{assignment['id']}").status_code == 200


def test_deleted_user_whose_login_was_taken_meanwhile_is_not_restored(tenant: Tenant) -> None:
    client = tenant.client("administer")
    user = create_user(client)
    client.delete(f"/v1.0/users/{user['id']}")
    create_user(client)
    response = client.post(f"/v1.0/directory/deletedItems/{user['id']}/restore")
    assert refusal(response)[:2] == (409, "Request_MultipleObjectsWithSameKeyValue")


def test_memberships_tell_groups_and_roles_through_nested_groups_only_when_asked(tenant: Tenant) -> None:
    client = tenant.client("administer")
    user = create_user(client)
    inner, outer = tenant.group_id("sg-contacts-admins"), tenant.group_id("sg-dashboard-readers")
    base = tenant.running.base_url
    for group, member in ((inner, user["id"]), (outer, inner)):
        body = {"@odata.id": f"{base}/v1.0/directoryObjects/{member}"}
        assert client.post(f"/v1.0/groups/{group}/members/$ref", json=body).status_code == 204
    direct = client.get(f"/v1.0/users/{user['id']}/memberOf").json()["value"]
    nested = client.get(f"/v1.0/users/{user['id']}/transitiveMemberOf").json()["value"]
    assert [each["id"] for each in direct] == [inner]
    assert {each["id"] for each in nested} == {inner, outer}
    glass = client.get("/v1.0/users/breakglass1@contoso.onmicrosoft.com/memberOf").json()["value"]
    assert {each["@odata.type"] for each in glass} == {"#microsoft.graph.group", "#microsoft.graph.directoryRole"}
