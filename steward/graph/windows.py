"""What the tenant shows of a window: the role schedule asked for last, the sign-ins since it began, the consent."""

from datetime import UTC, datetime, timedelta
from typing import Any

from msgraph.generated.audit_logs.directory_audits.directory_audits_request_builder import (
    DirectoryAuditsRequestBuilder,
)
from msgraph.generated.audit_logs.sign_ins.sign_ins_request_builder import SignInsRequestBuilder
from msgraph.generated.models.operation_result import OperationResult
from msgraph.generated.role_management.directory.role_assignment_schedule_instances import (
    role_assignment_schedule_instances_request_builder as active_instances,
)
from msgraph.generated.role_management.directory.role_assignment_schedule_requests import (
    role_assignment_schedule_requests_request_builder as schedule_requests,
)

from steward.facts import Absent, ConsentEntry, Reading, SignInAttempt, SignInState, WindowState
from steward.graph.failures import reading
from steward.graph.paging import quote, read_all
from steward.graph.session import GraphSession
from steward.wellknown.roles import GLOBAL_ADMINISTRATOR
from steward.wellknown.schedules import REMOVED

# "Microsoft Entra audit log categories and activities", learn.microsoft.com, read November 2026.
_CONSENTED = "Consent to application"
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


async def read_attempts(
    session: GraphSession, user_id: str, app_id: str | None, since: datetime
) -> Reading[tuple[SignInAttempt, ...]]:
    """Read who tried to sign in since a moment, as the account to anything, or as anybody to the application."""

    async def read() -> tuple[SignInAttempt, ...]:
        moment = (since - _ROUNDING).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        found: dict[str, SignInAttempt] = {}
        for condition in (f"userId eq {quote(user_id)}", f"appId eq {quote(app_id)}" if app_id else ""):
            if not condition:
                continue
            query = SignInsRequestBuilder.SignInsRequestBuilderGetQueryParameters(
                filter=f"{condition} and createdDateTime ge {moment}"
            )
            for entry in await read_all(session.client.audit_logs.sign_ins, query):
                found[entry.id] = SignInAttempt(
                    at=entry.created_date_time.astimezone(UTC),
                    user_id=entry.user_id or "",
                    login=entry.user_principal_name or "",
                    application=entry.app_display_name or entry.app_id or "",
                    error_code=int(entry.status.error_code or 0) if entry.status else 0,
                )
        return tuple(sorted(found.values(), key=lambda entry: entry.at))

    return await reading("the sign-in log", read)


async def read_consent_entry(session: GraphSession, principal_id: str) -> Reading[ConsentEntry]:
    """Read the last consent to an application, by its service principal, that the audit log has."""

    async def read() -> Reading[ConsentEntry]:
        builder = DirectoryAuditsRequestBuilder.DirectoryAuditsRequestBuilderGetQueryParameters
        query = builder(filter=f"targetResources/any(t:t/id eq {quote(principal_id)})")
        entries = await read_all(session.client.audit_logs.directory_audits, query)
        given = [
            entry
            for entry in entries
            if entry.activity_display_name == _CONSENTED and entry.result in {None, OperationResult.Success}
        ]
        if not given:
            return Absent("a consent in the audit log")
        last = max(given, key=lambda entry: entry.activity_date_time)
        user = last.initiated_by.user if last.initiated_by else None
        by = (user.user_principal_name if user else None) or "somebody whom the log does not name"
        return ConsentEntry(last.activity_date_time.astimezone(UTC), by)

    return await reading("the audit log", read)


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
