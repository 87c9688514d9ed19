"""Which licence conditional access and its conditions need, and the refusals in a tenant without it."""

from sandbox.directory.store import Directory
from sandbox.errors import GraphError

_NO_P1 = "Your tenant is not licensed for this feature. Please upgrade your subscription to access it."


def require_p1(directory: Directory) -> None:
    """Refuse conditional access in a tenant without Entra ID P1."""
    if not directory.has_plan("AAD_PREMIUM"):
        raise GraphError(403, "AccessDenied", _NO_P1)


def has_risk_detection(directory: Directory) -> bool:
    """Say whether policies may look at risk, which takes Entra ID P2."""
    return directory.has_plan("AAD_PREMIUM_P2")


def covers_workload_identities(directory: Directory) -> bool:
    """Say whether policies may be written for service principals, which takes Entra Workload ID Premium."""
    return directory.has_plan("AAD_WRKLDID_P1", "AAD_WRKLDID_P2")
