"""Serving the provider: to the Terraform process that started it, or attached to several in a row.

Terraform passes its own certificate in the environment, reads one line from standard output, and connects to the
socket that the line names (https://github.com/hashicorp/go-plugin/blob/main/docs/internals.md, 2026-11-23).
The key pair comes from the mirror that Terraform found this provider in. An attached provider is started by whoever
runs Terraform many times for one caller, since a start costs more than all else that it does
(https://developer.hashicorp.com/terraform/plugin/debugging, 2026-11-23); its environment, and not Terraform's, says who
signs in.
"""

from __future__ import annotations

import base64
import json
import os
import signal
import ssl
import sys
import tempfile
import threading
from collections.abc import Callable
from concurrent import futures
from pathlib import Path
from typing import Any, Final

import grpc  # type: ignore[import-untyped]  # published without type information
from tf.gen import grpc_controller_pb2 as controller
from tf.gen import grpc_controller_pb2_grpc as controller_rpc
from tf.gen import grpc_stdio_pb2_grpc as stdio_rpc
from tf.gen import tfplugin_pb2_grpc as rpc

from sandbox.provider.protocol import Provider
from sandbox.provider.sources import ADDRESSES

_CORE_PROTOCOL = 1
_PLUGIN_PROTOCOL = 6
MAGIC_COOKIE: Final = ("TF_PLUGIN_MAGIC_COOKIE", "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2")
_LARGEST_MESSAGE = 256 << 20
_THREADS = 16
_PARENT_WATCH_SECONDS = 1.0


class _Controller(controller_rpc.GRPCControllerServicer):  # type: ignore[misc]  # a generated class without type information
    def __init__(self, over: threading.Event) -> None:
        self._over = over

    def Shutdown(self, request: Any, context: Any) -> controller.Empty:  # noqa: ARG002, N802  the service's own name
        self._over.set()
        return controller.Empty()


class _Stdio(stdio_rpc.GRPCStdioServicer):  # type: ignore[misc]  # a generated class without type information
    def StreamStdio(self, request: Any, context: Any) -> Any:  # noqa: ARG002, N802  the service's own name
        return iter(())


def serve(identity: Path, *, is_left: Callable[[], bool] | None = None) -> None:
    """Serve until Terraform says that it is over; ``identity`` holds the certificate and the key as PEM.

    Whoever stands between Terraform and this process tells with ``is_left`` that Terraform is gone.
    """
    if os.environ.get(MAGIC_COOKIE[0]) != MAGIC_COOKIE[1]:
        raise SystemExit(
            "This is a Terraform provider: Terraform starts it, people do not. "
            "Next: run terraform with the rehearsal's CLI configuration file."
        )
    # Asked before Terraform hears of this process: it may be gone the moment after.
    terraform = os.getppid()
    # An interrupt reaches the whole process group, and Terraform then lets what has begun come to its end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    over = threading.Event()
    server = _server()
    controller_rpc.add_GRPCControllerServicer_to_server(_Controller(over), server)
    stdio_rpc.add_GRPCStdioServicer_to_server(_Stdio(), server)
    pem = identity.read_bytes()
    credentials = grpc.ssl_server_credentials([(pem, pem)])
    with tempfile.TemporaryDirectory(prefix="rehearsal-provider-") as folder:
        socket = Path(folder) / "socket"
        server.add_secure_port(f"unix://{socket}", credentials)
        server.start()
        certificate = base64.b64encode(ssl.PEM_cert_to_DER_cert(_certificate(pem))).decode().rstrip("=")
        handshake = (_CORE_PROTOCOL, _PLUGIN_PROTOCOL, "unix", socket, "grpc", certificate)
        sys.stdout.write("|".join(str(part) for part in handshake) + "\n")
        sys.stdout.flush()
        _wait_for_the_end(over, is_left or (lambda: os.getppid() != terraform))
        server.stop(grace=0.5).wait()


def serve_attached(folder: Path) -> None:
    """Serve on a socket in a private folder until standard input ends; tells what ``TF_REATTACH_PROVIDERS`` is to be.

    Terraform speaks to attached providers without TLS, so that the folder is all that keeps others out.
    """
    if folder.stat().st_mode & 0o077:
        raise SystemExit(f"{folder} is open to others. Next: chmod 700, or use a folder of tempfile's.")
    # Whoever started it ends it, by closing its input.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    server = _server()
    socket = folder.resolve() / "socket"
    server.add_insecure_port(f"unix://{socket}")
    server.start()
    address = {"Network": "unix", "String": str(socket)}
    attached = {"Protocol": "grpc", "ProtocolVersion": _PLUGIN_PROTOCOL, "Pid": os.getpid(), "Test": True}
    sys.stdout.write(json.dumps({name: {**attached, "Addr": address} for name in ADDRESSES}) + "\n")
    sys.stdout.flush()
    sys.stdin.read()
    server.stop(grace=0.5).wait()


def _server() -> grpc.Server:
    server = grpc.server(
        futures.ThreadPoolExecutor(max_workers=_THREADS),
        options=[
            ("grpc.max_receive_message_length", _LARGEST_MESSAGE),
            ("grpc.max_send_message_length", _LARGEST_MESSAGE),
        ],
    )
    rpc.add_ProviderServicer_to_server(Provider(), server)
    return server


def _wait_for_the_end(over: threading.Event, is_left: Callable[[], bool]) -> None:
    """Wait until Terraform says that it is over, or is gone: killed, it can say nothing."""
    while not over.wait(_PARENT_WATCH_SECONDS):
        if is_left():
            return


def _certificate(pem: bytes) -> str:
    text = pem.decode()
    start = text.index("-----BEGIN CERTIFICATE-----")
    return text[start:]
