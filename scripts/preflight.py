"""Before an identity does its work: lists everything that would make it fail, and touches nothing.

Run it with the deploying identity before the first deploy, `python scripts/preflight.py tenants/<name>.yaml`; with
`--identity` for the other ones. It writes one file, where `--import-file` names it: what Terraform is to take in.
"""

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path

if __name__ == "__main__":
    # Found from anywhere, so that a set-up that is missing is told by `scripts` and is no traceback.
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.console import Console
from scripts.program import run_program, run_until_told, tenant_parser
from scripts.wiring import wire
from steward.config.loader import load_tenant
from steward.errors import ExitCode
from steward.lifecycle.import_file import require_import_file, write_import_file
from steward.lifecycle.runner import Runner
from steward.lifecycle.step import Step
from steward.lifecycle.steps import (
    PREFLIGHT,
    PREFLIGHT_CLOSE,
    PREFLIGHT_DEPLOY,
    PREFLIGHT_GUARD,
    PREFLIGHT_PLAN,
    PREFLIGHT_REOPEN,
    PREFLIGHT_RETIRE,
)
from steward.lifecycle.steps.preflight_checks import import_blocks

# Whose work is checked, by which step, and what that identity does next.
_PREFLIGHTS: Mapping[str, tuple[Step, str]] = {
    "deploy": (PREFLIGHT_DEPLOY, "cdktf deploy {tenant.name}"),
    "post-apply": (PREFLIGHT, "python scripts/post_apply.py {tenant.pasted}"),
    "close": (PREFLIGHT_CLOSE, "python scripts/close.py {tenant.pasted}"),
    "guard": (PREFLIGHT_GUARD, "python scripts/close.py --guard {tenant.pasted}"),
    "reopen": (PREFLIGHT_REOPEN, 'python scripts/reopen.py {tenant.pasted} --reason "..." --minutes ...'),
    "retire": (PREFLIGHT_RETIRE, "python scripts/retire.py {tenant.pasted}"),
    "plan-only": (PREFLIGHT_PLAN, "terraform -chdir=cdktf.out/stacks/{tenant.name} plan"),
}


def main(arguments: list[str]) -> ExitCode:
    """Parse the arguments and run; the exit code says how it ended."""
    parser = tenant_parser("Lists what an identity's work on this tenant would lack.")
    parser.add_argument(
        "--identity",
        choices=sorted(_PREFLIGHTS),
        default="deploy",
        help="whose work to check, signed in as that identity (default: %(default)s)",
    )
    parser.add_argument(
        "--import-file",
        type=Path,
        metavar="FILE",
        help="where to write what Terraform is to take in of an earlier deploy (import.tf.json in the stack's folder)",
    )
    parsed = parser.parse_args(arguments)
    if parsed.import_file is not None and parsed.identity != "deploy":
        parser.error("--import-file is for the deploying identity's preflight")
    console = Console(is_quiet=parsed.quiet)
    return run_program(lambda: run_until_told(lambda: _run(parsed, console)), console)


async def _run(parsed: argparse.Namespace, console: Console) -> ExitCode:
    tenant = load_tenant(parsed.tenant)
    if parsed.import_file is not None:
        require_import_file(parsed.import_file)
    step, next_move = _PREFLIGHTS[parsed.identity]
    async with wire(tenant, needs_stack=step is PREFLIGHT, is_look=True) as wired:
        runner = Runner(
            tenant=tenant,
            session=wired.session,
            workspace=wired.workspace,
            evidence=None,
            observe=console.show,
            sink=wired.sink,
        )
        outcome = await runner.preview(step)
    is_ready = not outcome.is_blocked
    _write_imports(parsed, console, import_blocks(outcome.facts))
    if parsed.json:
        console.result_json({"tenant": tenant.name, "ready": is_ready, "exit_code": int(outcome.exit_code)})
    elif not is_ready:
        console.result(f"{tenant.name}: not ready; nothing was touched")
    elif step is PREFLIGHT_DEPLOY and tenant.account.sealed_on is not None:
        console.result(f"{tenant.name}: ready; sealed on {tenant.account.sealed_on}, so no deploy grants the role")
    else:
        console.result(f"{tenant.name}: ready; next: {next_move.format(tenant=tenant)}")
    return outcome.exit_code


def _write_imports(parsed: argparse.Namespace, console: Console, blocks: list[dict[str, str]]) -> None:
    if parsed.import_file is None:
        return
    if not blocks:
        console.say(f"{parsed.import_file}: not written, since there is nothing that Terraform has to take in")
        return
    write_import_file(parsed.import_file, blocks)
    console.say(f"{parsed.import_file}: written, for one apply as told above; remove it afterwards")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
