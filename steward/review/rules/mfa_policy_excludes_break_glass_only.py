"""Nobody is left out of the policy but the emergency accounts."""

from collections.abc import Iterator

from steward.review.rule import Breach, Rule, Severity, Untold
from steward.review.subject import Subject, remains
from steward.review.values import at, is_unknown, texts
from steward.review.words import join, shown
from steward.wellknown.stack import MFA_POLICY

_USERS = "conditions.users."


def judge(subject: Subject) -> Iterator[Breach | Untold]:
    """Find users, roles, guests and groups other than break-glass that the policy leaves out."""
    policy = subject.find(MFA_POLICY)
    if policy is None or not remains(policy):
        return
    after = policy.change.after
    for whom in ("excluded_users", "excluded_roles", "excluded_guests_or_external_users"):
        if at(after, f"{_USERS}{whom}") not in (None, []) or is_unknown(policy.change, f"{_USERS}{whom}"):
            yield Breach(("leaves out ", shown(whom.removeprefix("excluded_"))), MFA_POLICY)
    groups = f"{_USERS}excluded_groups"
    if is_unknown(policy.change, groups):
        yield Untold(("which groups the policy leaves out is known after the apply only",))
    others = sorted(texts(at(after, groups)) - subject.break_glass_ids)
    if others:
        named = join([(shown(each),) for each in others[:4]])
        yield Breach(("leaves out groups other than break-glass: ", *named), MFA_POLICY)


RULE = Rule(
    id="mfa_policy_excludes_break_glass_only",
    title="The MFA policy leaves out the break-glass group and nobody else",
    severity=Severity.CRITICAL,
    why="Whoever is left out signs in with a password alone, and an exclusion of the account itself ends the "
    "protection.",
    remedy="Take the exclusion out of the policy; emergency accounts belong into the break-glass group.",
    source="https://learn.microsoft.com/entra/identity/role-based-access-control/security-emergency-access",
    judge=judge,
)
