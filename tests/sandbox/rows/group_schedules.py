"""Rows of Privileged Identity Management for Groups: schedules of memberships, their instances and the requests."""

from collections.abc import Mapping
from typing import Any

from tests.sandbox.rows.privileged import licensed
from tests.sandbox.rows.scene import Ask, Row, Scene

BASE = "/identityGovernance/privilegedAccess/group"
GROUP = {
    "displayName": "sg-privileged",
    "mailEnabled": False,
    "mailNickname": "sg-privileged",
    "securityEnabled": True,
    "isAssignableToRole": True,
}


def membership_body(group_id: str, principal_id: str, **changes: Any) -> dict[str, Any]:
    """Ask for a membership for three hours from now, as an administrator."""
    return {
        "accessId": "member",
        "action": "adminAssign",
        "groupId": group_id,
        "principalId": principal_id,
        "justification": "Rehearsal",
        "scheduleInfo": {"expiration": {"type": "afterDuration", "duration": "PT3H"}},
        **changes,
    }


def asked_for(scene: Scene) -> dict[str, Any]:
    """Make a role-assignable group and a user, and tell what asks for a membership."""
    licensed(scene)
    return membership_body(scene.make("/groups", GROUP)["id"], scene.user()["id"])


def membership(scene: Scene, kind: str) -> dict[str, Any]:
    """Make a request that is granted in a licensed tenant."""
    return scene.make(f"{BASE}/{kind}ScheduleRequests", asked_for(scene))


def scope(made: Mapping[str, Any]) -> str:
    """Write the filter that every list needs, for whom a request is about."""
    return f"principalId eq '{made['principalId']}'"


def _list(path: str, kind: str) -> Row:
    return lambda scene: Ask(f"{path}?$filter={scope(membership(scene, kind))}")


def _rows(kind: str) -> dict[str, Row]:
    path = f"{BASE}/{kind}Schedule"
    return {
        f"GET {path}s": _list(f"{path}s", kind),
        f"GET {path}s/{{id}}": lambda scene: Ask(f"{path}s/{membership(scene, kind)['targetScheduleId']}"),
        f"GET {path}Instances": _list(f"{path}Instances", kind),
        f"GET {path}Requests": _list(f"{path}Requests", kind),
        f"POST {path}Requests": lambda scene: Ask(f"{path}Requests", asked_for(scene)),
    }


ROWS: Mapping[str, Row] = {**_rows("assignment"), **_rows("eligibility")}
