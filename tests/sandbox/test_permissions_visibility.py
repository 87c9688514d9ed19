"""What a caller sees of objects that its permissions let it reach but not read whole."""

from typing import Any

import httpx
import pytest

from sandbox.seed import SeedIdentity
from tests.sandbox.conftest import SEED, Tenant, refusal

_KIM = "kim.berg@contoso.example"
_BREAK_GLASS = "breakglass1@contoso.onmicrosoft.com"


def _holding(tenant: Tenant, *permissions: str) -> httpx.Client:
    tenant.reseed(identities=(*SEED.identities, SeedIdentity("caller", permissions)))
    tenant.control.act("PATCH", f"/v1.0/users/{_KIM}", {"jobTitle": "Clerk", "businessPhones": ["+49 30 1"]})
    return tenant.client("caller")


def _values(response: httpx.Response) -> list[dict[str, Any]]:
    assert response.status_code == 200, response.text
    values: list[dict[str, Any]] = response.json()["value"]
    return values


def test_basic_profile_shows_names_and_hides_the_rest(tenant: Tenant) -> None:
    client = _holding(tenant, "User.ReadBasic.All")
    kim = client.get(f"/v1.0/users/{_KIM}").json()
    assert (kim["displayName"], kim["userPrincipalName"]) == ("Kim Berg", _KIM)
    assert (kim["jobTitle"], kim["businessPhones"]) == (None, [])
    chosen = client.get(f"/v1.0/users/{_KIM}", params={"$select": "id,accountEnabled,assignedLicenses"}).json()
    assert chosen["id"] == tenant.user_id(_KIM)
    assert (chosen["accountEnabled"], chosen["assignedLicenses"]) == (None, [])


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"$filter": "startsWith(displayName,'Kim')"}, 200),
        ({"$filter": "userType eq 'Member'"}, 403),
        ({"$filter": "displayName eq 'userType'"}, 200),
        ({"$filter": "displayName eq 'Kim Berg' and accountEnabled eq true"}, 403),
        ({"$filter": "not(userType eq 'Member')"}, 403),
        ({"$filter": "otherMails/any(displayName:displayName eq 'x')"}, 403),
        ({"$filter": "displayName eq"}, 400),
        ({"$search": '"displayName:city"'}, 200),
        ({"$search": '"displayName:kim" OR "otherMails:kim"'}, 403),
        ({"$orderby": "displayName desc"}, 200),
        ({"$orderby": "displayName,createdDateTime"}, 403),
    ],
)
def test_basic_profile_filters_by_what_it_shows(tenant: Tenant, query: dict[str, str], status: int) -> None:
    headers = {"ConsistencyLevel": "eventual"} if "$search" in query else {}
    response = _holding(tenant, "User.ReadBasic.All").get("/v1.0/users", params=query, headers=headers)
    assert response.status_code == status, response.text
    if status == 403:
        assert refusal(response)[1] == "Authorization_RequestDenied"


def test_whole_profile_shows_everything(tenant: Tenant) -> None:
    client = _holding(tenant, "User.Read.All", "User.ReadBasic.All")
    assert client.get(f"/v1.0/users/{_KIM}").json()["jobTitle"] == "Clerk"


def test_membership_permission_shows_what_tells_groups_apart(tenant: Tenant) -> None:
    client = _holding(tenant, "GroupMember.Read.All")
    group = next(each for each in _values(client.get("/v1.0/groups")) if each["displayName"] == "sg-breakglass")
    assert group["securityEnabled"] is True
    assert (group["isAssignableToRole"], group["visibility"], group["proxyAddresses"]) == (None, None, [])


def test_members_of_a_kind_that_may_not_be_read_show_their_type_and_id(tenant: Tenant) -> None:
    client = _holding(tenant, "GroupMember.Read.All")
    members = _values(client.get(f"/v1.0/groups/{tenant.group_id('sg-breakglass')}/members"))
    assert {each["@odata.type"] for each in members} == {"#microsoft.graph.user"}
    assert tenant.user_id(_BREAK_GLASS) in {each["id"] for each in members}
    assert {each["displayName"] for each in members} == {None}
    basic = _holding(tenant, "GroupMember.Read.All", "User.ReadBasic.All")
    members = _values(basic.get(f"/v1.0/groups/{tenant.group_id('sg-breakglass')}/members"))
    assert {each["displayName"] for each in members} == {"Break Glass 1", "Break Glass 2"}
    assert {each["jobTitle"] for each in members} == {None}


def test_roles_among_memberships_take_the_right_to_read_roles(tenant: Tenant) -> None:
    path = f"/v1.0/users/{_BREAK_GLASS}/transitiveMemberOf"

    def role(client: httpx.Client) -> dict[str, Any]:
        found = _values(client.get(path))
        return next(each for each in found if each["@odata.type"] == "#microsoft.graph.directoryRole")

    assert role(_holding(tenant, "User.Read.All"))["displayName"] is None
    assert role(_holding(tenant, "User.Read.All", "RoleManagement.Read.Directory"))["displayName"]


def test_what_a_caller_writes_is_shown_to_it(tenant: Tenant) -> None:
    client = _holding(tenant, "Group.Create")
    body = {"displayName": "sg-new", "mailEnabled": False, "mailNickname": "new", "securityEnabled": True}
    assert client.post("/v1.0/groups", json=body).json()["displayName"] == "sg-new"


def test_signed_in_user_sees_themselves_whole_and_others_as_far_as_the_permission_goes(tenant: Tenant) -> None:
    _holding(tenant)
    client = tenant.anonymous()
    client.headers["Authorization"] = (
        f"Bearer {tenant.control.user_token('nobody', _KIM, 'User.Read', 'User.ReadBasic.All')}"
    )
    shown = {each["userPrincipalName"]: each for each in _values(client.get("/v1.0/users"))}
    tenant.control.act("PATCH", "/v1.0/users/alex.moore@contoso.example", {"jobTitle": "Clerk"})
    assert shown[_KIM]["jobTitle"] == "Clerk"
    assert client.get("/v1.0/users/alex.moore@contoso.example").json()["jobTitle"] is None
