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
from scripts.evidence_folders import Subject, add_expect, find_subjects
from scripts.program import run_program
from steward.errors import ExitCode, StewardError, worse
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
    parsed = parse(arguments)
    console = Console(is_quiet=parsed.quiet)
    return run_program(lambda: _run(parsed, console), console)


def _run(parsed: argparse.Namespace, console: Console) -> ExitCode:
    code = ExitCode.WELL
    results: list[tuple[Subject, Verification]] = []
    for path in parsed.paths:
        try:
            subjects = list(find_subjects(path))
        except StewardError as error:
            # One tenant's wrong file does not keep the others from being judged.
            console.fail(error)
            code = worse(code, error.exit_code)
            continue
        for subject in subjects:
            verification = verify(subject.folder, frozenset(parsed.expect), tenant_id=subject.tenant_id)
            results.append((subject, verification))
            code = worse(code, verification.exit_code)
            if not parsed.json:
                _show(subject, verification, console, is_quiet=parsed.quiet)
    lost = sorted(set(parsed.expect) - {sha256 for _, verification in results for sha256 in verification.confirmed})
    if lost:
        code = worse(code, ExitCode.FINDINGS)
        for sha256 in lost:
            console.say(f"no run has the expected hash {sha256}: that run was changed, cut or taken away")
    if parsed.json:
        tenants = [_as_json(subject, verification) for subject, verification in results]
        console.result_json({"tenants": tenants, "not_found": lost, "exit_code": int(code)})
    return code


def _show(subject: Subject, verification: Verification, console: Console, *, is_quiet: bool) -> None:
    for remark in verification.remarks:
        if remark.exit_code is not ExitCode.WELL or not is_quiet:
            place = f"{remark.file}, line {remark.line}" if remark.line else remark.file
            console.say(f"{subject.name:<12} {_WORDS[remark.exit_code]:<11} {place}: {remark.what}")
    for breach in verification.breaches:
        verb = "broken" if breach.is_certain else "unclear"
        since = f"; the role was held since {breach.held_since}" if breach.held_since else ""
        console.say(f"{subject.name:<12} {verb:<11} {breach.file}, line {breach.line}: {breach.what}{since}")
    result = {
        ExitCode.WELL: "whole; credentials never changed hands while the role was held",
        ExitCode.FINDINGS: "NOT in order",
        ExitCode.COULD_NOT_TELL: "could not tell",
    }[verification.exit_code]
    console.result(f"{subject.name}: runs: {len(verification.runs)}; {result}")
    if not verification.confirmed and verification.exit_code is ExitCode.WELL:
        console.result(
            "whether runs were taken away at the end shows only against a hash that was kept elsewhere: "
            f"--expect {' --expect '.join(verification.newest)}"
        )


def _as_json(subject: Subject, verification: Verification) -> dict[str, Any]:
    return {
        "tenant": subject.name,
        "folder": str(subject.folder),
        "exit_code": int(verification.exit_code),
        "runs": [_run_as_json(run) for run in verification.runs],
        "remarks": [
            {"kind": _WORDS[remark.exit_code], "file": remark.file, "line": remark.line, "what": remark.what}
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
