"""Refusals in the words and shapes of Microsoft Graph.

Rules raise `GraphError`; the dispatcher turns it into Graph's error body. The constructors here give the
refusals that several resources share, each with the status, code and text that Graph is known to use.
"""

from collections.abc import Mapping, Sequence
from http import HTTPStatus


class GraphError(Exception):
    """A refusal with its HTTP status, Graph's error code and a message."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        details: Sequence[Mapping[str, str]] = (),
        headers: Mapping[str, str] | None = None,
        inner: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.details = tuple(dict(each) for each in details)
        self.headers = dict(headers or {})
        self.inner = dict(inner or {})  # what some services tell in innerError only


def bad_request(message: str, *, code: str = "Request_BadRequest") -> GraphError:
    """Refuse a request whose content is wrong."""
    return GraphError(HTTPStatus.BAD_REQUEST, code, message)


def malformed(message: str) -> GraphError:
    """Refuse a request that does not fit Graph's own schema or query language."""
    return GraphError(HTTPStatus.BAD_REQUEST, "BadRequest", message)


def not_found(object_id: str) -> GraphError:
    """Refuse a request for an object that the directory does not hold."""
    message = f"Resource '{object_id}' does not exist or one of its queried reference-property objects are not present."
    return GraphError(HTTPStatus.NOT_FOUND, "Request_ResourceNotFound", message)


def conflicting_object(message: str, *, target: str | None = None) -> GraphError:
    """Refuse to make an object that exists already (409)."""
    details = [{"code": "ConflictingObjects", "target": target, "message": message}] if target else []
    return GraphError(HTTPStatus.CONFLICT, "Request_MultipleObjectsWithSameKeyValue", message, details=details)


def forbidden(message: str = "Insufficient privileges to complete the operation.") -> GraphError:
    """Refuse a caller that may not do this to this object."""
    return GraphError(HTTPStatus.FORBIDDEN, "Authorization_RequestDenied", message)


def not_emulated(what: str) -> GraphError:
    """Refuse what Graph knows and this sandbox does not have (501, which no client repeats)."""
    return GraphError(
        HTTPStatus.NOT_IMPLEMENTED,
        "notImplemented",
        f"The sandbox does not emulate {what}. Microsoft Graph knows it; nothing was read or changed.",
    )
