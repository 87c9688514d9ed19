"""Replicas that lag: reads that find the directory as it was, and references to objects that have not arrived."""

from pathlib import Path
from typing import Any

import pytest

from sandbox.control import ControlError
from sandbox.seed import Seed, SeedError
from sandbox.server import start
from sandbox.trouble.lag import LagRule
from tests.sandbox.conftest import Tenant, create_user, refusal
from tests.sandbox.rows.policies import policy

USER = "GET /users/{id}"
OTHER = "/v1.0/users/alex.moore@contoso.example"


def test_reads_of_a_fresh_object_miss_it_as_often_as_declared(tenant: Tenant) -> None:
    client = tenant.client("administer")
    tenant.control.lag({"route": USER, "reads": 2})
    path = f"/v1.0/users/{create_user(client)['id']}"
    assert [client.get(path).status_code for _ in range(4)] == [404, 404, 200, 200]
    told = [each.get("stale", False) for each in tenant.control.journal() if each["method"] == "GET"]
    assert told == [True, True, False, False]


def test_reads_meet_old_values_for_the_seconds_declared_by_the_tenants_clock(tenant: Tenant) -> None:
    client = tenant.client("administer")
    tenant.control.freeze_clock()
    tenant.control.lag({"route": USER, "seconds": 30})
    client.patch(OTHER, json={"jobTitle": "Clerk"})
    assert client.get(OTHER).json()["jobTitle"] is None
    tenant.control.advance_clock(29)
    assert client.get(OTHER).json()["jobTitle"] is None
    tenant.control.advance_clock(1)
    assert client.get(OTHER).json()["jobTitle"] == "Clerk"


def test_changes_arrive_one_after_the_other(tenant: Tenant) -> None:
    client = tenant.client("administer")
    tenant.control.freeze_clock()
    tenant.control.lag({"route": USER, "seconds": 10})
    for title in ("Clerk", "Head"):
        client.patch(OTHER, json={"jobTitle": title})
        tenant.control.advance_clock(6)
    assert client.get(OTHER).json()["jobTitle"] == "Clerk"
    tenant.control.advance_clock(6)
    assert client.get(OTHER).json()["jobTitle"] == "Head"


def test_alternating_replicas_answer_in_turns(tenant: Tenant) -> None:
    client = tenant.client("administer")
    tenant.control.lag({"route": USER, "reads": 2, "alternating": True})
    path = f"/v1.0/users/{create_user(client)['id']}"
    assert [client.get(path).status_code for _ in range(6)] == [404, 200, 404, 200, 200, 200]


def test_lists_lag_while_single_reads_do_not(tenant: Tenant) -> None:
    client = tenant.client("administer")
    tenant.control.lag({"route": "GET /users", "reads": 1})
    user = create_user(client)
    assert client.get(f"/v1.0/users/{user['id']}").status_code == 200
    listed = [[each["id"] for each in client.get("/v1.0/users").json()["value"]] for _ in range(2)]
    assert [user["id"] in each for each in listed] == [False, True]


def test_deleted_object_is_still_read_from_a_replica_that_lags(tenant: Tenant) -> None:
    client = tenant.client("administer")
    tenant.control.lag({"route": USER, "reads": 1})
    client.delete(OTHER)
    assert [client.get(OTHER).status_code for _ in range(2)] == [200, 404]


def test_rule_about_certain_objects_leaves_others_alone(tenant: Tenant) -> None:
    client = tenant.client("administer")
    alex, kim = (tenant.user_id(f"{name}@contoso.example") for name in ("alex.moore", "kim.berg"))
    tenant.control.lag({"route": USER, "reads": 5, "objects": [alex]})
    for each in (alex, kim):
        client.patch(f"/v1.0/users/{each}", json={"jobTitle": "Clerk"})
    titles = [client.get(f"/v1.0/users/{each}").json()["jobTitle"] for each in (alex, kim)]
    assert titles == [None, "Clerk"]


@pytest.mark.parametrize("status", [404, 400])
def test_reference_to_a_fresh_object_is_refused_until_it_has_arrived(tenant: Tenant, status: int) -> None:
    client = tenant.client("administer")
    tenant.control.lag({"route": "POST /groups/{id}/members/$ref", "reads": 1, "refusal": status})
    user = create_user(client)
    path = f"/v1.0/groups/{tenant.group_id('sg-dashboard-readers')}/members/$ref"
    body = {"@odata.id": f"{tenant.running.base_url}/v1.0/directoryObjects/{user['id']}"}
    first, second = client.post(path, json=body), client.post(path, json=body)
    assert first.status_code == status
    if status == 400:
        assert "Not a valid reference update" in refusal(first)[2]
    assert second.status_code == 204


def test_write_to_a_fresh_object_is_refused_until_it_has_arrived(tenant: Tenant) -> None:
    client = tenant.client("administer")
    tenant.control.lag({"route": "PATCH /users/{id}", "reads": 1})
    path = f"/v1.0/users/{create_user(client)['id']}"
    assert [client.patch(path, json={"jobTitle": "Clerk"}).status_code for _ in range(2)] == [404, 204]


