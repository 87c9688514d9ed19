"""Every row's good request, by the row's name."""

from collections.abc import Mapping

from tests.sandbox.rows import (
    applications,
    audit_logs,
    authentication_methods,
    authentication_strengths,
    batch,
    conditional_access,
    counts,
    directory_objects,
    directory_roles,
    grants,
    group_schedules,
    groups,
    named_locations,
    role_assignments,
    role_policies,
    role_schedules,
    security_defaults,
    service_principals,
    tenant,
    users,
)
from tests.sandbox.rows.scene import Row

ROWS: Mapping[str, Row] = {
    **users.ROWS,
    **tenant.ROWS,
    **groups.ROWS,
    **directory_objects.ROWS,
    **authentication_methods.ROWS,
    **conditional_access.ROWS,
    **named_locations.ROWS,
    **authentication_strengths.ROWS,
    **security_defaults.ROWS,
    **directory_roles.ROWS,
    **role_assignments.ROWS,
    **role_policies.ROWS,
    **role_schedules.ROWS,
    **group_schedules.ROWS,
    **applications.ROWS,
    **grants.ROWS,
    **service_principals.ROWS,
    **counts.ROWS,
    **batch.ROWS,
    **audit_logs.ROWS,
}
