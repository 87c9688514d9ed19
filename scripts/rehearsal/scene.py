"""A running sandbox with a tenant file about it, seeded with our identities and no more than each needs."""

import json
import shlex
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.control import Control
from sandbox.environment import render
from sandbox.seed import Seed, SeedIdentity
from sandbox.server import RunningSandbox, start
from sandbox.state.file import holds_tenants
from scripts.rehearsal.provider_choice import ROOT
from scripts.rehearsal.tenant_file import NAME, sandbox_cloud, write_tenant_file
from steward.config.loader import load_tenant
from steward.config.model import Tenant
from steward.lifecycle.needs import (
    POST_APPLY_ROLES,
    close_needs,
    deploy_needs,
    guard_needs,
    plan_needs,
    post_apply_needs,
    reopen_needs,
    retire_needs,
)

DEPLOY, POST_APPLY, PLAN_ONLY, CLOSE, GUARD = "deploy", "post-apply", "plan-only", "close", "guard"
REOPEN, RETIRE = "reopen", "retire"
_NO_TENANT = "00000000-0000-4000-8000-000000000001"
_NO_DEPLOYER = "00000000-0000-4000-8000-000000000002"


@dataclass(frozen=True)
class Scene:
    """A running sandbox with its tenant file, and the environments of our identities."""

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
    consent: str = "graph",
    window_minutes: int = 60,
    sink: Path | None = None,
    edit: Callable[[str], str] = str,
    port: int = 0,
    state: Path | None = None,
) -> Scene:
    """Start a sandbox, seed a tenant with our identities and no more than each needs, and write its file.

    A state file that holds a tenant brings it back, and the tenant file that lies in the folder already stays.
    """
    file = folder / f"{NAME}.yaml"
    resumed = state is not None and holds_tenants(state) and file.exists()
    tls = folder / "sandbox"
    options: dict[str, Any] = {
        "elevation": elevation,
        "consent": consent,
        "window_minutes": window_minutes,
        "sink": sink,
        "edit": edit,
    }
    # What the identities need follows from the file, and the file names one of them: so it is written twice.
    if not resumed:
        write_tenant_file(file, cloud="global", tenant_id=_NO_TENANT, deployer_id=_NO_DEPLOYER, **options)
    sandbox = start(tls, with_identities(seed or Seed(), load_tenant(file)), port=port, state=state)
    if not resumed:
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
            identity: {**base_environment, **render(sandbox, identity=identity)}
            for identity in (DEPLOY, POST_APPLY, PLAN_ONLY, CLOSE, GUARD, REOPEN, RETIRE)
        },
    )


def with_identities(seed: Seed, tenant: Tenant) -> Seed:
    """Return the seed with our identities, each with what it needs for this tenant."""
    # Of the licences that matter here, part number and service plan have one name.
    plans = frozenset(licence.part_number for licence in seed.licences)
    identities = (
        SeedIdentity(DEPLOY, tuple(need.permission for need in deploy_needs(tenant))),
        SeedIdentity(
            POST_APPLY,
            tuple(need.permission for need in post_apply_needs(tenant, plans)),
            tuple(role.role_name for role in POST_APPLY_ROLES),
        ),
        SeedIdentity(PLAN_ONLY, tuple(need.permission for need in plan_needs(tenant))),
        SeedIdentity(CLOSE, tuple(need.permission for need in close_needs(tenant))),
        SeedIdentity(GUARD, tuple(need.permission for need in guard_needs(tenant))),
        SeedIdentity(REOPEN, tuple(need.permission for need in reopen_needs(tenant))),
        SeedIdentity(RETIRE, tuple(need.permission for need in retire_needs(tenant))),
    )
    return Seed(**{**vars(seed), "identities": (*seed.identities, *identities)})
