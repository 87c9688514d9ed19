"""Applies the plan that was approved, that very file: `python scripts/apply.py tenants/<name>.yaml --hash <sha256>`.

Run it with the deploying identity, in the checkout that was reviewed; post_apply comes after it. Every run that got as
far as signing in leaves evidence of who applied which hash, and what came of it.
"""

import argparse
import re
import sys
from dataclasses import asdict
from pathlib import Path

if __name__ == "__main__":
    # Found from anywhere, so that a set-up that is missing is told by `scripts` and is no traceback.
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.console import Console
from scripts.delivery import add_delivery_options, open_delivery, plan_folder, valid_hours
from scripts.program import run_program, run_until_told, tenant_parser
from scripts.review_options import add_fail_on, least_severity
from scripts.wiring import sign_in
from steward.config.loader import load_tenant
from steward.delivery.applying import Applied, apply_plan
from steward.delivery.planning import count_actions
from steward.errors import ExitCode, StewardError, worse
from steward.evidence import EvidenceFile, describe_tenant

_SHA256 = re.compile(r"[0-9a-f]{64}")


def sha256(text: str) -> str:
    """Return a hash in lower case; argparse tells of what is none."""
    if not _SHA256.fullmatch(text.lower()):
        raise argparse.ArgumentTypeError(f"{text} is no SHA-256; give the 64 hexadecimal digits that were approved")
    return text.lower()


def parse(arguments: list[str]) -> argparse.Namespace:
    """Return the parsed arguments."""
    parser = tenant_parser("Applies one plan file, if it is the approved one and still true.")
    parser.add_argument(
        "--plan", type=Path, help="the folder that plan.py wrote, or the plan in it (default: cdktf.out/plans/<tenant>)"
    )
    parser.add_argument("--hash", type=sha256, required=True, metavar="SHA256", help="the plan's hash as approved")
    add_fail_on(parser)
    add_delivery_options(parser)
    return parser.parse_args(arguments)


def main(arguments: list[str]) -> ExitCode:
    """Parse the arguments and run; the exit code says how it ended."""
    parsed = parse(arguments)
    console = Console(is_quiet=parsed.quiet)
    return run_program(lambda: run_until_told(lambda: _run(parsed, console)), console)


async def _run(parsed: argparse.Namespace, console: Console) -> ExitCode:
    tenant = load_tenant(parsed.tenant)
    folder = parsed.plan or plan_folder(tenant.name)
    folder = folder.parent if folder.is_file() else folder
    with open_delivery(tenant, parsed, console.show) as delivery:
        async with sign_in(tenant, is_urgent=False, observe=console.show) as session:
            caller = session.caller
        engine = asdict(await delivery.plans.read_engine())
        about = {**describe_tenant(tenant), "engine": engine}
        actor = caller.app_id or caller.object_id
        with EvidenceFile(tenant.evidence / tenant.name, actor=actor, about=about) as evidence:
            try:
                applied = await apply_plan(
                    tenant,
                    delivery.plans,
                    folder,
                    approved=parsed.hash,
                    valid_hours=valid_hours(tenant, parsed),
                    fail_on=least_severity(parsed),
                    stack=delivery.stack,
                    evidence=evidence,
                )
            except StewardError as error:
                evidence.record("apply", "refused", error.what, detail={"why": error.why, "next": error.next_move})
                evidence.record("run", "ended", detail={"exit_code": int(error.exit_code)})
                raise
            evidence.record("apply", "applied", detail={"plan_sha256": parsed.hash, "state": _state(applied)})
            exit_code = ExitCode.WELL
            evidence.record("run", "ended", detail={"exit_code": int(exit_code)})
    if evidence.failure:
        console.say(f"evidence is incomplete: {evidence.failure}")
        exit_code = worse(exit_code, ExitCode.FINDINGS)
    _tell(parsed, console, applied, evidence, exit_code)
    return exit_code


def _state(applied: Applied) -> dict[str, object] | None:
    return asdict(applied.state) if applied.state else None


def _tell(
    parsed: argparse.Namespace, console: Console, applied: Applied, evidence: EvidenceFile, exit_code: ExitCode
) -> None:
    if applied.recovered:
        console.say(applied.recovered)
    if parsed.json:
        console.result_json(
            {
                "tenant": applied.manifest.tenant,
                "applied": applied.manifest.plan_sha256,
                "counts": count_actions(applied.changes),
                "state": _state(applied),
                "evidence": str(evidence.path),
                "evidence_sha256": evidence.sha256,
                "exit_code": int(exit_code),
            }
        )
        return
    counts = ", ".join(f"{action} {count}" for action, count in count_actions(applied.changes).items())
    console.result(f"{applied.manifest.tenant}: applied {applied.manifest.plan_sha256}: {counts or 'no changes'}")
    console.result(f"evidence: {evidence.path}; its sha256, to keep elsewhere: {evidence.sha256}")
    console.result(f"next: python scripts/post_apply.py {parsed.tenant}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
