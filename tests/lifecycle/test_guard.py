"""The guard's judgement: which window runs, which is over, what is outside any, and what nobody can tell."""

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from steward.acts import DisableAccount, RemoveRoleAssignment
from steward.config.model import Elevation, Tenant
from steward.errors import ConfigError, ExitCode
from steward.facts import (
    NOT_ASKED,
    Absent,
    Facts,
    LatchState,
    MethodsState,
    PassState,
    Reading,
    RoleHolding,
    RoleHoldings,
    RoleTerm,
    StackState,
    Unreadable,
)
from steward.lifecycle.actions import Already, Blocked, Found, GraphCall
from steward.lifecycle.guard_memory import NO_MEMORY, GuardMemory, read_memory, remember
from steward.lifecycle.needs import close_needs, guard_needs
from steward.lifecycle.step import Step
from steward.lifecycle.steps import ABANDON, CLOSE_ALONE, GUARD, PREFLIGHT_DEPLOY, SHUT_ALONE
from steward.lifecycle.term import PATIENCE, Standing, judge_term
from steward.wellknown.roles import GLOBAL_ADMINISTRATOR, USER_ADMINISTRATOR
from tests.lifecycle.situation import (
    ACCOUNT,
    ALLOWED_TENANT,
    CALLER,
    DEPLOYED,
    GLOBAL_ADMIN,
    PRIVILEGED_STACK,
    SEALED,
    TENANT,
    in_short,
    intend,
)

