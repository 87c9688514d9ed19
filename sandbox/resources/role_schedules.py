"""Role schedules of Privileged Identity Management: refused without P2, and with it direct assignments are seen too."""

from collections.abc import Iterable

from sandbox.directory.store import Directory, Record
from sandbox.errors import bad_request
from sandbox.exposures.roles import (
    ROLE_ASSIGNMENT_SCHEDULE,
    ROLE_ASSIGNMENT_SCHEDULE_INSTANCE,
    ROLE_ELIGIBILITY_SCHEDULE,
    ROLE_ELIGIBILITY_SCHEDULE_INSTANCE,
)
from sandbox.permissions import Service
from sandbox.requests import Answer, GraphRequest
from sandbox.routing import MANY, Handler, Route

_NO_P2 = "The tenant needs to have Microsoft Entra ID P2 or Microsoft Entra ID Governance license."


def list_assignment_schedules(request: GraphRequest) -> Answer:
    """List role assignment schedules, one for every direct assignment."""
    require_licence(request.directory)
    return request.page(ROLE_ASSIGNMENT_SCHEDULE, _schedules(request.directory))


def list_assignment_instances(request: GraphRequest) -> Answer:
    """List role assignments in force, the direct ones included."""
    require_licence(request.directory)
    return request.page(ROLE_ASSIGNMENT_SCHEDULE_INSTANCE, _instances(request.directory))


def list_eligibility_schedules(request: GraphRequest) -> Answer:
    """List role eligibility schedules."""
    require_licence(request.directory)
    return request.page(ROLE_ELIGIBILITY_SCHEDULE, [])


def list_eligibility_instances(request: GraphRequest) -> Answer:
    """List role eligibilities in force."""
    require_licence(request.directory)
    return request.page(ROLE_ELIGIBILITY_SCHEDULE_INSTANCE, [])


def require_licence(directory: Directory) -> None:
    """Refuse role schedules in a tenant without P2."""
    if not directory.has_plan("AAD_PREMIUM_P2"):
        raise bad_request(_NO_P2, code="AadPremiumLicenseRequired")


def _schedules(directory: Directory) -> Iterable[Record]:
    for each in directory.live_role_assignments():
        yield {
            **_shared(each),
            "createdDateTime": None,
            "createdUsing": None,
            "modifiedDateTime": None,
            "scheduleInfo": {
                "startDateTime": None,
                "recurrence": None,
                "expiration": {"type": "noExpiration", "endDateTime": None, "duration": None},
            },
            "status": "Provisioned",
        }


def _instances(directory: Directory) -> Iterable[Record]:
    for each in directory.live_role_assignments():
        yield {
            **_shared(each),
            "endDateTime": None,
            "roleAssignmentOriginId": each["id"],
            "roleAssignmentScheduleId": each["id"],
            "startDateTime": None,
        }


def _shared(assignment: Record) -> Record:
    return {
        "id": assignment["id"],
        "appScopeId": assignment["appScopeId"],
        "assignmentType": "Assigned",
        "directoryScopeId": assignment["directoryScopeId"],
        "memberType": "Direct",
        "principalId": assignment["principalId"],
        "roleDefinitionId": assignment["roleDefinitionId"],
    }


def _list(name: str, handler: Handler, gaps: str = "") -> Route:
    return Route(
        "GET",
        f"/roleManagement/directory/{name}",
        handler,
        query=MANY | {"$expand"},
        service=Service.ROLE_SCHEDULES,
        witness="msgraph-sdk",
        gaps=gaps,
    )


ROUTES: tuple[Route, ...] = (
    _list("roleAssignmentSchedules", list_assignment_schedules, "no schedule requests"),
    _list("roleAssignmentScheduleInstances", list_assignment_instances, "no schedule requests"),
    _list("roleEligibilitySchedules", list_eligibility_schedules, "always empty: no schedule requests"),
    _list("roleEligibilityScheduleInstances", list_eligibility_instances, "always empty: no schedule requests"),
)
