"""Runs the project's workflows as GitHub's runners do: jobs by their needs, a machine for each, every step in order.

`run:` steps go to bash with the options that GitHub gives it; actions of others are stood in for. Keys of a workflow
that are not known here are refused, so that nothing is passed over.
"""

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache as remember
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from tests.architecture.sources import ROOT
from tests.pipelines.actions import ACTIONS, ActionFailedError, Storage, save_caches
from tests.pipelines.expressions import Contexts, as_text

WORKFLOWS = ROOT / ".github" / "workflows"
# https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax: `shell: bash` names these options.
_BASH = ("bash", "--noprofile", "--norc", "-eo", "pipefail")
_WORKFLOW_KEYS = {"name", "on", "permissions", "concurrency", "defaults", "jobs"}
_JOB_KEYS = {
    "name", "needs", "if", "runs-on", "timeout-minutes", "permissions", "outputs", "strategy", "steps", "environment",
    "concurrency", "env",
}  # fmt: skip  # one key a line would fill the screen
_STEP_KEYS = {"name", "id", "if", "uses", "with", "env", "run", "shell"}
_LONGEST_STEP_SECONDS = 300


@dataclass(frozen=True)
class Event:
    """What started a run: the contexts `github` and `vars`, and the commit to check out."""

    github: Mapping[str, Any]
    variables: Mapping[str, str]
    repository: Path
    ref: str


@dataclass
class Step:
    """How one step ended, and what it said."""

    place: str
    outcome: str
    said: str = ""


@dataclass
class Job:
    """How one job ended."""

    name: str
    result: str
    steps: list[Step] = field(default_factory=list)
    outputs: dict[str, str] = field(default_factory=dict)
    summary: str = ""

    @property
    def said(self) -> str:
        """Return all that the steps said."""
        return "\n".join(f"## {step.place}: {step.outcome}\n{step.said}" for step in self.steps)


@dataclass
class Run:
    """One run of a workflow."""

    run_id: int
    jobs: dict[str, list[Job]] = field(default_factory=dict)

    @property
    def results(self) -> dict[str, str]:
        """Return the jobs' results, the worst of a matrix."""
        order = ("failure", "cancelled", "success", "skipped")
        return {name: min((each.result for each in jobs), key=order.index) for name, jobs in self.jobs.items()}

    @property
    def said(self) -> str:
        """Return all that all jobs said."""
        return "\n".join(
            f"# {name}: {job.result}\n{job.said}\n{job.summary}" for name, jobs in self.jobs.items() for job in jobs
        )


@remember
def read_yaml(path: Path) -> Any:
    """Return a workflow or an action; YAML 1.2 keeps `on` a word."""
    return YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))


def run_steps(path: Path) -> Iterator[str]:
    """Yield the place of every `run:` step in a file."""
    document = read_yaml(path)
    lists = (
        {"": document["runs"]["steps"]}
        if "runs" in document
        else {name: job["steps"] for name, job in document["jobs"].items()}
    )
    for name, steps in lists.items():
        yield from (_place(path, name, number) for number, step in enumerate(steps) if "run" in step)


def _place(path: Path, job: str, number: int) -> str:
    return f"{path.relative_to(ROOT).as_posix()}:{job}:{number}"


