"""Times the requests against tenants of several sizes, in turns, so that a slow moment is slow for all of them."""

import compileall
import resource
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from benchmarks.requests import REQUESTS, Subject
from benchmarks.tenants import READER, Size, add_policies, seed_of
from sandbox.control import Control
from sandbox.server import RunningSandbox, start

ROOT = Path(__file__).resolve().parents[1]
Times = Mapping[str, Mapping[int, float]]  # by the request's name and the number of users: milliseconds


def measure(users: Sequence[int], *, rounds: int) -> Times:
    """Time every request against a tenant of every size; the medians of as many rounds."""
    sizes = [Size(each) for each in users]
    taken: dict[str, dict[int, list[float]]] = {timed.name: {each: [] for each in users} for timed in REQUESTS}
    with _served(sizes) as served:
        for timed in REQUESTS:
            for _ in range(rounds):
                for size, (client, subject) in served.items():
                    started = time.perf_counter()
                    response = timed.send(client, subject)
                    taken[timed.name][size.users].append((time.perf_counter() - started) * 1000)
                    response.raise_for_status()
    return {name: {size: statistics.median(each) for size, each in by.items()} for name, by in taken.items()}


@dataclass(frozen=True)
class WarmStart:
    """The seconds from starting the sandbox's process until it answers, and those that it computed when it is ended."""

    elapsed: float
    computing: float


def warm_start(*, rounds: int) -> WarmStart:
    """Start the sandbox's process a few times, its modules compiled and in the system's cache, and tell the medians."""
    compileall.compile_dir(ROOT / "sandbox", quiet=1)  # which an interpreter may have been told not to do by itself
    starts = [_start_once() for _ in range(rounds + 1)][1:]
    return WarmStart(
        statistics.median(each.elapsed for each in starts), statistics.median(each.computing for each in starts)
    )


def _start_once() -> WarmStart:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        command = [sys.executable, "-m", "sandbox", "--directory", folder]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
            try:
                base_url = process.stdout.readline().strip() if process.stdout else ""
                context = ssl.create_default_context(cafile=str(Path(folder) / "ca.pem"))
                with httpx.Client(verify=context, trust_env=False) as client:
                    address = f"{base_url}/metadata/endpoints"
                    client.get(address, params={"api-version": "2022-09-01"}).raise_for_status()
                elapsed = time.perf_counter() - started
            finally:
                process.terminate()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return WarmStart(elapsed, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


@contextmanager
def _served(sizes: Sequence[Size]) -> Iterator[Mapping[Size, tuple[httpx.Client, Subject]]]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        running = stack.enter_context(start(folder, *(seed_of(each) for each in sizes)))
        context = ssl.create_default_context(cafile=str(running.ca_file))
        served: dict[Size, tuple[httpx.Client, Subject]] = {}
        with Control(running.base_url, running.ca_file) as control:
            tenants = {each["name"]: each["tenantId"] for each in control.tenants()}
        for size in sizes:
            client = stack.enter_context(httpx.Client(base_url=running.base_url, verify=context, trust_env=False))
            served[size] = client, _prepare(running, client, size, tenants[seed_of(size).tenant_name])
        yield served


def _prepare(running: RunningSandbox, client: httpx.Client, size: Size, tenant_id: str) -> Subject:
    with Control(running.base_url, running.ca_file, tenant_id) as control:
        add_policies(control, size)
        reader, snapshot = control.identities()[READER], control.snapshot()
    form = {
        "grant_type": "client_credentials",
        "scope": f"{running.base_url}/.default",
        "client_id": reader["client_id"],
        "client_secret": reader["client_secret"],
    }
    token = client.post(f"/{tenant_id}/oauth2/v2.0/token", data=form).raise_for_status().json()["access_token"]
    client.headers["Authorization"] = f"Bearer {token}"
    return Subject(seed_of(size), list(snapshot["users"])[-1], list(snapshot["applications"].values())[-1]["appId"])
