"""A tenant with nothing but a stamped account in it, and the programs that need no more: no Terraform anywhere."""

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.environment import child_environment
from scripts.rehearsal.provider_choice import ROOT
from scripts.rehearsal.scene import CLOSE, Scene, set_the_scene
from scripts.rehearsal.tenant_file import LOGIN, NAME
from steward.wellknown.account import STAMP
from steward.wellknown.roles import GLOBAL_ADMINISTRATOR
from tests.programs.running import run

ROLES = "/v1.0/roleManagement/directory/roleAssignments"
_HOUR = 3600


@dataclass(frozen=True)
class SparseTenancy:
    """One scene whose tenant was never deployed to."""

    scene: Scene

    def start_over(self, **account: Any) -> str:
        """Bring the tenant back to its seed with the account in it, an hour old; return the account's id."""
        control = self.scene.control
        control.reset()
        control.clear_faults()
        control.lag()
        made = control.act(
            "POST",
            "/v1.0/users",
            {
                "userPrincipalName": LOGIN,
                "displayName": "Jordan Keller",
                "mailNickname": "j.keller",
                "accountEnabled": False,
                "employeeType": STAMP,
                "passwordProfile": {"password": "xWwvJ]6NMw+bWH-d"},
                **account,
            },
        )
        control.advance_clock(_HOUR)
        control.clear_journal()
        for left in (self.scene.folder / "evidence").rglob("*"):
            if left.is_file():
                left.unlink()
        return str(made["id"])

    def grant(self, principal_id: str, role_id: str = GLOBAL_ADMINISTRATOR) -> None:
        """Give a role for the whole tenant, as somebody in the portal."""
        body = {"principalId": principal_id, "roleDefinitionId": role_id, "directoryScopeId": "/"}
        self.scene.control.act("POST", ROLES, body)

    def roles_of(self, principal_id: str) -> list[str]:
        """Return what a principal holds directly, by the directory."""
        listed = self.scene.control.act("GET", f"{ROLES}?$filter=principalId eq '{principal_id}'")
        return [entry["roleDefinitionId"] for entry in listed["value"]]

    def account(self) -> dict[str, Any]:
        """Return the account as the directory has it."""
        users = self.scene.control.snapshot()["users"].values()
        return dict(next(user for user in users if user["userPrincipalName"] == LOGIN))

    def writes(self) -> list[str]:
        """Return the requests of programs that could have changed the tenant."""
        return [
            f"{entry['method']} {entry['path']}"
            for entry in self.scene.control.journal()
            if entry["method"] != "GET" and not entry["path"].endswith("/token")
        ]

    def evidence(self) -> list[Path]:
        """Return the evidence files of the tenant."""
        return sorted((self.scene.folder / "evidence" / NAME).glob("*.jsonl"))

    def start(self, *options: str, identity: str = CLOSE) -> subprocess.Popen[str]:
        """Start close.py, as a process of its own."""
        return subprocess.Popen(
            self.command(*options),
            cwd=self.scene.folder,
            env=self.environment(identity),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def close(self, *options: str, identity: str = CLOSE) -> subprocess.CompletedProcess[str]:
        """Run close.py to its end."""
        return run(
            self.command(*options),
            folder=self.scene.folder,
            environment=self.environment(identity),
            timeout=120,
        )

    def command(self, *options: str) -> list[str]:
        """Return the command line of close.py, about the tenant's own file where the options name none."""
        files = [] if any(option.endswith(".yaml") for option in options) else [f"{NAME}.yaml"]
        return [sys.executable, str(ROOT / "scripts" / "close.py"), *files, *options]

    def environment(self, identity: str) -> Mapping[str, str]:
        """Return an identity's environment, in which there is no Terraform."""
        # Whoever asks for Terraform all the same would find none.
        return {**self.scene.environments[identity], "TERRAFORM_BINARY_NAME": "no-terraform-here"}


def make_sparse_tenancy(folder: Path, **options: Any) -> SparseTenancy:
    """Serve a tenant and write its file; the caller stops the sandbox."""
    return SparseTenancy(set_the_scene(folder, base_environment=child_environment(ROOT), **options))
