"""What a killed run leaves on the disk, and what the next one makes of it."""

import asyncio
import fcntl
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from steward.facts import Unreadable
from steward.local_state import restore_emptied
from steward.scratch import open_scratch
from steward.terraform import Workspace

_STATE = {"version": 4, "serial": 3, "resources": [{"type": "terraform_data", "name": "latch"}]}


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A stack whose local state is empty beside a sound backup."""
    stack = {"terraform": {"backend": {"local": {"path": str(tmp_path / "terraform.contoso.tfstate")}}}}
    (tmp_path / "cdk.tf.json").write_text(json.dumps(stack))
    (tmp_path / "terraform.contoso.tfstate.backup").write_text(json.dumps(_STATE))
    (tmp_path / "terraform.contoso.tfstate").touch()
    return tmp_path / "terraform.contoso.tfstate"


def test_emptied_state_gets_its_backup_back(state: Path) -> None:
    assert restore_emptied(state.parent) == state
    assert json.loads(state.read_text()) == _STATE
    assert restore_emptied(state.parent) is None


def test_look_leaves_an_emptied_state_as_it_is_and_says_so(state: Path) -> None:
    workspace = Workspace(state.parent, "no-terraform-here", {}, state.parent, leaves_disk_alone=True)

    read = asyncio.run(workspace.read_stack())

    assert isinstance(read, Unreadable)
    assert "was left empty" in read.why
    assert state.read_text() == ""


@pytest.mark.parametrize("content", ["", "{", "[]", '{"version": 4, "resources": []}'])
def test_emptied_state_stays_empty_without_a_sound_backup(state: Path, content: str) -> None:
    state.with_name(f"{state.name}.backup").write_text(content)

    assert restore_emptied(state.parent) is None
    assert state.read_text() == ""


def test_state_that_holds_something_is_left_alone(state: Path) -> None:
    state.write_text("{}")

    assert restore_emptied(state.parent) is None
    assert state.read_text() == "{}"


def test_state_that_terraform_is_writing_is_left_alone(state: Path) -> None:
    holder = (
        "import fcntl, sys; f = open(sys.argv[1], 'r+b'); fcntl.lockf(f, fcntl.LOCK_EX); print(flush=True); input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", holder, str(state)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as writing:
        assert writing.stdout is not None
        writing.stdout.readline()

        assert restore_emptied(state.parent) is None
        assert state.read_text() == ""
        writing.communicate(b"\n")


def test_remote_state_is_none_of_ours(state: Path) -> None:
    (state.parent / "cdk.tf.json").write_text(json.dumps({"terraform": {"backend": {"pg": {}}}}))

    assert restore_emptied(state.parent) is None


def test_scratch_of_a_killed_run_goes_and_that_of_a_running_one_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    left = tmp_path / "cirasync-steward-scratch-left"
    running = tmp_path / "cirasync-steward-scratch-running"
    for folder in (left, running):
        folder.mkdir()
        (folder / "full.tfplan").write_text("the state's values in clear")
    descriptor = os.open(running, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        with open_scratch() as scratch:
            assert scratch.stat().st_mode & 0o777 == 0o700
            assert not left.exists()
            assert running.exists()
    finally:
        os.close(descriptor)
    assert not scratch.exists()
