"""The HTTP layer: Starlette routes in front of sign-in, Graph and control, and the journal entry of every request.

All state changes happen on the server's one event loop and without waiting in between, so that each request
sees and leaves the directory whole.
"""

import json
import time
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, unquote

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox import control_api, login
from sandbox.graph import Arrived, Graph
from sandbox.identifiers import new_id
from sandbox.login import SignInError
from sandbox.requests import Answer
from sandbox.tenant import Tenant

Endpoint = Callable[[Request], Awaitable[Response]]
_ALL_METHODS = ["GET", "POST", "PATCH", "PUT", "DELETE", "HEAD", "OPTIONS"]


def build(tenant: Tenant) -> Starlette:
    """Make the application that serves one tenant."""
    graph = Graph(tenant)
    control = control_api.Control(tenant, graph)
    return Starlette(
        routes=[
            Route("/metadata/endpoints", _metadata(tenant), methods=["GET"]),
            Route("/_sandbox/{name:path}", _control(control), methods=_ALL_METHODS),
            Route("/{tenant}/v2.0/.well-known/openid-configuration", _openid(tenant), methods=["GET"]),
            Route("/{tenant}/discovery/v2.0/keys", _keys(tenant), methods=["GET"]),
            Route("/{tenant}/oauth2/v2.0/token", _token(tenant), methods=["POST"]),
            Route("/{path:path}", _graph(tenant, graph), methods=_ALL_METHODS),
        ],
        exception_handlers={Exception: _defect(tenant)},
    )


def _defect(tenant: Tenant) -> Callable[[Request, Exception], Response]:
    def handler(request: Request, fault: Exception) -> Response:
        # 501, because clients repeat every other 5xx for minutes; the traceback goes to standard error.
        message = f"The sandbox itself failed on this request: {type(fault).__name__}. Its standard error says where."
        error = {"code": "sandboxDefect", "message": message}
        _note(tenant, request, time.perf_counter(), HTTPStatus.NOT_IMPLEMENTED, error=error)
        # The server ends the connection after a defect, which the client must know before it sends more.
        return JSONResponse({"error": error}, HTTPStatus.NOT_IMPLEMENTED, {"Connection": "close"})

    return handler


def _metadata(tenant: Tenant) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        started = time.perf_counter()
        status, body = login.metadata(tenant, request.query_params.get("api-version"))
        _note(tenant, request, started, status, error=body.get("error"))
        return JSONResponse(body, status)

    return endpoint


def _openid(tenant: Tenant) -> Endpoint:
    return _public(tenant, login.openid_configuration)


def _keys(tenant: Tenant) -> Endpoint:
    return _public(tenant, login.keys)


def _public(tenant: Tenant, show: Callable[[Tenant], dict[str, Any]]) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        started = time.perf_counter()
        status: int = HTTPStatus.OK
        error = None
        try:
            login.require_tenant(tenant, request.path_params["tenant"])
            body = show(tenant)
        except SignInError as refusal:
            status, body = refusal.status, login.error_body(tenant, refusal)
            error = {"code": f"AADSTS{refusal.code}", "message": refusal.text}
        _note(tenant, request, started, status, error=error)
        return JSONResponse(body, status)

    return endpoint


def _token(tenant: Tenant) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        started = time.perf_counter()
        form = dict(parse_qsl((await request.body()).decode(), keep_blank_values=True))
        outcome = login.issue_token(tenant, request.path_params["tenant"], form)
        caller = None
        if outcome.client_id:
            caller = {"client_id": outcome.client_id, "name": tenant.name_of(outcome.client_id)}
        _note(tenant, request, started, outcome.status, body=form, error=outcome.error, caller=caller)
        return JSONResponse(dict(outcome.body), outcome.status, {"Cache-Control": "no-store"})

    return endpoint


def _graph(tenant: Tenant, graph: Graph) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        started = time.perf_counter()
        content = await request.body()
        version, _, path = request.scope["raw_path"].decode().lstrip("/").partition("?")[0].partition("/")
        arrived = Arrived(request.method, version, path, request.url.query, content, {**request.headers})
        outcome = graph.answer(arrived)
        caller = None
        if outcome.caller:
            name = tenant.name_of(outcome.caller.client_id) or outcome.caller.name
            caller = {"client_id": outcome.caller.client_id, "name": name}
        _note(
            tenant,
            request,
            started,
            outcome.answer.status,
            body=_decoded(content),
            error=outcome.error,
            caller=caller,
            request_id=outcome.request_id,
            needs=outcome.needs,
            created=_created(outcome.answer),
        )
        headers = {
            **outcome.answer.headers,
            "request-id": outcome.request_id,
            "client-request-id": outcome.client_request_id,
            "OData-Version": "4.0",
        }
        if outcome.answer.body is None:
            return Response(status_code=outcome.answer.status, headers=headers)
        return JSONResponse(outcome.answer.body, outcome.answer.status, headers)

    return endpoint


def _control(control: control_api.Control) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        body = _decoded(await request.body())
        if body is not None and not isinstance(body, dict):
            body = {}
        status, reply = control_api.answer(control, request.method, request.path_params["name"], body or {})
        return Response(status_code=status) if reply is None else JSONResponse(reply, status)

    return endpoint


def _created(answer: Answer) -> str | None:
    """Tell the id of what a request has made, so that later entries about it can be told."""
    if answer.status != HTTPStatus.CREATED or not isinstance(answer.body, Mapping):
        return None
    made = answer.body.get("id")
    return made if isinstance(made, str) else None


def _decoded(content: bytes) -> Any:
    if not content:
        return None
    try:
        return json.loads(content)
    except ValueError:
        return f"({len(content)} bytes that are not JSON)"


def _note(
    tenant: Tenant,
    request: Request,
    started: float,
    status: int,
    *,
    body: Any = None,
    error: Mapping[str, str] | None = None,
    caller: Mapping[str, str | None] | None = None,
    request_id: str | None = None,
    needs: str | None = None,
    created: str | None = None,
) -> None:
    entry: dict[str, Any] = {
        "time": tenant.clock.now().isoformat(timespec="milliseconds"),
        "method": request.method,
        "path": unquote(request.url.path),
        "query": dict(parse_qsl(request.url.query, keep_blank_values=True)),
        "body": body,
        "status": int(status),
        "error": error,
        "caller": caller,
        "request_id": request_id or new_id(),
        "seconds": round(time.perf_counter() - started, 6),
    }
    if needs is not None:
        entry["needs"] = needs
    if created is not None:
        entry["created"] = created
    tenant.journal.add(entry)
