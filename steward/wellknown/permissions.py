"""Permissions of the APIs that a consent is about, by the names that people write.

`find_permission` turns a name into the ids that the directory grants by. A permission through which an application
makes itself Global Administrator carries that way as its `escalation`, so that it can be refused.
"""

from enum import StrEnum
from functools import cache
from types import MappingProxyType
from typing import NamedTuple

from steward.wellknown.tables import read_table

MICROSOFT_GRAPH = "Microsoft Graph"
MICROSOFT_GRAPH_APP_ID = "00000003-0000-0000-c000-000000000000"


class PermissionKind(StrEnum):
    """What the application acts as: itself, or the user who signed in."""

    APPLICATION = "application"
    DELEGATED = "delegated"


class Escalation(StrEnum):
    """By what a permission leads to Global Administrator."""

    ROLES = "roles"
    ROLE_GROUPS = "role groups"
    GRANTS = "grants"
    APPLICATIONS = "applications"
    DIRECTORY = "directory"
    SIGN_IN_TRUST = "sign-in trust"
    CREDENTIALS = "credentials"


class KnownPermission(NamedTuple):
    """A permission as its API publishes it; an id is None where the permission does not exist in that kind.

    Privilege levels are Microsoft's, 1 (least) to 5; None where none is published.
    """

    api: str
    value: str
    resource_app_id: str
    application_id: str | None
    delegated_id: str | None
    application_privilege: int | None
    delegated_privilege: int | None
    is_grantable: bool
    escalation: Escalation | None

    def id_for(self, kind: PermissionKind) -> str | None:
        """Return the id of the app role or of the scope."""
        return self.application_id if kind is PermissionKind.APPLICATION else self.delegated_id

    @property
    def label(self) -> str:
        """Return the name as a tenant file writes it: the API first, unless it is Microsoft Graph."""
        return self.value if self.api == MICROSOFT_GRAPH else f"{self.api}/{self.value}"


@cache
def known_permissions() -> MappingProxyType[tuple[str, str], KnownPermission]:
    """Return every known permission by API and name."""
    return MappingProxyType(
        {
            (row["resource"], row["value"]): KnownPermission(
                api=row["resource"],
                value=row["value"],
                resource_app_id=row["resource_app_id"],
                application_id=row["application_id"] or None,
                delegated_id=row["delegated_id"] or None,
                application_privilege=_level(row["privilege_level_application"]),
                delegated_privilege=_level(row["privilege_level_delegated"]),
                is_grantable=row["grantable"] == "yes",
                escalation=Escalation(row["escalation"]) if row["escalation"] else None,
            )
            for row in read_table("permissions")
        }
    )


def find_permission(api: str, value: str, kind: PermissionKind) -> KnownPermission | None:
    """Return the permission of that name, None where the API has none of that kind that can be granted."""
    permission = known_permissions().get((api, value))
    if permission is None or not permission.is_grantable or permission.id_for(kind) is None:
        return None
    return permission


@cache
def known_apis() -> MappingProxyType[str, str]:
    """Return the app id of every API that has a known permission, by the API's name."""
    return MappingProxyType({known.api: known.resource_app_id for known in known_permissions().values()})


def _level(text: str) -> int | None:
    return int(text) if text else None
