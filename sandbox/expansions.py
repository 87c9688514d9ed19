"""`$expand`: the relations that can be shown inside an object, and what stands there.

A relation leads from a record to directory objects or to a record of another kind; what an exposure names as
expandable has its entry here.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sandbox.directory import role_policies, role_schedules, service_principals
from sandbox.directory.store import Directory, Record
from sandbox.errors import malformed, not_emulated
from sandbox.exposures.exposure import Exposure
from sandbox.exposures.registry import BY_TYPE
from sandbox.exposures.roles import (
    ROLE_DEFINITION,
    ROLE_ELIGIBILITY_SCHEDULE,
    ROLE_ELIGIBILITY_SCHEDULE_INSTANCE,
    ROLE_POLICY,
)
from sandbox.queries.options import Expanded
from sandbox.schema import graph_schema, unknown_property

# "Customize Microsoft Graph responses with query parameters" (learn.microsoft.com, read November 2026): a relation of
# a directory object is shown with at most 20 elements and without a link to the rest.
MOST_ELEMENTS = 20
# What relations lead to that is in no list of mixed kinds.
_FURTHER = {
    each.type_name: each
    for each in (ROLE_DEFINITION, ROLE_ELIGIBILITY_SCHEDULE, ROLE_ELIGIBILITY_SCHEDULE_INSTANCE, ROLE_POLICY)
}

Typed = tuple[str, Record]
# Shows what of an object its reader may see: its kind, the record, and what would be shown.
Limit = Callable[[str, Record, Record], Record]


@dataclass(frozen=True)
class Relation:
    """Where a relation leads to, as typed records; `is_single` tells whether it is one at most."""

    follow: Callable[[Directory, Record], Sequence[Typed]]
    leads_to: str = "directoryObject"  # the kind of what stands there, or what the kinds that may are derived from
    is_single: bool = False

    def exposures(self) -> Sequence[Exposure]:
        """List how what may stand there is shown."""
        known = {**BY_TYPE, **_FURTHER}
        return [known[name] for name in known if graph_schema().is_derived(name, self.leads_to)]

    @property
    def names_type(self) -> bool:
        """Say whether what stands there tells its type, because it may be of several."""
        return self.leads_to not in _FURTHER


def require_expandable(exposure: Exposure, wanted: Sequence[Expanded], *, beta: bool) -> None:
    """Refuse by name what cannot be shown of an object's relations, whatever stands there."""
    for each in wanted:
        relation = require_relation(exposure, each.name)
        shown = relation.exposures()
        for name in each.select or ():
            _require_selectable(relation.leads_to, shown, name, beta=beta)
        if each.within and any(kind.is_directory for kind in shown):
            # Same page as above: the directory's objects are expanded one level deep.
            raise malformed(f"$expand is not supported inside $expand of '{each.name}'.")
        for kind in shown:
            require_expandable(kind, each.within, beta=beta)


def expand(
    directory: Directory, exposure: Exposure, record: Record, wanted: Sequence[Expanded], *, beta: bool, limit: Limit
) -> Record:
    """Show what is asked for of a record's relations, which `require_expandable` has found in order."""
    shown: Record = {}
    for each in wanted:
        relation = require_relation(exposure, each.name)
        followed = relation.follow(directory, record)[:MOST_ELEMENTS]
        found = [_show(directory, typed, each, relation, beta=beta, limit=limit) for typed in followed]
        if relation.is_single:
            shown[each.name] = found[0] if found else None
        else:
            shown[each.name] = found
    return shown


def require_relation(exposure: Exposure, name: str) -> Relation:
    """Find an expandable relation, or refuse it by name."""
    if name in exposure.expandable:
        return RELATIONS.get((exposure.type_name, name)) or OF_ASSIGNMENTS[name]
    if name in graph_schema().navigation(exposure.type_name):
        raise not_emulated(f"the expansion of '{name}' on '{exposure.type_name}'")
    raise malformed(f"Could not find a property named '{name}' to expand on 'microsoft.graph.{exposure.type_name}'.")


def _require_selectable(leads_to: str, shown: Sequence[Exposure], name: str, *, beta: bool) -> None:
    """Refuse a property that none of the kinds has, or that none of them shows here."""
    having = [each for each in shown if name in graph_schema().properties(each.type_name, beta=beta)]
    if not having:
        raise unknown_property(leads_to, name)
    if not any(name in each.default or name in each.further for each in having):
        having[0].names([name], beta=beta)


