"""Kinds of groups, who may be in them, and what about them cannot be changed."""

from typing import Any

import httpx
import pytest

from sandbox.seed import SeedLicence
from tests.sandbox.conftest import Tenant, create_user, refusal
from tests.sandbox.rows.groups import group_body

_PATH = "/v1.0/groups"
_DYNAMIC: dict[str, Any] = {
    "groupTypes": ["DynamicMembership"],
    "membershipRule": 'user.department -eq "Couriers"',
    "membershipRuleProcessingState": "On",
}
_UNIFIED: dict[str, Any] = {"groupTypes": ["Unified"], "mailEnabled": True}


@pytest.fixture
def client(tenant: Tenant) -> httpx.Client:
    return tenant.client("administer")


def make(client: httpx.Client, name: str = "sg-couriers", **changes: Any) -> str:
    response = client.post(_PATH, json=group_body(name, **changes))
    assert response.status_code == 201, response.text
    return str(response.json()["id"])


def reference(tenant: Tenant, object_id: str) -> dict[str, str]:
    return {"@odata.id": f"{tenant.running.base_url}/v1.0/directoryObjects/{object_id}"}


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"displayName": "x" * 257}, "'displayName'"),
        ({"mailNickname": "two words"}, "'mailNickname'"),
        ({"mailNickname": "a@b"}, "'mailNickname'"),
        ({"mailNickname": "größe"}, "'mailNickname'"),
        ({"groupTypes": ["Secret"]}, "'groupTypes'"),
        ({"groupTypes": ["Unified"]}, "Microsoft 365"),
        ({"mailEnabled": True}, "Microsoft 365"),
        ({"groupTypes": ["DynamicMembership"]}, "'membershipRule'"),
        ({"membershipRule": "user.city -eq null"}, "'membershipRule'"),
        ({**_DYNAMIC, "membershipRuleProcessingState": None}, "'membershipRuleProcessingState'"),
        ({**_DYNAMIC, "membershipRuleProcessingState": "Off"}, "'membershipRuleProcessingState'"),
        ({"membershipRuleProcessingState": "Off"}, "'membershipRuleProcessingState'"),
        ({"visibility": "Secret"}, "'visibility'"),
        ({"visibility": "HiddenMembership"}, "'visibility'"),
        ({**_DYNAMIC, "isAssignableToRole": True}, "dynamic membership"),
        ({"isAssignableToRole": True, "visibility": "Public"}, "'Private'"),
        ({**_UNIFIED, "securityEnabled": False, "isAssignableToRole": True}, "security enabled"),
    ],
)
def test_group_that_entra_would_not_make_is_refused(client: httpx.Client, changes: dict[str, Any], named: str) -> None:
    status, code, message = refusal(client.post(_PATH, json=group_body(**changes)))

    assert (status, code) == (400, "Request_BadRequest")
    assert named in message


@pytest.mark.parametrize("changes", [_DYNAMIC, {"isAssignableToRole": True}])
def test_dynamic_and_role_assignable_groups_need_a_premium_licence(tenant: Tenant, changes: dict[str, Any]) -> None:
    tenant.reseed(licences=(SeedLicence("EXCHANGESTANDARD"),), groups=())

    assert "P1" in refusal(tenant.client("administer").post(_PATH, json=group_body(**changes)))[2]


def test_members_of_a_dynamic_group_are_the_rules_to_choose(tenant: Tenant, client: httpx.Client) -> None:
    group, user = make(client, **_DYNAMIC), create_user(client)["id"]

    assert "rule" in refusal(client.post(f"{_PATH}/{group}/members/$ref", json=reference(tenant, user)))[2]
    assert client.get(f"{_PATH}/{group}/members").json()["value"] == []
    assert client.get(f"{_PATH}/{group}").json()["membershipRule"] == _DYNAMIC["membershipRule"]


def test_alias_of_a_microsoft_365_group_is_taken_once(client: httpx.Client) -> None:
    make(client, "couriers", **_UNIFIED)
    make(client, "couriers")

    assert "mailNickname already" in refusal(client.post(_PATH, json=group_body("Couriers", **_UNIFIED)))[2]


