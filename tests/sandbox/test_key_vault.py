"""A tenant's key vault, met by the unmodified azure-keyvault-secrets and by bare requests."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.identity import ClientSecretCredential
from azure.keyvault.secrets import SecretClient

from sandbox.behaviour import Behaviour
from sandbox.seed import Seed, SeedIdentity, SeedVault, SeedVaultAccess, VaultAction
from sandbox.server import RunningSandbox, start
from tests.sandbox.conftest import Tenant

VERSION = {"api-version": "7.6"}
KEEPER: tuple[VaultAction, ...] = ("delete", "get", "list", "purge", "recover", "set", "update")
SEED = Seed(
    identities=(SeedIdentity("keeper"), SeedIdentity("writer"), SeedIdentity("stranger")),
    vault=SeedVault(access=(SeedVaultAccess("keeper", KEEPER), SeedVaultAccess("writer", ("set", "list", "update")))),
)
CANARY = "Canary-4c1d-for-the-vault-alone"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    with start(tmp_path_factory.mktemp("vault"), SEED) as running:
        yield running


@pytest.fixture
def tenant(server: RunningSandbox) -> Iterator[Tenant]:
    tenant = Tenant(server)
    tenant.control.reseed(SEED)
    yield tenant
    tenant.close()


def secrets_as(tenant: Tenant, identity: str, **options: Any) -> SecretClient:
    """Return Microsoft's own client, which verifies TLS and answers the challenge."""
    running, who = tenant.running, tenant.running.identities[identity]
    trusted = {"connection_verify": str(running.ca_file)}
    credential = ClientSecretCredential(
        running.tenant_id,
        who.client_id,
        who.client_secret,
        authority=running.base_url,
        disable_instance_discovery=True,
        **trusted,
    )
    return SecretClient(
        running.base_url, credential, verify_challenge_resource=False, retry_total=0, **trusted, **options
    )


def bare(tenant: Tenant, identity: str) -> httpx.Client:
    """Return a plain client with a token for the vault."""
    who = tenant.running.identities[identity]
    answer = tenant.ask_token(
        client_id=who.client_id, client_secret=who.client_secret, scope="https://vault.azure.net/.default"
    )
    client = tenant.anonymous()
    client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
    return client


def refused(answer: httpx.Response) -> tuple[int, str]:
    error = answer.json()["error"]
    return answer.status_code, (error.get("innererror") or error)["code"]


def test_client_sets_reads_lists_changes_and_deletes_a_secret(tenant: Tenant) -> None:
    secrets = secrets_as(tenant, "keeper")
    first = secrets.set_secret("account-1", CANARY, content_type="password", tags={"login": "a@b.example"})
    second = secrets.set_secret("account-1", CANARY + "2")
    assert secrets.get_secret("account-1").value == CANARY + "2"
    assert secrets.get_secret("account-1", first.properties.version).value == CANARY
    secrets.update_secret_properties("account-1", first.properties.version, tags={"password-set": "then"})
    listed = {each.version: each for each in secrets.list_properties_of_secret_versions("account-1")}
    assert set(listed) == {first.properties.version, second.properties.version}
    changed = listed[first.properties.version or ""]
    assert (changed.tags, changed.content_type) == ({"password-set": "then"}, "password")
    secrets.begin_delete_secret("account-1", _polling_interval=0).result()
    with pytest.raises(ResourceNotFoundError, match="SecretNotFound"):
        secrets.get_secret("account-1")
    with pytest.raises(ResourceExistsError, match="deleted but recoverable"):
        secrets.set_secret("account-1", CANARY)
    secrets.begin_recover_deleted_secret("account-1", _polling_interval=0).wait()
    assert secrets.get_secret("account-1").value == CANARY + "2"
    secrets.begin_delete_secret("account-1", _polling_interval=0).wait()
    secrets.purge_deleted_secret("account-1")
    assert secrets.set_secret("account-1", CANARY).properties.version


def test_versions_come_in_pages_that_the_client_follows(tenant: Tenant) -> None:
    secrets = secrets_as(tenant, "keeper")
    made = {secrets.set_secret("many", str(number)).properties.version for number in range(30)}
    assert {each.version for each in secrets.list_properties_of_secret_versions("many")} == made


@pytest.mark.parametrize(
    ("what", "action"),
    [
        (lambda secrets: secrets.set_secret("other", "x"), "setSecret"),
        (lambda secrets: secrets.get_secret("one"), "getSecret"),
        (lambda secrets: list(secrets.list_properties_of_secret_versions("one")), "readMetadata"),
        (lambda secrets: secrets.begin_delete_secret("one"), "delete"),
        (lambda secrets: secrets.update_secret_properties("one", "v", tags={}), "update"),
        (lambda secrets: secrets.get_deleted_secret("one"), "getSecret"),
        (lambda secrets: secrets.purge_deleted_secret("one"), "purge"),
        (lambda secrets: secrets.begin_recover_deleted_secret("one"), "recover"),
    ],
)
def test_whoever_is_not_permitted_is_refused_by_the_action(
    tenant: Tenant, what: Callable[[SecretClient], Any], action: str
) -> None:
    secrets_as(tenant, "keeper").set_secret("one", "x")
    with pytest.raises(HttpResponseError, match=f"secrets/{action}") as told:
        what(secrets_as(tenant, "stranger"))
    assert told.value.status_code == 403


def test_permission_to_write_is_none_to_read(tenant: Tenant) -> None:
    secrets = secrets_as(tenant, "writer")
    secrets.set_secret("one", "x")
    with pytest.raises(HttpResponseError, match="ForbiddenByRbac"):
        secrets.get_secret("one")


