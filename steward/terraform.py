"""Terraform, run in one stack's folder: the latch read and turned, a full plan made, an empty one applied.

Everything is read from Terraform's JSON, and of that only an allow list of attributes: state and plan keep
sensitive values in clear. A process that is interrupted leaves the latch as it was.
"""

import asyncio
import json
import os
import re
import shlex
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from steward.acts import DestroyStack, GrantRole, LeaveOut, TerraformAct, TurnLatch
from steward.config.model import Tenant
from steward.diagnostics import diagnose, join_reasons
from steward.errored_state import find_newer
from steward.errors import ConfigError, FinalRefusalError, RefusedError
from steward.facts import (
    Absent,
    LatchState,
    PlannedChange,
    PlanState,
    Reading,
    StackState,
    StateRoleAssignment,
    Unreadable,
)
from steward.local_state import find_emptied, restore_emptied
from steward.wellknown.latch import LATCH, turn_options
from steward.wellknown.latch import ROLE_ASSIGNMENT as ROLE_ADDRESS

ROLE_ASSIGNMENT = "azuread_directory_role_assignment"
_LOCK = "-lock-timeout=60s"
# Another of our runs holds it for some seconds; whoever holds it longer is a deploy, or is gone and left it.
_SHORT_LOCK = "-lock-timeout=20s"
_CHANGED = 2
# What a shell and coreutils' timeout would return.
_NOT_STARTED, _TIMED_OUT = 127, 124
# How long Terraform may take. A backend or a provider that hangs must not keep a role standing; the longer ones are for
# plans and applies of a large tenant through a slow network.
READ_SECONDS = 120.0
_WORK_SECONDS = 900.0
# How long Terraform may take to write its state and free its lock once it is told to stop.
_STOP_SECONDS = 15.0
# One that only reads has neither.
_STOP_READING_SECONDS = 2.0
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_OPENTOFU = ".opentofu.org/"
_REGISTRIES = frozenset({"registry.terraform.io", "registry.opentofu.org"})
_READING = frozenset({"state", "validate", "version"})
# A provider that is served beside Terraform, and the words by which Terraform warns of one on the disk:
# https://developer.hashicorp.com/terraform/cli/config/config-file#development-overrides-for-provider-developers
# and https://developer.hashicorp.com/terraform/plugin/debugging, read November 2026.
_ATTACHED = "TF_REATTACH_PROVIDERS"
_OVERRIDDEN = "Provider development overrides are in effect"
_TOLD_AFTER_SECONDS = 5.0


@dataclass(frozen=True)
class Engine:
    """What runs the stack: the program, its version, and which azuread provider stands in its folder."""

    program: str
    version: str
    provider: str


