"""Calls on Privileged Identity Management for Groups: schedules, their instances and the requests for them."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any

from kiota_abstractions.base_request_configuration import RequestConfiguration
from msgraph.generated.models.expiration_pattern import ExpirationPattern
from msgraph.generated.models.expiration_pattern_type import ExpirationPatternType
from msgraph.generated.models.privileged_access_group_assignment_schedule_request import (
    PrivilegedAccessGroupAssignmentScheduleRequest,
)
from msgraph.generated.models.privileged_access_group_eligibility_schedule_request import (
    PrivilegedAccessGroupEligibilityScheduleRequest,
)
from msgraph.generated.models.privileged_access_group_relationships import PrivilegedAccessGroupRelationships
from msgraph.generated.models.request_schedule import RequestSchedule
from msgraph.generated.models.schedule_request_actions import ScheduleRequestActions

from tests.sandbox.rows.group_schedules import BASE, asked_for, membership, scope
from tests.sandbox.rows.scene import Scene
from tests.sandbox.witness.call import Call

_PACKAGE = "msgraph.generated.identity_governance.privileged_access.group"


def _group(client: Any) -> Any:
    return client.identity_governance.privileged_access.group


def _month_hence() -> datetime:
    return datetime.now(UTC) + timedelta(days=30)


def _list(kind: str, suffix: str) -> Call:
    """List what a request has brought about, with the query that the list cannot do without."""
    name = f"{kind}_schedule{suffix}"
    builder = "".join(word.title() for word in name.split("_")) + "RequestBuilder"
    module = import_module(f"{_PACKAGE}.{name}.{name}_request_builder")
    query_kind = getattr(getattr(module, builder), f"{builder}GetQueryParameters")

    async def call(client: Any, scene: Scene) -> None:
        made = membership(scene, kind)
        found = await getattr(_group(client), name).get(
            RequestConfiguration(query_parameters=query_kind(filter=scope(made)))
        )
        (only,) = found.value
        assert (only.principal_id, only.group_id) == (made["principalId"], made["groupId"])
        assert only.access_id is PrivilegedAccessGroupRelationships.Member

    return call


def _ask(kind: str, model: type) -> Call:
    async def call(client: Any, scene: Scene) -> None:
        body = asked_for(scene)
        request = model(
            access_id=PrivilegedAccessGroupRelationships.Owner,
            action=ScheduleRequestActions.AdminAssign,
            group_id=body["groupId"],
            principal_id=body["principalId"],
            justification="Rehearsal",
            schedule_info=RequestSchedule(
                expiration=ExpirationPattern(type=ExpirationPatternType.AfterDateTime, end_date_time=_month_hence())
            ),
        )
        made = await getattr(_group(client), f"{kind}_schedule_requests").post(request)
        assert made.status == "Provisioned"

    return call


def _read(kind: str) -> Call:
    async def call(client: Any, scene: Scene) -> None:
        wanted = membership(scene, kind)["targetScheduleId"]
        schedules = getattr(_group(client), f"{kind}_schedules")
        found = await getattr(schedules, f"by_privileged_access_group_{kind}_schedule_id")(wanted).get()
        assert found.id == wanted

    return call


def _calls(kind: str, model: type) -> dict[str, Call]:
    path = f"{BASE}/{kind}Schedule"
    return {
        f"GET {path}s": _list(kind, "s"),
        f"GET {path}s/{{id}}": _read(kind),
        f"GET {path}Instances": _list(kind, "_instances"),
        f"GET {path}Requests": _list(kind, "_requests"),
        f"POST {path}Requests": _ask(kind, model),
    }


CALLS: Mapping[str, Call] = {
    **_calls("assignment", PrivilegedAccessGroupAssignmentScheduleRequest),
    **_calls("eligibility", PrivilegedAccessGroupEligibilityScheduleRequest),
}
