"""`/policies/defaultAppManagementPolicy`: what credentials the tenant lets applications have."""

from sandbox.exposures.applications import APP_MANAGEMENT_POLICY
from sandbox.requests import Answer, GraphRequest
from sandbox.routing import ONE, Route


def read_policy(request: GraphRequest) -> Answer:
    """Show the tenant's default policy."""
    return request.show(APP_MANAGEMENT_POLICY, request.directory.app_management_policy)


ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        "/policies/defaultAppManagementPolicy",
        read_policy,
        query=ONE,
        needs="Policy.Read.All",
        witness="msgraph-sdk",
        gaps="changed by the seed only",
    ),
)
