"""Throttling of an application: what requests cost, when they are refused, and what the answers tell of it."""

import pytest

from sandbox.trouble.throttling import Throttling, cost_of, too_many_requests
from tests.sandbox.conftest import Tenant, refusal


@pytest.mark.parametrize(
    ("route", "query", "cost"),
    [
        ("GET /users", {}, 2),
        ("GET /users", {"$select": "id"}, 1),
        ("GET /users", {"$expand": "manager"}, 3),
        ("GET /users", {"$top": "5"}, 1),
        ("GET /users", {"$top": "20"}, 2),
        ("GET /users/{id}", {"$select": "id"}, 1),
        ("GET /groups/{id}/members", {}, 3),
        ("POST /users", {}, 1),
    ],
)
def test_cost_of_a_request_follows_its_row_and_options(route: str, query: dict[str, str], cost: int) -> None:
    assert cost_of(route, query) == cost


def test_budget_of_an_application_refuses_it_until_the_window_has_passed(tenant: Tenant) -> None:
    client, other = tenant.client("administer"), tenant.client("deploy")
    tenant.control.freeze_clock()
    tenant.control.throttle(is_on=True, units=4, window_seconds=10)
    answers = [client.get("/v1.0/users") for _ in range(3)]
    assert [each.status_code for each in answers] == [200, 200, 429]
    assert [each.headers["x-ms-resource-unit"] for each in answers] == ["2", "2", "2"]
    assert "x-ms-throttle-limit-percentage" not in answers[0].headers
    assert answers[1].headers["x-ms-throttle-limit-percentage"] == "1.0"
    assert answers[2].headers["Retry-After"] == "10.000"
    assert answers[2].headers["x-ms-throttle-scope"].startswith("Tenant_Application")
    assert refusal(answers[2])[1] == "TooManyRequests"
    assert other.get("/v1.0/users").status_code == 200
    tenant.control.advance_clock(10)
    assert client.get("/v1.0/users").status_code == 200


def test_writes_have_a_budget_of_their_own(tenant: Tenant) -> None:
    client = tenant.client("administer")
    tenant.control.throttle(is_on=True, writes=1, decimal_wait=False)
    path = "/v1.0/users/kim.berg@contoso.example"
    answers = [client.patch(path, json={"jobTitle": "Clerk"}) for _ in range(2)]
    assert [each.status_code for each in answers] == [204, 429]
    assert answers[1].headers["Retry-After"] == "150"
    assert client.get(path).status_code == 200


def test_seeded_limits_are_in_force_from_the_start_and_off_by_default(tenant: Tenant) -> None:
    client = tenant.client("administer")
    assert "x-ms-resource-unit" not in client.get("/v1.0/users").headers
    tenant.reseed(throttling=Throttling(is_on=True, units=2))
    assert [tenant.client("administer").get("/v1.0/users").status_code for _ in range(2)] == [200, 429]


def test_refusal_without_a_wait_names_none() -> None:
    assert "Retry-After" not in too_many_requests(None).headers
    assert too_many_requests(0.2).headers["Retry-After"] == "1"
    assert too_many_requests(2.128, is_decimal=True).headers["Retry-After"] == "2.128"
