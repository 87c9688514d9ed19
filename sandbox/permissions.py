"""Which permissions a request needs, and whether a caller's token holds them.

Requirements are alternatives of permissions under conditions, read from data/endpoint-permissions.csv or
declared by a route in the same notation: `A+B[condition];C`. A permission that covers only some properties of
a body covers exactly those. An application that acts for a user has a requirement of its own, and it is half of
what is needed: the user must hold a directory role too (data/delegated-roles.csv, read by `sandbox.delegation`).
"""

import csv
import dataclasses
import functools
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from http import HTTPStatus
from pathlib import Path

from sandbox.conditions import Asked, test_for
from sandbox.directory.store import Caller
from sandbox.errors import GraphError, forbidden, malformed

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


class Scheme(Enum):
    """Who acts: an application by itself, or one for a signed-in user."""

    APPLICATION = "Application"
    DELEGATED = "Delegated"


@dataclass(frozen=True)
class Alternative:
    """Permissions that together suffice, if every condition holds."""

    permissions: frozenset[str]
    conditions: tuple[str, ...]

    def covers(self, asked: Asked, property_name: str) -> bool:
        """Say whether the conditions hold for a request and one property of its body."""
        return all(test_for(each)(asked, property_name) for each in self.conditions)


@dataclass(frozen=True)
class Requirement:
    """What a request needs; the text is the notation it was read from, empty for a scheme that Graph does not serve."""

    text: str
    alternatives: tuple[Alternative, ...]
    for_assignable_groups: str | None = None

    def is_met(self, held: Iterable[str], asked: Asked) -> bool:
        """Say whether what is held covers every property that the request names."""
        names = frozenset(held)
        usable = [each for each in self.alternatives if each.permissions <= names]
        return all(any(each.covers(asked, name) for each in usable) for name in asked.properties())


@dataclass(frozen=True)
class Requirements:
    """What a request needs of an application by itself, of one that acts for a user, and of that user."""

    application: Requirement
    delegated: Requirement
    roles: Requirement

    def of(self, caller: Caller) -> Requirement:
        """Tell which permissions a caller needs."""
        return self.application if caller.user_id is None else self.delegated

    def text_for(self, caller: Caller) -> str:
        """Write what a caller needs, the user's directory roles after the application's permissions."""
        own = self.of(caller).text
        return own if caller.user_id is None else f"{own}, and of the user: {self.roles.text}"


def parse(text: str, *, also: str = "") -> Requirement:
    """Read a requirement; ValueError on an unknown condition."""
    alternatives: list[Alternative] = []
    for each in text.split(";") if text else ():
        match = _ALTERNATIVE.fullmatch(each.strip())
        if match is None:
            raise ValueError(f"not a permission requirement: {each!r}")
        conditions = tuple((match["conditions"] or "").split(",")) if match["conditions"] else ()
        for condition in conditions:
            test_for(condition)
        names = frozenset() if match["permissions"] == _ANY_TOKEN else frozenset(match["permissions"].split("+"))
        alternatives.append(Alternative(names, conditions))
    extra = _ALSO.search(also)
    return Requirement(text, tuple(alternatives), extra["permission"] if extra else None)


@functools.cache
def _rows() -> Mapping[tuple[str, str, str], tuple[str, str]]:
    with _FILE.open(newline="", encoding="utf-8") as lines:
        return {
            (row["scheme"], row["method"], generic(row["path"])): (row["effective_any_of"], row["also_required_if"])
            for row in csv.DictReader(lines)
        }


def documented(method: str, template: str, scheme: Scheme = Scheme.APPLICATION) -> Requirement | None:
    """Find the requirement of a documented request, whatever its placeholders are called."""
    path = generic(template)
    whole, _, cast = path.rpartition("/")
    row = _rows().get((scheme.value, method, path))
    if row is None and cast.startswith("microsoft.graph."):
        # A cast leaves out objects of other types and asks for nothing more.
        row = _rows().get((scheme.value, method, whole))
    return None if row is None else parse(row[0], also=row[1])


def as_delegated(requirement: Requirement) -> Requirement:
    """Take out what only applications by themselves can be given: permissions for what they own."""
    kept = [each for each in requirement.text.split(";") if "OwnedBy" not in each]
    return dataclasses.replace(parse(";".join(kept)), for_assignable_groups=requirement.for_assignable_groups)


def generic(path: str) -> str:
    """Write a template with every placeholder called the same, in lower case."""
    # Who may read a list may count it.
    return re.sub(r"\{[^}]+\}", "{id}", path).lower().removesuffix("/$count")


