"""Entries in the audit log about what a person proves who they are with."""

from collections.abc import Sequence

from sandbox.directory.audit import record_change, target
from sandbox.directory.store import Caller, Directory, Record


def record(directory: Directory, caller: Caller, done: str, user: Record, changes: Sequence[Record] = ()) -> None:
    """Add an entry such as `Admin registered security info`, which tells whether a user did it for himself."""
    who = "User" if caller.user_id == user["id"] else "Admin"
    record_activity(directory, caller, f"{who} {done} security info", user, changes)


def record_activity(
    directory: Directory, caller: Caller, activity: str, user: Record, changes: Sequence[Record] = ()
) -> None:
    """Add an entry under a name of its own."""
    record_change(
        directory,
        caller,
        activity,
        category="UserManagement",
        operation="Update",
        targets=[target("User", user, modified=changes)],
        service="Authentication Methods",
    )
