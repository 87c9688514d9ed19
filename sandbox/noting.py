"""What the journal keeps of a request to the emulated services."""

import json
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote

from starlette.requests import Request

from sandbox.identifiers import new_id
from sandbox.tenant import Tenant


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
    """Add an entry about a request that began at `started` (`time.perf_counter`); further values only where given."""
    entry: dict[str, Any] = {
        "time": tenant.clock.now().isoformat(timespec="milliseconds"),
        "method": request.method,
        "path": unquote(request.url.path),
        "query": dict(parse_qsl(request.url.query, keep_blank_values=True)),
        "body": body,
        "status": int(status),
        "error": error,
        "caller": caller,
        "request_id": request_id or new_id(),
        "seconds": round(time.perf_counter() - started, 6),
    }
    entry.update({name: value for name, value in further.items() if value is not None})
    tenant.journal.add(entry)


def decoded(content: bytes) -> Any:
    """Read a body for the journal, whatever it is."""
    if not content:
        return None
    try:
        return json.loads(content)
    except ValueError:
        return f"({len(content)} bytes that are not JSON)"
