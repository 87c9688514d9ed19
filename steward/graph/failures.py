"""Graph's refusals, told apart: a confirmed absence, a missing licence, and what only means "could not tell"."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import httpx
from kiota_abstractions.api_error import APIError
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt

from steward.facts import Reading, Unreadable

T = TypeVar("T")

_ATTEMPTS = 3
PREMIUM_LICENCE_REQUIRED = "AadPremiumLicenseRequired"
# Privileged Identity Management takes nothing back within 5 minutes of assigning it ("Assign Microsoft Entra roles in
# Privileged Identity Management", learn.microsoft.com, read November 2026).
ACTIVE_DURATION_TOO_SHORT = "ActiveDurationTooShort"
SHORTEST_ACTIVE_SECONDS = 300.0
_REQUEST = " (request "


def describe(error: Exception) -> str:
    """Return status, code, message and request id of a refusal in one line."""
    if not isinstance(error, APIError):
        return f"{type(error).__name__}: {error}"
    code, message, request_id = _parts(error)
    tail = f"{_REQUEST}{request_id})" if request_id else ""
    return f"{error.response_status_code} {code}: {message}{tail}"


def without_request(described: str) -> str:
    """Return the description of a refusal without the request's own id, so that the same refusal reads the same."""
    head, mark, _ = described.rpartition(_REQUEST)
    return head if mark else described


def code_of(error: APIError) -> str:
    """Return Graph's error code, empty when the answer had none."""
    return _parts(error)[0]


async def reading(what: str, read: Callable[[], Awaitable[Reading[T]]]) -> Reading[T]:
    """Await `read`; a refusal becomes a reading that failed.

    A 404 is one as well: of a list or of a part of an object it means that the question was not understood, or that a
    replica lags. Who asks for one object by its id tells its absence himself.

    A connection that breaks is tried again: a read may be repeated, and an idle connection may have been closed.
    """
    attempts = AsyncRetrying(
        stop=stop_after_attempt(_ATTEMPTS), retry=retry_if_exception_type(httpx.TransportError), reraise=True
    )
    try:
        return await attempts(read)
    except Exception as error:  # noqa: BLE001  # whatever the SDK, a proxy's page or a cut-off answer makes it raise: nobody can tell
        return Unreadable(what, describe(error))


def _parts(error: APIError) -> tuple[str, str, str]:
    main = getattr(error, "error", None)
    inner = getattr(main, "inner_error", None)
    return (
        getattr(main, "code", None) or "",
        getattr(main, "message", None) or "",
        getattr(inner, "request_id", None) or "",
    )
