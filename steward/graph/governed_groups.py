"""What a user could come to hold through groups that Privileged Identity Management governs.

Whoever is eligible as a group's member or owner puts himself into it, and whoever is scheduled to be one will be. A
group may be eligible in its turn, so that what is reached is followed to the end. Verify asks, in tenants that are
licensed for it.
"""

from dataclasses import dataclass, field
from typing import Any

from kiota_abstractions.api_error import APIError
from kiota_abstractions.base_request_configuration import RequestConfiguration
from msgraph.generated.groups.item.group_item_request_builder import GroupItemRequestBuilder
from msgraph.generated.identity_governance.privileged_access.group.assignment_schedule_instances import (
    assignment_schedule_instances_request_builder as active_instances,
)
from msgraph.generated.identity_governance.privileged_access.group.assignment_schedules import (
    assignment_schedules_request_builder as active_schedules,
)
from msgraph.generated.identity_governance.privileged_access.group.eligibility_schedule_instances import (
    eligibility_schedule_instances_request_builder as eligible_instances,
)
from msgraph.generated.identity_governance.privileged_access.group.eligibility_schedules import (
    eligibility_schedules_request_builder as eligible_schedules,
)
from msgraph.generated.models.group import Group
from msgraph.generated.models.privileged_access_group_relationships import PrivilegedAccessGroupRelationships

from steward.facts import RoleHoldings
from steward.graph.failures import PREMIUM_LICENCE_REQUIRED, code_of
from steward.graph.paging import quote, read_all
from steward.graph.roles import Found, Gathered, distinct, take_assigned, take_schedules
from steward.graph.session import GraphSession

_SHOWN = GroupItemRequestBuilder.GroupItemRequestBuilderGetQueryParameters(
    select=["id", "displayName", "isAssignableToRole"]
)


@dataclass
class _Search:
    """Where a search through the groups has come to; `known` has the groups that need no second look."""

    session: GraphSession
    gathered: Gathered = field(default_factory=Gathered)
    known: set[str] = field(default_factory=set)
    pending: list[tuple[str, str]] = field(default_factory=list)

    def start(self, holder_id: str, how: str) -> None:
        """Ask about a holder later, once; `how` says how the user comes to act as it."""
        if holder_id not in self.known:
            self.known.add(holder_id)
            self.pending.append((holder_id, how))


async def read_reachable(session: GraphSession, user_id: str) -> RoleHoldings:
    """Read the roles of the groups that a user is eligible for, or scheduled for, as a member or an owner.

    Asked about are the user, the groups that he is in and those that he owns, and in turn every group that is found
    so. Without a licence there is no such thing, which is a confirmed absence; any other refusal is unreadable.
    """
    search = _Search(session)
    user = session.client.users.by_user_id(user_id)
    search.start(user_id, "")
    for group in await _groups(search, "memberships of groups", user.transitive_member_of):
        search.start(group.id, f", through group {group.display_name}")
    for group in await _groups(search, "owned objects", user.owned_objects):
        await _reach(search, group, f"as owner of group {group.display_name}")
    while search.pending:
        await _follow(search, *search.pending.pop(0))
    return RoleHoldings(
        held=distinct(search.gathered.held), unreadable=tuple(dict.fromkeys(search.gathered.unreadable))
    )


async def _follow(search: _Search, holder_id: str, how: str) -> None:
    """Look at what one holder is eligible for or scheduled for; a group that is new is looked at in its turn."""
    for list_name, word, builder, query in _lists(search.session, holder_id):
        entries: list[Any] = []

        async def read(builder: Any = builder, query: Any = query, entries: list[Any] = entries) -> Found:
            try:
                listed = await read_all(builder, query)
            except APIError as error:
                if code_of(error) == PREMIUM_LICENCE_REQUIRED:
                    return []
                raise
            if any(entry.group_id is None for entry in listed):
                raise ValueError("an entry does not say which group it is about")
            entries.extend(listed)
            return []

        await search.gathered.take(f"{list_name} of groups{how}", read)
        for entry in entries:
            if entry.group_id not in search.known:
                relation = "owner" if entry.access_id is PrivilegedAccessGroupRelationships.Owner else "member"
                group = await _find_group(search, entry.group_id)
                name = group.display_name if group is not None else entry.group_id
                await _reach(search, group or Group(id=entry.group_id), f"as {word} {relation} of group {name}{how}")


async def _reach(search: _Search, group: Any, path: str) -> None:
    """Take what a group holds that the user can get into, and ask later about it and the groups that it is in."""
    if group.id in search.known:
        return
    search.start(group.id, f", {path}")
    if group.is_assignable_to_role is not False:
        await take_assigned(search.session, group.id, path, search.gathered)
        await take_schedules(search.session, group.id, f" {path}", search.gathered)
    around = search.session.client.groups.by_group_id(group.id).transitive_member_of
    for parent in await _groups(search, f"memberships of the group {group.id}", around):
        await _reach(search, parent, f"{path}, in group {parent.display_name}")


async def _groups(search: _Search, what: str, builder: Any) -> list[Any]:
    """Return the groups among what a list of directory objects holds, and note when it could not be read."""
    found: list[Any] = []

    async def read() -> Found:
        found.extend(entry for entry in await read_all(builder) if isinstance(entry, Group))
        return []

    await search.gathered.take(what, read)
    return found


async def _find_group(search: _Search, group_id: str) -> Any | None:
    found: list[Any] = []

    async def read() -> Found:
        group = search.session.client.groups.by_group_id(group_id)
        found.append(await group.get(RequestConfiguration(query_parameters=_SHOWN)))
        return []

    await search.gathered.take(f"the group {group_id}", read)
    return found[0] if found else None


def _lists(session: GraphSession, holder_id: str) -> tuple[tuple[str, str, Any, Any], ...]:
    """Return the lists that speak of a holder: what is told when one is unreadable, how it gives, builder and query."""
    governed = session.client.identity_governance.privileged_access.group
    condition = f"principalId eq {quote(holder_id)}"
    eligible, eligible_now = (
        eligible_schedules.EligibilitySchedulesRequestBuilder,
        eligible_instances.EligibilityScheduleInstancesRequestBuilder,
    )
    active, active_now = (
        active_schedules.AssignmentSchedulesRequestBuilder,
        active_instances.AssignmentScheduleInstancesRequestBuilder,
    )
    return (
        (
            "eligible memberships",
            "eligible",
            governed.eligibility_schedules,
            eligible.EligibilitySchedulesRequestBuilderGetQueryParameters(filter=condition),
        ),
        (
            "eligible memberships in force",
            "eligible",
            governed.eligibility_schedule_instances,
            eligible_now.EligibilityScheduleInstancesRequestBuilderGetQueryParameters(filter=condition),
        ),
        (
            "scheduled memberships",
            "scheduled",
            governed.assignment_schedules,
            active.AssignmentSchedulesRequestBuilderGetQueryParameters(filter=condition),
        ),
        (
            "scheduled memberships in force",
            "scheduled",
            governed.assignment_schedule_instances,
            active_now.AssignmentScheduleInstancesRequestBuilderGetQueryParameters(filter=condition),
        ),
    )