def test_request_without_a_token_is_told_where_to_sign_in(tenant: Tenant) -> None:
    answer = tenant.anonymous().put("/secrets/one", params=VERSION, json={"value": "x"})
    assert refused(answer) == (401, "Unauthorized")
    running = tenant.running
    assert answer.headers["WWW-Authenticate"] == (
        f'Bearer authorization="{running.base_url}/{running.tenant_id}", resource="https://vault.azure.net"'
    )


def test_token_for_graph_is_none_for_the_vault_and_the_other_way_round(tenant: Tenant) -> None:
    graph = tenant.client("keeper").get("/secrets/one", params=VERSION)
    assert refused(graph) == (401, "Unauthorized")
    assert "AKV10022" in graph.text
    assert bare(tenant, "keeper").get("/v1.0/organization").status_code == 401


def test_token_ends_by_the_tenants_clock(tenant: Tenant) -> None:
    client = bare(tenant, "keeper")
    assert client.get("/secrets/one", params=VERSION).status_code == 404
    tenant.control.advance_clock(2 * 3600)
    assert client.get("/secrets/one", params=VERSION).status_code == 401


@pytest.mark.parametrize(
    ("method", "path", "options"),
    [
        ("GET", "/secrets/one", {"params": {}}),
        ("GET", "/secrets/one", {"params": {"api-version": "6.0"}}),
        ("GET", "/secrets/one", {"params": {**VERSION, "$filter": "x"}}),
        ("GET", "/secrets/one/versions", {"params": {**VERSION, "maxresults": "26"}}),
        ("PUT", "/secrets/a_b", {"params": VERSION, "json": {"value": "x"}}),
        ("PUT", "/secrets/one", {"params": VERSION, "json": {}}),
        ("PUT", "/secrets/one", {"params": VERSION, "json": {"value": "x" * 25_001}}),
        ("PUT", "/secrets/one", {"params": VERSION, "json": {"value": "x", "kind": "y"}}),
        ("PUT", "/secrets/one", {"params": VERSION, "json": {"value": "x", "tags": {"a": 1}}}),
        ("PUT", "/secrets/one", {"params": VERSION, "json": {"value": "x", "attributes": {"enabled": 1}}}),
        ("PUT", "/secrets/one", {"params": VERSION, "content": b"["}),
    ],
)
def test_request_that_is_wrong_is_refused_and_changes_nothing(
    tenant: Tenant, method: str, path: str, options: dict[str, Any]
) -> None:
    client = bare(tenant, "keeper")
    assert refused(client.request(method, path, **options)) == (400, "BadParameter")
    assert tenant.control.snapshot()["vault_secrets"] == {}


def test_what_a_vault_has_and_this_one_not_is_refused_by_name(tenant: Tenant) -> None:
    assert refused(bare(tenant, "keeper").get("/secrets", params=VERSION)) == (501, "notImplemented")
    assert refused(bare(tenant, "keeper").post("/keys/one/create", params=VERSION)) == (501, "notImplemented")


@pytest.mark.parametrize(("behaviour", "status"), [("refused", 404), ("empty", 200)])
def test_versions_of_no_secret(tenant: Tenant, behaviour: Any, status: int) -> None:
    seed = Seed(**{**vars(SEED), "behaviour": Behaviour(list_of_unknown_versions=behaviour)})
    tenant.control.reseed(seed)
    assert bare(tenant, "keeper").get("/secrets/one/versions", params=VERSION).status_code == status


def test_disabled_version_is_not_shown(tenant: Tenant) -> None:
    secrets = secrets_as(tenant, "keeper")
    made = secrets.set_secret("one", "x")
    secrets.update_secret_properties("one", made.properties.version, enabled=False)
    with pytest.raises(HttpResponseError, match="disabled"):
        secrets.get_secret("one")


def test_deleted_secret_is_gone_after_its_days(tenant: Tenant) -> None:
    secrets = secrets_as(tenant, "keeper")
    secrets.set_secret("one", CANARY)
    secrets.begin_delete_secret("one", _polling_interval=0).wait()
    tenant.control.advance_clock(91 * 24 * 3600)
    assert tenant.control.snapshot()["deleted_vault_secrets"] == {}


def test_values_are_in_no_journal_snapshot_or_export(tenant: Tenant) -> None:
    secrets = secrets_as(tenant, "keeper")
    secrets.set_secret("one", CANARY)
    tenant.control.declare_faults({"route": "PUT /secrets/{name}", "status": 503})
    with pytest.raises(HttpResponseError):
        secrets.set_secret("one", CANARY)
    bare(tenant, "keeper").put("/secrets/one", params=VERSION, json=CANARY)
    bare(tenant, "keeper").put("/secrets/one", params=VERSION, json=[CANARY])
    shown = (tenant.control.journal(), tenant.control.snapshot(), tenant.control.export())
    assert all(CANARY not in str(each) for each in shown)
    assert tenant.control.unused_faults() == []
    assert any(entry["body"] == {"value": "(masked)"} for entry in tenant.control.journal())


def test_exported_tenant_comes_back_without_the_values(tenant: Tenant) -> None:
    secrets = secrets_as(tenant, "keeper")
    secrets.set_secret("one", CANARY, tags={"a": "b"})
    tenant.control.load(tenant.control.export())
    (listed,) = secrets.list_properties_of_secret_versions("one")
    assert listed.tags == {"a": "b"}
    assert refused(bare(tenant, "keeper").get("/secrets/one", params=VERSION)) == (501, "notImplemented")


def test_tenant_without_a_vault_has_none(tenant: Tenant) -> None:
    tenant.control.reseed(Seed(**{**vars(SEED), "vault": None}))
    assert refused(tenant.anonymous().get("/secrets/one", params=VERSION)) == (404, "VaultNotFound")
