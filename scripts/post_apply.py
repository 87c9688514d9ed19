"""After a deploy: proves MFA, gives the one-time consent, takes Global Administrator away, seals, settles and verifies.

Run it with the post-apply identity: `python scripts/post_apply.py tenants/<name>.yaml`. It may be killed and started
again at any time; it goes on from what the tenant shows.
"""

import argparse
import asyncio
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

if __name__ == "__main__":
    # Found from anywhere, so that a set-up that is missing is told by `scripts` and is no traceback.
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.browser import open_address
from scripts.console import Console
from scripts.operators_word import hear_operator
from scripts.program import poll_seconds, port, run_program, run_until_told, tenant_parser, way_to_close
from scripts.spelling import Spelling
from scripts.wiring import Wired, wire
from steward.config.loader import load_tenant
from steward.config.model import Tenant
from steward.config.sealed import write_sealed_on
from steward.consent import ConsentDesk
from steward.errors import ConfigError, ExitCode, worse
from steward.evidence import EvidenceFile, describe_tenant
from steward.lifecycle.lines import Line
from steward.lifecycle.post_apply import PostApply, close_only, post_apply, preview
from steward.lifecycle.runner import POLL_SECONDS, Runner
from steward.lifecycle.steps import PREFLIGHT
from steward.lifecycle.window import is_attended

Observe = Callable[[Line], None]


def parse(arguments: list[str]) -> argparse.Namespace:
    """Return the parsed arguments."""
    parser = tenant_parser("Consents once, demotes the account, and keeps no standing privilege.")
    parser.add_argument("--dry-run", action="store_true", help="show what would be done, and do nothing")
    parser.add_argument(
        "--only",
        choices=["close"],
        help="take the role away and nothing else; Terraform is used for the latch where it can be",
    )
    parser.add_argument(
        "--stack", type=Path, help="the synthesized stack's folder (default: cdktf.out/stacks/<tenant>)"
    )
    parser.add_argument(
        "--write-sealed-on", action="store_true", help="write account.sealed_on into the tenant file when sealed"
    )
    parser.add_argument(
        "--poll-seconds", type=poll_seconds, default=POLL_SECONDS, help="how often to look while a person has to act"
    )
    parser.add_argument(
        "--signed-in",
        action="store_true",
        help="your word that the awaited sign-in happened, where the sign-in log does not show it yet",
    )
    parser.add_argument(
        "--no-browser", action="store_true", help="open no browser for the consent; its address is printed in any case"
    )
    parser.add_argument(
        "--redirect-port",
        type=port,
        metavar="PORT",
        default=0,
        help="the port on localhost that the consent's answer comes back to (default: any that is free)",
    )
    return parser.parse_args(arguments)


def main(arguments: list[str], watch: Observe | None = None) -> ExitCode:
    """Parse the arguments and run; the exit code says how it ended. `watch` is told every line, besides the console."""
    parsed = parse(arguments)
    console = Console(is_quiet=parsed.quiet, spelling=Spelling(parsed.stack))

    def observe(line: Line) -> None:
        console.show(line)
        if watch is not None:
            watch(line)

    begun = asyncio.Event()
    with console.live():
        code = run_program(
            lambda: run_until_told(lambda: _run(parsed, console, observe, begun), refuses_to_sleep=console), console
        )
    if not begun.is_set():
        console.say(f"nothing was touched, and {way_to_close(parsed.tenant)}")
    return code


async def _run(parsed: argparse.Namespace, console: Console, observe: Observe, begun: asyncio.Event) -> ExitCode:
    is_close = parsed.only == "close"
    tenant = load_tenant(parsed.tenant, is_to_close=is_close)
    found: list[Line] = []

    def note(line: Line) -> None:
        if line.verb == "found":
            found.append(line)
        observe(line)

    async with wire(
        tenant,
        parsed.stack,
        needs_stack=not is_close,
        is_urgent=is_close,
        is_look=parsed.dry_run,
        observe=note,
    ) as wired:
        if parsed.dry_run:
            begun.set()
            result = await _preview(tenant, wired, note, is_close=is_close)
            _tell(parsed, console, tenant, result, None, found)
            return result.exit_code
        with ExitStack() as opened:
            evidence = await _open_evidence(tenant, wired, console, is_close=is_close)
            if evidence is not None:
                opened.enter_context(evidence)
            runner = Runner(
                tenant=tenant,
                session=wired.session,
                workspace=wired.workspace,
                evidence=evidence,
                observe=note,
                sink=wired.sink,
                poll_seconds=parsed.poll_seconds,
                operators_word=opened.enter_context(hear_operator(is_given=parsed.signed_in)),
                desk=_desk(parsed, tenant),
            )
            begun.set()
            result = PostApply(has_happened=partial(is_attended, tenant=tenant))
            console.expect(lambda: result.to_come)
            try:
                if is_close:
                    await close_only(
                        runner.run,
                        opens_window=tenant.opens_window,
                        consents_in_browser=tenant.consents_in_browser,
                        result=result,
                    )
                else:
                    await post_apply(
                        runner.run,
                        opens_window=tenant.opens_window,
                        consents_in_browser=tenant.consents_in_browser,
                        result=result,
                    )
            except asyncio.CancelledError:
                result.interrupt()
            result.judge_end()
            if evidence is not None:
                evidence.record("run", "ended", detail={"exit_code": int(result.exit_code)})
    if evidence is None or evidence.failure:
        console.say(f"evidence is incomplete: {evidence.failure if evidence else 'none could be written'}")
        result.exit_code = worse(result.exit_code, ExitCode.FINDINGS)
    _tell(parsed, console, tenant, result, evidence, found)
    if parsed.only == "close" and not parsed.json and result.is_sealed is False and result.privileged_roles == ():
        console.result(f"to consent and to seal: python scripts/post_apply.py {tenant.pasted}")
    _write_sealed_on(parsed, console, tenant, result)
    return result.exit_code


