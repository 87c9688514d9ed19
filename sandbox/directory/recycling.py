"""Soft deletion: what is deleted stays for 30 days with all its relations, can be restored, and then goes for good.

Relations in the directory name ids and lookups leave out what is deleted, so that restoring an object brings its
roles, memberships and assignments back (learn.microsoft.com, "Recover from deletions", read November 2026).
"""

from collections.abc import Mapping
from datetime import timedelta

from sandbox.clock import from_stamp
from sandbox.directory.store import Directory, Record
from sandbox.errors import not_found

KEPT = timedelta(days=30)

# The directory's collection that holds the live objects of each kind that is deleted softly.
COLLECTIONS: Mapping[str, str] = {
    "user": "users",
    "group": "groups",
    "application": "applications",
    "servicePrincipal": "service_principals",
    "conditionalAccessPolicy": "access_policies",
    "namedLocation": "named_locations",
    "administrativeUnit": "administrative_units",
}


def discard(directory: Directory, kind: str, object_id: str) -> Record:
    """Take a live object out of its collection and keep it restorable; KeyError when there is none."""
    record = _collection(directory, kind).pop(object_id)
    record["deletedDateTime"] = directory.clock.stamp()
    directory.recycle_bin[object_id] = {"type": kind, "object": record}
    return record


def find(directory: Directory, object_id: str) -> tuple[str, Record] | None:
    """Find a deleted object with its Graph type."""
    kept = directory.recycle_bin.get(object_id)
    return None if kept is None else (kept["type"], kept["object"])


def require(directory: Directory, object_id: str) -> tuple[str, Record]:
    """Get a deleted object with its Graph type, or refuse with 404."""
    found = find(directory, object_id)
    if found is None:
        raise not_found(object_id)
    return found


def deleted(directory: Directory, kind: str) -> list[Record]:
    """List the deleted objects of one kind."""
    return [each["object"] for each in directory.recycle_bin.values() if each["type"] == kind]


def take_back(directory: Directory, object_id: str) -> Record:
    """Put a deleted object back among the live ones."""
    kind, record = require(directory, object_id)
    del directory.recycle_bin[object_id]
    record["deletedDateTime"] = None
    _collection(directory, kind)[object_id] = record
    return record


def purge(directory: Directory, object_id: str) -> Record:
    """Delete an object for good, its relations too."""
    _, record = require(directory, object_id)
    del directory.recycle_bin[object_id]
    directory.forget(object_id)
    return record


def purge_expired(directory: Directory) -> None:
    """Delete for good what has been in the bin for 30 days; registrations for several tenants stay (same page)."""
    now = directory.clock.now()
    for object_id, kept in list(directory.recycle_bin.items()):
        shared = kept["type"] == "application" and kept["object"]["signInAudience"] != "AzureADMyOrg"
        if not shared and now - from_stamp(kept["object"]["deletedDateTime"]) >= KEPT:
            purge(directory, object_id)


def _collection(directory: Directory, kind: str) -> dict[str, Record]:
    collection: dict[str, Record] = getattr(directory, COLLECTIONS[kind])
    return collection
