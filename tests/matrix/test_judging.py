"""The judge of the matrix can tell every bad end from a good one."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.matrix.judging import (
    End,
    demoted,
    doubled,
    grants_of,
    judge_close,
    judge_guard,
    judge_powerless,
    judge_run,
    never,
    privileges_of,
    sealed,
)

MOMENT = datetime(2026, 11, 23, tzinfo=UTC)

GOOD = End(
    privileged=(),
    is_enabled=False,
    is_settled=False,
    latch="sealed",
    state_knows_role=False,
    doubled=(),
    is_consented=True,
    passes=0,
    evidence=(),
)


def test_sealed_life_has_nothing_wrong() -> None:
    assert list(judge_run(0, GOOD, has_person=False)) == []
    assert list(judge_run(0, replace(GOOD, is_enabled=True, is_settled=True), has_person=True)) == []


@pytest.mark.parametrize(
    "bad",
    [
        {"privileged": ("Global Administrator (role assignments)",)},
        {"is_enabled": True},
        {"latch": None},
        {"doubled": ("app role",)},
        {"passes": 1},
        {"is_too_long": True, "usable_seconds": 0.5},
        {"credentials": ("password",)},
        {"evidence": ("it was changed",)},
    ],
)
def test_tenancy_with_one_thing_wrong_is_not_demoted(bad: dict[str, Any]) -> None:
    end = replace(GOOD, **bad)
    assert list(demoted(end))
    for code in (0, 1, 3):
        assert list(judge_run(code, end, has_person=False))
    assert list(judge_close(0, end))


@pytest.mark.parametrize("bad", [{"latch": "prepared"}, {"state_knows_role": True}, {"is_consented": False}])
def test_demoted_tenancy_with_one_thing_missing_is_not_sealed(bad: dict[str, Any]) -> None:
    end = replace(GOOD, **bad)
    assert list(demoted(end)) == []
    assert list(sealed(end, has_person=False))


def test_person_without_a_settled_account_is_not_sealed() -> None:
    assert list(sealed(GOOD, has_person=True))


@pytest.mark.parametrize("code", [None, 2, 4, -9])
def test_exit_code_that_no_life_may_end_with_is_wrong(code: int | None) -> None:
    assert list(judge_run(code, GOOD, has_person=False))


def test_latch_left_privileged_is_wrong_whatever_the_exit_code() -> None:
    for code in (0, 1, 3):
        assert list(judge_run(code, replace(GOOD, latch="privileged"), has_person=False))


def test_enabled_and_privileged_may_be_in_a_window_alone() -> None:
    usable = replace(GOOD, is_enabled=True, privileged=("Global Administrator",), latch="privileged")
    assert list(never(usable))
    assert list(never(replace(usable, window_ends=MOMENT))) == []
    assert list(demoted(replace(usable, window_ends=MOMENT))), "no run may leave it so"
    assert list(never(replace(GOOD, latch=None), is_lost=True)) == []


def test_pass_that_nobody_has_opens_no_account() -> None:
    lost = replace(GOOD, passes=1, lost_passes=1)
    assert list(never(lost)) == [], "a disabled account opens for nobody"
    assert list(never(replace(lost, is_enabled=True, is_settled=True)))
    assert list(demoted(lost))


def test_tenant_without_an_account_needs_no_latch() -> None:
    without = replace(GOOD, latch=None, is_there=False)
    assert list(never(without)) == []
    assert list(judge_close(3, without)) == []
    assert list(judge_close(0, without)), "what cannot be found is not known to be demoted"


@pytest.mark.parametrize("bad", [{"is_enabled": True}, {"latch": "privileged"}, {"doubled": ("role",)}])
def test_powerless_run_leaves_nothing_that_can_be_used(bad: dict[str, Any]) -> None:
    held = replace(GOOD, privileged=("Global Administrator",), latch="prepared")
    assert list(judge_powerless(held)) == []
    assert list(judge_powerless(replace(held, **bad)))
    assert not list(judge_powerless(replace(held, is_enabled=True), has_window=True)), "Entra ID lets it disable nobody"


def test_guard_leaves_nobody_privileged_and_tells_of_an_account_that_is_not_settled() -> None:
    unsettled = replace(GOOD, is_enabled=True, latch="privileged")
    assert list(judge_guard(1, unsettled)) == []
    assert list(judge_guard(0, unsettled))
    assert list(judge_guard(1, replace(GOOD, privileged=("Global Administrator",))))
    for code in (None, 2, 3, 4):
        assert list(judge_guard(code, GOOD))


def test_what_is_there_twice_is_doubled() -> None:
    assert list(doubled(["a", "b", "a"])) == ["a"]
    principals = {"p": {"id": "p", "appId": "app"}, "q": {"id": "q", "appId": "other"}}
    role = {"principalId": "p", "resourceId": "graph", "appRoleId": "read"}
    scopes = {"clientId": "p", "scope": "offline_access User.Read"}
    tenant = {
        "service_principals": principals,
        "app_role_assignments": {"1": role, "2": {**role, "principalId": "q"}, "3": {**role, "appRoleId": "write"}},
        "permission_grants": {"4": scopes, "5": {**scopes, "clientId": "q"}},
    }
    assert list(doubled(grants_of(tenant, "app"))) == []
    again = {**tenant, "app_role_assignments": {"1": role, "2": role}, "permission_grants": {"4": scopes, "5": scopes}}
    assert len(list(doubled(grants_of(again, "app")))) == 2


@pytest.mark.parametrize("kind", ["role_assignments", "role_assignment_schedules", "role_eligibility_schedules"])
@pytest.mark.parametrize("principal", ["account", "group", "outer group"])
def test_role_is_found_by_every_path(kind: str, principal: str) -> None:
    tenant: dict[str, Any] = {
        "members": {"group": {"account": {}}, "outer group": {"group": {}}, "strangers": {"somebody": {}}},
        "role_definitions": {"r": {"displayName": "Global Administrator"}},
        "role_assignments": {},
        "role_assignment_schedules": {},
        "role_eligibility_schedules": {},
    }
    assert list(privileges_of(tenant, "account")) == []
    tenant[kind] = {"1": {"principalId": principal, "roleDefinitionId": "r"}}
    tenant[kind]["2"] = {"principalId": "strangers", "roleDefinitionId": "r"}
    assert len(list(privileges_of(tenant, "account"))) == 1
