"""The token endpoint: which grants it takes, and the tokens it gives for them.

Grants other than client credentials are refused under their AADSTS number.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from sandbox.sign_in.clients import require_confidential_client
from sandbox.sign_in.refusals import SignInError, error_body
from sandbox.tenant import Tenant


@dataclass(frozen=True)
class SignInOutcome:
    """The token endpoint's answer, with what the journal wants to know."""

    status: int
    body: Mapping[str, Any]
    client_id: str | None
    error: Mapping[str, str] | None = None


def issue_token(tenant: Tenant, form: Mapping[str, str]) -> SignInOutcome:
    """Answer a token request."""
    client_id = form.get("client_id")
    try:
        body = _issue(tenant, form)
    except SignInError as refusal:
        error = {"code": f"AADSTS{refusal.code}", "message": refusal.text}
        return SignInOutcome(refusal.status, error_body(tenant, refusal), client_id, error)
    return SignInOutcome(HTTPStatus.OK, body, client_id)


def _issue(tenant: Tenant, form: Mapping[str, str]) -> dict[str, Any]:
    grant_type = form.get("grant_type")
    if grant_type != "client_credentials":
        text = f"The app requested an unsupported grant type '{grant_type}'."
        raise SignInError(HTTPStatus.BAD_REQUEST, "unsupported_grant_type", 70003, text, has_page=False)
    application, principal = require_confidential_client(tenant.directory, form)
    _check_scope(tenant, form.get("scope", ""))
    issued = tenant.authority.issue(
        tenant.directory,
        application,
        principal,
        base_url=tenant.base_url,
        continuous="cp1" in form.get("claims", "").lower(),
    )
    return {
        "token_type": "Bearer",
        "expires_in": issued.expires_in,
        "ext_expires_in": issued.expires_in,
        "access_token": issued.token,
    }


def _check_scope(tenant: Tenant, scope: str) -> None:
    resource, separator, name = scope.rpartition("/")
    if not separator or name != ".default":
        text = (
            f"The provided request must include a 'scope' input parameter that ends in '/.default'; '{scope}' does not."
        )
        raise SignInError(HTTPStatus.BAD_REQUEST, "invalid_scope", 70011, text)
    if resource.rstrip("/") != tenant.base_url:
        text = (
            f"The resource principal named {resource} was not found in the tenant named {tenant.directory.tenant_name}."
        )
        raise SignInError(HTTPStatus.BAD_REQUEST, "invalid_resource", 500011, text)