@pytest.mark.parametrize(
    ("route", "collection", "body", "change"),
    [
        (
            "PATCH /identity/conditionalAccess/policies/{id}",
            "/identity/conditionalAccess/policies",
            policy(),
            {"displayName": "Other"},
        ),
        (
            "PATCH /identity/conditionalAccess/namedLocations/{id}",
            "/identity/conditionalAccess/namedLocations",
            {
                "@odata.type": "#microsoft.graph.ipNamedLocation",
                "displayName": "Office",
                "ipRanges": [{"@odata.type": "#microsoft.graph.iPv4CidrRange", "cidrAddress": "203.0.113.0/24"}],
            },
            {"@odata.type": "#microsoft.graph.ipNamedLocation", "displayName": "Other"},
        ),
        (
            "PATCH /policies/authenticationStrengthPolicies/{id}",
            "/policies/authenticationStrengthPolicies",
            {"displayName": "Keys", "allowedCombinations": ["fido2"]},
            {"displayName": "Other"},
        ),
    ],
)
def test_write_to_a_fresh_object_outside_the_directory_is_refused_until_it_has_arrived(
    tenant: Tenant, route: str, collection: str, body: dict[str, Any], change: dict[str, Any]
) -> None:
    client = tenant.client("administer")
    tenant.control.lag({"route": route, "reads": 1})
    made = client.post(f"/v1.0{collection}", json=body).json()
    answers = [client.patch(f"/v1.0{collection}/{made['id']}", json=change) for _ in range(2)]
    assert answers[0].status_code == 404
    assert answers[1].is_success, answers[1].text


def test_fresh_method_of_a_user_is_not_deleted_until_it_has_arrived(tenant: Tenant) -> None:
    client = tenant.client("administer")
    passes = f"{OTHER}/authentication/temporaryAccessPassMethods"
    tenant.control.lag(
        {"route": "DELETE /users/{id}/authentication/temporaryAccessPassMethods/{method_id}", "reads": 1}
    )
    issued = client.post(passes, json={}).json()
    assert [client.delete(f"{passes}/{issued['id']}").status_code for _ in range(2)] == [404, 204]


def test_user_lags_under_the_login_as_under_the_id(tenant: Tenant) -> None:
    client = tenant.client("administer")
    tenant.control.lag({"route": "PATCH /users/{id}", "reads": 1})
    path = f"/v1.0/users/{create_user(client)['userPrincipalName']}"
    assert [client.patch(path, json={"jobTitle": "Clerk"}).status_code for _ in range(2)] == [404, 204]
    alex = tenant.user_id("alex.moore@contoso.example")
    tenant.control.lag({"route": USER, "reads": 1, "objects": [alex]})
    client.patch(OTHER, json={"jobTitle": "Clerk"})
    assert [client.get(OTHER).json()["jobTitle"] for _ in range(2)] == [None, "Clerk"]


def test_who_may_ask_is_judged_by_the_directory_as_it_is(tenant: Tenant) -> None:
    client = tenant.client("administer")
    tenant.control.lag({"route": "GET *", "seconds": 3600})
    tenant.control.grant("nobody", "User.Read.All")
    assert tenant.client("nobody").get("/v1.0/users").status_code == 200
    assert client.get("/v1.0/users").status_code == 200


def test_portal_meets_no_lag_and_ending_it_shows_everything(tenant: Tenant) -> None:
    client = tenant.client("administer")
    tenant.control.lag({"route": USER, "seconds": 3600})
    path = f"/v1.0/users/{create_user(client)['id']}"
    assert client.get(path).status_code == 404
    assert tenant.control.act("GET", path)["displayName"] == "Mara Holt"
    tenant.control.lag()
    assert client.get(path).status_code == 200


def test_seeded_rule_is_in_force_from_the_start(tenant: Tenant) -> None:
    tenant.reseed(lag=(LagRule(USER, reads=1),))
    client = tenant.client("administer")
    path = f"/v1.0/users/{create_user(client)['id']}"
    assert [client.get(path).status_code for _ in range(2)] == [404, 200]


@pytest.mark.parametrize(
    ("rule", "named"),
    [
        ({"route": USER}, "reads or seconds"),
        ({"route": USER, "reads": 1, "seconds": 1}, "reads or seconds"),
        ({"route": USER, "reads": 0}, "more than 0"),
        ({"route": "GET /user", "reads": 1}, "GET /user"),
        ({"route": USER, "reads": 1, "refusal": 500}, "404 or 400"),
        ({"route": USER, "raeds": 1}, "raeds"),
    ],
)
def test_rule_that_cannot_be_is_refused(tenant: Tenant, rule: dict[str, Any], named: str) -> None:
    with pytest.raises(ControlError, match=named.replace("(", "\\(")):
        tenant.control.lag(rule)


def test_seed_with_a_rule_about_no_row_is_refused(tenant: Tenant, tmp_path: Path) -> None:
    wrong = (LagRule("GET /user", reads=1),)
    with pytest.raises(ControlError, match="GET /user"):
        tenant.reseed(lag=wrong)
    with pytest.raises(SeedError, match="GET /user"):
        start(tmp_path, Seed(lag=wrong))


def test_text_that_ends_like_a_reference_is_no_reference(tenant: Tenant) -> None:
    client = tenant.client("administer")
    tenant.control.lag({"route": "PATCH /users/{id}", "seconds": 60})
    create_user(client)
    assert client.patch(OTHER, json={"jobTitle": "and/or/"}).status_code == 204
