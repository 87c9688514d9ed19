"""Takes Global Administrator away, from tenant files only: no Terraform, no state, no earlier evidence is needed.

`python scripts/close.py tenants/<name>.yaml` closes now. With `--guard` it looks once, for a scheduler, and closes only
what may not stand; with `--watch` it stays and looks again and again. One tenant's fault never stops the others.
"""

import argparse
import asyncio
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    # Found from anywhere, so that a set-up that is missing is told by `scripts` and is no traceback.
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.console import Console
from scripts.program import run_program, run_until_told, seconds_between, shared_parser, way_to_close
from scripts.wiring import open_workspace, sign_in
from steward.config.loader import load_tenant
from steward.config.model import Tenant
from steward.errors import ConfigError, ExitCode, StewardError, worse
from steward.evidence import EvidenceFile, describe_tenant
from steward.facts import Facts, RoleHoldings
from steward.graph.session import GraphSession
from steward.lifecycle.closing import close_alone, guard, preview_closing
from steward.lifecycle.guard_memory import NO_MEMORY, GuardMemory, read_memory, remember
from steward.lifecycle.lines import Line
from steward.lifecycle.ownership import is_missing
from steward.lifecycle.post_apply import PostApply
from steward.lifecycle.privilege import privileged
from steward.lifecycle.runner import Runner
from steward.lifecycle.steps import GUARD
from steward.terraform import Workspace

_INTERVAL_SECONDS, _SHORTEST_INTERVAL, _LONGEST_INTERVAL = 60.0, 0.1, 3600.0
# So many tenants are looked at side by side; each has its own sign-in and its own limits at Graph.
_AT_ONCE = 8


@dataclass(frozen=True)
class Looked:
    """How a tenant was found or left; `result` is None where its file, its sign-in or we ourselves failed.

    `is_cut_off` says that somebody broke the run off before anything was done here.
    """

    name: str
    exit_code: ExitCode
    result: PostApply | None = None
    evidence: EvidenceFile | None = None
    is_cut_off: bool = False


def parse(arguments: list[str]) -> argparse.Namespace:
    """Return the parsed arguments."""
    parser = shared_parser("Takes Global Administrator away, or guards that nobody keeps it.")
    parser.add_argument("tenants", nargs="+", type=Path, metavar="tenant", help="a tenant file; any number of them")
    parser.add_argument("--dry-run", action="store_true", help="show what would be done, and do nothing")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--guard", action="store_true", help="look once, and close only what may not stand")
    how.add_argument("--watch", action="store_true", help="guard until told to stop")
    parser.add_argument(
        "--interval",
        type=seconds_between(_SHORTEST_INTERVAL, _LONGEST_INTERVAL),
        default=_INTERVAL_SECONDS,
        help="seconds between two looks (default: %(default)s)",
    )
    parser.add_argument(
        "--stacks",
        type=Path,
        help="the guard reads each tenant's latch too, from its initialised stack in here (such as cdktf.out/stacks)",
    )
    return parser.parse_args(arguments)


def main(arguments: list[str]) -> ExitCode:
    """Parse the arguments and run; the exit code is the worst of the tenants'."""
    parsed = parse(arguments)
    console = Console(is_quiet=parsed.quiet)
    return run_program(lambda: run_until_told(lambda: _run(parsed, console), refuses_to_sleep=console), console)


async def _run(parsed: argparse.Namespace, console: Console) -> ExitCode:
    exit_code, is_cut_off = await _look_at_all(parsed, console)
    while parsed.watch and not is_cut_off:
        try:
            await asyncio.sleep(parsed.interval)
        except asyncio.CancelledError:
            # Told to stop between two looks: what the last one found stands.
            console.say("told to stop; nobody guards here any more, and what the last look found stands above")
            return exit_code
        exit_code, is_cut_off = await _look_at_all(parsed, console)
    return exit_code


async def _look_at_all(parsed: argparse.Namespace, console: Console) -> tuple[ExitCode, bool]:
    """Return the worst exit code, and whether somebody broke the look off."""
    turns = asyncio.Semaphore(_AT_ONCE)
    # By place, since a file may be named twice; whatever is not in it when all are over was broken off before its turn.
    done: dict[int, Looked] = {}

    async def in_turn(place: int, file: Path) -> None:
        async with turns:
            done[place] = await _contained(parsed, file, console)

    is_cut_off = False
    try:
        await asyncio.gather(*(in_turn(place, file) for place, file in enumerate(parsed.tenants)))
    except asyncio.CancelledError:
        is_cut_off = True
    looked = [
        done.get(place) or Looked(file.stem, ExitCode.COULD_NOT_TELL, is_cut_off=True)
        for place, file in enumerate(parsed.tenants)
    ]
    exit_code = ExitCode.COULD_NOT_TELL if is_cut_off else ExitCode.WELL
    if parsed.stacks is not None and not parsed.stacks.is_dir():
        why = "there is no such folder, so that no latch is read"
        next_move = "name the folder that holds the initialised stacks, such as cdktf.out/stacks, or leave it out"
        console.show(Line("guard", "found", f"--stacks {parsed.stacks}", why, next_move))
        exit_code = ExitCode.FINDINGS
    for each in looked:
        exit_code = worse(exit_code, each.exit_code)
    if parsed.json:
        tenants = [_as_json(each) for each in looked]
        console.result_json({"tenants": tenants, "dry_run": parsed.dry_run, "exit_code": int(exit_code)})
    else:
        for file, each in zip(parsed.tenants, looked, strict=True):
            console.result(_in_words(each, file, parsed))
    if is_cut_off:
        console.say("interrupted; a closing that had begun was carried to its end, and stands above")
    return exit_code, is_cut_off


