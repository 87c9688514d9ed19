"""A privileged role comes only together with the latch that says so, at the very beginning of a tenant's life."""

from collections.abc import Iterator

from steward.review.rule import Breach, Rule, Severity, Untold
from steward.review.subject import Subject, appears
from steward.review.values import at
from steward.wellknown.latch import LATCH, PRIVILEGED


def judge(subject: Subject) -> Iterator[Breach | Untold]:
    """Find privileged roles that the plan creates while it neither creates nor turns the latch to privileged."""
    latch = subject.latch
    is_opened = latch is not None and appears(latch) and at(latch.change.after, "input.phase") == PRIVILEGED
    for change in subject.privileged_grants():
        if appears(change) and not is_opened:
            yield Breach(
                ("is created, and the latch is neither created as privileged nor turned to it",), change.address
            )


RULE = Rule(
    id="role_granted_with_its_latch",
    title="A privileged role is created only in the plan that creates or turns the latch",
    severity=Severity.CRITICAL,
    why="The role was there before, or never came: it was taken away since, or the first apply broke off. Applying "
    "grants it again, to an account that may be in use.",
    remedy="Turn the latch, targeted, to `sealed` after the consent or to `prepared` before it, then plan again: "
    f"`terraform apply -target={LATCH} -replace={LATCH} -var phase=sealed` (or `prepared`).",
    source="docs/how-it-works.md#the-latch",
    judge=judge,
)
