"""What Terraform says of locks, in the words of real runs."""

from datetime import UTC, datetime

import pytest

from steward.diagnostics import LockHolder, diagnose, find_lock, join_reasons

BEGAN = datetime(2026, 11, 23, 14, 57, 57, 443092, tzinfo=UTC)
ADVICE = (
    "\n\n\nTerraform acquires a state lock to protect the state from being written\nby multiple users.\n"
    'You can disable locking with the "-lock=false"\nflag, but this is not recommended.'
)


def locked(message: str, created: str) -> dict[str, str]:
    info = (
        "Lock Info:\n  ID:        18edd397-c471\n  Path:      terraform.tfstate\n  Operation: OperationTypeApply\n"
        f"  Who:       robin@build-7\n  Version:   1.11.4\n  Created:   {created}\n  Info:      "
    )
    return {
        "severity": "error",
        "summary": "Error acquiring the state lock",
        "detail": f"Error message: {message}\n{info}{ADVICE}",
    }


@pytest.mark.parametrize(
    "created",
    ["2026-11-23 14:57:54.604213257 +0000 UTC", "2026-11-23T14:57:54Z", "2026-11-23 14:57:57.443091 +0000 UTC"],
)
def test_holder_of_a_lock_that_was_there_before_is_told(created: str) -> None:
    diagnostics = [locked("resource temporarily unavailable", created)]
    holder = find_lock(diagnostics, BEGAN)
    assert holder is not None
    assert (holder.who, holder.lock_id) == ("robin@build-7", "18edd397-c471")
    assert "robin@build-7 holds it for apply, since 2026-11-23 14:57:5" in str(holder)
    assert "-lock=false" not in join_reasons(diagnostics, BEGAN)


@pytest.mark.parametrize(
    ("message", "created", "lock_id"),
    [
        ("HTTP remote state already locked: ID=1f0c-2", "2026-11-23 14:57:57.449 +0000 UTC", "1f0c-2"),
        ("workspace is already locked: default", "2026-11-23 14:58:01.1 +0000 UTC", ""),
        ("resource temporarily unavailable", "yesterday", ""),
    ],
)
def test_own_attempt_is_never_told_as_the_holder(message: str, created: str, lock_id: str) -> None:
    diagnostics = [locked(message, created)]
    assert find_lock(diagnostics, BEGAN) == LockHolder(lock_id)
    assert "robin" not in join_reasons(diagnostics, BEGAN)


def test_holder_is_not_guessed_where_nobody_knows_when_the_command_began() -> None:
    words = "\x1b[31m│\x1b[0m \x1b[31mError: \x1b[0mError acquiring the state lock\n│\n" + "\n".join(
        f"│ {line}" for line in locked("busy", "2026-11-23 14:57:54 +0000 UTC")["detail"].splitlines()
    )
    diagnostics = diagnose(words)
    assert find_lock(diagnostics, None) == LockHolder()
    assert "-lock=false" not in join_reasons(diagnostics, None)


def test_other_failures_are_no_locks() -> None:
    other = {"severity": "error", "summary": "Saved plan is stale", "detail": "Lock Info:\n  Who: robin"}
    assert find_lock([other], BEGAN) is None
    assert diagnose("Error: dial tcp: connection refused") == []
    assert join_reasons([other, other], BEGAN).count("Saved plan is stale") == 2
