"""The authorization request and what a code, a refresh token, a password and an assertion are changed for."""

from collections.abc import Iterator

import httpx
import jwt
import pytest

from tests.sandbox.browser import Browser
from tests.sandbox.conftest import Tenant
from tests.sandbox.people import (
    CHALLENGE,
    LOOPBACK,
    MEMBER,
    PASSWORD,
    VERIFIER,
    authorize,
    client_id,
    code_of,
    redeem,
    refused,
    require_second_factor,
    settle,
)


@pytest.fixture
def browser(tenant: Tenant) -> Iterator[Browser]:
    settle(tenant)
    with Browser.at(tenant) as browser:
        yield browser


def _code(browser: Browser, tenant: Tenant, app: str, **changes: str) -> str:
    authorize(browser, tenant, app, **changes)
    if browser.step == "login":
        browser.sign_in(MEMBER, PASSWORD)
    if browser.step == "consent":
        browser.submit("consent", "accept")
    return code_of(browser)


def _refresh(tenant: Tenant, app: str, token: str, **changes: str) -> httpx.Response:
    return redeem(
        tenant, app, "", grant_type="refresh_token", refresh_token=token, redirect_uri="", code_verifier="", **changes
    )


def _secret_of(tenant: Tenant, name: str) -> str:
    known = tenant.control.snapshot()["applications"].values()
    object_id = next(each["id"] for each in known if each["displayName"] == name)
    answer = tenant.control.act("POST", f"/v1.0/applications/{object_id}/addPassword", {})
    return str(answer["secretText"])


def _claims(token: str) -> dict[str, object]:
    claims: dict[str, object] = jwt.decode(token, options={"verify_signature": False})
    return claims


def test_tokens_name_the_person_the_scopes_the_nonce_and_what_libraries_cache_by(
    tenant: Tenant, browser: Browser
) -> None:
    desk = client_id(tenant, "Desk")
    tokens = redeem(tenant, desk, _code(browser, tenant, desk)).json()
    access, identity = _claims(tokens["access_token"]), _claims(tokens["id_token"])
    person = tenant.user_id(MEMBER)
    assert (access["oid"], access["appid"], access["appidacr"]) == (person, desk, "0")
    assert "User.Read" in str(access["scp"]).split()
    assert (identity["aud"], identity["oid"], identity["nonce"]) == (desk, person, "nonce-1")
    assert (identity["ver"], identity["preferred_username"]) == ("2.0", MEMBER)
    assert tokens["client_info"]
    me = tenant.anonymous().get(f"/v1.0/users/{person}", headers={"Authorization": f"Bearer {tokens['access_token']}"})
    assert me.status_code == 200


def test_response_modes_carry_the_code_in_query_fragment_or_form(tenant: Tenant, browser: Browser) -> None:
    desk = client_id(tenant, "Desk")
    for mode in ("query", "fragment", "form_post"):
        assert _code(browser, tenant, desk, response_mode=mode)
        assert browser.arrival is not None
        assert browser.arrival.uri.rstrip("/") == LOOPBACK
        location = browser.response.headers.get("location", "")
        assert ("?" in location, "#" in location) == (mode == "query", mode == "fragment")
        browser.arrival = None


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"client_id": "11111111-1111-4111-8111-111111111111"}, "AADSTS700016"),
        ({"redirect_uri": "http://localhost:8400/elsewhere"}, "AADSTS50011"),
        ({"redirect_uri": "https://shop.contoso.example/Signed-In"}, "AADSTS50011"),
        ({"authority": "other.example"}, "AADSTS90002"),
        ({"authority": "nonsense"}, "AADSTS900023"),
    ],
)
def test_request_that_names_no_known_application_or_address_ends_on_a_page(
    tenant: Tenant, browser: Browser, changes: dict[str, str], code: str
) -> None:
    authorize(browser, tenant, changes.pop("client_id", client_id(tenant, "Desk")), **changes)
    assert (browser.response.status_code, browser.fault, browser.arrival) == (400, code, None)


