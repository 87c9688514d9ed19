"""What users, groups and other objects belong to: by kind, through groups, and asked with ids."""

from typing import Any

import httpx
import pytest

from tests.sandbox.conftest import Tenant, refusal

_ALEX = "/v1.0/users/alex.moore@contoso.example"
_ADVANCED = {"ConsistencyLevel": "eventual"}
_NOTHING = "11111111-1111-4111-8111-111111111111"


@pytest.fixture
def client(tenant: Tenant) -> httpx.Client:
    """An administrator's, in a tenant where Alex is in a unit, a group, and through it in a group without security."""
    client = tenant.client("administer")
    body: dict[str, Any] = {
        "displayName": "Couriers",
        "groupTypes": ["Unified"],
        "mailEnabled": True,
        "mailNickname": "couriers",
        "securityEnabled": False,
    }
    group = client.post("/v1.0/groups", json=body).json()["id"]
    unit = client.post("/v1.0/directory/administrativeUnits", json={"displayName": "North"}).json()["id"]
    reference = {"@odata.id": f"{tenant.running.base_url}/v1.0/directoryObjects/{_alex(tenant)}"}
    for path in (f"/v1.0/groups/{group}/members", f"/v1.0/directory/administrativeUnits/{unit}/members"):
        assert client.post(f"{path}/$ref", json=reference).status_code == 204
    return client


def _alex(tenant: Tenant) -> str:
    return tenant.user_id("alex.moore@contoso.example")


def _names(response: httpx.Response) -> list[str]:
    assert response.status_code == 200, response.text
    return [each["displayName"] for each in response.json()["value"]]


def test_memberships_come_whole_or_of_one_kind(client: httpx.Client) -> None:
    assert _names(client.get(f"{_ALEX}/memberOf")) == ["sg-contacts-admins", "Couriers", "North"]
    assert _names(client.get(f"{_ALEX}/memberOf/microsoft.graph.group")) == ["sg-contacts-admins", "Couriers"]
    assert _names(client.get(f"{_ALEX}/memberOf/microsoft.graph.administrativeUnit")) == ["North"]
    assert _names(client.get(f"{_ALEX}/memberOf/graph.directoryRole")) == []


def test_cast_of_a_transitive_list_needs_the_advanced_parameters(client: httpx.Client) -> None:
    path = f"{_ALEX}/transitiveMemberOf/microsoft.graph.group"

    assert refusal(client.get(path))[:2] == (400, "Request_UnsupportedQuery")
    assert refusal(client.get(f"{path}?$count=true"))[:2] == (400, "Request_UnsupportedQuery")
    found = client.get(f"{path}?$count=true", headers=_ADVANCED)
    assert _names(found) == ["sg-contacts-admins", "Couriers"]
    assert found.json()["@odata.count"] == 2


def test_asked_with_ids_only_those_come_back_that_hold(tenant: Tenant, client: httpx.Client) -> None:
    group = tenant.group_id("sg-contacts-admins")
    (unit,) = client.get("/v1.0/directory/administrativeUnits").json()["value"]

    for base in (_ALEX, f"/v1.0/directoryObjects/{_alex(tenant)}"):
        checked = client.post(f"{base}/checkMemberGroups", json={"groupIds": [group, _NOTHING, unit["id"]]})
        assert checked.json()["value"] == [group]
        checked = client.post(f"{base}/checkMemberObjects", json={"ids": [group, _NOTHING, unit["id"]]})
        assert checked.json()["value"] == [group, unit["id"]]


def test_security_groups_only_when_asked(tenant: Tenant, client: httpx.Client) -> None:
    security, other = tenant.group_id("sg-contacts-admins"), tenant.group_id("Couriers")
    for action in ("getMemberGroups", "getMemberObjects"):
        whole = client.post(f"{_ALEX}/{action}", json={"securityEnabledOnly": False}).json()["value"]
        some = client.post(f"{_ALEX}/{action}", json={"securityEnabledOnly": True}).json()["value"]
        assert whole[:2] == [security, other]
        assert other not in some


@pytest.mark.parametrize(
    ("action", "body", "named"),
    [
        ("checkMemberGroups", {}, "'groupIds'"),
        ("checkMemberObjects", {}, "'ids'"),
        ("checkMemberGroups", {"groupIds": [_NOTHING] * 21}, "20"),
    ],
)
def test_question_without_ids_or_with_too_many_is_refused(
    client: httpx.Client, action: str, body: dict[str, Any], named: str
) -> None:
    status, _, message = refusal(client.post(f"{_ALEX}/{action}", json=body))
    assert status == 400
    assert named in message


def test_group_is_asked_under_its_own_address_only(tenant: Tenant, client: httpx.Client) -> None:
    body = {"securityEnabledOnly": False}
    assert client.post(f"/v1.0/groups/{_alex(tenant)}/getMemberGroups", json=body).status_code == 404
    assert client.get(f"/v1.0/groups/{_alex(tenant)}/transitiveMemberOf").status_code == 404
    assert _names(client.get(f"/v1.0/groups/{tenant.group_id('Couriers')}/members/graph.user")) == ["Alex Moore"]


def test_several_objects_are_read_at_once_by_kind(tenant: Tenant, client: httpx.Client) -> None:
    ids = [_alex(tenant), tenant.group_id("Couriers"), _NOTHING]
    path = "/v1.0/directoryObjects/getByIds"

    assert _names(client.post(path, json={"ids": ids})) == ["Alex Moore", "Couriers"]
    assert _names(client.post(path, json={"ids": ids, "types": ["group"]})) == ["Couriers"]
    assert "'widget'" in refusal(client.post(path, json={"ids": ids, "types": ["widget"]}))[2]
    assert "'ids'" in refusal(client.post(path, json={}))[2]
    assert "1000" in refusal(client.post(path, json={"ids": [_NOTHING] * 1001}))[2]
