"""The life itself: seed, preflight, deploy, post-apply, and then whatever could grant the role again, tried.

Every command is one that a user would type. What came of it is read from the tenant and from the journal, not from what
the commands say of themselves.
"""

import json
import shlex
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sandbox.control import Control
from sandbox.environment import render
from sandbox.seed import Seed, SeedIdentity
from sandbox.server import RunningSandbox, start
from scripts.rehearsal.commands import Commands
from scripts.rehearsal.provider_choice import ROOT
from scripts.rehearsal.tenant_file import LOGIN, NAME, sandbox_cloud, write_tenant_file
from scripts.rehearsal.timeline import count_graph_requests, count_writes, follow
from steward.config.loader import load_tenant
from steward.config.model import Tenant
from steward.lifecycle.needs import POST_APPLY_ROLES, deploy_needs, post_apply_needs

DEPLOY, POST_APPLY = "deploy", "post-apply"
_NO_TENANT = "00000000-0000-4000-8000-000000000001"
_NO_DEPLOYER = "00000000-0000-4000-8000-000000000002"


@dataclass(frozen=True)
class Scene:
    """A running sandbox with its tenant file, and the environments of the two identities."""

    folder: Path
    sandbox: RunningSandbox
    control: Control
    tenant: Tenant
    environments: Mapping[str, Mapping[str, str]]

    @property
    def stack(self) -> Path:
        """Return where cdktf puts the stack."""
        return self.folder / "cdktf.out" / "stacks" / NAME

    def script(self, name: str, *arguments: str) -> list[str]:
        """Return the command line of one of our scripts for this tenant."""
        return [sys.executable, str(ROOT / "scripts" / f"{name}.py"), f"{NAME}.yaml", *arguments]


def set_the_scene(
    folder: Path,
    *,
    base_environment: Mapping[str, str],
    seed: Seed | None = None,
    elevation: str = "at_deploy",
    window_minutes: int = 60,
    sink: Path | None = None,
    edit: Callable[[str], str] = str,
    port: int = 0,
) -> Scene:
    """Start a sandbox, seed a tenant with the two identities and no more than they need, and write its file."""
    file = folder / f"{NAME}.yaml"
    tls = folder / "sandbox"
    options: dict[str, Any] = {"elevation": elevation, "window_minutes": window_minutes, "sink": sink, "edit": edit}
    # What the identities need follows from the file, and the file names one of them: so it is written twice.
    write_tenant_file(file, cloud="global", tenant_id=_NO_TENANT, deployer_id=_NO_DEPLOYER, **options)
    sandbox = start(tls, with_identities(seed or Seed(), load_tenant(file)), port=port)
    write_tenant_file(
        file,
        cloud=sandbox_cloud(sandbox.base_url, sandbox.ca_file.relative_to(folder)),
        tenant_id=sandbox.tenant_id,
        deployer_id=sandbox.identities[DEPLOY].object_id,
        **options,
    )
    app = f"{shlex.quote(sys.executable)} {shlex.quote(str(ROOT / 'main.py'))} {NAME}.yaml"
    (folder / "cdktf.json").write_text(
        json.dumps({"language": "python", "app": app, "projectId": NAME, "sendCrashReports": "false"})
    )
    return Scene(
        folder=folder,
        sandbox=sandbox,
        control=Control(sandbox.base_url, sandbox.ca_file),
        tenant=load_tenant(file),
        environments={
            identity: {**base_environment, **render(sandbox, identity=identity)} for identity in (DEPLOY, POST_APPLY)
        },
    )


def with_identities(seed: Seed, tenant: Tenant) -> Seed:
    """Return the seed with the deploying and the post-apply identity, each with what it needs for this tenant."""
    identities = (
        SeedIdentity(DEPLOY, tuple(need.permission for need in deploy_needs(tenant))),
        SeedIdentity(
            POST_APPLY,
            tuple(need.permission for need in post_apply_needs(tenant)),
            tuple(role.role_name for role in POST_APPLY_ROLES),
        ),
    )
    return Seed(**{**vars(seed), "identities": (*seed.identities, *identities)})


