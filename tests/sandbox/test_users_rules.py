"""What Entra asks of names, addresses, ages, passwords and managers, and where a setting of the tenant decides."""

import dataclasses
from typing import Any

import pytest

from sandbox.behaviour import Behaviour
from sandbox.seed import SeedDomain
from tests.sandbox.conftest import SEED, Tenant, create_user, refusal, user_body

_PATH = "/v1.0/users"
_LOGIN = "mara.holt@contoso.example"
_FEDERATED = SeedDomain("federated.example", is_federated=True)


def behaving(**settings: Any) -> Behaviour:
    return dataclasses.replace(SEED.behaviour, **settings)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"accountEnabled": None}, "'accountEnabled'"),
        ({"displayName": "x" * 257}, "'displayName'"),
        ({"jobTitle": "x" * 129}, "'jobTitle'"),
        ({"employeeId": "x" * 17}, "'employeeId'"),
        ({"ageGroup": "Elder"}, "'ageGroup'"),
        ({"consentProvidedForMinor": "Granted"}, "'consentProvidedForMinor'"),
        ({"ageGroup": "Adult", "consentProvidedForMinor": "Granted"}, "'consentProvidedForMinor'"),
        ({"userType": "Robot"}, "'userType'"),
        ({"passwordPolicies": "DisableEverything"}, "'passwordPolicies'"),
        ({"mail": "no address"}, "'mail'"),
        ({"passwordProfile": {"password": "Kelp-9-länterne"}}, "does not comply"),
        ({"passwordPolicies": "DisableStrongPassword", "passwordProfile": {"password": "short"}}, "does not comply"),
    ],
)
def test_property_that_entra_would_not_take_is_refused_in_create_and_change(
    tenant: Tenant, changes: dict[str, Any], named: str
) -> None:
    client = tenant.client("administer")

    created = refusal(client.post(_PATH, json=user_body(**changes)))
    assert created[:2] == (400, "Request_BadRequest")
    assert named in created[2]
    user = create_user(client)
    assert named in refusal(client.patch(f"{_PATH}/{user['id']}", json=changes))[2]


def test_minor_may_have_a_parents_consent(tenant: Tenant) -> None:
    create_user(tenant.client("administer"), ageGroup="Minor", consentProvidedForMinor="Granted")


def test_adult_may_be_said_to_need_no_parents_consent(tenant: Tenant) -> None:
    create_user(tenant.client("administer"), ageGroup="Adult", consentProvidedForMinor="NotRequired")


def test_user_without_password_strength_may_have_a_weak_password(tenant: Tenant) -> None:
    changes: dict[str, Any] = {
        "passwordPolicies": "DisablePasswordExpiration, DisableStrongPassword",
        "passwordProfile": {"password": "onlylowercase"},
    }
    create_user(tenant.client("administer"), **changes)

    assert tenant.control.try_password(_LOGIN, "onlylowercase")["valid"]


def test_refused_change_changes_nothing(tenant: Tenant, new_user: dict[str, Any]) -> None:
    client = tenant.client("administer")
    body = {"jobTitle": "Clerk", "passwordProfile": {"password": "weak"}}

    assert client.patch(f"{_PATH}/{new_user['id']}", json=body).status_code == 400
    assert client.get(f"{_PATH}/{new_user['id']}").json()["jobTitle"] is None
    assert tenant.control.try_password(_LOGIN, "Kelp-9-lantern")["valid"]


@pytest.mark.parametrize(
    ("profile", "forced"),
    [
        ({"password": "Kelp-9-lantern"}, True),
        ({"password": "Kelp-9-lantern", "forceChangePasswordNextSignIn": False}, False),
        ({"password": "Kelp-9-lantern", "forceChangePasswordNextSignIn": True}, True),
    ],
)
def test_password_profile_tells_whether_the_password_must_be_changed(
    tenant: Tenant, profile: dict[str, Any], forced: bool
) -> None:
    client = tenant.client("administer")
    user = create_user(client, passwordProfile=profile)

    shown = client.get(f"{_PATH}/{user['id']}?$select=passwordProfile").json()["passwordProfile"]
    assert (shown["forceChangePasswordNextSignIn"], shown["password"]) == (forced, None)


