"""Reads what the page of the admin consent sends back, and keeps nothing of it but codes and ids.

Whoever refuses is told in one of three ways, one of which says `admin_consent=True` all the same, so that an error
counts whatever stands beside it (learn.microsoft.com, "Admin consent on the Microsoft identity platform" and "OAuth 2.0
client credentials flow", read November 2026; the third is what Microsoft's own clients have met).
"""

import hmac
import re
from datetime import datetime
from urllib.parse import parse_qsl

from steward.facts import ConsentAnswer

LONGEST_QUERY = 4096
_MOST_FIELDS = 20
_AADSTS = re.compile(r"\AAADSTS(\d{4,8})\b")
_WORD = re.compile(r"\A[a-z_]{1,40}\Z")
_TENANT = re.compile(r"\A[0-9a-fA-F-]{36}\Z")
UNKNOWN = "unknown"


def read_answer(query: str, *, state: str, at: datetime) -> ConsentAnswer | None:
    """Return the answer in a query, None where it is none for whoever sent this state."""
    if len(query) > LONGEST_QUERY:
        return None
    try:
        fields = parse_qsl(query, keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="strict")
    except ValueError:
        return None
    values = dict(fields)
    # A name that stands twice is read by one as the first and by another as the second.
    if len(values) != len(fields) or not hmac.compare_digest(values.get("state", "").encode(), state.encode()):
        return None
    tenant_id = values.get("tenant", "")
    is_accepted = values.get("admin_consent") == "True"
    if "error" not in values and not is_accepted:
        return None
    code = _code(values) if "error" in values else ""
    return ConsentAnswer(at, code, tenant_id.lower() if _TENANT.fullmatch(tenant_id) else "")


def _code(values: dict[str, str]) -> str:
    numbered = _AADSTS.match(values.get("error_description", ""))
    if numbered is not None:
        return f"AADSTS{numbered[1]}"
    return values["error"] if _WORD.fullmatch(values["error"]) else UNKNOWN
