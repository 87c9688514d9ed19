"""The HTTP side of signing in: Starlette routes in front of discovery and the token endpoint."""

import time
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.directory.passage import let_time_pass
from sandbox.noting import note
from sandbox.sign_in import discovery, token_endpoint
from sandbox.sign_in.refusals import SignInError, error_body, require_tenant
from sandbox.tenant import Tenant, Tenants

Endpoint = Callable[[Request], Awaitable[Response]]


def routes(tenants: Tenants) -> list[BaseRoute]:
    """List the routes of signing in."""
    return [
        Route("/metadata/endpoints", _metadata(tenants), methods=["GET"]),
        Route(
            "/{tenant}/v2.0/.well-known/openid-configuration",
            _public(tenants, discovery.openid_configuration),
            methods=["GET"],
        ),
        Route("/{tenant}/discovery/v2.0/keys", _public(tenants, discovery.keys), methods=["GET"]),
        Route("/{tenant}/oauth2/v2.0/token", _token(tenants), methods=["POST"]),
    ]


def _metadata(tenants: Tenants) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        started = time.perf_counter()
        status, body = discovery.metadata(tenants.base_url, request.query_params.get("api-version"))
        note(tenants.first, request, started, status, error=body.get("error"))
        return JSONResponse(body, status)

    return endpoint


def _public(tenants: Tenants, show: Callable[[Tenant], dict[str, Any]]) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        started = time.perf_counter()
        try:
            tenant = require_tenant(tenants, request.path_params["tenant"])
        except SignInError as refusal:
            return _refuse(tenants.first, request, started, refusal)
        note(tenant, request, started, HTTPStatus.OK)
        return JSONResponse(show(tenant))

    return endpoint


def _token(tenants: Tenants) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        started = time.perf_counter()
        form = dict(parse_qsl((await request.body()).decode(errors="replace"), keep_blank_values=True))
        try:
            tenant = require_tenant(tenants, request.path_params["tenant"])
        except SignInError as refusal:
            return _refuse(tenants.first, request, started, refusal, body=form)
        let_time_pass(tenant.directory)
        outcome = token_endpoint.issue_token(tenant, form)
        caller = None
        if outcome.client_id:
            caller = {"client_id": outcome.client_id, "name": tenant.name_of(outcome.client_id)}
        note(tenant, request, started, outcome.status, body=form, error=outcome.error, caller=caller)
        return JSONResponse(dict(outcome.body), outcome.status, {"Cache-Control": "no-store"})

    return endpoint


def _refuse(tenant: Tenant, request: Request, started: float, refusal: SignInError, *, body: Any = None) -> Response:
    error = {"code": f"AADSTS{refusal.code}", "message": refusal.text}
    note(tenant, request, started, refusal.status, body=body, error=error)
    return JSONResponse(error_body(tenant, refusal), refusal.status)
