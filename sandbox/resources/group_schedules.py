"""`/identityGovernance/privilegedAccess/group`: schedules of memberships and ownerships, and the requests for them."""

import re
from collections.abc import Callable, Iterable
from http import HTTPStatus

from sandbox.bodies import Creates
from sandbox.directory import group_schedules, role_schedules
from sandbox.directory.group_schedules import ASSIGNMENT, ELIGIBILITY, Kind
from sandbox.directory.store import Directory, Record
from sandbox.errors import bad_request
from sandbox.exposures.exposure import Exposure
from sandbox.exposures.group_schedules import (
    GROUP_ASSIGNMENT_INSTANCE,
    GROUP_ASSIGNMENT_REQUEST,
    GROUP_ASSIGNMENT_SCHEDULE,
    GROUP_ELIGIBILITY_INSTANCE,
    GROUP_ELIGIBILITY_REQUEST,
    GROUP_ELIGIBILITY_SCHEDULE,
)
from sandbox.permissions import Service
from sandbox.requests import Answer, GraphRequest
from sandbox.routing import MANY, ONE, Handler, Route

_BASE = "/identityGovernance/privilegedAccess/group"
_SDK = "msgraph-sdk"
_SCOPE = re.compile(r"\b(?:groupId|principalId)\s+eq\s+'", re.IGNORECASE)
_GAPS = "no group in $expand; what was given outside of Privileged Identity Management is not listed"
_REQUEST_GAPS = "adminAssign and adminRemove only; every group keeps the policy it has at first; no audit entries of it"

_Listed = Callable[[Directory, Kind], Iterable[Record]]


def _listing(exposure: Exposure, kind: Kind, listed: _Listed) -> Handler:
    def handler(request: GraphRequest) -> Answer:
        role_schedules.require_licence(request.directory)
        # "List eligibilityScheduleInstances" and its kin: the filter must name a principal or a group.
        if _SCOPE.search(request.query.get("$filter", "")) is None:
            raise bad_request("The filter must name a principalId or a groupId.", code="InvalidFilter")
        return request.page(exposure, listed(request.directory, kind))

    return handler


def _reading(exposure: Exposure, kind: Kind) -> Handler:
    def handler(request: GraphRequest) -> Answer:
        role_schedules.require_licence(request.directory)
        listed = group_schedules.schedules(request.directory, kind)
        return request.show(exposure, role_schedules.require(listed, request.params["id"]))

    return handler


def _creation(exposure: Exposure, kind: Kind) -> Handler:
    def handler(request: GraphRequest) -> Answer:
        made = group_schedules.request(request.directory, kind, request.body, request.caller)
        return request.show(exposure, made, status=HTTPStatus.CREATED)

    return handler


def _requests(directory: Directory, kind: Kind) -> Iterable[Record]:
    return kind.requests(directory).values()


def _rows(kind: Kind, schedule: Exposure, instance: Exposure, request: Exposure) -> tuple[Route, ...]:
    template, service = f"{_BASE}/{kind.name}Schedule", Service.ROLE_SCHEDULES
    # Learn's pages of the lists name the permissions that are on record for one schedule.
    permission = f"Privileged{kind.name.title()}Schedule"
    reads = f"{permission}.Read.AzureADGroup;{permission}.ReadWrite.AzureADGroup"
    return (
        Route(
            "GET",
            f"{template}s",
            _listing(schedule, kind, group_schedules.schedules),
            query=MANY,
            needs=reads,
            service=service,
            witness=_SDK,
            gaps=_GAPS,
        ),
        Route("GET", f"{template}s/{{id}}", _reading(schedule, kind), query=ONE, service=service, witness=_SDK),
        Route(
            "GET",
            f"{template}Instances",
            _listing(instance, kind, group_schedules.instances),
            query=MANY,
            needs=reads,
            service=service,
            witness=_SDK,
            gaps=_GAPS,
        ),
        Route(
            "GET",
            f"{template}Requests",
            _listing(request, kind, _requests),
            query=MANY,
            service=service,
            witness=_SDK,
        ),
        Route(
            "POST",
            f"{template}Requests",
            _creation(request, kind),
            accepts=Creates(request),
            service=service,
            witness=_SDK,
            gaps=_REQUEST_GAPS,
        ),
    )


ROUTES: tuple[Route, ...] = (
    *_rows(ASSIGNMENT, GROUP_ASSIGNMENT_SCHEDULE, GROUP_ASSIGNMENT_INSTANCE, GROUP_ASSIGNMENT_REQUEST),
    *_rows(ELIGIBILITY, GROUP_ELIGIBILITY_SCHEDULE, GROUP_ELIGIBILITY_INSTANCE, GROUP_ELIGIBILITY_REQUEST),
)