async def _contained(parsed: argparse.Namespace, file: Path, console: Console) -> Looked:
    """Look at one tenant; whatever fails there is told and stays there."""
    try:
        return await _look_at(parsed, file, _named(console, file, is_alone=len(parsed.tenants) == 1))
    except StewardError as error:
        console.fail(error)
        console.say(f"{file.stem}: nothing was touched, and {way_to_close(file)}")
        return Looked(file.stem, error.exit_code)
    except Exception:  # noqa: BLE001  # a defect of ours at one tenant must not keep the others' roles standing
        console.say(traceback.format_exc())
        console.say("this is a defect of ours; nothing that signs in stands above, so please report it whole")
        return Looked(file.stem, ExitCode.DEFECT)


def _named(console: Console, file: Path, *, is_alone: bool) -> Callable[[Line], None]:
    def observe(line: Line) -> None:
        console.show(line, about="" if is_alone else file.stem)

    return observe


async def _look_at(parsed: argparse.Namespace, file: Path, observe: Callable[[Line], None]) -> Looked:
    tenant = load_tenant(file, is_to_close=True)
    is_guard = parsed.guard or parsed.watch
    async with sign_in(tenant, is_urgent=True, observe=observe) as session:
        with ExitStack() as opened:
            workspace = None
            if is_guard and parsed.stacks is not None:
                folder = parsed.stacks / tenant.name
                workspace = opened.enter_context(
                    open_workspace(tenant, folder, is_urgent=True, is_look=parsed.dry_run, observe=observe)
                )
                _tell_of_distrust(tenant, workspace, observe)
            visit = Visit(tenant, session, workspace, observe)
            if is_guard:
                return await visit.guard(is_dry_run=parsed.dry_run)
            return await visit.close(is_dry_run=parsed.dry_run)


def _tell_of_distrust(tenant: Tenant, workspace: Workspace, observe: Callable[[Line], None]) -> None:
    """Tell that a tenant's latch is not read, where one could say how long a window lasts."""
    if workspace.distrust and tenant.grants_by_latch and tenant.account.sealed_on is None:
        next_move = "synthesize and initialise the stack in that folder, or name the right one"
        observe(Line("guard", "unreadable", f"latch of {tenant.name}", workspace.distrust, next_move))


