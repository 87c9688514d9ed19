"""Retires a tenant: the account closed and locked out, the grants taken back, then the stack destroyed by Terraform.

`python scripts/retire.py tenants/<name>.yaml` asks for the tenant's name; a pipeline says `--yes`. It may be killed and
started again at any time. What stays in the recycle bin is named, for somebody to delete for good.
"""

import argparse
import sys
from dataclasses import asdict
from pathlib import Path

if __name__ == "__main__":
    # Found from anywhere, so that a set-up that is missing is told by `scripts` and is no traceback.
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.console import Console
from scripts.program import run_program, run_until_told, tenant_parser, way_to_close
from scripts.spelling import Spelling
from scripts.wiring import Wired, wire
from steward.config.loader import load_tenant
from steward.config.model import Tenant
from steward.errors import ConfigError, ExitCode, worse
from steward.evidence import EvidenceFile, describe_tenant
from steward.lifecycle.lines import Line
from steward.lifecycle.post_apply import PostApply
from steward.lifecycle.retiring import preview_retirement, retire
from steward.lifecycle.runner import Runner
from steward.lifecycle.steps import REMAINS


def parse(arguments: list[str]) -> argparse.Namespace:
    """Return the parsed arguments."""
    parser = tenant_parser("Retires a tenant: takes everything away that its stack and its consent gave.")
    parser.add_argument("--yes", action="store_true", help="your confirmation, where nobody can be asked")
    parser.add_argument("--dry-run", action="store_true", help="show what would be done, and do nothing")
    parser.add_argument(
        "--stack", type=Path, help="the synthesized stack's folder (default: cdktf.out/stacks/<tenant>)"
    )
    return parser.parse_args(arguments)


def main(arguments: list[str]) -> ExitCode:
    """Parse the arguments and run; the exit code says how it ended."""
    parsed = parse(arguments)
    console = Console(is_quiet=parsed.quiet, spelling=Spelling(parsed.stack))
    code = run_program(lambda: _start(parsed, console), console)
    if code is not ExitCode.WELL and not parsed.dry_run:
        console.say(way_to_close(parsed.tenant))
    return code


def _start(parsed: argparse.Namespace, console: Console) -> ExitCode:
    tenant = load_tenant(parsed.tenant)
    if not parsed.dry_run and not parsed.yes:
        _require_confirmation(tenant, console)
    return run_until_told(lambda: _run(parsed, console, tenant))


def _require_confirmation(tenant: Tenant, console: Console) -> None:
    """Raise `ConfigError` unless somebody types the tenant's name."""
    is_asked = sys.stdin is not None and sys.stdin.isatty()
    if is_asked:
        console.say(f"this deletes {tenant.account.login} of {tenant.name}, its policy, its application and its grants")
        console.say(f"type {tenant.name} to go on:")
    if not is_asked or sys.stdin.readline().strip() != tenant.name:
        raise ConfigError(
            f"{tenant.name} is not retired: nobody confirmed it",
            why="a retirement deletes the account and the application, and begins only once its name was typed",
            next_move="type the tenant's name when asked, or give --yes; --dry-run shows what would be done",
        )


async def _run(parsed: argparse.Namespace, console: Console, tenant: Tenant) -> ExitCode:
    remains: list[Line] = []

    def observe(line: Line) -> None:
        console.show(line)
        is_left = "recycle bin" in line.reason or line.reason.startswith("left in the tenant")
        if line.step == REMAINS.name and line.verb == "already" and is_left:
            remains.append(line)

    async with wire(tenant, parsed.stack, needs_stack=True, is_look=parsed.dry_run, observe=observe) as wired:
        if parsed.dry_run:
            runner = Runner(
                tenant=tenant, session=wired.session, workspace=wired.workspace, evidence=None, observe=observe
            )
            result = await preview_retirement(runner.preview)
            _tell(parsed, console, tenant, result, None, remains)
            return result.exit_code
        with await _open_evidence(tenant, wired) as evidence:
            runner = Runner(
                tenant=tenant, session=wired.session, workspace=wired.workspace, evidence=evidence, observe=observe
            )
            result = (await retire(runner.run)).judge_end()
            evidence.record("run", "ended", detail={"exit_code": int(result.exit_code)})
    if evidence.failure:
        console.say(f"evidence is incomplete: {evidence.failure}")
        result.exit_code = worse(result.exit_code, ExitCode.FINDINGS)
    _tell(parsed, console, tenant, result, evidence, remains)
    return result.exit_code


async def _open_evidence(tenant: Tenant, wired: Wired) -> EvidenceFile:
    caller = wired.session.caller
    about = {**describe_tenant(tenant), "engine": asdict(await wired.workspace.read_engine())}
    return EvidenceFile(tenant.evidence / tenant.name, actor=caller.app_id or caller.object_id, about=about)


def _is_retired(result: PostApply) -> bool:
    return result.steps.get(REMAINS.name) == "confirmed"


def _tell(
    parsed: argparse.Namespace,
    console: Console,
    tenant: Tenant,
    result: PostApply,
    evidence: EvidenceFile | None,
    remains: list[Line],
) -> None:
    if parsed.json:
        console.result_json(
            {
                "tenant": tenant.name,
                "dry_run": parsed.dry_run,
                "retired": _is_retired(result),
                "privileged_roles": result.privileged_roles,
                "remains": [{"what": line.subject, "how": line.reason} for line in remains],
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
    if evidence is not None:
        state = "retired" if _is_retired(result) else "not retired"
        console.result(f"{tenant.name}: {state}; writes: {result.writes}; evidence: {evidence.path}")
        console.result(f"evidence sha256, to keep elsewhere for verify_evidence.py --expect: {evidence.sha256}")
    unsettled = [name for name, state in result.steps.items() if state == "blocked"]
    if unsettled:
        console.result(f"not confirmed: {', '.join(unsettled)}; the reasons stand above; run again")
    for line in remains:
        console.result(f"remains: {line.subject}, {line.reason}")
    if any("recycle bin" in line.reason for line in remains):
        console.result(
            "delete what is in the recycle bin for good: Entra admin center, Users > Deleted users, and App "
            f"registrations > Deleted applications; then take {tenant.file} from the guard's list"
        )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
