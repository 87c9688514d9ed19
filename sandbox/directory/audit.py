"""The directory's audit log: one entry for every change, as `auditLogs/directoryAudits` shows it."""

from collections.abc import Sequence

from sandbox.directory.store import Caller, Directory, Record
from sandbox.identifiers import new_id


def record_change(
    directory: Directory,
    caller: Caller,
    activity: str,
    *,
    category: str,
    operation: str,
    targets: Sequence[Record],
    service: str = "Core Directory",
) -> None:
    """Add an entry: who did what to which objects."""
    directory.audit_entries.append(
        {
            "id": f"Directory_{new_id()}",
            "activityDateTime": directory.clock.stamp(),
            "activityDisplayName": activity,
            "additionalDetails": [],
            "category": category,
            "correlationId": new_id(),
            "initiatedBy": _initiator(caller),
            "loggedByService": service,
            "operationType": operation,
            "result": "success",
            "resultReason": "",
            "targetResources": list(targets),
        }
    )


def _initiator(caller: Caller) -> Record:
    if caller.user_id is not None:
        user = {"id": caller.user_id, "displayName": None, "ipAddress": None, "userPrincipalName": caller.login}
        return {"app": None, "user": user}
    app = {
        "appId": caller.client_id,
        "displayName": caller.name,
        "servicePrincipalId": caller.object_id or None,
        "servicePrincipalName": None,
    }
    return {"app": app, "user": None}


def target(type_name: str, record: Record, *, modified: Sequence[Record] = ()) -> Record:
    """Describe an object that a change touched."""
    return {
        "id": record["id"],
        "displayName": record.get("displayName"),
        "type": type_name,
        "userPrincipalName": record.get("userPrincipalName"),
        "groupType": None,
        "modifiedProperties": list(modified),
    }


def modified(name: str, *, old: object = None, new: object = None) -> Record:
    """Describe one changed property; values are JSON inside a string, as in Entra's log."""
    return {
        "displayName": name,
        "oldValue": None if old is None else f'"{old}"',
        "newValue": None if new is None else f'"{new}"',
    }
