"""Forks rehearsal providers for the callers that Terraform starts, until its own input ends.

`python -m tests.programs.provider_forks` tells the address of its socket. Each fork has the caller's standard files,
folder and environment, serves as the provider does, and ends at once when its caller is gone.
"""

import encodings.idna
import gc
import json
import os
import select
import signal
import socket
import sys
import tempfile
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

import grpc._interceptor  # type: ignore[import-untyped]  # published without type information
import grpc._server  # type: ignore[import-untyped]  # published without type information
import urllib3

from sandbox.provider.__main__ import parser
from sandbox.provider.serve import serve

# They are imported when the provider first serves, and first speaks to a tenant.
_LATE = (encodings.idna, grpc._interceptor, grpc._server, urllib3)  # noqa: SLF001  imported, and not used
_HEADER = 8


def main() -> None:
    """Fork a provider for each caller; returns when standard input ends."""
    # An interrupt of the tests ends their process, and with it this one's input.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody here asks how a fork ended
    with (
        tempfile.TemporaryDirectory(prefix="provider-forks-") as folder,
        socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener,
    ):
        address = str(Path(folder, "socket"))
        listener.bind(address)
        listener.listen(128)
        gc.collect()
        gc.freeze()  # what the forks share stays shared
        sys.stdout.write(f"{address}\n")
        sys.stdout.flush()
        while sys.stdin not in (ready := select.select([listener, sys.stdin], [], [])[0]):
            assert listener in ready
            connection, _ = listener.accept()
            if os.fork() == 0:
                listener.close()
                _be_the_provider(connection)
            connection.close()


def _be_the_provider(connection: socket.socket) -> NoReturn:
    """Serve as the provider with what the caller has, tell the caller how it ended, and end."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    code = 1
    try:
        parsed = parser.parse_args(_settle_in(connection))
        is_left = threading.Event()
        threading.Thread(target=_watch, args=(connection, is_left), daemon=True).start()
        serve(parsed.identity, is_left=is_left.is_set)
        code = 0
    except SystemExit as ended:
        sys.stderr.write(f"{ended}\n")
    except BaseException:  # noqa: BLE001  # a fork never comes back to the loop that it was forked in
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        with suppress(OSError):
            connection.sendall(bytes([code]))
        os._exit(code)


def _settle_in(connection: socket.socket) -> list[str]:
    """Take over the caller's standard files, folder and environment, and return the provider's options."""
    header, files, _, _ = socket.recv_fds(connection, _HEADER, 3)
    length = int.from_bytes(header + _read(connection, _HEADER - len(header)), "big")
    given: dict[str, Any] = json.loads(_read(connection, length))
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    os.chdir(given["folder"])
    os.environ.clear()
    os.environ.update(given["environment"])
    tempfile.tempdir = None  # the caller's environment says where that is
    return [str(option) for option in given["options"]]


def _read(connection: socket.socket, length: int) -> bytes:
    content = b""
    while len(content) < length:
        more = connection.recv(length - len(content))
        if not more:
            raise EOFError("the caller ended before it had said what it wants")
        content += more
    return content


def _watch(connection: socket.socket, is_left: threading.Event) -> None:
    """Note that Terraform is gone, when the caller says so; end at once when the caller itself is."""
    with suppress(OSError):
        while connection.recv(1):
            is_left.set()
    os._exit(1)


if __name__ == "__main__":
    main()