NOW = datetime(2026, 11, 23, 13, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
NO_TERMS: tuple[RoleTerm, ...] = ()
GUARDS = replace(CALLER, permissions=frozenset(need.permission for need in guard_needs(ALLOWED_TENANT)))
CLOSES = replace(
    CALLER,
    permissions=GUARDS.permissions | frozenset(need.permission for need in close_needs(ALLOWED_TENANT)),
)
CLOSES_WITHOUT_LOG = replace(CLOSES, permissions=CLOSES.permissions - {"AuditLog.Read.All"})
SCHEDULED = TENANT.model_copy(update={"elevation": Elevation.SCHEDULED})
WITHOUT = TENANT.model_copy(update={"elevation": Elevation.NONE})
SEALED_FILE = TENANT.model_copy(update={"account": TENANT.account.model_copy(update={"sealed_on": date(2026, 11, 20)})})


def held(**known: Any) -> Facts:
    """Return a tenant whose account holds the role, with nothing known of a window but `known`."""
    facts = replace(
        DEPLOYED,
        caller=GUARDS,
        now=NOW,
        stack=NOT_ASKED,
        role_terms=NO_TERMS,
        role_grants={},
        role_first_seen={},
        role_last_absent={},
    )
    return replace(facts, **known)


def granted(minutes_ago: float) -> dict[str, datetime]:
    return {GLOBAL_ADMINISTRATOR: NOW - minutes_ago * MINUTE}


def term(minutes_ago: float, ends_in: float | None) -> tuple[RoleTerm, ...]:
    ends = None if ends_in is None else NOW + ends_in * MINUTE
    return (RoleTerm(GLOBAL_ADMINISTRATOR, NOW - minutes_ago * MINUTE, ends),)


def latch(phase: str, until: str) -> StackState:
    return replace(PRIVILEGED_STACK, latch=LatchState(phase, until))


@pytest.mark.parametrize(
    ("known", "tenant", "expected"),
    [
        # By the audit log, with the file's 60 minutes.
        ({"role_grants": granted(59)}, TENANT, Standing.RUNNING),
        ({"role_grants": granted(60)}, TENANT, Standing.OVER),
        ({"role_grants": {USER_ADMINISTRATOR: NOW}}, TENANT, Standing.UNKNOWN),
        # By the latch, if it ends no later than the log, or the guard's own first sight, and the minutes let it.
        ({"stack": latch("privileged", "2026-11-23T13:00:01Z"), "role_grants": granted(59)}, TENANT, Standing.RUNNING),
        ({"stack": latch("privileged", "2026-11-23T13:00:01Z"), "role_grants": granted(60)}, TENANT, Standing.OVER),
        ({"stack": latch("privileged", "2026-11-23T13:59:00Z"), "role_first_seen": granted(60)}, TENANT, Standing.OVER),
        (
            {"stack": latch("privileged", "2026-11-23T13:59:00Z"), "role_first_seen": granted(59)},
            TENANT,
            Standing.RUNNING,
        ),
        (
            {
                "stack": latch("privileged", "2026-11-23T13:59:00Z"),
                "role_grants": granted(90),
                "role_last_absent": granted(2),
                "role_first_seen": granted(1),
            },
            TENANT,
            Standing.RUNNING,
        ),
        ({"stack": latch("privileged", "2026-11-23T14:05:00Z")}, TENANT, Standing.RUNNING),
        ({"stack": latch("privileged", "2026-11-23T14:05:01Z")}, TENANT, Standing.OVER),
        ({"stack": latch("privileged", "2026-11-24T13:00:00Z"), "role_grants": granted(1)}, TENANT, Standing.OVER),
        (
            {"stack": latch("privileged", "9999-12-31T23:59:59-14:00"), "role_grants": granted(60)},
            TENANT,
            Standing.OVER,
        ),
        ({"stack": latch("privileged", "2026-11-23T13:00:00Z"), "role_grants": granted(1)}, TENANT, Standing.OVER),
        ({"stack": latch("prepared", "2026-11-23T14:00:00Z"), "role_grants": granted(1)}, TENANT, Standing.OVER),
        ({"stack": latch("sealed", "2026-11-23T14:00:00Z"), "role_grants": granted(1)}, TENANT, Standing.OVER),
        ({"stack": latch("privileged", "some day"), "role_grants": granted(1)}, TENANT, Standing.RUNNING),
        ({"stack": replace(PRIVILEGED_STACK, latch=Absent("the latch"))}, TENANT, Standing.UNKNOWN),
        # By the log and what the guard saw itself: a role that was gone since then was given anew.
        ({"role_grants": granted(90), "role_last_absent": granted(2)}, TENANT, Standing.UNKNOWN),
        ({"role_grants": granted(50), "role_last_absent": granted(2)}, TENANT, Standing.UNKNOWN),
        ({"role_grants": granted(90), "role_last_absent": granted(91)}, TENANT, Standing.OVER),
        ({"role_grants": granted(90), "role_last_absent": granted(86)}, TENANT, Standing.OVER),
        ({"role_grants": granted(90), "role_last_absent": granted(-1)}, TENANT, Standing.OVER),
        (
            {"role_grants": granted(90), "role_last_absent": granted(22), "role_first_seen": granted(20)},
            TENANT,
            Standing.OVER,
        ),
        # By a schedule, whose end is Entra's own; one longer than the file's window is none of ours.
        ({"role_terms": term(30, 30)}, SCHEDULED, Standing.RUNNING),
        ({"role_terms": term(30, 30)}, SEALED_FILE, Standing.RUNNING),
        ({"role_terms": term(61, -1)}, SCHEDULED, Standing.OVER),
        ({"role_terms": term(30, 24 * 60)}, SCHEDULED, Standing.OVER),
        ({"role_terms": term(1, None), "role_grants": granted(1)}, SCHEDULED, Standing.OVER),
        ({"role_terms": term(1, None), "role_grants": granted(1)}, TENANT, Standing.RUNNING),
        ({"role_terms": Unreadable("terms", "503")}, SCHEDULED, Standing.UNKNOWN),
        # By the file.
        ({"role_grants": granted(1)}, SEALED_FILE, Standing.OVER),
        ({"role_grants": granted(1)}, WITHOUT, Standing.OVER),
        # By nothing: for as long as an entry may be late, and no longer.
        ({"role_first_seen": granted(19)}, TENANT, Standing.UNKNOWN),
        ({"role_first_seen": granted(20)}, TENANT, Standing.OVER),
        ({"role_grants": Unreadable("log", "403"), "role_first_seen": granted(20)}, TENANT, Standing.OVER),
        ({"now": Unreadable("the time", "no answer"), "role_first_seen": granted(90)}, TENANT, Standing.UNKNOWN),
    ],
)
def test_term_of_a_direct_assignment(known: dict[str, Reading[Any]], tenant: Tenant, expected: Standing) -> None:
    assert judge_term(GLOBAL_ADMIN, held(**known), tenant).standing is expected


def test_role_of_an_account_that_can_sign_in_has_no_window_where_nobody_is_to() -> None:
    enabled = held(account=replace(ACCOUNT, is_enabled=True), stack=PRIVILEGED_STACK)
    assert judge_term(GLOBAL_ADMIN, enabled, TENANT).standing is Standing.OVER


@pytest.mark.parametrize(
    "holding",
    [
        RoleHolding(GLOBAL_ADMINISTRATOR, "Global Administrator", "through group sg-ops"),
        RoleHolding(GLOBAL_ADMINISTRATOR, "Global Administrator", "eligible"),
        RoleHolding("9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3", "Application Administrator", "direct", "assignment-2"),
    ],
)
def test_no_window_gives_another_role_or_another_path(holding: RoleHolding) -> None:
    facts = held(stack=latch("privileged", "2026-11-23T14:00:00Z"), role_grants=granted(1))
    assert judge_term(holding, facts, TENANT).standing is Standing.OVER


def test_guard_that_may_close_takes_what_may_not_stand_and_shuts_the_account() -> None:
    facts = held(caller=CLOSES, role_grants=granted(61), account=replace(ACCOUNT, is_enabled=True))
    calls = [action.act for action in intend(GUARD, facts) if isinstance(action, GraphCall)]
    assert [type(act) for act in calls] == [RemoveRoleAssignment, DisableAccount]


def test_guard_that_only_reads_tells_and_does_nothing() -> None:
    actions = intend(GUARD, held(role_grants=granted(61)))
    (told,) = [action for action in actions if isinstance(action, Blocked)]
    assert told.exit_code is ExitCode.FINDINGS
    assert "scripts/close.py" in told.next_move
    assert not any(isinstance(action, GraphCall) for action in actions)


@pytest.mark.parametrize("caller", [GUARDS, CLOSES])
def test_running_window_is_left_alone(caller: Any) -> None:
    actions = intend(GUARD, held(caller=caller, role_grants=granted(1)))
    assert {word.split()[0] for word in in_short(actions)} == {"already"}


@pytest.mark.parametrize("caller", [GUARDS, CLOSES])
def test_window_of_which_nothing_is_known_is_told_as_not_known(caller: Any) -> None:
    actions = intend(GUARD, held(caller=caller))
    assert [action.exit_code for action in actions if isinstance(action, Blocked)] == [ExitCode.COULD_NOT_TELL]


@pytest.mark.parametrize(
    ("known", "tenant", "offered", "kept_back"),
    [
        ({}, TENANT, "--stacks", "AuditLog.Read.All"),
        ({"caller": CLOSES_WITHOUT_LOG}, TENANT, "AuditLog.Read.All", "nothing"),
        ({"stack": Absent("Terraform's state"), "caller": CLOSES_WITHOUT_LOG}, TENANT, "AuditLog", "--stacks"),
    ],
)
def test_guard_that_cannot_tell_names_what_would_tell_it(
    known: dict[str, Any], tenant: Tenant, offered: str, kept_back: str
) -> None:
    (told,) = [action for action in intend(GUARD, held(**known), tenant) if isinstance(action, Blocked)]
    assert offered in told.next_move
    assert kept_back not in told.next_move


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, set()),
        ({"roles": Unreadable("directory roles", "503")}, {ExitCode.COULD_NOT_TELL}),
        ({"roles": RoleHoldings(unreadable=(Unreadable("eligible roles", "403"),))}, {ExitCode.COULD_NOT_TELL}),
        ({"account": Unreadable("the account", "503")}, {ExitCode.COULD_NOT_TELL}),
        ({"account": Absent("the account")}, {ExitCode.COULD_NOT_TELL}),
        ({"account": replace(ACCOUNT, stamp=None)}, {ExitCode.FINDINGS}),
        ({"account": replace(ACCOUNT, is_synchronised=True)}, {ExitCode.FINDINGS}),
        ({"twins": Unreadable("other accounts", "503")}, {ExitCode.COULD_NOT_TELL}),
        ({"twins": RoleHoldings(held=(GLOBAL_ADMIN,))}, {ExitCode.FINDINGS}),
    ],
)
def test_sealed_tenant_is_well_and_each_thing_that_is_not_is_told(
    change: dict[str, Any], expected: set[ExitCode]
) -> None:
    facts = replace(held(roles=RoleHoldings(), account=SEALED.account, caller=CLOSES), **change)
    actions = intend(GUARD, facts)
    assert {action.exit_code for action in actions if isinstance(action, Blocked)} == expected
    assert not any(isinstance(action, GraphCall) for action in actions)


