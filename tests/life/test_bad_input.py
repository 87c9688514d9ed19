"""A user's mistake is one clear error: exit code 2, no traceback, nothing touched."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.rehearsal.provider_choice import ROOT
from scripts.rehearsal.tenant_file import write_tenant_file

SCRIPTS = (
    "scripts/preflight.py",
    "scripts/post_apply.py",
    "main.py",
    "scripts/close.py",
    "scripts/retire.py",
    "scripts/plan.py",
)
TENANT_ID = "28105d61-e8e6-4cd6-b41f-775300457fd8"
DEPLOYER_ID = "152a99bb-9fb4-5861-8c69-0db4f8bd9300"


def run(script: str, folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ARM_", "AZURE_"))}
    return subprocess.run(
        [sys.executable, str(ROOT / script), *arguments],
        cwd=folder,
        env={**kept, "PYTHONPATH": str(ROOT), "ARM_USE_CLI": "false", **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def good_file(folder: Path, name: str = "contoso.yaml") -> Path:
    path = folder / name
    write_tenant_file(path, cloud="global", tenant_id=TENANT_ID, deployer_id=DEPLOYER_ID)
    return path


@pytest.mark.parametrize("script", SCRIPTS)
def test_bad_tenant_file_is_refused_with_file_and_line(tmp_path: Path, script: str) -> None:
    path = good_file(tmp_path)
    path.write_text(path.read_text().replace("elevation:", "elevaton:"))
    refused = run(script, tmp_path, path.name)
    assert refused.returncode == 2
    assert "contoso.yaml:" in refused.stderr
    assert "elevation" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["contoso.yaml"]


@pytest.mark.parametrize("script", SCRIPTS)
def test_missing_tenant_file_is_refused(tmp_path: Path, script: str) -> None:
    refused = run(script, tmp_path, "absent.yaml")
    assert refused.returncode == 2
    assert "absent.yaml" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_one_tenants_bad_file_does_not_keep_another_from_being_synthesized(tmp_path: Path) -> None:
    folder = tmp_path / "tenants"
    folder.mkdir()
    good_file(folder)
    (folder / "broken.yaml").write_text("tenant: [")
    assert run("main.py", tmp_path).returncode == 2
    alone = run("main.py", tmp_path, "tenants/contoso.yaml")
    assert alone.returncode == 0, alone.stderr
    assert (tmp_path / "cdktf.out" / "stacks" / "contoso" / "cdk.tf.json").is_file()


def test_two_files_of_one_tenant_are_refused_by_both_names(tmp_path: Path) -> None:
    good_file(tmp_path, "one.yaml")
    good_file(tmp_path, "two.yaml")
    refused = run("main.py", tmp_path, "one.yaml", "two.yaml")
    assert refused.returncode == 2
    assert "one.yaml" in refused.stderr
    assert "two.yaml" in refused.stderr


@pytest.mark.parametrize("script", SCRIPTS[:2])
def test_nobody_signed_in_is_said(tmp_path: Path, script: str) -> None:
    good_file(tmp_path)
    assert run("main.py", tmp_path, "contoso.yaml").returncode == 0
    (tmp_path / "cdktf.out" / "stacks" / "contoso" / ".terraform" / "providers").mkdir(parents=True)
    refused = run(script, tmp_path, "contoso.yaml")
    assert refused.returncode == 2
    assert "nobody is signed in" in refused.stderr


def test_post_apply_before_any_synth_names_the_command(tmp_path: Path) -> None:
    good_file(tmp_path)
    refused = run("scripts/post_apply.py", tmp_path, "contoso.yaml", ARM_CLIENT_ID="x", ARM_CLIENT_SECRET="y")
    assert refused.returncode == 2
    assert "cdktf" in refused.stderr


@pytest.mark.parametrize(
    ("named", "told"),
    [
        ("contso.yaml", "did you mean contoso.yaml?"),
        ("*.yml", "it is a pattern"),
        ("fabrikam.yaml", "copy tenants/example.yaml.sample"),
    ],
)
def test_name_of_no_file_is_answered_with_the_likely_one(tmp_path: Path, named: str, told: str) -> None:
    good_file(tmp_path)
    refused = run("scripts/close.py", tmp_path, named)
    assert refused.returncode == 2
    assert told in refused.stderr
    assert f"close.py {named}" not in refused.stderr, "the command that has just failed"


def test_evidence_folder_that_is_not_there_is_bad_input(tmp_path: Path) -> None:
    refused = run("scripts/verify_evidence.py", tmp_path, "evidnce/contoso")
    assert refused.returncode == 2
    assert "evidnce/contoso is not there" in refused.stderr


@pytest.mark.parametrize(
    "script", ["close", "identities", "post_apply", "preflight", "rehearse", "reopen", "retire", "verify_evidence"]
)
def test_python_without_the_set_up_is_told_as_such(tmp_path: Path, script: str) -> None:
    # -S leaves out what is installed, as in a Python that nobody prepared.
    refused = subprocess.run(
        [sys.executable, "-S", str(ROOT / "scripts" / f"{script}.py"), "contoso.yaml"],
        cwd=tmp_path,
        env={"PATH": os.defpath},
        capture_output=True,
        text=True,
        check=False,
    )
    assert refused.returncode == 2, refused.stderr
    assert "make set-up" in refused.stderr
    assert 'export PATH="' in refused.stderr
    assert "Traceback" not in refused.stderr


def test_elevation_is_told_in_plain_words(tmp_path: Path) -> None:
    refused = run("scripts/rehearse.py", tmp_path, "--elevation", "inwindow")
    assert refused.returncode == 2
    assert "in_window" in refused.stderr
    assert "<Elevation" not in refused.stderr
