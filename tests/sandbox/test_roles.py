"""Directory roles, the guards around Global Administrator, and sensitive actions on administrators."""

from typing import Any

import httpx
import pytest

from sandbox.seed import SeedLicence, SeedUser
from tests.sandbox.conftest import SEED, Tenant, create_user, refusal

_ASSIGNMENTS = "/v1.0/roleManagement/directory/roleAssignments"
_GLOBAL_ADMINISTRATOR = "62e90394-69f5-4237-9190-012177145e10"
_READERS = "88d8e3e3-8f55-4a1e-953a-9b9898b8876b"
_NOWHERE = "11111111-1111-4111-8111-111111111111"


def _assign(client: httpx.Client, principal: str, role: str = _GLOBAL_ADMINISTRATOR) -> httpx.Response:
    return client.post(_ASSIGNMENTS, json={"principalId": principal, "roleDefinitionId": role, "directoryScopeId": "/"})


def _assignments(client: httpx.Client, role: str = _GLOBAL_ADMINISTRATOR) -> list[dict[str, Any]]:
    query = {"$filter": f"roleDefinitionId eq '{role}'"}
    found: list[dict[str, Any]] = client.get(_ASSIGNMENTS, params=query).json()["value"]
    return found


def test_role_is_given_seen_and_taken_back(tenant: Tenant, new_user: dict[str, Any]) -> None:
    client = tenant.client("post-apply")
    created = _assign(client, new_user["id"])
    assert created.status_code == 201
    assignment = created.json()
    assert assignment["id"].endswith("-1")
    assert "/" not in assignment["id"]
    query = {"$filter": f"principalId eq '{new_user['id']}'", "$expand": "roleDefinition"}
    (seen,) = client.get(_ASSIGNMENTS, params=query).json()["value"]
    assert seen["roleDefinition"]["displayName"] == "Global Administrator"
    assert client.delete(f"{_ASSIGNMENTS}/{assignment['id']}").status_code == 204
    assert client.get(f"{_ASSIGNMENTS}/{assignment['id']}").status_code == 404
    assert client.delete(f"{_ASSIGNMENTS}/{assignment['id']}").status_code == 404


def test_second_assignment_of_a_role_conflicts(tenant: Tenant, new_user: dict[str, Any]) -> None:
    client = tenant.client("post-apply")
    _assign(client, new_user["id"])
    status, code, message = refusal(_assign(client, new_user["id"]))
    assert (status, code) == (400, "Request_BadRequest")
    assert message.startswith("A conflicting object")


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"principalId": _NOWHERE}, 404),
        ({"roleDefinitionId": _NOWHERE}, 404),
        ({"directoryScopeId": f"/{_NOWHERE}"}, 404),
        ({"directoryScopeId": ""}, 400),
        ({"directoryScopeId": None}, 400),
    ],
)
def test_assignment_of_something_unknown_is_refused(
    tenant: Tenant, new_user: dict[str, Any], changes: dict[str, Any], status: int
) -> None:
    body = {"principalId": new_user["id"], "roleDefinitionId": _READERS, "directoryScopeId": "/", **changes}
    assert tenant.client("post-apply").post(_ASSIGNMENTS, json=body).status_code == status


def test_group_holds_a_role_only_if_it_is_role_assignable(tenant: Tenant) -> None:
    client = tenant.client("post-apply")
    assert _assign(client, tenant.group_id("sg-contacts-admins"), _READERS).status_code == 400
    assert _assign(client, tenant.group_id("sg-breakglass"), _READERS).status_code == 201


def test_last_global_administrator_keeps_the_role(tenant: Tenant) -> None:
    client = tenant.client("post-apply")
    first, last = _assignments(client)
    assert client.delete(f"{_ASSIGNMENTS}/{first['id']}").status_code == 204
    status, _, message = refusal(client.delete(f"{_ASSIGNMENTS}/{last['id']}"))
    assert status == 400
    assert "last Global Administrator" in message
    assert [each["id"] for each in _assignments(client)] == [last["id"]]


def test_last_global_administrator_is_not_deleted(tenant: Tenant) -> None:
    tenant.reseed(
        users=(SeedUser("root@contoso.onmicrosoft.com", "Root", directory_roles=("Global Administrator",)),),
        groups=(),
    )
    response = tenant.client("administer").delete("/v1.0/users/root@contoso.onmicrosoft.com")
    assert refusal(response)[0] == 400


def test_global_administrator_does_not_remove_itself(tenant: Tenant) -> None:
    own = tenant.running.identities["post-apply"].object_id
    tenant.control.act(
        "POST",
        _ASSIGNMENTS,
        {"principalId": own, "roleDefinitionId": _GLOBAL_ADMINISTRATOR, "directoryScopeId": "/"},
    )
    client = tenant.client("post-apply")
    (assignment,) = [each for each in _assignments(client) if each["principalId"] == own]
    _, _, message = refusal(client.delete(f"{_ASSIGNMENTS}/{assignment['id']}"))
    assert message == "Removing self from Global Administrator built-in role is not allowed"


def test_given_role_becomes_active_under_an_id_of_its_own(tenant: Tenant, new_user: dict[str, Any]) -> None:
    client = tenant.client("post-apply")
    _assign(client, new_user["id"], _READERS)
    query = {"$filter": f"roleTemplateId eq '{_READERS}'"}
    (role,) = client.get("/v1.0/directoryRoles", params=query).json()["value"]
    assert role["id"] != _READERS
    members = client.get(f"/v1.0/directoryRoles/{role['id']}/members").json()["value"]
    assert [each["id"] for each in members] == [new_user["id"]]
    assert refusal(client.post("/v1.0/directoryRoles", json={"roleTemplateId": _READERS}))[0] == 409


