"""The policy for authentication methods: shown, changed, reset, and obeyed by passes and registrations."""

from typing import Any

import httpx
import pytest

from sandbox.control import ControlError
from tests.sandbox.conftest import Tenant, create_user, refusal
from tests.sandbox.test_users_rules import behaving

_LOGIN = "mara.holt@contoso.example"
_PASSES = f"/v1.0/users/{_LOGIN}/authentication/temporaryAccessPassMethods"
_POLICY = "/v1.0/policies/authenticationMethodsPolicy"
_CONFIGURATIONS = f"{_POLICY}/authenticationMethodConfigurations"
_PASS = f"{_CONFIGURATIONS}/temporaryAccessPass"
_EVERYONE = {"targetType": "group", "id": "all_users"}


@pytest.fixture
def client(tenant: Tenant) -> httpx.Client:
    client = tenant.client("administer")
    create_user(client, _LOGIN, accountEnabled=True)
    return client


def change(client: httpx.Client, name: str, **changes: Any) -> httpx.Response:
    kind = f"#microsoft.graph.{name}AuthenticationMethodConfiguration"
    return client.patch(f"{_CONFIGURATIONS}/{name}", json={"@odata.type": kind, **changes})


def test_policy_holds_every_configuration(client: httpx.Client) -> None:
    whole = client.get(_POLICY).json()["authenticationMethodConfigurations"]

    assert whole == client.get(_CONFIGURATIONS).json()["value"]
    assert [each["id"] for each in whole] == [
        "Email",
        "Fido2",
        "MicrosoftAuthenticator",
        "Sms",
        "SoftwareOath",
        "TemporaryAccessPass",
        "Voice",
    ]


@pytest.mark.parametrize(("name", "status"), [("X509Certificate", 501), ("HardwareOath", 501), ("Telegraph", 404)])
def test_configuration_that_is_not_there_is_refused_by_name(client: httpx.Client, name: str, status: int) -> None:
    got, _, message = refusal(client.get(f"{_CONFIGURATIONS}/{name}"))

    assert got == status
    assert f"'{name}'" in message


def test_changed_configuration_shows_the_change_and_a_reset_takes_it_back(client: httpx.Client) -> None:
    assert change(client, "temporaryAccessPass", defaultLength=12, isUsableOnce=True).status_code == 204
    shown = client.get(_PASS).json()
    assert (shown["defaultLength"], shown["isUsableOnce"], shown["state"]) == (12, True, "enabled")
    assert len(client.post(_PASSES, json={}).json()["temporaryAccessPass"]) == 12

    assert client.delete(_PASS).status_code == 204
    shown = client.get(_PASS).json()
    assert (shown["defaultLength"], shown["isUsableOnce"], shown["state"]) == (8, False, "disabled")


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"minimumLifetimeInMinutes": 9}, "lifetimes"),
        ({"minimumLifetimeInMinutes": 90}, "lifetimes"),
        ({"maximumLifetimeInMinutes": 43201}, "lifetimes"),
        ({"defaultLength": 7}, "length"),
        ({"defaultLength": 49}, "length"),
        ({"defaultLength": None}, "'defaultLength'"),
        ({"minimumLifetimeInMinutes": None}, "'minimumLifetimeInMinutes'"),
        ({"id": "Sms"}, "cannot be changed"),
        ({"isAttestationEnforced": True}, "'isAttestationEnforced'"),
        ({"state": "paused"}, "'state'"),
    ],
)
def test_rules_for_passes_that_entra_would_not_take_are_refused(
    client: httpx.Client, changes: dict[str, Any], named: str
) -> None:
    status, _, message = refusal(change(client, "temporaryAccessPass", **changes))

    assert status == 400
    assert named in message


def test_change_must_name_the_type_of_the_configuration(client: httpx.Client) -> None:
    assert "@odata.type" in refusal(client.patch(_PASS, json={"state": "disabled"}))[2]
    body = {"@odata.type": "#microsoft.graph.smsAuthenticationMethodConfiguration", "state": "disabled"}
    assert "temporaryAccessPass" in refusal(client.patch(_PASS, json=body))[2]


def test_target_must_exist(client: httpx.Client) -> None:
    nobody = {**_EVERYONE, "id": "11111111-1111-4111-8111-111111111111"}
    assert change(client, "temporaryAccessPass", includeTargets=[nobody]).status_code == 404


@pytest.mark.parametrize(
    "targets", [{"includeTargets": ["sg-contacts-admins"]}, {"excludeTargets": ["sg-dashboard-readers"]}]
)
def test_pass_for_somebody_outside_the_targets_is_refused(tenant: Tenant, targets: dict[str, list[str]]) -> None:
    client = tenant.client("administer")
    named = {name: [{**_EVERYONE, "id": tenant.group_id(each)} for each in groups] for name, groups in targets.items()}
    assert change(client, "temporaryAccessPass", **named).status_code == 204

    inside, outside = ("alex.moore@contoso.example", "kim.berg@contoso.example")
    assert client.post(_PASSES.replace(_LOGIN, inside), json={}).status_code == 201
    assert refusal(client.post(_PASSES.replace(_LOGIN, outside), json={})) == (
        400,
        "badRequest",
        (
            "Converged UserCredentialPolicy does not allow creating or updating this authentication method. "
            "AuthMethodType [TemporaryAccessPass]."
        ),
    )


