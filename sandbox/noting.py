"""What the journal keeps of a request to the emulated services."""

import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request

from sandbox.identifiers import new_id
from sandbox.journal import masked_body, masked_form
from sandbox.payloads import read_json
from sandbox.tenant import Tenant
from sandbox.trouble.faults import Declared

FAULT = "sandbox.fault"  # the scope's key for the declared fault that befalls a request, None where none does
_FORM = "application/x-www-form-urlencoded"


def note(
    tenant: Tenant,
    request: Request,
    started: float,
    status: int,
    *,
    body: Any = None,
    error: Mapping[str, str] | None = None,
    caller: Mapping[str, str | None] | None = None,
    request_id: str | None = None,
    **further: Any,
) -> None:
    """Add an entry about a request that began at `started` (`time.perf_counter`); further values only where given.

    `status` is what the tenant answered, 0 for nothing; an entry that a fault befell tells what the client met. The
    fault is the one of the whole request, unless `further` says that this one stood in a `batch`, with its own `fault`.
    """
    befalls: Declared | None = further.pop("fault") if "batch" in further else request.scope.get(FAULT)
    entry: dict[str, Any] = {
        "time": tenant.clock.now().isoformat(timespec="milliseconds"),
        "method": request.method,
        "path": request.scope["path"],
        "query": dict(parse_qsl(query_text(request), keep_blank_values=True)),
        "body": body,
        "status": int(status),
        "error": error,
        "caller": caller,
        "request_id": request_id or new_id(),
        "seconds": round(time.perf_counter() - started, 6),
    }
    entry.update({name: value for name, value in further.items() if value is not None})
    if befalls:
        entry["fault"] = befalls.told(int(status))
        entry["status"] = befalls.status_met(int(status))
        if befalls.fault.status:
            entry["error"] = {"code": befalls.fault.code, "message": befalls.fault.message}
    tenant.journal.add(entry)


def query_text(request: Request) -> str:
    """Tell a request's query string as it came, whatever bytes are in it."""
    raw: bytes = request.scope["query_string"]
    return raw.decode("latin-1")


def kept_body(content: bytes, content_type: str | None = None) -> Any:
    """Read a body for the journal, whatever it is, without its secrets."""
    if not content:
        return None
    if (content_type or "").lower().startswith(_FORM):
        return masked_form(dict(parse_qsl(content.decode(errors="replace"), keep_blank_values=True)))
    try:
        return masked_body(read_json(content))
    except ValueError:
        return _not_json(content)


def decoded(content: bytes) -> Any:
    """Read a body of JSON as it is, or say that it is none."""
    if not content:
        return None
    try:
        return read_json(content)
    except ValueError:
        return _not_json(content)


def _not_json(content: bytes) -> str:
    return f"({len(content)} bytes that are not JSON)"
