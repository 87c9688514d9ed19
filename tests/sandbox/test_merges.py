"""What a change leaves alone: complex properties that are merged, and those that are replaced as a whole."""

from typing import Any

import httpx
import pytest

from tests.sandbox.conftest import Tenant, create_user


@pytest.fixture
def client(tenant: Tenant) -> httpx.Client:
    return tenant.client("administer")


def _change(client: httpx.Client, path: str, *bodies: dict[str, Any]) -> dict[str, Any]:
    """Send changes one after the other and read what has come of them."""
    for body in bodies:
        response = client.patch(path, json=body)
        assert response.status_code == 204, response.text
    shown: dict[str, Any] = client.get(path).json()
    return shown


@pytest.mark.parametrize(
    ("name", "first", "second", "kept"),
    [
        ("api", {"acceptMappedClaims": True}, {"requestedAccessTokenVersion": 2}, {"acceptMappedClaims": True}),
        ("web", {"homePageUrl": "https://a.example"}, {"redirectUris": []}, {"homePageUrl": "https://a.example"}),
        ("info", {"supportUrl": "https://a.example"}, {"marketingUrl": None}, {"supportUrl": "https://a.example"}),
    ],
)
def test_part_of_an_application_that_is_merged_keeps_what_is_not_named(
    client: httpx.Client, name: str, first: dict[str, Any], second: dict[str, Any], kept: dict[str, Any]
) -> None:
    application = client.post("/v1.0/applications", json={"displayName": "Kelp"}).json()
    shown = _change(client, f"/v1.0/applications/{application['id']}", {name: first}, {name: second})
    assert {**kept, **second}.items() <= shown[name].items()


def test_optional_claims_are_replaced_as_a_whole_and_cleared_by_an_empty_object(client: httpx.Client) -> None:
    application = client.post("/v1.0/applications", json={"displayName": "Kelp"}).json()
    path = f"/v1.0/applications/{application['id']}"
    claim: dict[str, Any] = {"name": "email", "source": None, "essential": False, "additionalProperties": []}
    shown = _change(
        client, path, {"optionalClaims": {"idToken": [claim]}}, {"optionalClaims": {"accessToken": [claim]}}
    )
    assert shown["optionalClaims"]["idToken"] == []
    assert [each["name"] for each in shown["optionalClaims"]["accessToken"]] == ["email"]
    assert _change(client, path, {"optionalClaims": {}})["optionalClaims"] is None


def test_lists_are_replaced_as_a_whole(client: httpx.Client) -> None:
    application = client.post("/v1.0/applications", json={"displayName": "Kelp", "tags": ["a", "b"]}).json()
    assert _change(client, f"/v1.0/applications/{application['id']}", {"tags": ["c"]})["tags"] == ["c"]


def test_single_sign_on_settings_are_cleared_by_an_empty_object(client: httpx.Client) -> None:
    application = client.post("/v1.0/applications", json={"displayName": "Kelp"}).json()
    principal = client.post("/v1.0/servicePrincipals", json={"appId": application["appId"]}).json()
    path = f"/v1.0/servicePrincipals/{principal['id']}"
    shown = _change(client, path, {"samlSingleSignOnSettings": {"relayState": "/sso"}})
    assert shown["samlSingleSignOnSettings"] == {"relayState": "/sso"}
    assert _change(client, path, {"samlSingleSignOnSettings": {}})["samlSingleSignOnSettings"] is None


def test_organisation_data_of_a_user_is_merged(client: httpx.Client) -> None:
    user = create_user(client)
    path = f"/v1.0/users/{user['id']}"
    for body in ({"division": "North"}, {"costCenter": "7"}):
        assert client.patch(path, json={"employeeOrgData": body}).status_code == 204
    shown = client.get(f"{path}?$select=employeeOrgData").json()["employeeOrgData"]
    assert shown == {"costCenter": "7", "division": "North"}


def test_write_back_of_a_group_is_merged_and_never_null(tenant: Tenant, client: httpx.Client) -> None:
    path = f"/beta/groups/{tenant.group_id('sg-contacts-admins')}"
    assert client.get(path).json()["writebackConfiguration"].keys() == {"isEnabled", "onPremisesGroupType"}
    bodies = (
        {"writebackConfiguration": {"isEnabled": True}},
        {"writebackConfiguration": {"onPremisesGroupType": None}},
    )
    shown = _change(client, path, *bodies)
    assert shown["writebackConfiguration"] == {"isEnabled": True, "onPremisesGroupType": None}


def test_what_was_never_set_is_null_or_empty_and_never_absent(client: httpx.Client) -> None:
    user = create_user(client)
    selected = "employeeId,otherMails,employeeOrgData,companyName,proxyAddresses"
    shown = client.get(f"/v1.0/users/{user['id']}?$select={selected}").json()
    del shown["@odata.context"]
    assert shown == {
        "companyName": None,
        "employeeId": None,
        "employeeOrgData": None,
        "otherMails": [],
        "proxyAddresses": [],
    }


def test_null_takes_a_value_away(client: httpx.Client) -> None:
    user = create_user(client, jobTitle="Clerk", employeeId="7")
    shown = _change(client, f"/v1.0/users/{user['id']}", {"jobTitle": None})
    assert shown["jobTitle"] is None
