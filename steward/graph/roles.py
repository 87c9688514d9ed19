"""Who holds which directory role, by every path that Graph shows; each path is a read of its own.

A path that cannot be read is named beside what the others show: what is known can be taken away although something
else is not known. Several paths show the same assignment on purpose, because one list may lag behind another.
"""

from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
from kiota_abstractions.api_error import APIError
from kiota_abstractions.base_request_configuration import RequestConfiguration
from msgraph.generated.models.application import Application
from msgraph.generated.models.directory_role import DirectoryRole
from msgraph.generated.models.group import Group
from msgraph.generated.models.service_principal import ServicePrincipal
from msgraph.generated.role_management.directory.role_assignment_schedule_instances import (
    role_assignment_schedule_instances_request_builder as active_instances,
)
from msgraph.generated.role_management.directory.role_assignment_schedules import (
    role_assignment_schedules_request_builder as active_schedules,
)
from msgraph.generated.role_management.directory.role_assignments.item import (
    unified_role_assignment_item_request_builder as one_assignment,
)
from msgraph.generated.role_management.directory.role_assignments.role_assignments_request_builder import (
    RoleAssignmentsRequestBuilder,
)
from msgraph.generated.role_management.directory.role_eligibility_schedules import (
    role_eligibility_schedules_request_builder as eligible_schedules,
)
from msgraph.generated.service_principals.service_principals_request_builder import ServicePrincipalsRequestBuilder

from steward.errors import FinalRefusalError
from steward.facts import Reading, RoleHolding, RoleHoldings, Unreadable
from steward.graph.failures import PREMIUM_LICENCE_REQUIRED, code_of, reading
from steward.graph.paging import quote, read_all
from steward.graph.session import GraphSession
from steward.wellknown.permissions import known_permissions
from steward.wellknown.roles import is_privileged_role

# What shows the same assignment as another path, the path it is best removed by first.
_DIRECT, _INSTANCE, _SCHEDULE, _MEMBER = "direct", "active now", "active schedule", "member of the role"
_ELIGIBLE = "eligible"
_WHOLE_TENANT = "/"

Found = Sequence[RoleHolding]


@dataclass
class Gathered:
    """What the paths showed so far."""

    held: list[RoleHolding] = field(default_factory=list)
    unreadable: list[Unreadable] = field(default_factory=list)

    async def take(self, what: str, read: Callable[[], Awaitable[Reading[Found]]]) -> None:
        """Add what one path shows, or that it could not be read."""
        found = await reading(what, read)
        if isinstance(found, Unreadable):
            self.unreadable.append(found)
        elif isinstance(found, Sequence):
            self.held += found


async def read_roles(
    session: GraphSession, principal_id: str, assignment_ids: Collection[str] = (), *, with_schedules: bool = True
) -> RoleHoldings:
    """Read every path by which a user holds a directory role.

    Paths: role assignments as listed, those of `assignment_ids` each by its id, the directory roles and the groups
    that the user is a member of (through groups as well), active schedules with their instances, and eligible ones.
    Without Entra ID P2 there are no schedules, which is a confirmed absence; any other refusal is named as unreadable.
    """
    gathered, unseen = Gathered(), []

    async def listed() -> Found:
        return await list_assigned(session, principal_id)

    await gathered.take("role assignments", listed)
    for assignment_id in sorted(set(assignment_ids) - {entry.assignment_id for entry in gathered.held}):

        async def by_id(wanted: str = assignment_id) -> Found:
            entry = await _find_assignment(session, wanted)
            if entry is None:
                unseen.append(wanted)
            return [_assignment(entry)] if entry is not None and entry.principal_id == principal_id else []

        await gathered.take(f"the role assignment {assignment_id}", by_id)
    groups = await _take_memberships(session, principal_id, gathered)
    if with_schedules:
        holders = {principal_id: "", **{group.id: f" through group {group.display_name}" for group in groups}}
        for holder_id, how in holders.items():
            await take_schedules(session, holder_id, how, gathered)
    return RoleHoldings(
        held=distinct(gathered.held), unreadable=tuple(gathered.unreadable), unseen=tuple(sorted(set(unseen)))
    )


async def require_no_privileged_role(session: GraphSession, user_id: str) -> None:
    """Raise `FinalRefusalError` where the user is seen to hold a privileged role, or a path to one cannot be read.

    One look, for right before a credential changes hands; a role that is granted after it is not seen.
    """
    holdings = await read_roles(session, user_id)
    held = [entry for entry in holdings.held if is_privileged_role(entry.role_template_id)]
    if held:
        paths = ", ".join(f"{entry.role_name} ({entry.path})" for entry in held)
        raise FinalRefusalError(
            "credentials do not change hands",
            why=f"the account holds {paths}",
            next_move="let that window end, or close it; then run again",
        )
    for unreadable in holdings.unreadable:
        raise FinalRefusalError(
            "credentials do not change hands",
            why=f"could not tell whether the account holds a privileged role: {unreadable.what}: {unreadable.why}",
            next_move="see that the read is permitted and the service answers, then run again",
        )