def test_application_without_a_reply_address_is_told_so(tenant: Tenant, browser: Browser) -> None:
    authorize(browser, tenant, client_id(tenant, "Daemon"), redirect_uri="")
    assert (browser.response.status_code, browser.fault) == (400, "AADSTS500113")


def test_application_with_several_addresses_has_to_name_one(tenant: Tenant, browser: Browser) -> None:
    authorize(browser, tenant, client_id(tenant, "Shop"), redirect_uri="")
    assert browser.fault == "AADSTS900971"


@pytest.mark.parametrize(
    ("changes", "error", "code"),
    [
        ({"response_type": "token"}, "unsupported_response_type", "AADSTS700054"),
        ({"response_type": ""}, "invalid_request", "AADSTS900144"),
        ({"response_mode": "web_message"}, "invalid_request", "AADSTS70007"),
        ({"prompt": "sometimes"}, "invalid_request", "AADSTS90023"),
        ({"scope": ""}, "invalid_request", "AADSTS900144"),
        ({"scope": "Shoe.Size"}, "invalid_client", "AADSTS650053"),
        ({"scope": "https://other.example/Read"}, "invalid_resource", "AADSTS500011"),
        ({"code_challenge_method": "S512"}, "invalid_request", "AADSTS50147"),
        ({"code_challenge": "short"}, "invalid_request", "AADSTS501491"),
        ({"prompt": "none"}, "login_required", "AADSTS50058"),
    ],
)
def test_request_with_another_fault_goes_back_to_the_application(
    tenant: Tenant, browser: Browser, changes: dict[str, str], error: str, code: str
) -> None:
    authorize(browser, tenant, client_id(tenant, "Desk"), **changes)
    assert browser.arrival is not None, browser.page.get_text()
    values = browser.arrival.values
    assert (values["error"], values["error_description"].split(":")[0], values["state"]) == (error, code, "state-1")


def test_silent_request_goes_through_or_says_what_page_it_would_need(tenant: Tenant, browser: Browser) -> None:
    desk = client_id(tenant, "Desk")
    authorize(browser, tenant, desk)
    browser.sign_in(MEMBER, PASSWORD)
    browser.submit("consent", "accept")
    authorize(browser, tenant, desk, prompt="none")
    assert code_of(browser)
    authorize(browser, tenant, desk, prompt="none", scope="Mail.Read")
    assert browser.arrival is not None
    assert browser.arrival.values["error"] == "interaction_required"
    assert browser.arrival.values["error_description"].startswith("AADSTS65001")
    require_second_factor(tenant)
    authorize(browser, tenant, desk, prompt="none")
    assert browser.arrival.values["error_description"].startswith("AADSTS50076")


def test_declined_consent_goes_back_as_denied(tenant: Tenant, browser: Browser) -> None:
    authorize(browser, tenant, client_id(tenant, "Desk"))
    browser.sign_in(MEMBER, PASSWORD)
    browser.submit("consent", "cancel")
    assert browser.arrival is not None
    values = browser.arrival.values
    assert (values["error"], values["error_subcode"], values["state"]) == ("access_denied", "cancel", "state-1")
    assert values["error_description"].startswith("AADSTS65004")


def test_permission_for_administrators_is_not_the_members_to_give(tenant: Tenant, browser: Browser) -> None:
    authorize(browser, tenant, client_id(tenant, "Desk"), scope="Directory.Read.All")
    browser.sign_in(MEMBER, PASSWORD)
    assert "Only an administrator" in browser.page.get_text()
    browser.submit("consent", "cancel")
    assert browser.arrival is not None
    assert browser.arrival.values["error"] == "access_denied"


def test_code_counts_once(tenant: Tenant, browser: Browser) -> None:
    desk = client_id(tenant, "Desk")
    code = _code(browser, tenant, desk)
    assert redeem(tenant, desk, code).status_code == 200
    assert refused(redeem(tenant, desk, code)) == (400, "invalid_grant", 54005)