def live(scene: Scene, commands: Commands, *, terraform: str) -> dict[str, Any]:
    """Run the whole life and return its summary; raises `RefusedError` where a command fails."""
    deploy_env, post_apply_env = scene.environments[DEPLOY], scene.environments[POST_APPLY]
    commands.run("preflight", scene.script("preflight"), deploy_env)
    plan_first(scene, commands, terraform=terraform)
    commands.run("deploy", [*deploy_command(), "--skip-synth"], deploy_env)
    first = json.loads(commands.run("post-apply", scene.script("post_apply", "--json"), post_apply_env).output)
    shutil.copyfile(scene.folder / first["evidence"], scene.folder / "evidence.jsonl")
    before_second = len(scene.control.journal())
    commands.run("second-deploy", [*deploy_command(), "--skip-synth"], deploy_env)
    writes_of_second_deploy = count_writes(scene.control.journal()[before_second:])
    before_second = len(scene.control.journal())
    again = commands.run("second-post-apply", scene.script("post_apply", "--json"), post_apply_env)
    second = json.loads(again.output)
    second_writes = count_writes(scene.control.journal()[before_second:])
    commands.run(
        "apply-privileged",
        [
            terraform,
            f"-chdir={scene.stack}",
            "apply",
            "-input=false",
            "-no-color",
            "-auto-approve",
            "-var=phase=privileged",
        ],
        deploy_env,
    )
    return summarize(scene, first, second, second_writes, writes_of_second_deploy)


def plan_first(scene: Scene, commands: Commands, *, terraform: str) -> None:
    """Keep the first deploy's plan as `terraform show -json` gives it, which is what a reviewer's tool is given."""
    environment = scene.environments[DEPLOY]
    chdir = f"-chdir={scene.stack}"
    commands.run("synth", ["cdktf", "synth"], environment)
    commands.run("init", [terraform, chdir, "init", "-input=false", "-no-color"], environment)
    commands.run("plan", [terraform, chdir, "plan", "-input=false", "-no-color", "-out=first.tfplan"], environment)
    shown = commands.run("show", [terraform, chdir, "show", "-json", "first.tfplan"], environment)
    (scene.folder / "plan.json").write_text(json.dumps(json.loads(shown.output), indent=1), encoding="utf-8")
    (scene.stack / "first.tfplan").unlink()


def deploy_command() -> list[str]:
    """Return the command that deploys; the provider lock would be asked of the public registry."""
    return ["cdktf", "deploy", NAME, "--auto-approve", "--skip-provider-lock"]


def summarize(
    scene: Scene, first: Mapping[str, Any], second: Mapping[str, Any], second_writes: int, writes_of_second_deploy: int
) -> dict[str, Any]:
    """Return what the tenant and its journal say at the end."""
    journal = scene.control.journal()
    snapshot = scene.control.snapshot()
    account = next(user for user in snapshot["users"].values() if user["userPrincipalName"] == LOGIN)
    timeline = follow(journal, account["id"], until=datetime.now(UTC))
    evidence = (scene.folder / "evidence.jsonl").read_text(encoding="utf-8").splitlines()
    engine = json.loads(evidence[0])["detail"]["engine"]
    return {
        "sealed": first["sealed"] and second["sealed"],
        "provider": engine["provider"],
        "terraform": f"{engine['program']} {engine['version']}",
        "privileged_roles": second["privileged_roles"],
        "account_enabled": account["accountEnabled"],
        "plan": second["plan"],
        "second_deploy_writes": writes_of_second_deploy,
        "second_post_apply_writes": second_writes,
        "role_held_seconds": timeline.role_held_seconds,
        "role_held_at_the_end": timeline.is_held,
        "usable_privilege_seconds": timeline.usable_privilege_seconds,
        "graph_requests": count_graph_requests(journal),
    }


def shortfalls(summary: Mapping[str, Any]) -> list[str]:
    """Return in words what is not as it must be at the end of an account's life."""
    expected = {
        "sealed": True,
        "privileged_roles": [],
        "account_enabled": False,
        "plan": "empty",
        "second_deploy_writes": 0,
        "second_post_apply_writes": 0,
        "role_held_at_the_end": False,
        "usable_privilege_seconds": 0,
    }
    return [f"{key} is {summary[key]!r}, not {value!r}" for key, value in expected.items() if summary[key] != value]
