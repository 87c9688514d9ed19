"""`/auditLogs/directoryAudits`: one entry for every change of the directory, the latest first."""

from sandbox.exposures.logs import DIRECTORY_AUDIT
from sandbox.permissions import Service
from sandbox.requests import Answer, GraphRequest
from sandbox.routing import MANY, Route


def list_audits(request: GraphRequest) -> Answer:
    """List audit entries."""
    return request.page(DIRECTORY_AUDIT, reversed(request.directory.audit_entries))


ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        "/auditLogs/directoryAudits",
        list_audits,
        query=MANY,
        service=Service.AUDIT,
        witness="msgraph-sdk",
        gaps="no delay before an entry is seen; no $orderby",
    ),
)
