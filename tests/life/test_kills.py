"""post_apply killed after each of its steps, and started again: it goes on from what the tenant shows."""

import signal
from pathlib import Path

import pytest

from tests.life.tenancy import ROLE, Tenancy

pytestmark = pytest.mark.terraform

KILLED = frozenset({-signal.SIGKILL})
PROGRAM = [str(Path(__file__).with_name("killed_after.py"))]


@pytest.mark.parametrize(
    "step", ["preflight", "prove", "consent", "close", "seal", "open", "enrol", "settle", "verify"]
)
def test_post_apply_killed_after_a_step_and_started_again_ends_sealed(tenancy: Tenancy, step: str) -> None:
    tenancy.deploy()
    tenancy.post_apply(program=[*PROGRAM, step], expect=KILLED)
    tenancy.post_apply()
    assert not tenancy.holds_role()
    assert not tenancy.account()["accountEnabled"]
    roles, scopes = tenancy.grants()
    assert len(roles) == len(set(roles)) == 3
    assert [sorted(scope.split()) for scope in scopes] == [["User.Read", "offline_access"]]
    assert f"{ROLE}[0]" not in tenancy.addresses_in_state()
    assert tenancy.plan() == {}
