"""Terraform for plans that are kept: initialised, planned into a file, shown, and that file applied.

A state that is locked, cannot be reached, or could not be written is told as what it is. A command that was broken off
leaves either no plan or a whole one.
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from steward.delivery.manifest import write_private
from steward.diagnostics import NOT_PERSISTED, STALE, find_lock, is_said
from steward.errored_state import ErroredState, StateVersion, find_errored, version_of
from steward.errors import FinalRefusalError, RefusedError, UnreadableError
from steward.local_state import restore_emptied
from steward.terraform import Workspace
from steward.wellknown.latch import PREPARED

_CHANGED = 2
# `init` tells in JSON only from Terraform 1.9 on.
_MOVED_BACKEND = "Backend configuration"
# Backends whose lock ends with the process, or the session, that took it: nothing of it can be left over.
_LOCKS_END_WITH_THEIR_PROCESS = frozenset({"local", "pg"})
_SESSIONS = (
    "SELECT a.pid, a.client_addr, a.backend_start, a.usename FROM pg_locks l JOIN pg_stat_activity a USING (pid) "
    "WHERE l.locktype = 'advisory' AND l.granted"
)


class LockedError(RefusedError):
    """Somebody else works on the state; nothing was done."""


class NotPersistedError(RefusedError):
    """Terraform did its work and could not write its state to the backend; it left it in a file."""


@dataclass(frozen=True)
class SavedPlans(Workspace):
    """A workspace whose plans are kept; `backend` is the kind that the tenant file names.

    For `lock_seconds` it is waited for whoever holds the state's lock.
    """

    backend: str = "local"
    lock_seconds: int = 60

    async def initialize(self) -> None:
        """Run `init`, which does little where nothing changed.

        Raises `RefusedError` where the state may still be in another backend, `UnreadableError` where `init` fails.
        """
        restored = restore_emptied(self.folder)
        if restored is not None:
            self.announce(f"{restored.name} was left empty by a write that was killed; its backup is put back")
        run = await self._run("init", "-input=false", "-no-color")
        if run.code == 0:
            return
        if f"Error: {_MOVED_BACKEND}" in run.errors and "changed" in run.errors:
            raise RefusedError(
                f"the backend in the tenant file is not the one that {self.folder} was initialised with",
                why="the state may still be in the old one, and a plan against an empty state makes everything anew",
                next_move=f"move it once: {self.command('init', '-migrate-state')}; or, where it was moved already: "
                f"{self.command('init', '-reconfigure')}",
            )
        raise UnreadableError(
            f"terraform init failed in {self.folder}, whose state is in the backend {self.backend}",
            why=run.reason(),
            next_move="nothing was touched: see whether the backend, and the provider's registry or mirror, can be "
            f"reached with this sign-in; then run it again ({self.command('init')})",
        )

    async def pull_state(self) -> Any:
        """Return the state as the backend has it, None where there is none; raises `UnreadableError`."""
        run = await self._run("state", "pull", seconds=self.read_seconds)
        try:
            if run.code == 0:
                return json.loads(run.output) if run.output.strip() else None
            why = run.reason()
        except ValueError as error:
            why = f"it is no JSON: {error}"
        raise UnreadableError(
            f"the state cannot be read from the backend {self.backend}",
            why=why,
            next_move="nothing was touched: bring the backend back, or sign in to it, then run it again",
        )

    async def read_state_version(self) -> StateVersion | None:
        """Return the version of the state, None where there is none yet."""
        return version_of(await self.pull_state())

    async def plan_into(self, file: Path) -> bool:
        """Plan with the latch at `prepared` into a file; return whether anything would change."""
        run = await self._run(
            "plan", "-json", "-input=false", "-detailed-exitcode", self._lock, f"-var=phase={PREPARED}", f"-out={file}"
        )
        if run.code in {0, _CHANGED}:
            return run.code == _CHANGED
        self._require_lock(run.diagnostics(), run.began())
        raise RefusedError(
            "Terraform could not plan", why=run.reason(), next_move="nothing was touched: mend it, then run it again"
        )

    async def show(self, file: Path) -> bytes:
        """Return a plan's JSON, which holds sensitive values in clear."""
        run = await self._run("show", "-json", "-no-color", str(file))
        if run.code != 0:
            raise RefusedError(
                f"Terraform cannot read {file.name}",
                why=run.reason(),
                next_move="plan again, with the Terraform and the provider that apply it",
            )
        return run.output.encode()

    async def apply(self, file: Path) -> None:
        """Apply a plan file as it is; raises `RefusedError` with what is left to do."""
        run = await self._run("apply", "-json", "-input=false", self._lock, str(file))
        if run.code == 0:
            return
        diagnostics = run.diagnostics()
        self._require_lock(diagnostics, run.began())
        if is_said(diagnostics, STALE):
            raise moved_state("Terraform calls the plan stale: the state was written since it was made")
        if is_said(diagnostics, NOT_PERSISTED) or find_errored(self.folder):
            raise NotPersistedError(
                "Terraform could not write its state to the backend",
                why=run.reason(),
                next_move=self._keep_errored(),
            )
        raise RefusedError(
            "the apply ended half-way",
            why=run.reason(),
            next_move="what was made stands in the state: mend the reason, then plan again and have that plan approved",
        )

    async def recover_errored(self, *elsewhere: Path) -> str | None:
        """Bring a state that could not be written back to its backend; return what was done, None where none is left.

        It is looked for in the stack's folder and in the others named. Raises `RefusedError` where the backend's state
        went on without it, `UnreadableError` where the backend does not answer.
        """
        told = None
        for folder in (self.folder, *elsewhere):
            errored = find_errored(folder)
            if errored is not None:
                told = await self._recover(errored) or told
        return told

    async def _recover(self, errored: ErroredState) -> str | None:
        state = await self.pull_state()
        if errored.is_contained_in(state):
            errored.discard()
            return None
        if not errored.follows(state):
            raise FinalRefusalError(
                f"the state in the backend went on without {errored.file}",
                why=f"the file has {_words(errored.version)}, the backend has {_words(version_of(state))}",
                next_move="nothing was touched: compare the two by hand; what only the file names is taken in by the "
                "import.tf.json that scripts/preflight.py writes out; then take the file away",
            )
        push = ("state", "push", str(errored.file))
        run = await self._run("state", "push", self._lock, str(errored.file))
        if run.code != 0 or not errored.is_contained_in(await self.pull_state()):
            self._require_lock(run.diagnostics(), run.began())
            raise RefusedError(
                f"the state in {errored.file} could not be brought back to the backend {self.backend}",
                why=run.reason() if run.code else "the backend took it, and shows another one",
                next_move=f"keep the file; bring the backend back, then run it again, or {self.command(*push)}",
            )
        errored.discard()
        return f"{errored.file.name}, {_words(errored.version)}, is back in the backend {self.backend}"

    def _keep_errored(self) -> str:
        errored = find_errored(self.folder)
        if errored is None:
            return "plan again: what was made and is not in the state is named by scripts/preflight.py"
        return (
            f"keep {errored.file}, which holds it, values in clear; once the backend is back the next run of plan.py "
            f"or apply.py brings it back, or {self.command('state', 'push', str(errored.file))}"
        )

    @property
    def _lock(self) -> str:
        return f"-lock-timeout={self.lock_seconds}s"

    def _require_lock(self, diagnostics: Sequence[Mapping[str, Any]], began: datetime | None) -> None:
        """Raise `LockedError` when the command failed because somebody else holds the lock."""
        holder = find_lock(diagnostics, began)
        if holder is None:
            return
        if self.backend in _LOCKS_END_WITH_THEIR_PROCESS:
            ends = "the lock goes with the process that took it"
            ask = f'; the database says which session that is: psql -c "{_SESSIONS}"' if self.backend == "pg" else ""
            next_move = f"nothing was touched: wait until that run is over, then run it again; {ends}{ask}"
        else:
            where = f" on {holder.who.partition('@')[2]}" if "@" in holder.who else ""
            unlock = self.command("force-unlock", holder.lock_id or "<lock id>")
            next_move = (
                "nothing was touched: wait until that run is over, then run it again. A run that was killed leaves its "
                f"lock: make sure first that no Terraform runs{where} and no pipeline's job is under way, and only "
                f"then {unlock}"
            )
        raise LockedError(
            f"the state is locked; it was waited for {self.lock_seconds} s", why=str(holder), next_move=next_move
        )


def moved_state(why: str) -> RefusedError:
    """Return the refusal of a plan whose state is another one by now."""
    return RefusedError(
        "the state has moved since the plan was made",
        why=why,
        next_move="nothing was touched: plan again, and have the new plan approved",
    )


def keep_copy(folder: Path, target: Path) -> None:
    """Copy a state that could not be written beside the plan, for a pipeline whose folders do not outlive the job."""
    errored = find_errored(folder)
    if errored is not None and errored.file.parent != target.resolve():
        write_private(target / errored.file.name, errored.file.read_bytes())


def _words(version: StateVersion | None) -> str:
    return f"serial {version.serial} of {version.lineage}" if version else "no state"


async def settle_errored(plans: SavedPlans, *, attempts: int = 3, pause_seconds: float = 5.0) -> bool:
    """Try a few times to bring back what has just failed to be written; return whether it is in the backend."""
    for attempt in range(attempts):
        if attempt:
            await asyncio.sleep(pause_seconds)
        try:
            await plans.recover_errored()
        except (RefusedError, UnreadableError):
            continue
        return True
    return False
