"""What an application and its service principal have in common: app roles, scopes, feature tags and owners."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sandbox.provider.resource import Record, failing_as
from sandbox.provider.schema import Object, optional
from sandbox.provider.session import Session
from sandbox.provider.values import BOOL

FEATURE_TAGS: Final = {
    "custom_single_sign_on": "WindowsAzureActiveDirectoryCustomSingleSignOnApplication",
    "enterprise": "WindowsAzureActiveDirectoryIntegratedApp",
    "gallery": "WindowsAzureActiveDirectoryGalleryApplicationNonPrimaryV1",
    "hide": "HideApp",
}
FEATURE_TAGS_BODY: Final = Object(attributes={name: optional(BOOL) for name in FEATURE_TAGS})

# A creation takes so many owners; the caller is always among them.
_FIRST_OWNERS = 20


def features_of(tags: Sequence[str] | None) -> list[dict[str, bool]]:
    """Return the one ``feature_tags`` block that says the same as these tags."""
    held = {tag.lower() for tag in tags or ()}
    return [{name: tag.lower() in held for name, tag in FEATURE_TAGS.items()}]


def tags_of(features: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the tags that a ``feature_tags`` block stands for."""
    return [tag for name, tag in FEATURE_TAGS.items() if features and features[0][name]]


def roles_of(roles: Sequence[Mapping[str, Any]] | None) -> list[dict[str, Any]]:
    """Return Graph's app roles as blocks or computed objects."""
    return [
        {
            "id": role.get("id") or "",
            "allowed_member_types": role.get("allowedMemberTypes") or [],
            "description": role.get("description") or "",
            "display_name": role.get("displayName") or "",
            "enabled": bool(role.get("isEnabled")),
            "value": role.get("value") or "",
        }
        for role in roles or ()
    ]


def scopes_of(scopes: Sequence[Mapping[str, Any]] | None) -> list[dict[str, Any]]:
    """Return Graph's delegated permission scopes as blocks or computed objects."""
    return [
        {
            "admin_consent_description": scope.get("adminConsentDescription") or "",
            "admin_consent_display_name": scope.get("adminConsentDisplayName") or "",
            "enabled": bool(scope.get("isEnabled")),
            "id": scope.get("id") or "",
            "type": scope.get("type") or "",
            "user_consent_description": scope.get("userConsentDescription") or "",
            "user_consent_display_name": scope.get("userConsentDisplayName") or "",
            "value": scope.get("value") or "",
        }
        for scope in scopes or ()
    ]


def ids_by_value(entitlements: Sequence[Mapping[str, Any]] | None) -> dict[str, str]:
    """Return the ids of roles or scopes by what they are called in a token; a nameless one has no place in it."""
    return {item["value"]: item["id"] for item in entitlements or () if item.get("value") and item.get("id")}


class Owners:
    """The owners of one application or service principal: given at creation, compared afterwards."""

    def __init__(self, session: Session, record: Record) -> None:
        self._session = session
        self._wanted: list[str] = record.wanted["owners"]
        self._others = [owner for owner in self._wanted if owner.lower() != session.object_id.lower()]

    def at_creation(self) -> list[str]:
        """Return what ``owners@odata.bind`` holds: the caller, who must be able to go on, then the configured ones."""
        first = self._others[: _FIRST_OWNERS - 1]
        return [self._session.graph.reference(owner) for owner in (self._session.object_id, *first)]

    def complete(self, path: str, label: str) -> None:
        """Add the owners that the creation had no room for, and take the caller out unless it is configured."""
        with failing_as(f"Could not add owners to {label}"):
            for owner in self._others[_FIRST_OWNERS - 1 :]:
                self._add(path, owner)
        if len(self._others) == len(self._wanted):
            with failing_as(f"Could not remove initial owner from {label}"):
                self._remove(path, self._session.object_id)

    def replace(self, path: str, label: str, *, kind: str) -> None:
        """Add who is missing, then remove who is not wanted; ``kind`` names the object where reading them fails."""
        with failing_as(f"Could not retrieve owners for {kind}"):
            existing = owners_at(self._session, path)
        with failing_as(f"Could not add owners to {label}"):
            for owner in self._wanted:
                if owner not in existing:
                    self._add(path, owner)
            for owner in existing:
                if owner not in self._wanted:
                    self._remove(path, owner)

    def _add(self, path: str, owner: str) -> None:
        self._session.graph.post(f"{path}/owners/$ref", {"@odata.id": self._session.graph.reference(owner)})

    def _remove(self, path: str, owner: str) -> None:
        self._session.graph.delete(f"{path}/owners/{owner}/$ref")


def owners_at(session: Session, path: str) -> list[str]:
    """Read the ids of an object's owners."""
    return [owner["id"] for owner in session.graph.list(f"{path}/owners")]
