"""How long an operation may take: what a ``timeouts`` block says, else what the type does.

In: a type, an operation, and the values that hold the block. Out: seconds. The protocol module asks before each
operation; durations are written as Go writes them, ``1h30m``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from sandbox.provider.diagnostics import Diagnosis
from sandbox.provider.resource import DataSource, Resource
from sandbox.provider.values import UNKNOWN

_DEFAULT_MINUTES: Final = 5
_SECONDS: Final = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "\u00b5s": 1e-6, "ns": 1e-9}
_PART: Final = re.compile(r"([0-9]+\.?[0-9]*|\.[0-9]+)(h|ms|m|s|us|\u00b5s|ns)")
_DURATION: Final = re.compile(r"([-+]?)((?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:h|ms|m|s|us|\u00b5s|ns))+|0)")


def allowed_seconds(kind: Resource | DataSource, operation: str, values: Mapping[str, Any] | None) -> float:
    """Return the seconds for one operation; raises ``Diagnosis`` for a block that names no duration."""
    given = ((values or {}).get("timeouts") or {}).get(operation)
    if given is None or given is UNKNOWN:
        minutes = kind.minutes if isinstance(kind, Resource) else {}
        return 60.0 * minutes.get(operation, _DEFAULT_MINUTES)
    seconds = _find_seconds(given)
    if seconds is None:
        raise Diagnosis(f"[ERR] Error decoding timeout: {_misread(operation, given)}")
    return seconds


def require_durations(values: Mapping[str, Any]) -> None:
    """Refuse a plan whose ``timeouts`` block names no duration."""
    for operation, given in (values.get("timeouts") or {}).items():
        if isinstance(given, str) and _find_seconds(given) is None:
            raise Diagnosis(_misread(operation, given))


def _misread(operation: str, text: str) -> str:
    return f'Error parsing "{operation}" timeout: time: invalid duration "{text}"'


def _find_seconds(text: str) -> float | None:
    whole = _DURATION.fullmatch(text)
    if whole is None:
        return None
    seconds = sum(float(amount) * _SECONDS[unit] for amount, unit in _PART.findall(whole.group(2)))
    return -seconds if whole.group(1) == "-" else seconds