def objects(directory: Directory, ids: Sequence[str]) -> list[Typed]:
    """Look up live directory objects, as they are shown."""
    found: list[Typed] = []
    for each in ids:
        known = directory.find_object(each)
        if known is not None:
            kind, record = known
            mirrors = kind == "servicePrincipal"
            found.append((kind, service_principals.render(directory, record) if mirrors else record))
    return found


def _show(
    directory: Directory, typed: Typed, expanded: Expanded, relation: Relation, *, beta: bool, limit: Limit
) -> Record:
    kind, record = typed
    exposure = _FURTHER.get(kind) or BY_TYPE[kind]
    names = expanded.select
    if relation.names_type and names is not None:
        # Of several kinds, each shows what it has of the selection.
        known = graph_schema().properties(kind, beta=beta)
        names = tuple(each for each in names if each in known)
    shown = limit(kind, record, graph_schema().project(kind, record, exposure.names(names, beta=beta)))
    shown.update(expand(directory, exposure, record, expanded.within, beta=beta, limit=limit))
    return {"@odata.type": f"#microsoft.graph.{kind}", **shown} if relation.names_type else shown


def _members(directory: Directory, record: Record) -> list[Typed]:
    return objects(directory, directory.members_of(record["id"], nested=False))


def _owners(directory: Directory, record: Record) -> list[Typed]:
    return objects(directory, directory.owners_of(record["id"]))


def _containers(directory: Directory, record: Record) -> list[Typed]:
    return objects(directory, directory.containers_of(record["id"], nested=False))


def _manager(directory: Directory, record: Record) -> list[Typed]:
    manager = directory.managers.get(record["id"])
    return objects(directory, [manager] if manager else [])


def _principal(directory: Directory, record: Record) -> list[Typed]:
    return objects(directory, [record["principalId"]])


def _role_definition(directory: Directory, record: Record) -> list[Typed]:
    definition = directory.role_definitions.get(record["roleDefinitionId"])
    return [] if definition is None else [("unifiedRoleDefinition", definition)]


def _activating_schedule(directory: Directory, record: Record) -> list[Typed]:
    return [
        ("unifiedRoleEligibilitySchedule", each)
        for each in role_schedules.schedules(directory, role_schedules.ELIGIBILITY)
        if each["id"] == record.get("activatedUsing")
    ]


def _activating_instance(directory: Directory, record: Record) -> list[Typed]:
    return [
        ("unifiedRoleEligibilityScheduleInstance", each)
        for each in role_schedules.instances(directory, role_schedules.ELIGIBILITY)
        if each["roleEligibilityScheduleId"] == record["activatedUsing"]
    ]


def _policy(directory: Directory, record: Record) -> list[Typed]:
    return [("unifiedRoleManagementPolicy", role_policies.require_policy(directory, record["policyId"]))]


def _rules(directory: Directory, record: Record) -> list[Typed]:
    return role_policies.rules(directory, record["roleDefinitionId"])


# What every kind of role assignment, schedule and request has.
OF_ASSIGNMENTS: Mapping[str, Relation] = {
    "principal": Relation(_principal, is_single=True),
    "roleDefinition": Relation(_role_definition, ROLE_DEFINITION.type_name, is_single=True),
}
RELATIONS: Mapping[tuple[str, str], Relation] = {
    ("user", "manager"): Relation(_manager, is_single=True),
    ("user", "memberOf"): Relation(_containers),
    ("group", "members"): Relation(_members),
    ("group", "memberOf"): Relation(_containers),
    ("group", "owners"): Relation(_owners),
    ("application", "owners"): Relation(_owners),
    ("servicePrincipal", "owners"): Relation(_owners),
    ("servicePrincipal", "memberOf"): Relation(_containers),
    ("unifiedRoleAssignmentSchedule", "activatedUsing"): Relation(
        _activating_schedule, ROLE_ELIGIBILITY_SCHEDULE.type_name, is_single=True
    ),
    ("unifiedRoleAssignmentScheduleInstance", "activatedUsing"): Relation(
        _activating_instance, ROLE_ELIGIBILITY_SCHEDULE_INSTANCE.type_name, is_single=True
    ),
    ("unifiedRoleAssignmentScheduleRequest", "activatedUsing"): Relation(
        _activating_schedule, ROLE_ELIGIBILITY_SCHEDULE.type_name, is_single=True
    ),
    ("unifiedRoleManagementPolicy", "rules"): Relation(_rules, "unifiedRoleManagementPolicyRule"),
    ("unifiedRoleManagementPolicyAssignment", "policy"): Relation(_policy, ROLE_POLICY.type_name, is_single=True),
}
