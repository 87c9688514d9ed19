"""Declared faults: which requests they befall, what happens to these, and what the journal tells of it."""

import time
from typing import Any

import httpx
import pytest

from sandbox.control import ControlError
from tests.sandbox.conftest import Tenant, create_user, refusal, user_body

USER = "GET /users/{id}"
THROTTLED = {"status": 429, "code": "TooManyRequests", "message": "Please retry again later."}
LOGIN = "/v1.0/users/kim.berg@contoso.example"


def _journal(tenant: Tenant, method: str, start: str) -> list[dict[str, Any]]:
    entries = tenant.control.journal()
    return [each for each in entries if each["method"] == method and each["path"].startswith(start)]


def test_status_fault_befalls_as_many_requests_as_declared_and_is_then_used_up(tenant: Tenant) -> None:
    client = tenant.client("administer")
    tenant.control.declare_faults({"route": USER, "times": 2, **THROTTLED, "headers": {"Retry-After": "2.128"}})
    answers = [client.get(LOGIN) for _ in range(3)]
    assert [each.status_code for each in answers] == [429, 429, 200]
    assert answers[0].headers["Retry-After"] == "2.128"
    assert refusal(answers[0]) == (429, "TooManyRequests", "Please retry again later.")
    assert tenant.control.unused_faults() == []


def test_fault_begins_at_the_nth_request_and_leaves_others_alone(tenant: Tenant) -> None:
    client = tenant.client("administer")
    tenant.control.declare_faults({"route": USER, "nth": 2, "status": 503})
    assert client.get("/v1.0/users").status_code == 200
    assert [client.get(LOGIN).status_code for _ in range(3)] == [200, 503, 200]


def test_faults_about_one_route_act_one_after_the_other(tenant: Tenant) -> None:
    client = tenant.client("administer")
    tenant.control.declare_faults({"route": USER, "status": 429}, {"route": USER, "status": 503})
    assert [client.get(LOGIN).status_code for _ in range(3)] == [429, 503, 200]


def test_fault_is_selected_by_expressions_over_the_whole_method_and_path(tenant: Tenant) -> None:
    client = tenant.client("administer")
    tenant.control.declare_faults({"method": "GET", "path": "/v1.0/users/[^/]+", "status": 503, "times": 9})
    assert client.get("/v1.0/users").status_code == 200
    assert client.get(f"{LOGIN}/memberOf").status_code == 200
    assert client.patch(LOGIN, json={"jobTitle": "Clerk"}).status_code == 204
    assert client.get(LOGIN).status_code == 503


def test_pattern_of_rows_befalls_every_row_it_names(tenant: Tenant) -> None:
    client = tenant.client("administer")
    tenant.control.declare_faults({"route": "GET /users*", "status": 503, "times": 9})
    assert client.get("/v1.0/users").status_code == client.get(LOGIN).status_code == 503
    assert client.get("/v1.0/groups").status_code == 200


def test_answer_before_the_effect_leaves_the_directory_as_it_was(tenant: Tenant) -> None:
    client = tenant.client("administer")
    tenant.control.declare_faults({"route": "POST /users", "status": 503, "message": "try later"})
    assert client.post("/v1.0/users", json=user_body()).status_code == 503
    create_user(client)


def test_answer_after_the_effect_hides_what_was_written(tenant: Tenant) -> None:
    client = tenant.client("administer")
    tenant.control.declare_faults({"route": "POST /users", "status": 404, "code": "X", "takes_effect": True})
    assert client.post("/v1.0/users", json=user_body()).status_code == 404
    assert tenant.user_id("mara.holt@contoso.example")
    (entry,) = _journal(tenant, "POST", "/v1.0/users")
    assert entry["status"] == 404
    assert entry["error"]["code"] == "X"
    told = {name: value for name, value in entry["fault"].items() if name != "number"}
    assert told == {"performed": True, "performed_with": 201, "status": 404}


@pytest.mark.parametrize("takes_effect", [False, True])
def test_reset_connection_before_or_after_the_effect(tenant: Tenant, takes_effect: bool) -> None:
    client = tenant.client("administer")
    tenant.control.declare_faults({"route": "POST /users", "reset": True, "takes_effect": takes_effect})
    with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
        client.post("/v1.0/users", json=user_body())
    users = tenant.control.snapshot()["users"].values()
    assert ("mara.holt@contoso.example" in [each["userPrincipalName"] for each in users]) is takes_effect
    (entry,) = _journal(tenant, "POST", "/v1.0/users")
    assert entry["status"] is None
    assert entry["fault"]["reset"] is True
    assert entry["body"]["passwordProfile"]["password"] == "(masked)"
    assert client.get("/v1.0/users").status_code == 200


