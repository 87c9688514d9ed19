"""After a deploy: proves MFA, gives the one-time consent, takes Global Administrator away, seals, settles and verifies.

Run it with the post-apply identity: `python scripts/post_apply.py tenants/<name>.yaml`. It may be killed and started
again at any time; it goes on from what the tenant shows.
"""

import argparse
import sys
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from scripts.console import Console
from scripts.environment import find_terraform, read_sign_in, terraform_environment
from scripts.program import run_program, run_until_told, tenant_parser
from scripts.wiring import default_stack
from steward.config.loader import load_tenant
from steward.config.model import Tenant
from steward.config.sealed import write_sealed_on
from steward.errors import ExitCode
from steward.evidence import EvidenceFile
from steward.graph.credentials import open_credential
from steward.graph.session import GraphSession, open_session
from steward.lifecycle.post_apply import PostApply, close_only, post_apply
from steward.lifecycle.runner import POLL_SECONDS, Line, Runner
from steward.lifecycle.steps import CLOSE, CONSENT, OPEN, PREFLIGHT, PROVE, SEAL, SETTLE
from steward.sink import open_sink
from steward.terraform import Workspace


def parse(arguments: list[str]) -> argparse.Namespace:
    """Return the parsed arguments."""
    parser = tenant_parser("Consents once, demotes the account, and keeps no standing privilege.")
    parser.add_argument("--dry-run", action="store_true", help="show what would be done, and do nothing")
    parser.add_argument("--only", choices=["close"], help="run this step alone, without Terraform")
    parser.add_argument(
        "--stack", type=Path, help="the synthesized stack's folder (default: cdktf.out/stacks/<tenant>)"
    )
    parser.add_argument(
        "--write-sealed-on", action="store_true", help="write account.sealed_on into the tenant file when sealed"
    )
    parser.add_argument(
        "--poll-seconds", type=float, default=POLL_SECONDS, help="how often to look while a person has to act"
    )
    return parser.parse_args(arguments)


def main(arguments: list[str], watch: Callable[[Line], None] | None = None) -> ExitCode:
    """Parse the arguments and run; the exit code says how it ended. `watch` is told every line, besides the console."""
    parsed = parse(arguments)
    console = Console(is_quiet=parsed.quiet)

    def observe(line: Line) -> None:
        console.show(line)
        if watch is not None:
            watch(line)

    return run_program(lambda: run_until_told(lambda: _run(parsed, console, observe)), console)


async def _run(parsed: argparse.Namespace, console: Console, observe: Callable[[Line], None]) -> ExitCode:
    tenant = load_tenant(parsed.tenant)
    cloud = tenant.tenant.cloud
    workspace = Workspace(parsed.stack or default_stack(tenant), find_terraform(), terraform_environment(cloud))
    credential = open_credential(cloud, tenant.tenant.id, read_sign_in())
    if parsed.only != "close":
        workspace.require_folder()
        await workspace.ensure_initialized()
    async with open_session(cloud, credential) as session:
        if parsed.dry_run:
            return await _preview(parsed, tenant, session, workspace, observe)
        with EvidenceFile(
            tenant.evidence / tenant.name,
            actor=session.caller.app_id or session.caller.object_id,
            about=await _about(parsed, tenant, workspace),
        ) as evidence:
            runner = Runner(
                tenant=tenant,
                session=session,
                workspace=workspace,
                evidence=evidence,
                observe=observe,
                sink=open_sink(tenant),
                poll_seconds=parsed.poll_seconds,
            )
            result = await (close_only if parsed.only == "close" else post_apply)(runner.run)
            evidence.record("run", "ended", detail={"exit_code": int(result.exit_code)})
        workspace.forget_plan()
    _tell(parsed, console, tenant, result, evidence.path)
    return result.exit_code


async def _about(parsed: argparse.Namespace, tenant: Tenant, workspace: Workspace) -> dict[str, Any]:
    about: dict[str, Any] = {"tenant": tenant.name, "tenant_id": tenant.tenant.id}
    if parsed.only != "close":
        about["engine"] = asdict(await workspace.read_engine())
    return about


async def _preview(
    parsed: argparse.Namespace,
    tenant: Tenant,
    session: GraphSession,
    workspace: Workspace,
    observe: Callable[[Line], None],
) -> ExitCode:
    runner = Runner(tenant=tenant, session=session, workspace=workspace, evidence=None, observe=observe)
    result = PostApply()
    # verify is left out: before anything is done it could only say that nothing has been done.
    steps = (CLOSE,) if parsed.only == "close" else (PREFLIGHT, PROVE, CONSENT, CLOSE, SEAL, OPEN, SETTLE)
    for step in steps:
        if not result.take(await runner.preview(step)) and step is PREFLIGHT:
            break
    workspace.forget_plan()
    return result.exit_code


def _tell(parsed: argparse.Namespace, console: Console, tenant: Tenant, result: PostApply, evidence: Path) -> None:
    today = datetime.now(UTC).date()
    is_done = result.is_sealed and result.privileged_roles == ()
    if is_done and parsed.write_sealed_on and tenant.account.sealed_on is None:
        write_sealed_on(parsed.tenant, today)
    if parsed.json:
        console.result_json(
            {
                "tenant": tenant.name,
                "sealed": result.is_sealed,
                "privileged_roles": result.privileged_roles,
                "enabled": result.is_enabled,
                "plan": result.plan,
                "writes": result.writes,
                "steps": result.steps,
                "exit_code": int(result.exit_code),
                "evidence": str(evidence),
            }
        )
        return
    match result.privileged_roles:
        case None:
            privilege = "could not tell whether a privileged role is held"
        case ():
            privilege = "no privileged role by any path"
        case roles:
            privilege = f"STILL HOLDS {', '.join(roles)}"
    sealed = "sealed" if result.is_sealed else "not sealed"
    console.result(f"{tenant.name}: {sealed}; {privilege}; {result.writes} writes; evidence: {evidence}")
    if list(result.steps) == [PREFLIGHT.name]:
        console.result(
            "nothing was touched; if the account holds the role now, "
            f"`python scripts/post_apply.py {parsed.tenant} --only close` takes it away"
        )
    if is_done and tenant.account.sealed_on is None and not parsed.write_sealed_on:
        console.result(f"put this under account in {parsed.tenant}, and commit it:  sealed_on: {today.isoformat()}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
