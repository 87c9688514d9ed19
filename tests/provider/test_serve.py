"""The provider's process: it outlives an interrupt, and does not outlive Terraform."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from sandbox.provider.attached import attached_provider
from sandbox.provider.mirror import write_mirror
from sandbox.provider.serve import MAGIC_COOKIE, serve_attached
from tests.provider.conftest import ROOT

# Starts the provider as Terraform does, tells its process id and its handshake, and then lives on until it is killed.
PARENT = """\
import subprocess, sys, time
child = subprocess.Popen([sys.argv[1]], stdout=subprocess.PIPE, text=True)
print(child.pid, child.stdout.readline().strip(), flush=True)
time.sleep(60)
"""


@pytest.fixture
def started(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], int, str]]:
    """Yield the process that stands for Terraform, the provider's process id, and the handshake."""
    write_mirror(tmp_path, python=Path(sys.executable), source_root=ROOT)
    executable = next(tmp_path.rglob("terraform-provider-azuread_v3.7.0"))
    name, value = MAGIC_COOKIE
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, str(executable)],
        env={**os.environ, name: value},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as terraform:
        assert terraform.stdout is not None
        process_id, handshake = terraform.stdout.readline().split()
        yield terraform, int(process_id), handshake
        terraform.kill()
        with suppress(ProcessLookupError):
            os.kill(int(process_id), signal.SIGKILL)


def _is_alive(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    # One that has ended and that nobody has asked for yet is over, too; where /proc tells, it is marked Z.
    status = Path(f"/proc/{process_id}/stat")
    return not (status.exists() and status.read_text().rpartition(")")[2].split()[0] == "Z")


def test_handshake_names_protocol_socket_and_certificate(started: tuple[subprocess.Popen[str], int, str]) -> None:
    core, plugin, network, address, transport, certificate = started[2].split("|")

    assert (core, plugin, network, transport) == ("1", "6", "unix", "grpc")
    assert Path(address).is_socket()
    assert certificate


def test_provider_that_is_interrupted_serves_on(started: tuple[subprocess.Popen[str], int, str]) -> None:
    os.kill(started[1], signal.SIGINT)
    time.sleep(0.3)

    assert _is_alive(started[1])


def test_provider_whose_terraform_is_killed_ends_and_leaves_no_socket(
    started: tuple[subprocess.Popen[str], int, str],
) -> None:
    terraform, process_id, handshake = started
    terraform.kill()
    deadline = time.monotonic() + 10

    while _is_alive(process_id) and time.monotonic() < deadline:
        time.sleep(0.1)

    assert not _is_alive(process_id)
    assert not Path(handshake.split("|")[3]).exists()


def test_attached_provider_tells_its_socket_and_ends_with_its_input() -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with attached_provider(environment) as told:
        provider = json.loads(told)["registry.terraform.io/hashicorp/azuread"]
        socket = Path(provider["Addr"]["String"])
        assert socket.is_socket()
        assert socket.parent.stat().st_mode & 0o077 == 0
        assert _is_alive(provider["Pid"])

    assert not _is_alive(provider["Pid"])
    assert not socket.exists()


def test_attached_provider_in_a_folder_that_is_open_to_others_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)

    with pytest.raises(SystemExit, match="is open to others"):
        serve_attached(tmp_path)

    assert list(tmp_path.iterdir()) == []
