"""The tenant's clock: set, moved, frozen, and what follows it."""

from datetime import UTC, datetime, timedelta

import pytest

from sandbox.control import ControlError
from sandbox.control_api import Asked, answer
from sandbox.keys import ServerKeys
from sandbox.tenant import Tenants
from sandbox.tokens import TokenAuthority
from tests.sandbox.conftest import SEED, Tenant

KIM = "/v1.0/users/kim.berg@contoso.example"


def test_clock_runs_on_from_the_moment_it_was_set_to(tenant: Tenant) -> None:
    tenant.control.set_clock("2027-03-01T12:00:00Z")
    told = tenant.control.clock()
    assert told["running"] is True
    assert told["now"].startswith("2027-03-01T12:00:0")


def test_frozen_clock_stands_still_until_it_is_moved_or_runs(tenant: Tenant) -> None:
    tenant.control.set_clock("2027-03-01T12:00:00Z")
    tenant.control.freeze_clock()
    tenant.control.set_clock("2027-03-01T12:00:00Z")
    tenant.control.advance_clock(90)
    assert tenant.control.clock() == {"now": "2027-03-01T12:01:30Z", "running": False}
    tenant.control.run_clock()
    told = tenant.control.clock()
    assert told["running"] is True
    assert told["now"].startswith("2027-03-01T12:01:3")


def test_frozen_clock_that_is_set_with_an_offset_tells_the_time_in_utc(tenant: Tenant) -> None:
    client = tenant.client("administer")
    tenant.control.freeze_clock()
    tenant.control.set_clock(f"{datetime.now(UTC):%Y-%m-%d}T17:00:00+05:00")
    told = client.get("/v1.0/users/stranger").json()["error"]["innerError"]["date"]
    assert told == f"{datetime.now(UTC):%Y-%m-%d}T12:00:00"


def test_time_that_has_passed_by_itself_shows_in_control_requests_too() -> None:
    tenants = Tenants("https://localhost", [SEED], TokenAuthority(ServerKeys.new().token_key))
    tenants.first.directory.recycle_bin["kim"] = {
        "type": "user",
        "object": {"id": "kim", "deletedDateTime": tenants.first.clock.stamp()},
    }
    tenants.first.clock.advance(timedelta(days=31))
    status, snapshot = answer(tenants, Asked("GET", "snapshot", None, None))
    assert (status, snapshot["recycle_bin"]) == (200, {})


def test_reset_brings_real_time_back(tenant: Tenant) -> None:
    tenant.control.set_clock("2027-03-01T12:00:00Z")
    tenant.control.freeze_clock()
    tenant.control.reset()
    told = tenant.control.clock()
    assert told["running"] is True
    apart = datetime.now(UTC) - datetime.fromisoformat(told["now"])
    assert abs(apart.total_seconds()) < 5


def test_tokens_end_with_the_tenants_time(tenant: Tenant) -> None:
    client = tenant.client("administer")
    tenant.control.freeze_clock()
    tenant.control.advance_clock(3890)
    assert client.get(KIM).status_code == 200
    tenant.control.advance_clock(11)
    assert client.get(KIM).status_code == 401
    assert tenant.client("administer").get(KIM).status_code == 200


def test_deleted_objects_go_for_good_after_thirty_days_without_anybodys_asking(tenant: Tenant) -> None:
    tenant.client("administer").delete(KIM)
    tenant.control.advance_clock(30 * 24 * 3600 - 60)
    assert tenant.control.snapshot()["recycle_bin"]
    tenant.control.advance_clock(61)
    assert not tenant.control.snapshot()["recycle_bin"]


def test_journal_tells_the_tenants_time_and_real_durations(tenant: Tenant) -> None:
    client = tenant.client("administer")
    tenant.control.set_clock("2027-03-01T12:00:00Z")
    tenant.control.freeze_clock()
    tenant.control.clear_journal()
    tenant.client("administer").get(KIM)
    tenant.control.set_clock("2020-01-01T00:00:00Z")
    client.get(KIM)
    entries = tenant.control.journal()
    assert [each["time"][:10] for each in entries] == ["2027-03-01", "2027-03-01", "2020-01-01"]
    assert [each["n"] for each in entries] == sorted(each["n"] for each in entries)
    assert all(0 < each["seconds"] < 10 for each in entries)


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("set-clock", {"now": "tomorrow"}),
        ("set-clock", {}),
        ("advance-clock", {"seconds": "9"}),
        ("advance-clock", {"seconds": True}),
        ("advance-clock", {"seconds": 1e12}),
        ("advance-clock", {"seconds": 1e300}),
        ("advance-clock", {"seconds": -50 * 366 * 24 * 3600}),
        ("set-clock", {"now": "0001-01-02T00:00:00Z"}),
        ("set-clock", {"now": "0001-01-01T00:00:00+14:00"}),
        ("set-clock", {"now": "9999-12-31T23:59:59Z"}),
    ],
)
def test_clock_that_cannot_be_moved_so_says_why_and_stays(tenant: Tenant, name: str, body: dict[str, object]) -> None:
    response = tenant.anonymous().post(f"/_sandbox/{name}", json=body)
    assert response.status_code == 400, response.text
    assert tenant.control.clock()["now"][:10] == datetime.now(UTC).strftime("%Y-%m-%d")


def test_control_request_with_a_body_that_is_no_object_is_refused(tenant: Tenant) -> None:
    response = tenant.anonymous().post("/_sandbox/advance-clock", json=[60])
    assert response.status_code == 400
    with pytest.raises(ControlError, match="'seconds'"):
        tenant.control.advance_clock("x")  # type: ignore[arg-type] # what is refused


def test_every_answer_carries_the_tenants_time_as_its_date(tenant: Tenant) -> None:
    tenant.control.freeze_clock()
    tenant.control.set_clock("2027-03-01T12:00:00Z")
    answered = tenant.client("administer").get(KIM)
    assert answered.headers.get_list("date") == ["Mon, 01 Mar 2027 12:00:00 GMT"]