def test_role_definitions_are_those_of_entra(tenant: Tenant) -> None:
    client = tenant.client("post-apply")
    query = {"$filter": "displayName eq 'Global Administrator'"}
    (found,) = client.get("/v1.0/roleManagement/directory/roleDefinitions", params=query).json()["value"]
    assert found["id"] == found["templateId"] == _GLOBAL_ADMINISTRATOR
    assert client.get(f"/v1.0/roleManagement/directory/roleDefinitions/{_GLOBAL_ADMINISTRATOR}").status_code == 200
    assert client.get(f"/v1.0/directoryRoleTemplates/{_GLOBAL_ADMINISTRATOR}").status_code == 200
    assert len(client.get("/v1.0/directoryRoleTemplates").json()["value"]) == 144


@pytest.mark.parametrize(
    "name",
    [
        "roleAssignmentSchedules",
        "roleAssignmentScheduleInstances",
        "roleEligibilitySchedules",
        "roleEligibilityScheduleInstances",
    ],
)
def test_role_schedules_need_p2_and_then_show_direct_assignments(tenant: Tenant, name: str) -> None:
    path = f"/v1.0/roleManagement/directory/{name}"
    status, code, _ = refusal(tenant.client("post-apply").get(path))
    assert (status, code) == (400, "AadPremiumLicenseRequired")
    tenant.reseed(licences=(SeedLicence("AAD_PREMIUM_P2"),))
    administrator = tenant.user_id("breakglass1@contoso.onmicrosoft.com")
    query = {"$filter": f"principalId eq '{administrator}'"}
    shown = tenant.client("post-apply").get(path, params=query).json()["value"]
    expected = [administrator] if "Assignment" in name else []
    assert [each["principalId"] for each in shown] == expected


@pytest.mark.parametrize(
    "body",
    [
        {"passwordProfile": {"password": "Kelp-9-lantern"}},
        {"accountEnabled": True},
        {"accountEnabled": False},
    ],
)
def test_user_administrator_may_change_a_user_without_a_role_but_no_global_administrator(
    tenant: Tenant, new_user: dict[str, Any], body: dict[str, Any]
) -> None:
    client = tenant.client("post-apply")
    path = f"/v1.0/users/{new_user['id']}"
    assert client.patch(path, json=body).status_code == 204
    _assign(client, new_user["id"])
    assert refusal(client.patch(path, json=body))[:2] == (403, "Authorization_RequestDenied")
    assert tenant.client("administer").patch(path, json=body).status_code == 204


def test_password_without_a_directory_role_is_refused_whatever_the_permission(
    tenant: Tenant, new_user: dict[str, Any]
) -> None:
    tenant.control.grant("deploy", "User-PasswordProfile.ReadWrite.All")
    body = {"passwordProfile": {"password": "Kelp-9-lantern"}}
    response = tenant.client("deploy").patch(f"/v1.0/users/{new_user['id']}", json=body)
    assert response.status_code == 403


def test_member_of_a_role_assignable_group_is_protected_like_an_administrator(tenant: Tenant) -> None:
    user = create_user(tenant.client("administer"))
    reference = {"@odata.id": f"https://localhost/v1.0/directoryObjects/{user['id']}"}
    tenant.control.act("POST", f"/v1.0/groups/{tenant.group_id('sg-breakglass')}/members/$ref", reference)
    response = tenant.client("post-apply").patch(f"/v1.0/users/{user['id']}", json={"accountEnabled": True})
    assert response.status_code == 403


def test_property_that_is_not_sensitive_may_be_changed_on_an_administrator(tenant: Tenant) -> None:
    path = "/v1.0/users/breakglass1@contoso.onmicrosoft.com"
    assert tenant.client("deploy").patch(path, json={"department": "IT"}).status_code == 204
    assert tenant.client("deploy").patch(path, json={"otherMails": []}).status_code == 403


def test_administrator_is_neither_deleted_nor_signed_out_by_somebody_lower(tenant: Tenant) -> None:
    path = "/v1.0/users/breakglass1@contoso.onmicrosoft.com"
    assert tenant.client("deploy").delete(path).status_code == 403
    assert tenant.client("post-apply").post(f"{path}/revokeSignInSessions").status_code == 403
    assert tenant.client("administer").post(f"{path}/revokeSignInSessions").status_code == 200


def test_deleted_administrator_is_not_restored_by_somebody_lower(tenant: Tenant) -> None:
    user_id = tenant.user_id("breakglass1@contoso.onmicrosoft.com")
    assert tenant.client("administer").delete(f"/v1.0/users/{user_id}").status_code == 204
    path = f"/v1.0/directory/deletedItems/{user_id}/restore"
    assert tenant.client("deploy").post(path).status_code == 403
    assert tenant.client("administer").post(path).status_code == 200


def test_seeded_administrators_are_those_of_the_seed(tenant: Tenant) -> None:
    holders = {each["principalId"] for each in _assignments(tenant.client("post-apply"))}
    expected = [each.user_principal_name for each in SEED.users if "Global Administrator" in each.directory_roles]
    assert holders == {tenant.user_id(each) for each in expected}
