"""The stamp by which every program of ours knows the account stays on it."""

from collections.abc import Iterator

from steward.review.rule import Breach, Rule, Severity, Untold
from steward.review.subject import Subject
from steward.review.values import at
from steward.wellknown.account import STAMP
from steward.wellknown.stack import ACCOUNT


def judge(subject: Subject) -> Iterator[Breach | Untold]:
    """Find an account that the plan leaves without the stamp."""
    account = subject.account
    if account is not None and subject.account_stays and at(account.change.after, "employee_type") != STAMP:
        yield Breach(("is left without the stamp",), ACCOUNT)


RULE = Rule(
    id="stamp_stays",
    title="The account keeps its stamp",
    severity=Severity.HIGH,
    why="Closing and guarding refuse an account without it, so that nothing of ours would take the role away.",
    remedy=f'Keep employee_type = "{STAMP}".',
    source="docs/how-it-works.md#closing-alone-and-the-guard",
    judge=judge,
)
