"""Refusals of the sign-in side: every AADSTS number that is met here, with its HTTP status and OAuth error.

Numbers and their meaning are those of learn.microsoft.com, "Microsoft Entra authentication & authorization error
codes"; statuses and OAuth errors are those of recorded answers where there are any, and of "Handle errors in the
token endpoint" otherwise (all read November 2026). Which errors a page of explanation belongs to (`error_uri`)
follows the recordings.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from sandbox.identifiers import new_id


@dataclass(frozen=True)
class Code:
    """How one number is sent."""

    error: str
    status: int = HTTPStatus.BAD_REQUEST
    has_page: bool = True
    suberror: str | None = None


CODES: Mapping[int, Code] = {
    # The client.
    700016: Code("unauthorized_client"),
    700025: Code("invalid_client", HTTPStatus.UNAUTHORIZED),
    700038: Code("unauthorized_client", has_page=False),
    7000112: Code("unauthorized_client"),
    7000215: Code("invalid_client", HTTPStatus.UNAUTHORIZED),
    7000218: Code("invalid_client", HTTPStatus.UNAUTHORIZED),
    7000222: Code("invalid_client", HTTPStatus.UNAUTHORIZED),
    7000229: Code("invalid_client"),
    50194: Code("invalid_request"),
    # What a client signs for itself, or an issuer for it.
    50027: Code("invalid_client", HTTPStatus.UNAUTHORIZED),
    700021: Code("invalid_client", HTTPStatus.UNAUTHORIZED),
    700023: Code("invalid_client", HTTPStatus.UNAUTHORIZED),
    700024: Code("invalid_client", HTTPStatus.UNAUTHORIZED),
    700027: Code("invalid_client", HTTPStatus.UNAUTHORIZED),
    700211: Code("invalid_request"),
    700212: Code("invalid_request"),
    700213: Code("invalid_request"),
    # The tenant.
    50059: Code("invalid_request"),
    90002: Code("invalid_request"),
    900023: Code("invalid_request"),
    # The request.
    50011: Code("invalid_request"),
    50147: Code("invalid_request"),
    500113: Code("invalid_request"),
    501491: Code("invalid_request"),
    70003: Code("unsupported_grant_type", has_page=False),
    70007: Code("invalid_request"),
    70011: Code("invalid_scope"),
    700054: Code("unsupported_response_type"),
    90023: Code("invalid_request"),
    9001023: Code("invalid_request"),
    900144: Code("invalid_request"),
    900971: Code("invalid_request"),
    9002325: Code("invalid_request"),
    9002327: Code("invalid_request"),
    165000: Code("invalid_request"),
    28000: Code("invalid_request"),
    # The resource.
    500011: Code("invalid_resource"),
    500014: Code("invalid_resource"),
    501051: Code("unauthorized_client"),
    650053: Code("invalid_client"),
    # Codes, refresh tokens and device codes.
    50173: Code("invalid_grant", suberror="bad_token"),
    500112: Code("invalid_grant"),
    501481: Code("invalid_grant"),
    54005: Code("invalid_grant"),
    70000: Code("invalid_grant", suberror="bad_token"),
    70008: Code("invalid_grant"),
    700082: Code("invalid_grant", suberror="bad_token"),
    70016: Code("authorization_pending", has_page=False),
    70043: Code("invalid_grant", suberror="bad_token"),
    70018: Code("bad_verification_code"),
    70019: Code("expired_token"),
    70002: Code("authorization_declined"),
    500131: Code("invalid_grant"),
    50013: Code("invalid_grant"),
    # The user.
    50034: Code("invalid_grant"),
    50053: Code("invalid_grant"),
    50055: Code("invalid_grant", suberror="user_password_expired"),
    50057: Code("invalid_grant"),
    50058: Code("login_required"),
    50105: Code("invalid_grant"),
    50126: Code("invalid_grant"),
    50144: Code("invalid_grant"),
    130501: Code("invalid_grant"),
    130504: Code("invalid_grant"),
    130507: Code("invalid_grant"),
    500121: Code("invalid_grant"),
    # Conditional access and security defaults.
    50072: Code("interaction_required", suberror="basic_action"),
    50074: Code("interaction_required", suberror="basic_action"),
    50076: Code("invalid_grant", suberror="basic_action"),
    50079: Code("invalid_grant", suberror="basic_action"),
    50158: Code("invalid_grant", suberror="basic_action"),
    53000: Code("invalid_grant", suberror="message_only"),
    53001: Code("invalid_grant", suberror="message_only"),
    53002: Code("invalid_grant", suberror="message_only"),
    53003: Code("invalid_grant", suberror="message_only"),
    53004: Code("invalid_grant", suberror="message_only"),
    530035: Code("invalid_grant", suberror="message_only"),
    # Consent.
    65001: Code("invalid_grant", suberror="consent_required"),
    65002: Code("unauthorized_client"),
    65004: Code("access_denied"),
    65005: Code("invalid_client"),
    90094: Code("access_denied"),
}


class SignInError(Exception):
    """A refusal under its AADSTS number; `error` replaces OAuth's word where a setting decides it."""

    def __init__(self, code: int, text: str, *, error: str | None = None) -> None:
        super().__init__(text)
        known = CODES[code]
        self.code = code
        self.text = text
        self.error = error or known.error
        self.status = known.status
        self.has_page = known.has_page
        self.suberror = known.suberror

    @property
    def name(self) -> str:
        """Tell the number as it is written in logs and on pages."""
        return f"AADSTS{self.code}"


def describe(refusal: SignInError, *, at: datetime, trace: str | None = None, correlation: str | None = None) -> str:
    """Write the description that goes with a refusal wherever it is sent."""
    ids = f"Trace ID: {trace or new_id()} Correlation ID: {correlation or new_id()}"
    return f"{refusal.name}: {refusal.text} {ids} Timestamp: {_stamp(at)}"


def error_body(base_url: str, at: datetime, refusal: SignInError) -> dict[str, Any]:
    """Write a refusal as the token endpoint does."""
    trace, correlation = new_id(), new_id()
    body: dict[str, Any] = {
        "error": refusal.error,
        "error_description": describe(refusal, at=at, trace=trace, correlation=correlation),
        "error_codes": [refusal.code],
        "timestamp": _stamp(at),
        "trace_id": trace,
        "correlation_id": correlation,
    }
    if refusal.has_page:
        body["error_uri"] = f"{base_url}/error?code={refusal.code}"
    if refusal.suberror is not None:
        body["suberror"] = refusal.suberror
    return body


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ")  # such as 2016-01-09 02:02:12Z, unlike Graph's own
