"""The state file: what survives a restart, who may use the file, and what a killed process loses."""

import contextlib
import os
import signal
import sqlite3
import ssl
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from sandbox.control import Control
from sandbox.seed import Seed, SeedDomain, SeedIdentity
from sandbox.server import RunningSandbox, start
from sandbox.state.file import StateError, StateFile
from tests.sandbox.conftest import ADMINISTER, user_body

ROOT = Path(__file__).parents[2]
SEED = Seed(identities=(SeedIdentity("administer", ADMINISTER, ("Privileged Authentication Administrator",)),))


class Session:
    """A client that keeps its trust and its token from one start of the server to the next."""

    def __init__(self, running: RunningSandbox) -> None:
        self.running = running
        context = ssl.create_default_context(cafile=str(running.ca_file))
        self.client = httpx.Client(base_url=running.base_url, verify=context, trust_env=False)

    def sign_in(self) -> "Session":
        credential = self.running.identities["administer"]
        form = {
            "grant_type": "client_credentials",
            "scope": f"{self.running.base_url}/.default",
            "client_id": credential.client_id,
            "client_secret": credential.client_secret,
        }
        token = self.client.post(f"/{self.running.tenant_id}/oauth2/v2.0/token", data=form).raise_for_status().json()
        self.client.headers["Authorization"] = f"Bearer {token['access_token']}"
        return self


@contextmanager
def _serving(folder: Path, seed: Seed = SEED, *further: Seed) -> Iterator[RunningSandbox]:
    with start(folder / "tls", seed, *further, state=folder / "state") as running:
        yield running


def _command(tls: Path, state: Path) -> list[str]:
    return [sys.executable, "-m", "sandbox", "--directory", str(tls), "--state", str(state)]


def _snapshot(running: RunningSandbox, tenant_id: str | None = None) -> dict[str, object]:
    with Control(running.base_url, running.ca_file, tenant_id) as control:
        return control.snapshot()


def test_restart_brings_back_the_directory_and_lets_configured_clients_go_on(tmp_path: Path) -> None:
    with _serving(tmp_path) as running:
        session = Session(running).sign_in()
        user = session.client.post("/v1.0/users", json=user_body()).raise_for_status().json()
        session.client.delete("/v1.0/users/kim.berg@contoso.example").raise_for_status()
        before, identities = _snapshot(running), dict(running.identities)
        files = {each.name: each.read_text() for each in (tmp_path / "tls").iterdir()}
    with _serving(tmp_path, Seed()) as running:
        assert _snapshot(running) == before
        assert dict(running.identities) == identities
        assert {each.name: each.read_text() for each in (tmp_path / "tls").iterdir()} == files
        # The client's address, trusted authority and token are those of the first start.
        assert session.client.get(f"/v1.0/users/{user['id']}").status_code == 200
        assert session.client.get("/v1.0/users/kim.berg@contoso.example").status_code == 404
        session.sign_in()
        with Control(running.base_url, running.ca_file) as control:
            assert control.try_password("mara.holt@contoso.example", "Kelp-9-lantern")["valid"]
            control.reset()
        assert session.client.get("/v1.0/users/kim.berg@contoso.example").status_code == 200
    session.client.close()


def test_order_of_lists_survives_a_restart(tmp_path: Path) -> None:
    logins = [f"user{number:02}@contoso.example" for number in (7, 3, 9, 1)]
    with _serving(tmp_path) as running:
        session = Session(running).sign_in()
        for login in logins:
            session.client.post("/v1.0/users", json=user_body(login)).raise_for_status()
        before = session.client.get("/v1.0/users").json()["value"]
        session.client.close()
    with _serving(tmp_path) as running:
        session = Session(running).sign_in()
        assert session.client.get("/v1.0/users").json()["value"] == before
        session.client.close()


def test_every_tenant_comes_back_with_its_clock_and_removed_ones_do_not(tmp_path: Path) -> None:
    second = Seed(
        tenant_name="B", domains=(SeedDomain("b.example", is_initial=True, is_default=True),), users=(), groups=()
    )
    third = Seed(
        tenant_name="C", domains=(SeedDomain("c.example", is_initial=True, is_default=True),), users=(), groups=()
    )
    with _serving(tmp_path, SEED, second) as running:
        with Control(running.base_url, running.ca_file, second.tenant_id) as control:
            control.add_tenant(third)
            control.set_clock("2027-03-01T12:00:00Z")
            control.freeze_clock()
        with Control(running.base_url, running.ca_file, third.tenant_id) as control:
            control.remove_tenant()
    with _serving(tmp_path) as running, Control(running.base_url, running.ca_file, second.tenant_id) as control:
        assert [each["name"] for each in control.tenants()] == ["Contoso", "B"]
        told = control.clock()
        assert (told["now"][:16], told["running"]) == ("2027-03-01T12:00", False)


def test_file_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    with _serving(tmp_path):
        for each in tmp_path.glob("state*"):
            assert stat.S_IMODE(each.stat().st_mode) == 0o600
    (tmp_path / "state").chmod(0o640)
    with pytest.raises(StateError, match="chmod 600"), _serving(tmp_path):
        pass


def test_file_in_use_is_refused_to_a_second_process(tmp_path: Path) -> None:
    with _serving(tmp_path):
        command = _command(tmp_path / "other", tmp_path / "state")
        second = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)
    assert second.returncode == 2
    assert "in use by another process" in second.stderr
    with _serving(tmp_path):
        pass


