"""How long a request may take: one that Graph puts off is sent again when Graph says, visibly and within a bound.

The SDK's own retry is switched off for this one: it waits up to three times 180 seconds and says nothing meanwhile,
which whoever watches a role being taken away takes for a program that hangs.
"""

import asyncio
import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from math import isfinite

import httpx

_PUT_OFF = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT})
_REPEATS = 6
_FIRST_WAIT, _LONGEST_WAIT = 1.0, 16.0
# Shorter pauses are not worth a line.
_TOLD_FROM_SECONDS = 3.0

Announce = Callable[[str], None]


@dataclass(frozen=True)
class Patience:
    """Seconds that one answer may take, and that one request may be put off altogether."""

    answer_seconds: float = 60.0
    put_off_seconds: float = 540.0


class PatientTransport(httpx.AsyncBaseTransport):
    """A transport that waits as long as Graph asks it to, within its patience, and says so."""

    def __init__(self, inner: httpx.AsyncBaseTransport, patience: Patience, announce: Announce) -> None:
        self._inner = inner
        self._patience = patience
        self._announce = announce

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request until it is not put off any longer; the last refusal is returned as it came."""
        left = self._patience.put_off_seconds
        for repeat in range(_REPEATS):
            response = await self._inner.handle_async_request(request)
            if response.status_code not in _PUT_OFF:
                return response
            seconds = _asked_to_wait(response)
            if seconds is None:
                seconds = min(_FIRST_WAIT * 2**repeat, _LONGEST_WAIT) + random.random()  # noqa: S311  # spreads callers, keeps no secret
            if seconds > left:
                return response
            left -= seconds
            await response.aclose()
            if seconds >= _TOLD_FROM_SECONDS:
                word = "throttles" if response.status_code == HTTPStatus.TOO_MANY_REQUESTS else "is not available"
                self._announce(f"waiting {seconds:.0f} s, Graph {word} ({request.method} {request.url.path})")
            await asyncio.sleep(seconds)
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._inner.aclose()


def _asked_to_wait(response: httpx.Response) -> float | None:
    """Return the seconds that the answer names, which may be a number or a date; None when it names none."""
    asked = response.headers.get("Retry-After", "")
    with suppress(ValueError):
        seconds = float(asked)
        return max(0.0, seconds) if isfinite(seconds) else None
    # A date without a zone cannot be reckoned with.
    with suppress(ValueError, TypeError):
        return max(0.0, (parsedate_to_datetime(asked) - datetime.now(UTC)).total_seconds())
    return None
