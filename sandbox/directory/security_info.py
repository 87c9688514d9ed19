"""Security information: what a person proves who they are with, on Microsoft's page for it and in the audit log."""

from collections.abc import Sequence

from sandbox.directory.audit import record_change, target
from sandbox.directory.store import Caller, Directory, Record

CLIENT_ID = "19db86c3-b2b9-44cc-b339-36da233a3be2"  # of Microsoft's page "My Security Info"


def himself(user: Record) -> Caller:
    """Make the caller that a user is on that page."""
    return Caller(CLIENT_ID, user["id"], "My Security Info", user_id=user["id"], login=user["userPrincipalName"])


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
