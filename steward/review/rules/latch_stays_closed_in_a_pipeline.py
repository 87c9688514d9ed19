"""A reviewed plan never waits for its approval with a privileged window in it."""

from collections.abc import Iterator

from steward.review.rule import Breach, Rule, Severity, Untold
from steward.review.subject import Subject, remains
from steward.review.values import at, is_unknown
from steward.wellknown.latch import LATCH, PRIVILEGED


def judge(subject: Subject) -> Iterator[Breach | Untold]:
    """Find a latch that the plan creates as privileged, or turns to it; at a workstation it may be created so."""
    latch = subject.latch
    if latch is None or not remains(latch):
        return
    if is_unknown(latch.change, "input.phase"):
        yield Untold(("the latch's phase is known after the apply only",))
        return
    before, after = at(latch.change.before, "input.phase"), at(latch.change.after, "input.phase")
    is_new = latch.change.before is None
    if after != PRIVILEGED or (before == after and "create" not in latch.change.actions):
        return
    if not (is_new and subject.at_workstation):
        yield Breach(("is created as privileged" if is_new else "is turned to privileged",), LATCH)


RULE = Rule(
    id="latch_stays_closed_in_a_pipeline",
    title="No pipeline's plan creates the latch as privileged or turns it to privileged",
    severity=Severity.CRITICAL,
    why="The window would run while the plan waits for its approval, and the role would be granted by whoever "
    "applies it.",
    remedy="Plan with -var phase=prepared; consent through Graph needs no role, and a window is opened by the "
    "post-apply program.",
    source="docs/how-it-works.md#the-latch",
    judge=judge,
)
