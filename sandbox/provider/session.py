"""The provider's configuration, and what comes of it: a signed-in session with a sandbox tenant, or a refusal.

In: the provider block and the ``ARM_*`` environment. Out: a ``Session``, which every type's operations get. Nothing but
a sandbox on loopback is accepted, and that is checked before any credential is sent; there is no way around it.
"""

from __future__ import annotations

import base64
import json
import os
import re
import threading
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

from sandbox.provider.diagnostics import Diagnosis
from sandbox.provider.graph import Graph
from sandbox.provider.schema import Object, optional
from sandbox.provider.transport import Patience, Transport, Unreachable, patiently
from sandbox.provider.values import BOOL, UNKNOWN

SANDBOX_PRODUCT: Final = "cirasync-steward"
PACE_VARIABLE: Final = "REHEARSAL_PROVIDER_PACE"

# Which environment variables stand in for an argument that the provider block leaves out.
_ENVIRONMENT: Final[Mapping[str, tuple[str, ...]]] = {
    "ado_pipeline_service_connection_id": (
        "ARM_ADO_PIPELINE_SERVICE_CONNECTION_ID",
        "ARM_OIDC_AZURE_SERVICE_CONNECTION_ID",
    ),
    "client_certificate": ("ARM_CLIENT_CERTIFICATE",),
    "client_certificate_password": ("ARM_CLIENT_CERTIFICATE_PASSWORD",),
    "client_certificate_path": ("ARM_CLIENT_CERTIFICATE_PATH",),
    "client_id": ("ARM_CLIENT_ID",),
    "client_id_file_path": ("ARM_CLIENT_ID_FILE_PATH",),
    "client_secret": ("ARM_CLIENT_SECRET",),
    "client_secret_file_path": ("ARM_CLIENT_SECRET_FILE_PATH",),
    "environment": ("ARM_ENVIRONMENT",),
    "metadata_host": ("ARM_METADATA_HOSTNAME",),
    "msi_endpoint": ("ARM_MSI_ENDPOINT",),
    "oidc_request_token": ("ARM_OIDC_REQUEST_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_TOKEN", "SYSTEM_ACCESSTOKEN"),
    "oidc_request_url": ("ARM_OIDC_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_URL", "SYSTEM_OIDCREQUESTURI"),
    "oidc_token": ("ARM_OIDC_TOKEN",),
    "oidc_token_file_path": ("ARM_OIDC_TOKEN_FILE_PATH",),
    "partner_id": ("ARM_PARTNER_ID",),
    "tenant_id": ("ARM_TENANT_ID",),
}
_SWITCHES: Final[Mapping[str, tuple[str, ...]]] = {
    "disable_terraform_partner_id": ("ARM_DISABLE_TERRAFORM_PARTNER_ID",),
    "use_aks_workload_identity": ("ARM_USE_AKS_WORKLOAD_IDENTITY",),
    "use_cli": ("ARM_USE_CLI",),
    "use_msi": ("ARM_USE_MSI",),
    "use_oidc": ("ARM_USE_OIDC",),
}
SCHEMA: Final = Object(
    attributes={
        **{name: optional() for name in _ENVIRONMENT},
        **{name: optional(BOOL) for name in _SWITCHES},
    }
)

# Matched as a whole and not taken apart, so that no parser of addresses can read another host into one.
_LOOPBACK = re.compile(r"https://(localhost|127(\.[0-9]{1,3}){3}|\[::1\])(:[0-9]{1,5})?(/[A-Za-z0-9._/-]*)?")
_METADATA_VERSION = "2022-09-01"
_RENEWED_BEFORE_END = 20 * 60.0
_AUDIENCE = "api://AzureADTokenExchange"
_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@dataclass
class Session:
    """A signed-in caller in one sandbox tenant."""

    graph: Graph
    tenant_id: str
    client_id: str
    object_id: str
    _locks: defaultdict[str, threading.Lock] = field(default_factory=lambda: defaultdict(threading.Lock))

    def within(self, seconds: float) -> Session:
        """Return the session for an operation that may take so many seconds."""
        return replace(self, graph=self.graph.within(seconds))

    def lock(self, object_id: str) -> threading.Lock:
        """Return the lock under which one object's several writes stay together."""
        return self._locks[object_id]


