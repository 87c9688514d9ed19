"""An unmodified msgraph-sdk client that signs in with an unmodified azure-identity credential."""

import asyncio
import contextlib
import ssl
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import httpx
from azure.identity.aio import ClientSecretCredential
from kiota_authentication_azure.azure_identity_authentication_provider import AzureIdentityAuthenticationProvider
from msgraph import GraphRequestAdapter, GraphServiceClient
from msgraph_core import GraphClientFactory

from tests.sandbox.conftest import Tenant

Result = TypeVar("Result")


def with_client(tenant: Tenant, identity: str, use: Callable[[Any], Awaitable[Result]]) -> Result:
    """Use a client of one identity in a tenant, and return what comes of it."""

    async def run() -> Result:
        base = tenant.running.base_url
        credential = tenant.running.identities[identity]
        context = ssl.create_default_context(cafile=str(tenant.running.ca_file))
        async with (
            ClientSecretCredential(
                tenant.running.tenant_id,
                credential.client_id,
                credential.client_secret,
                authority=base,
                disable_instance_discovery=True,
                connection_verify=str(tenant.running.ca_file),
            ) as azure,
            # The SDK wraps the client's transport in one that does not close it, so it is closed here.
            contextlib.aclosing(httpx.AsyncHTTPTransport(verify=context, trust_env=False)) as transport,
        ):
            authentication = AzureIdentityAuthenticationProvider(
                azure, scopes=[f"{base}/.default"], allowed_hosts=[base.removeprefix("https://"), "localhost"]
            )
            client = GraphClientFactory.create_with_default_middleware(
                client=httpx.AsyncClient(transport=transport, trust_env=False)
            )
            adapter = GraphRequestAdapter(authentication, client=client)
            adapter.base_url = f"{base}/v1.0"
            return await use(GraphServiceClient(request_adapter=adapter))

    return asyncio.run(run())