def test_code_ends_after_ten_minutes(tenant: Tenant, browser: Browser) -> None:
    desk = client_id(tenant, "Desk")
    code = _code(browser, tenant, desk)
    tenant.control.advance_clock(601)
    assert refused(redeem(tenant, desk, code)) == (400, "invalid_grant", 70008)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"code_verifier": VERIFIER[::-1]}, 501481),
        ({"code_verifier": ""}, 501481),
        ({"redirect_uri": "http://localhost:8401"}, 500112),
        ({"redirect_uri": ""}, 500112),
    ],
)
def test_code_is_kept_from_who_cannot_show_what_was_asked_with(
    tenant: Tenant, browser: Browser, changes: dict[str, str], code: int
) -> None:
    desk = client_id(tenant, "Desk")
    made = _code(browser, tenant, desk)
    assert refused(redeem(tenant, desk, made, **changes)) == (400, "invalid_grant", code)


def test_code_of_another_application_is_refused(tenant: Tenant, browser: Browser) -> None:
    code = _code(browser, tenant, client_id(tenant, "Desk"))
    answer = redeem(tenant, client_id(tenant, "Single page"), code)
    assert refused(answer) == (400, "invalid_grant", 70000)


def test_plain_challenge_is_the_verifier_itself(tenant: Tenant, browser: Browser) -> None:
    desk = client_id(tenant, "Desk")
    code = _code(browser, tenant, desk, code_challenge=CHALLENGE, code_challenge_method="plain")
    assert redeem(tenant, desk, code, code_verifier=CHALLENGE).status_code == 200


def test_public_client_shows_no_secret_and_a_web_application_has_to(tenant: Tenant, browser: Browser) -> None:
    desk, shop = client_id(tenant, "Desk"), client_id(tenant, "Shop")
    code = _code(browser, tenant, desk)
    assert refused(redeem(tenant, desk, code, client_secret="x")) == (401, "invalid_client", 700025)
    address = "https://shop.contoso.example/signed-in"
    code = _code(browser, tenant, shop, redirect_uri=address)
    assert refused(redeem(tenant, shop, code, redirect_uri=address)) == (401, "invalid_client", 7000218)
    secret = _secret_of(tenant, "Shop")
    tokens = redeem(tenant, shop, code, redirect_uri=address, client_secret=secret).json()
    assert _claims(tokens["access_token"])["appidacr"] == "1"


def test_single_page_application_needs_a_proof_key_and_an_origin(tenant: Tenant, browser: Browser) -> None:
    page, address = client_id(tenant, "Single page"), "https://page.contoso.example/"
    authorize(browser, tenant, page, redirect_uri=address, code_challenge="")
    assert browser.arrival is not None
    assert browser.arrival.values["error_description"].startswith("AADSTS9002325")
    code = _code(browser, tenant, page, redirect_uri=address)
    assert refused(redeem(tenant, page, code, redirect_uri=address)) == (400, "invalid_request", 9002327)
    client = tenant.anonymous()
    client.headers["Origin"] = "https://page.contoso.example"
    form = {"grant_type": "authorization_code", "client_id": page, "code": code, "code_verifier": VERIFIER}
    answer = client.post(f"/{tenant.running.tenant_id}/oauth2/v2.0/token", data={**form, "redirect_uri": address})
    assert answer.status_code == 200, answer.text
    assert answer.headers["access-control-allow-origin"] == "https://page.contoso.example"


def test_refresh_token_gives_new_tokens_and_another_refresh_token(tenant: Tenant, browser: Browser) -> None:
    desk = client_id(tenant, "Desk")
    first = redeem(tenant, desk, _code(browser, tenant, desk)).json()
    again = _refresh(tenant, desk, first["refresh_token"]).json()
    assert again["refresh_token"] != first["refresh_token"]
    assert _claims(again["access_token"])["oid"] == tenant.user_id(MEMBER)


def test_refresh_token_is_given_for_offline_access_only(tenant: Tenant, browser: Browser) -> None:
    desk = client_id(tenant, "Desk")
    tokens = redeem(tenant, desk, _code(browser, tenant, desk, scope="User.Read")).json()
    assert "refresh_token" not in tokens
    assert "id_token" not in tokens


def _revoke(tenant: Tenant) -> None:
    tenant.control.act("POST", f"/v1.0/users/{MEMBER}/revokeSignInSessions")