def sign_in(config: Mapping[str, Any]) -> Session:
    """Return a session for a provider block; raises ``Diagnosis`` for anything that is no sandbox or no sign-in."""
    given, pace = _completed(config), _pace()
    transport = Transport()
    login, graph = _sandbox_endpoints(transport, given["metadata_host"])
    credential = _credential(given, transport)
    address = f"{login}/{given['tenant_id']}/oauth2/v2.0/token"
    tokens = _Tokens(transport, address, credential, f"{graph}/.default", pace=pace)
    object_id = _claims(tokens.current()).get("oid")
    if not object_id:
        raise Diagnosis(
            "building client: attempting to discover object ID for authenticated service principal: the context used "
            "must have a deadline attached for polling purposes, but got no deadline"
        )
    speaking = Graph(transport, graph, tokens.current, pace=pace)
    return Session(speaking, given["tenant_id"], credential["client_id"], object_id)


def _pace() -> float:
    """Return how many real seconds a second of the provider's own waiting takes."""
    given = os.environ.get(PACE_VARIABLE, "0")
    if not re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,6})?", given):
        raise Diagnosis(
            f"{PACE_VARIABLE} is no number of seconds: {given}",
            "It says how long a second of the provider's own waiting takes. Next: unset it, which is 0, or set it to "
            "1 for the real provider's waits.",
        )
    return float(given)


def _completed(config: Mapping[str, Any]) -> dict[str, str]:
    given: dict[str, str] = {}
    for name, variables in {**_ENVIRONMENT, **_SWITCHES}.items():
        value = config.get(name)
        if value is None or value is UNKNOWN:
            value = next((os.environ[variable] for variable in variables if os.environ.get(variable)), "")
        given[name] = str(value)
    return given


def _sandbox_endpoints(transport: Transport, host: str) -> tuple[str, str]:
    """Return the sign-in and the Graph base URL of a sandbox; anything else is refused before a credential is sent."""
    if not host:
        raise _not_a_sandbox("no metadata host is set", "set ARM_METADATA_HOSTNAME, or `metadata_host`, to a sandbox's")
    endpoint = f"https://{host}"
    _require_loopback(endpoint, "the metadata host")
    document = _metadata(transport, endpoint)
    sandbox = document.get("sandbox")
    if not isinstance(sandbox, dict) or sandbox.get("product") != SANDBOX_PRODUCT:
        raise _not_a_sandbox(f"the metadata document of {host} does not call itself a sandbox of this project")
    login = str((document.get("authentication") or {}).get("loginEndpoint") or "")
    graph = str(document.get("microsoftGraphResourceId") or "").rstrip("/")
    _require_loopback(login, "the sign-in endpoint that the metadata document names")
    _require_loopback(graph, "the Graph endpoint that the metadata document names")
    return login, graph


def _metadata(transport: Transport, endpoint: str) -> dict[str, Any]:
    failed = f'retrieving metadata from endpoint "{endpoint}": performing request'
    try:
        answer = transport.send("GET", f"{endpoint}/metadata/endpoints", query={"api-version": _METADATA_VERSION})
    except Unreachable as error:
        raise Diagnosis(f"{failed}: {error}") from error
    if answer.status != HTTPStatus.OK or not isinstance(answer.body, dict):
        raise Diagnosis(f"{failed}: expected 200 OK but got {answer.phrase.replace('(', '').replace(')', '')}")
    return answer.body


def _require_loopback(url: str, what: str) -> None:
    if not _LOOPBACK.fullmatch(url):
        raise _not_a_sandbox(f"{what}, {url or '(none)'}, is not an https address on loopback")


