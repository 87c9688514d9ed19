"""Metadata, OpenID configuration, keys and tokens."""

import time
from typing import Any

import jwt
import pytest
from azure.identity import ClientSecretCredential
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.sandbox.conftest import DEPLOY, Tenant


def _verified(tenant: Tenant, token: str) -> dict[str, Any]:
    keys = tenant.anonymous().get(f"/{tenant.running.tenant_id}/discovery/v2.0/keys").json()["keys"]
    header = jwt.get_unverified_header(token)
    key = next(each for each in keys if each["kid"] == header["kid"])
    audience = tenant.running.base_url
    claims: dict[str, Any] = jwt.decode(token, jwt.PyJWK(key).key, algorithms=["RS256"], audience=audience)
    return claims


def test_metadata_names_one_base_for_everything_and_marks_itself_a_sandbox(tenant: Tenant) -> None:
    document = tenant.anonymous().get("/metadata/endpoints", params={"api-version": "2022-09-01"}).json()
    base = tenant.running.base_url
    assert document["authentication"] == {
        "loginEndpoint": base,
        "audiences": [base],
        "tenant": "common",
        "identityProvider": "AAD",
    }
    assert document["microsoftGraphResourceId"] == document["resourceManager"] == base
    assert document["sandbox"] == {"product": "cirasync-steward", "loopback": True}


def test_metadata_of_another_version_is_refused(tenant: Tenant) -> None:
    response = tenant.anonymous().get("/metadata/endpoints", params={"api-version": "2019-05-01"})
    assert (response.status_code, response.json()["error"]["code"]) == (400, "InvalidApiVersionParameter")


def test_token_has_the_claims_of_an_app_only_graph_token(tenant: Tenant) -> None:
    claims = _verified(tenant, tenant.token("deploy"))
    credential = tenant.running.identities["deploy"]
    assert claims["roles"] == sorted(DEPLOY)
    assert claims["oid"] == claims["sub"] == credential.object_id
    assert claims["appid"] == credential.client_id
    assert claims["tid"] == tenant.running.tenant_id
    assert (claims["idtyp"], claims["ver"], claims["appidacr"]) == ("app", "1.0", "1")
    assert claims["exp"] - claims["iat"] == 3900


def test_token_of_a_role_holder_names_the_role_beside_the_marker_of_applications(tenant: Tenant) -> None:
    claims = _verified(tenant, tenant.token("post-apply"))
    assert set(claims["wids"]) == {"0997a1d0-0d1d-4acb-b408-d5ca73121e90", "fe930be7-5e62-47db-91af-98c3a49a38b1"}


def test_token_of_an_identity_without_permissions_has_no_roles_claim(tenant: Tenant) -> None:
    assert "roles" not in _verified(tenant, tenant.token("nobody"))


def test_token_asked_for_through_a_verified_domain_is_issued(tenant: Tenant) -> None:
    credential = tenant.running.identities["deploy"]
    response = tenant.ask_token(
        authority="contoso.example", client_id=credential.client_id, client_secret=credential.client_secret
    )
    assert response.status_code == 200


def test_withdrawn_permission_is_gone_from_the_next_token_only(tenant: Tenant) -> None:
    client = tenant.client("deploy")
    tenant.control.withdraw("deploy", "Domain.Read.All")
    assert client.get("/v1.0/domains").status_code == 200
    assert tenant.client("deploy").get("/v1.0/domains").status_code == 403
    tenant.control.grant("deploy", "Domain.Read.All")
    assert tenant.client("deploy").get("/v1.0/domains").status_code == 200


@pytest.mark.parametrize(
    ("changes", "status", "error", "code"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client", 7000215),
        ({"client_id": "11111111-1111-4111-8111-111111111111"}, 400, "unauthorized_client", 700016),
        ({"client_id": "00000000-0000-0000-0000-000000000000"}, 400, "unauthorized_client", 700038),
        ({"scope": "https://other.example/.default"}, 400, "invalid_resource", 500011),
        ({"scope": "User.Read"}, 400, "invalid_scope", 70011),
        ({"grant_type": "kelp"}, 400, "unsupported_grant_type", 70003),
        ({"authority": "other.example"}, 400, "invalid_request", 90002),
        ({"authority": "nonsense"}, 400, "invalid_request", 900023),
        ({"client_assertion": "x.y.z"}, 400, "invalid_request", 900144),
    ],
)
def test_token_request_with_a_fault_is_refused_under_its_number(
    tenant: Tenant, changes: dict[str, str], status: int, error: str, code: int
) -> None:
    credential = tenant.running.identities["deploy"]
    fields = {"client_id": credential.client_id, "client_secret": credential.client_secret, **changes}
    response = tenant.ask_token(**fields)
    body = response.json()
    assert (response.status_code, body["error"], body["error_codes"]) == (status, error, [code])
    assert body["error_description"].startswith(f"AADSTS{code}: ")