def test_login_and_mail_must_not_be_an_address_of_somebody_else(tenant: Tenant) -> None:
    client = tenant.client("administer")
    create_user(client, "lena.roth@contoso.example", mail="office@contoso.example")

    for changes in ({"userPrincipalName": "OFFICE@contoso.example"}, {"mail": "Office@contoso.example"}):
        assert refusal(client.post(_PATH, json=user_body(**changes))) == (
            400,
            "Request_BadRequest",
            "Another object with the same value for property proxyAddresses already exists.",
        )


def test_new_mail_becomes_the_primary_address_and_the_old_one_stays(tenant: Tenant) -> None:
    client = tenant.client("administer")
    user = create_user(client, mail="mara@contoso.example")
    client.patch(f"{_PATH}/{user['id']}", json={"mail": "m.holt@contoso.example"})

    shown = client.get(f"{_PATH}/{user['id']}?$select=proxyAddresses").json()["proxyAddresses"]
    assert shown == ["SMTP:m.holt@contoso.example", "smtp:mara@contoso.example"]


def test_user_of_a_federated_domain_needs_an_immutable_id_and_has_no_password_here(tenant: Tenant) -> None:
    tenant.reseed(domains=(*SEED.domains, _FEDERATED))
    client = tenant.client("administer")
    body = {**user_body("mara.holt@federated.example"), "onPremisesImmutableId": "bWFyYQ=="}

    assert "'passwordProfile'" in refusal(client.post(_PATH, json=body))[2]
    del body["passwordProfile"]
    assert client.post(_PATH, json=body).status_code == 201
    change = {"passwordProfile": {"password": "Kelp-9-lantern"}}
    assert "'passwordProfile'" in refusal(client.patch(f"{_PATH}/mara.holt@federated.example", json=change))[2]
    assert not tenant.control.try_password("mara.holt@federated.example", "Kelp-9-lantern")["valid"]


@pytest.mark.parametrize("refused", [True, False])
def test_manager_who_reports_to_the_user_is_refused_as_the_setting_says(tenant: Tenant, refused: bool) -> None:
    tenant.reseed(behaviour=behaving(manager_loops_are_refused=refused))
    client = tenant.client("administer")
    first, second = create_user(client), create_user(client, "lena.roth@contoso.example")

    def set_manager(user: dict[str, Any], manager: dict[str, Any]) -> int:
        reference = {"@odata.id": f"{tenant.running.base_url}/v1.0/directoryObjects/{manager['id']}"}
        return client.put(f"{_PATH}/{user['id']}/manager/$ref", json=reference).status_code

    assert set_manager(first, second) == 204
    assert set_manager(second, first) == (400 if refused else 204)
    assert set_manager(second, second) == (400 if refused else 204)
    reports = client.get(f"{_PATH}/{second['id']}/directReports").json()["value"]
    assert first["id"] in {each["id"] for each in reports}


def test_last_global_administrator_cannot_be_deleted(tenant: Tenant) -> None:
    client = tenant.client("administer")
    assert client.delete(f"{_PATH}/breakglass1@contoso.onmicrosoft.com").status_code == 204

    assert client.delete(f"{_PATH}/breakglass2@contoso.onmicrosoft.com").status_code == 400


def test_me_is_the_signed_in_user_and_nothing_for_an_application_by_itself(tenant: Tenant) -> None:
    login = "alex.moore@contoso.example"
    client = tenant.anonymous()
    scopes = ("User.Read", "UserAuthenticationMethod.Read")
    client.headers["Authorization"] = f"Bearer {tenant.control.user_token('nobody', login, *scopes)}"

    assert client.get("/v1.0/me").json()["userPrincipalName"] == login
    group = tenant.group_id("sg-contacts-admins")
    assert [each["id"] for each in client.get("/v1.0/me/memberOf").json()["value"]] == [group]
    (method,) = client.get("/v1.0/me/authentication/methods").json()["value"]
    assert method["@odata.type"] == "#microsoft.graph.passwordAuthenticationMethod"
    assert refusal(client.get("/v1.0/me/widgets"))[0] == 400
    assert refusal(tenant.client("administer").get("/v1.0/me")) == (
        400,
        "BadRequest",
        "/me request is only valid with delegated authentication flow.",
    )
