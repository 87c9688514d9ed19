"""The audit entries of applications and service principals, under the names of Learn's page of audit activities."""

from collections.abc import Mapping

from sandbox.directory.audit import record_change, target
from sandbox.directory.store import Caller, Directory, Record

_AUDITED: Mapping[str, str] = {"application": "Application", "servicePrincipal": "ServicePrincipal"}


def record_application(
    directory: Directory, caller: Caller, activity: str, operation: str, record: Record, *, kind: str = "application"
) -> None:
    """Add an entry about an object of a Graph type, which is an application's unless told."""
    record_change(
        directory,
        caller,
        activity,
        category="ApplicationManagement",
        operation=operation,
        targets=[target(_AUDITED[kind], record)],
    )