async def list_assignments(session: GraphSession, condition: str) -> list[Any]:
    """Return the role assignments that meet an OData condition, with their role definitions; raises as the SDK does."""
    query = RoleAssignmentsRequestBuilder.RoleAssignmentsRequestBuilderGetQueryParameters(
        filter=condition, expand=["roleDefinition"]
    )
    return await read_all(session.client.role_management.directory.role_assignments, query)


async def list_assigned(session: GraphSession, principal_id: str, path: str = _DIRECT) -> list[RoleHolding]:
    """Return the roles that are assigned to a principal itself, each told as held by `path`; raises as the SDK does."""
    return [
        _assignment(entry, path) for entry in await list_assignments(session, f"principalId eq {quote(principal_id)}")
    ]


async def read_owned(session: GraphSession, user_id: str) -> RoleHoldings:
    """Read what a user could make its own: roles of groups that it owns, roles and permissions of applications.

    The owner of a group puts himself into it, and the owner of an application gives it a credential and signs in as it.
    Told as roles are the application permissions too through which an application makes itself an administrator.
    """
    gathered = Gathered()
    owned: list[Any] = []

    async def objects() -> Found:
        owned.extend(await read_all(session.client.users.by_user_id(user_id).owned_objects))
        return []

    await gathered.take("owned objects", objects)
    for entry in owned:
        if isinstance(entry, Group) and entry.is_assignable_to_role is not False:
            await take_assigned(session, entry.id, f"as owner of group {entry.display_name}", gathered)
    applications = {entry.app_id for entry in owned if isinstance(entry, Application | ServicePrincipal)}
    for app_id in sorted(filter(None, applications)):
        await _take_application(session, app_id, gathered)
    return RoleHoldings(held=tuple(dict.fromkeys(gathered.held)), unreadable=tuple(gathered.unreadable))


async def _take_application(session: GraphSession, app_id: str, gathered: Gathered) -> None:
    principals: list[Any] = []

    async def found() -> Found:
        query = ServicePrincipalsRequestBuilder.ServicePrincipalsRequestBuilderGetQueryParameters(
            filter=f"appId eq {quote(app_id)}", select=["id", "displayName"]
        )
        principals.extend(await read_all(session.client.service_principals, query))
        return []

    await gathered.take(f"the owned application {app_id}", found)
    for principal in principals:
        path = f"as owner of application {principal.display_name}"
        await take_assigned(session, principal.id, path, gathered)

        async def granted(principal_id: str = principal.id, path: str = path) -> Found:
            builder = session.client.service_principals.by_service_principal_id(principal_id)
            ids = {str(grant.app_role_id) for grant in await read_all(builder.app_role_assignments)}
            return [
                RoleHolding(role_template_id=known.application_id, role_name=known.label, path=path)
                for known in known_permissions().values()
                if known.application_id in ids and known.application_id and known.escalation is not None
            ]

        await gathered.take(f"permissions of {path}", granted)


async def take_assigned(session: GraphSession, holder_id: str, path: str, gathered: Gathered) -> None:
    """Take the roles that are assigned to somebody else, each told as held by `path`."""

    async def read() -> Found:
        # What another principal holds is not taken away from it here, so that its id is left out.
        return [
            RoleHolding(entry.role_template_id, entry.role_name, entry.path)
            for entry in await list_assigned(session, holder_id, path)
        ]

    await gathered.take(f"roles {path}", read)


async def _take_memberships(session: GraphSession, principal_id: str, gathered: Gathered) -> list[Any]:
    """Take the directory roles among the memberships, and the roles of the groups; return these groups."""
    groups: list[Any] = []

    async def read() -> Reading[Found]:
        belongs = await read_all(session.client.users.by_user_id(principal_id).transitive_member_of)
        # A group that does not show whether it may hold roles is asked about as if it did.
        groups.extend(
            entry for entry in belongs if isinstance(entry, Group) and entry.is_assignable_to_role is not False
        )
        roles = [entry for entry in belongs if isinstance(entry, DirectoryRole)]
        if any(role.role_template_id is None for role in roles):
            return Unreadable("directory roles among the memberships", "which roles they are is not shown")
        return [
            RoleHolding(role.role_template_id, role.display_name or role.role_template_id, _MEMBER, role_id=role.id)
            for role in roles
        ]

    await gathered.take("memberships of groups and directory roles", read)
    for group in groups:
        await take_assigned(session, group.id, f"through group {group.display_name}", gathered)
    return groups


