"""The dashboard's roles go to groups, whose members are looked after where people come and go."""

from collections.abc import Iterator

from steward.review.plan import ResourceChange
from steward.review.rule import Breach, Rule, Severity, Untold
from steward.review.subject import APP_ROLE_ASSIGNMENT, Subject
from steward.review.values import at, text_at

_GROUPS = ("azuread_group.", "data.azuread_group.")


def judge(subject: Subject) -> Iterator[Breach | Untold]:
    """Find roles of the application that go to anything but a group that the plan reads."""
    for change in subject.remaining(APP_ROLE_ASSIGNMENT):
        if subject.is_of_own_principal(change) and not _is_group(subject, change):
            yield Breach(("goes to something that is not known to be a group",), change.address)


def _is_group(subject: Subject, change: ResourceChange) -> bool:
    kind = at(change.change.after, "principal_type")
    if kind is not None:
        return bool(kind == "Group")
    if at(change.change.after, "principal_object_id") is not None:
        return text_at(change.change.after, "principal_object_id") in subject.known_groups
    references = subject.references(change, "principal_object_id")
    return bool(references) and all(each.startswith(_GROUPS) for each in references)


RULE = Rule(
    id="app_roles_given_to_groups",
    title="Application roles are assigned to groups, not to users",
    severity=Severity.MEDIUM,
    why="A person who leaves keeps a role that was given directly; a group's members are reviewed.",
    remedy="Put the person into a group, and name the group under dashboard in the tenant file.",
    source="https://learn.microsoft.com/entra/identity/enterprise-apps/assign-user-or-group-access-portal",
    judge=judge,
)
