"""What the tenant shows of a window: the role schedule that was asked for last, and the sign-ins since it began."""

from datetime import UTC, datetime, timedelta
from typing import Any

from msgraph.generated.audit_logs.sign_ins.sign_ins_request_builder import SignInsRequestBuilder
from msgraph.generated.role_management.directory.role_assignment_schedule_instances import (
    role_assignment_schedule_instances_request_builder as active_instances,
)
from msgraph.generated.role_management.directory.role_assignment_schedule_requests import (
    role_assignment_schedule_requests_request_builder as schedule_requests,
)

from steward.facts import Absent, Reading, SignInState, WindowState
from steward.graph.failures import reading
from steward.graph.paging import quote, read_all
from steward.graph.session import GraphSession
from steward.wellknown.roles import GLOBAL_ADMINISTRATOR
from steward.wellknown.schedules import REMOVED

_ASSIGN, _REMOVE = "adminassign", "adminremove"
# A schedule keeps whole seconds, its request may be answered with fractions of them.
_ROUNDING = timedelta(seconds=1)


async def read_scheduled_window(session: GraphSession, principal_id: str) -> Reading[WindowState]:
    """Read the last schedule of Global Administrator that was requested for an account, and whether it is in force.

    The answer to a request is not believed: in force is what an instance with an end shows.
    """

    async def read() -> Reading[WindowState]:
        directory = session.client.role_management.directory
        condition = f"principalId eq {quote(principal_id)}"
        asked = schedule_requests.RoleAssignmentScheduleRequestsRequestBuilder
        requests = await read_all(
            directory.role_assignment_schedule_requests,
            asked.RoleAssignmentScheduleRequestsRequestBuilderGetQueryParameters(filter=condition),
        )
        given = [entry for entry in requests if _is_about(entry) and _action(entry) == _ASSIGN and _end(entry)]
        if not given:
            return Absent("a role schedule of the account")
        last = max(given, key=lambda entry: entry.created_date_time)
        removals = [entry for entry in requests if _is_about(entry) and _action(entry) == _REMOVE]
        shown = active_instances.RoleAssignmentScheduleInstancesRequestBuilder
        instances = await read_all(
            directory.role_assignment_schedule_instances,
            shown.RoleAssignmentScheduleInstancesRequestBuilderGetQueryParameters(filter=condition),
        )
        ends = [entry.end_date_time for entry in instances if _is_about(entry) and entry.end_date_time is not None]
        is_removed = any(entry.created_date_time >= last.created_date_time for entry in removals)
        opened = (last.schedule_info.start_date_time if last.schedule_info else None) or last.created_date_time
        return WindowState(
            opened=opened.astimezone(UTC),
            # What is in force says itself when it ends, and it ends no later than that.
            ends=min(ends).astimezone(UTC) if ends else _end(last),
            is_in_force=bool(ends),
            status=REMOVED if is_removed and not ends else str(last.status),
        )

    return await reading("the account's role schedules", read)


async def read_first_sign_in(session: GraphSession, user_id: str, app_id: str, since: datetime) -> Reading[SignInState]:
    """Read the first sign-in of a person as the account to an application since a moment, if the log has one."""

    async def read() -> Reading[SignInState]:
        moment = (since - _ROUNDING).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        query = SignInsRequestBuilder.SignInsRequestBuilderGetQueryParameters(
            filter=f"userId eq {quote(user_id)} and appId eq {quote(app_id)} and createdDateTime ge {moment} "
            "and status/errorCode eq 0",
        )
        found = await read_all(session.client.audit_logs.sign_ins, query)
        if not found:
            return Absent("a sign-in")
        first = min(found, key=lambda entry: entry.created_date_time)
        return SignInState(at=first.created_date_time.astimezone(UTC), application=first.app_display_name or app_id)

    return await reading("the sign-in log", read)


def _is_about(entry: Any) -> bool:
    return bool(entry.role_definition_id == GLOBAL_ADMINISTRATOR and entry.directory_scope_id == "/")


def _action(entry: Any) -> str:
    return str(getattr(entry.action, "value", entry.action) or "").lower()


def _end(entry: Any) -> Any:
    """Return when a requested schedule ends, None for one that never does."""
    info = entry.schedule_info
    expiration = info.expiration if info else None
    if expiration is None:
        return None
    if expiration.end_date_time is not None:
        return expiration.end_date_time.astimezone(UTC)
    begins = info.start_date_time or entry.created_date_time
    return (begins + expiration.duration).astimezone(UTC) if expiration.duration else None
