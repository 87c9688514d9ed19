"""The policy that demands the second factor is there, and it is enabled."""

from collections.abc import Iterator

from steward.review.rule import Breach, Rule, Severity, Untold
from steward.review.subject import Subject, disappears
from steward.review.values import at, is_unknown
from steward.review.words import shown
from steward.wellknown.stack import MFA_POLICY


def judge(subject: Subject) -> Iterator[Breach | Untold]:
    """Find an account without the policy, or with one that is not enabled."""
    if not subject.account_stays:
        return
    policy = subject.find(MFA_POLICY)
    if policy is None:
        yield Breach(("the plan has an account and no policy that demands a second factor of it",), MFA_POLICY)
    elif disappears(policy):
        return  # policy_outlives_the_account says so
    elif is_unknown(policy.change, "state"):
        yield Untold(("the policy's state is known after the apply only",))
    elif (state := at(policy.change.after, "state")) != "enabled":
        yield Breach(("has the state ", shown(state or "none"), " and demands nothing"), MFA_POLICY)


RULE = Rule(
    id="mfa_policy_in_force",
    title="The MFA policy is in the plan and enabled",
    severity=Severity.CRITICAL,
    why="Without it a password alone signs in; a policy in report-only mode demands nothing either.",
    remedy='Declare the policy with state "enabled", as the stack does.',
    source="https://learn.microsoft.com/entra/identity/conditional-access/concept-conditional-access-report-only",
    judge=judge,
)