def test_kinds_of_members_follow_the_kind_of_group(tenant: Tenant) -> None:
    tenant.control.grant("administer", "GroupMember.ReadWrite.All")
    client = tenant.client("administer")
    security, unified = make(client), make(client, "couriers", **_UNIFIED)
    assignable = make(client, "sg-admins", isAssignableToRole=True)
    user, principal = create_user(client)["id"], tenant.running.identities["nobody"].object_id

    def add(group: str, member: str) -> int:
        return client.post(f"{_PATH}/{group}/members/$ref", json=reference(tenant, member)).status_code

    assert [add(each, user) for each in (security, unified, assignable)] == [204, 204, 204]
    assert [add(each, principal) for each in (security, unified, assignable)] == [204, 400, 204]
    assert [add(security, each) for each in (assignable, unified, security)] == [204, 400, 400]
    assert [add(assignable, each) for each in (tenant.group_id("sg-contacts-admins"), unified)] == [400, 400]


def test_members_can_be_added_with_a_change(tenant: Tenant, client: httpx.Client) -> None:
    group, user = make(client), create_user(client)["id"]
    bound = [reference(tenant, user)["@odata.id"]]

    assert client.patch(f"{_PATH}/{group}", json={"members@odata.bind": bound}).status_code == 204
    assert [each["id"] for each in client.get(f"{_PATH}/{group}/members").json()["value"]] == [user]
    assert "already exist" in refusal(client.patch(f"{_PATH}/{group}", json={"members@odata.bind": bound}))[2]
    assert "'members'" in refusal(client.patch(f"{_PATH}/{group}", json={"owners@odata.bind": bound}))[2]
    assert "20" in refusal(client.patch(f"{_PATH}/{group}", json={"members@odata.bind": bound * 21}))[2]


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"displayName": ""}, "'displayName'"),
        ({"mailEnabled": True}, "'mailEnabled'"),
        ({"securityEnabled": False}, "security enabled"),
        ({"membershipRule": "user.city -eq null"}, "'membershipRule'"),
        ({"membershipRuleProcessingState": "Off"}, "'membershipRuleProcessingState'"),
        ({"visibility": "Secret"}, "'visibility'"),
        ({"visibility": "HiddenMembership"}, "'visibility'"),
        ({"hideFromAddressLists": True}, "'hideFromAddressLists'"),
    ],
)
def test_change_that_does_not_fit_the_kind_is_refused(
    client: httpx.Client, changes: dict[str, Any], named: str
) -> None:
    status, _, message = refusal(client.patch(f"{_PATH}/{make(client)}", json=changes))

    assert status == 400
    assert named in message


def test_membership_is_hidden_from_the_creation_of_a_group_on_or_never(client: httpx.Client) -> None:
    hidden = f"{_PATH}/{make(client, 'couriers', **_UNIFIED, visibility='HiddenMembership')}"
    public = f"{_PATH}/{make(client, 'pilots', **_UNIFIED)}"

    assert client.get(hidden).json()["visibility"] == "HiddenMembership"
    for path, visibility in ((hidden, "Public"), (public, "HiddenMembership")):
        assert "'visibility'" in refusal(client.patch(path, json={"visibility": visibility}))[2]
    assert client.patch(public, json={"visibility": "Private"}).status_code == 204


@pytest.mark.parametrize(
    "rule",
    [
        "user.accountEnabled -eq true",
        '(user.department -eq "Sales") -or -not (user.city -in ["Bern", "Basel"])',
        'user.displayName startsWith "say `"hi`""',
        "user.otherMails -any (_ -contains 'contoso')",
        'Direct Reports for "62e19b97-8b3d-4d4a-a106-4ce66896a863"',
        "device.extensionAttribute1 -ne null",
    ],
)
def test_rule_of_a_dynamic_group_is_changed_to_another_one(client: httpx.Client, rule: str) -> None:
    path = f"{_PATH}/{make(client, **_DYNAMIC)}"

    assert client.patch(path, json={"membershipRule": rule}).status_code == 204
    assert client.get(path).json()["membershipRule"] == rule


@pytest.mark.parametrize(
    "rule",
    [
        None,
        "",
        "total rubbish ((",
        "user.department",
        '(user.department -eq "Sales"',
        '[user.department -eq "Sales")',
        'user.department -eq "Sales',
        'user.department = "Sales"',
        'user.department -eq "Sales" -and device.model -eq "X"',
        "Direct Reports for",
        f'user.department -eq "{"x" * 3072}"',
    ],
)
def test_rule_that_is_none_is_refused_in_create_and_change(client: httpx.Client, rule: str | None) -> None:
    made = client.post(_PATH, json=group_body(**{**_DYNAMIC, "membershipRule": rule}))
    changed = client.patch(f"{_PATH}/{make(client, **_DYNAMIC)}", json={"membershipRule": rule})

    for response in (made, changed):
        assert refusal(response)[0] == 400
        assert "'membershipRule'" in refusal(response)[2]