@pytest.mark.parametrize(
    ("tenant", "methods", "is_found"),
    [
        (TENANT, Absent("sign-in"), True),
        (ALLOWED_TENANT, MethodsState(frozenset({"authenticator"}), ()), False),
        (ALLOWED_TENANT, MethodsState(frozenset(), ()), True),
        (
            ALLOWED_TENANT,
            MethodsState(frozenset(), (PassState("pass-1", is_usable=True, ends=NOW + MINUTE),)),
            True,
        ),
    ],
)
def test_enabled_account_that_is_not_settled_is_told_and_left(
    tenant: Tenant, methods: Reading[MethodsState], is_found: bool
) -> None:
    assert not isinstance(SEALED.account, Absent | Unreadable)
    account = replace(SEALED.account, is_enabled=True)
    facts = held(roles=RoleHoldings(), account=account, methods=methods, caller=CLOSES)
    actions = intend(GUARD, facts, tenant)
    assert any(isinstance(action, Found) for action in actions) is is_found
    assert not any(isinstance(action, GraphCall) for action in actions)


@pytest.mark.parametrize("need", close_needs(ALLOWED_TENANT))
def test_closing_names_each_permission_that_the_token_lacks(need: Any) -> None:
    lacking = replace(CLOSES, object_id="another", permissions=CLOSES.permissions - {need.permission})
    facts = replace(SEALED, caller=lacking)
    actions = intend(CLOSE_ALONE, facts, ALLOWED_TENANT)
    assert [action.subject for action in actions if isinstance(action, Found)] == [f"permission {need.permission}"]


