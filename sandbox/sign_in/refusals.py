"""Refusals of the sign-in side, in the shape that OAuth and AADSTS numbers give them."""

from http import HTTPStatus
from typing import Any

from sandbox.identifiers import is_uuid, new_id
from sandbox.tenant import Tenant, Tenants


class SignInError(Exception):
    """A refusal of the token endpoint: HTTP status, OAuth error, AADSTS number and text."""

    def __init__(self, status: int, error: str, code: int, text: str, *, has_page: bool = True) -> None:
        super().__init__(text)
        self.status = status
        self.error = error
        self.code = code
        self.text = text
        self.has_page = has_page


def require_tenant(tenants: Tenants, name: str) -> Tenant:
    """Find the tenant of an authority by id or verified domain, or refuse."""
    tenant = tenants.find(name)
    if tenant is not None:
        return tenant
    if not is_uuid(name) and "." not in name:
        text = f"Specified tenant identifier '{name}' is neither a valid DNS name, nor a valid external domain."
        raise SignInError(HTTPStatus.BAD_REQUEST, "invalid_request", 900023, text)
    text = (
        f"Tenant '{name}' not found. Check to make sure you have the correct tenant ID and are signing into the "
        "correct cloud."
    )
    raise SignInError(HTTPStatus.BAD_REQUEST, "invalid_request", 90002, text)


def error_body(tenant: Tenant, refusal: SignInError) -> dict[str, Any]:
    """Write a refusal as the token endpoint does."""
    trace, correlation = new_id(), new_id()
    stamp = tenant.clock.now().strftime("%Y-%m-%d %H:%M:%SZ")
    body: dict[str, Any] = {
        "error": refusal.error,
        "error_description": (
            f"AADSTS{refusal.code}: {refusal.text} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {stamp}"
        ),
        "error_codes": [refusal.code],
        "timestamp": stamp,
        "trace_id": trace,
        "correlation_id": correlation,
    }
    if refusal.has_page:
        body["error_uri"] = f"{tenant.base_url}/error?code={refusal.code}"
    return body