def _not_a_sandbox(why: str, following: str = "start a sandbox and use its environment") -> Diagnosis:
    return Diagnosis(
        "The rehearsal provider works against a sandbox only",
        f"It stands in for hashicorp/azuread 3.7.0 in rehearsals, and {why}. Next: {following}; for a real tenant run "
        "terraform init without the rehearsal's CLI configuration file, which installs the real provider.",
    )


def _credential(given: Mapping[str, str], transport: Transport) -> dict[str, str]:
    """Return the token request's form fields that say who is asking."""
    client_id = given["client_id"] or _file_text(given["client_id_file_path"])
    if given["client_certificate"] or given["client_certificate_path"]:
        raise Diagnosis(
            "The rehearsal provider does not sign in with a client certificate",
            "A sandbox's identities have secrets. Next: unset the client certificate and set ARM_CLIENT_SECRET.",
        )
    secret = given["client_secret"] or _file_text(given["client_secret_file_path"])
    if given["tenant_id"] and client_id and secret:
        return {"client_id": client_id, "client_secret": secret}
    assertion = (
        given["oidc_token"] or _file_text(given["oidc_token_file_path"]) or _requested_assertion(given, transport)
    )
    if given["tenant_id"] and client_id and assertion and _is_on(given["use_oidc"]):
        return {"client_id": client_id, "client_assertion_type": _ASSERTION_TYPE, "client_assertion": assertion}
    # Against a sandbox nothing else signs in; Azure CLI and a managed identity know the real tenant only.
    raise Diagnosis("unable to build authorizer: no Authorizer could be configured, please check your configuration")


def _requested_assertion(given: Mapping[str, str], transport: Transport) -> str:
    """Ask a forge for its job's identity token; a stand-in on loopback only, as everything else that is asked here."""
    url, bearer = given["oidc_request_url"], given["oidc_request_token"]
    if not (url and bearer and _is_on(given["use_oidc"])):
        return ""
    address, _, asked = url.partition("?")
    _require_loopback(address, "the address of the job's identity token")
    try:
        answer = transport.send(
            "GET",
            address,
            query={**dict(parse_qsl(asked)), "audience": _AUDIENCE},
            headers={"Authorization": f"Bearer {bearer}"},
        )
    except Unreachable as error:
        raise Diagnosis("GitHubOIDCAuthorizer: failed to request token", error) from error
    value = answer.body.get("value") if answer.status == HTTPStatus.OK and isinstance(answer.body, dict) else None
    if not value:
        raise Diagnosis("GitHubOIDCAuthorizer: received no token", f"HTTP {answer.phrase}")
    return str(value)


def _is_on(switch: str) -> bool:
    return switch.lower() in {"true", "1"}


def _file_text(path: str) -> str:
    return Path(path).read_text(encoding="utf-8").strip() if path else ""


class _Tokens:
    """The caller's access token, renewed before it ends."""

    def __init__(
        self, transport: Transport, url: str, credential: Mapping[str, str], scope: str, *, pace: float
    ) -> None:
        self._transport = transport
        self._pace = pace
        self._url = url
        self._form = {**credential, "grant_type": "client_credentials", "scope": scope}
        self._lock = threading.Lock()
        self._token = ""
        self._ends = 0.0

    def current(self) -> str:
        with self._lock:
            if self._ends - time.monotonic() < _RENEWED_BEFORE_END:
                self._renew()
            return self._token

    def _renew(self) -> None:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        content = urlencode(self._form).encode()
        try:
            answer = patiently(
                lambda: self._transport.send("POST", self._url, headers=headers, content=content),
                repeatable=True,
                patience=Patience(60.0, pace=self._pace),
            )
        except (TimeoutError, Unreachable) as error:
            raise Diagnosis(f"building client: unable to obtain access token: {error}") from error
        if answer.status != HTTPStatus.OK or not isinstance(answer.body, dict):
            raise Diagnosis(
                "building client: unable to obtain access token: clientCredentialsToken: received HTTP status "
                f"{answer.status} with response: {answer.text}"
            )
        self._token = str(answer.body["access_token"])
        self._ends = time.monotonic() + float(answer.body["expires_in"])


def _claims(token: str) -> dict[str, Any]:
    payload = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return claims
