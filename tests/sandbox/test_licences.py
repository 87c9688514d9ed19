"""Licences given, changed and refused, and the subscriptions behind them."""

from typing import Any

import httpx
import pytest

from sandbox.seed import SeedLicence
from tests.sandbox.conftest import Tenant, create_user, refusal

_P1 = "078d2b04-f1bd-4111-bbd4-b4b1b354cef4"
_PLAN = "8a256a2b-b617-496d-b51b-e76466e88db0"
_OTHER_PLAN = "9aaf7827-d63c-4b61-89c3-182f06f82e5c"
_LOGINS = ("mara.holt@contoso.example", "lena.roth@contoso.example")


@pytest.fixture
def client(tenant: Tenant) -> httpx.Client:
    return tenant.client("administer")


def _assign(client: httpx.Client, user: str, *added: dict[str, Any], removed: tuple[str, ...] = ()) -> httpx.Response:
    body = {"addLicenses": list(added), "removeLicenses": list(removed)}
    return client.post(f"/v1.0/users/{user}/assignLicense", json=body)


def test_licence_without_a_plan_says_so_and_is_changed_by_giving_it_again(client: httpx.Client) -> None:
    user = create_user(client, usageLocation="DE")["id"]
    assert _assign(client, user, {"skuId": _P1, "disabledPlans": [_PLAN]}).status_code == 200

    details = f"/v1.0/users/{user}/licenseDetails/{_P1}"
    plans = {each["servicePlanId"]: each["provisioningStatus"] for each in client.get(details).json()["servicePlans"]}
    assert plans[_PLAN] == "Disabled"
    assert _assign(client, user, {"skuId": _P1.upper()}).status_code == 200
    states = client.get(f"/v1.0/users/{user}?$select=licenseAssignmentStates").json()["licenseAssignmentStates"]
    assert [(each["skuId"], each["disabledPlans"], each["state"]) for each in states] == [(_P1, [], "Active")]


@pytest.mark.parametrize(
    ("added", "removed", "named"),
    [
        ([{"skuId": _P1, "disabledPlans": [_OTHER_PLAN]}], (), _OTHER_PLAN),
        ([{"skuId": _P1}, {"skuId": _P1}], (), "twice"),
        ([{"skuId": _P1}], (_P1,), "twice"),
        ([{"disabledPlans": []}], (), "does not correspond"),
    ],
)
def test_licence_that_makes_no_sense_is_refused(
    client: httpx.Client, added: list[dict[str, Any]], removed: tuple[str, ...], named: str
) -> None:
    user = create_user(client, usageLocation="DE")["id"]
    status, code, message = refusal(_assign(client, user, *added, removed=removed))

    assert (status, code) == (400, "Request_BadRequest")
    assert named in message
    assert client.get(f"/v1.0/users/{user}?$select=assignedLicenses").json()["assignedLicenses"] == []


def test_deleted_user_keeps_the_seat_until_it_is_gone_for_good(tenant: Tenant) -> None:
    tenant.reseed(licences=(SeedLicence("AAD_PREMIUM", seats=1),))
    client = tenant.client("administer")
    first, second = (create_user(client, login, usageLocation="DE")["id"] for login in _LOGINS)
    assert _assign(client, first, {"skuId": _P1}).status_code == 200
    client.delete(f"/v1.0/users/{first}")

    assert "available licenses" in refusal(_assign(client, second, {"skuId": _P1}))[2]
    assert client.delete(f"/v1.0/directory/deletedItems/{first}").status_code == 204
    assert _assign(client, second, {"skuId": _P1}).status_code == 200


def test_subscription_is_read_by_its_joined_id_only(tenant: Tenant, client: httpx.Client) -> None:
    path = "/v1.0/subscribedSkus"

    assert client.get(f"{path}/{tenant.running.tenant_id}_{_P1}").json()["skuPartNumber"] == "AAD_PREMIUM"
    assert client.get(f"{path}/{_P1}").status_code == 404
    user = create_user(client)["id"]
    assert client.get(f"/v1.0/users/{user}/licenseDetails/{_P1}").status_code == 404
    assert client.get("/v1.0/organization/11111111-1111-4111-8111-111111111111").status_code == 404
