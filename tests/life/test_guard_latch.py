"""The guard with the latch at hand: the window's end is the latch's own, and a sealed tenant has no window."""

import pytest

from scripts.rehearsal.scene import CLOSE, GUARD
from steward.wellknown.roles import GLOBAL_ADMINISTRATOR
from tests.life.tenancy import Tenancy
from tests.programs.running import run

pytestmark = pytest.mark.terraform

STACKS = ("--stacks", "cdktf.out/stacks")


def look(tenancy: Tenancy, identity: str, code: int) -> str:
    ended = run(
        tenancy.scene.script("close", "--guard", *STACKS),
        folder=tenancy.scene.folder,
        environment=tenancy.scene.environments[identity],
    )
    assert ended.returncode == code, ended.stdout + ended.stderr
    return ended.stdout + ended.stderr


def test_window_of_a_deploy_that_nobody_came_back_to_is_left_until_its_end_and_then_closed(tenancy: Tenancy) -> None:
    tenancy.deploy()
    told = look(tenancy, CLOSE, 0)
    assert "its window runs until" in told
    assert "by the latch" in told
    assert tenancy.holds_role()
    tenancy.scene.control.advance_clock(61 * 60)
    assert "by the latch" in look(tenancy, GUARD, 1)
    assert tenancy.holds_role()
    look(tenancy, CLOSE, 1)
    assert not tenancy.holds_role()
    look(tenancy, CLOSE, 0)


def test_role_given_by_hand_to_a_sealed_tenant_is_outside_any_window(tenancy: Tenancy) -> None:
    tenancy.deploy()
    tenancy.post_apply()
    look(tenancy, CLOSE, 0)
    role = {
        "principalId": tenancy.account()["id"],
        "roleDefinitionId": GLOBAL_ADMINISTRATOR,
        "directoryScopeId": "/",
    }
    tenancy.scene.control.act("POST", "/v1.0/roleManagement/directory/roleAssignments", role)
    assert "the latch is sealed" in look(tenancy, GUARD, 1)
    look(tenancy, CLOSE, 1)
    assert not tenancy.holds_role()
