"""Times the page over many tenants by the program itself: a process each, its memory, and how long the page is.

Every tenant has a file and the evidence of a rehearsed life, chained anew as its own, as if a tenant had lived it.
"""

import hashlib
import json
import statistics
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.processes import ROOT, run_program

RECORDED = ROOT / "tests" / "data" / "evidence" / "20261123T173716701261Z-3008b6d5c5ec.jsonl"
TENANT_FILE = ROOT / "tenants" / "example.yaml.sample"
# A row is judged by what its file says, which has to be what the recorded run was asked for.
_ASKED = {
    "login: j.keller@contoso.com ": "login: j.keller@contoso.onmicrosoft.com ",
    "      - Group.Read.All\n": "",
    "scopes: [User.Read]": "scopes: [User.Read, offline_access]",
}
_KIB = 1024
_MIB = 1024 * _KIB


@dataclass(frozen=True)
class Shown:
    """What some tenants' page took: seconds of computing, bytes of memory at most, bytes of the page and its input."""

    computing: float
    memory: int
    page: int
    evidence: int


def measure(counts: Sequence[int], *, rounds: int) -> Mapping[int, Shown]:
    """Show as many tenants as each count says; medians of the rounds, in which the counts take turns."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        sizes = {count: write_tenants(folder / str(count), count) for count in counts}
        runs: dict[int, list[Shown]] = {count: [] for count in counts}
        for _ in range(rounds):
            for count in counts:
                runs[count].append(_show(folder / str(count), sizes[count]))
    return {count: _median(each) for count, each in runs.items()}


def render(measured: Mapping[int, Shown]) -> str:
    """Write what was measured as a table; the factor compares with the smallest count's memory."""
    counts = sorted(measured)
    first = measured[counts[0]]
    lines = ["| tenants | evidence | computing | a tenant more | memory | page |", "|---|---|---|---|---|---|"]
    for count in counts:
        each = measured[count]
        more = f"{1000 * growth(measured, counts[0], count):.0f} ms" if count > counts[0] else ""
        memory = f"{each.memory / _MIB:.0f} MB, {each.memory / first.memory:.2f}x"
        lines.append(
            f"| {count} | {each.evidence / _MIB:.1f} MB | {each.computing:.2f} s | {more} | {memory} "
            f"| {each.page / 1000:.1f} kB |"
        )
    return "\n".join(lines)


def growth(measured: Mapping[int, Shown], fewer: int, more: int) -> float:
    """Return the seconds of computing that each tenant takes beyond the fewer ones."""
    return (measured[more].computing - measured[fewer].computing) / (more - fewer)


def write_tenants(folder: Path, count: int) -> int:
    """Write tenant files and evidence; return the bytes of the evidence."""
    lines = [json.loads(line) for line in RECORDED.read_text(encoding="utf-8").splitlines()]
    file = TENANT_FILE.read_text(encoding="utf-8")
    tenant_id = str(lines[0]["detail"]["tenant_id"])
    known = next(line.split()[1] for line in file.splitlines() if line.strip().startswith("id: "))
    for said, asked in _ASKED.items():
        if said not in file:
            raise RuntimeError(f"{TENANT_FILE.name} no longer says {said!r}, which the recorded run was not asked for")
        file = file.replace(said, asked)
    (folder / "tenants").mkdir(parents=True)
    written = 0
    for number in range(count):
        name, other = f"contoso-{number}", f"{number + 1:08x}{tenant_id[8:]}"
        text = file.replace(known, other).replace("name: contoso ", f"name: {name} ")
        (folder / "tenants" / f"{name}.yaml").write_text(text, encoding="utf-8")
        path = folder / "evidence" / name / RECORDED.name
        path.parent.mkdir(parents=True)
        # A row of a rehearsal would say that it is one, and no more be judged.
        others = {tenant_id: other, '"tenant": "contoso"': f'"tenant": "{name}"', " (rehearsal)": ""}
        written += path.write_bytes(_chained(lines, others))
    return written


def _chained(lines: Sequence[Mapping[str, object]], others: Mapping[str, str]) -> bytes:
    """Return the recorded run as another tenant's, each line with the hash of the one before it."""
    written, before = b"", None
    for line in lines:
        text = json.dumps({**line, "before": before}) + "\n"
        for recorded, other in others.items():
            text = text.replace(recorded, other)
        content = text.encode()
        before = hashlib.sha256(content).hexdigest()
        written += content
    return written


def _show(folder: Path, evidence: int) -> Shown:
    page = folder / "status.html"
    with page.open("wb") as out:
        cost = run_program(["status.py", str(folder / "tenants"), "--html"], out=out)
    return Shown(cost.computing, cost.memory, page.stat().st_size, evidence)


def _median(runs: Sequence[Shown]) -> Shown:
    return Shown(
        statistics.median(each.computing for each in runs),
        int(statistics.median(each.memory for each in runs)),
        runs[0].page,
        runs[0].evidence,
    )
