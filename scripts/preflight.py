"""Before the first deploy: lists everything that would make it fail, and touches nothing.

Run it with the deploying identity: `python scripts/preflight.py tenants/<name>.yaml`.
"""

import argparse
import sys

from scripts.console import Console
from scripts.program import run_program, run_until_told, tenant_parser
from scripts.wiring import wire
from steward.config.loader import load_tenant
from steward.errors import ExitCode
from steward.lifecycle.runner import Runner
from steward.lifecycle.steps import PREFLIGHT_DEPLOY


def main(arguments: list[str]) -> ExitCode:
    """Parse the arguments and run; the exit code says how it ended."""
    parsed = tenant_parser("Lists what a deploy of this tenant would lack.").parse_args(arguments)
    console = Console(is_quiet=parsed.quiet)
    return run_program(lambda: run_until_told(lambda: _run(parsed, console)), console)


async def _run(parsed: argparse.Namespace, console: Console) -> ExitCode:
    tenant = load_tenant(parsed.tenant)
    async with wire(tenant, needs_stack=False) as wired:
        runner = Runner(
            tenant=tenant, session=wired.session, workspace=wired.workspace, evidence=None, observe=console.show
        )
        outcome = await runner.preview(PREFLIGHT_DEPLOY)
    is_ready = not outcome.is_blocked
    if parsed.json:
        console.result_json({"tenant": tenant.name, "ready": is_ready, "exit_code": int(outcome.exit_code)})
    elif not is_ready:
        console.result(f"{tenant.name}: not ready; nothing was touched")
    elif tenant.account.sealed_on is not None:
        console.result(f"{tenant.name}: ready; sealed on {tenant.account.sealed_on}, so no deploy grants the role")
    else:
        console.result(f"{tenant.name}: ready; next: cdktf deploy {tenant.name}")
    return outcome.exit_code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
