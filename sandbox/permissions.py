"""Which permissions a request needs, and whether a caller's token holds them.

Requirements are alternatives of permissions under conditions, read from data/endpoint-permissions.csv or
declared by a route in the same notation: `A+B[condition];C`. A permission that covers only some properties of
a body covers exactly those.
"""

import csv
import functools
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from http import HTTPStatus
from pathlib import Path
from typing import Any

from sandbox.directory import recycling
from sandbox.directory.store import GRAPH_APP_ID, Caller, Directory, referenced_id
from sandbox.errors import GraphError, forbidden

_FILE = Path(__file__).with_name("data") / "endpoint-permissions.csv"
_ALTERNATIVE = re.compile(r"(?P<permissions>[^\[\]]+)(?:\[(?P<conditions>.*)\])?")
_ALSO = re.compile(r"isAssignableToRole=>(?P<permission>[\w.]+)")
_ANY_TOKEN = "(none)"  # noqa: S105 - the notation's word for no permission


class Service(Enum):
    """The services behind Graph, which word their refusals differently."""

    DIRECTORY = "directory"
    CONDITIONAL_ACCESS = "conditional access"
    AUTHENTICATION = "authentication methods and strengths"
    ROLE_SCHEDULES = "role schedules"
    AUDIT = "audit log"


@dataclass(frozen=True)
class Alternative:
    """Permissions that together suffice, if every condition holds."""

    permissions: frozenset[str]
    conditions: tuple[str, ...]


@dataclass(frozen=True)
class Requirement:
    """What a request needs; the text is the notation it was read from."""

    text: str
    alternatives: tuple[Alternative, ...]
    for_assignable_groups: str | None = None


@dataclass(frozen=True)
class Asked:
    """The parts of a request that conditions look at."""

    directory: Directory
    caller: Caller
    params: Mapping[str, str]
    body: Mapping[str, Any]


def parse(text: str, *, also: str = "") -> Requirement:
    """Read a requirement; ValueError on an unknown condition."""
    alternatives: list[Alternative] = []
    for each in text.split(";"):
        match = _ALTERNATIVE.fullmatch(each.strip())
        if match is None:
            raise ValueError(f"not a permission requirement: {each!r}")
        conditions = tuple((match["conditions"] or "").split(",")) if match["conditions"] else ()
        for condition in conditions:
            _test_for(condition)
        names = frozenset() if match["permissions"] == _ANY_TOKEN else frozenset(match["permissions"].split("+"))
        alternatives.append(Alternative(names, conditions))
    extra = _ALSO.search(also)
    return Requirement(text, tuple(alternatives), extra["permission"] if extra else None)


@functools.cache
def _rows() -> Mapping[tuple[str, str], tuple[str, str]]:
    with _FILE.open(newline="", encoding="utf-8") as lines:
        return {
            (row["method"], _generic(row["path"])): (row["effective_any_of"], row["also_required_if"])
            for row in csv.DictReader(lines)
        }


def documented(method: str, template: str) -> Requirement | None:
    """Find the requirement of a documented request, whatever its placeholders are called."""
    row = _rows().get((method, _generic(template)))
    return None if row is None else parse(row[0], also=row[1])


def require(requirement: Requirement, asked: Asked, service: Service) -> None:
    """Refuse a caller whose token does not hold what the request needs, in the words of the service asked."""
    if asked.caller.unrestricted:
        return
    properties = [each for each in asked.body if "@odata." not in each] or [""]
    held = [each for each in requirement.alternatives if each.permissions <= asked.caller.permissions]
    if not all(any(_covers(each, asked, name) for each in held) for name in properties):
        raise _refusal(requirement, asked, service)
    extra = requirement.for_assignable_groups
    if extra and extra not in asked.caller.permissions and _concerns_assignable_group(asked):
        raise forbidden()


def _covers(alternative: Alternative, asked: Asked, property_name: str) -> bool:
    return all(_test_for(each)(asked, property_name) for each in alternative.conditions)


