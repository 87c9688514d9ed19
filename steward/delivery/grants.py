"""What in a plan grants privilege, or might: no such plan is applied from a file.

A reviewed plan waits, for minutes or days, and a grant must not wait in it; at a workstation `cdktf deploy` makes the
first deploy's. What is not known to grant nothing counts as a grant.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from steward.review.plan import Plan, ResourceChange
from steward.wellknown.latch import LATCH, PRIVILEGED
from steward.wellknown.permissions import known_permissions
from steward.wellknown.roles import find_directory_role, is_privileged_role

_MAKES = frozenset({"create", "update"})
_Judge = Callable[[ResourceChange], str | None]


def find_grants(plan: Plan) -> tuple[str, ...]:
    """Return what in the plan grants a privileged role, or could, in words; empty where nothing does."""
    return tuple(_find(plan))


def _find(plan: Plan) -> Iterator[str]:
    for change in plan.resource_changes:
        if change.mode != "managed" or not _MAKES & set(change.change.actions):
            continue
        judge = _JUDGES.get(change.type)
        told = judge(change) if judge else f"{change.type} is not known to grant nothing"
        if told is not None:
            yield f"{change.address}: {told}"


def _harmless(_: ResourceChange) -> None:
    return None


def _judge_role_assignment(change: ResourceChange) -> str | None:
    role_id = _after(change).get("role_id")
    if not isinstance(role_id, str):
        return "grants a role that is known after the apply only"
    role = find_directory_role(role_id)
    if not is_privileged_role(role_id):
        return None
    return f"grants {role.name if role else 'a role that is not built in'}"


def _judge_app_role_assignment(change: ResourceChange) -> str | None:
    app_role_id = _after(change).get("app_role_id")
    if not isinstance(app_role_id, str):
        return "grants an app role that is known after the apply only"
    for permission in known_permissions().values():
        if permission.application_id == app_role_id.lower() and permission.escalation is not None:
            return f"grants {permission.label}, which leads to Global Administrator"
    return None


def _judge_data(change: ResourceChange) -> str | None:
    if change.address.partition("[")[0] != LATCH:
        return None
    given = _after(change).get("input")
    phase = given.get("phase") if isinstance(given, Mapping) else None
    if not isinstance(phase, str):
        return "makes a latch whose phase is known after the apply only"
    return "makes the latch privileged, so that the next plan grants the role" if phase == PRIVILEGED else None


def _after(change: ResourceChange) -> Mapping[str, Any]:
    return change.change.after or {}


# Every type that a tenant's stack declares.
_JUDGES: Mapping[str, _Judge] = {
    "azuread_app_role_assignment": _judge_app_role_assignment,
    "azuread_application": _harmless,
    "azuread_conditional_access_policy": _harmless,
    "azuread_directory_role_assignment": _judge_role_assignment,
    "azuread_service_principal": _harmless,
    "azuread_user": _harmless,
    "terraform_data": _judge_data,
}
