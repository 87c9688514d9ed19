"""Access tokens over the wire: which are refused and how, and when what was given or taken begins to count."""

import base64
import dataclasses
import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from sandbox.behaviour import Behaviour
from sandbox.seed import Seed, SeedDomain, SeedIdentity, SeedUser
from sandbox.server import start
from sandbox.state.file import StateFile
from sandbox.tokens import TokenAuthority
from tests.sandbox.conftest import SEED, Tenant, refusal
from tests.sandbox.sdk import with_token

_KIM = "kim.berg@contoso.example"
_BREAK_GLASS = "breakglass1@contoso.onmicrosoft.com"
_MARKER = "0997a1d0-0d1d-4acb-b408-d5ca73121e90"  # stands in every app-only token
_USER_ADMINISTRATOR = "fe930be7-5e62-47db-91af-98c3a49a38b1"


@dataclasses.dataclass(frozen=True)
class Forge:
    """Makes tokens of one tenant's with its real key."""

    tenant: Tenant
    key: str
    claims: Mapping[str, Any]  # of a token that is taken

    @property
    def private(self) -> Any:
        return load_pem_private_key(self.key.encode(), password=None)

    @property
    def key_id(self) -> str:
        return str(jwt.get_unverified_header(self.tenant.token("administer"))["kid"])

    def sign(self, **changes: Any) -> str:
        kept = {name: value for name, value in {**self.claims, **changes}.items() if value is not None}
        return TokenAuthority(self.key).sign(kept)

    def ask(self, token: str) -> httpx.Response:
        return self.tenant.anonymous().get("/v1.0/users", headers={"Authorization": f"Bearer {token}"})


@pytest.fixture(scope="module")
def forge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forge]:
    directory: Path = tmp_path_factory.mktemp("forge")
    state = directory / "state.db"
    with start(directory, SEED, state=state):
        pass
    with StateFile(state) as file:
        key = file.value("token_key")
    assert key is not None
    with start(directory, SEED, state=state) as running:
        tenant = Tenant(running)
        claims = jwt.decode(tenant.token("administer"), options={"verify_signature": False})
        yield Forge(tenant, key, claims)
        tenant.close()


def _require_refused(response: httpx.Response) -> str:
    status, code, message = refusal(response)
    assert (status, code) == (401, "InvalidAuthenticationToken")
    assert response.headers["WWW-Authenticate"].startswith('Bearer realm=""')
    assert "Traceback" not in response.text
    return message


def test_token_signed_with_the_servers_key_is_taken(forge: Forge) -> None:
    assert forge.ask(forge.sign()).status_code == 200


@pytest.mark.parametrize("name", ["appid", "aud", "exp", "iat", "idtyp", "iss", "nbf", "oid", "tid"])
def test_token_without_a_needed_claim_is_refused_by_its_name(forge: Forge, name: str) -> None:
    assert name in _require_refused(forge.ask(forge.sign(**{name: None})))


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"iss": "https://sts.windows.net/11111111-1111-4111-8111-111111111111/"}, "issuer"),
        ({"aud": "https://graph.microsoft.com"}, "audience"),
        ({"aud": "00000002-0000-0000-c000-000000000000"}, "audience"),
        ({"exp": 1}, "expired"),
        ({"nbf": 4102444800}, "not yet valid"),
        ({"exp": "soon"}, "CompactToken"),
        ({"idtyp": "user", "oid": "11111111-1111-4111-8111-111111111111"}, "does not exist"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else value,
)
def test_token_with_a_wrong_claim_is_refused(forge: Forge, changes: dict[str, Any], named: str) -> None:
    assert named in _require_refused(forge.ask(forge.sign(**changes)))


def test_token_of_an_application_that_is_not_here_is_refused_as_an_unknown_identity(forge: Forge) -> None:
    response = forge.ask(forge.sign(oid="11111111-1111-4111-8111-111111111111"))
    assert refusal(response)[:2] == (401, "Authorization_IdentityNotFound")


def test_token_of_a_tenant_that_is_not_here_is_refused(forge: Forge) -> None:
    _require_refused(forge.ask(forge.sign(tid="11111111-1111-4111-8111-111111111111")))