STRAY = replace(ACCOUNT, login="other.name@contoso.example", is_enabled=True, is_known_by_stamp_alone=True)


def test_privileged_account_that_may_be_another_files_is_closed_and_told() -> None:
    actions = intend(CLOSE_ALONE, replace(DEPLOYED, caller=CLOSES, account=STRAY))
    calls = [action for action in actions if isinstance(action, GraphCall)]
    assert [type(call.act) for call in calls] == [RemoveRoleAssignment, DisableAccount]
    assert STRAY.login in calls[0].subject
    (told,) = [action for action in actions if isinstance(action, Blocked)]
    assert told.exit_code is ExitCode.COULD_NOT_TELL
    assert STRAY.login in told.why


@pytest.mark.parametrize(
    ("step", "change"),
    [
        (CLOSE_ALONE, {"roles": RoleHoldings()}),
        (CLOSE_ALONE, {"account": replace(STRAY, stamp=None)}),
        (CLOSE_ALONE, {"account": replace(STRAY, is_synchronised=True)}),
        (GUARD, {}),
        (GUARD, {"roles": RoleHoldings()}),
        (SHUT_ALONE, {}),
    ],
)
def test_account_that_may_be_another_files_is_else_left_alone(step: Step, change: dict[str, Any]) -> None:
    known: dict[str, Any] = {"caller": CLOSES, "account": STRAY, "role_grants": granted(90), **change}
    actions = intend(step, held(**known))
    assert not any(isinstance(action, GraphCall) for action in actions)
    assert any(isinstance(action, Blocked) for action in actions)


def test_account_that_may_be_another_files_is_no_account_of_a_file_that_is_deployed_first() -> None:
    facts = replace(DEPLOYED, account=STRAY, stack=Absent("Terraform's state"), leftovers=())
    (told,) = [action for action in intend(PREFLIGHT_DEPLOY, facts) if TENANT.account.login in action.subject]
    assert isinstance(told, Already)
    assert "free" in told.reason
    assert not any("state" in action.subject for action in intend(PREFLIGHT_DEPLOY, facts))
    assert [type(action) for action in intend(ABANDON, facts)] == [Already]


def test_guard_tells_of_privilege_that_may_be_another_files() -> None:
    actions = intend(GUARD, held(caller=CLOSES, account=STRAY, role_grants=granted(90)))
    told = {action.exit_code for action in actions if isinstance(action, Blocked)}
    assert told == {ExitCode.FINDINGS, ExitCode.COULD_NOT_TELL}


