"""Temporary Access Passes, second factors, and the policy behind them."""

from typing import Any

import httpx
import pytest

from sandbox.control import ControlError
from sandbox.seed import TemporaryAccessPassPolicy
from tests.sandbox.conftest import Tenant, create_user, refusal

_LOGIN = "mara.holt@contoso.example"
_PASSES = f"/v1.0/users/{_LOGIN}/authentication/temporaryAccessPassMethods"


@pytest.fixture
def client(tenant: Tenant) -> httpx.Client:
    create_user(tenant.client("administer"), _LOGIN, accountEnabled=True)
    return tenant.client("post-apply")


def _issue(client: httpx.Client, **body: Any) -> dict[str, Any]:
    response = client.post(_PASSES, json=body)
    assert response.status_code == 201, response.text
    issued: dict[str, Any] = response.json()
    return issued


def test_pass_shows_its_code_once_and_never_again(tenant: Tenant, client: httpx.Client) -> None:
    issued = _issue(client, isUsableOnce=True, lifetimeInMinutes=90)
    assert len(issued["temporaryAccessPass"]) == 8
    assert (issued["isUsable"], issued["methodUsabilityReason"]) == (True, "EnabledByPolicy")
    (listed,) = client.get(_PASSES).json()["value"]
    assert (listed["id"], listed["temporaryAccessPass"], listed["lifetimeInMinutes"]) == (issued["id"], None, 90)
    assert client.get(f"{_PASSES}/{issued['id']}").json()["temporaryAccessPass"] is None
    assert issued["temporaryAccessPass"] not in str((tenant.control.journal(), tenant.control.snapshot()))


def test_pass_without_wishes_has_the_policys_defaults(client: httpx.Client) -> None:
    issued = _issue(client)
    assert (issued["lifetimeInMinutes"], issued["isUsableOnce"]) == (60, False)


def test_second_pass_replaces_the_first(client: httpx.Client) -> None:
    first, second = _issue(client), _issue(client)
    assert [each["id"] for each in client.get(_PASSES).json()["value"]] == [second["id"]]
    assert client.get(f"{_PASSES}/{first['id']}").status_code == 404


def test_deleted_pass_is_gone(tenant: Tenant, client: httpx.Client) -> None:
    issued = _issue(client)
    assert client.delete(f"{_PASSES}/{issued['id']}").status_code == 204
    assert client.get(_PASSES).json()["value"] == []
    with pytest.raises(ControlError, match="AADSTS130507"):
        tenant.control.register_method(_LOGIN, issued["temporaryAccessPass"])


@pytest.mark.parametrize("lifetime", [59, 481])
def test_pass_outside_the_policys_lifetimes_is_refused(client: httpx.Client, lifetime: int) -> None:
    assert refusal(client.post(_PASSES, json={"lifetimeInMinutes": lifetime}))[0] == 400


def test_pass_is_refused_where_the_policy_is_off(tenant: Tenant) -> None:
    tenant.reseed(temporary_access_pass_policy=TemporaryAccessPassPolicy(state="disabled"))
    create_user(tenant.client("administer"), _LOGIN)
    _, _, message = refusal(tenant.client("post-apply").post(_PASSES, json={}))
    assert "AuthMethodType [TemporaryAccessPass]" in message


def test_pass_of_an_administrator_takes_a_higher_role(tenant: Tenant) -> None:
    path = "/v1.0/users/breakglass1@contoso.onmicrosoft.com/authentication/temporaryAccessPassMethods"
    assert tenant.client("post-apply").post(path, json={}).status_code == 403


def test_policy_tells_microsofts_defaults(client: httpx.Client) -> None:
    path = "/v1.0/policies/authenticationMethodsPolicy"
    shown = client.get(f"{path}/authenticationMethodConfigurations/temporaryAccessPass").json()
    assert (shown["state"], shown["minimumLifetimeInMinutes"], shown["maximumLifetimeInMinutes"]) == (
        "enabled",
        60,
        480,
    )


def test_person_with_a_pass_enrols_and_uses_up_a_one_time_pass(tenant: Tenant, client: httpx.Client) -> None:
    code = _issue(client, isUsableOnce=True)["temporaryAccessPass"]
    tenant.control.register_method(_LOGIN, code)
    methods = client.get(f"/v1.0/users/{_LOGIN}/authentication/methods").json()["value"]
    assert [each["@odata.type"].removeprefix("#microsoft.graph.") for each in methods] == [
        "passwordAuthenticationMethod",
        "temporaryAccessPassAuthenticationMethod",
        "microsoftAuthenticatorAuthenticationMethod",
    ]
    assert methods[1]["methodUsabilityReason"] == "OneTimeUsed"
    with pytest.raises(ControlError, match="AADSTS130501"):
        tenant.control.register_method(_LOGIN, code)


def test_person_with_a_pass_for_several_uses_may_come_back(tenant: Tenant, client: httpx.Client) -> None:
    code = _issue(client)["temporaryAccessPass"]
    tenant.control.register_method(_LOGIN, code)
    tenant.control.register_method(_LOGIN, code)
    assert len(client.get(f"/v1.0/users/{_LOGIN}/authentication/methods").json()["value"]) == 4


def test_ended_pass_is_refused(tenant: Tenant, client: httpx.Client) -> None:
    code = _issue(client)["temporaryAccessPass"]
    tenant.control.advance_clock(60 * 60)
    with pytest.raises(ControlError, match="AADSTS130504"):
        tenant.control.register_method(_LOGIN, code)


def test_pass_that_starts_later_is_refused_until_then(tenant: Tenant, client: httpx.Client) -> None:
    issued = _issue(client, startDateTime="2099-01-01T00:00:00Z")
    assert (issued["isUsable"], issued["methodUsabilityReason"]) == (False, "NotYetValid")
    with pytest.raises(ControlError, match="NotYetValid"):
        tenant.control.register_method(_LOGIN, issued["temporaryAccessPass"])


def test_person_of_a_disabled_account_does_not_enrol(tenant: Tenant, client: httpx.Client) -> None:
    code = _issue(client)["temporaryAccessPass"]
    client.patch(f"/v1.0/users/{_LOGIN}", json={"accountEnabled": False})
    with pytest.raises(ControlError, match="AADSTS50057"):
        tenant.control.register_method(_LOGIN, code)


def test_wrong_pass_unknown_person_and_unknown_method_are_refused(tenant: Tenant, client: httpx.Client) -> None:
    code = _issue(client)["temporaryAccessPass"]
    for login, tried, method, number in (
        (_LOGIN, "wrong", "microsoftAuthenticator", 130507),
        ("nobody@contoso.example", code, "microsoftAuthenticator", 50034),
        (_LOGIN, code, "carrierPigeon", 53010),
    ):
        with pytest.raises(ControlError, match=f"AADSTS{number}"):
            tenant.control.register_method(login, tried, method)
