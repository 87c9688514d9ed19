"""The review for a terminal: a line for the verdict, and tables of findings and of changes.

Values are put in as text, never as markup, and what is invisible in them is spelled out already, so that no value can
move the cursor or colour what follows.
"""

from collections.abc import Iterator

from rich.table import Table
from rich.text import Text

from steward.review.review import PlanReview, Review, Verdict, verdict_of
from steward.review.rule import Severity
from steward.review.words import Words, plain, shown

_VERDICT_STYLES = {Verdict.REFUSED: "bold red", Verdict.UNTOLD: "bold yellow", Verdict.LOOK: "yellow"}
_STYLES = {Severity.CRITICAL: "bold red", Severity.HIGH: "red", Severity.MEDIUM: "yellow"}


def view(review: Review) -> Iterator[Text | Table]:
    """Yield what is to be printed, one thing after the other."""
    for each in review.unread:
        yield Text(f"{shown(each.file).text}: not reviewed, {shown(each.why).text}", style="bold yellow")
    for left in review.left:
        yield Text(f"{shown(left.tenant).text}: nobody plans or guards its stack any more", style="yellow")
    if not review.plans and review.expects_none:
        yield Text(f"no tenant: {review.verdict}")
    for plan in review.plans:
        verdict = verdict_of(plan, review.fail_on)
        title = Text(f"{shown(plan.name).text}: {verdict}", style=_VERDICT_STYLES.get(verdict, "green"))
        if plan.sha256:
            title.append(f"  plan file SHA-256 {plan.sha256}", style="dim")
        yield title
        if plan.findings or plan.unjudged:
            yield _findings(plan)
        if plan.changes.changes:
            yield _changes(plan)


def _findings(plan: PlanReview) -> Table:
    table = _table("severity", "finding")
    for finding in plan.findings:
        severity = Text(finding.rule.severity.label, style=_STYLES[finding.rule.severity])
        said = Text(f"{finding.rule.id}\n")
        said.append_text(_said((*finding.address, " " if finding.address else "", *finding.what)))
        if finding.exception is not None:
            severity = Text("excepted", style="dim")
            said.append(f"\nuntil {finding.exception.until}, because {shown(finding.exception.reason).text}")
        elif finding.expired is not None:
            said.append(f"\nthe exception expired on {finding.expired.until}")
        said.append(f"\nnext: {finding.rule.remedy}", style="dim")
        table.add_row(severity, said)
    for each in plan.unjudged:
        table.add_row(Text("unclear"), Text(f"{each.rule.id}\n").append_text(_said(each.why)))
    return table


def _changes(plan: PlanReview) -> Table:
    table = _table("risk", "action", "change")
    for change in plan.changes.changes:
        said = _said(change.address)
        for aspect in change.aspects:
            said.append("\n").append_text(_said(aspect.what))
        for each in change.details:
            said.append("\n  ").append_text(_said(each))
        table.add_row(Text(change.risk.label), Text(change.action.value), said)
    return table


def _table(*headers: str) -> Table:
    table = Table(show_lines=True)
    for header in headers:
        table.add_column(header, overflow="fold")
    return table


def _said(words: Words) -> Text:
    return Text(plain(words))
