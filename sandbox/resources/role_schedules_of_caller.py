"""The functions by which a signed-in user lists his own schedules, instances and requests, those of his groups too."""

from collections.abc import Callable, Iterable

from sandbox.directory import role_schedules
from sandbox.directory.role_schedules import ASSIGNMENT, ELIGIBILITY, Kind
from sandbox.directory.store import Directory, Record
from sandbox.exposures.exposure import Exposure
from sandbox.exposures.roles import (
    ROLE_ASSIGNMENT_REQUEST,
    ROLE_ASSIGNMENT_SCHEDULE,
    ROLE_ASSIGNMENT_SCHEDULE_INSTANCE,
    ROLE_ELIGIBILITY_REQUEST,
    ROLE_ELIGIBILITY_SCHEDULE,
    ROLE_ELIGIBILITY_SCHEDULE_INSTANCE,
)
from sandbox.permissions import Service
from sandbox.requests import Answer, GraphRequest
from sandbox.routing import MANY, Handler, Route

_List = Callable[[Directory, Kind], Iterable[Record]]


def _requests(directory: Directory, kind: Kind) -> Iterable[Record]:
    return kind.requests(directory).values()


def _listing(exposure: Exposure, kind: Kind, listed: _List) -> Handler:
    def handler(request: GraphRequest) -> Answer:
        role_schedules.require_licence(request.directory)
        own_id = request.caller.object_id
        groups = request.directory.containers_of(own_id, nested=False)
        found: list[Record] = []
        for each in listed(request.directory, kind):
            if each["principalId"] == own_id:
                found.append(each)
            elif each["principalId"] in groups:
                found.append({**each, "memberType": "Group"})
        return request.page(exposure, found)

    return handler


def _route(name: str, handler: Handler, permission: str, *, reads: bool) -> Route:
    # "unifiedRoleAssignmentSchedule: filterByCurrentUser" and its siblings (learn.microsoft.com, read November 2026):
    # delegated permissions only.
    needs = [f"{permission}.ReadWrite.Directory", "RoleManagement.ReadWrite.Directory"]
    if reads:
        needs += [f"{permission}.Read.Directory", "RoleManagement.Read.Directory", "RoleManagement.Read.All"]
    return Route(
        "GET",
        f"/roleManagement/directory/{name}/filterByCurrentUser(on='principal')",
        handler,
        query=MANY,
        needs="",
        needs_delegated=";".join(needs),
        service=Service.ROLE_SCHEDULES,
        witness="msgraph-sdk",
        gaps="no other value of 'on'",
    )


_OF = (
    ("roleAssignment", "RoleAssignmentSchedule", ASSIGNMENT),
    ("roleEligibility", "RoleEligibilitySchedule", ELIGIBILITY),
)
_EXPOSURES = {
    ASSIGNMENT: (ROLE_ASSIGNMENT_SCHEDULE, ROLE_ASSIGNMENT_SCHEDULE_INSTANCE, ROLE_ASSIGNMENT_REQUEST),
    ELIGIBILITY: (ROLE_ELIGIBILITY_SCHEDULE, ROLE_ELIGIBILITY_SCHEDULE_INSTANCE, ROLE_ELIGIBILITY_REQUEST),
}
_LISTS: tuple[tuple[str, _List, bool], ...] = (
    ("Schedules", role_schedules.schedules, True),
    ("ScheduleInstances", role_schedules.instances, True),
    ("ScheduleRequests", _requests, False),
)

ROUTES: tuple[Route, ...] = tuple(
    _route(f"{prefix}{suffix}", _listing(exposure, kind, listed), permission, reads=reads)
    for prefix, permission, kind in _OF
    for (suffix, listed, reads), exposure in zip(_LISTS, _EXPOSURES[kind], strict=True)
)
