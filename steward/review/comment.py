"""The comment on a pull request: one screen that says what changes about identity, and the rest folded.

The same review gives the same bytes. However many tenants there are, the comment stays within what forges take: what is
left out is counted and said at the top, the least grave first.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TypeVar

from steward.review.changes import Action, Change
from steward.review.markdown import code, codes, count, render, size
from steward.review.review import Finding, PlanReview, Review, Verdict, verdict_of
from steward.review.risks import Risk
from steward.review.rule import Rule
from steward.review.rules import RULES
from steward.review.words import Shown, Words, plain, shown

MARKER = "<!-- cirasync-steward: plan review -->"
# GitHub takes 65,536 characters; the rest is for whoever adds a line of his own.
LONGEST = 60_000
_LONGEST_OPEN = 40_000
_LONGEST_NOTE = 400
_NAMES: tuple[int | None, ...] = (None, 100, 20, 4)
_FEW_NAMES = 4
_MOST_DETAILS = 4
_MOST_VARIANTS = 3
_MOST_RISKS = 3
_ANY = Shown("…")

_T = TypeVar("_T")
_Told = tuple[Words, Words]  # what it is about, and what is said of it


@dataclass(frozen=True)
class _Fold:
    """Something folded away: its title, and its entries of one or more lines, the gravest first."""

    title: str
    entries: tuple[tuple[str, ...], ...]


def render_comment(review: Review) -> str:
    """Return the comment, of at most `LONGEST` bytes."""
    head = [MARKER, f"### {_verdict_line(review)}", "", *_plan_line(review)]
    shown_lines, left_lines = _open_part(review)
    budget = LONGEST - size(head) - size(shown_lines) - _LONGEST_NOTE
    folds, left_folds = _fit(_folds(review), budget)
    return "\n".join([*head, *_note(left_lines, left_folds), *shown_lines, *folds]) + "\n"


def _verdict_line(review: Review) -> str:
    plans = review.plans
    subject = render((shown(plans[0].name),)) if len(plans) == 1 else count(len(plans), "tenant")
    subject = subject if plans else "no tenant"
    return f"Plan of {subject}: {review.verdict}{_why(review)}"


def _why(review: Review) -> str:
    counted = [finding for plan in review.plans for finding in plan.findings if finding.counts]
    parts = [f"{count(len(review.unread), 'plan')} not reviewed"] if review.unread else []
    parts += [f"{count(len(review.left), 'stack')} without a tenant file"] if review.left else []
    if counted:
        gravest = max(finding.rule.severity for finding in counted)
        number = sum(finding.rule.severity is gravest for finding in counted)
        others = len(counted) - number
        parts.append(f"{count(number, f'{gravest.label} finding')}{f' and {others:,} more' if others else ''}")
    untold = sum(len(plan.unjudged) for plan in review.plans)
    if untold:
        parts.append(f"{count(untold, 'question')} open")
    losses = sum(change.action.is_loss for plan in review.plans for change in plan.changes.changes)
    if losses:
        parts.append(f"{losses:,} lost or replaced")
    risks = [change.risk for plan in review.plans for change in plan.changes.changes]
    parts += [
        f"{count(risks.count(risk), 'change')} of {risk.label}"
        for risk in Risk
        if risk in risks and risk is not Risk.NONE
    ][:_MOST_RISKS]
    return f" — {', '.join(parts)}" if parts else ""


def _plan_line(review: Review) -> list[str]:
    changes = [change for plan in review.plans for change in plan.changes.changes]
    actions = [f"{sum(change.action is each for change in changes):,} {each.value}" for each in Action]
    told = ", ".join(each for each in actions if not each.startswith("0 "))
    line = f"{told or 'No changes'}; {sum(plan.changes.unchanged for plan in review.plans):,} left alone."
    if not review.plans:
        return (
            ["No plan stands behind this comment: the change is about no tenant file.", ""]
            if (review.expects_none and not review.left)
            else []
        )
    if len(review.plans) != 1:
        refused = sum(verdict_of(plan, review.fail_on) is Verdict.REFUSED for plan in review.plans)
        changing = sum(bool(plan.changes.changes) for plan in review.plans)
        return [f"{line} {changing:,} of {len(review.plans):,} tenants change, {refused:,} refused.", ""]
    sha256 = review.plans[0].sha256
    return [f"{line}{f' Plan file SHA-256 {code(sha256)}.' if sha256 else ''}", ""]


def _note(lines: int, folds: int) -> list[str]:
    if not lines and not folds:
        return []
    left = [count(lines, "line")] if lines else []
    left += [count(folds, "folded entry", "folded entries")] if folds else []
    return [
        f"**Cut to fit: {' and '.join(left)} left out, the least grave; `--json` has everything.**",
        "",
    ]


def _open_part(review: Review) -> tuple[list[str], int]:
    """Return what stands open, and how many lines of it had to be left out."""
    lines: list[str] = []
    for most in _NAMES:
        lines = list(_open_lines(review, most))
        if size(lines) <= _LONGEST_OPEN:
            return lines, 0
    kept: list[str] = []
    taken = 0
    for line in lines:
        taken += len(line.encode()) + 1
        if taken > _LONGEST_OPEN:
            break
        kept.append(line)
    return [*kept, ""], sum(bool(line) for line in lines[len(kept) :])


def _open_lines(review: Review, most: int | None) -> Iterator[str]:
    if review.unread:
        yield from ("#### Not reviewed", "")
        yield from (f"- {render((shown(each.file), ': ', shown(each.why)))}" for each in review.unread)
        yield ""
    yield from _left(review)
    yield from _findings(review, most)
    yield from _unjudged(review, most)
    yield from _excepted(review, most)
    yield from _open_changes(review, most)


def _left(review: Review) -> Iterator[str]:
    if not review.left:
        return
    yield from ("#### Without a tenant file", "")
    for each in review.left:
        now: Words = ("; its tenant is ", shown(each.now), " now") if each.now else ()
        yield f"- {render((shown(each.tenant), ' stood in ', shown(each.file), *now))}"
    yield "  - What it declares stays in the tenant, and nobody plans or guards it any more."
    yield "  - Next: bring the file back; run scripts/retire.py, or move the state to the new name, before it goes."
    yield ""


def _findings(review: Review, most: int | None) -> Iterator[str]:
    found = [(plan, finding) for plan in review.plans for finding in plan.findings if finding.counts]
    found.sort(key=lambda pair: -int(pair[1].rule.severity))
    by_rule: dict[Rule, list[tuple[PlanReview, Finding]]] = {}
    for pair in found:
        by_rule.setdefault(pair[1].rule, []).append(pair)
    if by_rule:
        yield from ("#### Findings", "")
    for rule, pairs in by_rule.items():
        yield f"- **{rule.severity.label}** {code(rule.id)} is broken. Rule: {rule.title}."
        for words, names in _gather(pairs, _finding_words):
            yield f"  - {words}{_in(review, names, most)}"
        yield f"  - Next: {rule.remedy}"
    if by_rule:
        yield ""


def _finding_words(finding: Finding) -> _Told:
    expired: Words = (f" (the exception expired on {finding.expired.until})",) if finding.expired else ()
    about: Words = (*finding.address, " ") if finding.address else ()
    return about, (*finding.what, *expired)


def _unjudged(review: Review, most: int | None) -> Iterator[str]:
    pairs = [(plan, each) for plan in review.plans for each in plan.unjudged]
    if pairs:
        yield from ("#### Could not tell", "")
        for words, names in _gather(pairs, lambda each: ((Shown(each.rule.id), ": "), each.why)):
            yield f"- {words}{_in(review, names, most)}"
        yield ""


def _excepted(review: Review, most: int | None) -> Iterator[str]:
    pairs = [(plan, each) for plan in review.plans for each in plan.findings if not each.counts]
    if pairs:
        yield from ("#### Excepted by the tenant file", "")
        for words, names in _gather(pairs, _exception_words):
            yield f"- {words}{_in(review, names, most)}"
        yield ""


def _exception_words(finding: Finding) -> _Told:
    if finding.exception is None:
        raise AssertionError("a finding that counts has no exception to tell of")
    about, what = _finding_words(finding)
    reason: Words = (f"; until {finding.exception.until}, because ", shown(finding.exception.reason))
    return (Shown(finding.rule.id), ": ", *about), (*what, *reason)


def _open_changes(review: Review, most: int | None) -> Iterator[str]:
    pairs = [(plan, each) for plan in review.plans for each in plan.changes.changes if each.stands_open]
    if not pairs:
        return
    yield from ("#### Changes", "")
    pairs.sort(key=lambda pair: (pair[1].risk, list(Action).index(pair[1].action), plain(pair[1].address)))
    for (risk, _, _), group in groupby(pairs, key=lambda pair: (pair[1].risk, pair[1].action, pair[1].address)):
        same = list(group)
        loses = same[0][1].action.is_loss
        for words, names in _gather(same, _change_words):
            # Whoever loses something is named, as far as there is room; who gains, as far as it helps.
            limit = most if loses else min(most or _FEW_NAMES, _FEW_NAMES)
            yield f"- **{risk.label}** {words}{_in(review, names, limit)}"
        if len(same) == 1:
            yield from (f"  - {render(each)}" for each in _open_details(same[0][1]))
    yield ""


def _open_details(change: Change) -> tuple[Words, ...]:
    """Return the values that are shown at once: of what stays and changes, not of what is new altogether."""
    return () if change.action is Action.CREATED else change.details[:_MOST_DETAILS]


def _change_words(change: Change) -> _Told:
    what = [part for aspect in change.aspects for part in ("; ", *aspect.what)][1:]
    return (change.action.value, " ", *change.address), ((": ", *what) if what else ())


def _gather(pairs: Iterable[tuple[PlanReview, _T]], tell: Callable[[_T], _Told]) -> Iterator[tuple[str, list[str]]]:
    """Yield sentences with the tenants that they are about; where only values differ, one for all of them."""
    exact: dict[_Told, list[str]] = {}
    for plan, each in pairs:
        exact.setdefault(tell(each), []).append(plan.name)
    alike: dict[_Told, list[_Told]] = {}
    for told in exact:
        alike.setdefault((told[0], tuple(_ANY if isinstance(part, Shown) else part for part in told[1])), []).append(
            told
        )
    for (about, pattern), variants in alike.items():
        names = [name for each in variants for name in exact[each]]
        if len(variants) > _MOST_VARIANTS and len(set(names)) > _MOST_VARIANTS:
            yield f"{render((*about, *pattern))} (the values differ)", sorted(set(names))
        else:
            yield from ((render((*about, *what)), list(dict.fromkeys(exact[about, what]))) for about, what in variants)


def _in(review: Review, names: Sequence[str], most: int | None) -> str:
    if len(review.plans) == 1:
        return ""
    if len(names) == len(review.plans):
        return f" — in all {len(names):,} tenants"
    return f" — in {codes(names, most=most)}"


def _folds(review: Review) -> Iterator[_Fold]:
    if len(review.plans) == 1:
        yield from _folds_of(review.plans[0])
        yield from _rules_fold(review)
        return
    yield from _rules_fold(review)
    entries = [tuple(_entry_of(plan, review)) for plan in review.plans if plan.changes.changes or plan.findings]
    if entries:
        yield _Fold("Tenant by tenant", tuple(entries))


def _folds_of(plan: PlanReview) -> Iterator[_Fold]:
    """Yield what is folded about the one plan that there is."""
    changes = plan.changes
    folded = [each for each in changes.changes if not each.stands_open]
    if folded:
        yield _Fold(count(len(folded), "more change"), _entries(folded))
    longer = [each for each in changes.changes if each.stands_open and each.details != _open_details(each)]
    if longer:
        yield _Fold(f"All values of {count(len(longer), 'change')} above", _entries(longer))
    if changes.outside:
        title = f"{count(len(changes.outside), 'change')} made outside Terraform since the last apply"
        yield _Fold(title, _entries(changes.outside))
    if plan.unused:
        lines = [f"- {code(each.rule)} until {each.until}: {render((shown(each.reason),))}" for each in plan.unused]
        yield _Fold(f"{count(len(plan.unused), 'exception')} that nothing needs", tuple((line,) for line in lines))


def _entry_of(plan: PlanReview, review: Review) -> Iterator[str]:
    """Yield all about one plan of several."""
    verdict, changes = verdict_of(plan, review.fail_on), count(len(plan.changes.changes), "change")
    sha256 = f"; plan file SHA-256 {code(plan.sha256)}" if plan.sha256 else ""
    yield from (f"**{render((shown(plan.name),))}**: {verdict}, {changes}{sha256}", "")
    yield from (line for each in plan.changes.changes for line in _change_lines(each))
    for each in plan.changes.outside:
        first, *others = _change_lines(each)
        yield from (f"{first} (outside Terraform)", *others)
    for exception in plan.unused:
        yield f"- nothing needs the exception to {code(exception.rule)}"
    yield ""


def _entries(changes: Iterable[Change]) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(_change_lines(each)) for each in changes)


def _change_lines(change: Change) -> Iterator[str]:
    about, what = _change_words(change)
    risk = f"**{change.risk.label}** " if change.risk is not Risk.NONE else ""
    yield f"- {risk}{render((*about, *what))}"
    yield from (f"  - {render(each)}" for each in change.details)


def _rules_fold(review: Review) -> Iterator[_Fold]:
    broken = {finding.rule for plan in review.plans for finding in plan.findings}
    untold = {each.rule for plan in review.plans for each in plan.unjudged}
    told = [rule for rule in RULES if rule in broken | untold]
    if told:
        yield _Fold(
            "Why these rules", tuple((f"- {code(rule.id)}: {rule.why} Source: {rule.source}",) for rule in told)
        )


def _fit(folds: Iterable[_Fold], budget: int) -> tuple[list[str], int]:
    """Return the folds as far as they fit, each closed, and how many of their entries are left out."""
    made: list[str] = []
    left = 0
    for fold in folds:
        frame = ["<details>", f"<summary>{fold.title}</summary>", "", "", "</details>", ""]
        room = budget - size(frame)
        lines: list[str] = []
        kept = 0
        # Whole entries only, and none after one that does not fit: what is kept is what is gravest.
        for entry in fold.entries:
            room -= size(entry)
            if room < 0:
                break
            lines += entry
            kept += 1
        left += len(fold.entries) - kept
        if lines:
            made += [*frame[:3], *lines, *frame[3:]]
            budget -= size(frame) + size(lines)
    return made, left
