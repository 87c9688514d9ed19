"""An unmodified msgraph-sdk client that signs in with an unmodified azure-identity credential."""

import asyncio
import contextlib
import ssl
import time
from collections.abc import Awaitable, Callable
from typing import Any, Self, TypeVar

import httpx
from azure.core.credentials import AccessToken
from azure.identity.aio import ClientSecretCredential
from kiota_authentication_azure.azure_identity_authentication_provider import AzureIdentityAuthenticationProvider
from msgraph import GraphRequestAdapter, GraphServiceClient
from msgraph_core import GraphClientFactory

from tests.sandbox.conftest import Tenant

Result = TypeVar("Result")


def with_client(tenant: Tenant, identity: str, use: Callable[[Any], Awaitable[Result]]) -> Result:
    """Use a client of one identity in a tenant, and return what comes of it."""
    credential = tenant.running.identities[identity]

    async def run() -> Result:
        azure = ClientSecretCredential(
            tenant.running.tenant_id,
            credential.client_id,
            credential.client_secret,
            authority=tenant.running.base_url,
            disable_instance_discovery=True,
            connection_verify=str(tenant.running.ca_file),
        )
        async with azure:
            return await _use(tenant, azure, use)

    return asyncio.run(run())


def with_token(tenant: Tenant, issue: Callable[[], str], use: Callable[[Any], Awaitable[Result]]) -> Result:
    """Use a client with tokens from elsewhere, such as those of a signed-in user, issued when they are wanted."""
    return asyncio.run(_use(tenant, _Brought(issue), use))


class _Brought:
    """A credential of the shape that azure-identity's have, with tokens that something else issues."""

    def __init__(self, issue: Callable[[], str]) -> None:
        self._issue = issue

    async def get_token(self, *_scopes: str, **_options: Any) -> AccessToken:
        return AccessToken(self._issue(), int(time.time()) + 3600)

    async def close(self) -> None:
        """Nothing is open."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_fault: object) -> None:
        """Nothing is open."""


async def _use(tenant: Tenant, credential: Any, use: Callable[[Any], Awaitable[Result]]) -> Result:
    base = tenant.running.base_url
    context = ssl.create_default_context(cafile=str(tenant.running.ca_file))
    async with (
        # The SDK wraps the client's transport in one that does not close it, so it is closed here.
        contextlib.aclosing(httpx.AsyncHTTPTransport(verify=context, trust_env=False)) as transport,
    ):
        authentication = AzureIdentityAuthenticationProvider(
            credential, scopes=[f"{base}/.default"], allowed_hosts=[base.removeprefix("https://"), "localhost"]
        )
        client = GraphClientFactory.create_with_default_middleware(
            client=httpx.AsyncClient(transport=transport, trust_env=False)
        )
        adapter = GraphRequestAdapter(authentication, client=client)
        adapter.base_url = f"{base}/v1.0"
        return await use(GraphServiceClient(request_adapter=adapter))
