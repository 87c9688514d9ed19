"""`/$batch`: many requests in one, each with its own permissions, headers, status and entry in the journal."""

import base64
from typing import Any

import httpx
import pytest

from tests.sandbox.conftest import Tenant, refusal, user_body

_JSON = {"Content-Type": "application/json"}


def _get(step_id: str, url: str, **further: Any) -> dict[str, Any]:
    return {"id": step_id, "method": "GET", "url": url, **further}


def _send(client: httpx.Client, *requests: Any, version: str = "v1.0") -> dict[str, dict[str, Any]]:
    response = client.post(f"/{version}/$batch", json={"requests": list(requests)})
    assert response.status_code == 200, response.text
    return {each["id"]: each for each in response.json()["responses"]}


def test_each_request_is_answered_by_itself(tenant: Tenant) -> None:
    answers = _send(
        tenant.client("administer"),
        _get("one", "/users?$select=displayName&$top=1"),
        _get("two", "groups/00000000-0000-0000-0000-000000000000"),
        {"id": "three", "method": "POST", "url": "/users", "headers": _JSON, "body": user_body()},
        {"id": "four", "method": "PATCH", "url": "/users/alex.moore@contoso.example", "headers": _JSON, "body": {}},
        {"id": "five", "method": "DELETE", "url": "/users/kim.berg@contoso.example"},
    )
    assert {name: each["status"] for name, each in answers.items()} == {
        "one": 200,
        "two": 404,
        "three": 201,
        "four": 204,
        "five": 204,
    }
    assert set(answers["one"]["body"]["value"][0]) == {"displayName"}
    assert answers["one"]["headers"]["Content-Type"] == "application/json"
    assert answers["two"]["body"]["error"]["code"] == "Request_ResourceNotFound"
    assert answers["three"]["body"]["displayName"] == "Mara Holt"
    assert "body" not in answers["five"]


def test_each_request_sees_what_those_before_it_did(tenant: Tenant) -> None:
    rename = {"id": "2", "method": "PATCH", "url": "/users/kim.berg@contoso.example", "headers": _JSON}
    found = "/users?$filter=displayName eq 'Renamed'"
    answers = _send(
        tenant.client("administer"),
        _get("1", found),
        {**rename, "body": {"displayName": "Renamed"}},
        _get("3", found),
    )
    assert (answers["1"]["body"]["value"], len(answers["3"]["body"]["value"])) == ([], 1)


def test_headers_stand_in_the_request_and_not_in_the_batch(tenant: Tenant) -> None:
    client = tenant.client("administer")
    client.headers["ConsistencyLevel"] = "eventual"
    eventual = {"headers": {"consistencylevel": "Eventual", "client-request-id": "mine"}}
    answers = _send(client, _get("1", "/users/$count"), _get("2", "/users/$count", **eventual))
    assert answers["1"]["status"] == 400
    assert base64.b64decode(answers["2"]["body"]) == b"4"
    assert answers["2"]["headers"]["client-request-id"] == "mine"


def test_permissions_are_those_of_each_request(tenant: Tenant) -> None:
    answers = _send(tenant.client("nobody"), _get("1", "/users"), _get("2", "/directoryRoleTemplates"))
    assert {each["status"] for each in answers.values()} == {403}
    anonymous = tenant.anonymous().post("/v1.0/$batch", json={"requests": [_get("1", "/users")]})
    assert anonymous.status_code == 401


def test_request_that_depends_on_a_failed_one_is_not_sent(tenant: Tenant) -> None:
    answers = _send(
        tenant.client("administer"),
        _get("1", "/users"),
        _get("2", "/users/nobody@contoso.example", dependsOn=["1"]),
        {"id": "3", "method": "DELETE", "url": "/users/kim.berg@contoso.example", "dependsOn": ["1", "2"]},
        _get("4", "/users", dependsOn=["3"]),
        _get("5", "/users", dependsOn=["1"]),
    )
    assert [answers[each]["status"] for each in "12345"] == [200, 404, 424, 424, 200]
    assert tenant.client("administer").get("/v1.0/users/kim.berg@contoso.example").status_code == 200


def test_each_request_has_an_entry_of_its_own(tenant: Tenant) -> None:
    _send(tenant.client("nobody"), _get("1", "/users?$top=2"), _get("2", "/kelp"))
    first, second, whole = tenant.control.journal()[-3:]
    assert (first["path"], first["status"], first["route"]) == ("/v1.0/users", 403, "GET /users")
    assert first["query"] == {"$top": "2"}
    assert (second["path"], second["status"]) == ("/v1.0/kelp", 400)
    assert (whole["route"], whole["status"]) == ("POST /$batch", 200)
    assert first["batch"] == second["batch"] == whole["request_id"]


def test_secrets_in_a_batch_are_masked_in_the_journal(tenant: Tenant) -> None:
    _send(
        tenant.client("administer"),
        {"id": "1", "method": "POST", "url": "/users", "headers": _JSON, "body": user_body()},
    )
    assert "Kelp-9-lantern" not in str(tenant.control.journal())


def test_batch_of_the_beta_version_asks_beta(tenant: Tenant) -> None:
    url = "/groups?$select=writebackConfiguration"
    assert _send(tenant.client("administer"), _get("1", url), version="beta")["1"]["status"] == 200
    assert _send(tenant.client("administer"), _get("1", url))["1"]["status"] == 400


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({}, "'requests'"),
        ({"requests": []}, "'requests'"),
        ({"requests": {}}, "'requests'"),
        ({"requests": ["x"]}, "object"),
        ({"requests": [_get("1", "/users")], "kelp": 1}, "'kelp'"),
        ({"requests": [_get("1", "/users", kelp=1)]}, "'kelp'"),
        ({"requests": [{"method": "GET", "url": "/users"}]}, "'id'"),
        ({"requests": [_get("1", "/users"), _get("1", "/groups")]}, "'1'"),
        ({"requests": [_get("1", "/users", dependsOn=["2"]), _get("2", "/users")]}, "'2'"),
        ({"requests": [_get("1", "/users", dependsOn="2")]}, "'dependsOn'"),
        ({"requests": [_get("1", "/users", depends_on=["2"])]}, "'depends_on'"),
        ({"requests": [_get("1", "/users", headers=["a"])]}, "headers"),
        ({"requests": [{"id": "1", "method": "KELP", "url": "/users"}]}, "'KELP'"),
        ({"requests": [_get("1", "https://graph.microsoft.com/v1.0/users")]}, "'1'"),
        ({"requests": [{"id": "1", "method": "POST", "url": "/$batch", "headers": _JSON, "body": {}}]}, "'1'"),
        ({"requests": [{"id": "9", "method": "POST", "url": "/users", "body": user_body()}]}, "id : 9"),
        ({"requests": [{"id": "9", "method": "POST", "url": "/users", "headers": _JSON}]}, "id : 9"),
    ],
)
def test_malformed_batch_is_refused_as_a_whole(tenant: Tenant, body: Any, named: str) -> None:
    status, code, message = refusal(tenant.client("administer").post("/v1.0/$batch", json=body))
    assert (status, code) == (400, "BadRequest")
    assert named in message


def test_batch_of_more_than_twenty_is_refused(tenant: Tenant) -> None:
    client = tenant.client("administer")
    assert len(_send(client, *(_get(str(number), "/users") for number in range(20)))) == 20
    response = client.post("/v1.0/$batch", json={"requests": [_get(str(number), "/users") for number in range(21)]})
    assert refusal(response) == (
        400,
        "MaximumValueExceeded",
        "Number of batch request steps exceeds the maximum value of 20.",
    )
