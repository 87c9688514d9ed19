"""States in a backend: locked while somebody works, lost and found again, and nothing that signs in on the disk."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.life.conftest import MakeTenancy
from tests.life.database import Database, children_of, serve_database
from tests.life.delivery import Delivery
from tests.life.state_server import StateServer, serve_states

pytestmark = pytest.mark.terraform

CANARY = "Canary-4b1d-only-the-environment-may-carry-it"
_WAIT_SECONDS, _PAUSE_SECONDS = 120.0, 0.1


@pytest.fixture(scope="module")
def database() -> Iterator[Database]:
    with serve_database(CANARY) as served:
        yield served


@pytest.fixture(scope="module")
def in_database(make_tenancy: MakeTenancy, database: Database) -> Delivery:
    """Return a tenant whose state is in PostgreSQL, in a schema of its own."""
    backend = f"backend: {{pg: {{conn_str: '{database.address}'}}}}\n"
    # By itself Terraform writes the state every 20 s of an apply, and a slow machine would get to it.
    variables = {**database.variables, "TF_STATE_PERSIST_INTERVAL": "600"}
    return Delivery(make_tenancy(edit=lambda text: text + backend), variables)


def holding_files(folder: Path, text: str) -> list[Path]:
    """Return the files in which a text stands."""
    return [path for path in folder.rglob("*") if path.is_file() and text.encode() in path.read_bytes()]


@contextmanager
def stopped(program: subprocess.Popen[str]) -> Iterator[None]:
    """Let a program's Terraform stand still until the block ends, its lock in its hands."""
    (terraform,) = children_of(program.pid)
    os.kill(terraform, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(terraform, signal.SIGCONT)


def until_written(delivery: Delivery, path: str) -> None:
    """Wait until something was written to a path of Graph."""
    deadline = time.monotonic() + _WAIT_SECONDS
    while not any(write.endswith(path) for write in delivery.tenancy.writes()):
        assert time.monotonic() < deadline, delivery.tenancy.writes()
        time.sleep(_PAUSE_SECONDS)


def test_of_two_applies_at_once_one_works_and_the_other_is_told_or_waits(
    in_database: Delivery, database: Database
) -> None:
    control = in_database.tenancy.scene.control
    approved = in_database.plan()["plan_sha256"]
    control.declare_faults({"route": "POST /users", "seconds": 2})
    first = in_database.start("apply", "--hash", approved)
    until_written(in_database, "/users")
    with stopped(first):
        said = in_database.apply(approved, "--lock-seconds", "0", expect=1)
        assert "the state is locked" in said
        assert "pg_stat_activity" in said
        assert "-lock=false" not in said
        assert "force-unlock" not in said
        second = in_database.start("apply", "--hash", approved, "--lock-seconds", "120")
    output, errors = first.communicate(timeout=300)
    assert first.returncode == 0, output + errors
    output, errors = second.communicate(timeout=300)
    assert second.returncode == 1
    assert "the state has moved" in errors

    assert in_database.accounts() == 1
    assert in_database.plan()["is_empty"]
    assert database.ask("SELECT count(*) FROM cirasync_contoso.states") == "1"
    assert holding_files(in_database.tenancy.scene.folder, CANARY) == []


def test_a_server_that_dies_in_an_apply_loses_nothing(in_database: Delivery, database: Database) -> None:
    tenancy = in_database.tenancy
    tenancy.scene.control.reset()
    database.ask("DROP SCHEMA IF EXISTS cirasync_contoso CASCADE")
    approved = in_database.plan()["plan_sha256"]
    tenancy.scene.control.declare_faults({"route": "POST /identity/conditionalAccess/policies", "seconds": 6})
    applying = in_database.start("apply", "--hash", approved)
    until_written(in_database, "/policies")
    database.kill()
    output, errors = applying.communicate(timeout=300)
    assert applying.returncode == 1, output + errors
    assert "could not write its state to the backend" in errors
    assert "errored.tfstate" in errors
    errored = tenancy.scene.stack / "errored.tfstate"
    assert errored.stat().st_mode & 0o077 == 0
    assert (in_database.folder / "errored.tfstate").read_bytes() == errored.read_bytes()
    assert "in the backend pg" in in_database.plan(expect=3)["said"]
    assert errored.exists()

    database.start()
    # A pipeline's next job has what was carried beside the plan, and nothing of the folder before.
    errored.unlink()
    rest = in_database.plan()
    assert "is back in the backend pg" in rest["recovered"]
    assert list(in_database.folder.glob("errored.*")) == []
    if not rest["is_empty"]:
        in_database.apply(rest["plan_sha256"])
    assert in_database.plan()["is_empty"]
    assert in_database.accounts() == 1


def test_who_holds_a_lock_is_told_and_a_lock_that_was_left_is_not_broken(make_tenancy: MakeTenancy) -> None:
    with serve_states() as (states, address):
        backend = f"{{address: '{address}', lock_address: '{address}', unlock_address: '{address}'}}"
        delivery = Delivery(
            make_tenancy(edit=lambda text: f"{text}backend: {{http: {backend}}}\n"),
            {"TF_HTTP_USERNAME": "steward", "TF_HTTP_PASSWORD": CANARY},
        )
        approved = delivery.plan()["plan_sha256"]
        _left_by_somebody(states)
        said = delivery.apply(approved, "--lock-seconds", "1", expect=1)
        assert "its backend does not tell who holds it (lock 1f0c)" in said
        assert said.index("make sure first") < said.index("force-unlock 1f0c")
        assert states.lock is not None
        assert delivery.accounts() == 0

        states.lock = None
        delivery.apply(approved)
        assert states.lock is None
        assert delivery.accounts() == 1
        # The state's address takes no more writes: what was made by then is kept, and brought back.
        states.is_refusing_writes = True
        delivery.tenancy.scene.control.act(
            "PATCH", f"/v1.0/users/{delivery.tenancy.account()['id']}", {"displayName": "Somebody else"}
        )
        changed = delivery.plan()
        assert "could not write its state" in delivery.apply(changed["plan_sha256"], expect=1)
        states.is_refusing_writes = False
        recovered = delivery.plan()
        assert "is back in the backend http" in recovered["recovered"]
        assert recovered["is_empty"]
        assert holding_files(delivery.tenancy.scene.folder, CANARY) == []


def _left_by_somebody(states: StateServer) -> None:
    states.lock = {
        "ID": "1f0c",
        "Operation": "OperationTypeApply",
        "Who": "robin@build-7",
        "Version": "1.11.4",
        "Created": "2026-11-23T08:00:00Z",
        "Info": "",
        "Path": "",
    }
