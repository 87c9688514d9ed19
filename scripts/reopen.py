"""Opens a second window on a sealed tenant: Global Administrator for the settled account, with a reason and an end.

`python scripts/reopen.py tenants/<name>.yaml --reason "..." --minutes 30`. It goes through Graph alone and leaves the
latch and `sealed_on` as they are. It closes at the end, on Enter, and whatever interrupts it; a run that finds the role
held takes it away and opens nothing.
"""

import argparse
import sys
from asyncio import CancelledError
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    # Found from anywhere, so that a set-up that is missing is told by `scripts` and is no traceback.
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.console import Console
from scripts.operators_word import can_hear_operator, hear_operator
from scripts.program import poll_seconds, run_program, run_until_told, tenant_parser, way_to_close
from scripts.wiring import sign_in
from steward.config.loader import load_tenant
from steward.config.model import Tenant
from steward.errors import ExitCode, worse
from steward.evidence import EvidenceFile, describe_tenant
from steward.graph.session import GraphSession
from steward.lifecycle.post_apply import PostApply
from steward.lifecycle.reopening import Reopening, require_reopenable
from steward.lifecycle.runner import POLL_SECONDS, Runner
from steward.lifecycle.second_window import preview_reopening, reopen


def parse(arguments: list[str]) -> argparse.Namespace:
    """Return the parsed arguments."""
    parser = tenant_parser("Gives the settled account of a sealed tenant the role once more, with a reason and an end.")
    parser.add_argument("--reason", required=True, help="why; it stands in the evidence, and with P2 in the audit log")
    parser.add_argument("--minutes", type=int, required=True, help="how long, at most the tenant file's window_minutes")
    parser.add_argument("--dry-run", action="store_true", help="show what would be done, and do nothing")
    parser.add_argument(
        "--poll-seconds", type=poll_seconds, default=POLL_SECONDS, help="how often to look while the window is open"
    )
    return parser.parse_args(arguments)


def main(arguments: list[str]) -> ExitCode:
    """Parse the arguments and run; the exit code says how it ended."""
    parsed = parse(arguments)
    console = Console(is_quiet=parsed.quiet)
    code = run_program(
        lambda: run_until_told(lambda: _run(parsed, console), refuses_to_sleep=console),
        console,
        when_interrupted="no window was opened, and nothing was touched; run again to open one",
    )
    if code is ExitCode.BAD_INPUT:
        console.say(f"nothing was touched, and {way_to_close(parsed.tenant)}")
    return code


async def _run(parsed: argparse.Namespace, console: Console) -> ExitCode:
    tenant = load_tenant(parsed.tenant)
    require_reopenable(tenant, reason=parsed.reason, minutes=parsed.minutes)
    async with sign_in(tenant, is_urgent=True, observe=console.show) as session:
        reopening = Reopening(
            parsed.reason,
            parsed.minutes,
            clock=lambda: max(session.now(), datetime.now(UTC)),
            tenants_clock=session.now,
            hears_enter=can_hear_operator(),
        )
        if parsed.dry_run:
            runner = _runner(parsed, console, tenant, session, reopening=reopening)
            result = await preview_reopening(runner.preview)
            _tell(parsed, console, tenant, result, reopening, None)
            return result.exit_code
        caller = session.caller
        about = {
            **describe_tenant(tenant),
            "reopened_for": {"reason": parsed.reason, "minutes": parsed.minutes},
        }
        with ExitStack() as opened:
            evidence = opened.enter_context(
                EvidenceFile(tenant.evidence / tenant.name, actor=caller.app_id or caller.object_id, about=about)
            )
            word = opened.enter_context(hear_operator(is_given=False))
            runner = _runner(
                parsed, console, tenant, session, reopening=reopening, evidence=evidence, operators_word=word
            )
            result = PostApply()
            try:
                await reopen(runner.run, reopening, result)
            except CancelledError:
                result.interrupt()
            result.judge_end()
            evidence.record("run", "ended", detail={"exit_code": int(result.exit_code)})
    if evidence.failure:
        console.say(f"evidence is incomplete: {evidence.failure}")
        result.exit_code = worse(result.exit_code, ExitCode.FINDINGS)
    _tell(parsed, console, tenant, result, reopening, evidence)
    return result.exit_code


def _runner(parsed: argparse.Namespace, console: Console, tenant: Tenant, session: GraphSession, **more: Any) -> Runner:
    return Runner(
        tenant=tenant,
        session=session,
        workspace=None,
        observe=console.show,
        poll_seconds=parsed.poll_seconds,
        **{"evidence": None, **more},
    )


def _tell(
    parsed: argparse.Namespace,
    console: Console,
    tenant: Tenant,
    result: PostApply,
    reopening: Reopening,
    evidence: EvidenceFile | None,
) -> None:
    ends = reopening.state.ends
    if parsed.json:
        console.result_json(
            {
                "tenant": tenant.name,
                "dry_run": parsed.dry_run,
                "reason": parsed.reason,
                "minutes": parsed.minutes,
                "interrupted": result.is_interrupted,
                "opened": reopening.state.begins is not None,
                "ends": ends.isoformat(timespec="seconds") if ends else None,
                "privileged_roles": result.privileged_roles,
                "enabled": result.is_enabled,
                "writes": result.writes,
                "steps": result.steps,
                "exit_code": int(result.exit_code),
                "evidence": str(evidence.path) if evidence else None,
                "evidence_sha256": evidence.sha256 if evidence else None,
            }
        )
        return
    if parsed.dry_run:
        console.result(f"{tenant.name}: dry run; things to do: {result.writes}; nothing was touched")
        return
    _tell_in_words(console, tenant, result, reopening, evidence)


def _tell_in_words(
    console: Console, tenant: Tenant, result: PostApply, reopening: Reopening, evidence: EvidenceFile | None
) -> None:
    match result.privileged_roles:
        case None:
            privilege = "could not tell whether a privileged role is held"
        case ():
            privilege = "no privileged role by any path"
        case roles:
            privilege = f"STILL HOLDS {', '.join(roles)}"
    opened = "the window is closed" if result.privileged_roles == () else "the window is not known to be closed"
    if reopening.state.begins is None:
        opened = "no window was opened"
    if result.is_interrupted:
        opened = f"interrupted; {opened}"
    path = evidence.path if evidence else "none"
    console.result(f"{tenant.name}: {opened}; {privilege}; writes: {result.writes}; evidence: {path}")
    if evidence is not None:
        console.result(f"evidence sha256, to keep elsewhere for verify_evidence.py --expect: {evidence.sha256}")
    if result.privileged_roles != ():
        console.result(f"take it away at once: python scripts/close.py {tenant.pasted}")
    elif result.is_interrupted:
        console.result("run again to open another window")
    if result.is_enabled is False:
        console.result(
            f"the account is disabled; python scripts/post_apply.py {tenant.pasted} settles it with a new password"
        )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
