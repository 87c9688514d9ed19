"""A tenant with a key vault and an account, and the running identity that delivers to it."""

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

import pytest
from azure.core.credentials import TokenCredential
from azure.keyvault.secrets import SecretClient

from sandbox.control import Control
from sandbox.seed import Seed, SeedIdentity, SeedUser, SeedVault, SeedVaultAccess
from sandbox.server import RunningSandbox, start
from steward.config.clouds import Cloud
from steward.graph.credentials import open_credential
from steward.graph.session import GraphSession, open_session
from steward.graph.sign_in_methods import SecretSignIn
from steward.secret import Secret
from steward.sinks.key_vault import KeyVaultSink

T = TypeVar("T")
LOGIN = "j.keller@contoso.example"
RUNNING, STRANGER, READER = "post-apply", "stranger", "reader"
SEED = Seed(
    identities=(
        SeedIdentity(
            RUNNING,
            (
                "User.Read.All",
                "User.EnableDisableAccount.All",
                "User-PasswordProfile.ReadWrite.All",
                "UserAuthMethod-TAP.ReadWrite.All",
                "RoleManagement.Read.Directory",
            ),
            ("User Administrator",),
        ),
        SeedIdentity(STRANGER),
        SeedIdentity(READER),
    ),
    users=(*Seed().users, SeedUser(LOGIN, "J. Keller", account_enabled=False)),
    vault=SeedVault(
        access=(
            SeedVaultAccess(RUNNING, ("set", "update", "list")),
            SeedVaultAccess(READER, ("get", "list", "delete", "purge", "set", "update")),
        )
    ),
)


@dataclass(frozen=True)
class Place:
    """A running sandbox as one tenant's cloud."""

    sandbox: RunningSandbox
    control: Control

    @property
    def cloud(self) -> Cloud:
        base = self.sandbox.base_url
        return Cloud(name="sandbox", authority=base, graph=base, ca_file=self.sandbox.ca_file)

    @property
    def account(self) -> dict[str, Any]:
        users = self.control.snapshot()["users"].values()
        return dict(next(user for user in users if user["userPrincipalName"] == LOGIN))

    def credential(self, identity: str = RUNNING) -> TokenCredential:
        who = self.sandbox.identities[identity]
        sign_in = SecretSignIn(who.client_id, Secret(who.client_secret))
        return open_credential(self.cloud, self.sandbox.tenant_id, sign_in)

    def vault_sink(self, identity: str = RUNNING, **changes: Any) -> KeyVaultSink:
        options: dict[str, Any] = {
            "vault": self.sandbox.base_url,
            "prefix": "account",
            "tenant_name": "contoso",
            "tenant_id": self.sandbox.tenant_id,
            "cloud": self.cloud,
            "credential": self.credential(identity),
        }
        return KeyVaultSink(**{**options, **changes})

    @property
    def receiver(self) -> SecretClient:
        """Whoever opens the vault to sign in as the account."""
        return SecretClient(
            self.sandbox.base_url,
            self.credential(READER),
            verify_challenge_resource=False,
            connection_verify=str(self.sandbox.ca_file),
        )

    @property
    def secret_name(self) -> str:
        return f"account-{self.sandbox.tenant_id}"

    def passes(self) -> list[dict[str, Any]]:
        path = f"/v1.0/users/{LOGIN}/authentication/temporaryAccessPassMethods"
        return list(self.control.act("GET", path)["value"])

    def with_graph(self, question: Callable[[GraphSession], Awaitable[T]]) -> T:
        async def conversation() -> T:
            async with open_session(self.cloud, self.credential()) as session:
                return await question(session)

        return asyncio.run(conversation())


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    with start(tmp_path_factory.mktemp("vault"), SEED) as running:
        yield running


@pytest.fixture
def place(served: RunningSandbox) -> Iterator[Place]:
    with Control(served.base_url, served.ca_file) as control:
        control.reseed(dataclasses.replace(SEED, tenant_id=served.tenant_id))
        control.advance_clock(60)  # the account was created a while ago
        yield Place(served, control)
