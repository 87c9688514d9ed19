"""A state belongs to one tenant, for ever."""

from collections.abc import Iterator

from steward.review.rule import Breach, Rule, Severity, Untold
from steward.review.subject import Subject
from steward.review.values import text_at
from steward.review.words import shown
from steward.wellknown.stack import ACCOUNT, APPLICATION, MFA_POLICY, SERVICE_PRINCIPAL

_ANCHORS = frozenset({ACCOUNT, MFA_POLICY, SERVICE_PRINCIPAL})


def judge(subject: Subject) -> Iterator[Breach | Untold]:
    """Find a plan for another tenant than the one that its state came from."""
    if subject.tenant_id is None:
        yield Breach(("the provider is not told its tenant by a literal, so that whoever plans decides on it",))
        return
    changes = (*subject.plan.resource_changes, *subject.plan.resource_drift)
    # The vendor's application lives in the vendor's tenant; our own in the tenant that the state is about.
    if any(change.address == APPLICATION and change.change.before for change in changes):
        principals = [change for change in changes if change.address == SERVICE_PRINCIPAL]
        homes = {text_at(each.change.before, "application_tenant_id") or subject.tenant_id for each in principals}
        others = sorted({home.lower() for home in homes} - {subject.tenant_id})
        if others:
            yield Breach(
                ("the state is about the tenant ", shown(others[0]), ", the plan about ", shown(subject.tenant_id))
            )
            return
    gone = {change.address for change in subject.plan.resource_drift if change.change.actions == ("delete",)}
    if gone >= _ANCHORS:
        yield Breach(("nothing that the state knows is in this tenant: it is another one, or somebody emptied it",))


RULE = Rule(
    id="tenant_stays_the_same",
    title="The plan is about the tenant that its state is about",
    severity=Severity.CRITICAL,
    why="With another tenant's id the plan makes everything anew there and forgets what stands here, a privileged "
    "account perhaps.",
    remedy="Restore tenant.id in the tenant file; another tenant gets a file and a state of its own.",
    source="docs/how-it-works.md",
    judge=judge,
)