@dataclass(frozen=True)
class Visit:
    """One tenant, signed in to, with what it is looked at with."""

    tenant: Tenant
    session: GraphSession
    workspace: Workspace | None
    observe: Callable[[Line], None]

    async def close(self, *, is_dry_run: bool) -> Looked:
        """Close now; without evidence too, which the exit code then tells."""
        if is_dry_run:
            result = await preview_closing(self._runner(None).preview, self.tenant)
            return Looked(self.tenant.name, result.exit_code, result)
        with ExitStack() as opened:
            evidence = self._open_evidence(opened)
            result = PostApply()
            with _told_of_a_stop(result):
                await close_alone(self._runner(evidence).run, self.tenant, result)
            result.judge_end()
            self._end(evidence, result)
        return Looked(self.tenant.name, result.exit_code, result, evidence)

    async def guard(self, *, is_dry_run: bool) -> Looked:
        """Look; what is not well is looked at again, acted upon where that may be, and kept as evidence."""
        lines: list[Line] = []
        memory = self._read_memory()
        glanced = await self._runner(None, lines.append, memory=memory).preview(GUARD)
        result = PostApply()
        result.take(glanced)
        is_well = glanced.exit_code is ExitCode.WELL and not glanced.writes
        if is_well or is_dry_run:
            for line in lines:
                self.observe(line)
            if glanced.writes:
                result.exit_code = worse(result.exit_code, ExitCode.FINDINGS)
            evidence = None
        else:
            with ExitStack() as opened:
                evidence = self._open_evidence(opened)
                result = PostApply()
                with _told_of_a_stop(result):
                    await guard(self._runner(evidence, memory=memory).run, self.tenant, result)
                self._end(evidence, result)
        if not is_dry_run and not is_missing(glanced.facts.account):
            self._remember_look(glanced.facts, memory, result)
        return Looked(self.tenant.name, result.exit_code, result, evidence)

    @property
    def _folder(self) -> Path:
        return self.tenant.evidence / self.tenant.name

    def _read_memory(self) -> GuardMemory:
        memory = read_memory(self._folder)
        if memory.unread is not None:
            next_move = "nothing, unless somebody else writes there: this look begins a new one"
            self.observe(Line("guard", "unreadable", "what it remembered", memory.unread, next_move))
        return memory

    def _runner(
        self,
        evidence: EvidenceFile | None,
        observe: Callable[[Line], None] | None = None,
        *,
        memory: GuardMemory = NO_MEMORY,
    ) -> Runner:
        return Runner(
            tenant=self.tenant,
            session=self.session,
            workspace=self.workspace,
            evidence=evidence,
            observe=observe or self.observe,
            guard_memory=memory,
        )

    def _open_evidence(self, opened: ExitStack) -> EvidenceFile | None:
        about = describe_tenant(self.tenant)
        caller = self.session.caller
        try:
            return opened.enter_context(
                EvidenceFile(self._folder, actor=caller.app_id or caller.object_id, about=about)
            )
        except ConfigError as error:
            # A demotion does not wait for a disk; the exit code says that evidence is missing.
            self.observe(Line("evidence", "unreadable", error.what, error.why, error.next_move))
            return None

    def _end(self, evidence: EvidenceFile | None, result: PostApply) -> None:
        if evidence is not None:
            evidence.record("run", "ended", detail={"exit_code": int(result.exit_code)})
        if evidence is None or evidence.failure:
            why = evidence.failure if evidence else "none could be written"
            self.observe(Line("evidence", "found", "evidence is incomplete", str(why), "mend the folder, run again"))
            result.exit_code = worse(result.exit_code, ExitCode.FINDINGS)

    def _remember_look(self, facts: Facts, memory: GuardMemory, result: PostApply) -> None:
        if not isinstance(facts.roles, RoleHoldings) or not isinstance(facts.now, datetime):
            return
        # What was tried and still stands goes on being remembered.
        is_gone = result.privileged_roles == ()
        seen = set() if is_gone else {entry.role_template_id for entry in privileged(facts.roles)}
        is_whole = is_gone or not facts.roles.unreadable
        self._remember(memory.after(seen, facts.now, is_whole=is_whole), result)

    def _remember(self, memory: GuardMemory, result: PostApply) -> None:
        try:
            remember(self._folder, memory)
        except ConfigError as error:
            if not memory.first_seen:
                # Where nothing is held the next look loses nothing that takes a role away.
                return
            self.observe(Line("guard", "found", error.what, error.why, error.next_move))
            result.exit_code = worse(result.exit_code, ExitCode.FINDINGS)


@contextmanager
def _told_of_a_stop(result: PostApply) -> Iterator[None]:
    """Have a closing that somebody broke off told as it ended: it was carried to its end all the same."""
    try:
        yield
    except asyncio.CancelledError:
        result.interrupt()


def _as_json(looked: Looked) -> dict[str, Any]:
    result = looked.result
    return {
        "tenant": looked.name,
        "exit_code": int(looked.exit_code),
        "privileged_roles": result.privileged_roles if result else None,
        "enabled": result.is_enabled if result else None,
        "writes": result.writes if result else 0,
        "evidence": str(looked.evidence.path) if looked.evidence else None,
        "evidence_sha256": looked.evidence.sha256 if looked.evidence else None,
    }


def _in_words(looked: Looked, file: Path, parsed: argparse.Namespace) -> str:
    result = looked.result
    if looked.is_cut_off:
        return f"{looked.name}: interrupted before anything was done; {way_to_close(file)}"
    if result is None:
        return f"{looked.name}: not looked at; the reason stands above"
    match result.privileged_roles:
        case None:
            privilege = "could not tell whether a privileged role is held"
        case ():
            privilege = "no privileged role by any path"
        case roles:
            privilege = (
                f"holds {', '.join(roles)}" if looked.exit_code is ExitCode.WELL else f"HOLDS {', '.join(roles)}"
            )
    if parsed.dry_run:
        return f"{looked.name}: {privilege}; dry run; things to do: {result.writes}; nothing was touched"
    if result.is_interrupted and result.privileged_roles != ():
        privilege = f"{privilege}; {way_to_close(file)}"
    stamp = f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC " if parsed.watch else ""
    evidence = f"; evidence: {looked.evidence.path}, sha256 {looked.evidence.sha256}" if looked.evidence else ""
    return f"{stamp}{looked.name}: {privilege}; writes: {result.writes}{evidence}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
