"""The table of points, faults and outcomes: as JSON for programs, as Markdown for people, summed up for the docs."""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tests.matrix.outcome import Outcome

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


def summarize(outcomes: Sequence[Outcome], *, of: int) -> str:
    """Count the outcomes by life and kind, and name what is wrong; `of` is how many points there are."""
    groups: dict[tuple[str, str], list[Outcome]] = {}
    for each in outcomes:
        groups.setdefault((each.life, _group(each)), []).append(each)
    lines = [f"{len(outcomes)} of {of} points played.", ""]
    lines += ["| life | what went wrong | points | how they ended | as they must |", "|---|---|---|---|---|"]
    for (life, kind), members in sorted(groups.items()):
        ends = Counter(_way(each) for each in members)
        told = ", ".join(f"{count} {way}" for way, count in sorted(ends.items()))
        right = sum(not each.wrong for each in members)
        lines.append(f"| {life} | {kind} | {len(members)} | {told} | {right} of {len(members)} |")
    wrong = [f"- {each.point}: {'; '.join(each.wrong)}" for each in outcomes if each.wrong]
    return "\n".join([*lines, *(["", "Not as they must:", "", *sorted(wrong)] if wrong else [])])


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
    if any(end.startswith("state lost") for end in outcome.ends):
        return "sealed with the state's backup put back"
    if any(end.startswith("not begun") for end in outcome.ends):
        return "not begun, demoted by closing, then sealed"
    if outcome.kind.startswith("killed"):
        return "sealed when started again, demoted by closing"
    if outcome.codes and outcome.codes[0] == 0:
        return "sealed at once"
    return "stopped demoted, then sealed"
