"""Requests to conditional access, at the pace that Graph allows them: one a second for the whole tenant.

Graph refuses faster ones with 429 and names no time to wait, so that whoever retries has to guess. The transport here
begins without pausing and, once refused, lets a second pass between such requests (learn.microsoft.com, "Microsoft
Graph service-specific throttling limits", read November 2026).
"""

import asyncio
from http import HTTPStatus

import httpx

_RATED = "/identity/conditionalAccess/"
_GAP_SECONDS = 1.0
# Other clients of the tenant share the rate; whoever still loses after this many turns is left to the transport
# around this one.
_TURNS = 5


class PacedTransport(httpx.AsyncBaseTransport):
    """A transport that keeps to the rate of conditional access once it has met it."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self._inner = inner
        self._turn = asyncio.Lock()
        self._is_met = False
        self._answered_at = 0.0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request, one at a time where the rate counts it."""
        if _RATED not in request.url.path:
            return await self._inner.handle_async_request(request)
        async with self._turn:
            response = await self._send(request)
            for _ in range(_TURNS - 1):
                if response.status_code != HTTPStatus.TOO_MANY_REQUESTS or "Retry-After" in response.headers:
                    break
                self._is_met = True
                await response.aclose()
                response = await self._send(request)
        return response

    async def aclose(self) -> None:
        """Close the connections."""
        await self._inner.aclose()

    async def _send(self, request: httpx.Request) -> httpx.Response:
        clock = asyncio.get_running_loop()
        if self._is_met:
            await asyncio.sleep(max(0.0, self._answered_at + _GAP_SECONDS - clock.time()))
        response = await self._inner.handle_async_request(request)
        self._answered_at = clock.time()
        return response
