"""Directory roles, the guards around Global Administrator, and sensitive actions on administrators."""

from typing import Any, Literal

import httpx
import pytest

from sandbox.behaviour import Behaviour
from sandbox.seed import SeedGroup, SeedLicence, SeedUser
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


@pytest.mark.parametrize(
    ("setting", "code"), [(400, "Request_BadRequest"), (409, "Request_MultipleObjectsWithSameKeyValue")]
)
def test_second_assignment_of_a_role_conflicts(tenant: Tenant, setting: Literal[400, 409], code: str) -> None:
    tenant.reseed(behaviour=Behaviour(duplicate_role_assignment=setting))
    client = tenant.client("administer")
    user = create_user(client)
    _assign(client, user["id"])
    status, found, message = refusal(_assign(client, user["id"]))
    assert (status, found) == (setting, code)
    assert message.startswith("A conflicting object")


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"principalId": _NOWHERE}, 404),
        ({"roleDefinitionId": _NOWHERE}, 404),
        ({"directoryScopeId": f"/{_NOWHERE}"}, 404),
        ({"directoryScopeId": ""}, 400),
        ({"directoryScopeId": None}, 400),
        ({"directoryScopeId": None, "appScopeId": "/"}, 501),
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


def test_role_is_given_within_an_application(tenant: Tenant, new_user: dict[str, Any]) -> None:
    client = tenant.client("administer")
    scope = f"/{tenant.running.identities['nobody'].application_object_id}"
    body = {"principalId": new_user["id"], "roleDefinitionId": _READERS, "directoryScopeId": scope}
    made = client.post(_ASSIGNMENTS, json=body)
    assert (made.status_code, made.json()["directoryScopeId"]) == (201, scope)
    assert _assign(client, new_user["id"], _READERS).status_code == 201
    listed = client.get(_ASSIGNMENTS, params={"$filter": f"directoryScopeId eq '{scope}'"}).json()["value"]
    assert [each["id"] for each in listed] == [made.json()["id"]]


@pytest.mark.parametrize(
    ("scope", "status"),
    [
        ("/administrativeUnits/{unit}", 201),
        ("/administrativeUnits/{unit}/", 400),
        ("/{unit}", 404),
        ("{unit}", 400),
        ("/administrativeUnits{unit}", 404),
        ("/administrativeUnits/{user}", 404),
        ("/{user}", 201),
    ],
)
def test_scope_has_one_form_for_each_kind_of_object(
    tenant: Tenant, new_user: dict[str, Any], scope: str, status: int
) -> None:
    client = tenant.client("administer")
    unit = client.post("/v1.0/directory/administrativeUnits", json={"displayName": "Harbour"}).json()["id"]
    named = scope.format(unit=unit, user=new_user["id"])
    body = {"principalId": new_user["id"], "roleDefinitionId": _READERS, "directoryScopeId": named}
    assert client.post(_ASSIGNMENTS, json=body).status_code == status


def test_ids_in_capitals_are_those_of_the_same_objects(tenant: Tenant, new_user: dict[str, Any]) -> None:
    client = tenant.client("administer")
    scope = f"/{tenant.running.identities['nobody'].application_object_id}"
    body = {"principalId": new_user["id"], "roleDefinitionId": _READERS, "directoryScopeId": scope}
    made = client.post(_ASSIGNMENTS, json={name: value.upper() for name, value in body.items()})
    assert made.status_code == 201
    assert {name: made.json()[name] for name in body} == body
    assert client.post(_ASSIGNMENTS, json=body).status_code == 400
    assert client.post("/v1.0/directoryRoles", json={"roleTemplateId": _READERS.upper()}).status_code == 409


def test_activation_of_a_role_is_done_once_and_leaves_an_entry(tenant: Tenant) -> None:
    client = tenant.client("administer")
    for status in (201, 409):
        assert client.post("/v1.0/directoryRoles", json={"roleTemplateId": _READERS}).status_code == status
    assert [each["activityDisplayName"] for each in tenant.control.snapshot()["audit_entries"]] == [
        "Add role from template"
    ]


def test_assignments_are_found_by_their_parts_and_shown_with_what_they_name(
    tenant: Tenant, new_user: dict[str, Any]
) -> None:
    client = tenant.client("administer")
    _assign(client, new_user["id"], _READERS)
    query = {
        "$filter": f"principalId eq '{new_user['id']}' and roleDefinitionId eq '{_READERS}'",
        "$expand": "principal,roleDefinition($select=displayName)",
    }
    (found,) = client.get(_ASSIGNMENTS, params=query).json()["value"]
    assert found["principal"]["userPrincipalName"] == new_user["userPrincipalName"]
    assert found["roleDefinition"] == {"displayName": "Directory Readers"}


