"""Phones, addresses, authenticators and keys: registered, shown, changed and deleted; passwords reset; the report."""

from typing import Any

import httpx
import pytest

from sandbox.seed import SeedLicence
from tests.sandbox.conftest import Tenant, create_user, refusal
from tests.sandbox.rows.authentication_methods import PASSWORD_METHOD

_LOGIN = "mara.holt@contoso.example"
_BASE = f"/v1.0/users/{_LOGIN}/authentication"
_PHONES = f"{_BASE}/phoneMethods"
_EMAILS = f"{_BASE}/emailMethods"
_REPORT = "/v1.0/reports/authenticationMethods/userRegistrationDetails"


@pytest.fixture
def client(tenant: Tenant) -> httpx.Client:
    client = tenant.client("administer")
    create_user(client, _LOGIN, accountEnabled=True)
    return client


def _enrol(tenant: Tenant, client: httpx.Client, *kinds: str) -> list[dict[str, Any]]:
    code = client.post(f"{_BASE}/temporaryAccessPassMethods", json={}).json()["temporaryAccessPass"]
    return [tenant.control.register_method(_LOGIN, code, kind) for kind in kinds]


def _phone(kind: str = "mobile", number: str = "+49 15112345678") -> dict[str, str]:
    return {"phoneNumber": number, "phoneType": kind}


def test_phone_has_the_id_of_its_type_and_tells_whether_it_signs_in(client: httpx.Client) -> None:
    mobile = client.post(_PHONES, json=_phone()).json()
    office = client.post(_PHONES, json=_phone("office", "+49 891234567x12")).json()

    assert (mobile["id"], mobile["smsSignInState"]) == ("3179e48a-750b-4051-897c-87b9720928f7", "notAllowedByPolicy")
    assert (office["id"], office["smsSignInState"]) == ("e37fc753-ff3b-4958-9484-eaa9425c82bc", "notSupported")
    assert len(client.get(_PHONES).json()["value"]) == 2


@pytest.mark.parametrize(
    ("body", "named"),
    [
        (_phone(number="0151 12345678"), "{country code}"),
        (_phone(number="+49 1511234 5678"), "{country code}"),
        ({"phoneNumber": "+49 15112345678"}, "'phoneType'"),
        ({"phoneType": "mobile"}, "{country code}"),
        (_phone("alternateMobile"), "mobile phone has to be registered"),
    ],
)
def test_phone_that_entra_would_not_take_is_refused(client: httpx.Client, body: dict[str, str], named: str) -> None:
    status, code, message = refusal(client.post(_PHONES, json=body))

    assert (status, code) == (400, "badRequest")
    assert named in message


def test_phone_is_one_of_its_type_and_keeps_it(client: httpx.Client) -> None:
    phone = client.post(_PHONES, json=_phone()).json()

    assert "already" in refusal(client.post(_PHONES, json=_phone(number="+49 15199999999")))[2]
    assert "type" in refusal(client.patch(f"{_PHONES}/{phone['id']}", json=_phone("office")))[2]
    assert client.patch(f"{_PHONES}/{phone['id']}", json=_phone(number="+49 15199999999")).status_code == 204
    assert client.get(f"{_PHONES}/{phone['id']}").json()["phoneNumber"] == "+49 15199999999"


def test_mobile_phone_stays_while_there_is_an_alternate_one(tenant: Tenant, client: httpx.Client) -> None:
    _enrol(tenant, client, "microsoftAuthenticator")
    mobile, other = (client.post(_PHONES, json=_phone(kind)).json()["id"] for kind in ("mobile", "alternateMobile"))

    assert "alternate" in refusal(client.delete(f"{_PHONES}/{mobile}"))[2]
    assert client.delete(f"{_PHONES}/{other}").status_code == 204
    assert client.delete(f"{_PHONES}/{mobile}").status_code == 204


def test_default_method_goes_last(tenant: Tenant, client: httpx.Client) -> None:
    first, second = _enrol(tenant, client, "microsoftAuthenticator", "softwareOath")
    app, oath = (
        f"{_BASE}/{kind}/{method['id']}"
        for kind, method in (("microsoftAuthenticatorMethods", first), ("softwareOathMethods", second))
    )

    assert refusal(client.delete(app)) == (
        400,
        "badRequest",
        "The default authentication method cannot be deleted while the user has others.",
    )
    assert [client.delete(each).status_code for each in (oath, app)] == [204, 204]


def test_method_is_found_among_all_and_among_its_kind_only(tenant: Tenant, client: httpx.Client) -> None:
    (key,) = _enrol(tenant, client, "fido2")

    assert client.get(f"{_BASE}/methods/{key['id']}").json()["@odata.type"] == key["@odata.type"]
    assert client.get(f"{_BASE}/fido2Methods/{key['id']}").json()["passkeyType"] == "deviceBound"
    assert client.get(f"{_BASE}/softwareOathMethods/{key['id']}").status_code == 404
    assert client.get(f"{_BASE}/passwordMethods/{key['id']}").status_code == 404
    assert client.get(f"{_BASE}/passwordMethods/{PASSWORD_METHOD}").json()["password"] is None


