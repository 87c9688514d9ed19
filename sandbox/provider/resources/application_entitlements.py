"""App roles and delegated scopes of an application: the rules between them, and how an enabled one is changed.

Graph refuses to change or drop an enabled role or scope ("CannotDeleteOrUpdateEnabledEntitlement"), so the changed ones
are disabled first, with everything else as it is, and only then does the application's own update follow.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.provider.diagnostics import Diagnosis
from sandbox.provider.session import Session
from sandbox.provider.values import UNKNOWN

_TYPE = {"@odata.type": "#microsoft.graph.application"}


def require_consistent(roles: Any, scopes: Any) -> None:
    """Refuse one id with two values, one value with two ids, and a shared one that is described in two ways."""
    seen: list[tuple[Any, ...]] = []
    for entry in (*_entries(roles, ""), *_entries(scopes, "admin_consent_")):
        for other in seen:
            _require_pair(entry, other)
        seen.append(entry)


def _entries(blocks: Any, prefix: str) -> list[tuple[Any, ...]]:
    if blocks is UNKNOWN:
        return []
    names = ("id", "value", f"{prefix}display_name", f"{prefix}description", "enabled")
    rows = [tuple(block[name] for name in names) for block in blocks]
    return [row for row in rows if all(part and part is not UNKNOWN for part in row[:2])]


def _require_pair(one: tuple[Any, ...], other: tuple[Any, ...]) -> None:
    failed = "checking for duplicate app roles / OAuth2.0 permission scopes: validation failed"
    if one[0] == other[0] and one[1] != other[1]:
        raise Diagnosis(f'{failed}: duplicate ID found: "{one[0]}"')
    if one[1] == other[1] and one[0] != other[0]:
        raise Diagnosis(f'{failed}: duplicate value found: "{one[1]}"')
    if one[:2] == other[:2] and one != other:
        raise Diagnosis(
            f'{failed}: an app role and a scope share the id "{one[0]}" but not their names, descriptions and state',
            "Next: give both the same display name, description and enabled, or different ids.",
        )


def disable_changed_roles(session: Session, path: str, wanted: Sequence[Mapping[str, Any]]) -> None:
    """Disable the enabled app roles that the wanted ones alter or leave out."""
    application = session.graph.get(path)
    # Where a role comes from is Graph's to say, and not sent back.
    existing = [{k: v for k, v in role.items() if k != "origin"} for role in application.get("appRoles") or ()]
    if _disabled(existing, wanted, compared=("allowedMemberTypes", "description", "displayName", "value")):
        session.graph.patch(path, {**_TYPE, "id": application["id"], "appRoles": existing})
        session.graph.waited(
            lambda: _are_disabled(session.graph.get(path).get("appRoles") or [], existing),
            interval=1.0,
            agreeing=1,
        )


def disable_changed_scopes(session: Session, path: str, wanted: Sequence[Mapping[str, Any]]) -> None:
    """Disable the enabled scopes that the wanted ones alter or leave out."""
    existing = (session.graph.get(path).get("api") or {}).get("oauth2PermissionScopes") or []
    compared = (
        "adminConsentDescription",
        "adminConsentDisplayName",
        "isEnabled",
        "type",
        "userConsentDescription",
        "userConsentDisplayName",
        "value",
    )
    if _disabled(existing, wanted, compared=compared):
        session.graph.patch(path, {**_TYPE, "api": {"oauth2PermissionScopes": existing}})
        session.graph.waited(
            lambda: _are_disabled(
                (session.graph.get(path).get("api") or {}).get("oauth2PermissionScopes") or [], existing
            ),
            interval=1.0,
            agreeing=1,
        )


def _disabled(existing: list[dict[str, Any]], wanted: Sequence[Mapping[str, Any]], *, compared: Sequence[str]) -> bool:
    """Mark what changes as disabled, in place; tell whether there was anything to mark."""
    by_id = {item["id"]: item for item in wanted}
    marked = False
    for item in existing:
        new = by_id.get(item["id"])
        if new is None or (item.get("isEnabled") and any(_differs(item.get(name), new.get(name)) for name in compared)):
            item["isEnabled"], marked = False, True
    return marked


def _differs(one: Any, other: Any) -> bool:
    if isinstance(one, list) and isinstance(other, list):
        return sorted(one) != sorted(other)
    return (one or "") != (other or "")


def _are_disabled(actual: Sequence[Mapping[str, Any]], expected: Sequence[Mapping[str, Any]]) -> bool:
    off = {item["id"] for item in expected if not item.get("isEnabled")}
    return not any(item.get("isEnabled") for item in actual if item["id"] in off)
