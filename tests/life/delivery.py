"""plan.py and apply.py for a rehearsed tenant, as processes of their own with the identities that they are for."""

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scripts.rehearsal.scene import DEPLOY, PLAN_ONLY
from tests.life.tenancy import Tenancy


@dataclass(frozen=True)
class Delivery:
    """One tenancy, and what its backend needs in the environment."""

    tenancy: Tenancy
    variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """Return where the plan lies."""
        return self.tenancy.scene.folder / "cdktf.out" / "plans" / "contoso"

    def plan(self, *options: str, expect: int = 0) -> dict[str, Any]:
        """Plan, and return the result."""
        told = self.run("plan", "--json", *options, expect=expect)
        return dict(json.loads(told.stdout)) if told.stdout else {"said": told.stderr}

    def apply(self, sha256: str, *options: str, expect: int = 0) -> str:
        """Apply a plan by its hash, and return what was said."""
        finished = self.run("apply", "--hash", sha256, *options, expect=expect)
        return finished.stdout + finished.stderr

    def run(self, name: str, *options: str, expect: int = 0) -> subprocess.CompletedProcess[str]:
        """Run a program to its end."""
        process = self.start(name, *options)
        output, errors = process.communicate(timeout=300)
        assert process.returncode == expect, f"{name} {options}: {process.returncode}\n{output}{errors}"
        return subprocess.CompletedProcess(process.args, process.returncode, output, errors)

    def start(self, name: str, *options: str) -> subprocess.Popen[str]:
        """Start a program."""
        scene = self.tenancy.scene
        return subprocess.Popen(
            scene.script(name, *options),
            cwd=scene.folder,
            env={**scene.environments[PLAN_ONLY if name == "plan" else DEPLOY], **self.variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def accounts(self) -> int:
        """Return how many accounts with the login there are, deleted ones included."""
        shown = self.tenancy.scene.control.snapshot()
        login = self.tenancy.scene.tenant.account.login
        return sum(user["userPrincipalName"] == login for user in shown["users"].values())
