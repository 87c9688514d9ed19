"""The HTTP side of the vault: Starlette routes, the checks that every request passes, and its journal entry."""

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.directory.passage import let_time_pass
from sandbox.key_vault import secrets
from sandbox.key_vault.access import authenticate, require_permission
from sandbox.key_vault.refusals import VaultError, bad_parameter, not_emulated
from sandbox.key_vault.secrets import Asked, Reply
from sandbox.noting import kept_body, note
from sandbox.payloads import read_json
from sandbox.reception import TENANT
from sandbox.seed import VaultAction
from sandbox.tenant import Tenant, Tenants

Endpoint = Callable[[Request], Awaitable[Response]]
# Those that azure-keyvault-secrets can be told to use.
_API_VERSIONS = frozenset({"2016-10-01", "7.0", "7.1", "7.2", "7.3", "7.4", "7.5", "7.6", "2025-07-01", "2026-04-01"})
_METHODS = ["GET", "POST", "PATCH", "PUT", "DELETE", "HEAD", "OPTIONS"]


@dataclass(frozen=True)
class Operation:
    """One thing that can be asked: its row, the permission, what it takes besides the version, and its handler."""

    method: str
    path: str
    action: VaultAction
    answer: Callable[[Asked], Reply]
    options: frozenset[str] = frozenset()


OPERATIONS = (
    Operation("PUT", "/secrets/{name}", "set", secrets.set_secret),
    Operation("DELETE", "/secrets/{name}", "delete", secrets.delete_secret),
    Operation(
        "GET", "/secrets/{name}/versions", "list", secrets.list_versions, frozenset({"$skiptoken", "maxresults"})
    ),
    Operation("GET", "/secrets/{name}", "get", secrets.get_secret),
    # Clients that want the newest version send its empty name.
    Operation("GET", "/secrets/{name}/", "get", secrets.get_secret),
    Operation("GET", "/secrets/{name}/{version}", "get", secrets.get_secret),
    Operation("PATCH", "/secrets/{name}/{version}", "update", secrets.update_secret),
    Operation("GET", "/deletedsecrets/{name}", "get", secrets.get_deleted),
    Operation("DELETE", "/deletedsecrets/{name}", "purge", secrets.purge_deleted),
    Operation("POST", "/deletedsecrets/{name}/recover", "recover", secrets.recover_deleted),
)


def routes(tenants: Tenants) -> list[BaseRoute]:
    """List the routes of the vault; whatever else is asked of it is refused by name."""
    served = [Route(each.path, _endpoint(tenants, each), methods=[each.method]) for each in OPERATIONS]
    rest = [f"/{each}{{rest:path}}" for each in ("secrets", "deletedsecrets", "keys", "certificates")]
    return [*served, *(Route(path, _endpoint(tenants, None), methods=_METHODS) for path in rest)]


def _endpoint(tenants: Tenants, operation: Operation | None) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        started = time.perf_counter()
        content = await request.body()
        tenant = next((each for each in tenants if each.directory.vault), tenants.first)
        request.scope[TENANT] = tenant
        let_time_pass(tenant.directory)
        caller: dict[str, str | None] = {}
        error: Mapping[str, str] | None = None
        headers: Mapping[str, str] = {}
        body: Mapping[str, Any] | None
        try:
            status, body = _answer(tenant, request, operation, content, caller)
        except VaultError as refusal:
            status, body, headers = refusal.status, refusal.body(), refusal.headers
            error = {"code": refusal.inner or refusal.code, "message": refusal.message}
        note(
            tenant,
            request,
            started,
            status,
            body=kept_body(content, request.headers.get("content-type")),
            error=error,
            caller=caller or None,
            client=request.headers.get("user-agent"),
        )
        return Response(status_code=status) if body is None else JSONResponse(dict(body), status, dict(headers))

    return endpoint


def _answer(
    tenant: Tenant, request: Request, operation: Operation | None, content: bytes, caller: dict[str, str | None]
) -> Reply:
    if not tenant.directory.vault:
        raise VaultError(HTTPStatus.NOT_FOUND, "VaultNotFound", "No tenant here has a key vault; a seed can name one.")
    claims = authenticate(tenant, request.headers.get("authorization"))
    client_id = str(claims.get("appid"))
    caller |= {"client_id": client_id, "name": tenant.name_of(client_id)}
    if operation is None:
        raise not_emulated(f"{request.method} {request.url.path} of a key vault")
    query = dict(request.query_params)
    _require_version(query.pop("api-version", None))
    unknown = sorted(query.keys() - operation.options)
    if unknown:
        raise bad_parameter(f"The query option {unknown[0]!r} is not known here.")
    name = request.path_params["name"]
    require_permission(tenant, claims, operation.action, name)
    asked = Asked(
        tenant.directory,
        tenant.base_url,
        name,
        request.path_params.get("version", ""),
        {**query, "api-version": request.query_params["api-version"]},
        _decoded(content),
    )
    return operation.answer(asked)


def _require_version(version: str | None) -> None:
    if version is None:
        raise bad_parameter("api-version must be specified")
    if version not in _API_VERSIONS:
        raise bad_parameter(f"The specified version ({version}) is not recognized.")


def _decoded(content: bytes) -> Mapping[str, Any]:
    try:
        body = read_json(content) if content else {}
    except ValueError as fault:
        raise bad_parameter(f"The request body is not valid JSON: {fault}.") from fault
    if not isinstance(body, Mapping):
        raise bad_parameter("The request body is a JSON object.")
    return body
