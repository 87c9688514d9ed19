"""A tenant with its identities, a repository at a forge, and a runner for the project's workflows."""

import json
import os
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sandbox.seed import Seed
from scripts.environment import child_environment, find_terraform
from scripts.rehearsal.provider_choice import ROOT
from tests.life.identities_tenancy import GITHUB, IdentitiesTenancy, make_identities_tenancy, unmade
from tests.life.state_server import StateServer, serve_states
from tests.pipelines.actions import Storage
from tests.pipelines.blobs import Container
from tests.pipelines.forge import REPOSITORY, Forge, JobToken
from tests.pipelines.project import Project, complete_set_up
from tests.pipelines.runner import Event, Run, Runner
from tests.pipelines.serving import serve
from tests.programs.forked_provider import choose_forked_provider

TENANT_FILE = "tenants/contoso.yaml"


@dataclass
class Pipeline:
    """Everything that a change meets on its way."""

    tenancy: IdentitiesTenancy
    project: Project
    forge: Forge
    container: Container
    states: StateServer
    runner: Runner
    variables: dict[str, str]
    tenant_file: str

    def pull_request(self, number: int, *, fork: bool = False) -> Run:
        """Run the planning workflow for a pull request, and note its run at the forge."""
        pull = self.forge.pulls[number]
        head = {**pull["head"], "repo": {"full_name": "somebody/steward" if fork else REPOSITORY}}
        github = {
            "event": {"pull_request": {**pull, "head": head}},
            "sha": pull["merge_commit_sha"],
            "ref_name": f"{number}/merge",
            "event_name": "pull_request",
        }
        run = self._run("plan.yml", github, f"refs/pull/{number}/merge")
        self.forge.runs.append(
            {
                "id": run.run_id,
                "file": "plan.yml",
                "event": "pull_request",
                "head_sha": pull["head"]["sha"],
                "head_branch": pull["head"]["ref"],
                "status": "completed",
                "conclusion": "success",
                "pull_requests": [{"number": number}],
                "url": f"{self.forge.url}/runs/{run.run_id}",
            }
        )
        return run

    def push(self, before: str, after: str, *, again: Run | None = None) -> Run:
        """Run the applying workflow for what was pushed to main; of a run that was there, its last job again."""
        github = {"event": {"before": before}, "sha": after, "ref_name": "main", "event_name": "push"}
        return self._run("apply.yml", github, after, again)

    def scheduled(self, file: str, *, branch: str = "main") -> Run:
        """Run a scheduled workflow."""
        github = {"event": {}, "sha": "0" * 40, "ref_name": branch, "event_name": "schedule"}
        return self._run(file, github, "main")

    def _run(self, file: str, github: Mapping[str, Any], ref: str, again: Run | None = None) -> Run:
        own = {"repository": REPOSITORY, "api_url": f"{self.forge.url}/api/v3"}
        event = Event({**github, **own}, self.variables, self.project.folder, ref)
        return self.runner.run_again(file, "apply", event, again) if again else self.runner.run(file, event)


def subject_of(permissions: Mapping[str, str], event: Event, environment: str | None) -> str | None:
    """Return the subject of a job's identity token, as GitHub forms it; None for a job that gets none."""
    head = event.github["event"].get("pull_request", {}).get("head")
    if permissions.get("id-token") != "write" or (head and head["repo"]["full_name"] != REPOSITORY):
        return None
    if environment:
        return f"repo:{REPOSITORY}:environment:{environment}"
    if head:
        return f"repo:{REPOSITORY}:pull_request"
    return f"repo:{REPOSITORY}:ref:refs/heads/{event.github['ref_name']}"


@pytest.fixture
def pipeline(tmp_path: Path) -> Iterator[Pipeline]:
    terraform = find_terraform()
    environment = child_environment(ROOT)
    provider = choose_forked_provider(
        os.environ.get("REHEARSAL_PROVIDER", "own"), tmp_path, terraform=terraform, environment=environment
    )
    with ExitStack() as opened:
        states, state_address = opened.enter_context(serve_states())
        backend = json.dumps({"http": dict.fromkeys(("address", "lock_address", "unlock_address"), state_address)})

        def edit(text: str) -> str:
            absolute = text.replace('"ca_file": "', f'"ca_file": "{tmp_path}/')
            return unmade(f"{absolute}backend: {backend}\n", GITHUB)

        tenancy = make_identities_tenancy(
            tmp_path,
            edit=edit,
            seed=Seed(storage=True, conditional_access_requests_per_second=None),
            environment=provider,
        )
        opened.callback(tenancy.scene.sandbox.stop)
        opened.callback(tenancy.scene.control.close)
        tenancy.run("make")
        ids = tenancy.tenant.identities.client_ids if tenancy.tenant.identities else {}
        sandbox = tenancy.scene.sandbox
        forge = Forge()
        forge.url = opened.enter_context(serve(forge.application(), sandbox.ca_file))
        keys = f"{sandbox.base_url}/{sandbox.tenant_id}/discovery/v2.0/keys"
        container = Container(keys, sandbox.ca_file)
        container.roles = {ids["plan"]: frozenset({"add"}), ids["deploy"]: frozenset({"add", "read"})}
        blobs = opened.enter_context(serve(container.application(), sandbox.ca_file))
        machine = {
            **{name: value for name, value in environment.items() if name != "PYTHONPATH"},
            **provider,
            "ARM_METADATA_HOSTNAME": sandbox.base_url.removeprefix("https://"),
            "SSL_CERT_FILE": str(sandbox.ca_file),
            "HOME": str(tmp_path),
        }

        def issue_token(permissions: Mapping[str, str], event: Event, given: str | None) -> str:
            return forge.add_token(JobToken(permissions, subject_of(permissions, event, given)))

        runner = Runner(
            folder=tmp_path,
            environment=machine,
            storage=Storage(tmp_path / "stored"),
            issue_token=issue_token,
            prepare=lambda workspace, given: complete_set_up(
                workspace, given, python=sys.executable, compiled=tmp_path / "compiled"
            ),
            token_address=f"{forge.url}/oidc/token?api-version=2.0",
        )
        variables = {
            "PLAN_STORE": f"{blobs}/plans",
            "PLAN_STORE_TENANT_ID": sandbox.tenant_id,
            "PLAN_STORE_WRITER_ID": ids["plan"],
            "PLAN_STORE_READER_ID": ids["deploy"],
            "CODE_SCANNING": "true",
            "LOCK_SECONDS": "1",
        }
        text, count = re.subn(
            r"evidence: evidence\n", "evidence: ../evidence\n", tenancy.file.read_text(encoding="utf-8")
        )
        assert count == 1
        yield Pipeline(
            tenancy, Project(tmp_path / "repository", forge), forge, container, states, runner, variables, text
        )
