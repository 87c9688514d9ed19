"""Evidence that somebody has touched, one change of good evidence a case, and what a crash leaves."""

import json
import os
import shutil
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from steward.evidence import EvidenceFile, Verification, verify
from steward.evidence.chain import find_open_ends, hash_line
from tests.evidence.files import TENANT_ID, append_forged, rewrite, write_killed_run, write_run

WHOLE, TAMPERED, COULD_NOT_TELL = 0, 1, 3
OTHER_TENANT = "22222222-2222-4222-8222-222222222222"


@pytest.fixture
def runs(tmp_path: Path) -> list[Path]:
    """Three runs, one after the other, of six lines each."""
    return [write_run(tmp_path, f"{run}-one", f"{run}-two", f"{run}-three") for run in ("a", "b", "c")]


def found(verification: Verification) -> list[tuple[str, int | None]]:
    return [(remark.file, remark.line) for remark in verification.remarks if remark.exit_code]


def test_runs_that_nobody_touched_are_whole(runs: list[Path]) -> None:
    verification = verify(runs[0].parent)
    assert (verification.exit_code, verification.remarks) == (WHOLE, ())
    assert len(verification.newest) == 1


Change = Callable[[list[bytes]], list[bytes]]
CHANGES: dict[str, tuple[Change, int]] = {
    "changed": (lambda lines: [*lines[:2], lines[2].replace(b"-two", b"-TWO"), *lines[3:]], 4),
    "changed in its first line": (lambda lines: [lines[0].replace(b'"app"', b'"her"'), *lines[1:]], 2),
    "changed in the line before the last": (
        lambda lines: [*lines[:4], lines[4].replace(b": 0}", b": 1}"), lines[5]],
        6,
    ),
    "removed": (lambda lines: [*lines[:2], *lines[3:]], 3),
    "removed at the front": (lambda lines: lines[1:], 1),
    "repeated": (lambda lines: [*lines[:3], lines[2], *lines[3:]], 4),
    "moved": (lambda lines: [*lines[:2], lines[3], lines[2], *lines[4:]], 3),
    "put in": (lambda lines: [*lines[:2], b'{"forged": true}\n', *lines[2:]], 3),
    "added behind the end": (lambda lines: [*lines, lines[1]], 7),
    "added behind the end without a newline": (lambda lines: [*lines, lines[1][:-1]], 7),
    "replaced by bytes": (lambda lines: [*lines[:2], b"\x00\xff\xfe\n", *lines[3:]], 3),
    "replaced by depth": (lambda lines: [*lines[:2], b"[" * 100_000 + b"\n", *lines[3:]], 3),
}


@pytest.mark.parametrize("number", [0, 1, 2])
@pytest.mark.parametrize("change", CHANGES)
def test_changed_lines_are_found(runs: list[Path], change: str, number: int) -> None:
    make, line = CHANGES[change]
    path = runs[number]
    rewrite(path, make(path.read_bytes().splitlines(keepends=True)))
    verification = verify(path.parent)
    assert verification.exit_code == TAMPERED
    assert (path.name, line) in found(verification)


@pytest.mark.parametrize("number", [0, 1])
def test_line_rewritten_together_with_all_hashes_behind_it_is_found_by_the_next_run(
    runs: list[Path], number: int
) -> None:
    forge(runs[number])
    verification = verify(runs[0].parent)
    assert verification.exit_code == TAMPERED
    assert found(verification) == [(runs[number].name, None)]


def test_last_run_rewritten_with_all_its_hashes_is_found_by_the_expected_hash_only(runs: list[Path]) -> None:
    (kept,) = verify(runs[0].parent).newest
    forge(runs[2])
    assert verify(runs[0].parent).exit_code == WHOLE
    assert verify(runs[0].parent, {kept}).confirmed == frozenset()


def forge(path: Path) -> None:
    """Change a line, and mend the chain behind it as somebody who knows how it is made."""
    lines: list[bytes] = []
    for raw in path.read_bytes().replace(b"-two", b"-TWO").splitlines():
        content = json.loads(raw)
        content["before"] = hash_line(lines[-1]) if lines else None
        lines.append((json.dumps(content, ensure_ascii=False) + "\n").encode())
    rewrite(path, lines)


@pytest.mark.parametrize("number", [0, 1])
def test_missing_run_is_found(runs: list[Path], number: int) -> None:
    runs[number].unlink()
    verification = verify(runs[0].parent)
    assert verification.exit_code == TAMPERED
    assert (runs[number].name, None) in found(verification)


def test_missing_last_run_is_found_by_the_expected_hash_only(runs: list[Path]) -> None:
    (kept,) = verify(runs[0].parent).newest
    assert verify(runs[0].parent, {kept}).confirmed == {kept}
    runs[2].unlink()
    assert verify(runs[0].parent).exit_code == WHOLE
    assert verify(runs[0].parent, {kept}).confirmed == frozenset()


