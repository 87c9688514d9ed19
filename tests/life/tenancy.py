"""A rehearsed tenant for tests: a sandbox, a tenant file, a synthesized stack, and the commands that a user would run.

`Tenancy.deploy` starts a test from a fresh deploy, which Terraform makes once in a few minutes and which is brought
back in between; nothing here reaches into the programs under test.
"""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scripts.rehearsal.provider_choice import ROOT
from scripts.rehearsal.scene import DEPLOY, POST_APPLY, Scene
from scripts.rehearsal.tenant_file import LOGIN, NAME
from steward.wellknown.roles import GLOBAL_ADMINISTRATOR
from tests.programs.running import run

ROLE = "azuread_directory_role_assignment.global_administrator"
LATCH = "terraform_data.latch"


# The end of a window is in the state, and reads are believed sooner of an account that is no longer young.
FRESH_SECONDS = 5 * 60.0


@dataclass(frozen=True)
class _Deploy:
    """A deploy as it was when it was made: the tenant, and the files that Terraform keeps of it."""

    at: float
    tenant: Mapping[str, Any]
    files: Mapping[Path, bytes]


@dataclass(frozen=True)
class Tenancy:
    """One scene and the Terraform that runs its stack."""

    scene: Scene
    terraform: str
    _made: dict[tuple[str, ...], _Deploy] = field(default_factory=dict, repr=False)

    @property
    def state_file(self) -> Path:
        return self.scene.folder / f"terraform.{NAME}.tfstate"

    def synthesize(self) -> None:
        """Run the program that cdktf runs, as cdktf runs it."""
        environment = {**self.scene.environments[DEPLOY], "CDKTF_OUTDIR": "cdktf.out"}
        self._check([sys.executable, str(ROOT / "main.py"), f"{NAME}.yaml"], environment, self.scene.folder)

    def start_over(self) -> None:
        """Bring the tenant back to its seed, and forget what Terraform and our programs left in the folder."""
        self.scene.control.reset()
        self.clear()

    def deploy(self, *options: str) -> None:
        """Start over from the seed with a fresh deploy: one of a moment ago is brought back, or it is made anew."""
        # What a deploy comes to follows from what is deployed and how.
        kind = (*options, (self.scene.stack / "cdk.tf.json").read_text(encoding="utf-8"))
        made = self._made.get(kind)
        if made is None or time.monotonic() - made.at > FRESH_SECONDS:
            self.deploy_anew(*options)
            files = {file: file.read_bytes() for file in self._state_files()}
            self._made[kind] = _Deploy(time.monotonic(), self.scene.control.export(), files)
            return
        self.clear()
        self.scene.control.load(made.tenant)
        for file, content in made.files.items():
            file.write_bytes(content)

    def deploy_anew(self, *options: str) -> None:
        """Start over from the seed, and deploy: for tests that look at the deploy itself."""
        self.start_over()
        self.run_terraform("apply", "-auto-approve", *options)

    def clear(self) -> None:
        """Forget what Terraform and our programs left in the folder."""
        for left in self._state_files():
            left.unlink()
        for folder in ("evidence", "cdktf.out/plans"):
            shutil.rmtree(self.scene.folder / folder, ignore_errors=True)

    def _state_files(self) -> list[Path]:
        return list(self.scene.folder.glob("terraform.*"))

    def run_terraform(
        self, *arguments: str, identity: str = DEPLOY, expect: frozenset[int] = frozenset({0})
    ) -> subprocess.CompletedProcess[str]:
        """Run Terraform in the stack's folder."""
        if not (self.scene.stack / ".terraform").is_dir():
            self._check([self.terraform, "init", "-input=false"], self.scene.environments[identity], self.scene.stack)
        return self._check(
            [self.terraform, *arguments], self.scene.environments[identity], self.scene.stack, expect=expect
        )

    def plan(self, *options: str) -> dict[str, tuple[str, ...]]:
        """Return what a plan would do, by address; what it leaves alone is left out."""
        self.run_terraform("plan", "-input=false", "-out=test.tfplan", *options)
        shown = json.loads(self.run_terraform("show", "-json", "test.tfplan").stdout)
        changes = {change["address"]: tuple(change["change"]["actions"]) for change in shown["resource_changes"]}
        return {address: actions for address, actions in changes.items() if actions != ("no-op",)}

    def addresses_in_state(self) -> set[str]:
        """Return what the state knows."""
        return set(self.run_terraform("state", "list").stdout.split())

    def post_apply(
        self,
        *options: str,
        expect: frozenset[int] = frozenset({0}),
        program: Sequence[str] = (),
        variables: Mapping[str, str] | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run post_apply with its identity, as a process of its own."""
        script = [*program] or [str(ROOT / "scripts" / "post_apply.py")]
        command = [sys.executable, *script, f"{NAME}.yaml", *options]
        environment = {**self.scene.environments[POST_APPLY], **(variables or {})}
        return self._check(command, environment, self.scene.folder, expect=expect)

    def account(self) -> dict[str, Any]:
        """Return the account as the directory has it."""
        users = self.scene.control.snapshot()["users"].values()
        return dict(next(user for user in users if user["userPrincipalName"] == LOGIN))

    def holds_role(self) -> bool:
        """Return whether the account holds Global Administrator now, by the directory."""
        account_id = self.account()["id"]
        listed = self.scene.control.act(
            "GET", f"/v1.0/roleManagement/directory/roleAssignments?$filter=principalId eq '{account_id}'"
        )
        return any(entry["roleDefinitionId"] == GLOBAL_ADMINISTRATOR for entry in listed["value"])

    def writes(self) -> list[str]:
        """Return the requests in the journal that could have changed the tenant."""
        return [
            f"{entry['method']} {entry['path']}"
            for entry in self.scene.control.journal()
            if entry["method"] != "GET" and not entry["path"].endswith(("/evaluate", "/token"))
        ]

    def grants(self) -> tuple[list[str], list[str]]:
        """Return what the application was granted: app role ids and delegated scopes, duplicates kept."""
        client_id = json.loads(self.run_terraform("output", "-json").stdout)["application_client_id"]["value"]
        act = self.scene.control.act
        (principal,) = act("GET", f"/v1.0/servicePrincipals?$filter=appId eq '{client_id}'")["value"]
        roles = act("GET", f"/v1.0/servicePrincipals/{principal['id']}/appRoleAssignments")["value"]
        grants = act("GET", f"/v1.0/oauth2PermissionGrants?$filter=clientId eq '{principal['id']}'")["value"]
        return [role["appRoleId"] for role in roles], [grant["scope"] for grant in grants]

    def _check(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        folder: Path,
        *,
        expect: frozenset[int] = frozenset({0}),
    ) -> subprocess.CompletedProcess[str]:
        finished = run(
            command,
            folder=folder,
            environment=environment,
        )
        assert finished.returncode in expect, f"{command}: {finished.returncode}\n{finished.stdout}{finished.stderr}"
        return finished