def test_token_request_without_a_credential_is_refused(tenant: Tenant) -> None:
    response = tenant.ask_token(client_id=tenant.running.identities["deploy"].client_id)
    assert (response.status_code, response.json()["error_codes"]) == (401, [7000218])


def test_token_request_with_an_ended_secret_is_refused(tenant: Tenant) -> None:
    credential = tenant.running.identities["deploy"]
    tenant.control.advance_clock(3 * 365 * 24 * 3600)
    response = tenant.ask_token(client_id=credential.client_id, client_secret=credential.client_secret)
    assert (response.status_code, response.json()["error_codes"]) == (401, [7000222])


def test_token_request_of_a_disabled_application_is_refused(tenant: Tenant) -> None:
    credential = tenant.running.identities["deploy"]
    tenant.control.act("PATCH", f"/v1.0/servicePrincipals/{credential.object_id}", {"accountEnabled": False})
    response = tenant.ask_token(client_id=credential.client_id, client_secret=credential.client_secret)
    assert (response.status_code, response.json()["error_codes"]) == (400, [7000112])


def _forged(tenant: Tenant, **changes: Any) -> dict[str, Any]:
    claims = jwt.decode(tenant.token("administer"), options={"verify_signature": False})
    return {**claims, **changes}


def _token_without_signature(tenant: Tenant) -> str:
    return jwt.encode(_forged(tenant), "", algorithm="none")


def _token_of_another_key(tenant: Tenant) -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return jwt.encode(_forged(tenant), key, algorithm="RS256")


def _token_of_another_key_under_our_key_id(tenant: Tenant) -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    kid = jwt.get_unverified_header(tenant.token("administer"))["kid"]
    return jwt.encode(_forged(tenant), key, algorithm="RS256", headers={"kid": kid})


def _token_with_changed_claims(tenant: Tenant) -> str:
    head, _, signature = tenant.token("nobody").split(".")
    return f"{head}.{tenant.token('administer').split('.')[1]}.{signature}"


def _ended_token(tenant: Tenant) -> str:
    token = tenant.token("administer")
    tenant.control.advance_clock(3901)
    return token


def _token_of_a_replaced_tenant(tenant: Tenant) -> str:
    token = tenant.token("administer")
    tenant.reseed(tenant_id="3f8f6d5e-1111-4111-8111-0a0b0c0d0e0f")
    return token


@pytest.mark.parametrize(
    "forge",
    [
        _token_without_signature,
        _token_of_another_key,
        _token_of_another_key_under_our_key_id,
        _token_with_changed_claims,
        _ended_token,
        _token_of_a_replaced_tenant,
        lambda _tenant: "nonsense",
    ],
)
def test_graph_refuses_a_token_it_did_not_issue_or_that_ended(tenant: Tenant, forge: Any) -> None:
    response = tenant.anonymous().get("/v1.0/users", headers={"Authorization": f"Bearer {forge(tenant)}"})
    assert (response.status_code, response.json()["error"]["code"]) == (401, "InvalidAuthenticationToken")


def test_graph_refuses_a_request_without_a_token(tenant: Tenant) -> None:
    response = tenant.anonymous().get("/v1.0/users")
    assert (response.status_code, response.json()["error"]["code"]) == (401, "InvalidAuthenticationToken")


def test_azure_identity_gets_a_token_that_says_it_can_be_challenged(tenant: Tenant) -> None:
    credential = tenant.running.identities["deploy"]
    with ClientSecretCredential(
        tenant.running.tenant_id,
        credential.client_id,
        credential.client_secret,
        authority=tenant.running.base_url,
        disable_instance_discovery=True,
        connection_verify=str(tenant.running.ca_file),
    ) as azure:
        plain = azure.get_token(f"{tenant.running.base_url}/.default")
        continuous = azure.get_token(f"{tenant.running.base_url}/.default", enable_cae=True)
    assert _verified(tenant, plain.token)["appid"] == credential.client_id
    assert plain.expires_on > time.time() + 3600
    claims = _verified(tenant, continuous.token)
    assert claims["xms_cc"] == ["cp1"]
    assert claims["exp"] - claims["iat"] == 86700
