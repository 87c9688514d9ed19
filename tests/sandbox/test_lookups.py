"""What is found by a property's value is found as it is now, whoever changed it and however many objects there are."""

from typing import Any

import httpx
import pytest

from sandbox.directory.lookups import Lookups
from tests.sandbox.conftest import Tenant, create_user

_PATH = "/v1.0/users"


def _found(client: httpx.Client, text: str) -> list[str]:
    response = client.get(_PATH, params={"$filter": text})
    response.raise_for_status()
    return [each["userPrincipalName"] for each in response.json()["value"]]


def test_user_is_found_under_its_new_login_and_no_longer_under_its_old_one(
    tenant: Tenant, new_user: dict[str, Any]
) -> None:
    client = tenant.client("administer")
    old, new = new_user["userPrincipalName"], "mara.berg@contoso.example"
    assert _found(client, f"userPrincipalName eq '{old}'") == [old]
    assert _found(client, f"userPrincipalName eq '{new}'") == []
    client.patch(f"{_PATH}/{old}", json={"userPrincipalName": new}).raise_for_status()
    assert _found(client, f"userPrincipalName eq '{old}'") == []
    assert _found(client, f"userPrincipalName eq '{new.upper()}'") == [new]
    assert client.get(f"{_PATH}/{old}").status_code == 404
    assert client.get(f"{_PATH}/{new}").json()["id"] == new_user["id"]


def test_deleted_and_restored_user_is_found_accordingly(tenant: Tenant, new_user: dict[str, Any]) -> None:
    client = tenant.client("administer")
    text = "displayName eq 'Mara Holt'"
    assert len(_found(client, text)) == 1
    client.delete(f"{_PATH}/{new_user['id']}").raise_for_status()
    assert _found(client, text) == []
    client.post(f"/v1.0/directory/deletedItems/{new_user['id']}/restore").raise_for_status()
    assert len(_found(client, text)) == 1
    create_user(client, "mara.twin@contoso.example")
    assert _found(client, text) == [new_user["userPrincipalName"], "mara.twin@contoso.example"]


def test_what_the_portal_and_the_seed_change_is_found(tenant: Tenant) -> None:
    client = tenant.client("administer")
    assert _found(client, "displayName eq 'Renamed'") == []
    tenant.control.act("PATCH", f"{_PATH}/kim.berg@contoso.example", {"displayName": "Renamed"})
    assert _found(client, "displayName eq 'Renamed'") == ["kim.berg@contoso.example"]
    tenant.control.reset()
    assert _found(tenant.client("administer"), "displayName eq 'Renamed'") == []


def test_service_principal_is_found_by_the_name_that_its_application_has_now(tenant: Tenant) -> None:
    client = tenant.client("administer")
    application = client.post("/v1.0/applications", json={"displayName": "Kelp"}).json()
    client.post("/v1.0/servicePrincipals", json={"appId": application["appId"]}).raise_for_status()

    def found(name: str) -> int:
        query = {"$filter": f"displayName eq '{name}'"}
        return len(client.get("/v1.0/servicePrincipals", params=query).json()["value"])

    assert (found("Kelp"), found("Lantern")) == (1, 0)
    client.patch(f"/v1.0/applications/{application['id']}", json={"displayName": "Lantern"}).raise_for_status()
    assert (found("Kelp"), found("Lantern")) == (0, 1)


class _Watched(dict[str, Any]):
    """A record that counts how often it is looked at."""

    looks = 0

    def get(self, key: str, default: Any = None) -> Any:
        _Watched.looks += 1
        return super().get(key, default)


@pytest.mark.parametrize("number", [10, 1000])
def test_asking_again_while_nothing_changes_looks_at_no_object(number: int) -> None:
    lookups = Lookups()
    records: dict[str, dict[str, Any]] = {str(each): _Watched(name=f"N{each}") for each in range(number)}
    with lookups.steady():
        assert lookups.find(records, "name", ("n7",)) == [records["7"]]
        _Watched.looks = 0
        assert lookups.find(records, "name", ("n8", "N3", "n8")) == [records["3"], records["8"]]
        assert lookups.find(records, "name", ("nobody",)) == []
    assert _Watched.looks == 0


def test_table_is_made_anew_when_objects_came_or_went_or_it_was_forgotten() -> None:
    lookups = Lookups()
    records: dict[str, dict[str, Any]] = {"1": {"name": "A"}}
    with lookups.steady():
        assert len(lookups.find(records, "name", ("a",))) == 1
        records["2"] = {"name": "a"}
        assert len(lookups.find(records, "name", ("a",))) == 2
        records["1"]["name"] = "B"
        lookups.forget()
        assert lookups.find(records, "name", ("b",)) == [records["1"]]
    records["1"]["name"] = "C"
    assert lookups.find(records, "name", ("c",)) == [records["1"]]
