"""What the rows about Privileged Identity Management are made from: the licence, and requests that are granted."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.seed import SeedLicence
from tests.sandbox.rows.scene import Scene

BASE = "/roleManagement/directory"
ACTIVE = f"{BASE}/roleAssignmentScheduleRequests"
ELIGIBLE = f"{BASE}/roleEligibilityScheduleRequests"
GLOBAL_ADMINISTRATOR = "62e90394-69f5-4237-9190-012177145e10"
READERS = "88d8e3e3-8f55-4a1e-953a-9b9898b8876b"


def licensed(scene: Scene) -> Scene:
    """Give the tenant of a scene the licence that role schedules need."""
    scene.tenant.reseed(licences=(SeedLicence("AAD_PREMIUM_P2"),))
    return scene


def request_body(principal_id: str, role: str = READERS, action: str = "adminAssign", **changes: Any) -> dict[str, Any]:
    """Ask for a role for three hours from now, as an administrator."""
    return {
        "action": action,
        "principalId": principal_id,
        "roleDefinitionId": role,
        "directoryScopeId": "/",
        "justification": "Rehearsal",
        "scheduleInfo": {"expiration": {"type": "afterDuration", "duration": "PT3H"}},
        **changes,
    }


def period(seconds_from_now: int, duration: str = "PT3H") -> dict[str, Any]:
    """Describe a time that begins later."""
    start = datetime.now(UTC) + timedelta(seconds=seconds_from_now)
    return {"startDateTime": start.isoformat(), "expiration": {"type": "afterDuration", "duration": duration}}


def requested(scene: Scene, path: str, **changes: Any) -> dict[str, Any]:
    """Make a request that is granted in a licensed tenant."""
    principal = licensed(scene).user()["id"]
    return scene.make(path, request_body(principal, **changes))
