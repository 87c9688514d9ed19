"""The HTTP layer: Starlette routes in front of sign-in, Graph and control, and the journal entry of every request.

All state changes happen on the server's one event loop and without waiting in between, so that each request
sees and leaves the directory whole.
"""

import time
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox import control_api
from sandbox.graph import Arrived, Graph
from sandbox.noting import decoded, note
from sandbox.requests import Answer
from sandbox.sign_in import endpoints
from sandbox.tenant import Tenants
from sandbox.tokens import tenant_of

Endpoint = Callable[[Request], Awaitable[Response]]
_ALL_METHODS = ["GET", "POST", "PATCH", "PUT", "DELETE", "HEAD", "OPTIONS"]


def build(tenants: Tenants) -> Starlette:
    """Make the application that serves the tenants."""
    return Starlette(
        routes=[
            Route("/_sandbox/{name:path}", _control(tenants), methods=_ALL_METHODS),
            *endpoints.routes(tenants),
            Route("/{path:path}", _graph(tenants), methods=_ALL_METHODS),
        ],
        exception_handlers={Exception: _defect(tenants)},
    )


def _defect(tenants: Tenants) -> Callable[[Request, Exception], Response]:
    def handler(request: Request, fault: Exception) -> Response:
        # 501, because clients repeat every other 5xx for minutes; the traceback goes to standard error.
        message = f"The sandbox itself failed on this request: {type(fault).__name__}. Its standard error says where."
        error = {"code": "sandboxDefect", "message": message}
        note(tenants.first, request, time.perf_counter(), HTTPStatus.NOT_IMPLEMENTED, error=error)
        # The server ends the connection after a defect, which the client must know before it sends more.
        return JSONResponse({"error": error}, HTTPStatus.NOT_IMPLEMENTED, {"Connection": "close"})

    return handler


def _graph(tenants: Tenants) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        started = time.perf_counter()
        content = await request.body()
        version, _, path = request.scope["raw_path"].decode().lstrip("/").partition("?")[0].partition("/")
        arrived = Arrived(request.method, version, path, request.url.query, content, {**request.headers})
        tenant = tenants.find(tenant_of(request.headers.get("authorization")) or "") or tenants.first
        outcome = Graph(tenant).answer(arrived)
        caller = None
        if outcome.caller:
            name = tenant.name_of(outcome.caller.client_id) or outcome.caller.name
            caller = {"client_id": outcome.caller.client_id, "name": name}
        note(
            tenant,
            request,
            started,
            outcome.answer.status,
            body=decoded(content),
            error=outcome.error,
            caller=caller,
            request_id=outcome.request_id,
            needs=outcome.needs,
            route=outcome.route,
            client=request.headers.get("user-agent"),
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


def _control(tenants: Tenants) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        body = decoded(await request.body())
        asked = control_api.Asked(
            method=request.method,
            name=request.path_params["name"],
            tenant=request.query_params.get("tenant"),
            body=body if isinstance(body, dict) else {},
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