def test_token_signed_by_somebody_else_is_refused(forge: Forge) -> None:
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    assert "key is unknown" in _require_refused(forge.ask(TokenAuthority(pem).sign(forge.claims)))
    pretended = jwt.encode(dict(forge.claims), other, algorithm="RS256", headers={"kid": forge.key_id})
    assert "Signature verification failed" in _require_refused(forge.ask(pretended))


def test_token_without_a_key_id_is_refused(forge: Forge) -> None:
    token = jwt.encode(dict(forge.claims), forge.private, algorithm="RS256")
    assert "key is unknown" in _require_refused(forge.ask(token))


def test_token_whose_claims_were_changed_after_signing_is_refused(forge: Forge) -> None:
    head, _, signature = forge.sign().split(".")
    _require_refused(forge.ask(f"{head}.{_encoded({**forge.claims, 'roles': ['User.ReadWrite.All']})}.{signature}"))


@pytest.mark.parametrize("algorithm", ["none", "None", "HS256", "RS512"])
def test_token_of_another_algorithm_is_refused(forge: Forge, algorithm: str) -> None:
    head = _encoded({"alg": algorithm, "typ": "JWT", "kid": forge.key_id})
    text = f"{head}.{_encoded(forge.claims)}"
    public = forge.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    signatures = {"HS256": base64.urlsafe_b64encode(hmac.digest(public, text.encode(), hashlib.sha256)).rstrip(b"=")}
    _require_refused(forge.ask(f"{text}.{signatures.get(algorithm, b'').decode()}"))


@pytest.mark.parametrize(
    "header",
    [
        None,
        b"",
        b"Bearer",
        b"Basic dXNlcjpwYXNzd29yZA==",
        b"Bearer kelp",
        b"Bearer a.b.c",
        b"Bearer ..",
        b"Bearer \xff\xfe.\x80.\x81",
        b"Bearer " + base64.urlsafe_b64encode(b"[" * 20000) + b".e30.",
        b"Bearer " + base64.urlsafe_b64encode(b'{"alg":"RS256","kid":1}') + b".bnVsbA.",
        b"Bearer e30.W10.e30",
    ],
    ids=str,
)
def test_what_is_no_token_is_refused_and_the_server_lives_on(forge: Forge, header: bytes | None) -> None:
    headers = {} if header is None else {b"Authorization": header}
    _require_refused(forge.tenant.anonymous().get("/v1.0/users", headers=headers))
    assert forge.ask(forge.sign()).status_code == 200


