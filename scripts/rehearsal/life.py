"""The life itself: seed, preflight, deploy, post-apply, and then whatever could grant the role again, tried.

Every command is one that a user would type. What came of it is read from the tenant, from the journal and from
Terraform, not from what our own programs say of themselves.
"""

import json
from collections.abc import Mapping
from contextlib import nullcontext
from datetime import datetime
from typing import Any

from sandbox.control import Control
from scripts.rehearsal.commands import Commands
from scripts.rehearsal.person import Person
from scripts.rehearsal.scene import DEPLOY, POST_APPLY, Scene
from scripts.rehearsal.tenant_file import LOGIN, NAME
from scripts.rehearsal.timeline import count_graph_requests, count_writes, follow, longest_token_of
from steward.errors import ExitCode
from steward.evidence import verify
from steward.wellknown.latch import SEALED


def live(scene: Scene, commands: Commands, *, terraform: str, person: Person | None = None) -> dict[str, Any]:
    """Run the whole life and return its summary; raises a `StewardError` where a command fails."""
    deploy_env, post_apply_env = scene.environments[DEPLOY], scene.environments[POST_APPLY]
    commands.run("preflight", scene.script("preflight"), deploy_env)
    plan_first(scene, commands, terraform=terraform)
    commands.run("deploy", [*deploy_command(), "--skip-synth"], deploy_env)
    with person.at_hand() if person else nullcontext():
        command = scene.script("post_apply", "--json", "--poll-seconds", "0.5")
        opener = person.opener if person else {}
        commands.run("post-apply", command, {**post_apply_env, **opener})
    chdir = f"-chdir={scene.stack}"
    again: dict[str, tuple[list[str], Mapping[str, str]]] = {
        "second-deploy": ([*deploy_command(), "--skip-synth"], deploy_env),
        "second-post-apply": (scene.script("post_apply"), post_apply_env),
        "apply-privileged": (
            [terraform, chdir, "apply", "-input=false", "-no-color", "-auto-approve", "-var=phase=privileged"],
            deploy_env,
        ),
    }
    writes = {}
    for name, (command, environment) in again.items():
        before = len(scene.control.journal())
        commands.run(name, command, environment)
        writes[name] = count_writes(scene.control.journal()[before:])
    # Asked for last, when everything that could have granted the role again has been tried.
    last_plan = commands.run(
        "last-plan",
        [terraform, chdir, "plan", "-input=false", "-no-color", "-detailed-exitcode"],
        deploy_env,
        expect=frozenset({0, 2}),
    )
    state = commands.run("last-state", [terraform, chdir, "state", "pull"], deploy_env)
    return summarize(
        scene, writes, plan="empty" if last_plan.code == 0 else "not empty", state=json.loads(state.output)
    )


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


def summarize(scene: Scene, writes: Mapping[str, int], *, plan: str, state: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the tenant, its journal and Terraform say at the end; nothing on our own programs' word."""
    journal = scene.control.journal()
    snapshot = scene.control.snapshot()
    account = next(user for user in snapshot["users"].values() if user["userPrincipalName"] == LOGIN)
    now = datetime.fromisoformat(scene.control.clock()["now"])
    timeline = follow(journal, account_id=account["id"], login=LOGIN, until=now)
    verification = verify(scene.folder / "evidence" / NAME)
    began = verification.runs[0].lines[0].content or {}
    engine = began["detail"]["engine"]
    (latch,) = (entry for entry in state["resources"] if entry["type"] == "terraform_data")
    return {
        "sealed": latch["instances"][0]["attributes"]["input"]["value"]["phase"] == SEALED,
        "provider": engine["provider"],
        "terraform": f"{engine['program']} {engine['version']}",
        "privileged_roles": roles_of(scene.control, account["id"]),
        "account_enabled": account["accountEnabled"],
        "plan": plan,
        "second_deploy_writes": writes["second-deploy"],
        "second_post_apply_writes": writes["second-post-apply"],
        "apply_privileged_writes": writes["apply-privileged"],
        "role_held_seconds": round(timeline.role_held_seconds, 1),
        "role_held_at_the_end": timeline.is_held,
        "window_seconds": scene.tenant.window_minutes * 60,
        "usable_privilege_seconds": round(timeline.usable_privilege_seconds, 1),
        "longest_token_seconds": longest_token_of(journal, account["id"]),
        "evidence_is_whole": all(remark.exit_code is ExitCode.WELL for remark in verification.remarks),
        "credentials_while_held": [f"{entry.file}, line {entry.line}: {entry.what}" for entry in verification.breaches],
        "graph_requests": count_graph_requests(journal),
    }


def roles_of(control: Control, account_id: str) -> list[str]:
    """Return the directory roles that the directory lists for the account and for every group it is in."""
    groups = control.act("GET", f"/v1.0/users/{account_id}/transitiveMemberOf")["value"]
    found = []
    for principal in (account_id, *(group["id"] for group in groups)):
        query = f"$filter=principalId eq '{principal}'&$expand=roleDefinition"
        listed = control.act("GET", f"/v1.0/roleManagement/directory/roleAssignments?{query}")
        found += [entry["roleDefinition"]["displayName"] for entry in listed["value"]]
    return found


def shortfalls(summary: Mapping[str, Any], *, has_person: bool = False) -> list[str]:
    """Return in words what is not as it must be at the end of an account's life.

    A person who signs in has an account that stays enabled, and the role together with it while the window is open.
    """
    expected: dict[str, object] = {
        "sealed": True,
        "privileged_roles": [],
        "account_enabled": has_person,
        "plan": "empty",
        "second_deploy_writes": 0,
        "second_post_apply_writes": 0,
        "apply_privileged_writes": 0,
        "role_held_at_the_end": False,
        # With a person the account is open for as long as it holds the role, and no longer than the window.
        "usable_privilege_seconds": min(summary["role_held_seconds"], summary["window_seconds"]) if has_person else 0,
        "evidence_is_whole": True,
        "credentials_while_held": [],
    }
    return [f"{key} is {summary[key]!r}, not {value!r}" for key, value in expected.items() if summary[key] != value]
