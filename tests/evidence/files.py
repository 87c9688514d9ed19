"""Evidence of short runs for tests, written by the writer itself, and what somebody may do to it afterwards."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from steward.evidence import EvidenceFile

TENANT_ID = "11111111-1111-4111-8111-111111111111"


def write_run(folder: Path, *subjects: str, tenant_id: str = TENANT_ID) -> Path:
    """Write a run that did a few things, one line a subject, and ended well."""
    with EvidenceFile(folder, actor="app", about={"tenant": "contoso", "tenant_id": tenant_id}) as evidence:
        for subject in subjects or ("one", "two", "three"):
            evidence.record("consent", "granted", subject, {"why": "wanted"}, [{"request_id": f"request-{subject}"}])
        evidence.record("run", "ended", detail={"exit_code": 0})
    return evidence.path


def write_killed_run(folder: Path, *subjects: str) -> Path:
    """Write a run that never came to its end."""
    evidence = EvidenceFile(folder, actor="app", about={"tenant": "contoso", "tenant_id": TENANT_ID})
    for subject in subjects:
        evidence.record("consent", "granted", subject)
    return evidence.path


def lines_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def rewrite(path: Path, lines: Sequence[bytes]) -> None:
    path.write_bytes(b"".join(lines))
