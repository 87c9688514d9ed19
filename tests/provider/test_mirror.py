"""The mirror: only Terraform with its configuration file finds the provider, whatever the folder is called."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.provider.mirror import write_mirror
from sandbox.provider.sources import ADDRESS
from tests.provider.conftest import ROOT, Workspace

EXECUTABLE = "terraform-provider-azuread_v3.7.0"


def _executable(folder: Path) -> Path:
    return next(folder.rglob(EXECUTABLE))


def test_mirror_holds_a_key_that_its_owner_alone_can_read(tmp_path: Path) -> None:
    write_mirror(tmp_path, python=Path(sys.executable), source_root=ROOT)

    keys = [file for file in tmp_path.rglob("*") if file.is_file() and b"PRIVATE KEY" in file.read_bytes()]

    assert [stat.S_IMODE(file.stat().st_mode) for file in keys] == [0o600]


def test_mirror_written_again_has_another_key_and_the_same_files(tmp_path: Path) -> None:
    write_mirror(tmp_path, python=Path(sys.executable), source_root=ROOT)
    files, key = sorted(tmp_path.rglob("*")), (tmp_path / "identity.pem").read_bytes()

    write_mirror(tmp_path, python=Path(sys.executable), source_root=ROOT)

    assert sorted(tmp_path.rglob("*")) == files
    assert (tmp_path / "identity.pem").read_bytes() != key


@pytest.mark.terraform
@pytest.mark.parametrize("name", ["plain", "with space", 'quote\'d "twice"', "dollar ${HOME} $(id)", "%{if}"])
def test_mirror_in_a_folder_of_any_name_serves_terraform(name: str, tmp_path: Path) -> None:
    home, folder, work = tmp_path / "home", tmp_path / name, tmp_path / "work"
    home.mkdir()
    work.mkdir()
    configuration = write_mirror(folder, python=Path(sys.executable), source_root=ROOT)
    environment = {"TF_CLI_CONFIG_FILE": str(configuration), "CHECKPOINT_DISABLE": "1", "HOME": str(home)}
    workspace = Workspace(work, environment)
    workspace.configure({})

    workspace.succeed("init", "-input=false")
    shown = json.loads(workspace.succeed("providers", "schema", "-json"))

    assert ADDRESS in shown["provider_schemas"]
    assert not [file for file in home.rglob("*") if file.is_file()]


def test_executable_started_by_a_person_says_what_to_do(tmp_path: Path) -> None:
    write_mirror(tmp_path, python=Path(sys.executable), source_root=ROOT)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TF_PLUGIN")}

    result = subprocess.run(
        [str(_executable(tmp_path))], env=environment, capture_output=True, text=True, check=False, timeout=30
    )

    assert result.returncode == 1
    assert "run terraform with the rehearsal's CLI configuration file" in result.stderr
    assert result.stdout == ""
