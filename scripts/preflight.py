"""Before the first deploy: lists everything that would make it fail, and touches nothing.

Run it with the deploying identity: `python scripts/preflight.py tenants/<name>.yaml`.
"""

import argparse
import sys

from scripts.console import Console
from scripts.environment import find_terraform, read_sign_in, terraform_environment
from scripts.program import run_program, run_until_told, tenant_parser
from scripts.wiring import default_stack
from steward.config.loader import load_tenant
from steward.errors import ExitCode
from steward.graph.credentials import open_credential
from steward.graph.session import open_session
from steward.lifecycle.runner import Runner
from steward.lifecycle.steps import PREFLIGHT_DEPLOY
from steward.terraform import Workspace


def main(arguments: list[str]) -> ExitCode:
    """Parse the arguments and run; the exit code says how it ended."""
    parsed = tenant_parser("Lists what a deploy of this tenant would lack.").parse_args(arguments)
    console = Console(is_quiet=parsed.quiet)
    return run_program(lambda: run_until_told(lambda: _run(parsed, console)), console)


async def _run(parsed: argparse.Namespace, console: Console) -> ExitCode:
    tenant = load_tenant(parsed.tenant)
    cloud = tenant.tenant.cloud
    credential = open_credential(cloud, tenant.tenant.id, read_sign_in())
    workspace = Workspace(default_stack(tenant), find_terraform(), terraform_environment(cloud))
    async with open_session(cloud, credential) as session:
        runner = Runner(tenant=tenant, session=session, workspace=workspace, evidence=None, observe=console.show)
        outcome = await runner.preview(PREFLIGHT_DEPLOY)
    result = {
        "tenant": tenant.name,
        "ready": not outcome.is_blocked,
        "exit_code": int(outcome.exit_code),
    }
    if parsed.json:
        console.result_json(result)
    elif outcome.is_blocked:
        console.result(f"{tenant.name}: not ready; nothing was touched")
    else:
        console.result(f"{tenant.name}: ready; next: cdktf deploy {tenant.name}")
    return outcome.exit_code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