def test_page_without_json_is_sent_as_it_stands(tenant: Tenant) -> None:
    client = tenant.client("administer")
    tenant.control.declare_faults({"route": USER, "status": 502, "text": "<html><h1>Bad Gateway</h1></html>"})
    answer = client.get(LOGIN)
    assert answer.status_code == 502
    assert answer.headers["Content-Type"] == "text/html"
    assert answer.text == "<html><h1>Bad Gateway</h1></html>"


def test_truncated_answer_ends_in_the_middle_of_its_body(tenant: Tenant) -> None:
    client = tenant.client("administer")
    tenant.control.declare_faults({"route": USER, "truncate_at": 20})
    with pytest.raises(httpx.RemoteProtocolError, match="without sending complete message body"):
        client.get(LOGIN)
    assert client.get(LOGIN).status_code == 200


def test_answer_cut_off_at_once_is_told_so(tenant: Tenant) -> None:
    client = tenant.client("administer")
    tenant.control.declare_faults({"route": USER, "truncate_at": 0})
    assert tenant.control.faults()[0]["fault"]["truncate_at"] == 0
    with pytest.raises(httpx.RemoteProtocolError):
        client.get(LOGIN)
    assert tenant.control.journal()[-1]["fault"]["truncate_at"] == 0


def test_slow_answer_comes_after_its_effect_and_its_seconds(tenant: Tenant) -> None:
    client = tenant.client("administer")
    tenant.control.declare_faults({"route": "POST /users", "seconds": 0.4})
    with pytest.raises(httpx.ReadTimeout):
        client.post("/v1.0/users", json=user_body(), timeout=0.1)
    assert tenant.user_id("mara.holt@contoso.example")
    tenant.control.declare_faults({"route": USER, "seconds": 0.3})
    started = time.monotonic()
    assert client.get(LOGIN).status_code == 200
    assert time.monotonic() - started >= 0.3


def test_slow_answer_keeps_nobody_else_waiting(tenant: Tenant) -> None:
    client, other = tenant.client("administer"), tenant.client("deploy")
    tenant.control.declare_faults({"route": USER, "seconds": 5})
    with pytest.raises(httpx.ReadTimeout):
        client.get(LOGIN, timeout=0.05)
    started = time.monotonic()
    assert other.get("/v1.0/users").status_code == 200
    assert time.monotonic() - started < 2


def test_permission_withdrawn_halfway_is_missing_from_that_request_on(tenant: Tenant) -> None:
    client = tenant.client("administer")
    loss = {"identity": "administer", "permission": "Domain.Read.All"}
    tenant.control.declare_faults({"route": "GET /domains", "nth": 2, "withdraw": loss})
    assert [client.get("/v1.0/domains").status_code for _ in range(3)] == [200, 200, 200]
    for each in ("Directory.Read.All", "Directory.ReadWrite.All"):
        tenant.control.declare_faults(
            {"route": "GET /domains", "nth": 2, "withdraw": {"identity": "administer", "permission": each}}
        )
    assert [client.get("/v1.0/domains").status_code for _ in range(3)] == [200, 403, 403]
    assert tenant.client("administer").get("/v1.0/domains").status_code == 403
    assert tenant.client("deploy").get("/v1.0/domains").status_code == 200
    tenant.control.reset()
    assert tenant.client("administer").get("/v1.0/domains").status_code == 200


@pytest.mark.parametrize(
    ("route", "ask"),
    [
        ("POST /{tenant}/oauth2/v2.0/token", lambda tenant: tenant.ask_token(client_id="x", client_secret="y")),
        (
            "GET /metadata/endpoints",
            lambda tenant: tenant.anonymous().get("/metadata/endpoints", params={"api-version": "2022-09-01"}),
        ),
    ],
)
def test_endpoints_before_sign_in_have_faults_too(tenant: Tenant, route: str, ask: Any) -> None:
    tenant.control.declare_faults({"route": route, "status": 503, "code": "temporarily_unavailable"})
    answer = ask(tenant)
    assert answer.status_code == 503
    assert "temporarily_unavailable" in answer.text
    (entry,) = [each for each in tenant.control.journal() if "fault" in each]
    assert entry["status"] == 503


