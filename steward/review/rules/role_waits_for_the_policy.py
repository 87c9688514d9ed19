"""Terraform creates the role after the policy, and takes it away before the policy."""

from collections.abc import Iterator

from steward.review.rule import Breach, Rule, Severity, Untold
from steward.review.subject import Subject, remains
from steward.wellknown.stack import MFA_POLICY


def judge(subject: Subject) -> Iterator[Breach | Untold]:
    """Find privileged roles whose declaration does not depend on the policy, directly or through others."""
    for change in subject.privileged_grants():
        declared = subject.declaration_of(change)
        if not remains(change):
            continue
        if declared is None:
            yield Untold(("what declares it is not in the plan's root module, so that its order is not known",))
        elif not _depends(subject, declared.address):
            yield Breach(("does not depend on the MFA policy",), change.address)


def _depends(subject: Subject, address: str) -> bool:
    """Return whether a thing depends on the policy, through any number of others."""
    reached, next_ones = {address}, [address]
    while next_ones:
        declared = subject.declarations.get(next_ones.pop())
        if declared is None:
            continue
        for each in {*declared.depends_on, *_references(declared.expressions)}:
            # A reference may name an attribute or an instance of the thing.
            found = next((known for known in subject.declarations if _names(each, known)), None)
            if found == MFA_POLICY:
                return True
            if found is not None and found not in reached:
                reached.add(found)
                next_ones.append(found)
    return False


def _names(reference: str, address: str) -> bool:
    return reference == address or reference.startswith((f"{address}.", f"{address}["))


def _references(expression: object) -> Iterator[str]:
    if isinstance(expression, dict):
        found = expression.get("references")
        if isinstance(found, list):
            yield from (each for each in found if isinstance(each, str))
        for each in expression.values():
            yield from _references(each)
    elif isinstance(expression, list):
        for each in expression:
            yield from _references(each)


RULE = Rule(
    id="role_waits_for_the_policy",
    title="A privileged role depends on the MFA policy",
    severity=Severity.HIGH,
    why="Without the dependency Terraform may grant the role before the policy is in force, or keep it after the "
    "policy is gone.",
    remedy="Add depends_on with the policy to the assignment.",
    source="https://developer.hashicorp.com/terraform/language/meta-arguments/depends_on",
    judge=judge,
)
