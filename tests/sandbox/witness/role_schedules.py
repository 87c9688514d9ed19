"""Calls on the schedules of Privileged Identity Management, their instances and the requests for them."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from msgraph.generated.models.expiration_pattern import ExpirationPattern
from msgraph.generated.models.expiration_pattern_type import ExpirationPatternType
from msgraph.generated.models.request_schedule import RequestSchedule
from msgraph.generated.models.unified_role_assignment_schedule_request import UnifiedRoleAssignmentScheduleRequest
from msgraph.generated.models.unified_role_eligibility_schedule_request import UnifiedRoleEligibilityScheduleRequest
from msgraph.generated.models.unified_role_schedule_request_actions import UnifiedRoleScheduleRequestActions

from tests.sandbox.rows.privileged import ACTIVE, BASE, ELIGIBLE, READERS, licensed, period, requested
from tests.sandbox.rows.role_schedules import instance_of
from tests.sandbox.rows.scene import Scene
from tests.sandbox.witness.call import Call

Builder = Callable[[Any], Any]


def _directory(client: Any) -> Any:
    return client.role_management.directory


def _active(client: Any) -> Any:
    return _directory(client).role_assignment_schedule_requests


def _eligible(client: Any) -> Any:
    return _directory(client).role_eligibility_schedule_requests


def _list(builder: Builder) -> Call:
    def call(client: Any, scene: Scene) -> Awaitable[Any]:
        licensed(scene)
        answer: Awaitable[Any] = builder(client).get()
        return answer

    return call


def _ask(builder: Builder, kind: type) -> Call:
    async def call(client: Any, scene: Scene) -> None:
        request = kind(
            action=UnifiedRoleScheduleRequestActions.AdminAssign,
            principal_id=licensed(scene).user()["id"],
            role_definition_id=READERS,
            directory_scope_id="/",
            justification="Rehearsal",
            schedule_info=RequestSchedule(expiration=ExpirationPattern(type=ExpirationPatternType.NoExpiration)),
        )
        made = await builder(client).post(request)
        assert made.status == "Provisioned"

    return call


def _of_caller(kind: str, suffix: str) -> Call:
    def builder(client: Any) -> Any:
        name = f"role_{kind.lower()}_schedule{'' if suffix == 's' else '_'}{suffix.lower()}"
        return getattr(_directory(client), name).filter_by_current_user_with_on("principal")

    return _list(builder)


CALLS: Mapping[str, Call] = {
    **{
        f"GET {BASE}/role{kind}Schedule{suffix}/filterByCurrentUser(on='principal')": _of_caller(kind, suffix)
        for kind in ("Assignment", "Eligibility")
        for suffix in ("s", "Instances", "Requests")
    },
    f"GET {BASE}/roleAssignmentSchedules": _list(lambda client: _directory(client).role_assignment_schedules),
    f"GET {BASE}/roleAssignmentSchedules/{{id}}": lambda client, scene: (
        _directory(client)
        .role_assignment_schedules.by_unified_role_assignment_schedule_id(requested(scene, ACTIVE)["id"])
        .get()
    ),
    f"GET {BASE}/roleAssignmentScheduleInstances": _list(
        lambda client: _directory(client).role_assignment_schedule_instances
    ),
    f"GET {BASE}/roleAssignmentScheduleInstances/{{id}}": lambda client, scene: (
        _directory(client)
        .role_assignment_schedule_instances.by_unified_role_assignment_schedule_instance_id(
            instance_of(scene, ACTIVE, "roleAssignmentScheduleInstances")
        )
        .get()
    ),
    f"GET {BASE}/roleEligibilitySchedules": _list(lambda client: _directory(client).role_eligibility_schedules),
    f"GET {BASE}/roleEligibilitySchedules/{{id}}": lambda client, scene: (
        _directory(client)
        .role_eligibility_schedules.by_unified_role_eligibility_schedule_id(requested(scene, ELIGIBLE)["id"])
        .get()
    ),
    f"GET {BASE}/roleEligibilityScheduleInstances": _list(
        lambda client: _directory(client).role_eligibility_schedule_instances
    ),
    f"GET {BASE}/roleEligibilityScheduleInstances/{{id}}": lambda client, scene: (
        _directory(client)
        .role_eligibility_schedule_instances.by_unified_role_eligibility_schedule_instance_id(
            instance_of(scene, ELIGIBLE, "roleEligibilityScheduleInstances")
        )
        .get()
    ),
    f"GET {ACTIVE}": _list(_active),
    f"POST {ACTIVE}": _ask(_active, UnifiedRoleAssignmentScheduleRequest),
    f"GET {ACTIVE}/{{id}}": lambda client, scene: (
        _active(client).by_unified_role_assignment_schedule_request_id(requested(scene, ACTIVE)["id"]).get()
    ),
    f"POST {ACTIVE}/{{id}}/cancel": lambda client, scene: (
        _active(client)
        .by_unified_role_assignment_schedule_request_id(requested(scene, ACTIVE, scheduleInfo=period(3600))["id"])
        .cancel.post()
    ),
    f"GET {ELIGIBLE}": _list(_eligible),
    f"POST {ELIGIBLE}": _ask(_eligible, UnifiedRoleEligibilityScheduleRequest),
    f"GET {ELIGIBLE}/{{id}}": lambda client, scene: (
        _eligible(client).by_unified_role_eligibility_schedule_request_id(requested(scene, ELIGIBLE)["id"]).get()
    ),
    f"POST {ELIGIBLE}/{{id}}/cancel": lambda client, scene: (
        _eligible(client)
        .by_unified_role_eligibility_schedule_request_id(requested(scene, ELIGIBLE, scheduleInfo=period(3600))["id"])
        .cancel.post()
    ),
}