def require(requirements: Requirements, asked: Asked, service: Service) -> None:
    """Refuse a caller whose token, or whose user, does not hold what the request needs, in the words of the service."""
    caller = asked.caller
    if caller.unrestricted:
        return
    requirement = requirements.of(caller)
    if not requirement.is_met(caller.granted, asked):
        raise _refusal(requirement, asked, service)
    extra = requirement.for_assignable_groups
    if extra and extra not in caller.granted and _concerns_assignable_group(asked):
        raise forbidden()
    if caller.user_id is not None and not _role_suffices(requirements.roles, extra, asked):
        refuse = _ROLE_REFUSALS.get(service, forbidden)
        raise refuse()


def sufficient(requirement: Requirement, asked: Asked) -> list[frozenset[str]]:
    """Tell the least sets of permissions, each of which would do for a request; none where nothing would.

    Conditions are judged for this request and its caller, so that what only an owner may count on is there for an
    owner alone; an empty set stands for any token.
    """
    unions = {frozenset[str]()}
    for name in asked.properties():
        covering = [each.permissions for each in requirement.alternatives if each.covers(asked, name)]
        unions = _least(union | each for union in unions for each in covering)
    if requirement.for_assignable_groups and _concerns_assignable_group(asked):
        unions = _least(union | {requirement.for_assignable_groups} for union in unions)
    return sorted(unions, key=sorted)


def _least(sets: Iterable[frozenset[str]]) -> set[frozenset[str]]:
    found = set(sets)
    return {each for each in found if not any(other < each for other in found)}


# Who may fill or change a role-assignable group (learn.microsoft.com, "Use Microsoft Entra groups to manage role
# assignments", read November 2026).
_OF_ASSIGNABLE_GROUPS = parse("Privileged Role Administrator;(none)[owned]")


def _role_suffices(roles: Requirement, for_assignable_groups: str | None, asked: Asked) -> bool:
    known = asked.directory.role_definitions
    held = {known[each]["displayName"] for each in asked.caller.directory_roles if each in known}
    if "Global Administrator" in held:
        return True
    if for_assignable_groups and _concerns_assignable_group(asked):
        return _OF_ASSIGNABLE_GROUPS.is_met(held, asked)
    return roles.is_met(held, asked)


def _concerns_assignable_group(asked: Asked) -> bool:
    directory, object_id = asked.directory, asked.params.get("id", "")
    group = directory.groups.get(object_id) or directory.recycle_bin.get(object_id, {}).get("object") or asked.body
    return bool(group.get("isAssignableToRole"))


def _refusal(requirement: Requirement, asked: Asked, service: Service) -> GraphError:
    status = HTTPStatus.FORBIDDEN
    if service is Service.CONDITIONAL_ACCESS:
        return _conditional_access_refusal()
    if service is Service.AUTHENTICATION:
        return _authentication_refusal()
    if service is Service.ROLE_SCHEDULES:
        accepted = ",".join(sorted({name for each in requirement.alternatives for name in each.permissions}))
        text = f"Attempted to perform an unauthorized operation. The accepted scopes are: {accepted}"
        return _schedule_refusal("PermissionScopeNotGranted", text)
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


def me_without_user() -> GraphError:
    """Refuse `/me` to an application that acts by itself."""
    return malformed("/me request is only valid with delegated authentication flow.")


def _conditional_access_refusal() -> GraphError:
    message = "You cannot perform the requested operation, required scopes are missing in the token."
    return GraphError(HTTPStatus.FORBIDDEN, "AccessDenied", message)


def _authentication_refusal() -> GraphError:
    return GraphError(HTTPStatus.FORBIDDEN, "accessDenied", "Request Authorization failed")


def _schedule_refusal(
    code: str = "UnauthorizedAccessException", text: str = "Attempted to perform an unauthorized operation."
) -> GraphError:
    message = json.dumps({"errorCode": code, "message": text, "instanceAnnotations": []})
    return GraphError(HTTPStatus.FORBIDDEN, "UnknownError", message)


def _log_refusal() -> GraphError:
    return GraphError(
        HTTPStatus.FORBIDDEN, "Authentication_RequestFromUnsupportedUserRole", "User is not in the allowed roles"
    )


# How the services refuse a user who holds no directory role for what is asked, the permission being there.
_ROLE_REFUSALS: Mapping[Service, Callable[[], GraphError]] = {
    Service.CONDITIONAL_ACCESS: _conditional_access_refusal,
    Service.AUTHENTICATION: _authentication_refusal,
    Service.ROLE_SCHEDULES: _schedule_refusal,
    Service.AUDIT: _log_refusal,
}