def _change_password(tenant: Tenant) -> None:
    profile = {"passwordProfile": {"password": "Other-7-harbour", "forceChangePasswordNextSignIn": False}}
    tenant.control.act("PATCH", f"/v1.0/users/{MEMBER}", profile)


def _disable(tenant: Tenant) -> None:
    tenant.control.act("PATCH", f"/v1.0/users/{MEMBER}", {"accountEnabled": False})


def _delete(tenant: Tenant) -> None:
    tenant.control.act("DELETE", f"/v1.0/users/{MEMBER}")


def _block(tenant: Tenant) -> None:
    require_second_factor(tenant, grantControls={"operator": "OR", "builtInControls": ["block"]})


def _wait(tenant: Tenant) -> None:
    tenant.control.advance_clock(90 * 24 * 3600 + 60)


def _withdraw_consent(tenant: Tenant) -> None:
    grants = tenant.control.snapshot()["permission_grants"]
    for each in grants:
        tenant.control.act("DELETE", f"/v1.0/oauth2PermissionGrants/{each}")


@pytest.mark.parametrize(
    ("happen", "code"),
    [
        (_revoke, 50173),
        (_change_password, 50173),
        (_disable, 50057),
        (_delete, 50034),
        (_block, 53003),
        (require_second_factor, 50079),
        (_wait, 700082),
        (_withdraw_consent, 65001),
    ],
)
def test_refresh_token_ends_with_what_it_stands_for(
    tenant: Tenant, browser: Browser, happen: object, code: int
) -> None:
    assert callable(happen)
    desk = client_id(tenant, "Desk")
    token = redeem(tenant, desk, _code(browser, tenant, desk)).json()["refresh_token"]
    tenant.control.advance_clock(2)
    happen(tenant)
    assert refused(_refresh(tenant, desk, token)) == (400, "invalid_grant", code)


def test_unknown_refresh_token_is_refused(tenant: Tenant, browser: Browser) -> None:
    assert browser.arrival is None
    assert refused(_refresh(tenant, client_id(tenant, "Desk"), "nonsense")) == (400, "invalid_grant", 70000)


def test_sign_in_frequency_ends_a_refresh_token(tenant: Tenant, browser: Browser) -> None:
    desk = client_id(tenant, "Desk")
    token = redeem(tenant, desk, _code(browser, tenant, desk)).json()["refresh_token"]
    frequency = {"value": 1, "type": "hours", "isEnabled": True, "frequencyInterval": "timeBased"}
    require_second_factor(
        tenant,
        grantControls=None,
        sessionControls={"signInFrequency": {**frequency, "authenticationType": "primaryAndSecondaryAuthentication"}},
    )
    assert _refresh(tenant, desk, token).status_code == 200
    tenant.control.advance_clock(3601)
    assert refused(_refresh(tenant, desk, token)) == (400, "invalid_grant", 70043)


def _by_password(tenant: Tenant, **changes: str) -> httpx.Response:
    return redeem(
        tenant,
        client_id(tenant, "Desk"),
        "",
        **{
            "grant_type": "password",
            "username": MEMBER,
            "password": PASSWORD,
            "scope": "User.Read",
            "redirect_uri": "",
            "code_verifier": "",
            **changes,
        },
    )


def test_password_grant_wants_consent_first_and_then_gives_tokens(tenant: Tenant, browser: Browser) -> None:
    assert refused(_by_password(tenant)) == (400, "invalid_grant", 65001)
    _code(browser, tenant, client_id(tenant, "Desk"))
    assert _claims(_by_password(tenant).json()["access_token"])["amr"] == ["pwd"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"username": "nobody@contoso.example"}, 50034),
        ({"password": "Wrong-1-word"}, 50126),
        ({"username": "off.duty@contoso.example"}, 50057),
        ({"username": "new.hire@contoso.example"}, 50055),
    ],
)
def test_password_grant_is_refused_under_the_number_of_what_is_wrong(
    tenant: Tenant, browser: Browser, changes: dict[str, str], code: int
) -> None:
    assert browser.arrival is None
    assert refused(_by_password(tenant, **changes)) == (400, "invalid_grant", code)


