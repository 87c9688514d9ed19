"""Seconds of privilege, followed through a journal: every case is a short life whose seconds are known."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from scripts.rehearsal.timeline import follow
from steward.wellknown.roles import GLOBAL_ADMINISTRATOR, USER_ADMINISTRATOR

START = datetime(2026, 11, 23, tzinfo=UTC)
ACCOUNT, LOGIN = "account-1", "j.keller@contoso.example"
ROLES = "/v1.0/roleManagement/directory/roleAssignments"


def entry(second: float, method: str, path: str, body: Any = None, **more: Any) -> dict[str, Any]:
    time = (START + timedelta(seconds=second)).isoformat()
    return {"time": time, "method": method, "path": path, "body": body, "status": 200, **more}


def grant(
    second: float, *, who: str = ACCOUNT, role: str = GLOBAL_ADMINISTRATOR, created: str = "a-1"
) -> dict[str, Any]:
    return entry(second, "POST", ROLES, {"principalId": who, "roleDefinitionId": role}, created=created)


def remove(second: float, assignment: str = "a-1", **more: Any) -> dict[str, Any]:
    return entry(second, "DELETE", f"{ROLES}/{assignment}", **more)


def remove_member(second: float, assignment: str = "a-1") -> dict[str, Any]:
    return entry(second, "DELETE", f"/v1.0/directoryRoles/r-1/members/{ACCOUNT}/$ref", deleted=assignment)


def enable(second: float, *, key: str = ACCOUNT, to: bool = True) -> dict[str, Any]:
    return entry(second, "PATCH", f"/v1.0/users/{key}", {"accountEnabled": to})


def schedule(second: float, action: str = "adminAssign", *, who: str = ACCOUNT, minutes: float = 60) -> dict[str, Any]:
    ends = (START + timedelta(seconds=second, minutes=minutes)).isoformat()
    body: dict[str, Any] = {"action": action, "principalId": who, "roleDefinitionId": GLOBAL_ADMINISTRATOR}
    body |= {"scheduleInfo": {"expiration": {"endDateTime": ends}}} if action == "adminAssign" else {}
    return entry(second, "POST", f"{ROLES.removesuffix('s')}ScheduleRequests", body, created="s-1")


@pytest.mark.parametrize(
    ("journal", "expected"),
    [
        ([], (0, 0, False)),
        ([grant(1), remove(4)], (3, 0, False)),
        ([grant(1)], (9, 0, True)),
        ([schedule(1), enable(2), schedule(4, "adminRemove")], (3, 2, False)),
        ([schedule(1, minutes=0), enable(4)], (0, 0, False)),
        ([schedule(1, minutes=0.05), enable(2), enable(6)], (3, 2, False)),
        ([schedule(1, who="somebody else")], (0, 0, False)),
        ([grant(1), enable(2), remove(4)], (3, 2, False)),
        ([grant(1), enable(2, key=LOGIN), remove(4)], (3, 2, False)),
        ([grant(1), enable(2), enable(3, to=False), remove(4)], (3, 1, False)),
        ([grant(1), enable(2.0), remove(2.04)], (1.04, 0.04, False)),
        ([enable(0), grant(1), remove(4)], (3, 3, False)),
        ([grant(1), remove(2, "somebody-else's"), remove(4)], (3, 0, False)),
        ([grant(1), remove(2, status=403), remove(4)], (3, 0, False)),
        ([grant(1), remove_member(4)], (3, 0, False)),
        ([grant(1), grant(2, created="a-2"), remove(3), remove_member(5, "a-2")], (4, 0, False)),
        ([grant(1), remove_member(2, "somebody-else's"), remove(4)], (3, 0, False)),
        ([grant(1, who="somebody else"), remove(4)], (0, 0, False)),
        ([grant(1, role=USER_ADMINISTRATOR), remove(4)], (0, 0, False)),
        ([grant(1), enable(2, key="somebody else"), remove(4)], (3, 0, False)),
        ([grant(1), grant(2, created="a-2"), remove(3, "a-2"), remove(5)], (4, 0, False)),
        (
            [entry(0, "POST", "/v1.0/users", {"accountEnabled": True}, created=ACCOUNT), grant(1), remove(4)],
            (3, 3, False),
        ),
        (
            [entry(0, "POST", "/v1.0/users", {"accountEnabled": True}, created="other"), grant(1), remove(4)],
            (3, 0, False),
        ),
    ],
)
def test_timeline(journal: list[dict[str, Any]], expected: tuple[float, float, bool]) -> None:
    found = follow(journal, account_id=ACCOUNT, login=LOGIN, until=START + timedelta(seconds=10))
    held, usable, is_held = expected
    assert [found.role_held_seconds, found.usable_privilege_seconds] == pytest.approx([held, usable])
    assert found.is_held is is_held


def change(second: float, **body: Any) -> dict[str, Any]:
    return entry(second, "PATCH", f"/v1.0/users/{ACCOUNT}", body)


def issue_pass(second: float, owner: str = ACCOUNT) -> dict[str, Any]:
    path = f"/v1.0/users/{owner}/authentication/temporaryAccessPassMethods"
    return entry(second, "POST", path, {"isUsableOnce": True})


@pytest.mark.parametrize(
    ("journal", "longest"),
    [
        ([grant(1), remove(4)], 0),
        ([grant(1), enable(2), enable(4, to=False), enable(5), remove(6)], 2),
        ([enable(0), grant(1), enable(2), remove(4), grant(5), remove(6)], 3),
        ([enable(0), grant(1)], 9),
    ],
)
def test_longest_time_on_end_of_usable_privilege(journal: list[dict[str, Any]], longest: float) -> None:
    found = follow(journal, account_id=ACCOUNT, login=LOGIN, until=START + timedelta(seconds=10))
    assert found.longest_usable_seconds == pytest.approx(longest)


@pytest.mark.parametrize(
    ("journal", "number"),
    [
        ([change(0, passwordProfile={}), issue_pass(0), enable(0), grant(1), enable(2, to=False), remove(4)], 0),
        ([grant(1), change(2, passwordProfile={}), remove(4)], 1),
        ([grant(1), issue_pass(2), issue_pass(3, LOGIN), issue_pass(3, "somebody else"), remove(4)], 2),
        ([grant(1), enable(2), enable(3), remove(4)], 1),
        ([grant(1), remove(4), issue_pass(5)], 0),
        ([schedule(1, minutes=0.05), issue_pass(6)], 0),
    ],
)
def test_credentials_that_change_while_the_role_is_held_are_named(journal: list[dict[str, Any]], number: int) -> None:
    found = follow(journal, account_id=ACCOUNT, login=LOGIN, until=START + timedelta(seconds=10))
    assert len(found.credentials_changed_while_held) == number
