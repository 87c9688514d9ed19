"""A user's repository for the pipelines: the project, tenant files, branches, pull requests and their merges."""

import compileall
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.architecture.sources import ROOT, project_files
from tests.pipelines.forge import Forge
from tests.toolchain.projects import complete
from toolchain.layout import Layout
from toolchain.machine import Machine

_AGE = 1_750_000_000
_LEFT_OUT = ("tests/", "benchmarks/", "conformance/", "docs/", "sandbox/")


class Project:
    """The repository at the forge; `clone` is where its users work."""

    def __init__(self, folder: Path, forge: Forge) -> None:
        self.folder, self._forge = folder, forge
        folder.mkdir()
        for path in project_files():
            if not path.startswith(_LEFT_OUT):
                target = folder / path
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / path, target)
        self.git("init", "--quiet", "--initial-branch=main")
        self.git("config", "uploadpack.allowAnySHA1InWant", "true")
        self.base = self.commit("the project")

    def git(self, *arguments: str) -> str:
        """Run git in the repository."""
        names = ("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL")
        kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        environment = {**kept, **dict.fromkeys(names, "somebody@example.com"), "GIT_CONFIG_GLOBAL": os.devnull}
        done = subprocess.run(
            ["git", *arguments], cwd=self.folder, env=environment, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    def commit(self, message: str) -> str:
        """Commit all that there is, and return the commit."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", f"--message={message}")
        return self.git("rev-parse", "HEAD")

    def open_pull_request(self, number: int, files: Mapping[str, str]) -> None:
        """Open a pull request that writes files; its merge into main is made as the forge makes it."""
        self.git("checkout", "--quiet", "-B", f"change-{number}", "main")
        for path, text in files.items():
            (self.folder / path).write_text(text, encoding="utf-8")
        head = self.commit(f"change {number}")
        self.git("checkout", "--quiet", "-B", f"merge-{number}", "main")
        self.git("merge", "--quiet", "--no-ff", "--message=merge", f"change-{number}")
        self.git("update-ref", f"refs/pull/{number}/merge", f"merge-{number}")
        self.git("checkout", "--quiet", "main")
        self._forge.pulls[number] = {
            "number": number,
            "merged_at": None,
            "merge_commit_sha": self.git("rev-parse", f"merge-{number}"),
            "head": {"sha": head, "ref": f"change-{number}"},
            "base": {"sha": self.git("rev-parse", "main"), "ref": "main"},
        }

    def merge(self, number: int) -> tuple[str, str]:
        """Merge by squashing, and return main before and after."""
        before = self.git("rev-parse", "main")
        self.git("merge", "--quiet", "--squash", f"change-{number}")
        after = self.commit(f"change {number}")
        self._forge.pulls[number] |= {"merged_at": "2026-11-23T15:00:00Z", "merge_commit_sha": after}
        return before, after


def complete_set_up(workspace: Path, environment: Mapping[str, str], *, python: str, compiled: Path) -> None:
    """Leave a checkout as a completed set-up does, with `python` in the place of what it would have installed.

    `compiled` keeps the compiled modules of the first checkout, which serve every other one.
    """
    for file in workspace.rglob("*.py"):
        os.utime(file, (_AGE, _AGE))
    if not compiled.exists():
        compileall.compile_dir(workspace, quiet=2)
        for folder in workspace.rglob("__pycache__"):
            shutil.copytree(folder, compiled / folder.relative_to(workspace))
    shutil.copytree(compiled, workspace, dirs_exist_ok=True)
    layout = Layout(workspace)
    search = f"{workspace}/.toolchain/bin:{workspace}/.venv/bin:{environment['PATH']}"
    program = layout.python
    program.parent.mkdir(parents=True)
    program.write_text(f'#!/bin/sh\nexec "{python}" "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    kept = program.read_bytes()
    complete(layout, Machine.of({**environment, "PATH": search}, layout))
    program.write_bytes(kept)