@pytest.mark.parametrize("cut", ["lines", "bytes"])
@pytest.mark.parametrize(("number", "expected"), [(0, TAMPERED), (1, TAMPERED), (2, COULD_NOT_TELL)])
def test_tail_that_was_cut_is_told_from_a_crash_once_a_later_run_has_seen_it(
    runs: list[Path], number: int, expected: int, cut: str
) -> None:
    path = runs[number]
    lines = path.read_bytes().splitlines(keepends=True)
    rewrite(path, lines[:4] if cut == "lines" else [*lines[:4], lines[4][:20]])
    assert verify(path.parent).exit_code == expected


@pytest.mark.parametrize("torn", [0, 7])
def test_killed_run_is_unclear_until_the_next_run_has_named_it(tmp_path: Path, torn: int) -> None:
    killed = write_killed_run(tmp_path, "one", "two")
    os.truncate(killed, killed.stat().st_size - torn)
    first = verify(tmp_path)
    assert first.exit_code == COULD_NOT_TELL
    assert verify(tmp_path, set(first.newest)).exit_code == WHOLE, "the hash of the torn file was kept elsewhere"
    write_run(tmp_path)
    verification = verify(tmp_path)
    assert verification.exit_code == WHOLE
    assert [remark.file for remark in verification.remarks] == [killed.name]


def test_run_killed_before_its_first_line_is_unclear_until_named(tmp_path: Path) -> None:
    write_run(tmp_path)
    killed = tmp_path / "20270101T000000000000Z-0123456789ab.jsonl"
    killed.touch()
    assert verify(tmp_path).exit_code == COULD_NOT_TELL
    write_run(tmp_path)
    assert verify(tmp_path).exit_code == WHOLE
    killed.unlink()
    assert verify(tmp_path).exit_code == TAMPERED


