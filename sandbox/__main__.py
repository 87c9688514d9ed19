"""Serves a sandbox tenant as a process of its own, until SIGINT or SIGTERM."""

import argparse
import signal
import sys
import threading
from pathlib import Path

from sandbox import server
from sandbox.options import port
from sandbox.seed import Seed, SeedError, load
from sandbox.state.file import StateError, holds_tenants


def main() -> int:
    """Read the arguments, serve, print the base URL, and wait for the signal to end."""
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    parser.add_argument("--directory", type=Path, required=True, help="where the TLS files go")
    parser.add_argument("--seed", type=Path, help="a seed as JSON (default: Contoso, without identities)")
    parser.add_argument("--port", type=port, default=0, help="port on loopback (default: any free one)")
    parser.add_argument("--state", type=Path, help="a file that keeps the tenants (default: memory only)")
    arguments = parser.parse_args()
    end = threading.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, lambda *_: end.set())
    try:
        running = _start(arguments.directory, arguments.seed, arguments.port, arguments.state)
    except (SeedError, StateError, OSError) as fault:
        print(f"sandbox: {fault}", file=sys.stderr)  # noqa: T201 - the process's own error line
        return 2
    with running:
        print(running.base_url, flush=True)  # noqa: T201 - the one line that tells the caller where it is
        end.wait()
    return 0


def _start(directory: Path, seed_file: Path | None, port: int, state: Path | None) -> server.RunningSandbox:
    if seed_file and state and holds_tenants(state):
        raise StateError(f"{state} holds its tenants already.", "Leave --seed out, or name a new file.")
    return server.start(directory, load(seed_file) if seed_file else Seed(), port=port, state=state)


if __name__ == "__main__":
    sys.exit(main())