@dataclass(frozen=True)
class Workspace:
    """A synthesized stack's folder, the program that runs it, its environment, and a private folder for plans.

    `announce` is told when Terraform takes long; a read of the state that takes `read_seconds` has failed. `distrust`
    says why the stack is not the tenant's, whose state then tells nothing. With `leaves_disk_alone` a local state
    is not put right.
    """

    folder: Path
    program: str
    environment: Mapping[str, str]
    scratch: Path
    read_seconds: float = READ_SECONDS
    distrust: str | None = None
    leaves_disk_alone: bool = False
    announce: Callable[[str], None] = lambda _: None

    @property
    def _plan_file(self) -> str:
        """Return where a plan is kept between making and applying it; it holds the state's values in clear."""
        return str(self.scratch / "full.tfplan")

    def command(self, *arguments: str) -> str:
        """Return a command line that an operator can paste."""
        return f"{Path(self.program).name} -chdir={shlex.quote(str(self.folder))} {shlex.join(arguments)}"

    def require_stack_of(self, tenant: Tenant) -> None:
        """Raise `ConfigError` unless the tenant's stack has been synthesized here."""
        file = self.folder / "cdk.tf.json"
        try:
            stack = json.loads(file.read_text(encoding="utf-8"))
            (provider,) = stack["provider"]["azuread"]
            tenant_id, login = provider.get("tenant_id"), _login_of(stack)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise ConfigError(
                f"no synthesized stack in {self.folder}",
                why=f"{file.name} cannot be read: {error}",
                next_move="run cdktf synth (or cdktf deploy) in the project's folder, or name the folder with --stack",
            ) from None
        next_move = "name the right folder with --stack, or synthesize again"
        if tenant_id != tenant.tenant.id:
            raise ConfigError(
                f"the stack in {self.folder} is another tenant's",
                why=f"it is for {tenant_id}, and {tenant.file} is about {tenant.tenant.id}",
                next_move=next_move,
            )
        if login != tenant.account.login:
            raise ConfigError(
                f"the stack in {self.folder} is not this tenant file's",
                why=f"it declares the account {login}, and {tenant.file} names {tenant.account.login}",
                next_move=next_move,
            )

    async def read_stack(self) -> Reading[StackState]:
        """Read the latch and the little else that is needed from the state, which a killed write may have emptied."""
        barred = self.distrust or self._why_emptied()
        if barred is not None:
            return Unreadable("Terraform's state", barred)
        restored = None if self.leaves_disk_alone else restore_emptied(self.folder)
        if restored is not None:
            self.announce(f"{restored.name} was left empty by a write that was killed; its backup is put back")
        state = await self._pull()
        if isinstance(state, Absent | Unreadable):
            return state
        instances = list(_instances(state))
        inputs = [
            (attributes.get("input") or {}).get("value") or {}
            for kind, name, attributes in instances
            if (kind, name) == ("terraform_data", "latch")
        ]
        client_id = state.get("outputs", {}).get("application_client_id", {}).get("value") or next(
            # An apply that failed may have left the outputs of the one before.
            (attributes.get("client_id") for kind, _, attributes in instances if kind == "azuread_application"),
            None,
        )
        return StackState(
            latch=LatchState(phase=inputs[-1].get("phase", ""), until=inputs[-1].get("until", ""))
            if inputs
            else Absent("the latch"),
            has_role_assignment=any(kind == ROLE_ASSIGNMENT for kind, _, _ in instances),
            application_client_id=client_id,
            account_id=next(
                (
                    attributes.get("object_id")
                    for kind, name, attributes in instances
                    if (kind, name) == ("azuread_user", "service_account")
                ),
                None,
            ),
            role_assignments=tuple(
                StateRoleAssignment(
                    # The provider's ids are paths; Graph's own id is the last part.
                    assignment_id=str(attributes.get("id") or "").rpartition("/")[2],
                    principal_id=str(attributes.get("principal_object_id") or ""),
                )
                for kind, _, attributes in instances
                if kind == ROLE_ASSIGNMENT and attributes.get("id")
            ),
            addresses=frozenset(f"{kind}.{name}" for kind, name, _ in instances),
        )

    def _why_emptied(self) -> str | None:
        """Return why the state tells nothing to who only looks, None where it may."""
        emptied = find_emptied(self.folder) if self.leaves_disk_alone else None
        if emptied is None:
            return None
        return f"{emptied.name} was left empty by a write that was killed; a look leaves it so, post_apply mends it"

    async def _pull(self) -> Reading[dict[str, Any]]:
        run = await self._run("state", "pull", seconds=self.read_seconds)
        if run.code != 0:
            return Unreadable("Terraform's state", run.reason())
        try:
            state = json.loads(run.output) if run.output.strip() else None
        except ValueError as error:
            return Unreadable("Terraform's state", f"it is no JSON: {error}")
        errored = find_newer(self.folder, state)
        if errored is not None:
            push = self.command("state", "push", errored.name)
            return Unreadable(
                "Terraform's state",
                f"a newer one could not be written to its backend and stands in {errored}; bring it back: {push}",
            )
        return Absent("Terraform's state") if state is None else state

    async def read_plan(self) -> Reading[PlanState]:
        """Make a full plan and keep it, to be applied if it turns out to change nothing."""
        run = await self._run("plan", "-json", "-input=false", "-detailed-exitcode", _LOCK, f"-out={self._plan_file}")
        if run.code not in {0, _CHANGED}:
            return Unreadable("Terraform's plan", run.reason())
        return PlanState(changes=tuple(_planned_changes(run.messages())) if run.code == _CHANGED else ())

    async def read_destroy_plan(self) -> Reading[PlanState]:
        """Make a plan that destroys what the state knows, and keep it to be applied."""
        options = ("-destroy", "-json", "-input=false", "-detailed-exitcode", _LOCK)
        run = await self._run("plan", *options, f"-out={self._plan_file}")
        if run.code not in {0, _CHANGED}:
            return Unreadable("Terraform's plan", run.reason())
        return PlanState(changes=tuple(_planned_changes(run.messages())) if run.code == _CHANGED else ())

    async def read_lock(self) -> Reading[bool]:
        """Return True when the state's lock can be had; the plan that tries it looks at the latch alone."""
        options = ("-json", "-input=false", "-refresh=false", _SHORT_LOCK, f"-target={LATCH}")
        run = await self._run("plan", *options)
        return True if run.code == 0 else Unreadable("the lock of Terraform's state", run.reason())

    async def perform(self, act: TerraformAct) -> None:
        """Perform an act; raises `RefusedError` with Terraform's own words and the command that is left to run."""
        if isinstance(act, TurnLatch):
            arguments = turn_options(act.phase)
            run = await self._run("apply", "-json", "-input=false", "-auto-approve", _LOCK, *arguments)
            left = self.command("apply", *arguments)
        elif isinstance(act, GrantRole):
            await self._plan_the_grant()
            run = await self._run("apply", "-json", "-input=false", _LOCK, self._plan_file)
            left = "run the script again"
        elif isinstance(act, DestroyStack):
            run = await self._run("apply", "-json", "-input=false", _LOCK, self._plan_file)
            left = self.command("destroy")
        elif isinstance(act, LeaveOut):
            run = await self._run("state", "rm", _LOCK, act.address)
            left = self.command("state", "rm", act.address)
        else:
            run = await self._run("apply", "-json", "-input=false", _LOCK, self._plan_file)
            left = self.command("apply")
        if run.code != 0:
            raise RefusedError(f"Terraform could not perform {type(act).__name__}", why=run.reason(), next_move=left)

    async def _plan_the_grant(self) -> None:
        """Make the plan that creates the role assignment; raises `RefusedError` where it would do anything else.

        Terraform takes in all that the assignment depends on, the account and its policy among it, and these do not
        change while the role is held.
        """
        target = f"-target={ROLE_ADDRESS}"
        run = await self._run("plan", "-json", "-input=false", _LOCK, target, f"-out={self._plan_file}")
        if run.code != 0:
            raise RefusedError("Terraform could not plan the grant", why=run.reason(), next_move="run the script again")
        planned = list(_planned_changes(run.messages()))
        others = [
            f"{'/'.join(change.actions)} {change.address}"
            for change in planned
            if change != PlannedChange(f"{ROLE_ADDRESS}[0]", ("create",))
        ]
        if not planned:
            raise FinalRefusalError(
                "the plan grants nothing",
                why="the synthesized stack declares no role assignment, or the state says that it is there",
                next_move="synthesize the stack from the tenant file as it is now, then run the script again",
            )
        if others:
            raise FinalRefusalError(
                "the grant is not planned alone",
                why=f"the plan would also make these changes: {', '.join(others)}",
                next_move="deploy these changes first, then run the script again",
            )

    async def read_engine(self) -> Engine:
        """Return which program and which provider run here."""
        run = await self._run("version", "-json", seconds=self.read_seconds)
        told = json.loads(run.output) if run.code == 0 else {}
        selections = told.get("provider_selections", {})
        chosen = sorted((version, address) for address, version in selections.items() if address.endswith("/azuread"))
        # OpenTofu may stand on PATH as terraform; it completes the addresses of providers by its own registry.
        is_opentofu = Path(self.program).name == "tofu" or any(_OPENTOFU in address for address in selections)
        product = "OpenTofu" if is_opentofu else "Terraform"
        provider = self._provider(*chosen[0]) if chosen else "none installed"
        return Engine(
            program=product,
            version=told.get("terraform_version", "unknown"),
            provider=f"{provider}{await self._read_override()}",
        )

    async def _read_override(self) -> str:
        """Return in brackets what runs in place of the provider that the lock file names, empty where nothing does.

        Overrides stand in the configuration of Terraform itself, which warns of them in any folder; in one without a
        stack no provider is started for it.
        """
        if "azuread" in self.environment.get(_ATTACHED, ""):
            return " (attached)"
        run = await self._run("validate", "-json", seconds=self.read_seconds, elsewhere=self.scratch)
        try:
            diagnostics = json.loads(run.output)["diagnostics"]
            warned = [each["detail"] for each in diagnostics if each["summary"] == _OVERRIDDEN]
        except (ValueError, KeyError, TypeError):
            return " (overrides not told)"
        return " (development override)" if any("azuread" in detail for detail in warned) else ""

    async def ensure_initialized(self) -> None:
        """Run `init` where the folder has never been initialised; raises `RefusedError` when that fails."""
        if (self.folder / ".terraform" / "providers").is_dir():
            return
        run = await self._run("init", "-input=false", "-no-color")
        if run.code != 0:
            raise RefusedError(
                f"terraform init failed in {self.folder}",
                why=run.reason(),
                next_move=self.command("init"),
            )

    def _provider(self, version: str, address: str) -> str:
        registry, _, source = address.partition("/")
        installed = sorted((self.folder / ".terraform" / "providers").glob(f"*/{source}/{version}/*/*"))
        is_script = False
        for path in installed:
            with path.open("rb") as executable:
                # The rehearsal provider is a script; the real one is a compiled program.
                is_script = executable.read(2) == b"#!"
        # One of the same name from anywhere else is another provider, and is called so.
        name = source if registry in _REGISTRIES else address
        return f"{name} {version}" + (" (rehearsal)" if is_script else "")

    async def _run(self, *arguments: str, seconds: float = _WORK_SECONDS, elsewhere: Path | None = None) -> "_Run":
        # What the environment names by a relative path is sought from the stack's folder all the same.
        begin = (f"-chdir={elsewhere}",) if elsewhere is not None else ()
        try:
            process = await asyncio.create_subprocess_exec(
                self.program,
                *begin,
                *arguments,
                cwd=self.folder,
                env=dict(self.environment),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                # Out of the terminal's process group: a second interrupt, the terminal's own, would kill it hard.
                start_new_session=True,
            )
        except OSError as error:
            return _Run(_NOT_STARTED, "", f"{self.program} could not be started: {error.strerror}")
        running = asyncio.ensure_future(process.communicate())
        grace = _STOP_READING_SECONDS if arguments[0] in _READING else _STOP_SECONDS
        try:
            output, errors = await self._await(running, arguments, seconds)
        except TimeoutError:
            await _stop(process, running, grace)
            backend = "the state's backend"
            waits_for = backend if arguments[0] == "state" else f"a provider, {backend} or its lock"
            why = f"terraform {arguments[0]} did not end within {seconds:.0f} s: it waits for {waits_for}"
            return _Run(_TIMED_OUT, "", why)
        except asyncio.CancelledError:
            await _stop(process, running, grace)
            raise
        code = process.returncode if process.returncode is not None else -1
        return _Run(code, output.decode(errors="replace"), errors.decode(errors="replace"))

    async def _await(
        self, running: "asyncio.Future[tuple[bytes, bytes]]", arguments: tuple[str, ...], seconds: float
    ) -> tuple[bytes, bytes]:
        """Await a process that runs, saying so when it takes long; raises `TimeoutError` when it takes too long."""
        soon = min(_TOLD_AFTER_SECONDS, seconds)
        with suppress(TimeoutError):
            return await asyncio.wait_for(asyncio.shield(running), soon)
        self.announce(f"terraform {arguments[0]} has run for {soon:.0f} s, and is given {seconds:.0f} s")
        return await asyncio.wait_for(asyncio.shield(running), seconds - soon)