def _encoded(value: Mapping[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(dict(value)).encode()).rstrip(b"=").decode()


def _claims(token: str) -> dict[str, Any]:
    return jwt.decode(token, options={"verify_signature": False})


def test_application_token_has_the_claims_of_version_1(tenant: Tenant) -> None:
    token = tenant.token("post-apply")
    claims, header = _claims(token), jwt.get_unverified_header(token)
    credential = tenant.running.identities["post-apply"]
    assert (claims["ver"], claims["idtyp"], claims["appid"]) == ("1.0", "app", credential.client_id)
    assert claims["oid"] == claims["sub"] == credential.object_id
    assert claims["exp"] - claims["iat"] == 3900
    assert claims["wids"] == [_MARKER, _USER_ADMINISTRATOR]
    assert (header["alg"], header["typ"], header["x5t"]) == ("RS256", "JWT", header["kid"])
    assert "scp" not in claims
    assert "roles" not in _claims(tenant.token("nobody"))


def test_user_token_tells_scopes_and_tenant_wide_roles(tenant: Tenant) -> None:
    claims = _claims(tenant.control.user_token("nobody", _BREAK_GLASS, "User.Read", "Policy.Read.All"))
    assert (claims["scp"], claims["idtyp"], claims["upn"]) == ("Policy.Read.All User.Read", "user", _BREAK_GLASS)
    assert claims["wids"] == ["62e90394-69f5-4237-9190-012177145e10"]
    assert "roles" not in claims


def test_token_ends_with_the_tenants_clock(tenant: Tenant) -> None:
    client = tenant.client("administer")
    tenant.control.advance_clock(3890)
    assert client.get("/v1.0/domains").status_code == 200
    tenant.control.advance_clock(20)
    assert "expired" in _require_refused(client.get("/v1.0/domains"))


def test_token_is_not_valid_before_its_time(tenant: Tenant) -> None:
    client = tenant.client("administer")
    tenant.control.advance_clock(-60)
    assert "not yet valid" in _require_refused(client.get("/v1.0/domains"))


def test_tokens_of_two_tenants_of_one_server_reach_their_own_alone(tenant: Tenant) -> None:
    other = Seed(
        tenant_name="Fabrikam",
        domains=(SeedDomain("fabrikam.onmicrosoft.com", is_initial=True, is_default=True),),
        users=(SeedUser("only@fabrikam.onmicrosoft.com", "Only One", directory_roles=("Global Administrator",)),),
        groups=(),
        identities=(SeedIdentity("reader", ("User.Read.All",)),),
    )
    added = tenant.control.add_tenant(other)
    reader = added["identities"]["reader"]
    form = {"client_id": reader["client_id"], "client_secret": reader["client_secret"]}
    token = tenant.ask_token(authority=added["tenantId"], **form).json()["access_token"]
    client = tenant.anonymous()
    client.headers["Authorization"] = f"Bearer {token}"
    assert [each["displayName"] for each in client.get("/v1.0/users").json()["value"]] == ["Only One"]
    assert client.get(f"/v1.0/users/{tenant.user_id(_KIM)}").status_code == 404
    assert tenant.ask_token(**form).status_code == 400


def test_permission_given_or_taken_acts_on_the_next_token(tenant: Tenant) -> None:
    before = tenant.client("nobody")
    tenant.control.grant("nobody", "Domain.Read.All")
    assert before.get("/v1.0/domains").status_code == 403
    after = tenant.client("nobody")
    assert after.get("/v1.0/domains").status_code == 200
    tenant.control.withdraw("nobody", "Domain.Read.All")
    assert after.get("/v1.0/domains").status_code == 200
    assert tenant.client("nobody").get("/v1.0/domains").status_code == 403


@pytest.mark.parametrize(("looked_up", "status"), [("token", 403), ("now", 204)])
def test_directory_role_acts_as_of_the_token_or_now(
    tenant: Tenant, looked_up: Literal["token", "now"], status: int
) -> None:
    tenant.reseed(behaviour=Behaviour(directory_roles_as_of=looked_up))
    client = tenant.client("post-apply")
    tenant.control.grant("nobody", "User-PasswordProfile.ReadWrite.All")
    late = tenant.client("nobody")
    body = {"principalId": tenant.running.identities["nobody"].object_id, "directoryScopeId": "/"}
    assigned = tenant.control.act(
        "POST",
        "/v1.0/roleManagement/directory/roleAssignments",
        {**body, "roleDefinitionId": _USER_ADMINISTRATOR},
    )
    reset = {"passwordProfile": {"password": "Kelp-9-lantern"}}
    assert client.patch(f"/v1.0/users/{_KIM}", json=reset).status_code == 204
    assert late.patch(f"/v1.0/users/{_KIM}", json=reset).status_code == status
    assert tenant.client("nobody").patch(f"/v1.0/users/{_KIM}", json=reset).status_code == 204
    aged = tenant.client("nobody")
    tenant.control.act("DELETE", f"/v1.0/roleManagement/directory/roleAssignments/{assigned['id']}")
    assert aged.patch(f"/v1.0/users/{_KIM}", json=reset).status_code == {403: 204, 204: 403}[status]
    assert tenant.client("nobody").patch(f"/v1.0/users/{_KIM}", json=reset).status_code == 403


def test_role_within_an_application_is_no_tenant_wide_role(tenant: Tenant) -> None:
    body = {
        "principalId": tenant.running.identities["nobody"].object_id,
        "directoryScopeId": f"/{tenant.running.identities['deploy'].application_object_id}",
        "roleDefinitionId": "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3",
    }
    tenant.control.act("POST", "/v1.0/roleManagement/directory/roleAssignments", body)
    assert _claims(tenant.token("nobody"))["wids"] == [_MARKER]


def _person(tenant: Tenant, *, continuous: bool = False, login: str = _KIM) -> httpx.Client:
    client = tenant.anonymous()
    token = tenant.control.user_token("nobody", login, "User.Read", "User.Read.All", continuous=continuous)
    client.headers["Authorization"] = f"Bearer {token}"
    return client


def _end_sessions(tenant: Tenant) -> None:
    # Sessions are ended by the second.
    tenant.control.advance_clock(2)
    assert tenant.client("administer").post(f"/v1.0/users/{_KIM}/revokeSignInSessions").status_code == 200


def test_ending_sessions_ends_a_users_tokens_at_once_and_not_the_next_one(tenant: Tenant) -> None:
    client = _person(tenant)
    assert client.get("/v1.0/users").status_code == 200
    _end_sessions(tenant)
    assert "TokenIssuedBeforeRevocationTimestamp" in _require_refused(client.get("/v1.0/users"))
    assert _person(tenant).get("/v1.0/users").status_code == 200
    assert _person(tenant, login="alex.moore@contoso.example").get("/v1.0/users").status_code == 200


def test_client_that_can_is_challenged_for_a_token_from_after_the_revocation(tenant: Tenant) -> None:
    client = _person(tenant, continuous=True)
    _end_sessions(tenant)
    response = client.get("/v1.0/users")
    _require_refused(response)
    challenge = response.headers["WWW-Authenticate"]
    assert 'error="insufficient_claims"' in challenge
    told = json.loads(base64.b64decode(challenge.partition('claims="')[2].partition('"')[0]))
    assert int(told["access_token"]["nbf"]["value"]) > _claims(client.headers["Authorization"].split()[1])["iat"]


def test_revocation_may_leave_tokens_of_clients_that_cannot_be_challenged(tenant: Tenant) -> None:
    tenant.reseed(behaviour=Behaviour(tokens_ended_by_revocation="continuous"))
    plain, continuous = _person(tenant), _person(tenant, continuous=True)
    _end_sessions(tenant)
    assert plain.get("/v1.0/users").status_code == 200
    _require_refused(continuous.get("/v1.0/users"))


@pytest.mark.parametrize(("goes_on", "status"), [(True, 200), (False, 401)])
def test_token_of_a_disabled_user_works_on_or_not(tenant: Tenant, goes_on: bool, status: int) -> None:
    tenant.reseed(behaviour=Behaviour(disabled_users_go_on=goes_on))
    client = _person(tenant)
    tenant.control.act("PATCH", f"/v1.0/users/{_KIM}", {"accountEnabled": False})
    assert client.get("/v1.0/users").status_code == status
    _end_sessions(tenant)
    _require_refused(client.get("/v1.0/users"))


def test_token_of_a_deleted_user_is_refused(tenant: Tenant) -> None:
    client = _person(tenant)
    tenant.control.act("DELETE", f"/v1.0/users/{_KIM}")
    assert "does not exist" in _require_refused(client.get("/v1.0/users"))


def test_only_its_end_ends_an_applications_token(tenant: Tenant) -> None:
    client = tenant.client("deploy")
    object_id = tenant.running.identities["deploy"].object_id
    tenant.control.act("PATCH", f"/v1.0/servicePrincipals/{object_id}", {"accountEnabled": False})
    assert client.get("/v1.0/domains").status_code == 200
    credential = tenant.running.identities["deploy"]
    refused = tenant.ask_token(client_id=credential.client_id, client_secret=credential.client_secret)
    assert refused.json()["error_codes"] == [7000112]
    tenant.control.advance_clock(3901)
    _require_refused(client.get("/v1.0/domains"))


def test_token_of_a_deleted_service_principal_has_no_identity(tenant: Tenant) -> None:
    client = tenant.client("deploy")
    tenant.control.act("DELETE", f"/v1.0/servicePrincipals/{tenant.running.identities['deploy'].object_id}")
    assert refusal(client.get("/v1.0/domains"))[:2] == (401, "Authorization_IdentityNotFound")


def test_unmodified_sdk_understands_the_challenge_and_goes_on_with_a_later_token(tenant: Tenant) -> None:
    def issue() -> str:
        return tenant.control.user_token("nobody", _KIM, "User.Read.All", continuous=True)

    waiting = [issue()]
    _end_sessions(tenant)
    tenant.control.clear_journal()

    async def use(client: Any) -> None:
        assert (await client.users.get()).value

    with_token(tenant, lambda: waiting.pop() if waiting else issue(), use)
    asked = [each["status"] for each in tenant.control.journal() if each["path"] == "/v1.0/users"]
    assert asked == [401, 200]
