"""The HTTP side of signing in: Starlette routes in front of discovery, tokens, device codes and the pages."""

import time
from collections.abc import Awaitable, Callable
from functools import partial
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.directory.passage import let_time_pass
from sandbox.journal import masked_form
from sandbox.noting import note
from sandbox.reception import TENANT
from sandbox.sign_in import browser, device, discovery, token_endpoint
from sandbox.sign_in.authorities import SHARED, find_tenant, require_tenant
from sandbox.sign_in.browser import Visit, Visited
from sandbox.sign_in.grant_types import TokenRequest
from sandbox.sign_in.refusals import SignInError, error_body
from sandbox.tenant import Tenant, Tenants
from sandbox.tokens import outline

Endpoint = Callable[[Request], Awaitable[Response]]
_Visiting = Callable[[Visit, str], Visited]


def routes(tenants: Tenants) -> list[BaseRoute]:
    """List the routes of signing in."""
    both, submitted = ["GET", "POST"], ["POST"]
    return [
        Route("/metadata/endpoints", _metadata(tenants), methods=["GET"]),
        Route("/error", _page(tenants, browser.explain), methods=["GET"]),
        Route(
            "/{tenant}/v2.0/.well-known/openid-configuration",
            _public(tenants, discovery.openid_configuration),
            methods=["GET"],
        ),
        Route("/{tenant}/discovery/v2.0/keys", _public(tenants, discovery.keys), methods=["GET"]),
        Route("/{tenant}/oauth2/v2.0/token", _token(tenants), methods=submitted),
        Route("/{tenant}/oauth2/v2.0/devicecode", _device_code(tenants), methods=submitted),
        Route("/{tenant}/oauth2/v2.0/authorize", _page(tenants, browser.authorize), methods=both),
        Route("/{tenant}/oauth2/v2.0/logout", _page(tenants, browser.sign_out), methods=["GET"]),
        Route("/{tenant}/oauth2/deviceauth", _page(tenants, browser.enter_device_code), methods=both),
        Route(
            "/{tenant}/v2.0/adminconsent", _page(tenants, partial(browser.consent, with_scopes=True)), methods=["GET"]
        ),
        Route("/{tenant}/adminconsent", _page(tenants, partial(browser.consent, with_scopes=False)), methods=["GET"]),
        Route("/{tenant}/security-info", _page(tenants, browser.register), methods=["GET"]),
        Route("/{tenant}/login", _page(tenants, browser.submit), methods=submitted),
    ]


def _metadata(tenants: Tenants) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        started = time.perf_counter()
        status, body = discovery.metadata(tenants.base_url, request.query_params.get("api-version"))
        note(tenants.first, request, started, status, error=body.get("error"))
        return JSONResponse(body, status)

    return endpoint


def _public(tenants: Tenants, show: Callable[[Tenant, str], dict[str, Any]]) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        started = time.perf_counter()
        authority = request.path_params["tenant"]
        try:
            tenant = find_tenant(tenants, authority, lambda _tenant: True)
        except SignInError as refusal:
            return _refuse(tenants.first, request, started, refusal)
        note(tenant, request, started, HTTPStatus.OK)
        return JSONResponse(show(tenant, authority))

    return endpoint


def _token(tenants: Tenants) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        started = time.perf_counter()
        form = await _form(request)
        try:
            tenant = token_endpoint.tenant_of(tenants, request.path_params["tenant"], form)
        except SignInError as refusal:
            return _refuse(tenants.first, request, started, refusal, body=masked_form(form))
        request.scope[TENANT] = tenant
        let_time_pass(tenant.directory)
        client = request.client
        asked = TokenRequest(
            tenant,
            request.path_params["tenant"],
            form,
            request.headers.get("origin"),
            None if client is None else client.host,
            request.headers.get("user-agent"),
        )
        outcome = token_endpoint.issue_token(asked)
        caller = None
        if outcome.client_id:
            caller = {"client_id": outcome.client_id, "name": tenant.name_of(outcome.client_id)}
        issued = outline(outcome.body["access_token"]) if "access_token" in outcome.body else None
        kept = masked_form(form)
        note(tenant, request, started, outcome.status, body=kept, error=outcome.error, caller=caller, issued=issued)
        headers = {"Cache-Control": "no-store"}
        if asked.origin is not None:
            headers["Access-Control-Allow-Origin"] = asked.origin
        return JSONResponse(dict(outcome.body), outcome.status, headers)

    return endpoint


def _device_code(tenants: Tenants) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        started = time.perf_counter()
        form = await _form(request)
        authority = request.path_params["tenant"]
        tenant = tenants.first
        try:
            tenant = tenants.first if authority in SHARED else require_tenant(tenants, authority)
            let_time_pass(tenant.directory)
            body = device.start(tenant, authority, form)
        except SignInError as refusal:
            return _refuse(tenant, request, started, refusal, body=masked_form(form))
        note(tenant, request, started, HTTPStatus.OK, body=masked_form(form))
        return JSONResponse(body, headers={"Cache-Control": "no-store"})

    return endpoint


def _page(tenants: Tenants, visiting: _Visiting) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        started = time.perf_counter()
        # What a form carries counts from the form alone, so that no secret has to be in an address.
        is_form = request.method == "POST"
        form = await _form(request) if is_form else {}
        values = form if is_form else dict(request.query_params)
        for tenant in tenants:
            let_time_pass(tenant.directory)
        visited = visiting(Visit(tenants, request, values), request.path_params.get("tenant", ""))
        request.scope[TENANT] = visited.tenant
        response = visited.respond()
        error = browser.error_of(visited.reply)
        note(visited.tenant, request, started, response.status_code, body=masked_form(form) or None, error=error)
        return response

    return endpoint


async def _form(request: Request) -> dict[str, str]:
    return dict(parse_qsl((await request.body()).decode(errors="replace"), keep_blank_values=True))


def _refuse(tenant: Tenant, request: Request, started: float, refusal: SignInError, *, body: Any = None) -> Response:
    note(tenant, request, started, refusal.status, body=body, error={"code": refusal.name, "message": refusal.text})
    return JSONResponse(error_body(tenant.base_url, tenant.clock.now(), refusal), refusal.status)
