"""Serves sandbox tenants over HTTPS on loopback, from a thread of this process.

The certificate authority and the server's certificate are made anew for every start, or come from a state file, and are
written to a directory for clients to verify against. The address is known to clients as `https://localhost:<port>`;
nothing beyond loopback can reach it.
"""

import contextlib
import os
import socket
import struct
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from sandbox import web
from sandbox.directory.population import IdentityCredential
from sandbox.keys import ServerKeys
from sandbox.seed import Seed
from sandbox.state.file import StateFile
from sandbox.tenant import Tenants
from sandbox.tokens import TokenAuthority

_START_SECONDS = 15.0
_PRIVATE = 0o600
_PORT = "port"  # under which a state file keeps where its clients find the server


class _Server(uvicorn.Server):
    """A server that can break off connections, and whose end waits for no client that keeps one idle."""

    def __init__(self, tenants: Tenants, certificate: Path) -> None:
        super().__init__(
            uvicorn.Config(
                web.build(tenants, self),
                http="h11",  # the same one everywhere, whatever quicker one happens to be installed
                ws="none",
                lifespan="off",
                proxy_headers=False,  # connections are told apart by where they really come from
                log_config=None,
                access_log=False,
                ssl_certfile=str(certificate),
                server_header=False,
                date_header=False,  # each tenant's answers carry its own time
                # Graph keeps idle connections for minutes; a shorter time makes clients meet closed ones.
                timeout_keep_alive=120,
            )
        )

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for connection in list(self.server_state.connections):
            if connection.transport is not None:
                connection.transport.abort()
        await super().shutdown(sockets)

    def reset(self, client: tuple[str, int]) -> None:
        """Break a connection off at once, so that the client meets a reset."""
        for connection in self._of(client):
            # Lingering for no time makes closing send a reset instead of an orderly end.
            connection.transport.get_extra_info("socket").setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
            )
            connection.transport.abort()

    def end(self, client: tuple[str, int]) -> None:
        """Close a connection in an orderly way, after what was sent."""
        for connection in self._of(client):
            connection.transport.close()

    def _of(self, client: tuple[str, int]) -> list[H11Protocol]:
        connections = self.server_state.connections
        return [each for each in connections if isinstance(each, H11Protocol) and each.client == client]


class RunningSandbox:
    """The served tenants; stopping it, or leaving it as a context, ends the server."""

    def __init__(
        self,
        tenants: Tenants,
        server: uvicorn.Server,
        thread: threading.Thread,
        ca_file: Path,
        on_stop: contextlib.ExitStack,
    ) -> None:
        self._tenants = tenants
        self._server = server
        self._thread = thread
        self._on_stop = on_stop
        self.base_url = tenants.base_url
        self.ca_file = ca_file

    @property
    def tenant_id(self) -> str:
        """Tell the first tenant's id."""
        return self._tenants.first.directory.tenant_id

    @property
    def identities(self) -> Mapping[str, IdentityCredential]:
        """Tell what the seeded identities of the first tenant sign in with, by name."""
        return self._tenants.first.identities

    def stop(self) -> None:
        """End the server and wait for it."""
        self._server.should_exit = True
        self._thread.join()
        self._on_stop.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def start(directory: Path, seed: Seed, *further: Seed, port: int = 0, state: Path | None = None) -> RunningSandbox:
    """Serve one or more seeded tenants; TLS files go to `directory`. OSError when the port is taken.

    With a `state` file that holds tenants already, these are served instead of the seeds, with the keys and secrets and
    on the port that their clients know; a new file begins with the seeds. StateError when the file cannot be used.
    """
    with contextlib.ExitStack() as on_stop:
        file = on_stop.enter_context(StateFile(state)) if state else None
        listener = _listen(port, file)
        on_stop.callback(listener.close)
        keys = _keys(file)
        number = listener.getsockname()[1]
        authority = TokenAuthority(keys.token_key)
        tenants = Tenants(f"https://localhost:{number}", (seed, *further), authority, file)
        if file:
            file.keep({_PORT: str(number), **keys.as_texts()})
        ca_file, certificate = _write_certificates(directory, keys)
        server = _Server(tenants, certificate)
        thread = threading.Thread(target=server.run, args=([listener],), name="sandbox", daemon=True)
        thread.start()
        _wait_until_serving(server, thread)
        return RunningSandbox(tenants, server, thread, ca_file, on_stop.pop_all())


def _listen(port: int, file: StateFile | None) -> socket.socket:
    known = int((file.value(_PORT) if file else None) or 0)
    # asyncio switches Nagle's delay off only for sockets that name their protocol; with it, an answer takes 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port or known))
    except OSError as fault:
        listener.close()
        kept = " (where the clients of this state look for it)" if known and not port else ""
        raise OSError(fault.errno, f"Port {port or known}{kept} cannot be had: {fault.strerror}") from fault
    return listener


def _keys(file: StateFile | None) -> ServerKeys:
    return (ServerKeys.saved(file.value) if file else None) or ServerKeys.new()


def _wait_until_serving(server: uvicorn.Server, thread: threading.Thread) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not server.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            raise OSError("The sandbox did not start serving; its server ended or took too long.")
        time.sleep(0.01)


def _write_certificates(directory: Path, keys: ServerKeys) -> tuple[Path, Path]:
    directory.mkdir(parents=True, exist_ok=True)
    ca_file, certificate = directory / "ca.pem", directory / "server.pem"
    ca_file.write_text(keys.ca_certificate)
    with os.fdopen(os.open(certificate, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _PRIVATE), "w") as file:
        os.fchmod(file.fileno(), _PRIVATE)
        file.write(keys.server_certificate)
    return ca_file, certificate
