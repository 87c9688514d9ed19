"""Graph's resources, one module each with its routes and thin handlers.

`ROUTES` is the whole emulated surface, in one explicit tuple; the router is built from it, and nothing else
is answered.
"""

from sandbox.resources import (
    app_role_assignments,
    applications,
    audit_logs,
    authentication_methods,
    authentication_strengths,
    conditional_access,
    deleted_items,
    directory_objects,
    directory_roles,
    domains,
    groups,
    licences,
    organization,
    permission_grants,
    role_assignments,
    role_schedules,
    security_defaults,
    service_principals,
    users,
)
from sandbox.routing import Route

ROUTES: tuple[Route, ...] = (
    *users.ROUTES,
    *authentication_methods.ROUTES,
    *licences.ROUTES,
    *groups.ROUTES,
    *applications.ROUTES,
    *service_principals.ROUTES,
    *app_role_assignments.ROUTES,
    *permission_grants.ROUTES,
    *directory_objects.ROUTES,
    *directory_roles.ROUTES,
    *role_assignments.ROUTES,
    *role_schedules.ROUTES,
    *conditional_access.ROUTES,
    *authentication_strengths.ROUTES,
    *security_defaults.ROUTES,
    *domains.ROUTES,
    *organization.ROUTES,
    *deleted_items.ROUTES,
    *audit_logs.ROUTES,
)
