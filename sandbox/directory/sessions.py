"""The sessions of users, as far as the directory ends them: passwords, passes and administrators do so.

Graph shows the moment of the last ending in whole seconds; which sessions it ended is told by counting endings, so that
a session of the same second is ended and one that is opened right after goes on. The sign-in side notes the number with
each session it opens.
"""

from sandbox.directory.store import Directory, Record


def end(directory: Directory, user: Record) -> None:
    """End every session of a user that is open by now."""
    user["signInSessionsValidFromDateTime"] = directory.clock.stamp()
    directory.session_endings[user["id"]] = endings(directory, user["id"]) + 1


def endings(directory: Directory, user_id: str) -> int:
    """Tell how often the sessions of a user have been ended."""
    return directory.session_endings.get(user_id, 0)
