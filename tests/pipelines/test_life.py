"""The workflows that a user copies, every step of them: from a pull request to a sealed tenant, and what is refused."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from steward.wellknown.roles import GLOBAL_ADMINISTRATOR
from tests.architecture.sources import ROOT
from tests.pipelines.conftest import TENANT_FILE, Pipeline
from tests.pipelines.forge import JOBS_OWN, REPOSITORY
from tests.pipelines.runner import WORKFLOWS, Run, run_steps

CANARY = b"Aa1!"  # how every throw-away password begins
FILES = (*sorted(WORKFLOWS.glob("*.yml")), *sorted((ROOT / ".github" / "actions").glob("*/action.yml")))


@pytest.mark.terraform
def test_a_change_goes_from_its_pull_request_to_a_sealed_tenant_and_every_step_runs(pipeline: Pipeline) -> None:
    pipeline.project.open_pull_request(7, {TENANT_FILE: pipeline.tenant_file})
    sha256 = _planned(pipeline)
    before, after = pipeline.project.merge(7)
    run = _refused(pipeline, sha256, before, after)
    _killed(pipeline, before, after, run)
    _sealed(pipeline)
    _asked_otherwise(pipeline)
    executed = pipeline.runner.executed
    assert [place for file in FILES for place in run_steps(file) if place not in executed] == []
    kept = b"".join(file.read_bytes() for file in pipeline.runner.storage.folder.rglob("*") if file.is_file())
    secrets = [*pipeline.forge.tokens, *pipeline.forge.issued]
    assert [secret for secret in secrets if secret.encode() in kept] == []


def _planned(pipeline: Pipeline) -> str:
    """A pull request is planned, reviewed and told of in one comment; nothing is written to the tenant."""
    pipeline.tenancy.scene.control.clear_journal()
    run = pipeline.pull_request(7)
    assert run.results == {
        "changed": "success",
        "synth": "skipped",
        "plan": "success",
        "planned": "success",
        "comment": "success",
    }, run.said
    assert pipeline.tenancy.writes() == []
    (sha256,) = {name.split("/")[1] for name in pipeline.container.blobs}
    (comment,) = pipeline.forge.comments.values()
    assert comment["user"]["login"] == JOBS_OWN
    assert "contoso" in comment["body"]
    assert sha256 in comment["body"]
    assert run.jobs["comment"][0].summary.strip() == comment["body"]
    artefacts = pipeline.runner.storage.artefacts[run.run_id]
    assert {file.name for folder in artefacts.values() for file in folder.rglob("*")} == {
        "review.json",
        "manifest.json",
    }
    assert all(CANARY not in file.read_bytes() for folder in artefacts.values() for file in folder.rglob("*"))
    assert pipeline.runner.storage.sarif[0]["version"] == "2.1.0"
    return sha256


def _refused(pipeline: Pipeline, sha256: str, before: str, after: str) -> Run:
    """Nothing is applied of a plan that was tampered with, has expired or was overtaken, nor while another one runs."""
    blobs = pipeline.container.blobs
    plan = f"{sha256}/plan.tfplan"
    with _changed(blobs, plan, lambda content: content[:-1] + bytes([content[-1] ^ 1])):
        run = pipeline.push(before, after)
        assert "the plan is not the one that was approved" in _failed(run)

    def bring(content: bytes, **changes: str) -> Callable[[Path], None]:
        def write(workspace: Path) -> None:
            (workspace / "plan" / "plan.tfplan").write_bytes(blobs[f"contoso/{plan}"])
            (workspace / "plan" / "manifest.json").write_text(json.dumps(json.loads(content) | changes))

        return write

    manifest = blobs[f"contoso/{sha256}/manifest.json"]
    moment = json.loads(manifest)["made_at"].replace("Z", ".5Z")
    assert "the plan has expired" in _refusal(pipeline, bring(manifest, valid_until=moment))
    with _signed_in_for("staging", pipeline):
        assert "AADSTS700213" in _refusal(pipeline, bring(manifest))
    pipeline.states.lock = {"ID": "another", "Who": "another pipeline", "Operation": "OperationTypeApply"}
    assert "the state is locked" in _refusal(pipeline, bring(manifest))
    pipeline.states.lock = None
    pipeline.states.state = json.dumps(
        {"version": 4, "terraform_version": "1.5.0", "serial": 1, "lineage": "other", "outputs": {}, "resources": []}
    ).encode()
    assert "state has moved" in _refusal(pipeline, bring(manifest))
    pipeline.states.state = None
    assert pipeline.tenancy.writes() == []
    return run


def _killed(pipeline: Pipeline, before: str, after: str, run: Run) -> None:
    """A job that is cancelled between apply and post-apply closes, whoever holds the role by then."""
    control = pipeline.tenancy.scene.control

    def cancel(step: str) -> bool:
        if step != "post-apply":
            return False
        role = {"principalId": _account(pipeline), "roleDefinitionId": GLOBAL_ADMINISTRATOR, "directoryScopeId": "/"}
        control.act("POST", "/v1.0/roleManagement/directory/roleAssignments", role)
        # Of an account that is no longer young a look is believed sooner.
        control.advance_clock(15 * 60)
        return _holds_role(pipeline)

    pipeline.runner.cancels_before = cancel
    killed = pipeline.push(before, after, again=run)
    pipeline.runner.cancels_before = lambda _: False
    assert killed.results["apply"] == "cancelled", killed.said
    assert not _holds_role(pipeline)


def _sealed(pipeline: Pipeline) -> None:
    """The next change is planned against what stands, applied after one approval, and the tenant is sealed."""
    changed = pipeline.tenant_file.replace("display_name: Jordan Keller", "display_name: Jo Keller")
    pipeline.project.open_pull_request(8, {TENANT_FILE: changed})
    planned = pipeline.pull_request(8)
    assert planned.results["comment"] == "success", planned.said
    assert len(pipeline.forge.comments) == 1
    run = pipeline.push(*pipeline.project.merge(8))
    assert run.results == {"approved": "success", "missing": "skipped", "apply": "success"}, run.said
    assert "sealed; no privileged role by any path" in run.said
    assert "Approving applies these plan files" in run.jobs["approved"][0].summary
    assert not _holds_role(pipeline)
    for file in ("guard.yml", "drift.yml"):
        told = pipeline.scheduled(file)
        assert set(told.results.values()) == {"success"}, told.said


def _asked_otherwise(pipeline: Pipeline) -> None:
    """A fork gets no identity, another branch none that is trusted, and what nobody planned is not applied."""
    pipeline.project.open_pull_request(9, {TENANT_FILE: pipeline.tenant_file + "# a fork's\n"})
    issued = len(pipeline.forge.issued)
    fork = pipeline.pull_request(9, fork=True)
    assert fork.results == {
        "changed": "success",
        "synth": "success",
        "plan": "skipped",
        "planned": "failure",
        "comment": "skipped",
    }, fork.said
    assert len(pipeline.forge.issued) == issued
    unplanned = pipeline.push(*pipeline.project.merge(9))
    assert unplanned.results == {"approved": "success", "missing": "failure", "apply": "skipped"}, unplanned.said
    assert "no plan of its own was made for contoso" in unplanned.said

    pipeline.project.open_pull_request(10, {"README.md": "no tenant's\n"})
    calm = pipeline.pull_request(10)
    assert calm.results == {
        "changed": "success",
        "synth": "skipped",
        "plan": "skipped",
        "planned": "success",
        "comment": "success",
    }, calm.said
    # The stand-in keeps one list of comments, so that this one was an earlier push's.
    (comment,) = pipeline.forge.comments.values()
    assert "Plan of no tenant: nothing changes" in comment["body"]

    assert "AADSTS700213" in pipeline.scheduled("guard.yml", branch="elsewhere").said
    (pipeline.project.folder / TENANT_FILE).write_text(pipeline.tenant_file, encoding="utf-8")
    start = pipeline.project.git("rev-parse", "main")
    direct = pipeline.push(start, pipeline.project.commit("pushed past the review"))
    assert direct.results == {"approved": "failure", "missing": "skipped", "apply": "skipped"}, direct.said
    assert "is of no pull request" in direct.said


def _refusal(pipeline: Pipeline, prepare: Callable[[Path], None]) -> str:
    step = pipeline.runner.repeat_step("apply", prepare)
    assert step.outcome == "failure", step.said
    return step.said


def _failed(run: Run) -> str:
    assert run.results["apply"] == "failure", run.said
    return run.said


def _account(pipeline: Pipeline) -> str:
    login = pipeline.tenancy.tenant.account.login
    users = pipeline.tenancy.scene.control.snapshot()["users"].values()
    return str(next(each["id"] for each in users if each["userPrincipalName"] == login))


def _holds_role(pipeline: Pipeline) -> bool:
    held = pipeline.tenancy.scene.control.act(
        "GET", f"/v1.0/roleManagement/directory/roleAssignments?$filter=principalId eq '{_account(pipeline)}'"
    )
    return any(each["roleDefinitionId"] == GLOBAL_ADMINISTRATOR for each in held["value"])


@contextmanager
def _signed_in_for(environment: str, pipeline: Pipeline) -> Iterator[None]:
    """Let the forge issue the jobs' tokens as for jobs of another environment."""
    kept = dict(pipeline.forge.tokens)
    subject = f"repo:{REPOSITORY}:environment:{environment}"
    pipeline.forge.tokens |= {text: replace(token, subject=subject) for text, token in kept.items() if token.subject}
    try:
        yield
    finally:
        pipeline.forge.tokens.update(kept)


@contextmanager
def _changed(blobs: dict[str, bytes], name: str, edit: Callable[[bytes], bytes]) -> Iterator[None]:
    kept = blobs[f"contoso/{name}"]
    blobs[f"contoso/{name}"] = edit(kept)
    try:
        yield
    finally:
        blobs[f"contoso/{name}"] = kept
