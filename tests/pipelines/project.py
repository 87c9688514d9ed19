"""A user's repository for the pipelines: the project, tenant files, branches, pull requests and their merges."""

import compileall
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from tests.architecture.sources import ROOT, project_files
from tests.pipelines.forge import Forge
from tests.repositories import Repository
from tests.toolchain.projects import complete
from toolchain.layout import Layout
from toolchain.machine import Machine

_AGE = 1_750_000_000
_LEFT_OUT = ("tests/", "benchmarks/", "conformance/", "docs/", "sandbox/")


class Project(Repository):
    """The repository at the forge; its folder is where its users work."""

    def __init__(self, folder: Path, forge: Forge) -> None:
        folder.mkdir()
        for path in project_files():
            if not path.startswith(_LEFT_OUT):
                target = folder / path
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / path, target)
        super().__init__(folder)
        self._forge = forge
        self.git("config", "uploadpack.allowAnySHA1InWant", "true")
        self.base = self.commit("the project")

    def open_pull_request(self, number: int, files: Mapping[str, str]) -> None:
        """Open a pull request that writes files; its merge into main is made as the forge makes it."""
        self.git("checkout", "--quiet", "-B", f"change-{number}", "main")
        for path, text in files.items():
            self.write(path, text)
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
