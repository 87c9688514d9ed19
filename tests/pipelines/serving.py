"""Serves a stand-in over verified TLS on loopback, with a certificate of an authority of its own."""

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import trustme
import uvicorn
from starlette.applications import Starlette

_PAUSE_SECONDS = 0.02


@contextmanager
def serve(application: Starlette, ca_file: Path) -> Iterator[str]:
    """Serve until the block ends, and yield the address; the authority is added to `ca_file`."""
    authority = trustme.CA()
    certificate = authority.issue_cert("localhost", "127.0.0.1")
    with ca_file.open("ab") as file:
        file.write(authority.cert_pem.bytes())
    config = uvicorn.Config(application, log_level="warning")
    config.load()
    config.ssl = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(config.ssl)
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(_PAUSE_SECONDS)
        try:
            yield f"https://localhost:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()
