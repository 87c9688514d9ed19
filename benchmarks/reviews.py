"""Times the review of many tenants' plans by the program itself: a process each, its memory, and what it writes.

The plans are the recorded one of a permission that is added, as each tenant would have it, with as many tenant files.
"""

import json
import statistics
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.processes import ROOT, run_program

RECORDED = ROOT / "tests" / "data" / "plans" / "permission_added.json"
_KIB = 1024
_MIB = 1024 * _KIB


@dataclass(frozen=True)
class Reviewed:
    """What the review of some tenants took: seconds of computing, bytes of memory at most, bytes of the comment."""

    computing: float
    memory: int
    comment: int
    plans: int


def measure(counts: Sequence[int], *, rounds: int) -> Mapping[int, Reviewed]:
    """Review as many tenants as each count says; medians of the rounds, in which the counts take turns."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        tenants = {count: list(_write_tenants(folder / str(count), count)) for count in counts}
        runs: dict[int, list[Reviewed]] = {count: [] for count in counts}
        for _ in range(rounds):
            for count in counts:
                runs[count].append(_review(folder / str(count), tenants[count]))
    return {count: _median(each) for count, each in runs.items()}


def render(measured: Mapping[int, Reviewed]) -> str:
    """Write what was measured as a table; the factor compares with as many times the smallest count's plans."""
    counts = sorted(measured)
    first = measured[counts[0]]
    lines = ["| tenants | plans | computing | a tenant more | memory | comment |", "|---|---|---|---|---|---|"]
    for count in counts:
        each = measured[count]
        more = f"{1000 * growth(measured, counts[0], count):.0f} ms" if count > counts[0] else ""
        lines.append(
            f"| {count} | {each.plans / _MIB:.1f} MB | {each.computing:.2f} s | {more} | {each.memory / _MIB:.0f} MB, "
            f"{each.memory / first.memory:.2f}x | {each.comment / 1000:.1f} kB |"
        )
    return "\n".join(lines)


def growth(measured: Mapping[int, Reviewed], fewer: int, more: int) -> float:
    """Return the seconds of computing that each tenant takes beyond the fewer ones."""
    return (measured[more].computing - measured[fewer].computing) / (more - fewer)


def _write_tenants(folder: Path, count: int) -> Iterator[Path]:
    (folder / "tenants").mkdir(parents=True)
    plan = RECORDED.read_text(encoding="utf-8")
    file = RECORDED.with_suffix(".yaml").read_text(encoding="utf-8")
    provider = json.loads(plan)["configuration"]["provider_config"]["azuread"]
    tenant_id = str(provider["expressions"]["tenant_id"]["constant_value"])
    for number in range(count):
        other = f"{number + 1:08x}{tenant_id[8:]}"
        path = folder / f"contoso-{number}.json"
        path.write_text(plan.replace(tenant_id, other), encoding="utf-8")
        text = file.replace(tenant_id, other).replace("name: contoso\n", f"name: contoso-{number}\n")
        (folder / "tenants" / f"contoso-{number}.yaml").write_text(text, encoding="utf-8")
        yield path


def _review(folder: Path, plans: Sequence[Path]) -> Reviewed:
    comment = folder / "comment.md"
    words = ["review_plan.py", *map(str, plans), "--quiet"]
    cost = run_program([*words, "--tenants", str(folder / "tenants"), "--comment", str(comment)])
    size = sum(path.stat().st_size for path in plans)
    return Reviewed(cost.computing, cost.memory, comment.stat().st_size, size)


def _median(runs: Sequence[Reviewed]) -> Reviewed:
    return Reviewed(
        statistics.median(each.computing for each in runs),
        int(statistics.median(each.memory for each in runs)),
        runs[0].comment,
        runs[0].plans,
    )
