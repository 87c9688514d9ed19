"""Says whether the evidence of tenants' runs is whole, and whether credentials changed hands while a role was held.

Run it on tenant files or on evidence folders: `python scripts/verify_evidence.py tenants/<name>.yaml`. It reads files
only, signs in nowhere, and changes nothing.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    # Found from anywhere, so that a set-up that is missing is told by `scripts` and is no traceback.
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.console import Console
from scripts.evidence_folders import Looked, Subject, add_expect, look_at_each
from scripts.program import run_parsed
from steward.errors import ExitCode
from steward.evidence import Verification, verify
from steward.evidence.runs import EvidenceLine, Run

_WORDS = {ExitCode.WELL: "noted", ExitCode.FINDINGS: "tampered", ExitCode.COULD_NOT_TELL: "unclear"}


def parse(arguments: list[str]) -> argparse.Namespace:
    """Return the parsed arguments."""
    parser = argparse.ArgumentParser(description="Says whether tenants' evidence is whole.")
    parser.add_argument("paths", nargs="+", type=Path, metavar="tenant", help="a tenant file, or an evidence folder")
    add_expect(parser)
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.add_argument("--quiet", action="store_true", help="show only what needs somebody")
    return parser.parse_args(arguments)


def main(arguments: list[str]) -> ExitCode:
    """Parse the arguments and judge; the exit code is the worst of all tenants."""
    return run_parsed(parse(arguments), _run)


def _run(parsed: argparse.Namespace, console: Console) -> ExitCode:
    tenants: list[dict[str, Any]] = []

    def judge(subject: Subject) -> Looked:
        tenant = subject.tenant
        verification = verify(
            subject.folder,
            frozenset(parsed.expect),
            name=subject.name,
            tenant_id=tenant.tenant.id if tenant else None,
            login=tenant.account.login if tenant else None,
        )
        tenants.append(_as_json(subject, verification))
        if not parsed.json:
            _show(subject, verification, console, is_quiet=parsed.quiet)
        return Looked(verification.exit_code, verification.confirmed)

    code, lost = look_at_each(parsed, judge, console)
    if parsed.json:
        console.result_json({"tenants": tenants, "not_found": lost, "exit_code": int(code)})
    return code


def _show(subject: Subject, verification: Verification, console: Console, *, is_quiet: bool) -> None:
    for remark in verification.remarks:
        if remark.exit_code is not ExitCode.WELL or not is_quiet:
            place = f"{remark.file}, line {remark.line}" if remark.line else remark.file
            console.say(f"{subject.name:<12} {_WORDS[remark.exit_code]:<11} {place}: {remark.what}")
            if remark.next_move:
                console.say(f"{'':<25}next: {remark.next_move}")
    for breach in verification.breaches:
        verb = "broken" if breach.is_certain else "unclear"
        since = f"; the role was held since {breach.held_since}" if breach.held_since else ""
        console.say(f"{subject.name:<12} {verb:<11} {breach.file}, line {breach.line}: {breach.what}{since}")
    result = {
        ExitCode.WELL: "whole; credentials never changed hands while the role was held",
        ExitCode.FINDINGS: "NOT in order",
        ExitCode.COULD_NOT_TELL: "could not tell",
    }[verification.exit_code]
    rehearsal = "; a rehearsal, which proves nothing of a tenant" if verification.is_rehearsal else ""
    console.result(f"{subject.name}: runs: {len(verification.runs)}; {result}{rehearsal}")
    if not verification.is_end_confirmed and verification.exit_code is ExitCode.WELL:
        console.result(
            "whether the newest run was cut, or runs were taken away at the end, shows only against a hash that was "
            "kept elsewhere: "
            f"--expect {' --expect '.join(verification.newest)}"
        )


def _as_json(subject: Subject, verification: Verification) -> dict[str, Any]:
    return {
        "tenant": subject.name,
        "folder": str(subject.folder),
        "exit_code": int(verification.exit_code),
        "runs": [_run_as_json(run) for run in verification.runs],
        "remarks": [
            {
                "kind": _WORDS[remark.exit_code],
                "file": remark.file,
                "line": remark.line,
                "what": remark.what,
                "next": remark.next_move,
            }
            for remark in verification.remarks
        ],
        "credentials_while_held": [
            {
                "file": breach.file,
                "line": breach.line,
                "account": breach.account,
                "what": breach.what,
                "held_since": breach.held_since,
                "is_certain": breach.is_certain,
            }
            for breach in verification.breaches
        ],
        "is_rehearsal": verification.is_rehearsal,
        "ran_against": list(verification.ran_against),
        "newest": list(verification.newest),
        "expected_found": sorted(verification.confirmed),
    }


def _run_as_json(run: Run) -> dict[str, Any]:
    began, ended = run.began, run.last_seen
    return {
        "file": run.file,
        "sha256": run.sha256 or None,
        "lines": len(run.lines),
        "began": began.isoformat() if began else None,
        "ended": ended.isoformat() if ended else None,
        "exit_code": _exit_code_of(run.lines),
        "is_closed": run.is_closed,
    }


def _exit_code_of(lines: Sequence[EvidenceLine]) -> int | None:
    """Return the exit code that a run wrote down; None when it was killed or broken off."""
    for line in reversed(lines):
        detail = (line.content or {}).get("detail")
        if line.event == ("run", "ended") and isinstance(detail, dict):
            code = detail.get("exit_code")
            return code if isinstance(code, int) else None
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
