"""Judges plans: every rule over every plan, with the exceptions that the tenant file makes until a day.

The result holds nothing of a plan but what may be shown. Plans are read one after the other, so that hundreds need no
more memory than their results.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from steward.config.model import ReviewException, Tenant
from steward.errors import ExitCode
from steward.review.changes import Change, Changes, read_changes
from steward.review.plan import Plan
from steward.review.rule import Breach, Rule, Severity
from steward.review.rules import RULES
from steward.review.subject import Subject
from steward.review.words import Words, shown


class Verdict(StrEnum):
    """What a reviewer is told first, the gravest first."""

    REFUSED = "refused"
    UNTOLD = "could not tell"
    LOOK = "needs a look"
    CALM = "no risk found"
    NOTHING = "nothing changes"


@dataclass(frozen=True)
class Finding:
    """A rule that is broken; an exception that counts, or one that has expired."""

    rule: Rule
    what: Words
    address: Words
    exception: ReviewException | None = None
    expired: ReviewException | None = None

    @property
    def counts(self) -> bool:
        """Return whether no exception covers it."""
        return self.exception is None


@dataclass(frozen=True)
class Unjudged:
    """A rule that could not tell, and why."""

    rule: Rule
    why: Words


@dataclass(frozen=True)
class PlanReview:
    """What was seen in one plan."""

    name: str
    file: str
    tenant_id: str | None
    sha256: str | None
    changes: Changes
    findings: tuple[Finding, ...]
    unjudged: tuple[Unjudged, ...]
    unused: tuple[ReviewException, ...] = ()
    terraform_version: str = ""

    @property
    def worst(self) -> int:
        """Return the gravest severity that counts, 0 for none."""
        return max((int(finding.rule.severity) for finding in self.findings if finding.counts), default=0)


@dataclass(frozen=True)
class Unread:
    """A plan that could not be reviewed: what its file is called, and what is wrong with it."""

    file: str
    why: str


@dataclass(frozen=True)
class Left:
    """A stack without a tenant file: nobody plans or guards it any more. `now` is its tenant's name in another file."""

    tenant: str
    file: str
    now: str | None = None


@dataclass(frozen=True)
class Review:
    """What was seen in all plans, the gravest first; a finding of `fail_on` or graver refuses, None never does.

    `expects_none` says that the change is known to be about no tenant, so that no plan is missing.
    """

    plans: tuple[PlanReview, ...]
    fail_on: Severity | None = Severity.MEDIUM
    unread: tuple[Unread, ...] = ()
    left: tuple[Left, ...] = ()
    expects_none: bool = False

    @property
    def verdict(self) -> Verdict:
        """Return the gravest verdict over all plans; a plan that could not be read may hold anything."""
        verdicts = [verdict_of(plan, self.fail_on) for plan in self.plans]
        verdicts += [Verdict.UNTOLD] if self.unread else []
        verdicts += [Verdict.LOOK] if self.left else []
        if not verdicts:
            return Verdict.NOTHING if self.expects_none else Verdict.UNTOLD
        return min(verdicts, key=list(Verdict).index)

    @property
    def exit_code(self) -> ExitCode:
        """Return the exit code: bad input, then findings, then what could not be told."""
        if self.unread:
            return ExitCode.BAD_INPUT
        if self.verdict is Verdict.REFUSED:
            return ExitCode.FINDINGS
        return ExitCode.COULD_NOT_TELL if any(plan.unjudged for plan in self.plans) else ExitCode.WELL


def verdict_of(plan: PlanReview, fail_on: Severity | None) -> Verdict:
    """Return the verdict over one plan."""
    if fail_on is not None and plan.worst >= fail_on:
        return Verdict.REFUSED
    if plan.unjudged:
        return Verdict.UNTOLD
    if plan.findings or any(change.stands_open for change in plan.changes.changes):
        return Verdict.LOOK
    return Verdict.CALM if plan.changes.changes else Verdict.NOTHING


@dataclass(frozen=True)
class Given:
    """A plan as it was given: its file's name, its tenant file if one is known, and the hash of the plan file."""

    plan: Plan
    file: str
    tenant: Tenant | None = None
    sha256: str | None = None


def review_plan(given: Given, *, today: date, at_workstation: bool = False) -> PlanReview:
    """Judge one plan by every rule; an exception counts through its last day."""
    subject = Subject(given.plan, given.tenant, at_workstation)
    exceptions = given.tenant.review_exceptions if given.tenant else ()
    findings: list[Finding] = []
    unjudged: list[Unjudged] = []
    for rule in RULES:
        valid = next((each for each in exceptions if each.rule == rule.id and each.until >= today), None)
        expired = next((each for each in exceptions if each.rule == rule.id and each.until < today), None)
        for said in rule.judge(subject):
            if isinstance(said, Breach):
                address = (shown(said.address),) if said.address else ()
                findings.append(Finding(rule, said.what, address, valid, None if valid else expired))
            else:
                unjudged.append(Unjudged(rule, said.why))
    broken = {finding.rule.id for finding in findings}
    return PlanReview(
        name=given.tenant.name if given.tenant else subject.tenant_id or given.file,
        file=given.file,
        tenant_id=subject.tenant_id,
        sha256=given.sha256,
        changes=read_changes(subject),
        # Equal ones may come from one thing with several of the same kind.
        findings=tuple(dict.fromkeys(sorted(findings, key=_order))),
        unjudged=tuple(dict.fromkeys(unjudged)),
        unused=tuple(each for each in exceptions if each.rule not in broken),
        terraform_version=given.plan.terraform_version,
    )


def collect(
    plans: Iterable[PlanReview],
    *,
    fail_on: Severity | None = Severity.MEDIUM,
    unread: Iterable[Unread] = (),
    left: Iterable[Left] = (),
    expects_none: bool = False,
) -> Review:
    """Return one review of several plans, the gravest first, the same whatever order they came in."""
    ordered = sorted(plans, key=lambda plan: _gravity(plan, fail_on))
    return Review(
        plans=tuple(ordered),
        fail_on=fail_on,
        unread=tuple(sorted(unread, key=lambda each: each.file)),
        left=tuple(sorted(left, key=lambda each: (each.tenant, each.file))),
        expects_none=expects_none,
    )


def _gravity(plan: PlanReview, fail_on: Severity | None) -> tuple[int, int, int, str, str]:
    first: Change | None = next(iter(plan.changes.changes), None)
    return (
        list(Verdict).index(verdict_of(plan, fail_on)),
        -plan.worst,
        int(first.risk) if first else 0,
        plan.name,
        plan.file,
    )


def _order(finding: Finding) -> tuple[bool, int, int, str]:
    rules = [rule.id for rule in RULES]
    return not finding.counts, -int(finding.rule.severity), rules.index(finding.rule.id), str(finding.address)
