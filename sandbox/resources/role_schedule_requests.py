"""Requests to Privileged Identity Management for active and for eligible role assignments."""

from http import HTTPStatus

from sandbox.bodies import Creates
from sandbox.directory import role_requests, role_schedules
from sandbox.directory.role_schedules import ASSIGNMENT, ELIGIBILITY
from sandbox.exposures.roles import ROLE_ASSIGNMENT_REQUEST, ROLE_ELIGIBILITY_REQUEST
from sandbox.permissions import Service
from sandbox.requests import Answer, GraphRequest
from sandbox.routing import MANY, ONE, Route

_ACTIVE = "/roleManagement/directory/roleAssignmentScheduleRequests"
_ELIGIBLE = "/roleManagement/directory/roleEligibilityScheduleRequests"
_SDK = "msgraph-sdk"
_BOTH_CLIENTS = "azuread provider, msgraph-sdk"
_GAPS = "approvals are neither given nor denied; no recurrence, no appScopeId"
# No row of permissions is on record for this action; they are those of making the request.
_CANCEL_ACTIVE = "RoleAssignmentSchedule.ReadWrite.Directory;RoleManagement.ReadWrite.Directory"


def list_assignment_requests(request: GraphRequest) -> Answer:
    """List requests for active assignments."""
    role_schedules.require_licence(request.directory)
    return request.page(ROLE_ASSIGNMENT_REQUEST, ASSIGNMENT.requests(request.directory).values())


def create_assignment_request(request: GraphRequest) -> Answer:
    """Ask for an active assignment, its change or its end."""
    made = role_requests.create(request.directory, ASSIGNMENT, request.body, request.caller)
    return request.show(ROLE_ASSIGNMENT_REQUEST, made, status=HTTPStatus.CREATED)


def read_assignment_request(request: GraphRequest) -> Answer:
    """Show a request for an active assignment."""
    role_schedules.require_licence(request.directory)
    kept = ASSIGNMENT.requests(request.directory).values()
    return request.show(ROLE_ASSIGNMENT_REQUEST, role_schedules.require(kept, request.params["id"]))


def cancel_assignment_request(request: GraphRequest) -> Answer:
    """Take back a request for an active assignment that is not in force."""
    role_requests.cancel(request.directory, ASSIGNMENT, request.params["id"])
    return Answer(HTTPStatus.NO_CONTENT)


def list_eligibility_requests(request: GraphRequest) -> Answer:
    """List requests for eligible assignments."""
    role_schedules.require_licence(request.directory)
    return request.page(ROLE_ELIGIBILITY_REQUEST, ELIGIBILITY.requests(request.directory).values())


def create_eligibility_request(request: GraphRequest) -> Answer:
    """Ask for an eligible assignment, its change or its end."""
    made = role_requests.create(request.directory, ELIGIBILITY, request.body, request.caller)
    return request.show(ROLE_ELIGIBILITY_REQUEST, made, status=HTTPStatus.CREATED)


def read_eligibility_request(request: GraphRequest) -> Answer:
    """Show a request for an eligible assignment."""
    role_schedules.require_licence(request.directory)
    kept = ELIGIBILITY.requests(request.directory).values()
    return request.show(ROLE_ELIGIBILITY_REQUEST, role_schedules.require(kept, request.params["id"]))


def cancel_eligibility_request(request: GraphRequest) -> Answer:
    """Take back a request for an eligible assignment that has not begun."""
    role_requests.cancel(request.directory, ELIGIBILITY, request.params["id"])
    return Answer(HTTPStatus.NO_CONTENT)


ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        _ACTIVE,
        list_assignment_requests,
        query=MANY,
        service=Service.ROLE_SCHEDULES,
        witness=_SDK,
    ),
    Route(
        "POST",
        _ACTIVE,
        create_assignment_request,
        accepts=Creates(ROLE_ASSIGNMENT_REQUEST),
        service=Service.ROLE_SCHEDULES,
        witness=_SDK,
        gaps=_GAPS,
    ),
    Route(
        "GET",
        f"{_ACTIVE}/{{id}}",
        read_assignment_request,
        query=ONE,
        service=Service.ROLE_SCHEDULES,
        witness=_SDK,
    ),
    Route(
        "POST",
        f"{_ACTIVE}/{{id}}/cancel",
        cancel_assignment_request,
        status=HTTPStatus.NO_CONTENT,
        needs=_CANCEL_ACTIVE,
        service=Service.ROLE_SCHEDULES,
        witness=_SDK,
    ),
    Route(
        "GET",
        _ELIGIBLE,
        list_eligibility_requests,
        query=MANY,
        service=Service.ROLE_SCHEDULES,
        witness=_SDK,
    ),
    Route(
        "POST",
        _ELIGIBLE,
        create_eligibility_request,
        accepts=Creates(ROLE_ELIGIBILITY_REQUEST),
        service=Service.ROLE_SCHEDULES,
        witness=_BOTH_CLIENTS,
        gaps="no recurrence, no appScopeId",
    ),
    Route(
        "GET",
        f"{_ELIGIBLE}/{{id}}",
        read_eligibility_request,
        query=ONE,
        service=Service.ROLE_SCHEDULES,
        witness=_BOTH_CLIENTS,
    ),
    Route(
        "POST",
        f"{_ELIGIBLE}/{{id}}/cancel",
        cancel_eligibility_request,
        status=HTTPStatus.NO_CONTENT,
        service=Service.ROLE_SCHEDULES,
        witness=_SDK,
    ),
)
