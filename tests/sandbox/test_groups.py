"""Groups, their members and owners."""

from typing import Any

import pytest

from tests.sandbox.conftest import Tenant, refusal

_BODY: dict[str, Any] = {
    "displayName": "sg-new",
    "groupTypes": [],
    "isAssignableToRole": False,
    "mailEnabled": False,
    "mailNickname": "sg-new",
    "securityEnabled": True,
}


def _reference(tenant: Tenant, object_id: str) -> dict[str, str]:
    return {"@odata.id": f"{tenant.running.base_url}/v1.0/directoryObjects/{object_id}"}


def test_group_is_found_by_name_in_any_letter_case_and_by_flags(tenant: Tenant) -> None:
    client = tenant.client("deploy")
    query = {"$filter": "displayName eq 'SG-BreakGlass' and securityEnabled eq true"}
    for version in ("v1.0", "beta"):
        found = client.get(f"/{version}/groups", params=query).json()["value"]
        assert [each["displayName"] for each in found] == ["sg-breakglass"]
    none = client.get("/v1.0/groups", params={"$filter": "displayName eq 'sg-breakglass' and mailEnabled eq true"})
    assert none.json()["value"] == []


def test_word_and_inside_a_literal_is_not_an_operator(tenant: Tenant) -> None:
    tenant.control.act("POST", "/v1.0/groups", {**_BODY, "displayName": "R and D's (core)"})
    query = {"$filter": "displayName eq 'R and D''s (core)'"}
    found = tenant.client("deploy").get("/v1.0/groups", params=query).json()["value"]
    assert [each["displayName"] for each in found] == ["R and D's (core)"]


def test_beta_shows_writeback_that_v1_does_not(tenant: Tenant) -> None:
    path = f"groups/{tenant.group_id('sg-breakglass')}"
    client = tenant.client("deploy")
    assert "writebackConfiguration" not in client.get(f"/v1.0/{path}").json()
    assert client.get(f"/beta/{path}").json()["writebackConfiguration"] == {
        "isEnabled": False,
        "onPremisesGroupType": None,
    }


def test_members_are_typed_and_nested_ones_come_once(tenant: Tenant) -> None:
    client = tenant.client("administer")
    outer, inner = tenant.group_id("sg-dashboard-readers"), tenant.group_id("sg-contacts-admins")
    kim = tenant.user_id("kim.berg@contoso.example")
    for group, member in ((outer, inner), (inner, kim)):
        assert client.post(f"/v1.0/groups/{group}/members/$ref", json=_reference(tenant, member)).status_code == 204
    direct = client.get(f"/v1.0/groups/{outer}/members").json()["value"]
    assert {(each["@odata.type"], each["id"]) for each in direct} == {
        ("#microsoft.graph.user", kim),
        ("#microsoft.graph.group", inner),
    }
    nested = client.get(f"/v1.0/groups/{outer}/transitiveMembers").json()["value"]
    assert sorted(each["id"] for each in nested) == sorted([kim, inner, tenant.user_id("alex.moore@contoso.example")])
    assert [each["id"] for each in client.get(f"/v1.0/groups/{inner}/memberOf").json()["value"]] == [outer]


def test_member_is_added_once_and_removed_once(tenant: Tenant) -> None:
    client = tenant.client("administer")
    group, kim = tenant.group_id("sg-contacts-admins"), tenant.user_id("kim.berg@contoso.example")
    path = f"/v1.0/groups/{group}/members"
    assert client.post(f"{path}/$ref", json=_reference(tenant, kim)).status_code == 204
    assert client.get(f"{path}?$filter=id eq '{kim}'").json()["value"][0]["id"] == kim
    assert refusal(client.post(f"{path}/$ref", json=_reference(tenant, kim)))[0] == 400
    assert client.delete(f"{path}/{kim}/$ref").status_code == 204
    assert client.delete(f"{path}/{kim}/$ref").status_code == 404


def test_member_that_does_not_exist_is_refused(tenant: Tenant) -> None:
    path = f"/v1.0/groups/{tenant.group_id('sg-contacts-admins')}/members/$ref"
    reference = _reference(tenant, "11111111-1111-4111-8111-111111111111")
    assert tenant.client("administer").post(path, json=reference).status_code == 404


def test_creator_becomes_owner_when_none_is_named(tenant: Tenant) -> None:
    client = tenant.client("administer")
    group = client.post("/v1.0/groups", json=_BODY).json()
    owners = client.get(f"/v1.0/groups/{group['id']}/owners").json()["value"]
    assert [each["id"] for each in owners] == [tenant.running.identities["administer"].object_id]


def test_group_of_the_same_name_is_accepted(tenant: Tenant) -> None:
    client = tenant.client("administer")
    assert client.post("/v1.0/groups", json=_BODY).status_code == 201
    assert client.post("/v1.0/groups", json=_BODY).status_code == 201


def test_microsoft_365_group_gets_an_address_and_a_description(tenant: Tenant) -> None:
    body = {**_BODY, "groupTypes": ["Unified"], "mailEnabled": True}
    group = tenant.client("administer").post("/v1.0/groups", json=body).json()
    assert (group["mail"], group["visibility"]) == ("sg-new@contoso.onmicrosoft.com", "Public")
    assert group["description"] == "sg-new"


@pytest.mark.parametrize(
    "changes",
    [
        {"displayName": None},
        {"securityEnabled": False},
        {"mailEnabled": True},
        {"owners@odata.bind": ["https://localhost/v1.0/directoryObjects/11111111-1111-4111-8111-111111111111"]},
    ],
)
def test_group_that_entra_would_not_take_is_refused(tenant: Tenant, changes: dict[str, Any]) -> None:
    response = tenant.client("administer").post("/v1.0/groups", json={**_BODY, **changes})
    assert response.status_code in {400, 404}


def test_deleted_group_is_gone_with_its_memberships(tenant: Tenant) -> None:
    client = tenant.client("administer")
    group = tenant.group_id("sg-contacts-admins")
    assert client.delete(f"/v1.0/groups/{group}").status_code == 204
    assert client.get(f"/v1.0/groups/{group}").status_code == 404
    assert client.get("/v1.0/users/alex.moore@contoso.example/memberOf").json()["value"] == []


def test_role_assignability_is_fixed_at_creation(tenant: Tenant) -> None:
    path = f"/v1.0/groups/{tenant.group_id('sg-contacts-admins')}"
    assert tenant.client("administer").patch(path, json={"isAssignableToRole": True}).status_code == 400
