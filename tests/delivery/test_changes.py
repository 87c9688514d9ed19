"""Which tenants a change is about, in repositories that are made for it."""

import contextlib
import io
import json
import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest

from scripts import changed_tenants
from steward.delivery.changes import SHARED, find_changed
from steward.errors import ConfigError, ExitCode, UnreadableError
from tests.architecture.imports import read_imports
from tests.architecture.sources import ROOT, python_sources
from tests.repositories import Repository

IDS = {name: f"{number:08d}-0000-4000-8000-000000000000" for number, name in enumerate(("a", "b", "c", "d"), 1)}


class Project(Repository):
    """A repository with tenant files."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        (folder / "tenants").mkdir()
        (folder / "stacks").mkdir()
        for name in ("a", "b"):
            self.write(f"tenants/{name}.yaml", tenant(name))
        self.write("stacks/tenant.py", "one")
        self.write("README.md", "one")
        self.commit()

    def changed(self, base: str = "main") -> dict[str, Any]:
        """Return what the program prints."""
        code, told, errors = self.run("--base", base)
        assert code == 0, errors
        assert told.count("\n") == 1
        assert told.isascii()
        return dict(json.loads(told))

    def run(self, *arguments: str) -> tuple[int, str, str]:
        """Run the program in this process; return its exit code, its output and what it told beside it."""
        output, errors = io.StringIO(), io.StringIO()
        with contextlib.chdir(self.folder), redirect_stdout(output), redirect_stderr(errors):
            code = changed_tenants.main(list(arguments))
        return int(code), output.getvalue(), errors.getvalue()


def tenant(name: str, *, tenant_id: str = "", more: str = "") -> str:
    return f"tenant: {{name: {name}, id: {tenant_id or IDS[name]}, cloud: global}}\n{more}"


def files(found: dict[str, Any]) -> list[str]:
    return [entry["file"] for entry in found["matrix"]["include"]]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = Project(tmp_path)
    made.git("switch", "--quiet", "--create", "work")
    return made


def test_nothing_changed_is_no_tenant(project: Project) -> None:
    assert project.changed() == {"matrix": {"include": []}, "any": False, "gone": [], "shared": []}


def test_a_changed_file_is_its_tenant_whether_committed_or_not(project: Project) -> None:
    project.write("tenants/a.yaml", tenant("a", more="window_minutes: 30\n"))
    assert project.changed()["matrix"] == {"include": [{"tenant": "a", "file": "tenants/a.yaml"}]}
    project.commit()
    assert files(project.changed()) == ["tenants/a.yaml"]


def test_a_new_file_is_its_tenant_even_before_git_knows_it(project: Project) -> None:
    project.write("tenants/c.yaml", tenant("c"))
    assert files(project.changed()) == ["tenants/c.yaml"]
    assert project.changed()["any"]


@pytest.mark.parametrize("path", ["README.md", "tenants/notes.txt", "tenants/example.yaml.sample", "tenants/.a.yaml"])
def test_what_no_stack_is_made_from_concerns_nobody(project: Project, path: str) -> None:
    project.write(path, "two")
    assert not project.changed()["any"]


def test_shared_code_concerns_everybody(project: Project) -> None:
    project.write("stacks/tenant.py", "two")
    found = project.changed()
    assert files(found) == ["tenants/a.yaml", "tenants/b.yaml"]
    assert found["shared"] == ["stacks/tenant.py"]


def test_what_others_changed_on_the_base_meanwhile_is_not_this_change(project: Project) -> None:
    project.write("tenants/a.yaml", tenant("a", more="window_minutes: 30\n"))
    project.commit()
    project.git("switch", "--quiet", "main")
    project.write("tenants/b.yaml", tenant("b", more="window_minutes: 30\n"))
    project.commit()
    project.git("switch", "--quiet", "work")
    assert files(project.changed()) == ["tenants/a.yaml"]


def test_a_deleted_file_is_told_apart_and_planned_by_nobody(project: Project) -> None:
    project.git("rm", "--quiet", "tenants/a.yaml")
    found = project.changed()
    assert found["matrix"]["include"] == []
    assert found["gone"] == [{"tenant": "a", "file": "tenants/a.yaml", "now": None}]
    project.commit()
    assert project.changed()["gone"] == found["gone"]


def test_a_renamed_file_of_the_same_tenant_is_planned_and_nothing_is_gone(project: Project) -> None:
    project.git("mv", "tenants/a.yaml", "tenants/z.yaml")
    found = project.changed()
    assert found["matrix"]["include"] == [{"tenant": "a", "file": "tenants/z.yaml"}]
    assert found["gone"] == []


def test_a_renamed_tenant_leaves_a_stack_behind_and_is_told_with_its_new_name(project: Project) -> None:
    project.write("tenants/a.yaml", tenant("c", tenant_id=IDS["a"].upper()))
    found = project.changed()
    assert found["matrix"]["include"] == [{"tenant": "c", "file": "tenants/a.yaml"}]
    assert found["gone"] == [{"tenant": "a", "file": "tenants/a.yaml", "now": "c"}]


@pytest.mark.parametrize(
    "name", ["a b.yaml", "$(touch x).yaml", "-r.yaml", 'quo"te.yaml', "ünï.yaml", "new\nline.yaml", "tab\t.yaml"]
)
def test_odd_names_come_through_whole(project: Project, name: str) -> None:
    project.write(f"tenants/{name}", tenant("c"))
    project.commit()
    assert files(project.changed()) == [f"tenants/{name}"]
    project.write(f"tenants/{name}", tenant("d"))
    assert files(project.changed()) == [f"tenants/{name}"]
    assert not (project.folder / "x").exists()


@pytest.mark.parametrize(
    "text", ["", "tenant: [", "tenant: {name: [1]}", "\x00", "- a", "tenant: !!python/name:os.x {}"]
)
def test_a_broken_file_is_planned_so_that_its_own_job_says_what_is_wrong(project: Project, text: str) -> None:
    project.write("tenants/a.yaml", text)
    (entry,) = project.changed()["matrix"]["include"]
    assert entry["file"] == "tenants/a.yaml"


def test_a_link_follows_what_it_leads_to(project: Project) -> None:
    project.write("README.md", tenant("c"))
    (project.folder / "tenants" / "c.yaml").symlink_to(project.folder / "README.md")
    project.commit()
    base = project.git("rev-parse", "HEAD")
    project.write("README.md", tenant("c", more="window_minutes: 30\n"))
    assert files(project.changed(base)) == ["tenants/c.yaml"]


def test_the_program_prints_one_line_whatever_the_machine_speaks(project: Project) -> None:
    project.write("tenants/ünï.yaml", tenant("c"))
    told = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "changed_tenants.py"), "--base", "main"],
        cwd=project.folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "LC_ALL": "C", "PYTHONUTF8": "0"},
        capture_output=True,
        check=True,
    )
    assert files(json.loads(told.stdout)) == ["tenants/ünï.yaml"]


def test_no_commit_before_means_everything(project: Project) -> None:
    assert files(project.changed("0" * 40)) == ["tenants/a.yaml", "tenants/b.yaml"]


@pytest.mark.parametrize("base", ["nowhere", "--output=x", "main..work", ""])
def test_a_base_that_is_none_is_bad_input(project: Project, base: str) -> None:
    code, _, told = project.run(f"--base={base}")
    assert code == ExitCode.BAD_INPUT
    assert "fetch-depth" in told
    assert not (project.folder / "x").exists()


def test_a_history_that_does_not_reach_back_cannot_tell(project: Project) -> None:
    project.git("checkout", "--quiet", "--orphan", "other")
    project.write("README.md", "two")
    project.commit()
    with pytest.raises(UnreadableError, match="cannot be told"):
        find_changed(project.folder / "tenants", "main")


def test_outside_a_repository_nobody_can_tell(tmp_path: Path) -> None:
    (tmp_path / "tenants").mkdir()
    with pytest.raises(UnreadableError):
        find_changed(tmp_path / "tenants", "main")


def test_a_folder_that_is_none_is_bad_input(project: Project) -> None:
    with pytest.raises(ConfigError):
        find_changed(project.folder / "tenant", "main")


def test_more_tenants_than_a_matrix_takes_come_in_parts(project: Project) -> None:
    for number in range(300):
        project.write(f"tenants/t{number:03d}.yaml", tenant(f"t{number}", tenant_id=f"{number:08d}-1"))
    code, _, told = project.run("--base", "main")
    assert code == ExitCode.BAD_INPUT
    assert "--part 1/2" in told
    parts = [files(json.loads(project.run("--base", "main", "--part", part)[1])) for part in ("1/2", "2/2")]
    assert sorted(parts[0] + parts[1]) == [f"tenants/t{number:03d}.yaml" for number in range(300)]


def test_from_another_folder_of_the_repository_it_is_the_same(project: Project) -> None:
    project.write("tenants/a.yaml", tenant("a", more="window_minutes: 30\n"))
    project.git("config", "diff.relative", "true")
    found = find_changed(project.folder / "stacks" / ".." / "tenants", "main")
    assert [named.file for named in found.tenants] == ["tenants/a.yaml"]


def test_everything_that_synthesis_imports_counts_as_shared() -> None:
    sources = {source.module: source for source in python_sources()}
    seen: set[str] = set()
    pending = ["main"]
    while pending:
        module = pending.pop()
        if module not in seen and module in sources:
            seen.add(module)
            parents = [module.rpartition(".")[0]] if "." in module else []
            pending += [found.imported for found in read_imports(sources[module])] + parents
    paths = {sources[module].path for module in seen}
    assert "steward/config/loader.py" in paths
    assert {path for path in paths if not path.startswith(SHARED)} == set()
    # Of what is listed, every file and folder is there.
    assert [path for path in SHARED if not (ROOT / path).exists()] == []
