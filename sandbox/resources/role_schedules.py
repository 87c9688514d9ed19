"""Role schedules of Privileged Identity Management and their instances: what is given, may be taken up, or will be."""

from collections.abc import Callable, Iterable

from sandbox.directory import role_schedules
from sandbox.directory.role_schedules import ASSIGNMENT, ELIGIBILITY, Kind
from sandbox.directory.store import Directory, Record
from sandbox.exposures.exposure import Exposure
from sandbox.exposures.roles import (
    ROLE_ASSIGNMENT_SCHEDULE,
    ROLE_ASSIGNMENT_SCHEDULE_INSTANCE,
    ROLE_ELIGIBILITY_SCHEDULE,
    ROLE_ELIGIBILITY_SCHEDULE_INSTANCE,
)
from sandbox.permissions import Service
from sandbox.requests import Answer, GraphRequest
from sandbox.routing import MANY, ONE, Handler, Route

_GAPS = "no directoryScope in $expand"
# No row of permissions is on record for one instance; they are those of the list.
_UNDOCUMENTED = {
    "/roleManagement/directory/roleEligibilityScheduleInstances/{id}": (
        "RoleEligibilitySchedule.Read.Directory;RoleEligibilitySchedule.ReadWrite.Directory;"
        "RoleManagement.Read.All;RoleManagement.Read.Directory;RoleManagement.ReadWrite.Directory"
    ),
}
# Whoever reads a row beside msgraph-sdk.
_WITNESSES = {"/roleManagement/directory/roleEligibilitySchedules/{id}": "azuread provider, msgraph-sdk"}

_Listed = Callable[[Directory, Kind], Iterable[Record]]


def _listing(exposure: Exposure, kind: Kind, listed: _Listed) -> Handler:
    def handler(request: GraphRequest) -> Answer:
        role_schedules.require_licence(request.directory)
        return request.page(exposure, listed(request.directory, kind))

    return handler


def _reading(exposure: Exposure, kind: Kind, listed: _Listed) -> Handler:
    def handler(request: GraphRequest) -> Answer:
        role_schedules.require_licence(request.directory)
        found = listed(request.directory, kind)
        return request.show(exposure, role_schedules.require(found, request.params["id"]))

    return handler


def _rows(name: str, exposure: Exposure, kind: Kind, listed: _Listed) -> tuple[Route, Route]:
    template = f"/roleManagement/directory/{name}"
    one = f"{template}/{{id}}"
    return (
        Route(
            "GET",
            template,
            _listing(exposure, kind, listed),
            query=MANY,
            service=Service.ROLE_SCHEDULES,
            witness="msgraph-sdk",
            gaps=_GAPS,
        ),
        Route(
            "GET",
            one,
            _reading(exposure, kind, listed),
            query=ONE,
            needs=_UNDOCUMENTED.get(one),
            service=Service.ROLE_SCHEDULES,
            witness=_WITNESSES.get(one, "msgraph-sdk"),
        ),
    )


ROUTES: tuple[Route, ...] = (
    *_rows("roleAssignmentSchedules", ROLE_ASSIGNMENT_SCHEDULE, ASSIGNMENT, role_schedules.schedules),
    *_rows("roleAssignmentScheduleInstances", ROLE_ASSIGNMENT_SCHEDULE_INSTANCE, ASSIGNMENT, role_schedules.instances),
    *_rows("roleEligibilitySchedules", ROLE_ELIGIBILITY_SCHEDULE, ELIGIBILITY, role_schedules.schedules),
    *_rows(
        "roleEligibilityScheduleInstances", ROLE_ELIGIBILITY_SCHEDULE_INSTANCE, ELIGIBILITY, role_schedules.instances
    ),
)
