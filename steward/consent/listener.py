"""A listener on loopback that takes the one answer of the page of the admin consent, and is gone afterwards.

Whatever else knocks at its port is refused, counted and forgotten: a wrong state, a second answer, a request of another
page, one that is too slow; of too many at once whoever has said nothing for longest goes. Its own pages repeat nothing
of what was sent, run no script and load nothing.
"""

import asyncio
import errno
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus

import h11

from steward.consent.answer import read_answer
from steward.errors import RefusedError
from steward.facts import ConsentAnswer

# Both, since a browser takes either for localhost.
_LOOPBACK = ("127.0.0.1", "::1")
# Far more than a browser opens, so that its own, which speaks within milliseconds, is not the oldest of them.
CONNECTIONS = 128
_REQUEST_SECONDS = 5.0
_LONGEST_HEAD = 16 * 1024
_PORTS_TRIED = 10
_HEADERS = (
    ("Content-Type", "text/html; charset=utf-8"),
    ("Cache-Control", "no-store"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
    ("Connection", "close"),
)
_TAKEN = (
    "Your answer has arrived. You may close this window; what counts is what the tenant shows, as the terminal tells."
)
_REFUSED = "This is no answer that is waited for here. Look at the terminal for what to do."


@dataclass
class RedirectListener:
    """The port, the answer once it has come, and how many other requests were refused."""

    port: int
    state: str = field(repr=False)
    now: Callable[[], datetime]
    answer: ConsentAnswer | None = None
    refused: int = 0
    _open: set[asyncio.StreamWriter] = field(default_factory=set)
    # Those that have not sent a whole request yet, in the order in which they came.
    _silent: dict[asyncio.StreamWriter, None] = field(default_factory=dict)

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection: one request, one answer, and no longer than a moment."""
        self._open.add(writer)
        self._silent[writer] = None
        if len(self._silent) > CONNECTIONS:
            self._show_out(next(iter(self._silent)))
        try:
            with suppress(TimeoutError, OSError, h11.ProtocolError):
                async with asyncio.timeout(_REQUEST_SECONDS):
                    await self._serve(reader, writer)
        finally:
            self._silent.pop(writer, None)
            self._open.discard(writer)
            writer.close()

    def _show_out(self, writer: asyncio.StreamWriter) -> None:
        """End a connection that has said nothing: a browser speaks at once, and whoever only holds a place does not."""
        del self._silent[writer]
        self.refused += 1
        writer.transport.abort()

    def hang_up(self) -> None:
        """End every connection that is still open."""
        for writer in list(self._open):
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = h11.Connection(h11.SERVER, max_incomplete_event_size=_LONGEST_HEAD)
        try:
            request = await _read_request(connection, reader)
        except h11.RemoteProtocolError:
            # Whoever was shown out in the middle of a request is counted already.
            self.refused += writer in self._silent
            return
        if request is None:
            return
        # An answer that had come before its place was taken counts, although nobody can be told.
        self._silent.pop(writer, None)
        status = self._judge(request)
        body = _page(_TAKEN if status is HTTPStatus.OK else _REFUSED)
        headers = [*_HEADERS, ("Content-Length", str(len(body)))]
        writer.write(connection.send(h11.Response(status_code=status.value, headers=headers)) or b"")
        if request.method != b"HEAD":
            writer.write(connection.send(h11.Data(data=body)) or b"")
        await writer.drain()

    def _judge(self, request: h11.Request) -> HTTPStatus:
        """Take a request for the answer, or say with which status it is refused."""
        path, _, query = request.target.decode("ascii", "replace").partition("?")
        if path == "/favicon.ico":
            # Browsers ask for it by themselves.
            return HTTPStatus.NOT_FOUND
        found = None
        if path == "/" and request.method == b"GET" and self._is_navigation(request):
            found = read_answer(query, state=self.state, at=self.now())
        if found is not None and self.answer is None:
            self.answer = found
            return HTTPStatus.OK
        self.refused += 1
        return HTTPStatus.CONFLICT if found is not None else HTTPStatus.BAD_REQUEST

    def _is_navigation(self, request: h11.Request) -> bool:
        """Say whether a person's browser was sent here by that name, and no page fetched it for itself."""
        headers = {name.lower(): value for name, value in request.headers}
        hosts = {f"localhost:{self.port}".encode(), *((b"localhost",) if self.port == _HTTP else ())}
        # Fetch Metadata, W3C: a browser says itself what it fetches something for, and no page can change that.
        return headers.get(b"host") in hosts and headers.get(b"sec-fetch-dest", b"document") == b"document"


_HTTP = 80


@asynccontextmanager
async def listen(*, state: str, now: Callable[[], datetime], port: int = 0) -> AsyncIterator[RedirectListener]:
    """Listen on loopback, at a free port unless one is named; raises `RefusedError` where that one is taken."""
    servers: list[asyncio.Server] = []
    listener = RedirectListener(port=port, state=state, now=now)
    try:
        servers = await _bind(listener)
        yield listener
    finally:
        for server in servers:
            server.close()
        listener.hang_up()


async def _bind(listener: RedirectListener) -> list[asyncio.Server]:
    """Bind every loopback address that this machine has to one port."""
    wanted = listener.port
    for _ in range(_PORTS_TRIED):
        servers: list[asyncio.Server] = []
        listener.port = wanted
        try:
            for host in _LOOPBACK:
                server = await _start(listener, host)
                if server is not None:
                    servers.append(server)
                    listener.port = server.sockets[0].getsockname()[1]
        except OSError as error:
            for server in servers:
                server.close()
            if wanted or error.errno != errno.EADDRINUSE:
                raise _not_bound(listener.port, error) from None
        else:
            if servers:
                return servers
            raise _not_bound(wanted, OSError("this machine has no loopback address"))
    raise _not_bound(wanted, OSError("no port was free on every loopback address"))


async def _start(listener: RedirectListener, host: str) -> asyncio.Server | None:
    """Bind one address; None where the machine does not have it."""
    try:
        return await asyncio.start_server(listener.take, host, listener.port, limit=_LONGEST_HEAD, backlog=CONNECTIONS)
    except OSError as error:
        if error.errno in {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}:
            return None
        raise


def _not_bound(port: int, error: OSError) -> RefusedError:
    return RefusedError(
        f"no listener on localhost{f' port {port}' if port else ''}",
        why=error.strerror or str(error),
        next_move="name another port with --redirect-port, or leave it out",
    )


async def _read_request(connection: h11.Connection, reader: asyncio.StreamReader) -> h11.Request | None:
    """Read a request's head; what follows it is of no use here."""
    while True:
        event = connection.next_event()
        if isinstance(event, h11.Request):
            return event
        if event is not h11.NEED_DATA:
            return None
        connection.receive_data(await reader.read(_LONGEST_HEAD))


def _page(text: str) -> bytes:
    page = (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><title>Admin consent</title></head>'
        f"<body><h1>Admin consent</h1><p>{text}</p></body></html>"
    )
    return page.encode()
