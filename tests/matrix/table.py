"""The table of points, faults and outcomes: as JSON for programs, as Markdown for people, summed up for the docs."""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from tests.matrix.outcome import Outcome

# What is told of a point, by how the tenancy stood at some moment, or by what went wrong.
_BY_END = (
    ("state lost", "sealed with the state's backup put back"),
    ("not begun", "not begun, demoted by closing, then sealed"),
    ("powerless", "without a permission that closing takes, demoted by closing with another identity, then sealed"),
    ("guarded", "sealed when started again, demoted by closing, and by the window's end"),
)
_BY_KIND = (
    ("deploy killed", "sealed when deployed again, demoted by closing"),
    ("killed", "sealed when started again, demoted by closing"),
    ("race", "demoted, then sealed"),
)
BEGIN, END = "<!-- written by make matrix: begin -->", "<!-- written by make matrix: end -->"


def write(folder: Path, outcomes: Sequence[Outcome]) -> None:
    """Write the whole table, as JSON and as Markdown."""
    in_order = sorted(outcomes, key=lambda each: (each.life, each.point))
    (folder / "matrix.json").write_text(json.dumps([each.as_value() for each in in_order], indent=1) + "\n")
    lines = ["| point | exit codes | how the tenant stood | wrong | seconds |", "|---|---|---|---|---|"]
    for each in in_order:
        codes = ", ".join("none" if code is None else str(code) for code in each.codes)
        cells = (each.point, codes, "; ".join(each.ends), "; ".join(each.wrong) or "nothing", str(each.seconds))
        lines.append(f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |")
    (folder / "matrix.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def summarize(outcomes: Sequence[Outcome], *, of: int, sources: str) -> str:
    """Count the outcomes by life and kind, name what is wrong, and say of which sources; `of` is how many there are."""
    groups: dict[tuple[str, str], list[Outcome]] = {}
    for each in outcomes:
        groups.setdefault((each.life, _group(each)), []).append(each)
    lines = [*_played(outcomes, of, sources), ""]
    lines += ["| life | what went wrong | points | how they ended | as they must |", "|---|---|---|---|---|"]
    for (life, kind), members in sorted(groups.items()):
        ends = Counter(_way(each) for each in members)
        told = ", ".join(f"{count} {way}" for way, count in sorted(ends.items()))
        right = sum(not each.wrong for each in members)
        lines.append(f"| {life} | {kind} | {len(members)} | {told} | {right} of {len(members)} |")
    wrong = [f"- {each.point}: {'; '.join(each.wrong)}" for each in outcomes if each.wrong]
    return "\n".join([*lines, *(["", "Not as they must:", "", *sorted(wrong)] if wrong else [])])


def _played(outcomes: Sequence[Outcome], of: int, sources: str) -> list[str]:
    moments = sorted(each.played for each in outcomes)
    when = f", from {_as_minute(moments[0])} to {_as_minute(moments[-1])} UTC" if moments else ""
    middle = f"; a point took {median(each.seconds for each in outcomes):.0f} s in the middle" if outcomes else ""
    return [
        f"{len(outcomes)} of {of} points played{when}, on the sources whose fingerprint is",
        f"`{sources}`{middle}. For other sources nothing is claimed.",
    ]


def _as_minute(moment: str) -> str:
    return moment[:16].replace("T", " ")


def replace_summary(text: str, summary: str) -> str:
    """Return a document with a new summary between its marks."""
    head, _, rest = text.partition(BEGIN)
    _, _, tail = rest.partition(END)
    return f"{head}{BEGIN}\n{summary}\n{END}{tail}"


def _group(outcome: Outcome) -> str:
    # The moments within one run of Terraform are told apart in the whole table.
    if not outcome.kind.startswith("killed"):
        return outcome.kind
    return outcome.kind if outcome.kind in {"killed before", "killed after"} else "killed within Terraform"


def _way(outcome: Outcome) -> str:
    if outcome.kind.startswith("deploy") and any(end.startswith("state lost") for end in outcome.ends):
        return "sealed when deployed again and all of it taken in, as the state was emptied; demoted by closing"
    for beginning, way in _BY_END:
        if any(end.startswith(beginning) for end in outcome.ends):
            return way
    for beginning, way in _BY_KIND:
        if outcome.kind.startswith(beginning):
            return way
    return "sealed at once" if outcome.codes and outcome.codes[0] == 0 else "stopped demoted, then sealed"
