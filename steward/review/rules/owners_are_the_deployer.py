"""Whoever owns an application can add a credential to it and act as it: nobody but the deploying identity does."""

from collections.abc import Iterator

from steward.review.rule import Breach, Rule, Severity, Untold
from steward.review.subject import APPLICATION, SERVICE_PRINCIPAL, Subject
from steward.review.values import at, is_unknown, texts
from steward.review.words import join, shown


def judge(subject: Subject) -> Iterator[Breach | Untold]:
    """Find owners other than the deploying identity."""
    if subject.tenant is None or subject.tenant.deployer is None:
        yield Untold(("no tenant file says which identity deploys",))
        return
    deployer = subject.tenant.deployer.object_id
    for kind in (APPLICATION, SERVICE_PRINCIPAL):
        for change in subject.remaining(kind):
            others = sorted(texts(at(change.change.after, "owners")) - {deployer})
            if others:
                named = join([(shown(each),) for each in others[:4]])
                yield Breach(("is owned by ", *named), change.address)
            if is_unknown(change.change, "owners"):
                yield Untold(("who owns it is known after the apply only",))


RULE = Rule(
    id="owners_are_the_deployer",
    title="Nobody but the deploying identity owns the application",
    severity=Severity.HIGH,
    why="An owner can add a secret and sign in as the application, with every permission that was consented to.",
    remedy="Leave deployer.object_id of the tenant file as the only owner.",
    source="https://learn.microsoft.com/entra/identity/enterprise-apps/overview-assign-app-owners",
    judge=judge,
)
