"""Since when and until when an account holds a role: by the role schedules in force, and by the audit log."""

import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from kiota_abstractions.api_error import APIError
from msgraph.generated.audit_logs.directory_audits.directory_audits_request_builder import (
    DirectoryAuditsRequestBuilder,
)
from msgraph.generated.models.operation_result import OperationResult
from msgraph.generated.role_management.directory.role_assignment_schedule_instances import (
    role_assignment_schedule_instances_request_builder as active_instances,
)

from steward.facts import Absent, Reading, RoleTerm
from steward.graph.failures import PREMIUM_LICENCE_REQUIRED, code_of, reading
from steward.graph.paging import quote, read_all
from steward.graph.session import GraphSession

# "Microsoft Entra audit log categories and activities", learn.microsoft.com, read November 2026: these two are written
# for every role that is given or taken for the whole tenant, by Privileged Identity Management as well.
_GIVEN, _TAKEN = "Add member to role", "Remove member from role"
_ROLE = "Role.TemplateId"


async def read_role_terms(session: GraphSession, principal_id: str) -> Reading[tuple[RoleTerm, ...]]:
    """Read the terms of the roles that are in force for a principal itself; without Entra ID P2 there are none."""

    async def read() -> Reading[tuple[RoleTerm, ...]]:
        builder = active_instances.RoleAssignmentScheduleInstancesRequestBuilder
        query = builder.RoleAssignmentScheduleInstancesRequestBuilderGetQueryParameters(
            filter=f"principalId eq {quote(principal_id)}"
        )
        try:
            found = await read_all(session.client.role_management.directory.role_assignment_schedule_instances, query)
        except APIError as error:
            if code_of(error) == PREMIUM_LICENCE_REQUIRED:
                return Absent("role schedules")
            raise
        return tuple(
            RoleTerm(entry.role_definition_id, _moment(entry.start_date_time), _moment(entry.end_date_time))
            for entry in found
        )

    return await reading("the terms of the account's roles", read)


async def read_role_grants(session: GraphSession, principal_id: str) -> Reading[Mapping[str, datetime]]:
    """Read when each role that a principal holds by the audit log was given to it last, by role template id.

    Nobody is given a role that he holds, so that of two entries the later one is of a second grant, whatever became of
    the removal's own entry. A role whose last entry is its removal is left out: if it is held all the same, its entry
    has not come yet.
    """

    async def read() -> Reading[Mapping[str, datetime]]:
        builder = DirectoryAuditsRequestBuilder.DirectoryAuditsRequestBuilderGetQueryParameters
        query = builder(filter=f"targetResources/any(t:t/id eq {quote(principal_id)})")
        entries = await read_all(session.client.audit_logs.directory_audits, query)
        given: dict[str, datetime] = {}
        done = [entry for entry in entries if entry.result in {None, OperationResult.Success}]
        for entry in sorted(done, key=lambda entry: entry.activity_date_time):
            role_id = _role_of(entry, principal_id)
            if entry.activity_display_name == _GIVEN and role_id is not None:
                given[role_id] = entry.activity_date_time.astimezone(UTC)
            elif entry.activity_display_name == _TAKEN and role_id is not None:
                given.pop(role_id, None)
            elif entry.activity_display_name == _TAKEN:
                # It may have been any of them, so that nothing is known of the entries before it.
                given.clear()
        return given

    return await reading("the audit log", read)


def _role_of(entry: Any, principal_id: str) -> str | None:
    """Return the role that an entry is about: its id stands as JSON inside a text, on the side that has a value."""
    for target in entry.target_resources or ():
        for changed in (target.modified_properties or ()) if target.id == principal_id else ():
            for text in (changed.new_value, changed.old_value) if changed.display_name == _ROLE else ():
                with suppress(ValueError, TypeError):
                    told = json.loads(text)
                    if told:
                        return str(told).lower()
    return None


def _moment(stamp: datetime | None) -> datetime | None:
    return None if stamp is None else stamp.astimezone(UTC)
