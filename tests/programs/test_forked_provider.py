"""The forked provider beside the one that is started as it is: the same handshake, refusals and ends, whoever dies."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from sandbox.provider.serve import MAGIC_COOKIE
from scripts.environment import child_environment, find_terraform
from scripts.rehearsal.provider_choice import ROOT
from tests.programs.forked_provider import AS_IT_IS, choose_forked_provider

_PATIENCE_SECONDS = 20.0
_COOKIE = dict([MAGIC_COOKIE])
# Starts a provider as Terraform does, tells its process id and its handshake, and then lives on until it is killed.
_TERRAFORM = """\
import subprocess, sys, time
child = subprocess.Popen([sys.argv[1]], stdout=subprocess.PIPE, text=True)
print(child.pid, child.stdout.readline().strip(), flush=True)
time.sleep(60)
"""
# Has what it forks from started, tells where, and then lives on until it is killed.
_TESTS = """\
import sys, time
from tests.programs.forked_provider import fork_socket
print(fork_socket(), flush=True)
time.sleep(60)
"""


@dataclass(frozen=True)
class Serving:
    """A provider that serves, by the process that Terraform has started for it, and that Terraform."""

    terraform: subprocess.Popen[str]
    process_id: int
    handshake: list[str]

    @property
    def socket(self) -> Path:
        return Path(self.handshake[3])

    def takes_connections(self) -> bool:
        return _takes_connections(self.socket)


@pytest.fixture(scope="module")
def executable(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What Terraform finds in the mirror."""
    folder = tmp_path_factory.mktemp("mirror")
    variables = choose_forked_provider("own", folder, terraform=find_terraform(), environment=child_environment(ROOT))
    return next(Path(variables["TF_CLI_CONFIG_FILE"]).parent.rglob("terraform-provider-azuread_v*"))


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder with a short name: that of a socket has 107 characters at most, and a test's own may have as many."""
    with tempfile.TemporaryDirectory(prefix="forked-") as folder:
        yield Path(folder)


@pytest.fixture
def serve(executable: Path, folder: Path) -> Iterator[Callable[..., Serving]]:
    """Give a starter of providers, whose socket is in the test's folder; each in a process group of its own."""
    with ExitStack() as running:

        def start(variables: Mapping[str, str] | None = None) -> Serving:
            terraform = running.enter_context(
                subprocess.Popen(
                    [sys.executable, "-c", _TERRAFORM, str(executable)],
                    env={**os.environ, **_COOKIE, "TMPDIR": str(folder), **(variables or {})},
                    stdout=subprocess.PIPE,
                    text=True,
                    start_new_session=True,
                )
            )
            running.callback(_kill_group, terraform)
            assert terraform.stdout is not None
            process_id, handshake = terraform.stdout.readline().split()
            return Serving(terraform, int(process_id), handshake.split("|"))

        yield start


@pytest.mark.parametrize("variables", [{}, AS_IT_IS], ids=["forked", "as it is"])
def test_provider_serves_in_the_environment_that_terraform_gives_it(
    serve: Callable[..., Serving], folder: Path, variables: Mapping[str, str]
) -> None:
    serving = serve(variables)
    core, plugin, network, _, transport, certificate = serving.handshake
    assert (core, plugin, network, transport) == ("1", "6", "unix", "grpc")
    assert certificate
    assert serving.socket.is_relative_to(folder)
    assert serving.takes_connections()
    command = Path(f"/proc/{serving.process_id}/cmdline").read_text(encoding="utf-8").split("\0")
    assert ("sandbox.provider" in command) == bool(variables), "it is started in the other way"


def test_two_providers_are_served_apart(serve: Callable[..., Serving]) -> None:
    one, other = serve(), serve()
    assert one.socket != other.socket
    os.kill(one.process_id, signal.SIGKILL)
    _await(lambda: not one.takes_connections())
    assert other.takes_connections()


@pytest.mark.parametrize("variables", [{}, AS_IT_IS], ids=["forked", "as it is"])
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
def test_process_that_terraform_started_takes_the_provider_with_it(
    serve: Callable[..., Serving], number: int, variables: Mapping[str, str]
) -> None:
    serving = serve(variables)
    os.kill(serving.process_id, number)
    _await(lambda: not serving.takes_connections())


@pytest.mark.parametrize("variables", [{}, AS_IT_IS], ids=["forked", "as it is"])
def test_group_that_is_killed_takes_the_provider_with_it(
    serve: Callable[..., Serving], variables: Mapping[str, str]
) -> None:
    serving = serve(variables)
    os.killpg(serving.terraform.pid, signal.SIGKILL)
    _await(lambda: not serving.takes_connections())


@pytest.mark.parametrize("variables", [{}, AS_IT_IS], ids=["forked", "as it is"])
def test_provider_outlives_an_interrupt_and_not_terraform(
    serve: Callable[..., Serving], variables: Mapping[str, str]
) -> None:
    serving = serve(variables)
    os.kill(serving.process_id, signal.SIGINT)
    time.sleep(0.3)
    assert serving.takes_connections()
    serving.terraform.kill()
    _await(lambda: not serving.socket.exists())
    _await(lambda: not _is_alive(serving.process_id))


@pytest.mark.parametrize("variables", [{}, AS_IT_IS], ids=["forked", "as it is"])
def test_person_who_starts_the_provider_is_told_who_does(executable: Path, variables: Mapping[str, str]) -> None:
    finished = subprocess.run(
        [str(executable)],
        env={**child_environment(ROOT), **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=_PATIENCE_SECONDS,
    )
    assert (finished.returncode, finished.stdout) == (1, "")
    assert "Terraform starts it, people do not" in finished.stderr


def test_tests_that_are_killed_leave_nothing_that_forks() -> None:
    command = [sys.executable, "-c", _TESTS]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as tests:
        assert tests.stdout is not None
        address = Path(tests.stdout.readline().strip())
        assert address.is_socket()
        tests.kill()
    _await(lambda: not address.parent.exists())


def _takes_connections(address: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        return connection.connect_ex(str(address)) == 0


def _is_alive(process_id: int) -> bool:
    try:
        # One that has ended and that nobody has asked for yet is over, too: it is marked Z.
        return Path(f"/proc/{process_id}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def _kill_group(leader: subprocess.Popen[str]) -> None:
    # Whoever is left of a group that has ended is not in it.
    if leader.poll() is None:
        os.killpg(leader.pid, signal.SIGKILL)


def _await(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not is_so():
        assert time.monotonic() < deadline, "it did not come to be so"
        time.sleep(0.05)
