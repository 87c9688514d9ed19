"""An HTTPS server on loopback that serves one metadata document, and keeps what it was asked."""

import json
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import trustme

Reply = tuple[int, Mapping[str, str], Any]


@dataclass
class Served:
    """The server: its address, its authority's file, the requests so far, and how it answers the next ones."""

    host: str
    ca_file: Path
    asked: list[str] = field(default_factory=list)
    answer: Callable[[str, str], Reply] = lambda _method, _path: (404, {}, {"error": {"code": "x", "message": "no"}})

    @property
    def base_url(self) -> str:
        return f"https://{self.host}"

    def document(self, **changes: Any) -> dict[str, Any]:
        """Return a sandbox's metadata document, with some keys replaced."""
        plain = {
            "name": "Sandbox",
            "authentication": {"loginEndpoint": self.base_url, "audiences": [self.base_url]},
            "resourceManager": self.base_url,
            "microsoftGraphResourceId": self.base_url,
            "sandbox": {"product": "cirasync-steward", "loopback": True},
        }
        return {**plain, **changes}


@contextmanager
def serving(folder: Path) -> Iterator[Served]:
    """Serve until the end of the block."""
    authority = trustme.CA()
    folder.mkdir(parents=True, exist_ok=True)
    ca_file, leaf = folder / "ca.pem", folder / "leaf.pem"
    authority.cert_pem.write_to_path(str(ca_file))
    authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(str(leaf))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(leaf)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            self.rfile.read(length)
            served.asked.append(f"{self.command} {self.path}")
            status, headers, body = served.answer(self.command, self.path)
            content = json.dumps(body).encode()
            self.send_response(status)
            for name, value in {"Content-Type": "application/json", **headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _serve  # noqa: N815  the base class looks for these names

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the base class names it so
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    served = Served(f"localhost:{server.server_address[1]}", ca_file)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