def _desk(parsed: argparse.Namespace, tenant: Tenant) -> ConsentDesk | None:
    if not tenant.consents_in_browser:
        return None
    return ConsentDesk(tenant, partial(open_address, is_declined=parsed.no_browser), parsed.redirect_port)


async def _open_evidence(tenant: Tenant, wired: Wired, console: Console, *, is_close: bool) -> EvidenceFile | None:
    about = describe_tenant(tenant)
    about["asked"] = {
        "elevation": tenant.elevation.value,
        "consent": tenant.consent.value,
        "sign_in": tenant.account.sign_in.value,
        "window_minutes": tenant.window_minutes,
    }
    if not is_close:
        about["engine"] = asdict(await wired.workspace.read_engine())
    caller = wired.session.caller
    try:
        return EvidenceFile(tenant.evidence / tenant.name, actor=caller.app_id or caller.object_id, about=about)
    except ConfigError as error:
        if not is_close:
            raise
        # A demotion does not wait for a disk; the exit code says that evidence is missing.
        console.fail(error)
        return None


async def _preview(tenant: Tenant, wired: Wired, observe: Observe, *, is_close: bool) -> PostApply:
    runner = Runner(
        tenant=tenant,
        session=wired.session,
        workspace=wired.workspace,
        evidence=None,
        observe=observe,
        sink=wired.sink,
    )
    return await preview(
        runner.preview,
        is_close_only=is_close,
        opens_window=tenant.opens_window,
        consents_in_browser=tenant.consents_in_browser,
    )


def _is_done(result: PostApply) -> bool:
    """Return whether the file may say that it is sealed, whatever else was found.

    A finding, such as a grant that was taken back, has its own exit code; to leave the second lock open for it would
    let a deploy without state grant the role again, and would mend nothing.
    """
    return bool(result.is_sealed) and result.privileged_roles == () and "blocked" not in result.steps.values()


def _tell(
    parsed: argparse.Namespace,
    console: Console,
    tenant: Tenant,
    result: PostApply,
    evidence: EvidenceFile | None,
    found: Sequence[Line],
) -> None:
    if parsed.json:
        console.result_json(
            {
                "tenant": tenant.name,
                "dry_run": parsed.dry_run,
                "interrupted": result.is_interrupted,
                "sealed": result.is_sealed,
                "privileged_roles": result.privileged_roles,
                "enabled": result.is_enabled,
                "plan": result.plan,
                "writes": result.writes,
                "steps": result.steps,
                "findings": [f"{line.step}: {line.subject}" for line in found],
                "exit_code": int(result.exit_code),
                "evidence": str(evidence.path) if evidence else None,
                "evidence_sha256": evidence.sha256 if evidence else None,
            }
        )
        return
    sealed = {True: "sealed", False: "not sealed", None: "the latch was not read"}[result.is_sealed]
    match result.privileged_roles:
        case None:
            privilege = "could not tell whether a privileged role is held"
        case ():
            privilege = "no privileged role by any path"
        case roles:
            privilege = f"{'holds' if parsed.dry_run else 'STILL HOLDS'} {', '.join(roles)}"
    if parsed.dry_run:
        account = {True: "enabled", False: "disabled", None: "not read"}[result.is_enabled]
        stands = f"{sealed}; {privilege}; account {account}; plan {result.plan or 'not made'}"
        console.result(f"{tenant.name}: {stands}; dry run; things to do: {result.writes}; nothing was touched")
        _tell_findings(console, found)
        return
    path = evidence.path if evidence else "none"
    ended = "interrupted; " if result.is_interrupted else ""
    console.result(f"{tenant.name}: {ended}{sealed}; {privilege}; writes: {result.writes}; evidence: {path}")
    if evidence is not None:
        console.result(f"evidence sha256, to keep elsewhere for verify_evidence.py --expect: {evidence.sha256}")
    _tell_what_is_left(console, tenant, result)
    _tell_findings(console, found)


def _tell_findings(console: Console, found: Sequence[Line]) -> None:
    """Say what an exit code is for that stands beside a good end."""
    if found:
        named = "; ".join(dict.fromkeys(f"{line.step}: {line.subject}" for line in found))
        console.result(f"findings: {len(found)}, whose reasons and next moves stand above: {named}")


def _tell_what_is_left(console: Console, tenant: Tenant, result: PostApply) -> None:
    unsettled = [name for name, state in result.steps.items() if state == "blocked"]
    if unsettled:
        console.result(f"not confirmed: {', '.join(unsettled)}; the reasons stand above")
    if list(result.steps) == [PREFLIGHT.name]:
        console.result("nothing was touched")
    if result.is_interrupted and result.privileged_roles == ():
        console.result("run again to go on from what the tenant shows")
    elif result.is_interrupted:
        console.result(f"take it away at once: python scripts/close.py {tenant.pasted}")


def _write_sealed_on(parsed: argparse.Namespace, console: Console, tenant: Tenant, result: PostApply) -> None:
    if not _is_done(result) or result.is_interrupted or tenant.account.sealed_on is not None:
        return
    today = datetime.now(UTC).date()
    if not parsed.write_sealed_on:
        if not parsed.json:
            console.result(f"put this under account in {parsed.tenant}, and commit it:  sealed_on: {today.isoformat()}")
        return
    try:
        write_sealed_on(parsed.tenant, today)
    except ConfigError as error:
        console.fail(error)
        result.exit_code = worse(result.exit_code, ExitCode.FINDINGS)
    else:
        console.say(f"wrote sealed_on: {today.isoformat()} into {parsed.tenant}; commit it")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
