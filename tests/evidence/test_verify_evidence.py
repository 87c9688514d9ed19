"""`scripts/verify_evidence.py` as it is called: on tenant files and folders, good, touched, and not evidence at all."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from scripts.verify_evidence import main
from tests.config.good_file import write_tenant_file
from tests.evidence.files import rewrite, write_killed_run, write_run
from tests.evidence.test_invariant import HELD, intends


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The evidence of one tenant: two whole runs."""
    folder = tmp_path / "evidence" / "contoso"
    for _ in range(2):
        write_run(folder)
    return folder


def result_of(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    shown: dict[str, Any] = json.loads(capsys.readouterr().out)
    return shown


def tear(folder: Path) -> None:
    path = min(folder.glob("*.jsonl"))
    rewrite(path, path.read_bytes().splitlines(keepends=True)[1:])


def test_whole_evidence_gives_the_hash_to_keep(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(folder), "--json"]) == 0
    (tenant,) = result_of(capsys)["tenants"]
    assert [run["exit_code"] for run in tenant["runs"]] == [0, 0]
    (kept,) = tenant["newest"]
    assert main([str(folder)]) == 0
    assert f"--expect {kept}" in capsys.readouterr().out
    assert main([str(folder), "--expect", kept.upper()]) == 0
    assert "--expect" not in capsys.readouterr().out
    max(folder.glob("*.jsonl")).unlink()
    assert main([str(folder), "--expect", kept]) == 1
    assert kept in capsys.readouterr().err


def test_folder_of_folders_is_judged_tenant_by_tenant(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_killed_run(folder.parent / "fabrikam", "one")
    assert main([str(folder.parent), "--json"]) == 3
    assert {tenant["tenant"]: tenant["exit_code"] for tenant in result_of(capsys)["tenants"]} == {
        "contoso": 0,
        "fabrikam": 3,
    }
    tear(folder)
    assert main([str(folder.parent), "--quiet"]) == 1
    shown = capsys.readouterr()
    assert "tampered" in shown.err
    assert "unclear" in shown.err


def test_tenant_file_leads_to_its_evidence_and_its_tenant(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write_tenant_file(tmp_path)
    assert main([str(file), "--json"]) == 3, "nothing was ever run"
    folder = Path(result_of(capsys)["tenants"][0]["folder"])
    write_run(folder)
    assert main([str(file), "--json"]) == 1
    (remark,) = result_of(capsys)["tenants"][0]["remarks"]
    assert (remark["kind"], remark["line"]) == ("tampered", 1)


def test_wrong_input_does_not_keep_the_others_from_being_judged(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    binary = tmp_path / "binary.yaml"
    binary.write_bytes(os.urandom(4096))
    run = next(folder.glob("*.jsonl"))
    for wrong in (tmp_path / "nowhere.yaml", binary, run):
        assert main([str(wrong), str(folder), "--json"]) == 2
        shown = capsys.readouterr()
        assert "next:" in shown.err
        assert len(json.loads(shown.out)["tenants"]) == 1


@pytest.mark.parametrize("expected", ["", "abc", "g" * 64])
def test_hash_that_is_none_is_bad_input(folder: Path, expected: str) -> None:
    with pytest.raises(SystemExit) as refused:
        main([str(folder), "--expect", expected])
    assert refused.value.code == 2


def test_credentials_that_changed_hands_are_named_by_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_run(tmp_path)
    head, *tail = path.read_bytes().splitlines()
    steps = [HELD, intends("IssuePass")]
    lines = [json.dumps({**json.loads(head), **step}).encode() for step in steps]
    rewrite(path, [line + b"\n" for line in (head, *lines, *tail)])
    assert main([str(tmp_path), "--json"]) == 1
    (breach,) = result_of(capsys)["tenants"][0]["credentials_while_held"]
    assert (breach["file"], breach["line"], breach["is_certain"]) == (path.name, 3, True)
    assert main([str(tmp_path)]) == 1
    assert f"{path.name}, line 3" in capsys.readouterr().err


def test_nothing_is_written(folder: Path) -> None:
    before = {path: path.stat() for path in folder.parent.rglob("*")}
    main([str(folder)])
    after = {path: path.stat() for path in folder.parent.rglob("*")}
    assert [(path, stat.st_mtime_ns, stat.st_size) for path, stat in before.items()] == [
        (path, stat.st_mtime_ns, stat.st_size) for path, stat in after.items()
    ]
