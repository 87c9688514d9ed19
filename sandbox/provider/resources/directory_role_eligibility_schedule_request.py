"""``azuread_directory_role_eligibility_schedule_request``."""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from sandbox.provider.checks import is_uuid, not_empty
from sandbox.provider.graph import when_any, when_refused_with
from sandbox.provider.old_ids import BareId
from sandbox.provider.resource import IdPath, Record, Resource, failing_as
from sandbox.provider.schema import required, top_level
from sandbox.provider.session import Session

_DIRECTORY = "/roleManagement/directory"
_REQUESTS = f"{_DIRECTORY}/roleEligibilityScheduleRequests"
_SCHEDULES = f"{_DIRECTORY}/roleEligibilitySchedules"
_ADDRESS = IdPath(
    f"{_REQUESTS}/{{unifiedRoleEligibilityScheduleRequestId}}",
    title="RoleManagementDirectoryRoleEligibilityScheduleRequest",
)


class EligibilityScheduleRequest(Resource):
    """A directory role that a principal may take up, asked for without an end."""

    name = "azuread_directory_role_eligibility_schedule_request"
    version = 0
    id_path = BareId(title=_ADDRESS.title)
    schema = top_level(
        {
            "directory_scope_id": required(check=not_empty, replaces=True),
            "justification": required(check=not_empty, replaces=True),
            "principal_id": required(check=is_uuid, replaces=True),
            "role_definition_id": required(check=is_uuid, replaces=True),
        },
        timeouts=("create", "read", "delete"),
    )

    def create(self, session: Session, record: Record) -> None:
        """Ask for the eligibility and wait until the request can be read."""
        wanted = record.wanted
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        body = {
            **_body("adminAssign", wanted),
            "scheduleInfo": {"expiration": {"type": "noExpiration"}, "startDateTime": now},
        }
        role, principal = wanted["role_definition_id"], wanted["principal_id"]
        failed = f'Creating eligibility schedule request for role "{role}" to principal "{principal}"'
        with failing_as(failed, spelled_out=True):
            made = session.graph.post(_REQUESTS, body, worth_retrying=_NOT_THERE_YET)
        record.id = self.id_path.of(made["id"])
        with failing_as(f'Waiting for eligibility schedule request "{record.id}"'):
            session.graph.waited(lambda: session.graph.find(f"{_REQUESTS}/{record.id}") is not None)
        self.read(session, record)

    def read(self, session: Session, record: Record) -> None:
        """Read the request, or what it led to: Graph keeps a request for some time only."""
        with failing_as(f"Retrieving {self._label(record)}"):
            found = session.graph.find(f"{_REQUESTS}/{record.id}") or session.graph.find(f"{_SCHEDULES}/{record.id}")
        if found is None:
            record.forget()
            return
        stored = {
            "directory_scope_id": found.get("directoryScopeId"),
            "principal_id": found.get("principalId"),
            "role_definition_id": found.get("roleDefinitionId"),
        }
        if "justification" in found:
            stored["justification"] = found["justification"]
        record.store(**stored)

    def delete(self, session: Session, record: Record) -> None:
        """Ask for the end of the eligibility; the request itself stays."""
        with failing_as(f"Retrieving {self._label(record)}"):
            session.graph.get(f"{_REQUESTS}/{record.id}")
        with failing_as(f'Removing role eligibility schedule request "{record.id}"', spelled_out=True):
            session.graph.post(_REQUESTS, _body("adminRemove", record.wanted))

    def _label(self, record: Record) -> str:
        return _ADDRESS.label(_ADDRESS.of(record.id or ""))


_NOT_THERE_YET = when_any(
    when_refused_with("RoleNotFound", HTTPStatus.NOT_FOUND),
    when_refused_with("SubjectNotFound", HTTPStatus.NOT_FOUND),
)


def _body(action: str, wanted: dict[str, Any]) -> dict[str, Any]:
    return {
        "@odata.type": "#microsoft.graph.unifiedRoleEligibilityScheduleRequest",
        "action": action,
        "createdBy": None,
        "directoryScopeId": wanted["directory_scope_id"],
        "justification": wanted["justification"],
        "principalId": wanted["principal_id"],
        "roleDefinitionId": wanted["role_definition_id"],
    }
