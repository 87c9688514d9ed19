"""Serves sandbox tenants over HTTPS on loopback, from a thread of this process.

The certificate authority and the server's certificate are made anew for every start and written to a
directory, for clients to verify against. The address is known to clients as `https://localhost:<port>`;
nothing beyond loopback can reach it.
"""

import contextlib
import socket
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import trustme
import uvicorn

from sandbox import web
from sandbox.directory.population import IdentityCredential
from sandbox.seed import Seed
from sandbox.tenant import Tenants

_START_SECONDS = 15.0
_PRIVATE = 0o600


class _Server(uvicorn.Server):
    """A server whose end does not wait for clients that keep connections idle, and leaves no socket open."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for connection in list(self.server_state.connections):
            if connection.transport is not None:
                connection.transport.abort()
        await super().shutdown(sockets)


class RunningSandbox:
    """The served tenants; stopping it, or leaving it as a context, ends the server."""

    def __init__(self, tenants: Tenants, server: uvicorn.Server, thread: threading.Thread, ca_file: Path) -> None:
        self._tenants = tenants
        self._server = server
        self._thread = thread
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

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def start(directory: Path, seed: Seed, *further: Seed, port: int = 0) -> RunningSandbox:
    """Serve one or more seeded tenants; TLS files go to `directory`. OSError when the port is taken."""
    # asyncio switches Nagle's delay off only for sockets that name their protocol; with it, an answer takes 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    with contextlib.ExitStack() as on_failure:
        on_failure.callback(listener.close)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        tenants = Tenants(f"https://localhost:{listener.getsockname()[1]}", (seed, *further))
        ca_file, certificate = _write_certificates(directory)
        server = _Server(
            uvicorn.Config(
                web.build(tenants),
                lifespan="off",
                log_config=None,
                access_log=False,
                ssl_certfile=str(certificate),
                server_header=False,
                # Graph keeps idle connections for minutes; a shorter time makes clients meet closed ones.
                timeout_keep_alive=120,
            )
        )
        thread = threading.Thread(target=server.run, args=([listener],), name="sandbox", daemon=True)
        thread.start()
        _wait_until_serving(server, thread)
        on_failure.pop_all()
    return RunningSandbox(tenants, server, thread, ca_file)


def _wait_until_serving(server: uvicorn.Server, thread: threading.Thread) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not server.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            raise OSError("The sandbox did not start serving; its server ended or took too long.")
        time.sleep(0.01)


def _write_certificates(directory: Path) -> tuple[Path, Path]:
    directory.mkdir(parents=True, exist_ok=True)
    authority = trustme.CA(organization_name="Sandbox tenant")
    leaf = authority.issue_cert("localhost", "127.0.0.1")
    ca_file, certificate = directory / "ca.pem", directory / "server.pem"
    authority.cert_pem.write_to_path(str(ca_file))
    certificate.touch(_PRIVATE)
    certificate.chmod(_PRIVATE)
    leaf.private_key_and_cert_chain_pem.write_to_path(str(certificate))
    return ca_file, certificate