_ADMINISTRATOR = SeedUser("root@contoso.onmicrosoft.com", "Root", directory_roles=("Global Administrator",))


@pytest.mark.parametrize(("setting", "status"), [(False, 400), (True, 204)])
def test_disabled_administrator_who_would_remain(tenant: Tenant, setting: bool, status: int) -> None:
    heir = SeedUser("h@contoso.example", "Heir", account_enabled=False, directory_roles=("Global Administrator",))
    behaviour = Behaviour(disabled_administrators_remain=setting)
    tenant.reseed(users=(_ADMINISTRATOR, heir), groups=(), behaviour=behaviour)
    assert _remove(tenant, _ADMINISTRATOR.user_principal_name).status_code == status


@pytest.mark.parametrize(("setting", "status"), [(False, 400), (True, 204)])
def test_application_that_would_remain_as_administrator(tenant: Tenant, setting: bool, status: int) -> None:
    behaviour = Behaviour(service_principals_remain_administrators=setting)
    tenant.reseed(users=(_ADMINISTRATOR,), groups=(), behaviour=behaviour)
    _assign(tenant.client("administer"), tenant.running.identities["nobody"].object_id)
    assert _remove(tenant, _ADMINISTRATOR.user_principal_name).status_code == status


def test_member_of_a_group_that_holds_the_role_remains_as_administrator(tenant: Tenant) -> None:
    client = tenant.client("administer")
    _assign(client, tenant.group_id("sg-breakglass"))
    for login in ("breakglass1@contoso.onmicrosoft.com", "breakglass2@contoso.onmicrosoft.com"):
        assert _remove(tenant, login).status_code == 204
    (last,) = _assignments(client)
    assert client.delete(f"{_ASSIGNMENTS}/{last['id']}").status_code == 400


_GUARDED = [("every path", 400), ("assignments", 204)]
_HEIR = SeedUser("heir@contoso.example", "Heir")
_HOLDING = SeedGroup("sg-root", members=(_HEIR.user_principal_name,), is_assignable_to_role=True)


@pytest.mark.parametrize(("guard", "status"), _GUARDED)
def test_last_global_administrator_is_disabled_as_the_setting_says(
    tenant: Tenant, guard: Literal["every path", "assignments"], status: int
) -> None:
    heir = SeedUser("heir@contoso.example", "Heir", directory_roles=("Global Administrator",))
    tenant.reseed(users=(_ADMINISTRATOR, heir), groups=(), behaviour=Behaviour(last_administrator_guard=guard))
    client = tenant.client("administer")

    def disable(user: SeedUser) -> httpx.Response:
        return client.patch(f"/v1.0/users/{user.user_principal_name}", json={"accountEnabled": False})

    assert disable(heir).status_code == 204
    assert disable(heir).status_code == 204
    assert client.patch(f"/v1.0/users/{_ADMINISTRATOR.user_principal_name}", json={"city": "Bern"}).status_code == 204
    assert disable(_ADMINISTRATOR).status_code == status
    shown = client.get(f"/v1.0/users/{_ADMINISTRATOR.user_principal_name}?$select=accountEnabled").json()
    assert shown["accountEnabled"] is (status == 400)


@pytest.mark.parametrize(("guard", "status"), _GUARDED)
@pytest.mark.parametrize("path", ["/members/{}/$ref", ""])
def test_group_of_the_last_global_administrator_is_kept_as_the_setting_says(
    tenant: Tenant, guard: Literal["every path", "assignments"], status: int, path: str
) -> None:
    behaviour = Behaviour(last_administrator_guard=guard)
    tenant.reseed(users=(_ADMINISTRATOR, _HEIR), groups=(_HOLDING,), behaviour=behaviour)
    client, group = tenant.client("administer"), tenant.group_id(_HOLDING.display_name)
    assert _assign(client, group).status_code == 201
    assert _remove(tenant, _ADMINISTRATOR.user_principal_name).status_code == 204

    response = client.delete(f"/v1.0/groups/{group}{path.format(tenant.user_id(_HEIR.user_principal_name))}")

    assert response.status_code == status
    if status == 400:
        assert "last Global Administrator" in refusal(response)[2]


