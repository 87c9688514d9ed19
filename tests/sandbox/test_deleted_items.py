"""Deleted objects: restored with all they held, deleted for good by hand or by the clock."""

from typing import Any

import httpx
import pytest

from sandbox.control import ControlError
from sandbox.seed import SeedUser
from tests.sandbox.conftest import SEED, Tenant, create_user, refusal
from tests.sandbox.rows.groups import group_body
from tests.sandbox.test_groups_rules import reference
from tests.sandbox.test_users_rules import behaving

_ITEMS = "/v1.0/directory/deletedItems"
_LOGIN = "mara.holt@contoso.example"
_THIRTY_DAYS = 30 * 24 * 3600


@pytest.fixture
def client(tenant: Tenant) -> httpx.Client:
    return tenant.client("administer")


def _delete(client: httpx.Client, path: str) -> None:
    response = client.delete(f"/v1.0{path}")
    assert response.status_code == 204, response.text


def _restore(client: httpx.Client, object_id: str, body: dict[str, Any] | None = None) -> httpx.Response:
    return client.post(f"{_ITEMS}/{object_id}/restore", json=body)


def _activities(tenant: Tenant) -> list[str]:
    return [each["activityDisplayName"] for each in tenant.control.snapshot()["audit_entries"]]


@pytest.mark.parametrize("form", ["prefixed", "kept"])
def test_deleted_users_login_has_the_form_of_the_setting_and_finds_nobody(tenant: Tenant, form: str) -> None:
    tenant.reseed(behaviour=behaving(deleted_login=form))
    client = tenant.client("administer")
    user = create_user(client)
    _delete(client, f"/users/{user['id']}")

    shown = client.get(f"{_ITEMS}/{user['id']}").json()["userPrincipalName"]
    mark = user["id"].replace("-", "") if form == "prefixed" else ""
    assert shown == f"{mark}{_LOGIN}"
    assert client.get(f"/v1.0/users/{_LOGIN}").status_code == 404
    assert _restore(client, user["id"]).json()["userPrincipalName"] == _LOGIN


@pytest.mark.parametrize("status", [409, 400])
def test_user_whose_login_was_taken_comes_back_under_another_one(tenant: Tenant, status: int) -> None:
    tenant.reseed(behaviour=behaving(taken_login_on_restore=status))
    client = tenant.client("administer")
    user = create_user(client)
    _delete(client, f"/users/{user['id']}")
    create_user(client)

    refused = refusal(_restore(client, user["id"]))
    assert refused[0] == status
    assert "userPrincipalName" in refused[2]
    renamed = _restore(client, user["id"], {"newUserPrincipalName": "m.holt@contoso.example"})
    assert (renamed.status_code, renamed.json()["userPrincipalName"]) == (200, "m.holt@contoso.example")


def test_login_asked_for_in_a_restoration_is_checked_like_any_other(client: httpx.Client) -> None:
    user = create_user(client)
    _delete(client, f"/users/{user['id']}")

    for login, named in (("m@unknown.example", "domain portion"), ("alex.moore@contoso.example", "already exists")):
        assert named in refusal(_restore(client, user["id"], {"newUserPrincipalName": login}))[2]


def test_address_taken_meanwhile_is_given_up_only_when_asked(client: httpx.Client) -> None:
    user = create_user(client, mail="office@contoso.example")
    _delete(client, f"/users/{user['id']}")
    create_user(client, "lena.roth@contoso.example", mail="office@contoso.example")

    assert "proxyAddresses" in refusal(_restore(client, user["id"]))[2]
    assert _restore(client, user["id"], {"autoReconcileProxyConflict": True}).status_code == 200
    assert client.get(f"/v1.0/users/{user['id']}?$select=proxyAddresses").json()["proxyAddresses"] == []


