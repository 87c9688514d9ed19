"""Every witness's call, by the row's name."""

from collections.abc import Mapping

from tests.sandbox.witness import (
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
from tests.sandbox.witness.call import Call

CALLS: Mapping[str, Call] = {
    **users.CALLS,
    **tenant.CALLS,
    **groups.CALLS,
    **directory_objects.CALLS,
    **authentication_methods.CALLS,
    **conditional_access.CALLS,
    **named_locations.CALLS,
    **authentication_strengths.CALLS,
    **security_defaults.CALLS,
    **directory_roles.CALLS,
    **role_assignments.CALLS,
    **role_policies.CALLS,
    **role_schedules.CALLS,
    **group_schedules.CALLS,
    **applications.CALLS,
    **grants.CALLS,
    **service_principals.CALLS,
    **counts.CALLS,
    **batch.CALLS,
    **audit_logs.CALLS,
}
