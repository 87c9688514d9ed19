"""One sandbox server a worker, brought to the test's seed before every test."""

import dataclasses
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.control import Control
from sandbox.seed import Seed, SeedIdentity
from sandbox.server import RunningSandbox, start

DEPLOY = (
    "AppRoleAssignment.ReadWrite.All",
    "Application.Read.All",
    "Application.ReadWrite.OwnedBy",
    "Domain.Read.All",
    "Group.Read.All",
    "Policy.Read.All",
    "Policy.ReadWrite.ConditionalAccess",
    "RoleManagement.ReadWrite.Directory",
    "User.ReadWrite.All",
)
POST_APPLY = (
    "AppRoleAssignment.ReadWrite.All",
    "Application.Read.All",
    "AuditLog.Read.All",
    "DelegatedPermissionGrant.ReadWrite.All",
    "Directory.Read.All",
    "Group.Read.All",
    "LicenseAssignment.ReadWrite.All",
    "Policy.Read.All",
    "Policy.Read.AuthenticationMethod",
    "RoleManagement.ReadWrite.Directory",
    "User-PasswordProfile.ReadWrite.All",
    "User.EnableDisableAccount.All",
    "User.Read.All",
    "User.RevokeSessions.All",
    "UserAuthMethod-TAP.ReadWrite.All",
    "UserAuthenticationMethod.Read.All",
)
ADMINISTER = (
    *DEPLOY,
    *POST_APPLY,
    "Application.ReadWrite.All",
    "Directory.ReadWrite.All",
    "Group.ReadWrite.All",
    "User.DeleteRestore.All",
    "AdministrativeUnit.ReadWrite.All",
    "Policy.ReadWrite.AuthenticationMethod",
    "Policy.ReadWrite.Authorization",
    "PrivilegedAssignmentSchedule.ReadWrite.AzureADGroup",
    "PrivilegedEligibilitySchedule.ReadWrite.AzureADGroup",
    "UserAuthenticationMethod.ReadWrite.All",
)
SEED = Seed(
    conditional_access_requests_per_second=None,
    identities=(
        SeedIdentity("deploy", DEPLOY),
        SeedIdentity("post-apply", POST_APPLY, ("User Administrator",)),
        SeedIdentity("administer", ADMINISTER, ("Privileged Authentication Administrator",)),
        SeedIdentity("nobody"),
    ),
)


class Tenant:
    """The tenant under test, met over HTTPS."""

    def __init__(self, running: RunningSandbox) -> None:
        self.running = running
        self.control = Control(running.base_url, running.ca_file)
        context = ssl.create_default_context(cafile=str(running.ca_file))
        self._transport = httpx.HTTPTransport(verify=context, trust_env=False)

    def anonymous(self) -> httpx.Client:
        # One pool of connections for all: a handshake takes as long as many a test.
        return httpx.Client(base_url=self.running.base_url, transport=self._transport, trust_env=False)

    def token(self, identity: str) -> str:
        credential = self.running.identities[identity]
        response = self.ask_token(client_id=credential.client_id, client_secret=credential.client_secret)
        response.raise_for_status()
        return str(response.json()["access_token"])

    def ask_token(self, *, authority: str | None = None, **fields: str) -> httpx.Response:
        form = {
            "grant_type": "client_credentials",
            "scope": f"{self.running.base_url}/.default",
            **fields,
        }
        return self.anonymous().post(f"/{authority or self.running.tenant_id}/oauth2/v2.0/token", data=form)

    def client(self, identity: str) -> httpx.Client:
        client = self.anonymous()
        client.headers["Authorization"] = f"Bearer {self.token(identity)}"
        return client

    def reseed(self, **changes: Any) -> None:
        self.control.reseed(dataclasses.replace(SEED, **changes))

    def user_id(self, login: str) -> str:
        users = self.control.snapshot()["users"].values()
        return next(str(each["id"]) for each in users if each["userPrincipalName"] == login)

    def group_id(self, name: str) -> str:
        groups = self.control.snapshot()["groups"].values()
        return next(str(each["id"]) for each in groups if each["displayName"] == name)

    def close(self) -> None:
        self._transport.close()
        self.control.close()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    directory: Path = tmp_path_factory.mktemp("sandbox")
    with start(directory, SEED) as running:
        yield running


@pytest.fixture(scope="session")
def met_once(server: RunningSandbox) -> Iterator[Tenant]:
    """The tenant as all tests meet it; each takes it as `tenant`, seeded anew."""
    tenant = Tenant(server)
    yield tenant
    tenant.close()


@pytest.fixture
def tenant(met_once: Tenant) -> Tenant:
    met_once.reseed()
    return met_once


@pytest.fixture
def new_user(tenant: Tenant) -> dict[str, Any]:
    """An ordinary user, as the azuread provider creates one."""
    return create_user(tenant.client("administer"))


def create_user(client: httpx.Client, login: str = "mara.holt@contoso.example", **changes: Any) -> dict[str, Any]:
    response = client.post("/v1.0/users", json=user_body(login, **changes))
    assert response.status_code == 201, response.text
    user: dict[str, Any] = response.json()
    return user


def user_body(login: str = "mara.holt@contoso.example", **changes: Any) -> dict[str, Any]:
    return {
        "@odata.type": "#microsoft.graph.user",
        "accountEnabled": False,
        "displayName": "Mara Holt",
        "mailNickname": login.split("@", maxsplit=1)[0],
        "passwordProfile": {"forceChangePasswordNextSignIn": False, "password": "Kelp-9-lantern"},
        "userPrincipalName": login,
        **changes,
    }


def refusal(response: httpx.Response) -> tuple[int, str, str]:
    error = response.json()["error"]
    return response.status_code, error["code"], error["message"]
