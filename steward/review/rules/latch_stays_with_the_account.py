"""As long as there is an account, Terraform's state remembers where its life stands."""

from collections.abc import Iterator

from steward.review.rule import Breach, Rule, Severity, Untold
from steward.review.subject import Subject, disappears
from steward.wellknown.latch import LATCH


def judge(subject: Subject) -> Iterator[Breach | Untold]:
    """Find an account that the plan leaves without a latch."""
    if not subject.account_stays:
        return
    if subject.latch is None:
        yield Breach(("is not in the plan, and the account is",), LATCH)
    elif disappears(subject.latch):
        yield Breach(("is taken away, and the account stays",), LATCH)


RULE = Rule(
    id="latch_stays_with_the_account",
    title="The latch stays as long as the account does",
    severity=Severity.CRITICAL,
    why="Without it the next deploy takes the tenant for a new one, and may grant the role that was taken away long "
    "ago.",
    remedy="Keep the latch in the stack; to turn it, replace it with -target, which keeps the old one until the new "
    "one is there.",
    source="docs/how-it-works.md#the-latch",
    judge=judge,
)
