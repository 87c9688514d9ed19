"""The main job itself, as a user runs it: what it proves, and what it leaves behind."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from scripts import verify_evidence
from scripts.rehearsal.provider_choice import ROOT
from steward.errors import ExitCode
from steward.papers.bundle import make_bundle
from steward.papers.record import read_record
from steward.papers.standing import State

pytestmark = pytest.mark.terraform


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run the rehearsal once, and return the folder that it left."""
    # A space in the path, as many a user's home has.
    folder = tmp_path_factory.mktemp("a rehearsal") / "last"
    choice = os.environ.get("REHEARSAL_PROVIDER", "own")
    run = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "rehearse.py"), "--provider", choice, "--folder", str(folder)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "The life of the account" in run.stdout
    return folder


@pytest.fixture(scope="module")
def summary(left: Path) -> dict[str, Any]:
    shown: dict[str, Any] = json.loads((left / "summary.json").read_text())
    return shown


def test_account_ends_sealed_without_any_privilege(summary: dict[str, Any]) -> None:
    assert summary["sealed"] is True
    assert summary["privileged_roles"] == []
    assert summary["account_enabled"] is False
    assert summary["role_held_at_the_end"] is False


def test_role_was_held_and_could_never_be_used(summary: dict[str, Any]) -> None:
    assert summary["role_held_seconds"] > 0
    assert summary["usable_privilege_seconds"] == 0


def test_nothing_is_done_twice(summary: dict[str, Any]) -> None:
    assert summary["plan"] == "empty"
    assert summary["second_deploy_writes"] == 0
    assert summary["second_post_apply_writes"] == 0
    assert summary["graph_requests"] > 0


def test_evidence_names_what_ran_and_holds_together(left: Path, summary: dict[str, Any]) -> None:
    runs = sorted((left / "evidence" / "contoso").glob("*.jsonl"))
    lines = [json.loads(line) for line in runs[0].read_text().splitlines()]
    assert lines[0]["detail"]["engine"]["provider"] == summary["provider"]
    assert lines[0]["detail"]["previous"] == []
    assert [line["verb"] for line in lines[-2:]] == ["ended", "closed"]
    assert summary["evidence_is_whole"] is True
    assert summary["credentials_while_held"] == []
    # What was done although the answer was a refusal was answered when it was refused.
    done = [line for line in lines if line["verb"] in {"granted", "removed", "replaced"}]
    answered = [line for line in done if "although" not in line.get("detail", {})]
    assert all(answer["request_id"] for line in answered for answer in line["answers"])
    assert {line["verb"] for line in answered} == {"granted", "removed", "replaced"}
    assert any(line.get("answers") for line in lines if line["verb"] == "saw")
    assert json.loads(runs[1].read_text().splitlines()[0])["detail"]["previous"][0]["file"] == runs[0].name


def test_what_was_verified_is_what_the_tenant_file_says(left: Path) -> None:
    sheet = (left / "papers" / "contoso" / "hand-over.md").read_text()
    assert "Consent is given, and no more than was declared" in sheet
    assert "nothing is asked" not in sheet


def test_papers_never_say_less_than_the_tenant_saw(left: Path, summary: dict[str, Any]) -> None:
    record = read_record(left / "evidence" / "contoso", name="contoso")
    bundle = make_bundle(record)
    # Whole and sealed, and no proof of any tenant, whichever provider ran.
    assert (bundle.standing.state, bundle.standing.rehearsed, bundle.exit_code) == (
        State.REHEARSAL,
        State.SEALED,
        ExitCode.FINDINGS,
    )
    (life,) = bundle.lives
    assert life.seconds(life.held) >= summary["role_held_seconds"]
    assert life.usable == ()
    told = " ".join(bundle.verdict.sentences)
    assert "localhost:" in told
    assert summary["provider"] in told
    for page in summary["papers"]:
        assert "Rehearsal" in (left / page).read_text()
    assert {Path(page).name for page in summary["papers"]} == {"evidence.html", "hand-over.html"}


def test_plan_is_the_first_deploys(left: Path) -> None:
    plan = json.loads((left / "plan.json").read_text())
    actions = {change["address"]: change["change"]["actions"] for change in plan["resource_changes"]}
    assert actions["azuread_directory_role_assignment.global_administrator[0]"] == ["create"]
    assert set(map(tuple, actions.values())) == {("create",)}


def test_journal_and_tenant_file_are_left(left: Path) -> None:
    assert (left / "contoso.yaml").is_file()
    entries = [json.loads(line) for line in (left / "journal.ndjson").read_text().splitlines()]
    assert {"method", "path", "status", "caller"} <= set(entries[0])


def test_folder_of_a_rehearsal_holds_no_file_that_looks_like_evidence_and_is_none(
    left: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert verify_evidence.main([str(left / "evidence")]) == 0
    assert "runs: 2; whole" in capsys.readouterr().out
    verify_evidence.main([str(left)])
    assert "tampered" not in capsys.readouterr().err