def test_file_of_another_version_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    with _serving(tmp_path):
        pass
    with sqlite3.connect(tmp_path / "state") as database:
        database.execute("PRAGMA user_version = 99")
    database.close()
    with pytest.raises(StateError, match="version 99"):
        StateFile(tmp_path / "state")
    with sqlite3.connect(tmp_path / "state") as database:
        assert database.execute("PRAGMA user_version").fetchone() == (99,)
    database.close()


def test_file_that_is_no_state_file_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    text, other, folder = tmp_path / "text", tmp_path / "other", tmp_path / "folder"
    text.write_text("not a database, but long enough to be taken for one\n" * 50)
    with sqlite3.connect(other) as database:
        database.execute("CREATE TABLE mine (value)")
    database.close()
    folder.mkdir()
    for each in (text, other):
        each.chmod(0o600)
    before = text.read_bytes(), other.read_bytes()
    for path, why in (
        (text, "no state file"),
        (other, "another program"),
        (folder, "a folder"),
        (tmp_path / "missing" / "state", "no folder"),
    ):
        with pytest.raises(StateError, match=why):
            StateFile(path)
    assert (text.read_bytes(), other.read_bytes()) == before


def test_file_whose_content_is_not_understood_is_refused(tmp_path: Path) -> None:
    with _serving(tmp_path):
        pass
    with StateFile(tmp_path / "state") as file:
        file.save(1, {}, {("widgets", "x"): "{}"})
    with pytest.raises(StateError, match="widgets"), _serving(tmp_path):
        pass


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE object SET value = '{}' WHERE collection = 'users'",
        "UPDATE object SET value = replace(value, 'Alex', 'Axel') WHERE collection = 'users'",
        "DELETE FROM object WHERE collection = 'users'",
        "DELETE FROM object",
        "INSERT INTO object VALUES (1, 'users', 'x', '{}')",
        "UPDATE server SET value = 'x' WHERE name = 'port'",
        "UPDATE server SET value = 'x' WHERE name != 'port'",
        "DELETE FROM server",
        "DELETE FROM server WHERE name = 'digest'",
        "DROP TABLE server",
    ],
)
def test_file_whose_rows_are_not_those_that_were_written_is_refused(tmp_path: Path, damage: str) -> None:
    with _serving(tmp_path):
        pass
    with contextlib.closing(sqlite3.connect(tmp_path / "state", isolation_level=None)) as database:
        assert database.execute(damage).rowcount != 0
    command = _command(tmp_path / "tls", tmp_path / "state")
    refused = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)
    assert refused.returncode == 2
    assert "sound copy" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_file_with_spoilt_pages_is_refused(tmp_path: Path) -> None:
    with _serving(tmp_path):
        pass
    content = bytearray((tmp_path / "state").read_bytes())
    spoilt = slice(len(content) // 4, len(content) // 2)
    content[spoilt] = bytes(each ^ 0x5A for each in content[spoilt])
    (tmp_path / "state").write_bytes(content)
    with pytest.raises(StateError, match="sound copy"):
        StateFile(tmp_path / "state")


def test_seed_for_a_file_that_holds_tenants_already_is_refused(tmp_path: Path) -> None:
    with _serving(tmp_path):
        pass
    (tmp_path / "seed.json").write_text(SEED.to_json())
    command = _command(tmp_path / "tls", tmp_path / "state")
    refused = subprocess.run(
        [*command, "--seed", str(tmp_path / "seed.json")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert refused.returncode == 2
    assert "holds its tenants already" in refused.stderr


def test_process_killed_in_the_middle_of_writing_loses_no_answered_request(tmp_path: Path) -> None:
    state, tls, seed = tmp_path / "state", tmp_path / "tls", tmp_path / "seed.json"
    secret = "known-to-the-test-9"
    identity = SeedIdentity(
        "administer", ADMINISTER, ("Privileged Authentication Administrator",), client_secret=secret
    )
    seed.write_text(Seed(identities=(identity,)).to_json())
    command = [*_command(tls, state), "--seed", str(seed)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    base_url = process.stdout.readline().strip()
    context = ssl.create_default_context(cafile=str(tls / "ca.pem"))
    answered: list[str] = []
    with httpx.Client(base_url=base_url, verify=context, trust_env=False) as client:
        with Control(base_url, tls / "ca.pem") as control:
            credential, tenant_id = control.identities()["administer"], control.tenants()[0]["tenantId"]
        form = {
            "grant_type": "client_credentials",
            "scope": f"{base_url}/.default",
            "client_id": credential["client_id"],
            "client_secret": secret,
        }
        token = client.post(f"/{tenant_id}/oauth2/v2.0/token", data=form).raise_for_status().json()["access_token"]
        killer = threading.Timer(0.5, process.kill)
        killer.start()
        try:
            for number in range(100_000):
                body = user_body(f"user{number}@contoso.example")
                made = client.post("/v1.0/users", json=body, headers={"Authorization": f"Bearer {token}"})
                answered.append(made.raise_for_status().json()["id"])
        except httpx.TransportError:
            pass
    assert process.wait(timeout=10) == -signal.SIGKILL
    process.stdout.close()
    assert len(answered) > 3
    with start(tls, Seed(), state=state) as running:
        users = _snapshot(running)["users"]
        assert isinstance(users, dict)
        assert set(answered) <= set(users)
        assert len(users) <= len(answered) + len(Seed().users) + 1
        with Control(running.base_url, running.ca_file) as control:
            assert os.fspath(tls / "ca.pem") == os.fspath(running.ca_file)
            assert control.identities()["administer"]["client_secret"] == secret