def test_address_is_one_and_valid(client: httpx.Client) -> None:
    assert "not valid" in refusal(client.post(_EMAILS, json={"emailAddress": "nowhere"}))[2]
    email = client.post(_EMAILS, json={"emailAddress": "mara@elsewhere.example"}).json()
    assert "already" in refusal(client.post(_EMAILS, json={"emailAddress": "m@elsewhere.example"}))[2]
    assert client.patch(f"{_EMAILS}/{email['id']}", json={"emailAddress": "x"}).status_code == 400
    assert client.delete(f"{_EMAILS}/{email['id']}").status_code == 204
    assert client.get(_EMAILS).json()["value"] == []


@pytest.mark.parametrize("segment", ["windowsHelloForBusinessMethods", "platformCredentialMethods", "operations"])
def test_kinds_that_are_not_there_are_refused_by_name(client: httpx.Client, segment: str) -> None:
    status, _, message = refusal(client.get(f"{_BASE}/{segment}"))

    assert status == 501
    assert f"'{segment}'" in message


def _signed_in(tenant: Tenant, login: str) -> httpx.Client:
    client = tenant.anonymous()
    token = tenant.control.user_token("nobody", login, "UserAuthenticationMethod.ReadWrite.All")
    client.headers["Authorization"] = f"Bearer {token}"
    return client


def test_password_is_reset_by_a_signed_in_administrator_only(tenant: Tenant, client: httpx.Client) -> None:
    path = f"{_BASE}/methods/{PASSWORD_METHOD}/resetPassword"
    assert client.post(path, json={}).status_code == 403

    administrator = _signed_in(tenant, "breakglass1@contoso.onmicrosoft.com")
    generated = administrator.post(path, json={})
    assert generated.status_code == 202
    assert tenant.control.try_password(_LOGIN, generated.json()["newPassword"])["valid"]
    given = administrator.post(path, json={"newPassword": "Tern-4-quarry"})
    assert given.json()["newPassword"] is None
    assert tenant.control.try_password(_LOGIN, "Tern-4-quarry")["valid"]
    profile = client.get(f"/v1.0/users/{_LOGIN}?$select=passwordProfile").json()["passwordProfile"]
    assert profile["forceChangePasswordNextSignIn"] is True


def test_password_reset_that_makes_no_sense_is_refused(tenant: Tenant, client: httpx.Client) -> None:
    administrator = _signed_in(tenant, "breakglass1@contoso.onmicrosoft.com")
    phone = client.post(_PHONES, json=_phone()).json()["id"]

    assert administrator.post(f"{_BASE}/methods/{phone}/resetPassword", json={}).status_code == 400
    weak = administrator.post(f"{_BASE}/methods/{PASSWORD_METHOD}/resetPassword", json={"newPassword": "weak"})
    assert "does not comply" in refusal(weak)[2]
    own = f"/v1.0/me/authentication/methods/{PASSWORD_METHOD}/resetPassword"
    assert administrator.post(own, json={}).status_code == 403


def test_report_tells_what_was_registered_and_what_it_suffices_for(tenant: Tenant, client: httpx.Client) -> None:
    _enrol(tenant, client, "microsoftAuthenticator", "fido2")
    client.post(_EMAILS, json={"emailAddress": "mara@elsewhere.example"}).raise_for_status()

    (shown,) = client.get(f"{_REPORT}?$filter=userPrincipalName eq '{_LOGIN}'").json()["value"]
    assert shown["methodsRegistered"] == ["microsoftAuthenticatorPush", "passKeyDeviceBound", "email"]
    flags = ("isMfaRegistered", "isMfaCapable", "isPasswordlessCapable", "isSsprRegistered", "isAdmin")
    assert [shown[each] for each in flags] == [True, True, True, True, False]
    assert shown["userPreferredMethodForSecondaryAuthentication"] == "push"
    assert shown["systemPreferredAuthenticationMethods"] == ["fido2"]
    administrators = client.get(f"{_REPORT}?$filter=isAdmin eq true").json()["value"]
    assert {each["userDisplayName"] for each in administrators} == {"Break Glass 1", "Break Glass 2"}
    assert client.get(f"{_REPORT}/{shown['id']}").json()["userType"] == "member"
    assert client.get(f"{_REPORT}/11111111-1111-4111-8111-111111111111").status_code == 404


def test_method_that_the_policy_forbids_is_registered_and_does_not_suffice(
    tenant: Tenant, client: httpx.Client
) -> None:
    _enrol(tenant, client, "microsoftAuthenticator")
    configuration = "/v1.0/policies/authenticationMethodsPolicy/authenticationMethodConfigurations"
    kind = "#microsoft.graph.microsoftAuthenticatorAuthenticationMethodConfiguration"
    body = {"@odata.type": kind, "state": "disabled"}
    assert client.patch(f"{configuration}/MicrosoftAuthenticator", json=body).status_code == 204

    (shown,) = client.get(f"{_REPORT}?$filter=userPrincipalName eq '{_LOGIN}'").json()["value"]
    assert (shown["isMfaRegistered"], shown["isMfaCapable"]) == (True, False)


def test_report_needs_a_premium_licence(tenant: Tenant) -> None:
    tenant.reseed(licences=(SeedLicence("EXCHANGESTANDARD"),), groups=())

    assert refusal(tenant.client("administer").get(_REPORT))[:2] == (
        403,
        "Authentication_RequestFromNonPremiumTenantOrB2CTenant",
    )