def test_closing_does_what_the_token_allows_and_tells_the_rest() -> None:
    lacking = replace(CLOSES, permissions=CLOSES.permissions - {"User.EnableDisableAccount.All"})
    facts = replace(DEPLOYED, caller=lacking, account=replace(ACCOUNT, is_enabled=True))
    actions = intend(CLOSE_ALONE, facts)
    assert [type(action.act) for action in actions if isinstance(action, GraphCall)] == [RemoveRoleAssignment]
    (blocked,) = [action for action in actions if isinstance(action, Blocked)]
    assert "User.EnableDisableAccount.All" in blocked.why


def look(folder: Path, seen: set[str], at: datetime, *, is_whole: bool = True) -> GuardMemory:
    remember(folder, read_memory(folder).after(seen, at, is_whole=is_whole))
    return read_memory(folder)


def test_memory_keeps_the_first_sight_and_the_last_look_before_it(tmp_path: Path) -> None:
    folder = tmp_path / "contoso"
    assert read_memory(folder) == NO_MEMORY
    assert look(folder, {"a", "b"}, NOW) == GuardMemory({"a": NOW, "b": NOW}, {}, NOW)
    assert look(folder, {"a"}, NOW + PATIENCE) == GuardMemory({"a": NOW}, {}, NOW + PATIENCE)
    assert read_memory(folder).absences({"a", "b"}) == {"b": NOW + PATIENCE}
    gone = NOW + 2 * PATIENCE
    assert look(folder, set(), gone) == GuardMemory({}, {}, gone)
    again = NOW + 3 * PATIENCE
    assert look(folder, {"a"}, again) == GuardMemory({"a": again}, {"a": gone}, again)
    assert look(folder, {"a"}, again + MINUTE) == GuardMemory({"a": again}, {"a": gone}, again + MINUTE)
    assert [entry.name for entry in folder.iterdir()] == ["guard.json"]


def test_look_that_could_not_see_everything_forgets_nothing_and_shows_no_absence(tmp_path: Path) -> None:
    look(tmp_path, {"a"}, NOW)
    look(tmp_path, set(), NOW + MINUTE, is_whole=False)
    assert look(tmp_path, {"b"}, NOW + 2 * MINUTE).last_absent == {"b": NOW}
    assert look(tmp_path, {"a", "b"}, NOW + 3 * MINUTE) == GuardMemory(
        {"a": NOW + 3 * MINUTE, "b": NOW + 2 * MINUTE}, {"a": NOW + 2 * MINUTE, "b": NOW}, NOW + 3 * MINUTE
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"first_seen": {"a": "soon", "b": 3}}',
        '{"first_seen": [], "looked": 7}',
        '{"last_absent": 3, "looked": "yesterday"}',
        '{"first_seen": {"a": "0001-01-01T00:00:00+14:00"}, "last_absent": {}, "looked": null}',
        '{"first_seen": {}, "last_absent": {}, "looked": "9999-12-31T23:59:59-14:00"}',
        '{"first_seen": {"a": 1e400}, "last_absent": {}, "looked": null}',
        "[" * 60000,
        " " * 70000 + "{}",
        "\0",
    ],
)
def test_memory_that_cannot_be_read_is_no_memory(tmp_path: Path, text: str) -> None:
    (tmp_path / "guard.json").write_text(text)
    memory = read_memory(tmp_path)
    assert memory.unread
    assert replace(memory, unread=None) == NO_MEMORY
    assert look(tmp_path, {"a"}, NOW) == GuardMemory({"a": NOW}, {}, NOW)


@pytest.mark.parametrize("make", [os.mkfifo, Path.mkdir, lambda file: file.symlink_to("/dev/zero")])
def test_memory_that_is_no_file_is_not_waited_for(tmp_path: Path, make: Callable[[Path], object]) -> None:
    make(tmp_path / "guard.json")
    assert read_memory(tmp_path).unread


def test_memory_of_a_time_that_lies_ahead_does_not_hold_the_guard_back(tmp_path: Path) -> None:
    ahead = NOW + timedelta(days=9)
    remember(tmp_path, GuardMemory({"a": ahead}, {"a": ahead}, ahead))
    assert look(tmp_path, {"a", "b"}, NOW) == GuardMemory({"a": NOW, "b": NOW}, {}, NOW)


def test_memory_that_cannot_be_kept_is_told(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(ConfigError):
        remember(tmp_path / "taken", GuardMemory({"a": NOW}, {}, NOW))