def test_group_comes_back_with_members_owners_and_roles(tenant: Tenant, client: httpx.Client) -> None:
    user = create_user(client)["id"]
    owners = [reference(tenant, user)["@odata.id"]]
    body = {**group_body(isAssignableToRole=True), "owners@odata.bind": owners}
    group = client.post("/v1.0/groups", json=body).json()["id"]
    client.post(f"/v1.0/groups/{group}/members/$ref", json=reference(tenant, user)).raise_for_status()
    role = {
        "principalId": group,
        "roleDefinitionId": "62e90394-69f5-4237-9190-012177145e10",
        "directoryScopeId": "/",
    }
    client.post("/v1.0/roleManagement/directory/roleAssignments", json=role).raise_for_status()
    _delete(client, f"/groups/{group}")

    assignments = f"/v1.0/roleManagement/directory/roleAssignments?$filter=principalId eq '{group}'"
    assert client.get(assignments).json()["value"] == []
    assert client.get(f"/v1.0/users/{user}/memberOf").json()["value"] == []
    assert [each["id"] for each in client.get(f"{_ITEMS}/microsoft.graph.group").json()["value"]] == [group]
    assert _restore(client, group).json()["@odata.type"] == "#microsoft.graph.group"
    assert len(client.get(assignments).json()["value"]) == 1
    for relation in ("members", "owners"):
        assert [each["id"] for each in client.get(f"/v1.0/groups/{group}/{relation}").json()["value"]] == [user]


def test_deleted_role_assignable_group_takes_the_permission_and_the_role_of_living_ones(tenant: Tenant) -> None:
    administrators = ("Groups Administrator", "Privileged Role Administrator")
    users = tuple(SeedUser(f"{name[:3]}@contoso.example", name, directory_roles=(name,)) for name in administrators)
    tenant.reseed(users=(*SEED.users, *users))
    groups, roles = "Group.ReadWrite.All", "RoleManagement.ReadWrite.Directory"
    group = tenant.group_id("sg-breakglass")
    tenant.control.act("DELETE", f"/v1.0/groups/{group}")
    tenant.control.grant("nobody", groups)

    def ask(method: str, path: str, user: SeedUser | None, *scopes: str) -> int:
        client = tenant.anonymous() if user else tenant.client("nobody")
        if user:
            token = tenant.control.user_token("nobody", user.user_principal_name, *scopes)
            client.headers["Authorization"] = f"Bearer {token}"
        return client.request(method, f"{_ITEMS}/{group}{path}").status_code

    for method, path, done in (("POST", "/restore", 200), ("DELETE", "", 204)):
        assert ask(method, path, None) == 403
        assert ask(method, path, users[0], groups, roles) == 403
        assert ask(method, path, users[1], groups) == 403
        assert ask(method, path, users[1], groups, roles) == done
        if path:
            tenant.control.act("DELETE", f"/v1.0/groups/{group}")


def test_security_group_is_gone_at_once_where_the_setting_says_so(tenant: Tenant) -> None:
    tenant.reseed(behaviour=behaving(security_groups_are_recycled=False))
    client = tenant.client("administer")
    security = client.post("/v1.0/groups", json=group_body()).json()["id"]
    unified = client.post("/v1.0/groups", json=group_body("c", groupTypes=["Unified"], mailEnabled=True)).json()["id"]
    for each in (security, unified):
        _delete(client, f"/groups/{each}")

    assert client.get(f"{_ITEMS}/{security}").status_code == 404
    assert client.get(f"{_ITEMS}/{unified}").status_code == 200


def test_application_and_its_principal_come_back_one_by_one(client: httpx.Client) -> None:
    application = client.post("/v1.0/applications", json={"displayName": "Courier desk"}).json()
    principal = client.post("/v1.0/servicePrincipals", json={"appId": application["appId"]}).json()
    _delete(client, f"/applications/{application['id']}")

    assert client.get(f"/v1.0/servicePrincipals/{principal['id']}").status_code == 404
    (listed,) = client.get(f"{_ITEMS}/microsoft.graph.servicePrincipal").json()["value"]
    assert (listed["id"], listed["displayName"]) == (principal["id"], "Courier desk")
    assert _restore(client, application["id"]).status_code == 200
    assert client.get(f"/v1.0/servicePrincipals/{principal['id']}").status_code == 404
    assert _restore(client, principal["id"]).status_code == 200
    assert client.get(f"/v1.0/servicePrincipals/{principal['id']}").json()["displayName"] == "Courier desk"