def test_two_runs_at_once_are_an_honest_fork(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_run(tmp_path)
    with monkeypatch.context() as patched:
        # Both looked at the folder before either had made its file.
        seen = find_open_ends(tmp_path)
        patched.setattr("steward.evidence.writing.find_open_ends", lambda _: seen)
        fork = [write_run(tmp_path), write_run(tmp_path)]
    verification = verify(tmp_path)
    assert verification.exit_code == WHOLE
    assert len(verification.newest) == 2
    assert [remark.file for remark in verification.remarks] == [fork[1].name]
    write_run(tmp_path)
    assert len(verify(tmp_path).newest) == 1, "the next run has named both"
    fork[0].unlink()
    assert verify(tmp_path).exit_code == TAMPERED


def test_run_that_began_while_another_was_going_on_is_whole(tmp_path: Path) -> None:
    outer = EvidenceFile(tmp_path, actor="app", about={"tenant_id": TENANT_ID})
    write_run(tmp_path)
    with outer:
        outer.record("consent", "granted", "late")
        outer.record("run", "ended")
    verification = verify(tmp_path)
    assert verification.exit_code == WHOLE
    assert len(verification.newest) == 2


FORGED = (("consent", "granted"), ("run", "ended"), ("run", "closed"))


@pytest.mark.parametrize("events", [FORGED, FORGED[:1]])
def test_lines_put_onto_a_killed_run_are_found_once_a_later_run_has_named_it(
    tmp_path: Path, events: tuple[tuple[str, str], ...]
) -> None:
    killed = write_killed_run(tmp_path, "one")
    write_run(tmp_path)
    assert verify(tmp_path).exit_code == WHOLE
    append_forged(killed, *events)
    verification = verify(tmp_path)
    assert verification.exit_code == TAMPERED
    assert (killed.name, None) in found(verification)


def test_torn_last_line_that_was_completed_afterwards_is_found(tmp_path: Path) -> None:
    killed = write_killed_run(tmp_path, "one")
    os.truncate(killed, killed.stat().st_size - 3)
    write_run(tmp_path)
    assert verify(tmp_path).exit_code == WHOLE
    append_forged(killed)
    assert verify(tmp_path).exit_code == TAMPERED


def test_lines_put_onto_a_run_that_nobody_could_see_the_end_of_are_unclear(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("steward.evidence.verification._MOMENTS", timedelta())
    with monkeypatch.context() as patched:
        # A file system without locks.
        patched.setattr("steward.evidence.chain._is_over", lambda _: False)
        killed = write_killed_run(tmp_path, "one")
        write_run(tmp_path)
    assert verify(tmp_path).exit_code == WHOLE
    append_forged(killed, *FORGED)
    assert verify(tmp_path).exit_code == COULD_NOT_TELL


def test_run_that_others_began_beside_and_after_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("steward.evidence.verification._MOMENTS", timedelta())
    with EvidenceFile(tmp_path, actor="app", about={"tenant_id": TENANT_ID}) as outer:
        write_run(tmp_path)
        outer.record("consent", "granted", "late")
    write_run(tmp_path)
    assert verify(tmp_path).exit_code == WHOLE


def test_run_that_others_did_not_know_is_unclear(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # As if hours lay between the two.
    monkeypatch.setattr("steward.evidence.verification._MOMENTS", timedelta(hours=-1))
    elsewhere = write_run(tmp_path / "elsewhere")
    write_run(tmp_path)
    shutil.move(elsewhere, tmp_path / elsewhere.name)
    assert verify(tmp_path).exit_code == COULD_NOT_TELL


def test_run_under_another_name_is_found(runs: list[Path]) -> None:
    copy = runs[0].with_name("20270101T000000000000Z-0123456789ab.jsonl")
    shutil.copyfile(runs[0], copy)
    verification = verify(runs[0].parent)
    assert verification.exit_code == TAMPERED
    assert (copy.name, 1) in found(verification)


def test_run_of_another_tenant_is_found(runs: list[Path]) -> None:
    stranger = write_run(runs[0].parent, tenant_id=OTHER_TENANT)
    assert (stranger.name, 1) in found(verify(runs[0].parent))
    assert verify(runs[0].parent, tenant_id=OTHER_TENANT).exit_code == TAMPERED


@pytest.mark.parametrize(
    "foreign", [b"hello\n", b"\x00\xff" * 10_000 + b"\n", b"{}\n" * 10, b"[" * 100_000 + b"\n", b"1" * 6000 + b"\n"]
)
def test_foreign_file_is_found(runs: list[Path], foreign: bytes) -> None:
    path = runs[0].with_name("notes.jsonl")
    path.write_bytes(foreign)
    verification = verify(path.parent)
    assert verification.exit_code == TAMPERED
    assert (path.name, 1) in found(verification)


def test_line_longer_than_any_of_ours_is_found_and_not_kept(runs: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("steward.evidence.chain.LONGEST_LINE", 4096)
    monkeypatch.setattr("steward.evidence.runs.LONGEST_LINE", 4096)
    with runs[2].open("ab") as file:
        file.write(b'"' + b"x" * 10_000 + b'"\n')
    verification = verify(runs[0].parent)
    assert verification.exit_code == TAMPERED
    assert (runs[2].name, 7) in found(verification)


def test_file_larger_than_any_of_ours_is_found_and_keeps_nobody_waiting(runs: list[Path]) -> None:
    huge = runs[0].with_name("20200101T000000000000Z-aaaaaaaaaaaa.jsonl")
    with huge.open("wb") as file:
        file.truncate(1 << 40)
    began = time.process_time()
    after = write_run(huge.parent)
    verification = verify(huge.parent)
    assert time.process_time() - began < 1, "to read it takes an hour"
    assert verification.exit_code == TAMPERED
    assert set(found(verification)) == {(huge.name, None)}
    previous = json.loads(after.read_bytes().splitlines()[0])["detail"]["previous"]
    assert {"file": huge.name, "sha256": None, "size": -1, "is_over": False} in previous


def test_as_much_is_read_as_one_run_may_have_before_a_new_one_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ["1.jsonl", "2.jsonl", "3.jsonl"]
    for name in names:
        (tmp_path / name).write_bytes(b"x" * 1000)
    monkeypatch.setattr("steward.evidence.chain.LARGEST", 2500)
    links = find_open_ends(tmp_path)
    assert [link.file for link in links] == names
    assert [link.sha256 is None for link in links] == [True, False, False], "the newest are read first"


def test_folder_or_pipe_with_the_name_of_a_run_is_unclear(runs: list[Path]) -> None:
    os.mkfifo(runs[0].with_name("pipe.jsonl"))
    runs[0].with_name("folder.jsonl").mkdir()
    assert verify(runs[0].parent).exit_code == COULD_NOT_TELL


def test_first_lines_that_name_each_other_are_found(tmp_path: Path) -> None:
    first, second = write_run(tmp_path), write_run(tmp_path)
    named = first.read_text(encoding="utf-8").replace(
        '"previous": []', f'"previous": [{{"file": "{second.name}", "sha256": null, "size": 1}}]'
    )
    first.write_text(named, encoding="utf-8")
    assert verify(tmp_path).exit_code == TAMPERED


@pytest.mark.parametrize("make", [True, False])
def test_no_evidence_at_all_is_unclear(tmp_path: Path, make: bool) -> None:
    folder = tmp_path / "contoso"
    if make:
        folder.mkdir()
    assert verify(folder).exit_code == COULD_NOT_TELL


def test_hundreds_of_runs_are_judged(tmp_path: Path) -> None:
    for _ in range(300):
        write_run(tmp_path, "one")
    verification = verify(tmp_path)
    assert (verification.exit_code, len(verification.runs), len(verification.newest)) == (WHOLE, 300, 1)