def test_group_of_a_global_administrator_who_is_not_the_last_may_go(tenant: Tenant) -> None:
    tenant.reseed(users=(_ADMINISTRATOR, _HEIR), groups=(_HOLDING,))
    client, group = tenant.client("administer"), tenant.group_id(_HOLDING.display_name)
    assert _assign(client, group).status_code == 201
    member = tenant.user_id(_HEIR.user_principal_name)
    assert client.delete(f"/v1.0/groups/{group}/members/{member}/$ref").status_code == 204
    assert client.delete(f"/v1.0/groups/{group}").status_code == 204


def _remove(tenant: Tenant, login: str) -> httpx.Response:
    client, user = tenant.client("administer"), tenant.user_id(login)
    (assignment,) = [each for each in _assignments(client) if each["principalId"] == user]
    return client.delete(f"{_ASSIGNMENTS}/{assignment['id']}")


def test_member_of_an_active_role_is_an_assignment(tenant: Tenant, new_user: dict[str, Any]) -> None:
    client = tenant.client("administer")
    role = client.post("/v1.0/directoryRoles", json={"roleTemplateId": _READERS}).json()["id"]
    reference = {"@odata.id": f"https://localhost/v1.0/directoryObjects/{new_user['id']}"}
    members = f"/v1.0/directoryRoles/{role}/members"
    assert client.post(f"{members}/$ref", json=reference).status_code == 204
    (assignment,) = _assignments(client, _READERS)
    assert (assignment["principalId"], assignment["directoryScopeId"]) == (new_user["id"], "/")
    status, _, message = refusal(client.post(f"{members}/$ref", json=reference))
    assert (status, "already exist" in message) == (400, True)
    filtered = client.get(members, params={"$filter": f"id eq '{new_user['id']}'"}).json()["value"]
    assert [each["id"] for each in filtered] == [new_user["id"]]
    assert client.delete(f"{members}/{new_user['id']}/$ref").status_code == 204
    assert tenant.control.journal()[-1]["deleted"] == assignment["id"]
    assert _assignments(client, _READERS) == []
    assert client.delete(f"{members}/{new_user['id']}/$ref").status_code == 404


def test_last_global_administrator_stays_a_member_of_the_role(tenant: Tenant) -> None:
    tenant.reseed(users=(_ADMINISTRATOR,), groups=())
    client = tenant.client("administer")
    role = client.get(f"/v1.0/directoryRoles(roleTemplateId='{_GLOBAL_ADMINISTRATOR}')").json()["id"]
    member = tenant.user_id(_ADMINISTRATOR.user_principal_name)
    status, _, message = refusal(client.delete(f"/v1.0/directoryRoles/{role}/members/{member}/$ref"))
    assert status == 400
    assert "last Global Administrator" in message


def test_scoped_members_of_a_role_are_refused_by_name(tenant: Tenant) -> None:
    client = tenant.client("administer")
    role = client.get(f"/v1.0/directoryRoles(roleTemplateId='{_GLOBAL_ADMINISTRATOR}')").json()["id"]
    assert refusal(client.get(f"/v1.0/directoryRoles/{role}/scopedMembers"))[0] == 501


@pytest.mark.parametrize(
    ("part_number", "entries"),
    [
        ("AAD_PREMIUM", ["Add member to role"]),
        ("AAD_PREMIUM_P2", ["Add member to role", "Add member to role outside of PIM (permanent)"]),
    ],
)
def test_assignment_leaves_its_entries_in_the_audit_log(tenant: Tenant, part_number: str, entries: list[str]) -> None:
    tenant.reseed(licences=(SeedLicence(part_number),))
    client = tenant.client("administer")
    user = create_user(client)
    before = len(tenant.control.snapshot()["audit_entries"])
    _assign(client, user["id"])
    found = tenant.control.snapshot()["audit_entries"][before:]
    assert [each["activityDisplayName"] for each in found] == entries
    changed = {each["displayName"]: each["newValue"] for each in found[0]["targetResources"][0]["modifiedProperties"]}
    assert changed["Role.DisplayName"] == '"Global Administrator"'
    assert changed["Role.WellKnownObjectName"] == '"TenantAdmins"'


@pytest.mark.parametrize(("method", "path"), [("POST", ""), ("PATCH", f"/{_READERS}"), ("DELETE", f"/{_READERS}")])
def test_custom_roles_are_refused_by_name(tenant: Tenant, method: str, path: str) -> None:
    address = f"/v1.0/roleManagement/directory/roleDefinitions{path}"
    status, _, message = refusal(tenant.client("administer").request(method, address, json={}))
    assert status == 501
    assert "roleDefinitions" in message
