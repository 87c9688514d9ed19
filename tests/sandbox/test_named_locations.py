"""Named locations: what may be saved, what comes back, and what a used or trusted one keeps from."""

from typing import Any

import pytest

from sandbox.behaviour import Behaviour
from tests.sandbox.conftest import Tenant, refusal
from tests.sandbox.rows.policies import country_location, ip_location, policy

_PATH = "/v1.0/identity/conditionalAccess/namedLocations"
_POLICIES = "/v1.0/identity/conditionalAccess/policies"


def test_ranges_come_back_in_order_under_their_own_type(tenant: Tenant) -> None:
    client = tenant.client("deploy")
    created = client.post(_PATH, json=ip_location("203.0.113.0/24", "2001:db8::/32", is_trusted=True))
    assert created.status_code == 201
    shown = client.get(f"{_PATH}/{created.json()['id']}").json()
    assert shown["@odata.type"] == "#microsoft.graph.ipNamedLocation"
    assert shown["isTrusted"] is True
    assert shown["ipRanges"] == [
        {"@odata.type": "#microsoft.graph.iPv4CidrRange", "cidrAddress": "203.0.113.0/24"},
        {"@odata.type": "#microsoft.graph.iPv6CidrRange", "cidrAddress": "2001:db8::/32"},
    ]


def test_both_kinds_are_listed_with_their_type_and_found_by_name(tenant: Tenant) -> None:
    client = tenant.client("deploy")
    client.post(_PATH, json=ip_location(name="Office"))
    client.post(_PATH, json=country_location("DE", name="Home"))
    listed = client.get(_PATH).json()["value"]
    assert [each["@odata.type"].rsplit(".", maxsplit=1)[1] for each in listed] == [
        "ipNamedLocation",
        "countryNamedLocation",
    ]
    found = client.get(_PATH, params={"$filter": "displayName eq 'Home'"}).json()["value"]
    assert [each["countriesAndRegions"] for each in found] == [["DE"]]


def test_change_keeps_what_it_does_not_name(tenant: Tenant) -> None:
    client = tenant.client("deploy")
    path = f"{_PATH}/{client.post(_PATH, json=country_location('DE', 'AT')).json()['id']}"
    kind = "#microsoft.graph.countryNamedLocation"
    assert client.patch(path, json={"@odata.type": kind, "countriesAndRegions": ["CH"]}).status_code == 204
    shown = client.get(path).json()
    assert (shown["displayName"], shown["countriesAndRegions"]) == ("Home", ["CH"])
    wrong = client.patch(path, json={"@odata.type": "#microsoft.graph.ipNamedLocation", "isTrusted": True})
    assert wrong.status_code == 400


@pytest.mark.parametrize(
    ("body", "named"),
    [
        (ip_location(name=""), "displayName"),
        (ip_location("203.0.113.7"), "203.0.113.7"),
        (ip_location("203.0.113.0/33"), "203.0.113.0/33"),
        (ip_location("10.0.0.0/7"), "10.0.0.0/7"),
        ({**ip_location(), "ipRanges": []}, "ipRanges"),
        (country_location(), "countriesAndRegions"),
        (country_location("Germany"), "Germany"),
        ({**country_location("DE"), "countryLookupMethod": "tarot"}, "tarot"),
        ({**country_location("DE"), "isTrusted": True}, "isTrusted"),
        ({"displayName": "Nowhere"}, "@odata.type"),
    ],
)
def test_location_that_entra_would_not_save_is_refused(tenant: Tenant, body: dict[str, Any], named: str) -> None:
    status, code, message = refusal(tenant.client("deploy").post(_PATH, json=body))
    assert (status, code) == (400, "BadRequest")
    assert named in message


@pytest.mark.parametrize(("kept", "status"), [(True, 400), (False, 204)])
def test_location_that_a_policy_uses_is_deleted_only_where_the_tenant_lets_it(
    tenant: Tenant, kept: bool, status: int
) -> None:
    tenant.reseed(behaviour=Behaviour(used_named_locations_are_kept=kept))
    client = tenant.client("deploy")
    location_id = client.post(_PATH, json=ip_location()).json()["id"]
    body = policy(conditions__locations={"includeLocations": ["All"], "excludeLocations": [location_id]})
    assert client.post(_POLICIES, json=body).status_code == 201
    assert client.delete(f"{_PATH}/{location_id}").status_code == status


def test_locations_need_p1(tenant: Tenant) -> None:
    tenant.reseed(licences=())
    client = tenant.client("deploy")
    for response in (client.get(_PATH), client.post(_PATH, json=ip_location())):
        assert refusal(response)[:2] == (403, "AccessDenied")