@dataclass
class Runner:
    """Runs workflows; `issue_token` gives a job its token, by its permissions and its environment."""

    folder: Path
    environment: Mapping[str, str]
    storage: Storage
    issue_token: Callable[[Mapping[str, str], Event, str | None], str]
    prepare: Callable[[Path, Mapping[str, str]], None]
    token_address: str
    executed: set[str] = field(default_factory=set)
    cancels_before: Callable[[str], bool] = lambda _: False
    _runs: int = 0
    _last: "_JobRun | None" = None

    def run(self, file: str, event: Event) -> Run:
        """Run a workflow to its end."""
        path = WORKFLOWS / file
        workflow = read_yaml(path)
        _require_known(workflow, _WORKFLOW_KEYS, file)
        assert workflow["permissions"] == {}, "what a job may do stands at the job"
        assert workflow["defaults"] == {"run": {"shell": "bash"}}
        self._runs += 1
        run = Run(self._runs)
        for name, job in workflow["jobs"].items():
            _require_known(job, _JOB_KEYS, f"{file}: {name}")
            run.jobs[name] = self._run_job(path, name, job, event, run)
        return run

    def run_again(self, file: str, name: str, event: Event, run: Run) -> Run:
        """Run one job of a run again, as whoever presses the button does; the others' results stand."""
        path = WORKFLOWS / file
        again = Run(run.run_id, dict(run.jobs))
        again.jobs[name] = self._run_job(path, name, read_yaml(path)["jobs"][name], event, again)
        return again

    def _run_job(self, path: Path, name: str, job: Mapping[str, Any], event: Event, run: Run) -> list[Job]:
        names = [job["needs"]] if isinstance(job.get("needs"), str) else job.get("needs", [])
        needs = {each: {"result": run.results[each], "outputs": run.jobs[each][0].outputs} for each in names}
        ended = {run.results[each] for each in names}
        # A job whose needs were not all met runs only where its condition asks for it.
        status = "failure" if "failure" in ended else "cancelled" if "cancelled" in ended else "success"
        github = {**event.github, "run_id": run.run_id, "run_attempt": 1, "token": ""}
        contexts = {"github": github, "needs": needs, "vars": event.variables}
        if "skipped" in ended and "always()" not in job.get("if", ""):
            return [Job(name, "skipped")]
        if not Contexts(contexts, status).is_true(str(job.get("if", "success()"))):
            return [Job(name, "skipped")]
        strategy = Contexts(contexts).fill(job.get("strategy", {}))
        assert strategy.get("fail-fast") is False or not strategy, "one tenant's fault must keep no other waiting"
        entries = strategy.get("matrix", {"include": [{}]})["include"]
        ended_jobs: list[Job] = []
        for index, entry in enumerate(entries):
            own = {**contexts, "matrix": entry, "strategy": {"job-index": index}}
            self._last = _JobRun(self, path, name, job, event, run.run_id, own)
            ended_jobs.append(self._last.run())
        return ended_jobs

    def repeat_step(self, step_id: str, prepare: Callable[[Path], None] = lambda _: None) -> Step:
        """Run one step of the last job again on its machine, once `prepare` has changed what lies there."""
        assert self._last is not None
        prepare(self._last.workspace)
        return self._last.repeat(step_id)


