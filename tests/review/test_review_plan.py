"""The program: its files, its exit codes, and what it says of input that is wrong."""

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.review_plan import main
from steward.errors import ExitCode
from tests.review.plans import PLANS

ROOT = Path(__file__).parents[2]


def _plan(situation: str) -> str:
    return str(PLANS / f"{situation}.json")


def _tenants(situation: str) -> list[str]:
    return ["--tenants", str(PLANS / f"{situation}.yaml")]


def _run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[ExitCode, str, str]:
    code = main(list(arguments))
    captured = capsys.readouterr()
    return code, captured.out, captured.err


@pytest.mark.parametrize(
    ("situation", "options", "expected"),
    [
        ("no_change", [], ExitCode.WELL),
        ("new_tenant", [], ExitCode.WELL),
        ("policy_disabled", [], ExitCode.FINDINGS),
        ("policy_disabled", ["--fail-on", "critical"], ExitCode.FINDINGS),
        ("policy_disabled", ["--fail-on", "never"], ExitCode.WELL),
        ("half_failed_first_apply", ["--workstation"], ExitCode.FINDINGS),
    ],
)
def test_exit_code_says_whether_a_finding_refuses(
    situation: str, options: list[str], expected: ExitCode, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = _run(capsys, _plan(situation), *_tenants(situation), *options)
    assert code is expected
    assert "contoso" in out


def test_one_run_writes_comment_sarif_and_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    comment, sarif = tmp_path / "comment.md", tmp_path / "review.sarif"
    files = ["--comment", str(comment), "--sarif", str(sarif), "--json"]
    code, out, _ = _run(capsys, _plan("policy_disabled"), *_tenants("policy_disabled"), *files)
    assert code is ExitCode.FINDINGS
    assert comment.read_bytes() == (PLANS / "policy_disabled.md").read_bytes()
    assert json.loads(sarif.read_text())["version"] == "2.1.0"
    assert json.loads(out)["plans"][0]["findings"][0]["rule"] == "mfa_policy_in_force"


def test_hash_of_the_plan_file_is_computed_or_taken(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan_file = tmp_path / "plan.tfplan"
    plan_file.write_bytes(b"a plan")
    sha256 = hashlib.sha256(b"a plan").hexdigest()
    for option in (["--plan-file", str(plan_file)], ["--hash", sha256.upper()]):
        _, out, _ = _run(capsys, _plan("no_change"), *_tenants("no_change"), "--json", *option)
        assert json.loads(out)["plans"][0]["sha256"] == sha256


@pytest.mark.parametrize("options", [["--hash", "0" * 64, "--hash", "1" * 64], ["--plan-file", "nowhere.tfplan"]])
def test_hashes_that_do_not_fit_the_plans_are_bad_input(options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = _run(capsys, _plan("no_change"), *_tenants("no_change"), *options)
    assert code is ExitCode.BAD_INPUT
    assert "next:" in err


def test_broken_plan_does_not_hide_the_others_and_is_told_in_the_comment(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken, comment = tmp_path / "broken.json", tmp_path / "comment.md"
    broken.write_text("{")
    code, _, err = _run(
        capsys, str(broken), _plan("policy_disabled"), *_tenants("policy_disabled"), "--comment", str(comment)
    )
    assert code is ExitCode.BAD_INPUT
    assert "broken.json is no JSON" in err
    text = comment.read_text()
    assert text.splitlines()[1].startswith("### Plan of `contoso`: refused — 1 plan not reviewed, 1 critical finding")
    assert "#### Not reviewed" in text
    assert "mfa_policy_in_force" in text


def test_nothing_but_a_broken_plan_is_no_calm_comment(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    comment = tmp_path / "comment.md"
    code, _, _ = _run(capsys, str(tmp_path / "missing.json"), "--comment", str(comment), *_tenants("no_change"))
    assert code is ExitCode.BAD_INPUT
    assert "could not tell" in comment.read_text().splitlines()[1]


def test_plan_without_its_tenant_file_could_not_be_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = _run(capsys, _plan("no_change"), "--tenants", str(tmp_path), "--json")
    assert code is ExitCode.COULD_NOT_TELL
    assert json.loads(out)["plans"][0]["verdict"] == "could not tell"


def test_tenant_file_is_found_in_a_folder_by_the_id(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copy(PLANS / "no_change.yaml", tmp_path / "whatever.yaml")
    code, _, _ = _run(capsys, _plan("no_change"), "--tenants", str(tmp_path))
    assert code is ExitCode.WELL
    shutil.copy(PLANS / "no_change.yaml", tmp_path / "again.yaml")
    code, _, err = _run(capsys, _plan("no_change"), "--tenants", str(tmp_path))
    assert code is ExitCode.BAD_INPUT
    assert "same tenant" in err


def test_wrong_tenant_file_is_told_and_the_plan_is_reviewed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "wrong.yaml").write_text("tenant: nonsense\n")
    shutil.copy(PLANS / "policy_disabled.yaml", tmp_path / "contoso.yaml")
    code, out, err = _run(capsys, _plan("policy_disabled"), "--tenants", str(tmp_path))
    assert code is ExitCode.BAD_INPUT
    assert "wrong.yaml" in err
    assert "mfa_policy_in_force" in out


def test_comment_that_cannot_be_written_is_bad_input(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = str(tmp_path / "nowhere" / "comment.md")
    code, _, err = _run(capsys, _plan("no_change"), *_tenants("no_change"), "--comment", file)
    assert code is ExitCode.BAD_INPUT
    assert "cannot be written" in err


def test_quiet_shows_only_what_needs_somebody(capsys: pytest.CaptureFixture[str]) -> None:
    assert _run(capsys, _plan("no_change"), *_tenants("no_change"), "--quiet")[1] == ""
    assert "refused" in _run(capsys, _plan("policy_disabled"), *_tenants("policy_disabled"), "--quiet")[1]


def test_program_runs_by_itself_without_terraform_or_anybody_signed_in() -> None:
    finished = subprocess.run(
        [sys.executable, "scripts/review_plan.py", _plan("destroy"), *_tenants("destroy")],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (finished.returncode, finished.stderr) == (0, "")
    assert "nothing demands a second factor" in finished.stdout
