"""Evidence of short runs for tests, written by the writer itself, and what somebody may do to it afterwards."""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from steward.evidence import EvidenceFile
from steward.evidence.chain import hash_line

TENANT_ID = "11111111-1111-4111-8111-111111111111"
RAN_AGAINST = {"sign_in": "login.microsoftonline.com", "graph": "graph.microsoft.com"}
ABOUT = {"tenant": "contoso", "tenant_id": TENANT_ID, "ran_against": RAN_AGAINST}


def write_run(folder: Path, *subjects: str, tenant_id: str = TENANT_ID) -> Path:
    """Write a run that did a few things, one line a subject, and ended well."""
    with EvidenceFile(folder, actor="app", about={**ABOUT, "tenant_id": tenant_id}) as evidence:
        for subject in subjects or ("one", "two", "three"):
            evidence.record("consent", "granted", subject, {"why": "wanted"}, [{"request_id": f"request-{subject}"}])
        evidence.record("run", "ended", detail={"exit_code": 0})
    return evidence.path


def write_killed_run(folder: Path, *subjects: str) -> Path:
    """Write a run that never came to its end: in a process of its own, which is gone afterwards."""
    before = set(folder.glob("*.jsonl"))
    child = os.fork()
    if child == 0:
        try:
            evidence = EvidenceFile(folder, actor="app", about=ABOUT)
            for subject in subjects:
                evidence.record("consent", "granted", subject)
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    (path,) = set(folder.glob("*.jsonl")) - before
    return path


def append_forged(path: Path, *events: tuple[str, str], at: str | None = None) -> None:
    """Go on with a run as somebody who knows how lines are chained; a torn last line is completed."""
    lines = path.read_bytes().splitlines(keepends=True)
    if not lines[-1].endswith(b"\n"):
        lines[-1] += b'"}\n'
    for step, verb in events:
        before = json.loads(lines[-1]) if lines[-1].startswith(b"{") else {}
        content = {
            **before,
            "line": len(lines) + 1,
            "before": hash_line(lines[-1]),
            "time": at or before["time"],
            "step": step,
            "verb": verb,
        }
        lines.append((json.dumps(content) + "\n").encode())
    rewrite(path, lines)


def lines_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def rewrite(path: Path, lines: Sequence[bytes]) -> None:
    path.write_bytes(b"".join(lines))
