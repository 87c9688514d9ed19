"""The conditions under which a permission or a directory role counts for a request.

They stand in brackets in the notation of `sandbox.permissions`; each is a test of the request that was asked and of
one property of its body, for what covers some properties of an object and not others.
"""

import functools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.directory import recycling
from sandbox.directory.store import GRAPH_APP_ID, Caller, Directory
from sandbox.identifiers import canonical_id

_SCOPE_TYPE = re.compile(r"scopeType eq '(\w+)'")


@dataclass(frozen=True)
class Asked:
    """The parts of a request that conditions look at."""

    directory: Directory
    caller: Caller
    params: Mapping[str, str]
    body: Mapping[str, Any]
    query: Mapping[str, str] = field(default_factory=dict)

    def properties(self) -> list[str]:
        """List what the body names, or one empty name where it names nothing."""
        return [each for each in self.body if "@odata." not in each] or [""]


Test = Callable[[Asked, str], bool]


@functools.cache
def test_for(condition: str) -> Test:
    """Find the test of a condition such as `owned` or `body:a|b`; ValueError when there is none."""
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


def _is_self(asked: Asked, _property: str) -> bool:
    user = asked.directory.find_user(asked.params.get("id", ""))
    return user is not None and user["id"] == asked.caller.user_id


def _is_own_principal(asked: Asked, _property: str) -> bool:
    named = canonical_id(str(asked.body.get("principalId")))
    return asked.caller.user_id is not None and named == asked.caller.user_id


def _is_member(asked: Asked, _property: str) -> bool:
    return asked.directory.users.get(asked.caller.user_id or "", {}).get("userType") != "Guest"


def _holds_any_role(asked: Asked, _property: str) -> bool:
    return bool(asked.caller.directory_roles)


def _has_local_application(asked: Asked, _property: str) -> bool:
    return asked.directory.find_application(str(asked.body.get("appId"))) is not None


def _owns_backing_application(asked: Asked, _property: str) -> bool:
    application = asked.directory.find_application(str(asked.body.get("appId"))) or {"id": ""}
    return asked.caller.object_id in asked.directory.owners.get(application["id"], [])


def _is_for_another_resource(asked: Asked, _property: str) -> bool:
    assignment = asked.directory.app_role_assignments.get(asked.params.get("assignment_id", ""), {})
    resource_id = assignment.get("resourceId") or asked.body.get("resourceId")
    resource = asked.directory.service_principals.get(canonical_id(str(resource_id)), {})
    return resource.get("appId") != GRAPH_APP_ID


def _object_type(asked: Asked, object_id: str) -> str:
    found = asked.directory.find_object(object_id)
    found = found or recycling.find(asked.directory, object_id)
    return "" if found is None else found[0]


def _member_type(asked: Asked, _property: str, wanted: frozenset[str]) -> bool:
    # An unknown member is for the directory to refuse, by its own name.
    named = str(asked.body.get("@odata.id", "")).rstrip("/").rpartition("/")[2]
    member = _object_type(asked, canonical_id(named))
    return member in wanted or not member


def _target_type(asked: Asked, _property: str, wanted: frozenset[str]) -> bool:
    kind = _object_type(asked, asked.params.get("id", ""))
    return kind in wanted or not kind


def _scope_type(asked: Asked, _property: str, wanted: frozenset[str]) -> bool:
    # The id of a policy begins with what it is about; a list says so in its filter.
    told = _SCOPE_TYPE.search(asked.query.get("$filter", ""))
    prefix = asked.params.get("id", "").partition("_")[0]
    about = told[1] if told else {"Directory": "DirectoryRole"}.get(prefix, prefix)
    return about in wanted or not about


def _allowed_by_default(asked: Asked, _property: str, wanted: frozenset[str]) -> bool:
    defaults = asked.directory.authorization_policy.get("defaultUserRolePermissions") or {}
    return all(defaults.get(each, True) for each in wanted)


_TESTS: Mapping[str, Test] = {
    "any role": _holds_any_role,
    "backing application in this tenant": _has_local_application,
    "member": _is_member,
    "own backing application": _owns_backing_application,
    "own principal": _is_own_principal,
    "owned": _is_owned,
    "resource!=MicrosoftGraph": _is_for_another_resource,
    "self": _is_self,
}
_VALUED_TESTS: Mapping[str, Callable[[Asked, str, frozenset[str]], bool]] = {
    "action": lambda asked, _name, wanted: str(asked.body.get("action", "")).lower() in map(str.lower, wanted),
    "body": lambda _asked, name, wanted: not name or name in wanted,
    "body!": lambda _asked, name, wanted: name not in wanted,
    "default": _allowed_by_default,
    "member": _member_type,
    "scopeType": _scope_type,
    "type": _target_type,
}