def test_request_inside_a_batch_meets_a_fault_of_its_own(tenant: Tenant) -> None:
    client = tenant.client("administer")
    tenant.control.declare_faults({"route": USER, "headers": {"Retry-After": "2"}, **THROTTLED})
    steps = [{"id": str(number), "method": "GET", "url": "/users/kim.berg@contoso.example"} for number in (1, 2)]
    answer = client.post("/v1.0/$batch", json={"requests": steps})
    assert answer.status_code == 200
    inner = {each["id"]: each for each in answer.json()["responses"]}
    assert (inner["1"]["status"], inner["2"]["status"]) == (429, 200)
    assert inner["1"]["headers"]["Retry-After"] == "2"
    assert inner["1"]["body"]["error"]["code"] == "TooManyRequests"
    assert [each["status"] for each in tenant.control.journal()[1:]] == [429, 200, 200]
    assert tenant.control.unused_faults() == []


def test_fault_of_a_whole_batch_befalls_none_of_its_requests(tenant: Tenant) -> None:
    client = tenant.client("administer")
    tenant.control.declare_faults({"route": "POST /$batch", "status": 503, "takes_effect": True})
    step = {"id": "1", "method": "GET", "url": "/users/kim.berg@contoso.example"}
    assert client.post("/v1.0/$batch", json={"requests": [step]}).status_code == 503
    inner, whole = tenant.control.journal()[1:]
    assert (inner["status"], "fault" in inner) == (200, False)
    assert (whole["status"], whole["fault"]["performed_with"]) == (503, 200)


def test_secret_of_a_token_request_that_a_fault_befell_is_masked_in_the_journal(tenant: Tenant) -> None:
    tenant.control.declare_faults({"path": "/.*/token", "status": 503})
    tenant.ask_token(client_id="x", client_secret="Very-9-secret")
    (entry,) = [each for each in tenant.control.journal() if "fault" in each]
    assert entry["body"]["client_id"] == "x"
    assert "Very-9-secret" not in str(entry)


def test_fault_meets_the_row_of_an_object_that_is_not_there(tenant: Tenant) -> None:
    client = tenant.client("administer")
    for route, path in (
        ("GET /servicePrincipals/{id}", "/v1.0/servicePrincipals(appId='11111111-1111-4111-8111-111111111111')"),
        ("GET /users/{id}", "/v1.0/users(userPrincipalName='stranger@contoso.example')"),
        ("GET /users/{id}", "/v1.0/me"),
    ):
        tenant.control.declare_faults({"route": route, "status": 503})
        assert client.get(path).status_code == 503, path
        assert client.get(path).status_code in {400, 404}, path


def test_unused_fault_is_listed_with_what_it_met(tenant: Tenant) -> None:
    client = tenant.client("administer")
    (number,) = tenant.control.declare_faults({"route": USER, "nth": 3, "times": 2, "status": 503})
    assert [client.get(LOGIN).status_code for _ in range(3)] == [200, 200, 503]
    (unused,) = tenant.control.unused_faults()
    assert unused["number"] == number
    assert (unused["met"], unused["acted"], unused["left"]) == (3, 1, 1)
    tenant.control.clear_faults()
    assert client.get(LOGIN).status_code == 200
    assert tenant.control.faults() == []


@pytest.mark.parametrize(
    ("fault", "named"),
    [
        ({"route": "GET /user/{id}", "status": 503}, "GET /user/{id}"),
        ({"route": "GET /widgets*", "status": 503}, "GET /widgets"),
        ({"status": 503}, "route or a path"),
        ({"route": USER}, "needs status"),
        ({"route": USER, "status": 503, "reset": True}, "one of"),
        ({"route": USER, "status": 200}, "from 400"),
        ({"route": USER, "status": 503, "nth": 0}, "nth"),
        ({"route": USER, "status": 503, "times": 0}, "times"),
        ({"route": USER, "status": 503, "tmes": 2}, "tmes"),
        ({"route": USER, "status": "503"}, "status"),
        ({"path": "/v1.0/(users", "status": 503}, "(users"),
        ({"route": USER, "seconds": 1, "takes_effect": True}, "takes_effect"),
        ({"route": USER, "reset": True, "headers": {"A": "b"}}, "headers"),
        ({"route": USER, "status": 503, "headers": {"Retry-After": 2}}, "headers"),
        ({"route": USER, "withdraw": {"identity": "x", "permission": "User.Read.All"}}, "'x'"),
        ({"route": USER, "withdraw": {"identity": "nobody", "permission": "User.Read.All"}}, "User.Read.All"),
    ],
)
def test_fault_that_cannot_be_is_refused_and_none_declared(tenant: Tenant, fault: dict[str, Any], named: str) -> None:
    with pytest.raises(ControlError, match="400") as refused:
        tenant.control.declare_faults({"route": USER, "status": 503}, fault)
    assert named in str(refused.value)
    assert tenant.control.faults() == []
