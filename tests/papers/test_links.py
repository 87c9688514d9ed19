"""A symbolic link among a tenant's runs: told by every program that reads them, and followed by none."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from scripts import confirm, evidence_bundle, handover, status, verify_evidence
from steward.evidence import EvidenceFile, verify
from tests.papers.conftest import record_of
from tests.papers.lives import AT_DEPLOY, write_run

NAME = "20261123T080000000000Z-0000000000ff.jsonl"
FOREIGN = "somebody-of-fabrikam"


def write_foreign_run(tmp_path: Path) -> Path:
    lines = [(0.0, "verify", "confirmed", FOREIGN, {"why": FOREIGN})]
    return write_run(tmp_path / "fabrikam", lines, number=0xFF, about={"tenant": "fabrikam"})


def link_to(target: Path, folder: Path) -> Path:
    (folder / NAME).symlink_to(target)
    return folder / NAME


def told(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


def test_every_program_tells_of_a_link_and_follows_none(
    file: Path, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    link_to(write_foreign_run(tmp_path), folder)
    out = tmp_path / "papers"
    assert verify_evidence.main([str(file), "--json"]) == 3
    (tenant,) = told(capsys)["tenants"]
    (remark,) = [each for each in tenant["remarks"] if each["file"] == NAME]
    assert remark["kind"] == "unclear"
    assert "symbolic link" in remark["what"]
    assert status.main([str(file), "--json"]) == 3
    (row,) = told(capsys)["tenants"]
    assert row["state"] == "could not tell"
    assert row["why"].startswith(f"{NAME}: it could not be read: it is a symbolic link")
    assert "take the link away" in row["next"]
    assert handover.main([str(file), "--folder", str(out)]) == 3
    assert "symbolic link" in capsys.readouterr().out
    assert evidence_bundle.main([str(file), "--folder", str(out)]) == 3
    before = sorted(folder.iterdir())
    assert confirm.main([str(file), "own-sign-in", "--by", "Jane Doe"]) == 3
    assert "symbolic link" in capsys.readouterr().err
    assert sorted(folder.iterdir()) == before
    papers = [path.read_text() for path in sorted((out / "contoso").iterdir())]
    assert len(papers) == 4
    assert all("symbolic link" in paper and FOREIGN not in paper for paper in papers)


@pytest.mark.parametrize("kind", ["no evidence", "a folder", "nothing", "itself", "a run beside it"])
def test_link_to_anything_else_is_told_as_well(folder: Path, tmp_path: Path, kind: str) -> None:
    (tmp_path / "passwd").write_text(f"{FOREIGN}:x:0:0\n")
    targets = {
        "no evidence": tmp_path / "passwd",
        "a folder": tmp_path,
        "nothing": tmp_path / "nowhere",
        "itself": folder / NAME,
        "a run beside it": next(folder.glob("*.jsonl")),
    }
    link_to(targets[kind], folder)
    verification = verify(folder)
    assert verification.exit_code == 3
    (remark,) = [each for each in verification.remarks if each.file == NAME]
    assert "symbolic link" in remark.what
    assert {entry.mark.file for entry in record_of(folder).entries} == {
        path.name for path in folder.glob("*.jsonl") if not path.is_symlink()
    }


def test_run_that_follows_names_no_link(folder: Path, tmp_path: Path) -> None:
    (run,) = folder.glob("*.jsonl")
    link_to(write_foreign_run(tmp_path), folder)
    with EvidenceFile(folder, actor="app", about={}) as evidence:
        pass
    first = json.loads(evidence.path.read_text().splitlines()[0])
    assert [each["file"] for each in first["detail"]["previous"]] == [run.name]


def test_folder_that_is_a_link_is_read(file: Path, folder: Path, tmp_path: Path) -> None:
    folder.rename(tmp_path / "elsewhere")
    folder.symlink_to(tmp_path / "elsewhere")
    assert status.main([str(file)]) == 0


def test_folder_that_cannot_be_listed_is_told(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(place: Any) -> Any:
        raise PermissionError(13, "Permission denied", str(place))

    monkeypatch.setattr(os, "scandir", refuse)
    for program in (status, handover, evidence_bundle, confirm, verify_evidence):
        options = ["--folder", str(tmp_path / "papers")] if program in {handover, evidence_bundle} else []
        assert program.main([str(file), *options]) == 3
        shown = capsys.readouterr()
        assert "cannot be read" in shown.out + shown.err
        assert "Permission denied" in shown.out + shown.err


@pytest.mark.parametrize("program", [verify_evidence, evidence_bundle])
def test_folder_that_cannot_be_listed_keeps_no_other_tenant_from_being_judged(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], program: Any
) -> None:
    closed = folder.parent / "a-tenant-before"
    write_run(closed, AT_DEPLOY)
    scandir = os.scandir

    def refuse(place: Any) -> Any:
        if Path(place) == closed:
            raise PermissionError(13, "Permission denied", str(place))
        return scandir(place)

    monkeypatch.setattr(os, "scandir", refuse)
    options = ["--folder", str(tmp_path / "papers")] if program is evidence_bundle else []
    assert program.main([str(folder.parent), "--json", *options]) == 3
    shown = capsys.readouterr()
    assert [each["exit_code"] for each in json.loads(shown.out)["tenants"]] == [0]
    assert "a-tenant-before cannot be read" in shown.err