def test_exchange_settings_of_a_microsoft_365_group_are_changed_by_themselves(
    tenant: Tenant, client: httpx.Client
) -> None:
    path = f"{_PATH}/{make(client, 'couriers', **_UNIFIED)}"
    administrator = tenant.anonymous()
    token = tenant.control.user_token("administer", "breakglass1@contoso.onmicrosoft.com", "Group.ReadWrite.All")
    administrator.headers["Authorization"] = f"Bearer {token}"

    wanted = {"@odata.type": "#microsoft.graph.group", "hideFromAddressLists": True}
    assert administrator.patch(path, json=wanted).status_code == 204
    assert client.get(f"{path}?$select=hideFromAddressLists").json()["hideFromAddressLists"] is True
    mixed = {"hideFromAddressLists": False, "description": "Couriers"}
    assert "together" in refusal(administrator.patch(path, json=mixed))[2]


def test_application_by_itself_cannot_change_the_exchange_settings_of_a_group(client: httpx.Client) -> None:
    path = f"{_PATH}/{make(client, 'couriers', **_UNIFIED)}"

    refused = client.patch(path, json={"allowExternalSenders": True})

    assert refusal(refused)[:2] == (403, "ErrorGroupsAccessDenied")
    assert client.get(f"{path}?$select=allowExternalSenders").json()["allowExternalSenders"] is None


def test_role_assignable_group_stays_private(client: httpx.Client) -> None:
    path = f"{_PATH}/{make(client, 'sg-admins', isAssignableToRole=True)}"

    assert client.get(path).json()["visibility"] == "Private"
    assert client.patch(path, json={"visibility": "Public"}).status_code == 400


def test_owners_are_users_and_applications_and_one_user_stays(tenant: Tenant, client: httpx.Client) -> None:
    user = create_user(client)["id"]
    owner: dict[str, Any] = {"owners@odata.bind": [reference(tenant, user)["@odata.id"]]}
    group = make(client, **owner)
    owners = f"{_PATH}/{group}/owners"

    refused = client.post(f"{owners}/$ref", json=reference(tenant, tenant.group_id("sg-contacts-admins")))
    assert "'group'" in refusal(refused)[2]
    assert "at least one owner" in refusal(client.delete(f"{owners}/{user}/$ref"))[2]
    assert client.post(f"{owners}/$ref", json=reference(tenant, user)).status_code == 400


def test_unit_makes_a_group_as_its_member(client: httpx.Client) -> None:
    units = "/v1.0/directory/administrativeUnits"
    unit = client.post(units, json={"displayName": "North"}).json()["id"]
    made = client.post(f"/beta/directory/administrativeUnits/{unit}/members", json=group_body())

    assert made.status_code == 201
    assert made.json()["@odata.type"] == "#microsoft.graph.group"
    (listed,) = client.get(f"/beta/groups/{made.json()['id']}/memberOf").json()["value"]
    assert (listed["@odata.type"], listed["id"]) == ("#microsoft.graph.administrativeUnit", unit)
    refused = client.post(
        f"/beta/directory/administrativeUnits/{unit}/members", json=group_body(isAssignableToRole=True)
    )
    assert refused.status_code == 400


@pytest.mark.parametrize("body", [{}, {"displayName": "North", "visibility": "Hidden"}])
def test_unit_that_entra_would_not_make_is_refused(client: httpx.Client, body: dict[str, Any]) -> None:
    assert client.post("/v1.0/directory/administrativeUnits", json=body).status_code == 400


def test_unit_takes_users_and_groups_once_and_nothing_else(tenant: Tenant, client: httpx.Client) -> None:
    unit = client.post("/v1.0/directory/administrativeUnits", json={"displayName": "North"}).json()["id"]
    members = f"/v1.0/directory/administrativeUnits/{unit}/members"
    user, principal = create_user(client)["id"], tenant.running.identities["nobody"].object_id

    assert client.post(f"{members}/$ref", json=reference(tenant, user)).status_code == 204
    assert "already exist" in refusal(client.post(f"{members}/$ref", json=reference(tenant, user)))[2]
    assert "'servicePrincipal'" in refusal(client.post(f"{members}/$ref", json=reference(tenant, principal)))[2]
    assert client.delete(f"{members}/{principal}/$ref").status_code == 404
    assert [each["id"] for each in client.get(f"{members}?$filter=id eq '{user}'").json()["value"]] == [user]
