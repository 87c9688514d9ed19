"""Requests to Privileged Identity Management for active and for eligible role assignments."""

from http import HTTPStatus

from sandbox.bodies import Creates
from sandbox.directory import role_requests, role_schedules
from sandbox.directory.role_schedules import ASSIGNMENT, ELIGIBILITY, Kind
from sandbox.exposures.exposure import Exposure
from sandbox.exposures.roles import ROLE_ASSIGNMENT_REQUEST, ROLE_ELIGIBILITY_REQUEST
from sandbox.permissions import Service
from sandbox.requests import Answer, GraphRequest
from sandbox.routing import MANY, ONE, Handler, Route

_SDK = "msgraph-sdk"
_BOTH_CLIENTS = "azuread provider, msgraph-sdk"
# No row of permissions is on record for this action; they are those of making the request.
_CANCEL_ACTIVE = "RoleAssignmentSchedule.ReadWrite.Directory;RoleManagement.ReadWrite.Directory"


def _listing(exposure: Exposure, kind: Kind) -> Handler:
    def handler(request: GraphRequest) -> Answer:
        role_schedules.require_licence(request.directory)
        return request.page(exposure, kind.requests(request.directory).values())

    return handler


def _creation(exposure: Exposure, kind: Kind) -> Handler:
    def handler(request: GraphRequest) -> Answer:
        made = role_requests.create(request.directory, kind, request.body, request.caller)
        return request.show(exposure, made, status=HTTPStatus.CREATED)

    return handler


def _reading(exposure: Exposure, kind: Kind) -> Handler:
    def handler(request: GraphRequest) -> Answer:
        role_schedules.require_licence(request.directory)
        kept = kind.requests(request.directory).values()
        return request.show(exposure, role_schedules.require(kept, request.params["id"]))

    return handler


def _cancellation(kind: Kind) -> Handler:
    def handler(request: GraphRequest) -> Answer:
        role_requests.cancel(request.directory, kind, request.params["id"], request.caller)
        return Answer(HTTPStatus.NO_CONTENT)

    return handler


def _rows(
    name: str, exposure: Exposure, kind: Kind, *, witness: str, gaps: str, cancel_needs: str | None = None
) -> tuple[Route, ...]:
    """Declare the rows of one kind of request; `witness` makes and reads them one by one."""
    template = f"/roleManagement/directory/{name}"
    return (
        Route("GET", template, _listing(exposure, kind), query=MANY, service=Service.ROLE_SCHEDULES, witness=_SDK),
        Route(
            "POST",
            template,
            _creation(exposure, kind),
            accepts=Creates(exposure),
            service=Service.ROLE_SCHEDULES,
            witness=witness,
            gaps=gaps,
        ),
        Route(
            "GET",
            f"{template}/{{id}}",
            _reading(exposure, kind),
            query=ONE,
            service=Service.ROLE_SCHEDULES,
            witness=witness,
        ),
        Route(
            "POST",
            f"{template}/{{id}}/cancel",
            _cancellation(kind),
            status=HTTPStatus.NO_CONTENT,
            needs=cancel_needs,
            service=Service.ROLE_SCHEDULES,
            witness=_SDK,
        ),
    )


ROUTES: tuple[Route, ...] = (
    *_rows(
        "roleAssignmentScheduleRequests",
        ROLE_ASSIGNMENT_REQUEST,
        ASSIGNMENT,
        witness=_SDK,
        gaps="approvals are neither given nor denied; no recurrence, no appScopeId",
        cancel_needs=_CANCEL_ACTIVE,
    ),
    *_rows(
        "roleEligibilityScheduleRequests",
        ROLE_ELIGIBILITY_REQUEST,
        ELIGIBILITY,
        witness=_BOTH_CLIENTS,
        gaps="no recurrence, no appScopeId",
    ),
)
