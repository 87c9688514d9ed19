"""A tenancy that is brought to a hard place, and the commands that a person would paste there.

It is deployed once, and brought back for every place: the sandbox serves the tenant anew, and the files lie as they
lay. Commands are run by a shell in a folder that looks like the project's, each with the identity that it is for.
"""

import json
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from scripts.rehearsal import scene
from scripts.rehearsal.provider_choice import ROOT
from scripts.rehearsal.tenant_file import NAME
from steward.wellknown.latch import PREPARED, turn_options
from tests.life.tenancy import LATCH, Tenancy

PATIENCE_SECONDS = 240
DEPLOYED, SEALED, NOTHING = "deployed", "sealed", "nothing"
STACK = f"cdktf.out/stacks/{NAME}"
POST_APPLY = f"python scripts/post_apply.py tenants/{NAME}.yaml"
CLOSE_ONLY = f"{POST_APPLY} --only close"
CLOSE = f"python scripts/close.py tenants/{NAME}.yaml"
PREFLIGHT = f"python scripts/preflight.py tenants/{NAME}.yaml --import-file {STACK}/import.tf.json"
DEPLOY_AGAIN = f"cdktf deploy {NAME}"
APPLY = f"terraform -chdir={STACK} apply"
TURN_BACK = shlex.join([*shlex.split(APPLY), *turn_options(PREPARED)])
_IDENTITIES = {"scripts/post_apply.py": scene.POST_APPLY, "scripts/close.py": scene.CLOSE}


@dataclass(frozen=True)
class Saved:
    """What a tenancy was like: the tenant, and Terraform's state."""

    tenant: Mapping[str, Any]
    state: bytes


@dataclass
class Hard:
    """One deployed tenancy with what a person needs around it: a folder with `scripts`, `tenants`, programs on PATH."""

    tenancy: Tenancy
    stack_text: str = field(init=False)
    file_text: str = field(init=False)
    saved: dict[str, Saved] = field(default_factory=dict)

    def __post_init__(self) -> None:
        folder = self.folder
        (folder / "scripts").symlink_to(ROOT / "scripts")
        (folder / "tenants").symlink_to(".")
        programs = folder / "bin"
        programs.mkdir()
        for name, command in {"python": sys.executable, "terraform": self.tenancy.terraform}.items():
            (programs / name).write_text(f'#!/bin/sh\nexec {shlex.quote(command)} "$@"\n')
            (programs / name).chmod(0o755)
        self.stack_text = self.stack_file.read_text()
        self.file_text = self.tenant_file.read_text()
        self.tenancy.deploy()
        self.saved[DEPLOYED] = self._save()

    @property
    def folder(self) -> Path:
        return self.tenancy.scene.folder

    @property
    def stack_file(self) -> Path:
        return self.tenancy.scene.stack / "cdk.tf.json"

    @property
    def tenant_file(self) -> Path:
        return self.folder / f"{NAME}.yaml"

    def begin(self, moment: str) -> None:
        """Bring back a moment of the life: nothing, deployed, sealed."""
        if moment == SEALED and SEALED not in self.saved:
            self.begin(DEPLOYED)
            self.tenancy.post_apply()
            self.saved[SEALED] = self._save()
        control = self.tenancy.scene.control
        control.clear_faults()
        for left in (*self.folder.glob("terraform.*"), *self.tenancy.scene.stack.glob("import.tf.json")):
            left.unlink()
        shutil.rmtree(self.folder / "evidence", ignore_errors=True)
        self.stack_file.write_text(self.stack_text)
        self.tenant_file.write_text(self.file_text)
        if moment == NOTHING:
            control.reset()
            return
        saved = self.saved[moment]
        control.load(saved.tenant)
        self.tenancy.state_file.write_bytes(saved.state)

    def _save(self) -> Saved:
        return Saved(self.tenancy.scene.control.export(), self.tenancy.state_file.read_bytes())

    def act(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Do something in the tenant by hand."""
        return self.tenancy.scene.control.act(method, path, body)

    def edit_state(self, change: Callable[[dict[str, Any]], None]) -> None:
        """Change Terraform's state, as somebody else's tool or another day would have left it."""
        state = json.loads(self.tenancy.state_file.read_text())
        change(state)
        self.tenancy.state_file.write_text(json.dumps(state))

    def edit_stack(self, before: str, after: str) -> None:
        """Change the synthesized stack, as other sources would have synthesized it."""
        text = self.stack_file.read_text()
        assert before in text
        self.stack_file.write_text(text.replace(before, after))

    def end_window(self) -> None:
        """Let the latch's end be a minute ago: Terraform's clock, which nothing can move, is asked by its plan."""
        ended = (datetime.now(UTC) - timedelta(minutes=1)).strftime("%Y-%m-%dT%H:%M:%SZ")

        def end(state: dict[str, Any]) -> None:
            latch = _latch(state)
            for side in ("input", "output"):
                latch[side]["value"]["until"] = ended

        self.edit_state(end)

    def phase(self) -> str:
        """Return the latch's phase by Terraform's state."""
        state = json.loads(self.tenancy.run_terraform("state", "pull").stdout)
        return str(_latch(state)["input"]["value"]["phase"])

    def paste(self, command: str) -> subprocess.CompletedProcess[str]:
        """Run a command line as a person would paste it, who says yes where Terraform asks."""
        if command.startswith(DEPLOY_AGAIN):
            # What cdktf runs once the stack is synthesized; the rehearsal runs cdktf itself.
            command = APPLY + command.removeprefix(DEPLOY_AGAIN).replace("--var ", "-var=")
        identity = next((who for script, who in _IDENTITIES.items() if script in command), scene.DEPLOY)
        environment = dict(self.tenancy.scene.environments[identity])
        environment["PATH"] = f"{self.folder / 'bin'}:{environment['PATH']}"
        return subprocess.run(
            ["/bin/sh", "-c", command],
            cwd=self.folder,
            env=environment,
            input="yes\n",
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE_SECONDS,
        )


def _latch(state: Mapping[str, Any]) -> dict[str, Any]:
    (latch,) = [entry for entry in state["resources"] if entry["type"] == LATCH.partition(".")[0]]
    attributes: dict[str, Any] = latch["instances"][0]["attributes"]
    return attributes
