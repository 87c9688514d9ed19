"""Malformed sign-in requests: whatever is sent, the answer is a refusal or a page, and the server lives on."""

import base64
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.sandbox.conftest import Tenant
from tests.sandbox.people import CLI, LOOPBACK, MEMBER, settle

_NAMES = (
    "accessPass",
    "assertion",
    "claims",
    "client_assertion",
    "client_assertion_type",
    "client_id",
    "client_secret",
    "code",
    "code_challenge",
    "code_challenge_method",
    "code_verifier",
    "device_code",
    "dialogue",
    "formToken",
    "grant_type",
    "login_hint",
    "otc",
    "password",
    "prompt",
    "redirect_uri",
    "refresh_token",
    "requested_token_use",
    "response_mode",
    "response_type",
    "scope",
    "state",
    "step",
    "username",
)
_GRANTS = (
    "authorization_code",
    "client_credentials",
    "password",
    "refresh_token",
    "urn:ietf:params:oauth:grant-type:device_code",
    "urn:ietf:params:oauth:grant-type:jwt-bearer",
)
_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def _encoded(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["aud", "iss", "sub", "exp"]), inner),
    max_leaves=5,
)
_HEADERS = st.fixed_dictionaries(
    {"alg": st.sampled_from(["RS256", "PS256", "none", "HS256", "x"])},
    optional={"x5t": _JSON, "x5t#S256": _JSON, "kid": _JSON, "typ": _JSON},
)
_CLAIMS = st.dictionaries(st.sampled_from(["aud", "iss", "sub", "exp", "nbf", "oid"]), _JSON | st.just(CLI))
_TOKENS = st.builds(lambda header, claims: f"{_encoded(header)}.{_encoded(claims)}.AAAA", _HEADERS, _CLAIMS)
_VALUES = (
    st.text(max_size=30)
    | st.sampled_from([CLI, LOOPBACK, MEMBER, "http://[x", "User.Read", "/.default", "code", "form_post", "none"])
    | st.sampled_from([*_GRANTS, _ASSERTION_TYPE, "on_behalf_of"])
    | _TOKENS
)
_FORMS = st.dictionaries(st.sampled_from(_NAMES), _VALUES, max_size=8)
_BOUNDED = settings(
    max_examples=80, deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)


@pytest.mark.parametrize("path", ["oauth2/v2.0/token", "oauth2/v2.0/devicecode", "oauth2/deviceauth", "login"])
def test_no_form_brings_the_server_down(tenant: Tenant, path: str) -> None:
    settle(tenant)
    client = tenant.anonymous()

    @_BOUNDED
    @given(form=_FORMS, known=st.booleans(), grant=st.sampled_from(_GRANTS))
    def send(form: dict[str, str], *, known: bool, grant: str) -> None:
        sent = {"client_id": CLI, "grant_type": grant, **form} if known else form
        response = client.post(f"/{tenant.running.tenant_id}/{path}", data=sent)
        assert response.status_code in {200, 400, 401}, response.text

    send()


@pytest.mark.parametrize("path", ["oauth2/v2.0/authorize", "adminconsent", "v2.0/adminconsent", "security-info"])
def test_no_address_brings_the_server_down(tenant: Tenant, path: str) -> None:
    settle(tenant)
    client = tenant.anonymous()

    @_BOUNDED
    @given(query=_FORMS, known=st.booleans(), authority=st.sampled_from(["", "common", "x", "contoso.example"]))
    def send(query: dict[str, str], *, known: bool, authority: str) -> None:
        asked = {"client_id": CLI, "redirect_uri": LOOPBACK, "response_type": "code", **query} if known else query
        response = client.get(f"/{authority or tenant.running.tenant_id}/{path}", params=asked)
        assert response.status_code in {200, 302, 400}, response.text

    send()
