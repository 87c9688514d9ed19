"""Terraform, run in one stack's folder: the latch read and turned, a full plan made, an empty one applied.

Everything is read from Terraform's JSON, and of that only an allow list of attributes: state and plan keep
sensitive values in clear. A process that is interrupted leaves the latch as it was.
"""

import asyncio
import json
import shlex
import signal
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from steward.acts import TerraformAct, TurnLatch
from steward.errors import RefusedError
from steward.facts import Absent, LatchState, PlannedChange, PlanState, Reading, StackState, Unreadable

LATCH = "terraform_data.latch"
ROLE_ASSIGNMENT = "azuread_directory_role_assignment"
_PLAN_FILE = "steward.tfplan"
_LOCK = "-lock-timeout=60s"
_CHANGED = 2


@dataclass(frozen=True)
class Engine:
    """What runs the stack: the program, its version, and which azuread provider stands in its folder."""

    program: str
    version: str
    provider: str


@dataclass(frozen=True)
class Workspace:
    """A synthesized stack's folder, the program that runs it, and the environment that it runs in."""

    folder: Path
    program: str
    environment: Mapping[str, str]

    def command(self, *arguments: str) -> str:
        """Return a command line that an operator can paste."""
        return f"terraform -chdir={shlex.quote(str(self.folder))} {shlex.join(arguments)}"

    def require_folder(self) -> None:
        """Raise `RefusedError` unless the stack has been synthesized here."""
        if not (self.folder / "cdk.tf.json").is_file():
            raise RefusedError(
                f"no synthesized stack in {self.folder}",
                why="cdk.tf.json is not there",
                next_move="run cdktf synth (or cdktf deploy) in the project's folder, or name the folder with --stack",
            )

    async def read_stack(self) -> Reading[StackState]:
        """Read the latch and the little else that is needed from the state."""
        run = await self._run("state", "pull")
        if run.code != 0:
            return Unreadable("Terraform's state", run.reason())
        if not run.output.strip():
            return Absent("Terraform's state")
        state = json.loads(run.output)
        instances = list(_instances(state))
        inputs = [
            attributes.get("input", {}).get("value", {})
            for kind, name, attributes in instances
            if (kind, name) == ("terraform_data", "latch")
        ]
        client_id = state.get("outputs", {}).get("application_client_id", {}).get("value")
        return StackState(
            latch=LatchState(phase=inputs[-1].get("phase", ""), until=inputs[-1].get("until", ""))
            if inputs
            else Absent("the latch"),
            has_role_assignment=any(kind == ROLE_ASSIGNMENT for kind, _, _ in instances),
            application_client_id=client_id,
        )

    async def read_plan(self) -> Reading[PlanState]:
        """Make a full plan and keep it, to be applied if it turns out to change nothing."""
        run = await self._run("plan", "-json", "-input=false", "-detailed-exitcode", _LOCK, f"-out={_PLAN_FILE}")
        if run.code not in {0, _CHANGED}:
            return Unreadable("Terraform's plan", run.reason())
        return PlanState(changes=tuple(_planned_changes(run.messages())) if run.code == _CHANGED else ())

    async def perform(self, act: TerraformAct) -> None:
        """Perform an act; raises `RefusedError` with Terraform's own words and the command that is left to run."""
        if isinstance(act, TurnLatch):
            arguments = turn_arguments(act.phase)
            run = await self._run("apply", "-json", "-input=false", "-auto-approve", _LOCK, *arguments)
            left = self.command("apply", *arguments)
        else:
            run = await self._run("apply", "-json", "-input=false", _LOCK, _PLAN_FILE)
            left = self.command("apply")
            self.forget_plan()
        if run.code != 0:
            raise RefusedError(f"Terraform could not perform {type(act).__name__}", why=run.reason(), next_move=left)

    def forget_plan(self) -> None:
        """Delete a plan file that is left; it holds the state's values in clear."""
        (self.folder / _PLAN_FILE).unlink(missing_ok=True)

    async def read_engine(self) -> Engine:
        """Return which program and which provider run here."""
        run = await self._run("version", "-json")
        version = "unknown"
        if run.code == 0:
            version = json.loads(run.output).get("terraform_version", "unknown")
        product = "OpenTofu" if Path(self.program).name == "tofu" else "Terraform"
        return Engine(program=product, version=version, provider=self._provider())

    async def ensure_initialized(self) -> None:
        """Run `init` where the folder has never been initialised; raises `RefusedError` when that fails."""
        if (self.folder / ".terraform").is_dir():
            return
        run = await self._run("init", "-input=false", "-no-color")
        if run.code != 0:
            raise RefusedError(
                f"terraform init failed in {self.folder}",
                why=run.reason(),
                next_move=self.command("init"),
            )

    def _provider(self) -> str:
        installed = sorted((self.folder / ".terraform" / "providers").glob("*/hashicorp/azuread/*/*/*"))
        if not installed:
            return "none installed"
        with installed[-1].open("rb") as executable:
            is_script = executable.read(2) == b"#!"
        version = installed[-1].parents[1].name
        return f"hashicorp/azuread {version}" + (" (rehearsal)" if is_script else "")

    async def _run(self, *arguments: str) -> "_Run":
        try:
            process = await asyncio.create_subprocess_exec(
                self.program,
                *arguments,
                cwd=self.folder,
                env=dict(self.environment),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
            )
        except OSError as error:
            return _Run(127, "", f"{self.program} could not be started: {error.strerror}")
        try:
            output, errors = await process.communicate()
        except asyncio.CancelledError:
            # Terraform is told to stop as Ctrl-C would tell it, and waited for: it writes its state and frees its lock.
            process.send_signal(signal.SIGINT)
            await process.communicate()
            raise
        code = process.returncode if process.returncode is not None else -1
        return _Run(code, output.decode(errors="replace"), errors.decode(errors="replace"))


@dataclass(frozen=True)
class _Run:
    code: int
    output: str
    errors: str

    def messages(self) -> Iterator[dict[str, Any]]:
        for line in self.output.splitlines():
            if line.startswith("{"):
                yield json.loads(line)

    def reason(self) -> str:
        diagnostics = [
            message["diagnostic"]
            for message in self.messages()
            if message.get("type") == "diagnostic" and message["diagnostic"].get("severity") == "error"
        ]
        if diagnostics:
            return "; ".join(
                f"{entry['summary']}: {' '.join(entry.get('detail', '').split())}" for entry in diagnostics
            )
        words = " ".join(line.strip("│╷╵ ") for line in self.errors.splitlines() if line.strip("│╷╵ "))
        return words or f"exit code {self.code}"


def turn_arguments(phase: str) -> tuple[str, ...]:
    """Return the options that turn the latch and touch nothing else."""
    return (f"-target={LATCH}", f"-replace={LATCH}", f"-var=phase={phase}")


def _instances(state: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for resource in state.get("resources", ()):
        if resource.get("mode") == "managed":
            for instance in resource.get("instances", ()):
                # A replacement that was interrupted leaves the old object beside the new one, marked as deposed.
                if "deposed" in instance:
                    continue
                yield resource["type"], resource["name"], instance.get("attributes") or {}


def _planned_changes(messages: Iterator[dict[str, Any]]) -> Iterator[PlannedChange]:
    for message in messages:
        if message.get("type") == "planned_change":
            change = message["change"]
            yield PlannedChange(address=change["resource"]["addr"], actions=(change["action"],))
        elif message.get("type") == "outputs":
            for name, output in message["outputs"].items():
                if output.get("action", "noop") != "noop":
                    yield PlannedChange(address=f"output.{name}", actions=(output["action"],))
