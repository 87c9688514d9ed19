"""The directory's audit log: one entry for every change, as `auditLogs/directoryAudits` shows it."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from sandbox.clock import as_stamp
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
    at: datetime | None = None,
    details: Mapping[str, str] | None = None,
) -> None:
    """Add an entry: who did what to which objects, now or at the moment when it came about by itself."""
    directory.audit_entries.append(
        {
            "id": f"Directory_{new_id()}",
            "activityDateTime": directory.clock.stamp() if at is None else as_stamp(at),
            "activityDisplayName": activity,
            "additionalDetails": [{"key": key, "value": value} for key, value in (details or {}).items()],
            "category": category,
            "correlationId": new_id(),
            "initiatedBy": _initiator(directory, caller),
            "loggedByService": service,
            "operationType": operation,
            "result": "success",
            "resultReason": "",
            "targetResources": list(targets),
        }
    )


def _initiator(directory: Directory, caller: Caller) -> Record:
    if caller.user_id is not None:
        known = directory.users.get(caller.user_id, {})
        user = {
            "id": caller.user_id,
            "displayName": known.get("displayName"),
            "ipAddress": None,
            "userPrincipalName": caller.login,
        }
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
        "oldValue": None if old is None else _as_json(old),
        "newValue": None if new is None else _as_json(new),
    }


def _as_json(value: object) -> str:
    return json.dumps(str(value), ensure_ascii=False)
