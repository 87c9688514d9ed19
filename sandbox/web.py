"""The HTTP layer: Starlette routes in front of sign-in, Graph and control, and the journal entry of every request.

All state changes happen on the server's one event loop and without waiting in between, so that each request
sees and leaves the directory whole.
"""

import time
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, unquote

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, request_response

from sandbox import control_api
from sandbox.graph import Arrived, Graph, Outcome
from sandbox.key_vault import endpoints as key_vault
from sandbox.noting import decoded, kept_body, note, query_text
from sandbox.reception import CONTROL, TENANT, Connections, Reception
from sandbox.requests import Answer
from sandbox.sign_in import endpoints
from sandbox.tenant import Tenant, Tenants

Endpoint = Callable[[Request], Awaitable[Response]]
_ALL_METHODS = ["GET", "POST", "PATCH", "PUT", "DELETE", "HEAD", "OPTIONS"]


def build(tenants: Tenants, connections: Connections) -> Reception:
    """Make the application that serves the tenants; SeedError when they lag at what is never asked."""
    for tenant in tenants:
        control_api.require_rows(tenant.seed.lag)
    answering = Starlette(
        routes=[
            Route(f"{CONTROL}{{name:path}}", _control(tenants), methods=_ALL_METHODS),
            *key_vault.routes(tenants),
            *endpoints.routes(tenants),
        ],
        exception_handlers={Exception: _show_defect, HTTPStatus.METHOD_NOT_ALLOWED: _refuse_method},
    )
    # Whatever no route matches is Graph's to refuse, odd paths and methods too.
    answering.router.default = request_response(_graph())
    return Reception(answering, tenants, connections)


def _show_defect(request: Request, fault: Exception) -> Response:
    # 501, because clients repeat every other 5xx for minutes; the traceback goes to standard error.
    message = f"The sandbox itself failed on this request: {type(fault).__name__}. Its standard error says where."
    error = {"code": "sandboxDefect", "message": message}
    note(request.scope[TENANT], request, time.perf_counter(), HTTPStatus.NOT_IMPLEMENTED, error=error)
    # The server ends the connection after a defect, which the client must know before it sends more.
    return JSONResponse({"error": error}, HTTPStatus.NOT_IMPLEMENTED, {"Connection": "close"})


def _refuse_method(request: Request, _fault: Exception) -> Response:
    """Refuse, in Graph's shape, a method that nothing here answers."""
    message = f"Specified HTTP method '{request.method}' is not allowed for the request target."
    error = {"code": "Request_BadRequest", "message": message}
    note(request.scope[TENANT], request, time.perf_counter(), HTTPStatus.METHOD_NOT_ALLOWED, error=error)
    return JSONResponse({"error": error}, HTTPStatus.METHOD_NOT_ALLOWED)


def _graph() -> Endpoint:
    async def endpoint(request: Request) -> Response:
        started = time.perf_counter()
        content = await request.body()
        version, _, path = request.scope["raw_path"].decode("latin-1").lstrip("/").partition("?")[0].partition("/")
        arrived = Arrived(request.method, version, path, query_text(request), content, {**request.headers})
        tenant: Tenant = request.scope[TENANT]
        outcome = Graph(tenant).answer(arrived)
        for item, answered in outcome.items:
            _note_outcome(request, started, item, answered, batch=outcome.request_id)
        _note_outcome(request, started, arrived, outcome)
        headers = {
            **outcome.headers,
            **outcome.answer.headers,
            "request-id": outcome.request_id,
            "client-request-id": outcome.client_request_id,
            "OData-Version": "4.0",
        }
        if outcome.answer.text is not None:
            return Response(outcome.answer.text, outcome.answer.status, headers)
        if outcome.answer.body is None:
            return Response(status_code=outcome.answer.status, headers=headers)
        return JSONResponse(outcome.answer.body, outcome.answer.status, headers)

    return endpoint


def _note_outcome(request: Request, started: float, arrived: Arrived, outcome: Outcome, **further: Any) -> None:
    """Add what came of a request to the journal, or of one inside a batch, which `further` then tells."""
    tenant: Tenant = request.scope[TENANT]
    caller = None
    if outcome.caller:
        name = tenant.name_of(outcome.caller.client_id) or outcome.caller.name
        caller = {"client_id": outcome.caller.client_id, "name": name}
    if further:
        further = {
            "method": arrived.method,
            "path": f"/{arrived.version}/{unquote(arrived.path)}",
            "query": dict(parse_qsl(arrived.query_text, keep_blank_values=True)),
            "fault": outcome.fault,
            **further,
        }
    note(
        tenant,
        request,
        started,
        outcome.answer.status,
        body=kept_body(arrived.body, arrived.headers.get("content-type")),
        error=outcome.error,
        caller=caller,
        request_id=outcome.request_id,
        needs=outcome.needs,
        sufficient=outcome.sufficient,
        route=outcome.route,
        stale=outcome.stale,
        client=request.headers.get("user-agent"),
        created=_created(outcome.answer),
        deleted=outcome.answer.deleted,
        **further,
    )


def _control(tenants: Tenants) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        asked = control_api.Asked(
            method=request.method,
            name=request.path_params["name"],
            tenant=request.query_params.get("tenant"),
            body=decoded(await request.body()),
        )
        status, reply = control_api.answer(tenants, asked)
        return Response(status_code=status) if reply is None else JSONResponse(reply, status)

    return endpoint


def _created(answer: Answer) -> str | None:
    """Tell the id of what a request has made, so that later entries about it can be told."""
    if answer.status != HTTPStatus.CREATED or not isinstance(answer.body, Mapping):
        return None
    made = answer.body.get("id")
    return made if isinstance(made, str) else None
