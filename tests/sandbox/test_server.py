"""The server itself: sizes, connections that come and go, the port, and its end."""

import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from sandbox.control import Control
from sandbox.reception import LARGEST_BODY
from sandbox.seed import Seed
from sandbox.server import RunningSandbox, start
from tests.sandbox.conftest import Tenant, create_user, user_body

IDLE = 150


@contextmanager
def _connection(running: RunningSandbox) -> Iterator[ssl.SSLSocket]:
    address = urlsplit(running.base_url)
    context = ssl.create_default_context(cafile=str(running.ca_file))
    with (
        socket.create_connection(("127.0.0.1", address.port or 0), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as connection,
    ):
        yield connection


def test_body_that_is_too_large_is_refused_and_the_server_goes_on(tenant: Tenant) -> None:
    client = tenant.client("administer")
    answer = client.post("/v1.0/users", content=b" " * (LARGEST_BODY + 1), headers={"Content-Type": "application/json"})
    assert answer.status_code == 413
    assert answer.json()["error"]["code"] == "RequestEntityTooLarge"
    assert tenant.control.journal()[-1]["status"] == 413
    largest = {**user_body(), "displayName": " " * (LARGEST_BODY - 1000)}
    assert client.post("/v1.0/users", json=largest).status_code == 400
    create_user(client)


def test_request_whose_client_vanishes_before_its_end_has_no_effect(tenant: Tenant) -> None:
    token = tenant.token("administer")
    body = b'{"accountEnabled": false, "displayName": "X"}'
    head = (
        f"DELETE /v1.0/users/kim.berg@contoso.example HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n"
    )
    with _connection(tenant.running) as connection:
        connection.sendall(head.encode() + f"Content-Length: {len(body) + 1}\r\n\r\n".encode() + body)
    with _connection(tenant.running) as connection:
        # A second request on a connection of its own, answered after the first one was given up.
        connection.sendall(f"{head.replace('DELETE', 'GET')}Connection: close\r\n\r\n".encode())
        assert connection.recv(100).startswith(b"HTTP/1.1 200")
    assert [each["method"] for each in tenant.control.journal()] == ["POST", "GET"]


def test_idle_connections_keep_nobody_out_and_do_not_hold_up_the_end(tmp_path: Path) -> None:
    running = start(tmp_path, Seed())
    with ExitStack() as open_connections:
        for _ in range(IDLE):
            open_connections.enter_context(_connection(running))
        half = open_connections.enter_context(_connection(running))
        half.sendall(b"POST /v1.0/users HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n{")
        with Control(running.base_url, running.ca_file) as control:
            assert control.tenants()
        started = time.monotonic()
        running.stop()
        assert time.monotonic() - started < 3


def test_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with start(tmp_path / "one", Seed()) as running:
        port = urlsplit(running.base_url).port or 0
        with pytest.raises(OSError, match=f"Port {port} cannot be had"):
            start(tmp_path / "two", Seed(), port=port)


def test_state_whose_port_is_taken_says_so(tmp_path: Path) -> None:
    with start(tmp_path / "tls", Seed(), state=tmp_path / "state") as running:
        port = urlsplit(running.base_url).port or 0
    with socket.create_server(("127.0.0.1", port)), pytest.raises(OSError, match="clients of this state"):
        start(tmp_path / "tls", Seed(), state=tmp_path / "state")
    with start(tmp_path / "tls", Seed(), state=tmp_path / "state") as running:
        assert urlsplit(running.base_url).port == port


def test_stopped_server_takes_no_more_connections(tmp_path: Path) -> None:
    with start(tmp_path, Seed()) as running:
        context = ssl.create_default_context(cafile=str(running.ca_file))
    with httpx.Client(verify=context, trust_env=False) as client, pytest.raises(httpx.ConnectError):
        client.get(f"{running.base_url}/v1.0/users")
