"""Which account earlier runs saw behind a login: a witness for when the login is gone and no state is at hand.

Evidence is not signed, so that what it says decides nothing alone: it tells which of two accounts of ours is whose.
"""

from pathlib import Path

from steward.evidence.chain import PATTERN
from steward.evidence.runs import Run, read_run
from steward.wellknown.account import STAMP

# A guard that sees the same trouble every minute writes a run each time; older ones say nothing else.
_LOOKED_AT = 50


def find_account_id(folder: Path, login: str) -> str | None:
    """Return the id of the stamped account that the newest run which saw one of that login saw; None where none did.

    Whoever else had the login meanwhile is no witness.
    """
    for path in sorted(folder.glob(PATTERN), reverse=True)[:_LOOKED_AT]:
        found = _find_in(read_run(path), login)
        if found is not None:
            return found
    return None


def _find_in(run: Run, login: str) -> str | None:
    for line in reversed(run.lines):
        account = line.account
        if account is None or account.get("stamp") != STAMP:
            continue
        if str(account.get("login", "")).casefold() == login.casefold():
            object_id = account.get("object_id")
            return object_id if isinstance(object_id, str) else None
    return None