def test_password_grant_cannot_show_a_second_factor(tenant: Tenant, browser: Browser) -> None:
    desk = client_id(tenant, "Desk")
    _code(browser, tenant, desk)
    require_second_factor(tenant)
    assert refused(_by_password(tenant)) == (400, "invalid_grant", 50079)
    tenant.control.act(
        "PATCH",
        f"/v1.0/users/{MEMBER}",
        {"passwordProfile": {"password": "Other-7-harbour", "forceChangePasswordNextSignIn": False}},
    )
    access_pass = tenant.control.act("POST", f"/v1.0/users/{MEMBER}/authentication/temporaryAccessPassMethods", {})
    tenant.control.register_method(MEMBER, str(access_pass["temporaryAccessPass"]))
    answer = _by_password(tenant, password="Other-7-harbour")
    assert refused(answer) == (400, "invalid_grant", 50076)
    assert answer.json()["suberror"] == "basic_action"


@pytest.mark.parametrize(
    ("changes", "status", "error", "code"),
    [
        ({"grant_type": "kelp"}, 400, "unsupported_grant_type", 70003),
        ({"grant_type": ""}, 400, "invalid_request", 900144),
        ({"client_id": ""}, 400, "invalid_request", 900144),
        ({"code": ""}, 400, "invalid_request", 900144),
        ({"code": "nonsense"}, 400, "invalid_grant", 70000),
        ({"authority": "common"}, 400, "invalid_request", 50059),
    ],
)
def test_token_request_that_is_not_one_is_refused(
    tenant: Tenant, browser: Browser, changes: dict[str, str], status: int, error: str, code: int
) -> None:
    assert browser.arrival is None
    form = {"code": "nonsense", **changes}
    app = form.pop("client_id", client_id(tenant, "Desk"))
    assert refused(redeem(tenant, app, form.pop("code"), **form)) == (status, error, code)


def _register_api(tenant: Tenant) -> str:
    """Make of the shop an API that the desk may call for a person."""
    known = tenant.control.snapshot()["applications"].values()
    shop = next(each for each in known if each["displayName"] == "Shop")
    scope = {
        "id": "7b7a2c7e-0f2d-4c06-9d0b-2f1d8b6c0a11",
        "value": "Orders.Read",
        "type": "User",
        "isEnabled": True,
        "adminConsentDisplayName": "Read orders",
        "adminConsentDescription": "Read orders",
    }
    tenant.control.act(
        "PATCH",
        f"/v1.0/applications/{shop['id']}",
        {"identifierUris": [f"api://{shop['appId']}"], "api": {"oauth2PermissionScopes": [scope]}},
    )
    return str(shop["appId"])


def test_api_changes_a_persons_token_into_one_for_graph(tenant: Tenant, browser: Browser) -> None:
    shop, desk = _register_api(tenant), client_id(tenant, "Desk")
    code = _code(browser, tenant, desk, scope=f"api://{shop}/Orders.Read")
    token = redeem(tenant, desk, code).json()["access_token"]
    assert (_claims(token)["scp"], _claims(token)["oid"]) == ("Orders.Read", tenant.user_id(MEMBER))
    secret = _secret_of(tenant, "Shop")
    asked = {
        "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
        "requested_token_use": "on_behalf_of",
        "assertion": token,
        "client_secret": secret,
        "scope": "User.Read",
        "redirect_uri": "",
        "code_verifier": "",
    }
    assert refused(redeem(tenant, shop, "", **asked)) == (400, "invalid_grant", 65001)
    _code(browser, tenant, shop, redirect_uri="http://localhost/")
    answer = redeem(tenant, shop, "", **asked)
    assert answer.status_code == 200, answer.text
    claims = _claims(answer.json()["access_token"])
    assert (claims["appid"], claims["oid"]) == (shop, tenant.user_id(MEMBER))
    other = {**asked, "assertion": answer.json()["access_token"]}
    assert refused(redeem(tenant, shop, "", **other)) == (400, "invalid_grant", 500131)
    forged = {**asked, "assertion": jwt.encode(_claims(token), "kelp-lantern-harbour-kelp-lantern", "HS256")}
    assert refused(redeem(tenant, shop, "", **forged)) == (400, "invalid_grant", 50013)


