"""Deleted directory objects: restored with all they held, or deleted for good before their 30 days are over.

What each kind asks for is in the kind's own module; this one finds it. Sources: learn.microsoft.com, "Restore deleted
item", "Permanently delete item" and "Recover from deletions", read November 2026.
"""

from collections.abc import Callable, Mapping
from typing import Any

from sandbox.directory import administrative_units, applications, groups, recycling, service_principals, users
from sandbox.directory.audit import record_change, target
from sandbox.directory.store import Caller, Directory, Record
from sandbox.errors import bad_request, not_found

_RESTORE: Mapping[str, Callable[[Directory, str, Caller], Record]] = {
    "administrativeUnit": administrative_units.restore,
    "application": applications.restore,
    "group": groups.restore,
    "servicePrincipal": service_principals.restore,
}
KINDS = ("user", "group", "application", "servicePrincipal", "administrativeUnit")


def deleted(directory: Directory, kind: str) -> list[Record]:
    """List the deleted objects of one kind as Graph shows them."""
    return [_render(directory, kind, each) for each in recycling.deleted(directory, kind)]


def require(directory: Directory, object_id: str) -> tuple[str, Record]:
    """Get a deleted directory object as Graph shows it with its type, or refuse with 404."""
    kind, record = recycling.require(directory, object_id)
    # Other things deleted softly have addresses of their own.
    if kind not in KINDS:
        raise not_found(object_id)
    return kind, _render(directory, kind, record)


def restore(directory: Directory, object_id: str, body: Mapping[str, Any], caller: Caller) -> tuple[str, Record]:
    """Bring a deleted object back; a user under another login if one is asked for."""
    kind, _ = require(directory, object_id)
    if kind == "user":
        return kind, users.restore(directory, object_id, body, caller)
    if body:
        raise bad_request(f"The parameter '{min(body)}' is for users only.")
    return kind, _render(directory, kind, _RESTORE[kind](directory, object_id, caller))


def purge(directory: Directory, object_id: str, caller: Caller) -> None:
    """Delete a deleted object for good."""
    kind, record = require(directory, object_id)
    if kind == "user":
        users.purge(directory, object_id, caller)
    elif kind == "group":
        groups.purge(directory, object_id, caller)
    elif kind == "administrativeUnit":
        raise bad_request("An administrative unit cannot be deleted permanently before its 30 days are over.")
    else:
        recycling.purge(directory, object_id)
        spoken, audited = _SPOKEN[kind]
        record_change(
            directory,
            caller,
            f"Hard Delete {spoken}",
            category="ApplicationManagement",
            operation="Delete",
            targets=[target(audited, record)],
        )


_SPOKEN: Mapping[str, tuple[str, str]] = {
    "application": ("application", "Application"),
    "servicePrincipal": ("service principal", "ServicePrincipal"),
}


def _render(directory: Directory, kind: str, record: Record) -> Record:
    return service_principals.render(directory, record) if kind == "servicePrincipal" else record
