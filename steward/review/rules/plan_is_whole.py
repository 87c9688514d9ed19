"""The plan that is approved is all of what will be, and not a part of it."""

from collections.abc import Iterator

from steward.review.rule import Breach, Rule, Severity, Untold
from steward.review.subject import Subject


def judge(subject: Subject) -> Iterator[Breach | Untold]:
    """Find a plan that broke off, or that leaves something to another plan."""
    if subject.plan.errored:
        yield Breach(("planning broke off with an error, and the plan holds what was planned until then",))
    elif subject.plan.complete is False or subject.plan.deferred_changes:
        yield Breach(("the plan leaves something out: it was made with -target, or puts something off",))


RULE = Rule(
    id="plan_is_whole",
    title="The plan is whole",
    severity=Severity.HIGH,
    why="What is left out was not looked at, and the next plan brings it.",
    remedy="Plan without -target and -exclude, and mend what broke off.",
    source="https://developer.hashicorp.com/terraform/internals/json-format",
    judge=judge,
)
