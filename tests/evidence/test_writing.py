"""What a run writes, also when the disk fails it, when it is broken off, and beside files that are not its own."""

import errno
import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pytest

from steward.errors import ConfigError
from steward.evidence import EvidenceFile, verify
from tests.evidence.files import lines_of, write_killed_run, write_run


def test_line_carries_number_and_hash_of_the_line_before(tmp_path: Path) -> None:
    path = write_run(tmp_path)
    raw = path.read_bytes().splitlines(keepends=True)
    lines = lines_of(path)
    assert [line["line"] for line in lines] == list(range(1, 7))
    hashes = [hashlib.sha256(line).hexdigest() for line in raw]
    assert [line["before"] for line in lines] == [None, *hashes[:-1]]
    assert {"time", "actor", "step", "verb", "subject", "detail", "answers"} <= set(lines[1])
    assert lines[1]["answers"] == [{"request_id": "request-one"}]


def test_first_line_names_the_run_before_and_its_hash(tmp_path: Path) -> None:
    first, second = write_run(tmp_path), write_run(tmp_path)
    assert lines_of(first)[0]["detail"]["previous"] == []
    content = first.read_bytes()
    sha256 = hashlib.sha256(content).hexdigest()
    named = {"file": first.name, "sha256": sha256, "size": len(content), "is_over": True}
    assert lines_of(second)[0]["detail"]["previous"] == [named]
    write_run(tmp_path)
    assert len(lines_of(write_run(tmp_path))[0]["detail"]["previous"]) == 1, "what is named once is not named again"


def test_anchor_is_the_hash_of_the_closed_file(tmp_path: Path) -> None:
    with EvidenceFile(tmp_path, actor="app", about={}) as evidence:
        pass
    assert evidence.sha256 == hashlib.sha256(evidence.path.read_bytes()).hexdigest()
    assert evidence.failure is None


def test_run_that_was_broken_off_says_by_what(tmp_path: Path) -> None:
    with pytest.raises(KeyError), EvidenceFile(tmp_path, actor="app", about={}) as evidence:
        raise KeyError
    assert [line["verb"] for line in lines_of(evidence.path)] == ["started", "broken off", "closed"]
    assert lines_of(evidence.path)[1]["detail"] == {"by": "KeyError"}


def test_next_run_names_a_torn_file_as_it_is(tmp_path: Path) -> None:
    torn = write_killed_run(tmp_path, "one")
    os.truncate(torn, torn.stat().st_size - 5)
    content = torn.read_bytes()
    named = lines_of(write_run(tmp_path))[0]["detail"]["previous"]
    sha256 = hashlib.sha256(content).hexdigest()
    assert named == [{"file": torn.name, "sha256": sha256, "size": len(content), "is_over": True}]


def test_next_run_sees_whether_a_run_is_still_being_written(tmp_path: Path) -> None:
    with EvidenceFile(tmp_path, actor="app", about={}):
        (named,) = lines_of(write_run(tmp_path))[0]["detail"]["previous"]
        assert named["is_over"] is False
    assert [link["is_over"] for link in lines_of(write_run(tmp_path))[0]["detail"]["previous"]] == [True, True]


@pytest.mark.parametrize("foreign", [b"", b"\x00\xff" * 50, b"[" * 100_000 + b"\n", b"{}\n", b"1" * 5000 + b"\n"])
def test_foreign_file_does_not_stop_a_run(tmp_path: Path, foreign: bytes) -> None:
    (tmp_path / "20000101T000000000000Z-foreign.jsonl").write_bytes(foreign)
    (tmp_path / "20000101T000000000000Z-folder.jsonl").mkdir()
    (named,) = lines_of(write_run(tmp_path))[0]["detail"]["previous"]
    assert named["size"] == len(foreign)


def test_run_that_cannot_be_read_is_named_without_a_hash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = write_run(tmp_path)
    opened = os.open

    def refuse(path: Any, *arguments: Any, **options: Any) -> int:
        if path == first:
            raise PermissionError(errno.EACCES, "Permission denied")
        return opened(path, *arguments, **options)

    with monkeypatch.context() as patched:
        patched.setattr(os, "open", refuse)
        second = write_run(tmp_path)
    assert lines_of(second)[0]["detail"]["previous"] == [
        {"file": first.name, "sha256": None, "size": -1, "is_over": False}
    ]
    assert verify(tmp_path).exit_code == 3


def test_two_ends_are_named_by_the_run_that_follows_them(tmp_path: Path) -> None:
    first = EvidenceFile(tmp_path, actor="app", about={})
    with EvidenceFile(tmp_path, actor="app", about={}) as second:
        pass
    with first:
        first.record("run", "ended")
    named = {entry["file"] for entry in lines_of(write_run(tmp_path))[0]["detail"]["previous"]}
    assert named == {first.path.name, second.path.name}


class Disk:
    """A disk that has room for a number of bytes more."""

    def __init__(self, room: int) -> None:
        self.room = room
        self._write = os.write

    def write(self, descriptor: int, line: bytes) -> int:
        if not self.room:
            raise OSError(errno.ENOSPC, "No space left on device")
        written = self._write(descriptor, line[: self.room])
        self.room -= written
        return written


def test_line_that_a_full_disk_cut_is_taken_back_and_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with EvidenceFile(tmp_path, actor="app", about={}) as evidence:
        disk = Disk(room=20)
        with monkeypatch.context() as patched:
            patched.setattr(os, "write", disk.write)
            evidence.record("close", "removed", "one")
            evidence.record("close", "removed", "two")
        assert evidence.failure == "No space left on device"
        evidence.record("run", "ended")
    lines = lines_of(evidence.path)
    assert [line["verb"] for line in lines] == ["started", "ended", "closed"]
    assert [line.get("lost") for line in lines] == [None, 2, None]
    verification = verify(tmp_path)
    assert verification.exit_code == 3, "it says itself that lines are missing"
    assert evidence.sha256 == verification.newest[0]


def test_nothing_is_written_behind_a_line_that_could_not_be_taken_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: int, __: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with EvidenceFile(tmp_path, actor="app", about={}) as evidence:
        with monkeypatch.context() as patched:
            patched.setattr(os, "write", Disk(room=20).write)
            patched.setattr(os, "ftruncate", fail)
            evidence.record("close", "removed", "one")
        evidence.record("close", "removed", "two")
    assert evidence.failure == "No space left on device"
    assert len(evidence.path.read_bytes().splitlines()) == 2
    assert verify(tmp_path).exit_code == 3


def test_text_that_is_no_unicode_is_written_all_the_same(tmp_path: Path) -> None:
    with EvidenceFile(tmp_path, actor="app", about={}) as evidence:
        evidence.record("close", "removed", "a folder named \udc80\u2028")
        evidence.record("run", "ended")
    assert lines_of(evidence.path)[1]["subject"] == "a folder named \udc80\u2028"
    assert verify(tmp_path).exit_code == 0


def test_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError):
        EvidenceFile(tmp_path / "file" / "contoso", actor="app", about={})


def test_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    assert write_run(tmp_path).stat().st_mode & 0o777 == 0o600


def test_lines_are_json_that_other_programs_read(tmp_path: Path) -> None:
    assert all(json.loads(line) for line in write_run(tmp_path).read_text(encoding="utf-8").splitlines())
