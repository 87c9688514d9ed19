"""The policy goes last: as long as the account is there, something demands the second factor of it."""

from collections.abc import Iterator

from steward.review.rule import Breach, Rule, Severity, Untold
from steward.review.subject import Subject
from steward.wellknown.stack import MFA_POLICY


def judge(subject: Subject) -> Iterator[Breach | Untold]:
    """Find a policy that is deleted, forgotten or replaced from behind while the account stays."""
    policy = subject.find(MFA_POLICY)
    if policy is None or not subject.account_stays:
        return
    actions = policy.change.actions
    if actions == ("delete",):
        yield Breach(("is destroyed, and the account stays",), MFA_POLICY)
    elif actions == ("forget",):
        yield Breach(("is forgotten, and nothing keeps it as it is any more",), MFA_POLICY)
    elif actions == ("delete", "create"):
        yield Breach(("is destroyed before its successor is there",), MFA_POLICY)


RULE = Rule(
    id="policy_outlives_the_account",
    title="The MFA policy is not destroyed while the account stays",
    severity=Severity.CRITICAL,
    why="From then on a password alone signs in as the account.",
    remedy="Keep the policy, or retire the account with it; a replacement needs create_before_destroy.",
    source="docs/how-it-works.md#the-life-of-an-account",
    judge=judge,
)