async def take_schedules(session: GraphSession, holder_id: str, how: str, gathered: Gathered) -> None:
    """Take the roles that a holder has, will have or may take up by schedules; `how` follows their kind in the path."""
    directory = session.client.role_management.directory
    condition = f"principalId eq {quote(holder_id)}"
    expand = ["roleDefinition"]
    active = active_schedules.RoleAssignmentSchedulesRequestBuilder
    instances = active_instances.RoleAssignmentScheduleInstancesRequestBuilder
    eligible = eligible_schedules.RoleEligibilitySchedulesRequestBuilder
    kinds: tuple[tuple[str, Any, Any], ...] = (
        (
            _INSTANCE,
            directory.role_assignment_schedule_instances,
            instances.RoleAssignmentScheduleInstancesRequestBuilderGetQueryParameters(filter=condition, expand=expand),
        ),
        (
            _SCHEDULE,
            directory.role_assignment_schedules,
            active.RoleAssignmentSchedulesRequestBuilderGetQueryParameters(filter=condition, expand=expand),
        ),
        (
            _ELIGIBLE,
            directory.role_eligibility_schedules,
            eligible.RoleEligibilitySchedulesRequestBuilderGetQueryParameters(filter=condition, expand=expand),
        ),
    )
    for kind, builder, query in kinds:

        async def read(kind: str = kind, builder: Any = builder, query: Any = query) -> Found:
            try:
                entries = await read_all(builder, query)
            except APIError as error:
                if code_of(error) == PREMIUM_LICENCE_REQUIRED:
                    return []
                raise
            # An instance of the user itself is an assignment, and is removed as one.
            is_own = kind == _INSTANCE and not how
            return [
                _holding(
                    entry,
                    f"{kind}{how}",
                    entry.role_assignment_origin_id if is_own else None,
                    is_scheduled=not how and _ends(entry, kind),
                )
                for entry in entries
            ]

        await gathered.take(f"{kind} roles{how}", read)


def _ends(entry: Any, kind: str) -> bool:
    """Return whether Privileged Identity Management keeps this as a schedule of its own, with an end or a begin."""
    if kind == _INSTANCE:
        return entry.end_date_time is not None
    return kind == _SCHEDULE and entry.created_using is not None


async def _find_assignment(session: GraphSession, assignment_id: str) -> Any | None:
    query = one_assignment.UnifiedRoleAssignmentItemRequestBuilder
    parameters = query.UnifiedRoleAssignmentItemRequestBuilderGetQueryParameters(expand=["roleDefinition"])
    assignments = session.client.role_management.directory.role_assignments
    try:
        return await assignments.by_unified_role_assignment_id(assignment_id).get(
            RequestConfiguration(query_parameters=parameters)
        )
    except APIError as error:
        if error.response_status_code == httpx.codes.NOT_FOUND:
            return None
        raise


def _assignment(entry: Any, path: str = _DIRECT) -> RoleHolding:
    return _holding(entry, path, entry.id)


def _holding(entry: Any, path: str, assignment_id: str | None = None, *, is_scheduled: bool = False) -> RoleHolding:
    name = entry.role_definition.display_name if entry.role_definition else None
    scope = entry.directory_scope_id or _WHOLE_TENANT
    return RoleHolding(
        role_template_id=entry.role_definition_id,
        role_name=name or entry.role_definition_id,
        path=path if scope == _WHOLE_TENANT else f"{path}, on {scope}",
        assignment_id=assignment_id,
        is_scheduled=is_scheduled,
    )


def distinct(held: Iterable[RoleHolding]) -> tuple[RoleHolding, ...]:
    """Keep of several paths that show one assignment the one that it is best removed by."""
    found = tuple(dict.fromkeys(held))
    paths: dict[str, set[str]] = {}
    for entry in found:
        paths.setdefault(entry.role_template_id, set()).add(entry.path)
    scheduled = {(entry.role_template_id, entry.assignment_id) for entry in found if entry.is_scheduled}
    return tuple(
        replace(entry, is_scheduled=(entry.role_template_id, entry.assignment_id) in scheduled or entry.is_scheduled)
        for entry in found
        if not _is_repeated(entry.path, paths[entry.role_template_id])
    )


def _is_repeated(path: str, beside: Collection[str]) -> bool:
    """Return whether a path says nothing that the paths of the same role beside it do not say better."""
    if path == _MEMBER:
        return any(each in {_DIRECT, _INSTANCE} or each.startswith("through group ") for each in beside)
    for kind, better in ((_INSTANCE, ()), (_SCHEDULE, (_INSTANCE,))):
        if path.startswith(kind):
            how = path.removeprefix(kind)
            return (how.strip() if how.startswith(" ") else f"{_DIRECT}{how}") in beside or any(
                f"{each}{how}" in beside for each in better
            )
    return False
