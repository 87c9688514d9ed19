"""Terraform with a provider from a mirror, against a sandbox of its own for every test."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from conformance.tenant import RecordedTenant, recorded_tenant
from sandbox.provider.attached import VARIABLE, attached_provider
from sandbox.provider.mirror import write_configuration, write_mirror

ROOT = Path(__file__).parents[2]
DATA = ROOT / "tests" / "data"
RECORDINGS = DATA / "recordings"

# Which provider runs: own (the default), or the folder of a filesystem mirror that holds another, say the real one.
PROVIDER_VARIABLE = "REHEARSAL_PROVIDER"


@dataclass(frozen=True)
class Workspace:
    """A folder in which Terraform runs."""

    folder: Path
    environment: Mapping[str, str]

    def configure(self, body: Mapping[str, Any]) -> None:
        """Write the configuration; the provider's requirement is added."""
        required = {"azuread": {"source": "hashicorp/azuread", "version": "3.7.0"}}
        whole = {"terraform": {"required_providers": required}, **body}
        (self.folder / "main.tf.json").write_text(json.dumps(whole), encoding="utf-8")

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run Terraform, whatever comes of it."""
        return subprocess.run(
            ["terraform", *arguments],
            cwd=self.folder,
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def succeed(self, *arguments: str) -> str:
        """Run Terraform and return what it printed; fails with its errors."""
        result = self.run(*arguments)
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout

    def apply(self) -> None:
        """Apply the configuration."""
        self.succeed("apply", "-auto-approve", "-input=false", "-no-color")

    def plan(self, *arguments: str) -> tuple[int, dict[str, dict[str, Any]]]:
        """Plan, and return the detailed exit code and the changes by address."""
        result = self.run("plan", "-detailed-exitcode", "-input=false", "-no-color", "-out=tfplan", *arguments)
        assert result.returncode in (0, 2), result.stdout + result.stderr
        shown = json.loads(self.succeed("show", "-json", "tfplan"))
        return result.returncode, {item["address"]: item["change"] for item in shown.get("resource_changes", [])}

    def state(self) -> dict[str, dict[str, Any]]:
        """Return the attributes of managed resources by address."""
        shown = json.loads(self.succeed("show", "-json"))
        resources = shown.get("values", {}).get("root_module", {}).get("resources", [])
        return {item["address"]: item["values"] for item in resources if item["mode"] == "managed"}


def is_own_provider() -> bool:
    """Tell whether the rehearsal provider is to run."""
    return os.environ.get(PROVIDER_VARIABLE, "own") == "own"


@pytest.fixture(scope="session")
def cli_configuration(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mirror")
    if not is_own_provider():
        return write_configuration(folder / "other.tfrc", mirror=Path(os.environ[PROVIDER_VARIABLE]))
    return write_mirror(folder, python=Path(sys.executable), source_root=ROOT)


@pytest.fixture
def tenant(tmp_path: Path) -> Iterator[RecordedTenant]:
    with recorded_tenant(RECORDINGS / "_seed.json", tmp_path / "tls") as running:
        yield running


@pytest.fixture(scope="module")
def kept_tenant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RecordedTenant]:
    """Give a tenant that the tests of a module share."""
    with recorded_tenant(RECORDINGS / "_seed.json", tmp_path_factory.mktemp("tls")) as running:
        yield running


@pytest.fixture
def shared_tenant(kept_tenant: RecordedTenant, monkeypatch: pytest.MonkeyPatch) -> RecordedTenant:
    """Give the module's tenant, signed in to by this process's environment, its journal empty and nothing prepared."""
    for name, value in kept_tenant.environment.items():
        monkeypatch.setenv(name, value)
    kept_tenant.prepare_faults([])
    kept_tenant.clear_journal()
    return kept_tenant


@pytest.fixture(scope="session")
def initialised(tmp_path_factory: pytest.TempPathFactory, cli_configuration: Path) -> Path:
    """Return a folder in which `terraform init` has run: copying it is quicker than running it again."""
    folder = tmp_path_factory.mktemp("initialised")
    workspace = Workspace(folder, {"TF_CLI_CONFIG_FILE": str(cli_configuration), "CHECKPOINT_DISABLE": "1"})
    workspace.configure({})
    workspace.succeed("init", "-input=false", "-no-color")
    return folder


@pytest.fixture
def bare_workspace(tmp_path: Path, cli_configuration: Path, initialised: Path) -> Workspace:
    """Return a workspace whose environment names no tenant."""
    folder = tmp_path / "work"
    shutil.copytree(initialised, folder, symlinks=True)
    return Workspace(folder, {"TF_CLI_CONFIG_FILE": str(cli_configuration), "CHECKPOINT_DISABLE": "1"})


@pytest.fixture
def workspace(bare_workspace: Workspace, tenant: RecordedTenant) -> Iterator[Workspace]:
    """Return a workspace for the tenant; one process serves all its commands, where the provider can do that."""
    environment = {**bare_workspace.environment, **tenant.environment}
    if not is_own_provider():
        yield Workspace(bare_workspace.folder, environment)
        return
    with attached_provider({**os.environ, **environment, "PYTHONPATH": str(ROOT)}) as attached:
        yield Workspace(bare_workspace.folder, {**environment, VARIABLE: attached})


@pytest.fixture(scope="session")
def recorded_schemas() -> dict[str, Any]:
    schemas: dict[str, Any] = json.loads((DATA / "azuread-3.7.0-schemas.json").read_text(encoding="utf-8"))
    return schemas