def test_pass_outside_the_targets_may_be_issued_and_is_of_no_use(tenant: Tenant) -> None:
    tenant.reseed(behaviour=behaving(pass_outside_targets_is_refused=False))
    client = tenant.client("administer")
    create_user(client, _LOGIN, accountEnabled=True)
    group = {**_EVERYONE, "id": tenant.group_id("sg-contacts-admins")}
    change(client, "temporaryAccessPass", includeTargets=[group])
    issued = client.post(_PASSES, json={}).json()

    assert (issued["isUsable"], issued["methodUsabilityReason"]) == (False, "DisabledByPolicy")
    with pytest.raises(ControlError, match="AADSTS130501"):
        tenant.control.register_method(_LOGIN, issued["temporaryAccessPass"])


def test_policy_that_turns_to_one_time_passes_outlaws_the_others(tenant: Tenant, client: httpx.Client) -> None:
    code = client.post(_PASSES, json={}).json()["temporaryAccessPass"]
    change(client, "temporaryAccessPass", isUsableOnce=True)

    with pytest.raises(ControlError, match="AADSTS130501"):
        tenant.control.register_method(_LOGIN, code)
    assert client.post(_PASSES, json={"isUsableOnce": False}).status_code == 400
    assert client.post(_PASSES, json={}).json()["isUsableOnce"] is True


def test_method_that_is_off_cannot_be_registered(tenant: Tenant, client: httpx.Client) -> None:
    code = client.post(_PASSES, json={}).json()["temporaryAccessPass"]
    change(client, "softwareOath", state="disabled")

    with pytest.raises(ControlError, match="AADSTS53010"):
        tenant.control.register_method(_LOGIN, code, "softwareOath")
    for name in ("sms", "voice"):
        change(client, name, state="disabled")
    body = {"phoneNumber": "+49 15112345678", "phoneType": "mobile"}
    refused = client.post(f"/v1.0/users/{_LOGIN}/authentication/phoneMethods", json=body)
    assert "AuthMethodType [Sms]" in refusal(refused)[2]


def test_phone_signs_in_where_the_policy_says_so(client: httpx.Client) -> None:
    change(client, "sms", includeTargets=[{**_EVERYONE, "isUsableForSignIn": True}])
    body = {"phoneNumber": "+49 15112345678", "phoneType": "mobile"}
    added = client.post(f"/v1.0/users/{_LOGIN}/authentication/phoneMethods", json=body)

    assert added.json()["smsSignInState"] == "ready"


def test_external_guest_gets_no_pass(client: httpx.Client) -> None:
    login = "guest_partner.example#EXT#@contoso.onmicrosoft.com"
    user = create_user(client, login, mailNickname="guest", userType="Guest")
    refused = refusal(client.post(f"/v1.0/users/{user['id']}/authentication/temporaryAccessPassMethods", json={}))

    assert refused == (400, "badRequest", "Temporary Access Pass cannot be added to an external guest user.")


@pytest.mark.parametrize("ends", [True, False])
def test_replaced_pass_ends_sessions_as_the_setting_says(tenant: Tenant, ends: bool) -> None:
    tenant.reseed(behaviour=behaving(replaced_pass_ends_sessions=ends))
    client = tenant.client("administer")
    create_user(client, _LOGIN)
    client.post(_PASSES, json={}).raise_for_status()
    path = f"/v1.0/users/{_LOGIN}?$select=signInSessionsValidFromDateTime"
    before = client.get(path).json()
    tenant.control.advance_clock(60)
    client.post(_PASSES, json={}).raise_for_status()

    assert (client.get(path).json() != before) is ends


@pytest.mark.parametrize(
    "body",
    [
        {"lifetimeInMinutes": 0},
        {"lifetimeInMinutes": 60, "startDateTime": "2020-01-01T00:00:00Z"},
        {"lifetimeInMinutes": 60, "startDateTime": "9999-12-31T23:59:00Z"},
    ],
)
def test_pass_that_never_works_is_refused(client: httpx.Client, body: dict[str, Any]) -> None:
    assert refusal(client.post(_PASSES, json=body))[:2] == (400, "badRequest")


def test_authorization_policy_merges_what_members_may_do(client: httpx.Client) -> None:
    path = "/v1.0/policies/authorizationPolicy"
    body = {"allowInvitesFrom": "none", "defaultUserRolePermissions": {"allowedToCreateApps": False}}
    assert client.patch(path, json=body).status_code == 204

    shown = client.get(path).json()
    assert shown["allowInvitesFrom"] == "none"
    allowed = shown["defaultUserRolePermissions"]
    assert (allowed["allowedToCreateApps"], allowed["allowedToReadOtherUsers"]) == (False, True)
    wrong = {"guestUserRoleId": "11111111-1111-4111-8111-111111111111"}
    assert "'guestUserRoleId'" in refusal(client.patch(path, json=wrong))[2]
