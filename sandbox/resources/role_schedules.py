"""Role schedules of Privileged Identity Management and their instances: what is given, may be taken up, or will be."""

from sandbox.directory import role_schedules
from sandbox.directory.role_schedules import ASSIGNMENT, ELIGIBILITY
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
_READ_ELIGIBILITY = (
    "RoleEligibilitySchedule.Read.Directory;RoleEligibilitySchedule.ReadWrite.Directory;"
    "RoleManagement.Read.All;RoleManagement.Read.Directory;RoleManagement.ReadWrite.Directory"
)


def list_assignment_schedules(request: GraphRequest) -> Answer:
    """List role assignment schedules, one for every direct assignment."""
    role_schedules.require_licence(request.directory)
    return request.page(ROLE_ASSIGNMENT_SCHEDULE, role_schedules.schedules(request.directory, ASSIGNMENT))


def read_assignment_schedule(request: GraphRequest) -> Answer:
    """Show a role assignment schedule."""
    role_schedules.require_licence(request.directory)
    schedules = role_schedules.schedules(request.directory, ASSIGNMENT)
    return request.show(ROLE_ASSIGNMENT_SCHEDULE, role_schedules.require(schedules, request.params["id"]))


def list_assignment_instances(request: GraphRequest) -> Answer:
    """List role assignments in force, the direct ones included."""
    role_schedules.require_licence(request.directory)
    return request.page(ROLE_ASSIGNMENT_SCHEDULE_INSTANCE, role_schedules.instances(request.directory, ASSIGNMENT))


def read_assignment_instance(request: GraphRequest) -> Answer:
    """Show a role assignment in force."""
    role_schedules.require_licence(request.directory)
    instances = role_schedules.instances(request.directory, ASSIGNMENT)
    return request.show(ROLE_ASSIGNMENT_SCHEDULE_INSTANCE, role_schedules.require(instances, request.params["id"]))


def list_eligibility_schedules(request: GraphRequest) -> Answer:
    """List role eligibility schedules."""
    role_schedules.require_licence(request.directory)
    return request.page(ROLE_ELIGIBILITY_SCHEDULE, role_schedules.schedules(request.directory, ELIGIBILITY))


def read_eligibility_schedule(request: GraphRequest) -> Answer:
    """Show a role eligibility schedule."""
    role_schedules.require_licence(request.directory)
    schedules = role_schedules.schedules(request.directory, ELIGIBILITY)
    return request.show(ROLE_ELIGIBILITY_SCHEDULE, role_schedules.require(schedules, request.params["id"]))


def list_eligibility_instances(request: GraphRequest) -> Answer:
    """List role eligibilities in force."""
    role_schedules.require_licence(request.directory)
    return request.page(ROLE_ELIGIBILITY_SCHEDULE_INSTANCE, role_schedules.instances(request.directory, ELIGIBILITY))


def read_eligibility_instance(request: GraphRequest) -> Answer:
    """Show a role eligibility in force."""
    role_schedules.require_licence(request.directory)
    instances = role_schedules.instances(request.directory, ELIGIBILITY)
    return request.show(ROLE_ELIGIBILITY_SCHEDULE_INSTANCE, role_schedules.require(instances, request.params["id"]))


def _list(name: str, handler: Handler) -> Route:
    return Route(
        "GET",
        f"/roleManagement/directory/{name}",
        handler,
        query=MANY,
        service=Service.ROLE_SCHEDULES,
        witness="msgraph-sdk",
        gaps=_GAPS,
    )


def _read(name: str, handler: Handler, witness: str = "msgraph-sdk", needs: str | None = None) -> Route:
    return Route(
        "GET",
        f"/roleManagement/directory/{name}/{{id}}",
        handler,
        query=ONE,
        needs=needs,
        service=Service.ROLE_SCHEDULES,
        witness=witness,
    )


ROUTES: tuple[Route, ...] = (
    _list("roleAssignmentSchedules", list_assignment_schedules),
    _read("roleAssignmentSchedules", read_assignment_schedule),
    _list("roleAssignmentScheduleInstances", list_assignment_instances),
    _read("roleAssignmentScheduleInstances", read_assignment_instance),
    _list("roleEligibilitySchedules", list_eligibility_schedules),
    _read("roleEligibilitySchedules", read_eligibility_schedule, "azuread provider, msgraph-sdk"),
    _list("roleEligibilityScheduleInstances", list_eligibility_instances),
    _read("roleEligibilityScheduleInstances", read_eligibility_instance, needs=_READ_ELIGIBILITY),
)
