"""Nothing about the account changes in an apply that grants the role, or that begins while it is held."""

from collections.abc import Iterator

from steward.review.rule import Breach, Rule, Severity, Untold
from steward.review.subject import Subject, appears, is_touched, remains
from steward.review.words import shown
from steward.wellknown.stack import ACCOUNT


def judge(subject: Subject) -> Iterator[Breach | Untold]:
    """Find a change of the account beside a role that it has or gets."""
    account = subject.account
    if account is None or account.change.before is None or not is_touched(account):
        return
    for change in subject.privileged_grants():
        if appears(change):
            yield Breach(("changes in the apply that grants ", shown(change.address)), ACCOUNT)
        elif change.change.before is not None:
            when = "while the role is held" if remains(change) else "in the apply that takes the role away"
            yield Breach((f"changes {when}",), ACCOUNT)


RULE = Rule(
    id="account_untouched_while_privileged",
    title="The account does not change in an apply that holds or grants the role",
    severity=Severity.HIGH,
    why="The provider sends the whole user with any change, accountEnabled as it last saw it, so that it may enable or "
    "rename a Global Administrator.",
    remedy="Take the role away first (scripts/close.py), then plan the change of the account by itself.",
    source="docs/how-it-works.md#four-ways-to-elevate",
    judge=judge,
)
