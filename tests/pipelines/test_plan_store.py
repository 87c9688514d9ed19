"""The container that plans wait in: who may do what there, and what is refused without anything being touched."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from sandbox.seed import Seed, SeedIdentity
from sandbox.server import RunningSandbox, start
from steward.config.clouds import Cloud
from steward.delivery.manifest import MANIFEST, PLAN
from steward.delivery.plan_file import hash_bytes
from steward.delivery.plan_store import PlanStore
from steward.errors import ConfigError, RefusedError, UnreadableError
from steward.graph.credentials import open_credential
from steward.graph.sign_in_methods import SecretSignIn
from steward.secret import Secret
from tests.pipelines.blobs import Container
from tests.pipelines.serving import serve

CONTENT = b"a plan with Aa1!canary in it"
SHA256 = hash_bytes(CONTENT)


@dataclass(frozen=True)
class Stored:
    """A container, and its callers by name."""

    sandbox: RunningSandbox
    container: Container
    address: str

    def store(self, identity: str, address: str = "") -> PlanStore:
        known = self.sandbox.identities[identity]
        cloud = Cloud(
            name="sandbox", authority=self.sandbox.base_url, graph=self.sandbox.base_url, ca_file=self.sandbox.ca_file
        )
        method = SecretSignIn(known.client_id, Secret(known.client_secret))
        return PlanStore(
            address or self.address, open_credential(cloud, self.sandbox.tenant_id, method), cloud, attempts=1
        )


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stored]:
    identities = tuple(SeedIdentity(name, ()) for name in ("plan", "deploy", "other"))
    sandbox = start(tmp_path_factory.mktemp("sandbox"), Seed(identities=identities, storage=True))
    container = Container(f"{sandbox.base_url}/{sandbox.tenant_id}/discovery/v2.0/keys", sandbox.ca_file)
    container.roles = {
        sandbox.identities["plan"].client_id: frozenset({"add"}),
        sandbox.identities["deploy"].client_id: frozenset({"add", "read"}),
    }
    with serve(container.application(), sandbox.ca_file) as url:
        yield Stored(sandbox, container, f"{url}/plans")
    sandbox.stop()


@pytest.fixture
def stored(served: Stored) -> Stored:
    served.container.blobs.clear()
    return served


@pytest.fixture
def planned(tmp_path: Path) -> Path:
    folder = tmp_path / "plan"
    folder.mkdir()
    (folder / PLAN).write_bytes(CONTENT)
    (folder / MANIFEST).write_bytes(b"{}")
    return folder


def test_a_plan_is_put_once_under_its_hash_and_fetched_for_its_owner_alone(
    stored: Stored, planned: Path, tmp_path: Path
) -> None:
    assert stored.store("plan").put("contoso", planned, SHA256)
    assert not stored.store("plan").put("contoso", planned, SHA256)
    assert set(stored.container.blobs) == {f"contoso/{SHA256}/{name}" for name in (PLAN, MANIFEST)}
    there = tmp_path / "there"
    stored.store("deploy").fetch("contoso", SHA256, there)
    assert (there / PLAN).read_bytes() == CONTENT
    assert {file.stat().st_mode & 0o777 for file in there.iterdir()} == {0o600}
    assert there.stat().st_mode & 0o777 == 0o700


def test_what_lies_there_is_neither_read_nor_written_over_by_who_plans(
    stored: Stored, planned: Path, tmp_path: Path
) -> None:
    name = f"contoso/{SHA256}/{PLAN}"
    stored.container.blobs[name] = b"planted"
    stored.store("plan").put("contoso", planned, SHA256)
    assert stored.container.blobs[name] == b"planted"
    with pytest.raises(RefusedError, match="refuses this identity") as refused:
        stored.store("plan").fetch("contoso", SHA256, tmp_path / "there")
    assert "blobs/read" in refused.value.next_move
    assert not (tmp_path / "there").exists()


def test_whoever_has_no_role_is_refused(stored: Stored, planned: Path) -> None:
    with pytest.raises(RefusedError, match="refuses this identity"):
        stored.store("other").put("contoso", planned, SHA256)
    assert stored.container.blobs == {}


def test_a_plan_that_is_not_there_or_was_changed_is_refused(stored: Stored, planned: Path, tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="holds no contoso"):
        stored.store("deploy").fetch("contoso", SHA256, tmp_path / "there")
    assert not (tmp_path / "there").exists()
    (planned / PLAN).write_bytes(b"another")
    with pytest.raises(RefusedError, match="another plan than its manifest says"):
        stored.store("plan").put("contoso", planned, SHA256)
    (planned / PLAN).unlink()
    with pytest.raises(ConfigError, match="cannot be read"):
        stored.store("plan").put("contoso", planned, SHA256)
    assert stored.container.blobs == {}


def test_a_container_that_does_not_answer_or_is_none_is_told(stored: Stored, planned: Path) -> None:
    with pytest.raises(UnreadableError, match="cannot be used"):
        stored.store("plan", "https://localhost:1/plans").put("contoso", planned, SHA256)
    for address in ("https://localhost", "nowhere", "http://localhost/plans"):
        with pytest.raises(ConfigError, match="is no container of blobs"):
            stored.store("plan", address)


def test_a_state_that_could_not_be_written_is_kept(stored: Stored, tmp_path: Path) -> None:
    assert stored.store("deploy").keep_state("contoso", tmp_path) is None
    (tmp_path / "errored.tfstate").write_bytes(b"{}")
    name = stored.store("deploy").keep_state("contoso", tmp_path)
    assert name is not None
    assert stored.container.blobs == {name: b"{}"}
