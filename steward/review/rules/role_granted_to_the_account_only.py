"""Whoever else gets a privileged role gets it from nowhere but an administrator's own decision."""

from collections.abc import Iterator

from steward.review.rule import Breach, Rule, Severity, Untold
from steward.review.subject import ROLE_ASSIGNMENT, Subject, remains


def judge(subject: Subject) -> Iterator[Breach | Untold]:
    """Find privileged roles of anybody but the account that exist once the plan is applied."""
    for change in subject.privileged_grants():
        if not remains(change):
            continue
        if change.type != ROLE_ASSIGNMENT:
            yield Breach(("gives a role in a way that no tenant's stack uses",), change.address)
        elif not subject.is_account(change, "principal_object_id"):
            yield Breach(("gives a privileged role to somebody who is not the account",), change.address)


RULE = Rule(
    id="role_granted_to_the_account_only",
    title="A privileged role is granted to nobody but the account",
    severity=Severity.CRITICAL,
    why="The latch, the window and the guard know of the account only; anybody else would keep the role.",
    remedy="Take the assignment out of the stack. Roles of people are given in Privileged Identity Management.",
    source="docs/how-it-works.md#the-latch",
    judge=judge,
)
