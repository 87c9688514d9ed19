"""One signed-in conversation with a tenant's Microsoft Graph, with a record of every request's last answer.

The record holds method, path, status and request id, never a body: it is what the evidence file quotes. An answer that
made the transport send the request again by itself, such as a 429, is not in it.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import certifi
import httpx
import jwt
from azure.core.credentials import TokenCredential
from azure.core.exceptions import AzureError, ServiceRequestError, ServiceResponseError
from azure.identity import CredentialUnavailableError
from kiota_abstractions.request_option import RequestOption
from kiota_authentication_azure.azure_identity_authentication_provider import (
    AzureIdentityAuthenticationProvider,
)
from kiota_http.middleware.options import RetryHandlerOption
from msgraph import GraphRequestAdapter, GraphServiceClient
from msgraph_core import GraphClientFactory

from steward.config.clouds import Cloud
from steward.errors import ConfigError, RefusedError, UnreadableError
from steward.facts import Caller
from steward.graph.credentials import is_a_persons
from steward.graph.pacing import PacedTransport
from steward.graph.patience import Announce, Patience, PatientTransport
from steward.graph.persons_sign_in import explain_refusal, is_nobody

_ORDINARY = Patience()
_NO_ANSWER = (ServiceRequestError, ServiceResponseError)


@dataclass(frozen=True)
class Answer:
    """One answer of Graph: enough to find it in Microsoft's logs, and nothing that could be a secret."""

    method: str
    path: str
    status: int
    request_id: str


class GraphSession:
    """A client of msgraph-sdk, the caller behind its token, the answers so far, and the ids of passes handed over."""

    def __init__(self, client: GraphServiceClient, caller: Caller) -> None:
        self.client = client
        self.caller = caller
        self.answers: list[Answer] = []
        self.delivered_passes: dict[str, bool] = {}  # by id, whether it is for the window
        self.used_passes: dict[str, datetime] = {}  # by id, since when they are known to be used
        self.registered: set[str] = set()  # object ids of applications
        self._ahead = timedelta(0)

    def now(self) -> datetime:
        """Return the tenant's time, by the Date of its last answer; what it says of ends is judged by its own clock."""
        return datetime.now(UTC) + self._ahead

    async def record(self, response: httpx.Response) -> None:
        """Keep what identifies the answer, and how far the tenant's clock is ahead of this machine's."""
        with suppress(ValueError, TypeError):
            self._ahead = parsedate_to_datetime(response.headers.get("date", "")) - datetime.now(UTC)
        self.answers.append(
            Answer(
                method=response.request.method,
                path=response.request.url.path,
                status=response.status_code,
                request_id=response.headers.get("request-id", ""),
            )
        )


@asynccontextmanager
async def open_session(
    cloud: Cloud,
    credential: TokenCredential,
    *,
    patience: Patience = _ORDINARY,
    announce: Announce = lambda _: None,
    scopes: Sequence[str] = (),
) -> AsyncIterator[GraphSession]:
    """Sign in and yield a session; `announce` is told when Graph puts a request off.

    `scopes` names delegated permissions that a person is to consent to; without any, the token is for what was granted.

    Raises `RefusedError` when Entra ID refuses the sign-in, `UnreadableError` when it cannot be reached.
    """
    # azure-identity blocks while it asks: in a thread it holds up nobody else, neither a signal nor another tenant.
    wanted = [f"{cloud.graph}/{scope}" for scope in scopes] or [cloud.graph_scope]
    caller = await asyncio.to_thread(read_caller, cloud, credential, wanted)
    host = urlsplit(cloud.graph)
    context = ssl.create_default_context(cafile=str(cloud.ca_file) if cloud.ca_file else certifi.where())
    # The SDK wraps the transport in one that does not close it, so it is held and closed here.
    paced = PacedTransport(httpx.AsyncHTTPTransport(verify=context))
    transport = PatientTransport(paced, patience, announce)
    async with transport, httpx.AsyncClient(transport=transport, timeout=patience.answer_seconds) as http:
        provider = AzureIdentityAuthenticationProvider(
            credential,
            scopes=wanted,
            allowed_hosts=[host.netloc, host.hostname or ""],
        )
        options: dict[str, RequestOption] = {RetryHandlerOption.get_key(): RetryHandlerOption(should_retry=False)}
        client = GraphClientFactory.create_with_default_middleware(client=http, options=options)
        adapter = GraphRequestAdapter(provider, client=client)
        adapter.base_url = f"{cloud.graph}/v1.0"
        session = GraphSession(GraphServiceClient(request_adapter=adapter), caller)
        http.event_hooks = {"response": [session.record]}
        yield session


def read_caller(cloud: Cloud, credential: TokenCredential, scopes: Sequence[str]) -> Caller:
    """Return who the token is for and what it allows; the service checks the signature, we only read the claims."""
    try:
        token = credential.get_token(*scopes).token
    except CredentialUnavailableError as error:
        raise ConfigError(
            "nobody is signed in",
            why=_first_line(error.message),
            next_move="sign in, or choose another way to; see docs/identities.md",
        ) from None
    except AzureError as error:
        is_person = is_a_persons(credential)
        # azure-identity calls a network or a service that does not answer a failed authentication, too; only Entra ID's
        # own refusal carries its code.
        is_told = "AADSTS" in error.message or (is_person and is_nobody(error))
        if isinstance(error, _NO_ANSWER) or not is_told:
            raise UnreadableError(
                f"{cloud.authority} cannot be reached",
                why=_first_line(error.message),
                next_move="check the network, the proxy, and the tenant file's cloud",
            ) from None
        if is_person:
            raise explain_refusal(cloud, error, _first_line(error.message)) from None
        raise RefusedError(
            f"sign-in to {cloud.authority} was refused",
            why=_first_line(error.message),
            next_move="check the ARM_* variables of this identity against its registration",
        ) from None
    try:
        claims = jwt.decode(token, options={"verify_signature": False})
    except jwt.InvalidTokenError as error:
        raise UnreadableError(
            "the token cannot be read", why=str(error), next_move="see what answers at the tenant file's cloud"
        ) from None
    return Caller(
        object_id=claims.get("oid", ""),
        app_id=claims.get("appid", ""),
        tenant_id=claims.get("tid", ""),
        permissions=frozenset(claims.get("roles", ())) | frozenset(claims.get("scp", "").split()),
        role_template_ids=frozenset(claims.get("wids", ())),
        is_app="scp" not in claims,
    )


def _first_line(message: str) -> str:
    return message.splitlines()[0] if message else ""