def test_application_gets_a_token_for_an_api_of_the_tenant_unless_it_must_be_assigned(
    tenant: Tenant, browser: Browser
) -> None:
    assert browser.arrival is None
    shop = _register_api(tenant)
    credential = tenant.running.identities["deploy"]
    known = {"client_id": credential.client_id, "client_secret": credential.client_secret}
    answer = tenant.ask_token(**known, scope=f"api://{shop}/.default")
    assert _claims(answer.json()["access_token"])["aud"] == f"api://{shop}"
    principal = tenant.control.act("GET", f"/v1.0/servicePrincipals(appId='{shop}')")["id"]
    path = f"/v1.0/servicePrincipals/{principal}"
    tenant.control.act("PATCH", path, {"appRoleAssignmentRequired": True})
    assert refused(tenant.ask_token(**known, scope=f"api://{shop}/.default")) == (400, "unauthorized_client", 501051)
    tenant.control.act("PATCH", path, {"accountEnabled": False})
    assert refused(tenant.ask_token(**known, scope=f"api://{shop}/.default")) == (400, "invalid_resource", 500014)


def test_refreshing_does_not_extend_the_day_of_a_single_page_application(tenant: Tenant, browser: Browser) -> None:
    page, address = client_id(tenant, "Single page"), "https://page.contoso.example/"
    client = tenant.anonymous()
    client.headers["Origin"] = "https://page.contoso.example"

    def ask(**form: str) -> httpx.Response:
        return client.post(f"/{tenant.running.tenant_id}/oauth2/v2.0/token", data={"client_id": page, **form})

    code = _code(browser, tenant, page, redirect_uri=address)
    given = {"grant_type": "authorization_code", "code": code, "code_verifier": VERIFIER, "redirect_uri": address}
    token = ask(**given).json()["refresh_token"]
    for _ in range(2):
        tenant.control.advance_clock(11 * 3600)
        token = ask(grant_type="refresh_token", refresh_token=token).json()["refresh_token"]
    tenant.control.advance_clock(3 * 3600)
    assert refused(ask(grant_type="refresh_token", refresh_token=token)) == (400, "invalid_grant", 700082)


def test_what_a_pass_opened_ends_with_it_also_through_an_api(tenant: Tenant, browser: Browser) -> None:
    shop, desk = _register_api(tenant), client_id(tenant, "Desk")
    _code(browser, tenant, shop, redirect_uri="http://localhost/")
    path = f"/v1.0/users/{MEMBER}/authentication/temporaryAccessPassMethods"
    access_pass = tenant.control.act("POST", path, {"lifetimeInMinutes": 60})["temporaryAccessPass"]
    tenant.control.advance_clock(3000)
    authorize(browser, tenant, desk, scope=f"api://{shop}/Orders.Read", prompt="login")
    browser.submit("login", login=MEMBER)
    browser.submit("credential", accessPass=access_pass)
    browser.submit("consent", "accept")
    first = redeem(tenant, desk, code_of(browser)).json()
    claims = jwt.decode(first["access_token"], options={"verify_signature": False})
    assert 0 < first["expires_in"] <= 600
    assert claims["exp"] - claims["iat"] == first["expires_in"]
    asked = {
        "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
        "requested_token_use": "on_behalf_of",
        "assertion": first["access_token"],
        "client_secret": _secret_of(tenant, "Shop"),
        "scope": "User.Read offline_access",
        "redirect_uri": "",
        "code_verifier": "",
    }
    answer = redeem(tenant, shop, "", **asked).json()
    assert 0 < answer["expires_in"] <= 600
    query = {"$filter": "signInEventTypes/any(t: t eq 'nonInteractiveUser')"}
    entries = tenant.client("administer").get("/beta/auditLogs/signIns", params=query).json()["value"]
    assert [each["authenticationMethodsUsed"] for each in entries] == [["Temporary Access Pass"]]
    tenant.control.advance_clock(601)
    again = _refresh(tenant, shop, answer["refresh_token"], client_secret=asked["client_secret"])
    assert refused(again) == (400, "invalid_grant", 130504)
