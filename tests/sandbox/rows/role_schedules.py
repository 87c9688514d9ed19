"""Rows of the schedules of Privileged Identity Management, their instances and the requests for them."""

from collections.abc import Mapping

from tests.sandbox.rows.privileged import ACTIVE, BASE, ELIGIBLE, licensed, period, request_body, requested
from tests.sandbox.rows.scene import Ask, Row, Scene


def instance_of(scene: Scene, path: str, instances: str) -> str:
    """Make a request and tell the id of the instance that it brings about."""
    principal = requested(scene, path)["principalId"]
    shown = scene.act("GET", f"{BASE}/{instances}?$filter=principalId eq '{principal}'")
    return str(shown["value"][0]["id"])


def _list(path: str) -> Row:
    def ask(scene: Scene) -> Ask:
        licensed(scene)
        return Ask(path)

    return ask


def _create(path: str) -> Row:
    return lambda scene: Ask(path, request_body(licensed(scene).user()["id"]))


def _cancel(path: str) -> Row:
    return lambda scene: Ask(f"{path}/{requested(scene, path, scheduleInfo=period(3600))['id']}/cancel")


def _read(path: str, requests: str) -> Row:
    return lambda scene: Ask(f"{path}/{requested(scene, requests)['id']}")


def _read_instance(name: str, requests: str) -> Row:
    return lambda scene: Ask(f"{BASE}/{name}/{instance_of(scene, requests, name)}")


OF_CALLER = tuple(
    f"{BASE}/role{kind}Schedule{suffix}/filterByCurrentUser(on='principal')"
    for kind in ("Assignment", "Eligibility")
    for suffix in ("s", "Instances", "Requests")
)

ROWS: Mapping[str, Row] = {
    **{f"GET {path}": _list(path) for path in OF_CALLER},
    f"GET {BASE}/roleAssignmentSchedules": _list(f"{BASE}/roleAssignmentSchedules"),
    f"GET {BASE}/roleAssignmentSchedules/{{id}}": _read(f"{BASE}/roleAssignmentSchedules", ACTIVE),
    f"GET {BASE}/roleAssignmentScheduleInstances": _list(f"{BASE}/roleAssignmentScheduleInstances"),
    f"GET {BASE}/roleAssignmentScheduleInstances/{{id}}": _read_instance("roleAssignmentScheduleInstances", ACTIVE),
    f"GET {BASE}/roleEligibilitySchedules": _list(f"{BASE}/roleEligibilitySchedules"),
    f"GET {BASE}/roleEligibilitySchedules/{{id}}": _read(f"{BASE}/roleEligibilitySchedules", ELIGIBLE),
    f"GET {BASE}/roleEligibilityScheduleInstances": _list(f"{BASE}/roleEligibilityScheduleInstances"),
    f"GET {BASE}/roleEligibilityScheduleInstances/{{id}}": _read_instance("roleEligibilityScheduleInstances", ELIGIBLE),
    f"GET {ACTIVE}": _list(ACTIVE),
    f"POST {ACTIVE}": _create(ACTIVE),
    f"GET {ACTIVE}/{{id}}": _read(ACTIVE, ACTIVE),
    f"POST {ACTIVE}/{{id}}/cancel": _cancel(ACTIVE),
    f"GET {ELIGIBLE}": _list(ELIGIBLE),
    f"POST {ELIGIBLE}": _create(ELIGIBLE),
    f"GET {ELIGIBLE}/{{id}}": _read(ELIGIBLE, ELIGIBLE),
    f"POST {ELIGIBLE}/{{id}}/cancel": _cancel(ELIGIBLE),
}
