"""What Graph does not know, and what the sandbox does not have, is refused by name."""

from typing import Any

import pytest

from tests.sandbox.conftest import Tenant, refusal, user_body


@pytest.mark.parametrize(
    ("path", "status", "named"),
    [
        ("/v1.0/widgets", 400, "'widgets'"),
        ("/v1.0/users/alex.moore@contoso.example/widgets", 400, "'widgets'"),
        ("/v2.0/users", 400, "v2.0"),
        ("/beta/domains", 400, "'domains'"),
        ("/v1.0/users/alex.moore@contoso.example/calendar", 501, "'calendar'"),
        ("/v1.0/users/nobody@contoso.example", 404, "'nobody@contoso.example'"),
        ("/v1.0/users?$select=displayName,shoeSize", 400, "'shoeSize'"),
        ("/v1.0/users?$select=mailboxSettings", 501, "'mailboxSettings'"),
        ("/v1.0/groups?$select=writebackConfiguration", 400, "'writebackConfiguration'"),
        ("/v1.0/users?$filter=shoeSize eq '44'", 400, "'shoeSize'"),
        ("/v1.0/users?$filter=aboutMe eq 'Engineer'", 400, "'aboutMe'"),
        ("/v1.0/users?$filter=displayName ne 'Alex'", 400, "'ne'"),
        ("/v1.0/users?$filter=not(displayName eq 'Alex')", 400, "'not'"),
        ("/v1.0/users?$filter=endsWith(mail,'example')", 400, "'endsWith'"),
        ("/v1.0/users?$filter=soundsLike(mail,'example')", 400, "'soundsLike'"),
        ("/v1.0/users?$filter=accountEnabled eq 'true'", 400, "'accountEnabled'"),
        ("/v1.0/users?$filter=displayName eq", 400, "Expression expected at position 14"),
        (
            "/v1.0/auditLogs/directoryAudits?$filter=activityDateTime ge 2026-13-01T00:00:00Z",
            400,
            "'2026-13-01T00:00:00Z'",
        ),
        ("/v1.0/users?$filter=displayName eq 'Alex' displayName", 400, "Syntax error at position 22"),
        ("/v1.0/users?$filter=displayName eq 'Alex", 400, "unterminated string literal at position 20"),
        ("/v1.0/users?$search=x", 400, "'ConsistencyLevel: eventual'"),
        ("/v1.0/users?$orderby=jobTitle", 400, "'jobTitle'"),
        ("/v1.0/directoryRoleTemplates?$orderby=displayName", 400, "'$orderby'"),
        ("/v1.0/users?$skip=1", 400, "'$skip'"),
        ("/v1.0/users?limit=1", 400, "'limit'"),
        ("/v1.0/users?$top=1000", 400, "'1000'"),
        ("/v1.0/users?$top=0", 400, "'0'"),
        ("/v1.0/users?$top=1&$top=2", 400, "'$top'"),
        ("/v1.0/users?$skiptoken=@", 400, "$skiptoken"),
        ("/v1.0/roleManagement/directory/roleAssignments?$expand=appScope", 501, "'appScope'"),
        ("/v1.0/roleManagement/directory/roleAssignments?$expand=kelp", 400, "'kelp'"),
        ("/v1.0/applications(name='x')", 400, "'name'"),
    ],
)
def test_read_of_something_unknown_is_refused_by_name(tenant: Tenant, path: str, status: int, named: str) -> None:
    got, _, message = refusal(tenant.client("administer").get(path))
    assert got == status
    assert named in message


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"shoeSize": 44}, "'shoeSize'"),
        ({"createdDateTime": "2026-01-01T00:00:00Z"}, "'createdDateTime'"),
        ({"accountEnabled": "yes"}, "'accountEnabled'"),
        ({"otherMails": "a@b.example"}, "'otherMails'"),
        ({"otherMails": None}, "'otherMails'"),
        ({"passwordProfile": {"password": "Kelp-9-lantern", "hint": "sea"}}, "'hint'"),
        ({"passwordProfile": "Kelp-9-lantern"}, "'passwordProfile'"),
        ({"employeeHireDate": "yesterday"}, "'employeeHireDate'"),
        ({"widgets@odata.bind": []}, "'widgets@odata.bind'"),
        ({"@odata.type": "#microsoft.graph.group"}, "'#microsoft.graph.group'"),
    ],
)
def test_body_with_something_unknown_is_refused_by_name(tenant: Tenant, changes: dict[str, Any], named: str) -> None:
    status, code, message = refusal(tenant.client("administer").post("/v1.0/users", json=user_body(**changes)))
    assert (status, code) == (400, "BadRequest")
    assert named in message


def test_body_of_a_wrong_kind_is_refused_without_repeating_its_value(tenant: Tenant) -> None:
    body = user_body(passwordProfile={"password": {"text": "Kelp-9-lantern"}})
    response = tenant.client("administer").post("/v1.0/users", json=body)
    assert response.status_code == 400
    assert "Kelp-9-lantern" not in response.text


@pytest.mark.parametrize("content", [b"{", b"[]", b"\xff", b'"text"'])
def test_body_that_is_no_json_object_is_refused(tenant: Tenant, content: bytes) -> None:
    response = tenant.client("administer").post(
        "/v1.0/users", content=content, headers={"Content-Type": "application/json"}
    )
    assert refusal(response)[:2] == (400, "BadRequest")


def test_body_of_another_content_type_is_refused(tenant: Tenant) -> None:
    response = tenant.client("administer").post("/v1.0/users", content="a=b", headers={"Content-Type": "text/plain"})
    status, _, message = refusal(response)
    assert status == 400
    assert "text/plain" in message


def test_action_with_an_unknown_parameter_is_refused_by_name(tenant: Tenant) -> None:
    response = tenant.client("administer").post(
        "/v1.0/users/alex.moore@contoso.example/assignLicense", json={"addLicences": [], "removeLicenses": []}
    )
    status, _, message = refusal(response)
    assert status == 400
    assert "'addLicences'" in message


def test_action_with_a_parameter_of_the_wrong_kind_is_refused_by_name(tenant: Tenant) -> None:
    response = tenant.client("administer").post(
        "/v1.0/users/alex.moore@contoso.example/assignLicense", json={"addLicenses": [], "removeLicenses": [{}]}
    )
    status, _, message = refusal(response)
    assert status == 400
    assert "'removeLicenses'" in message


def test_method_that_a_path_does_not_take_is_refused_with_those_it_takes(tenant: Tenant) -> None:
    response = tenant.client("administer").put("/v1.0/users", json={})
    assert response.status_code == 405
    assert "'PUT'" in response.json()["error"]["message"]
    assert response.headers["Allow"] == "GET, POST"


def test_refusal_has_graphs_shape_and_both_request_ids(tenant: Tenant) -> None:
    response = tenant.client("administer").get("/v1.0/widgets", headers={"client-request-id": "mine"})
    error = response.json()["error"]
    assert set(error) == {"code", "message", "innerError"}
    assert set(error["innerError"]) == {"date", "request-id", "client-request-id"}
    assert response.headers["request-id"] == error["innerError"]["request-id"]
    assert response.headers["client-request-id"] == error["innerError"]["client-request-id"] == "mine"


def test_alternate_key_finds_the_object(tenant: Tenant) -> None:
    client = tenant.client("administer")
    by_key = client.get("/v1.0/servicePrincipals(appId='00000003-0000-0000-c000-000000000000')")
    assert by_key.json()["displayName"] == "Microsoft Graph"
    missing = client.get("/v1.0/servicePrincipals(appId='00000003-0000-0000-c000-0000000000ff')")
    assert missing.status_code == 404
