"""The token endpoint: finds the tenant and the grant, and shows what comes of it as OAuth does."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from sandbox.sign_in.authorities import SHARED, find_tenant
from sandbox.sign_in.clients import find_client, require_multi_tenant
from sandbox.sign_in.grant_types import GRANTS, TokenRequest
from sandbox.sign_in.refusals import SignInError, error_body
from sandbox.sign_in.signed_in import digest
from sandbox.tenant import Tenant, Tenants

_NAME = re.compile(r"[\w:.\-]{1,40}", re.ASCII)


@dataclass(frozen=True)
class SignInOutcome:
    """The token endpoint's answer, with what the journal wants to know."""

    status: int
    body: Mapping[str, Any]
    client_id: str | None
    error: Mapping[str, str] | None = None


def tenant_of(tenants: Tenants, authority: str, form: Mapping[str, str]) -> Tenant:
    """Find the tenant that a token request is for: under a shared authority, the one that knows its code or login."""
    code, refresh, device = (digest(form.get(each, "")) for each in ("code", "refresh_token", "device_code"))

    def holds(tenant: Tenant) -> bool:
        directory = tenant.directory
        return (
            code in directory.authorization_codes
            or refresh in directory.refresh_tokens
            or device in directory.device_codes
            or directory.find_user(form.get("username", "")) is not None
        )

    return find_tenant(tenants, authority, holds)


def issue_token(request: TokenRequest) -> SignInOutcome:
    """Answer a token request."""
    client_id = request.form.get("client_id")
    try:
        body = _issue(request)
    except SignInError as refusal:
        error = {"code": refusal.name, "message": refusal.text}
        body = error_body(request.tenant.base_url, request.tenant.clock.now(), refusal)
        return SignInOutcome(refusal.status, body, client_id, error)
    return SignInOutcome(HTTPStatus.OK, body, client_id)


def _issue(request: TokenRequest) -> dict[str, Any]:
    grant_type = request.require("grant_type")
    grant = GRANTS.get(grant_type)
    if grant is None:
        # What is no name, such as a form that is not written as one, may hold anything.
        named = f" '{grant_type}'" if _NAME.fullmatch(grant_type) else ""
        raise SignInError(70003, f"The app requested an unsupported grant type{named}.")
    if request.authority in SHARED:
        if grant_type == "password" and request.authority == "common":
            text = "The grant type is not supported over the /common or /consumers endpoints."
            raise SignInError(9001023, f"{text} Please use the /organizations or tenant-specific endpoint.")
        client = find_client(request.tenant.directory, request.form.get("client_id", ""))
        require_multi_tenant(client, request.authority)
    return grant(request)