async def _stop(
    process: asyncio.subprocess.Process, running: "asyncio.Future[tuple[bytes, bytes]]", grace: float
) -> None:
    """Stop Terraform as Ctrl-C would, so that it writes its state and frees its lock; then with what it started."""
    with suppress(ProcessLookupError):
        process.send_signal(signal.SIGINT)
    with suppress(TimeoutError):
        await asyncio.wait_for(asyncio.shield(running), grace)
        return
    # It is its session's leader; a provider that outlived it would keep the pipes open.
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    await running


@dataclass(frozen=True)
class _Run:
    code: int
    output: str
    errors: str

    def messages(self) -> Iterator[dict[str, Any]]:
        for line in self.output.splitlines():
            # What is cut off or meant for people is no message.
            with suppress(ValueError):
                message = json.loads(line)
                if isinstance(message, dict):
                    yield message

    def diagnostics(self) -> list[Mapping[str, Any]]:
        """Return the errors that Terraform told as JSON, or, where it knows none, that of a lock in its words."""
        told = [
            message["diagnostic"]
            for message in self.messages()
            if message.get("type") == "diagnostic" and message["diagnostic"].get("severity") == "error"
        ]
        return told or diagnose(self.errors)

    def began(self) -> datetime | None:
        """Return when the command began, by the first line of its JSON output."""
        for message in self.messages():
            with suppress(KeyError, TypeError, ValueError):
                return datetime.fromisoformat(message["@timestamp"])
        return None

    def reason(self) -> str:
        diagnostics = self.diagnostics()
        if diagnostics:
            return join_reasons(diagnostics, self.began())
        # `terraform state pull` takes no -no-color.
        errors = _COLOURS.sub("", self.errors)
        words = " ".join(line.strip("│╷╵ ") for line in errors.splitlines() if line.strip("│╷╵ "))
        return words or f"exit code {self.code}"


def _login_of(stack: Mapping[str, Any]) -> str | None:
    """Return the login that a synthesized stack declares."""
    users = stack.get("resource", {}).get("azuread_user", {})
    login = users.get("service_account", {}).get("user_principal_name")
    return str(login) if login else None


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
