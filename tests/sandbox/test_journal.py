"""What the journal keeps of secrets in odd places: nothing."""

import json
from typing import Any

import httpx
import pytest

from tests.sandbox.conftest import Tenant, user_body
from tests.sandbox.people import CLI

_SECRET = "Canary-7-lantern"
_JSON = {"content-type": "application/json"}
_FORM = {"content-type": "application/x-www-form-urlencoded"}
_PROFILE = json.dumps({"passwordProfile": {"password": _SECRET}})


def _users(**profile: Any) -> dict[str, Any]:
    return {"url": "/v1.0/users", "json": user_body(**profile)}


def _batch(**changes: Any) -> dict[str, Any]:
    item = {"id": "1", "method": "POST", "url": "/users", "headers": _JSON, **changes}
    return {"url": "/v1.0/$batch", "json": {"requests": [item]}}


@pytest.mark.parametrize(
    "sent",
    [
        _users(passwordProfile={"password": [_SECRET]}),
        _users(passwordProfile={"password": {"value": _SECRET}}),
        _users(passwordProfile={"pass word": _SECRET}),
        _users(passwordProfile=_SECRET),
        {"url": "/v1.0/users", "json": _SECRET},
        {"url": "/v1.0/users", "data": {"passwordProfile[password]": _SECRET}},
        {"url": "/v1.0/users", "content": _PROFILE, "headers": _FORM},
        _batch(body=_PROFILE),
        _batch(body={}, headers={**_JSON, "Authorization": f"Bearer {_SECRET}"}),
        _batch(method="GET", url=f"/users?$filter=passwordProfile/password eq '{_SECRET}'"),
    ],
)
def test_request_to_graph_leaves_no_secret_however_it_is_written(tenant: Tenant, sent: dict[str, Any]) -> None:
    tenant.client("administer").post(**sent)
    kept = tenant.control.journal()
    assert kept
    assert _SECRET not in json.dumps(kept)


def test_filter_on_a_secret_is_not_kept_and_a_selection_is(tenant: Tenant) -> None:
    client = tenant.client("administer")
    client.get("/v1.0/users", params={"$filter": f"passwordProfile/password eq '{_SECRET}'"})
    client.get("/v1.0/users", params={"$select": "id,passwordProfile", "$filter": "displayName eq 'Mara'"})
    first, second = (each["query"] for each in tenant.control.journal()[-2:])
    assert first == {"$filter": "(masked)"}
    assert second == {"$select": "id,passwordProfile", "$filter": "displayName eq 'Mara'"}


@pytest.mark.parametrize(
    "sent",
    [
        {"json": {"client_id": CLI, "grant_type": "client_credentials", "client_secret": _SECRET}},
        {"files": {"client_secret": (None, _SECRET)}},
        {"content": f"grant_type=password;client_secret={_SECRET}", "headers": _FORM},
        {"content": f"grant_type=password&client_secret+={_SECRET}&Client-Secret={_SECRET}", "headers": _FORM},
    ],
)
def test_token_request_leaves_no_secret_and_shows_none_however_it_is_written(
    tenant: Tenant, sent: dict[str, Any]
) -> None:
    answer = tenant.anonymous().post(f"/{tenant.running.tenant_id}/oauth2/v2.0/token", **sent)
    assert answer.status_code == 400
    assert _SECRET not in answer.text
    assert _SECRET not in json.dumps(tenant.control.journal())


def test_password_typed_as_login_stands_neither_in_the_answer_nor_in_the_log(tenant: Tenant) -> None:
    form = {"grant_type": "password", "client_id": CLI, "username": _SECRET, "password": "x", "scope": "User.Read"}
    answer = tenant.anonymous().post(f"/{tenant.running.tenant_id}/oauth2/v2.0/token", data=form)
    assert answer.json()["error_codes"] == [50034]
    assert _SECRET not in answer.text
    entries = tenant.control.snapshot()["sign_in_entries"]
    assert entries
    assert _SECRET not in json.dumps(entries)


def test_seed_that_is_refused_does_not_repeat_a_password(tenant: Tenant) -> None:
    user = {"user_principal_name": "x@contoso.example", "display_name": "X", "password": [_SECRET]}
    answer: httpx.Response = tenant.anonymous().post("/_sandbox/seed", json={"users": [user]})
    assert answer.status_code == 400
    assert "password" in answer.text
    assert _SECRET not in answer.text


def test_token_request_tells_for_whom_and_how_long_but_not_the_token(tenant: Tenant) -> None:
    token = tenant.token("administer")

    (kept,) = [entry for entry in tenant.control.journal() if entry["path"].endswith("/oauth2/v2.0/token")][-1:]

    assert kept["issued"]["is_delegated"] is False
    assert 3600 <= kept["issued"]["seconds"] <= 24 * 3600
    assert token not in json.dumps(kept)
