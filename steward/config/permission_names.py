"""Permissions as a tenant file names them: `Contacts.ReadWrite`, and with the API first for any but Microsoft Graph.

A name that is unknown, that exists in the other kind only, or that leads to Global Administrator is refused.
"""

from collections.abc import Callable
from typing import Annotated, Any

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from steward.config.problem import choose, nearest, shown
from steward.config.refusal import refuse
from steward.config.words import Text
from steward.wellknown.permissions import (
    MICROSOFT_GRAPH,
    Escalation,
    KnownPermission,
    PermissionKind,
    find_permission,
    known_apis,
    known_permissions,
)

# What each way to Global Administrator lets an application do; the sentence goes on "it could ...".
_ESCALATIONS = {
    Escalation.ROLES: "assign directory roles, Global Administrator among them",
    Escalation.ROLE_GROUPS: "make somebody a member of a group that holds a directory role",
    Escalation.GRANTS: "grant itself every other permission",
    Escalation.APPLICATIONS: "add its own credential to an application that may do more",
    Escalation.DIRECTORY: "change what administrators and their applications depend on, or act as an administrator",
    Escalation.SIGN_IN_TRUST: "change how sign-ins are proved and guarded, and let somebody in as an administrator",
    Escalation.CREDENTIALS: "replace the credentials of another account and sign in as it",
}


def resolve_permission(name: str, kind: PermissionKind) -> KnownPermission:
    """Return the permission called `name`, `<API>/<value>` or for Microsoft Graph `<value>`; refuse any other."""
    api, _, value = name.rpartition("/")
    api = api or MICROSOFT_GRAPH
    if api not in known_apis():
        raise refuse(
            f"{shown(api)!r} is no API whose permissions are known",
            next_move=f"write {choose(sorted(known_apis()))} before the slash",
        )
    permission = find_permission(api, value, kind)
    if permission is None:
        raise _unknown_permission(api, value, kind)
    if permission.escalation is not None:
        raise refuse(
            f"{permission.label} leads to Global Administrator",
            why=f"with it the application could {_ESCALATIONS[permission.escalation]}, so that taking the role away "
            "from the account would prove nothing",
            next_move="ask for a narrower permission",
        )
    return permission


def _unknown_permission(api: str, value: str, kind: PermissionKind) -> PydanticCustomError:
    known = known_permissions()
    same_name = known.get((api, value))
    if same_name is not None and not same_name.is_grantable:
        return refuse(f"{same_name.label} cannot be granted", why=f"{api} publishes no such app role or scope")
    if same_name is not None:
        other = next(each for each in PermissionKind if each is not kind)
        return refuse(
            f"{same_name.label} is no {kind} permission",
            why=f"{api} has it as {'an' if other is PermissionKind.APPLICATION else 'a'} {other} permission only",
            next_move=f"move it to application.permissions.{_section(other)}, or choose another",
        )
    by_id = next((each for each in known.values() if value.lower() in (each.application_id, each.delegated_id)), None)
    if by_id is not None:
        return refuse(
            f"{shown(value)!r} is an id",
            why="permissions are written by name, so that a reviewer can read them",
            next_move=f"write {by_id.label!r}",
        )
    grantable = [each.label for each in known.values() if each.id_for(kind) and each.escalation is None]
    near = nearest(value, grantable) or nearest(f"{api}/{value}", grantable)
    return refuse(
        f"{shown(value)!r} is no {kind} permission of {api} that is known here",
        why="the known ones are those in steward/wellknown/data/permissions.csv",
        next_move=f"did you mean {choose(near)}?" if near else "look the name up in Microsoft's permissions reference",
    )


def _section(kind: PermissionKind) -> str:
    return "application" if kind is PermissionKind.APPLICATION else "delegated.scopes"


def _check_permission(kind: PermissionKind) -> Callable[[str], str]:
    def check(value: str) -> str:
        resolve_permission(value, kind)
        return value

    return check


def _permission_schema(kind: PermissionKind) -> Callable[[dict[str, Any]], None]:
    """Return what puts the known names into the schema, for an editor to offer."""

    def add_names(schema: dict[str, Any]) -> None:
        names = [each.label for each in known_permissions().values() if each.id_for(kind) and each.escalation is None]
        schema["anyOf"] = [{"enum": sorted(names)}, {"pattern": "^[^/]+/[^/]+$"}]

    return add_names


ApplicationPermission = Annotated[
    Text,
    AfterValidator(_check_permission(PermissionKind.APPLICATION)),
    Field(json_schema_extra=_permission_schema(PermissionKind.APPLICATION)),
]
DelegatedPermission = Annotated[
    Text,
    AfterValidator(_check_permission(PermissionKind.DELEGATED)),
    Field(json_schema_extra=_permission_schema(PermissionKind.DELEGATED)),
]
