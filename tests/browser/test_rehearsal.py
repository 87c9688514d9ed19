"""The rehearsal with a consent in a browser, as a user runs it: what it proves of the window."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.rehearsal.provider_choice import ROOT

pytestmark = pytest.mark.terraform


def test_rehearsal_ends_sealed_with_no_more_privilege_than_its_window(tmp_path: Path) -> None:
    folder = tmp_path / "last"
    provider = os.environ.get("REHEARSAL_PROVIDER", "own")
    options = ["--provider", provider, "--consent", "browser", "--folder", str(folder)]
    run = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "rehearse.py"), *options],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    summary = json.loads((folder / "summary.json").read_text())
    assert summary["sealed"] is True
    assert summary["privileged_roles"] == []
    assert 0 < summary["usable_privilege_seconds"] == summary["role_held_seconds"] <= summary["window_seconds"]
    assert 0 < summary["longest_token_seconds"] <= summary["window_seconds"], "a session ends with its pass"
    assert summary["credentials_while_held"] == []
    told = (folder / "logs" / "post-apply.log").read_text()
    assert "already     admin consent: Graph shows every declared permission" in told
    assert "\x1b" not in told, "a pipeline gets plain lines"


def test_rehearsal_without_a_browser_says_what_to_install(tmp_path: Path) -> None:
    bare = tmp_path / "bin"
    bare.mkdir()
    run = subprocess.run(
        [
            sys.executable,
            str(ROOT / "scripts" / "rehearse.py"),
            "--consent",
            "browser",
            "--folder",
            str(tmp_path / "last"),
        ],
        env={**os.environ, "PYTHONPATH": str(ROOT), "PATH": str(bare)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 2, run.stdout + run.stderr
    assert "apt-get install chromium" in run.stderr
    assert not (tmp_path / "last").exists()
