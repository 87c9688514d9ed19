"""Which licences Entra's paid features need, and how reports and conditional access refuse a tenant without them."""

from http import HTTPStatus

from sandbox.directory.store import Directory
from sandbox.errors import GraphError

_NO_P1 = "Your tenant is not licensed for this feature. Please upgrade your subscription to access it."
_NO_REPORTS = "Neither tenant is B2C or tenant doesn't have premium license"


def has_p1(directory: Directory) -> bool:
    """Say whether the tenant has Entra ID P1, or P2, which includes it."""
    return directory.has_plan("AAD_PREMIUM", "AAD_PREMIUM_P2")


def has_p2(directory: Directory) -> bool:
    """Say whether the tenant has Entra ID P2, which Privileged Identity Management and risk detection take."""
    return directory.has_plan("AAD_PREMIUM_P2")


def covers_workload_identities(directory: Directory) -> bool:
    """Say whether policies may be written for service principals, which takes Entra Workload ID Premium."""
    return directory.has_plan("AAD_WRKLDID_P1", "AAD_WRKLDID_P2")


def require_p1(directory: Directory) -> None:
    """Refuse conditional access in a tenant without P1."""
    if not has_p1(directory):
        raise GraphError(HTTPStatus.FORBIDDEN, "AccessDenied", _NO_P1)


def require_reports(directory: Directory) -> None:
    """Refuse the reports on sign-ins and registered methods in a tenant without P1."""
    if not has_p1(directory):
        raise GraphError(HTTPStatus.FORBIDDEN, "Authentication_RequestFromNonPremiumTenantOrB2CTenant", _NO_REPORTS)
