"""The reception: every request comes through here, before and after the application that answers it.

It takes the body in whole and refuses what is too large, tells which tenant the request is for, lets the tenant's
faults befall it, and has what the request changed noticed and saved before the answer leaves.
"""

import asyncio
import json
import time
from collections.abc import Mapping, Sequence
from email.utils import format_datetime
from http import HTTPStatus
from typing import Any, Protocol

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Match, Route
from starlette.types import Message, Receive, Scope, Send

from sandbox.directory.population import withdraw_permission
from sandbox.graph import row_of
from sandbox.identifiers import new_id
from sandbox.noting import FAULT, kept_body, note
from sandbox.seed import SeedError
from sandbox.tenant import Tenant, Tenants
from sandbox.tokens import tenant_of
from sandbox.trouble.faults import Declared, Withdrawal
from sandbox.trouble.selection import Target

CONTROL = "/_sandbox/"
_GRAPH = ("/v1.0/", "/beta/")
TENANT = "sandbox.tenant"  # the scope's key for the tenant that a request is for
# Write requests have a size limit of 4 MB (learn.microsoft.com, "Use the Microsoft Graph API", read November 2026).
LARGEST_BODY = 4 * 1024 * 1024
_LARGEST_CONTROL_BODY = 256 * 1024 * 1024  # seeds and exports of large tenants


class _VanishedError(Exception):
    """The client has gone before its request was whole."""


class _TooLargeError(Exception):
    """The body is larger than is taken in."""


class Connections(Protocol):
    """The server's connections by the client's address, for faults that act on the wire."""

    def reset(self, client: tuple[str, int]) -> None:
        """Break a connection off at once, so that the client meets a reset."""
        ...

    def end(self, client: tuple[str, int]) -> None:
        """Close a connection in an orderly way, after what was sent."""
        ...


class Reception:
    """The ASGI application in front of the one that answers."""

    def __init__(self, app: Starlette, tenants: Tenants, connections: Connections) -> None:
        self._app = app
        self._tenants = tenants
        self._connections = connections

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take in one request and answer it, or break it off."""
        if scope["type"] != "http":
            raise RuntimeError(f"the sandbox serves HTTP only, not {scope['type']}")
        started = time.perf_counter()
        is_control = scope["path"].startswith(CONTROL)
        tenant = scope[TENANT] = _tenant_of(self._tenants, scope)
        send = _dated(send, tenant)
        try:
            body = await _whole_body(receive, _LARGEST_CONTROL_BODY if is_control else LARGEST_BODY)
        except _TooLargeError:
            await _refuse_size(tenant, Request(scope), started)(scope, receive, send)
            return
        except _VanishedError:
            return
        befalls = None if is_control else tenant.faults.meet(target_of(self._app, scope))
        scope[FAULT] = befalls
        if befalls and not befalls.fault.is_performed:
            messages = await _unperformed(befalls, tenant, Request(scope), started, body)
        else:
            if befalls and befalls.fault.withdraw:
                _withdraw(tenant, befalls.fault.withdraw)
            messages = await self._performed(scope, body, send)
            self._take_notice(scope, tenant)
            if befalls and befalls.fault.status:
                messages = await _written(_stated(befalls, scope["path"]), scope)
        await self._answer(befalls, messages, scope, receive, send)

    def _take_notice(self, scope: Scope, tenant: Tenant) -> None:
        """Have noticed and saved what a request has changed: its own tenant, or any one outside Graph."""
        is_graph = scope["path"].startswith(_GRAPH)
        affected = [tenant] if is_graph else list(self._tenants)
        for each in affected:
            if not is_graph or scope["method"] != "GET":
                each.directory.lookups.forget()
            self._tenants.settle(each)

    async def _performed(self, scope: Scope, body: bytes, send: Send) -> list[Message]:
        """Let the application answer, and hold its answer back."""
        held: list[Message] = []

        async def hold(message: Message) -> None:
            held.append(message)

        try:
            await self._app(scope, _replayed(body), hold)
        except Exception:
            # A defect: the application has written an answer all the same, and the server shows the traceback.
            for message in held:
                await send(message)
            raise
        return held

    async def _answer(
        self, befalls: Declared | None, messages: Sequence[Message], scope: Scope, receive: Receive, send: Send
    ) -> None:
        fault = befalls.fault if befalls else None
        if fault and fault.seconds:
            await asyncio.sleep(fault.seconds)
        if fault and fault.reset:
            self._connections.reset(scope["client"])
            await _gone(receive)
        elif fault and fault.truncate_at is not None:
            await send(messages[0])
            sent = b"".join(each.get("body", b"") for each in messages[1:])[: fault.truncate_at]
            await send({"type": "http.response.body", "body": sent, "more_body": True})
            self._connections.end(scope["client"])
            await _gone(receive)
        else:
            for message in messages:
                await send(message)


def target_of(app: Starlette, scope: Scope) -> Target:
    """Tell a request's method, path and row in the table of routes."""
    method, path = scope["method"], scope["path"]
    version, _, rest = path.lstrip("/").partition("/")
    if version in {"v1.0", "beta"}:
        return Target(method, path, row_of(version, method, rest))
    for route in app.routes:
        if isinstance(route, Route) and route.matches(scope)[0] is Match.FULL:
            return Target(method, path, f"{method} {route.path}")
    return Target(method, path, "")


