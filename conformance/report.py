"""What is told of played cases: a table for people, a document for programs, and the exit code.

In: outcomes and the explanations that were read. Out: values; nothing is printed here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from rich.table import Column, Table

from conformance.explained import Explanation
from conformance.running import Outcome


def idle(outcomes: Sequence[Outcome], explanations: Sequence[Explanation], names: Sequence[str]) -> list[Explanation]:
    """Return the explanations that cover nothing though all their cases were played to the end."""
    whole = {outcome.case for outcome in outcomes if not outcome.broke_off}
    left_out = [name for name in names if name not in whole]
    used = {explanation for outcome in outcomes for _, explanation in outcome.differences}
    return [item for item in explanations if item not in used and not item.is_about_one_of(left_out)]


def table(outcomes: Sequence[Outcome]) -> Table:
    """Return a row a case."""
    figures = ("steps", "requests", "explained", "unexplained", "seconds")
    result = Table(Column("case", no_wrap=True), *(Column(name, justify="right") for name in figures))
    rows = sorted(outcomes, key=lambda outcome: outcome.case)
    for outcome in rows:
        result.add_row(outcome.case, *_figures([outcome]), end_section=outcome is rows[-1])
    if len(rows) > 1:
        result.add_row(f"{len(rows)} cases", *_figures(rows))
    return result


def _figures(outcomes: Sequence[Outcome]) -> tuple[str, ...]:
    unexplained = sum(len(outcome.unexplained) for outcome in outcomes)
    explained = sum(len(outcome.differences) for outcome in outcomes) - unexplained
    broken = any(outcome.broke_off for outcome in outcomes)
    return (
        str(sum(outcome.steps for outcome in outcomes)),
        str(sum(outcome.requests for outcome in outcomes)),
        str(explained),
        "broke off" if broken else str(unexplained),
        f"{sum(outcome.seconds for outcome in outcomes):.0f}",
    )


def shortfalls(outcomes: Sequence[Outcome], unused: Sequence[Explanation]) -> Iterator[str]:
    """Yield what is not as it must be, a text each."""
    for outcome in sorted(outcomes, key=lambda item: item.case):
        for difference in outcome.unexplained:
            yield f"{outcome.case} | {difference}"
        if outcome.broke_off:
            yield f"{outcome.case} broke off after {outcome.steps} steps:\n{outcome.broke_off}"
    for explanation in unused:
        yield f"explained.toml: covers nothing any more, take it out: {explanation.reason} {explanation.places}"


def document(outcomes: Sequence[Outcome], unused: Sequence[Explanation], provider: str) -> dict[str, Any]:
    """Return everything that was found."""
    return {
        "provider": provider,
        "cases": [_case(outcome) for outcome in sorted(outcomes, key=lambda item: item.case)],
        "idle_explanations": [item.reason for item in unused],
    }


def _case(outcome: Outcome) -> dict[str, Any]:
    return {
        "case": outcome.case,
        "about": outcome.about,
        "steps": outcome.steps,
        "requests": outcome.requests,
        "seconds": round(outcome.seconds, 1),
        "explained": dict(Counter(item.reason for _, item in outcome.differences if item)),
        "unexplained": [
            {"step": item.step, "place": item.place, "recorded": item.recorded, "seen": item.seen}
            for item in outcome.unexplained
        ],
        "broke_off": outcome.broke_off or None,
    }
