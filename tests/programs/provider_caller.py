"""Stands in the provider's place in a mirror: has it forked, and lives as long as the fork does.

`python -I -S provider_caller.py <socket> <options of the provider>`. What the fork is to have goes over the socket: the
three standard files, then folder, environment and options. A byte tells the fork that Terraform is gone; the end of
this process, however it comes, ends the fork.
"""

import json
import os
import select
import signal
import socket
import sys

_PARENT_WATCH_SECONDS = 1.0


def main(address: str, options: list[str]) -> int:
    """Have the provider forked and wait for its end; return its exit code."""
    # Asked before Terraform hears of the provider: it may be gone the moment after.
    terraform = os.getppid()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    folder = os.getcwd()  # noqa: PTH109  importing pathlib takes longer than all that is done here
    given = json.dumps({"folder": folder, "environment": dict(os.environ), "options": options}).encode()
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.connect(address)
        socket.send_fds(connection, [len(given).to_bytes(8, "big")], [0, 1, 2])
        connection.sendall(given)
        while not select.select([connection], [], [], _PARENT_WATCH_SECONDS)[0]:
            if os.getppid() != terraform:
                connection.sendall(b"\0")
                terraform = os.getppid()
        code = connection.recv(1)
    return code[0] if code else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