def _tenant_of(tenants: Tenants, scope: Scope) -> Tenant:
    """Tell the tenant of a request's token or else of its path, and the first one where neither names any."""
    authorization = next(
        (value.decode("latin-1") for name, value in scope["headers"] if name == b"authorization"), None
    )
    names = (tenant_of(authorization), scope["path"].lstrip("/").partition("/")[0])
    return next((found for name in names if name and (found := tenants.find(name))), tenants.first)


async def _whole_body(receive: Receive, largest: int) -> bytes:
    """Take a body in; the rest of one that is too large is left unread."""
    parts: list[bytes] = []
    length = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _VanishedError
        parts.append(message.get("body", b""))
        length += len(parts[-1])
        if length > largest:
            raise _TooLargeError
        if not message.get("more_body", False):
            return b"".join(parts)


def _dated(send: Send, tenant: Tenant) -> Send:
    """Give each answer its Date by the tenant's clock, so that clients can tell the tenant's time from any answer."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            date = format_datetime(tenant.clock.now(), usegmt=True).encode("ascii")
            message = {**message, "headers": [*message["headers"], (b"date", date)]}
        await send(message)

    return sending


def _replayed(body: bytes) -> Receive:
    pending: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        return pending.pop() if pending else {"type": "http.disconnect"}

    return receive


async def _gone(receive: Receive) -> None:
    """Wait until the server knows that the connection has ended."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _refuse_size(tenant: Tenant, request: Request, started: float) -> Response:
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    error = {"code": "RequestEntityTooLarge", "message": "The request is larger than Microsoft Graph takes."}
    note(tenant, request, started, status, error=error)
    # What is left of the body is not read, so that the connection cannot go on.
    return JSONResponse({"error": error}, status, {"Connection": "close"})


def _withdraw(tenant: Tenant, withdrawal: Withdrawal) -> None:
    identity = tenant.identities[withdrawal.identity]
    tenant.faults.withdraw(identity.client_id, withdrawal.permission)
    try:
        withdraw_permission(tenant.directory, identity.object_id, withdrawal.permission)
    except SeedError:
        # It was taken away by somebody else since the fault was declared; tokens still lose it here.
        return


async def _unperformed(
    befalls: Declared, tenant: Tenant, request: Request, started: float, body: bytes
) -> list[Message]:
    """Answer in the tenant's place, without any effect."""
    fault = befalls.fault
    note(tenant, request, started, 0, body=kept_body(body, request.headers.get("content-type")))
    return [] if fault.status is None else await _written(_stated(befalls, request.url.path), request.scope)


def _stated(befalls: Declared, path: str) -> Response:
    """Write the answer that a fault states, in the shape that the endpoint uses."""
    fault = befalls.fault
    status = fault.status or HTTPStatus.INTERNAL_SERVER_ERROR
    if fault.text is not None:
        return Response(fault.text, status, {**fault.headers, "Content-Type": fault.content_type})
    body: Mapping[str, Any]
    if path.endswith("/token"):
        body = {"error": fault.code, "error_description": fault.message}
    else:
        request_id = new_id()
        inner = {"request-id": request_id, "client-request-id": request_id}
        body = {"error": {"code": fault.code, "message": fault.message, "innerError": inner}}
    return Response(json.dumps(body), status, {**fault.headers, "Content-Type": "application/json"})


async def _written(response: Response, scope: Scope) -> list[Message]:
    held: list[Message] = []

    async def hold(message: Message) -> None:
        held.append(message)

    await response(scope, _replayed(b""), hold)
    return held