def test_unit_comes_back_with_its_members_and_cannot_go_early(tenant: Tenant, client: httpx.Client) -> None:
    units = "/v1.0/directory/administrativeUnits"
    unit = client.post(units, json={"displayName": "North"}).json()["id"]
    user = create_user(client)["id"]
    client.post(f"{units}/{unit}/members/$ref", json=reference(tenant, user)).raise_for_status()
    _delete(client, f"/directory/administrativeUnits/{unit}")

    assert client.get(f"/v1.0/users/{user}/memberOf").json()["value"] == []
    assert client.get(f"{units}/{unit}").status_code == 404
    with pytest.raises(ControlError, match="permanently"):
        tenant.control.act("DELETE", f"{_ITEMS}/{unit}")
    assert _restore(client, unit).status_code == 200
    assert [each["id"] for each in client.get(f"{units}/{unit}/members").json()["value"]] == [user]


@pytest.mark.parametrize(
    ("path", "body", "activity"),
    [
        ("/groups", group_body(), "Hard Delete group"),
        ("/applications", {"displayName": "Courier desk"}, "Hard Delete application"),
    ],
)
def test_what_is_deleted_for_good_is_gone(
    tenant: Tenant, client: httpx.Client, path: str, body: dict[str, Any], activity: str
) -> None:
    made = client.post(f"/v1.0{path}", json=body).json()["id"]
    assert client.delete(f"{_ITEMS}/{made}").status_code == 404
    _delete(client, f"{path}/{made}")
    assert client.delete(f"{_ITEMS}/{made}").status_code == 204

    assert client.get(f"{_ITEMS}/{made}").status_code == 404
    assert _restore(client, made).status_code == 404
    assert _activities(tenant)[-1] == activity


def test_user_deleted_for_good_leaves_nothing_behind(tenant: Tenant, client: httpx.Client) -> None:
    user = create_user(client, accountEnabled=True)["id"]
    client.post(f"/v1.0/users/{user}/authentication/temporaryAccessPassMethods", json={}).raise_for_status()
    group = tenant.group_id("sg-contacts-admins")
    client.post(f"/v1.0/groups/{group}/members/$ref", json=reference(tenant, user)).raise_for_status()
    _delete(client, f"/users/{user}")
    assert client.delete(f"{_ITEMS}/{user}").status_code == 204

    snapshot = tenant.control.snapshot()
    for collection in ("authentication_methods", "members", "password_hashes", "recycle_bin", "users"):
        assert user not in str(snapshot[collection])


def test_what_was_not_restored_in_30_days_goes_by_itself(tenant: Tenant, client: httpx.Client) -> None:
    kept, lost = create_user(client)["id"], client.post("/v1.0/groups", json=group_body()).json()["id"]
    _delete(client, f"/groups/{lost}")
    tenant.control.advance_clock(3600)
    client = tenant.client("administer")
    _delete(client, f"/users/{kept}")
    tenant.control.advance_clock(_THIRTY_DAYS - 1800)
    client = tenant.client("administer")

    assert client.get(f"{_ITEMS}/{lost}").status_code == 404
    assert client.get(f"{_ITEMS}/{kept}").status_code == 200


@pytest.mark.parametrize("name", ["autoReconcileProxyConflict", "newUserPrincipalName"])
def test_wishes_for_users_are_refused_for_others(client: httpx.Client, name: str) -> None:
    group = client.post("/v1.0/groups", json=group_body()).json()["id"]
    _delete(client, f"/groups/{group}")
    value = {"autoReconcileProxyConflict": True, "newUserPrincipalName": _LOGIN}[name]

    assert f"'{name}'" in refusal(_restore(client, group, {name: value}))[2]


def test_object_that_lives_is_not_among_the_deleted(client: httpx.Client) -> None:
    user = create_user(client)["id"]

    assert client.get(f"{_ITEMS}/{user}").status_code == 404
    assert _restore(client, user).status_code == 404