def _refusal(requirement: Requirement, asked: Asked, service: Service) -> GraphError:
    status = HTTPStatus.FORBIDDEN
    if service is Service.CONDITIONAL_ACCESS:
        message = "You cannot perform the requested operation, required scopes are missing in the token."
        return GraphError(status, "AccessDenied", message)
    if service is Service.AUTHENTICATION:
        return GraphError(status, "accessDenied", "Request Authorization failed")
    if service is Service.ROLE_SCHEDULES:
        accepted = ",".join(sorted(name for each in requirement.alternatives for name in each.permissions))
        text = f"Attempted to perform an unauthorized operation. The accepted scopes are: {accepted}"
        message = json.dumps({"errorCode": "PermissionScopeNotGranted", "message": text, "instanceAnnotations": []})
        return GraphError(status, "UnknownError", message)
    if service is Service.AUDIT:
        message = "Calling principal does not have required MSGraph permissions " + requirement.text
        return GraphError(status, "Authentication_MSGraphPermissionMissing", message)
    if "Application.ReadWrite.OwnedBy[backing" in requirement.text and (
        "Application.ReadWrite.OwnedBy" in asked.caller.permissions
    ):
        return forbidden(
            "When using this permission, the backing application of the service principal being created must in "
            "the local tenant"
        )
    return forbidden()


def _generic(path: str) -> str:
    return re.sub(r"\{[^}]+\}", "{id}", path).lower()


def _concerns_assignable_group(asked: Asked) -> bool:
    group = asked.directory.groups.get(asked.params.get("id", ""), asked.body)
    return bool(group.get("isAssignableToRole"))


_Test = Callable[[Asked, str], bool]


def _test_for(condition: str) -> _Test:
    if condition in _TESTS:
        return _TESTS[condition]
    name, _, values = condition.partition(":")
    if name not in _VALUED_TESTS:
        raise ValueError(f"unknown condition on a permission: {condition!r}")
    test = _VALUED_TESTS[name]
    wanted = frozenset(values.split("|"))
    return lambda asked, property_name: test(asked, property_name, wanted)


def _is_owned(asked: Asked, _property: str) -> bool:
    return asked.caller.object_id in asked.directory.owners.get(asked.params.get("id", ""), [])


def _has_local_application(asked: Asked, _property: str) -> bool:
    return asked.directory.find_application(str(asked.body.get("appId"))) is not None


def _is_for_another_resource(asked: Asked, _property: str) -> bool:
    assignment = asked.directory.app_role_assignments.get(asked.params.get("assignment_id", ""), {})
    resource_id = assignment.get("resourceId") or asked.body.get("resourceId")
    resource = asked.directory.service_principals.get(str(resource_id), {})
    return resource.get("appId") != GRAPH_APP_ID


def _object_type(asked: Asked, object_id: str) -> str:
    found = asked.directory.find_object(object_id)
    found = found or recycling.find(asked.directory, object_id)
    return "" if found is None else found[0]


def _member_type(asked: Asked, _property: str, wanted: frozenset[str]) -> bool:
    # An unknown member is for the directory to refuse, by its own name.
    member = _object_type(asked, referenced_id(asked.body.get("@odata.id", "/")))
    return member in wanted or not member


def _target_type(asked: Asked, _property: str, wanted: frozenset[str]) -> bool:
    kind = _object_type(asked, asked.params.get("id", ""))
    return kind in wanted or not kind


_TESTS: Mapping[str, _Test] = {
    "owned": _is_owned,
    "backing application in this tenant": _has_local_application,
    "resource!=MicrosoftGraph": _is_for_another_resource,
}
_VALUED_TESTS: Mapping[str, Callable[[Asked, str, frozenset[str]], bool]] = {
    "body": lambda _asked, name, wanted: not name or name in wanted,
    "body!": lambda _asked, name, wanted: name not in wanted,
    "member": _member_type,
    "type": _target_type,
    "action": lambda asked, _name, wanted: str(asked.body.get("action", "")).lower() in map(str.lower, wanted),
    # Which policies are asked for stands in the filter, which no request served here needs.
    "scopeType": lambda _asked, _name, wanted: "DirectoryRole" in wanted,
}
