"""The sink that is a folder: a private file a secret, nothing half written, and a probe that leaves nothing."""

import asyncio
import os
import stat
from pathlib import Path

import pytest

from steward.errors import FinalRefusalError
from steward.facts import Absent, SinkState
from steward.secret import Secret
from steward.sinks.file import FolderSink
from steward.sinks.sink import Label, SecretKind

LABEL = Label(SecretKind.PASS, "j.keller@contoso.example", "account-1")


def deliver(folder: Path) -> str:
    return asyncio.run(FolderSink(folder).deliver(LABEL, Secret("the secret")))


def test_each_secret_is_a_new_file_that_only_its_owner_reads(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    names = {deliver(folder), deliver(folder)}
    assert {path.name for path in folder.iterdir()} == names
    for path in folder.iterdir():
        assert path.read_text() == "the secret\n"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert path.name.endswith("-j.keller@contoso.example.pass")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_folder_that_cannot_be_made_is_a_failure(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(FinalRefusalError, match="the sink did not take"):
        deliver(tmp_path / "taken" / "sink")


def test_disk_that_fails_leaves_no_half_of_a_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(FinalRefusalError, match="No space left"):
        deliver(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("path", "would"), [(".", True), ("new/er", True), ("file", False), ("file/below", False)], ids=str
)
def test_probe_tells_and_leaves_nothing_behind(path: str, would: bool, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    found = asyncio.run(FolderSink(tmp_path / path).probe())
    assert isinstance(found, SinkState)
    assert (found.why == "") is would
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


def test_folder_keeps_no_record(tmp_path: Path) -> None:
    assert isinstance(asyncio.run(FolderSink(tmp_path).read_delivery("account-1")), Absent)