class _JobRun:
    """One job on a machine of its own."""

    def __init__(
        self,
        runner: Runner,
        path: Path,
        name: str,
        job: Mapping[str, Any],
        event: Event,
        run_id: int,
        contexts: dict[str, Any],
    ) -> None:
        self._runner, self._path, self._job, self._event, self.run_id = runner, path, job, event, run_id
        self._permissions: Mapping[str, str] = job["permissions"]
        token = runner.issue_token(self._permissions, event, job.get("environment"))
        self._contexts = {**contexts, "github": {**contexts["github"], "token": token}}
        self.result = Job(name, "success")
        home = runner.folder / "machine"
        shutil.rmtree(home, ignore_errors=True)
        self.workspace, self._temp = home / "work", home / "temp"
        self.workspace.mkdir(parents=True)
        self._temp.mkdir()
        self._path_file, self._summary = self._temp / "path", self._temp / "summary"
        identity = {"ACTIONS_ID_TOKEN_REQUEST_URL": runner.token_address, "ACTIONS_ID_TOKEN_REQUEST_TOKEN": token}
        github = self._contexts["github"]
        self._environment = {
            **runner.environment,
            **(identity if self.permits("id-token", "write") else {}),
            "PYTHONPATH": str(self.workspace),
            "GITHUB_ACTIONS": "true",
            "GITHUB_API_URL": github["api_url"],
            "GITHUB_REPOSITORY": github["repository"],
            "GITHUB_SHA": github["sha"],
            "GITHUB_REF_NAME": github["ref_name"],
            "GITHUB_STEP_SUMMARY": str(self._summary),
            "GITHUB_PATH": str(self._path_file),
        }

    @property
    def checked_out(self) -> tuple[Path, str]:
        return self._event.repository, self._event.ref

    def permits(self, scope: str, level: str) -> bool:
        held = self._permissions.get(scope)
        return held == level or (held == "write" and level == "read")

    def after_checkout(self) -> None:
        self._runner.prepare(self.workspace, self._environment)

    def run(self) -> Job:
        assert isinstance(self._job["timeout-minutes"], int)
        self._contexts["env"] = Contexts(self._contexts).fill(self._job.get("env", {}))
        steps: dict[str, Any] = {}
        self._run_steps(self._path, self.result.name, self._job["steps"], self._contexts, steps)
        if self.result.result == "success":
            self.result.outputs = Contexts({**self._contexts, "steps": steps}).fill(self._job.get("outputs", {}))
        self.result.summary = self._summary.read_text(encoding="utf-8") if self._summary.exists() else ""
        if self.result.result == "success":
            save_caches(self._runner.storage)
        self._runner.storage.to_save.clear()
        return self.result

    def repeat(self, step_id: str) -> Step:
        for number, step in enumerate(self._job["steps"]):
            if step.get("id") == step_id:
                place = _place(self._path, self.result.name, number)
                self._run_step(place, step, Contexts({**self._contexts, "steps": {}}), {})
                return self.result.steps[-1]
        raise AssertionError(f"the job has no step {step_id}")

    def _run_steps(
        self, path: Path, name: str, listed: list[Mapping[str, Any]], contexts: Mapping[str, Any], steps: dict[str, Any]
    ) -> None:
        # Steps are asked for by name before they ran, too.
        steps.update({step["id"]: {"outcome": "skipped", "outputs": {}} for step in listed if "id" in step})
        for number, step in enumerate(listed):
            place = _place(path, name, number)
            _require_known(step, _STEP_KEYS, place)
            if self._runner.cancels_before(step.get("id", place)):
                self.result.result = "cancelled"
            given = Contexts({**contexts, "steps": steps}, self.result.result)
            if not given.is_true(str(step.get("if", "success()"))):
                self.result.steps.append(Step(place, "skipped"))
                continue
            outputs: dict[str, str] = {}
            outcome = self._run_step(place, step, given, outputs)
            if "id" in step:
                steps[step["id"]] = {"outcome": outcome, "outputs": outputs}
            if outcome == "failure" and self.result.result == "success":
                self.result.result = "failure"

    def _run_step(self, place: str, step: Mapping[str, Any], given: Contexts, outputs: dict[str, str]) -> str:
        if "run" in step:
            return self._run_command(place, step, given, outputs)
        uses, inputs = step["uses"], given.fill(step.get("with", {}))
        if uses.startswith("./"):
            action = ROOT / uses / "action.yml"
            document = read_yaml(action)
            declared = document.get("inputs", {})
            assert set(inputs) == set(declared), f"{place}: inputs {sorted(inputs)}, declared {sorted(declared)}"
            before = self.result.result
            self._run_steps(action, "", document["runs"]["steps"], {**given.values, "inputs": inputs}, {})
            return "failure" if self.result.result == "failure" and before != "failure" else "success"
        try:
            ACTIONS[uses.partition("@")[0]](self, self._runner.storage, inputs)
        except ActionFailedError as error:
            self.result.steps.append(Step(place, "failure", str(error)))
            return "failure"
        self.result.steps.append(Step(place, "success"))
        return "success"

    def _run_command(self, place: str, step: Mapping[str, Any], given: Contexts, outputs: dict[str, str]) -> str:
        assert "${{" not in step["run"], f"{place}: other people's words in the text of a command"
        output = self._temp / "output"
        output.write_text("", encoding="utf-8")
        script = self._temp / "script.sh"
        script.write_text(step["run"], encoding="utf-8")
        added = self._path_file.read_text(encoding="utf-8").split() if self._path_file.exists() else []
        own = {
            name: as_text(value) for name, value in {**given.values["env"], **given.fill(step.get("env", {}))}.items()
        }
        environment = {
            **self._environment,
            **own,
            "GITHUB_OUTPUT": str(output),
            "PATH": ":".join([*reversed(added), self._environment["PATH"]]),
        }
        ended = subprocess.run(
            [*_BASH, str(script)],
            cwd=self.workspace,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=_LONGEST_STEP_SECONDS,
        )
        self._runner.executed.add(place)
        for line in output.read_text(encoding="utf-8").splitlines():
            name, sign, value = line.partition("=")
            assert sign, f"{place}: {line!r} is no output"
            outputs[name] = value
        outcome = "success" if ended.returncode == 0 else "failure"
        self.result.steps.append(Step(place, outcome, ended.stdout))
        return outcome


def _require_known(mapping: Mapping[str, Any], known: set[str], where: str) -> None:
    unknown = set(mapping) - known
    assert not unknown, f"{where}: {sorted(unknown)} is not known to this runner"


def one_line(value: Any) -> str:
    """Return a value as one line of JSON."""
    return json.dumps(value, separators=(",", ":"))
