"""The policy demands MFA of the account for every resource, every client and under every condition."""

from collections.abc import Iterator
from typing import Any

from steward.review.rule import Breach, Rule, Severity, Untold
from steward.review.subject import Subject, remains
from steward.review.values import at, is_unknown, texts
from steward.review.words import shown
from steward.wellknown.stack import ACCOUNT, MFA_POLICY

_APPLICATIONS = "conditions.applications."
# Conditions that leave something out as soon as they are set. A list of the locations or the platforms that are
# included narrows as well, unless it is all of them.
_NARROWING = (
    f"{_APPLICATIONS}excluded_applications",
    f"{_APPLICATIONS}included_user_actions",
    f"{_APPLICATIONS}filter",
    "conditions.authentication_flow_transfer_methods",
    "conditions.client_applications",
    "conditions.devices",
    "conditions.insider_risk_levels",
    "conditions.locations",
    "conditions.platforms",
    "conditions.service_principal_risk_levels",
    "conditions.sign_in_risk_levels",
    "conditions.user_risk_levels",
)


def judge(subject: Subject) -> Iterator[Breach | Untold]:
    """Find what the policy leaves uncovered, or what satisfies it besides a second factor."""
    policy = subject.find(MFA_POLICY)
    if policy is None or not remains(policy) or not subject.account_stays:
        return
    after = policy.change.after
    if texts(at(after, f"{_APPLICATIONS}included_applications")) != {"All"}:
        yield Breach(("does not cover all resources",), MFA_POLICY)
    if texts(at(after, "conditions.client_app_types")) != {"all"}:
        yield Breach(("does not cover all client types, legacy authentication among them",), MFA_POLICY)
    for path in _NARROWING:
        # What is computed and optional is unknown while it is left out of a new policy.
        if at(after, path) not in (None, "", []):
            yield Breach(("applies only under a condition: ", shown(path.removeprefix("conditions."))), MFA_POLICY)
    users = "conditions.users.included_users"
    included = texts(at(after, users))
    is_made_now = is_unknown(policy.change, users) and subject.comes_from(policy, users, ACCOUNT)
    if not (included & (subject.account_ids | {"All"}) or is_made_now):
        yield Breach(("does not cover the account",), MFA_POLICY)
    yield from _judge_controls(at(after, "grant_controls"))
    expected = subject.tenant.mfa.strength_id if subject.tenant else None
    strength = at(after, "grant_controls.authentication_strength_policy_id")
    if expected and not str(strength or "").lower().endswith(expected):
        yield Breach(("does not demand the authentication strength of the tenant file",), MFA_POLICY)


def _judge_controls(controls: Any) -> Iterator[Breach]:
    built_in = texts(at({"controls": controls}, "controls.built_in_controls"))
    strength = at({"controls": controls}, "controls.authentication_strength_policy_id")
    operator = at({"controls": controls}, "controls.operator")
    others = [
        name
        for name in ("custom_authentication_factors", "terms_of_use")
        if at({"controls": controls}, f"controls.{name}") not in (None, [])
    ]
    if "mfa" not in built_in and not strength:
        yield Breach(("does not demand a second factor",), MFA_POLICY)
    elif operator != "AND" and (len(built_in) + bool(strength) + len(others)) > 1:
        yield Breach(("is satisfied by something other than a second factor: any one of several controls",), MFA_POLICY)


RULE = Rule(
    id="mfa_policy_covers_everything",
    title="The MFA policy covers the account for all resources, all client types and under all conditions",
    severity=Severity.CRITICAL,
    why="Whatever it leaves out is a sign-in with a password alone.",
    remedy="Restore the policy as the stack declares it: all resources, all client types, no further condition, MFA "
    "or an authentication strength as the only control.",
    source="https://learn.microsoft.com/entra/identity/conditional-access/concept-conditional-access-conditions",
    judge=judge,
)
