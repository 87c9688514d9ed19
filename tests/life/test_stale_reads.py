"""Replicas that lag never make a held role look gone: it is taken away, or the exit code says that nobody can tell."""

import json
from typing import Any

import pytest

from tests.life.tenancy import Tenancy

pytestmark = pytest.mark.terraform

LIST = "GET /roleManagement/directory/roleAssignments"
LAG = 15  # seconds; long enough for the first looks, short enough for a removal to show within the step's budget
MEMBERSHIPS = "GET /users/{id}/transitiveMemberOf"


def _deploy(tenancy: Tenancy, *rules: dict[str, Any]) -> None:
    """Deploy, and let the replicas lag behind it from then on; a provider that met them would wait for them."""
    tenancy.deploy()
    tenancy.scene.control.lag(*rules)


def _end(tenancy: Tenancy, *options: str) -> tuple[int, dict[str, Any]]:
    ended = tenancy.post_apply(*options, "--json", expect=frozenset({0, 1, 3}))
    tenancy.scene.control.lag()
    return ended.returncode, json.loads(ended.stdout)


@pytest.mark.parametrize(
    "rules",
    [
        [{"route": LIST, "seconds": LAG}],
        [{"route": f"{LIST}*", "seconds": LAG}, {"route": MEMBERSHIPS, "seconds": LAG, "alternating": True}],
        [{"route": "GET *", "seconds": LAG, "alternating": True}],
    ],
    ids=["list", "all but the memberships", "all alternating"],
)
def test_close_alone_takes_a_role_away_that_one_kind_of_read_does_not_show(
    tenancy: Tenancy, rules: list[dict[str, Any]]
) -> None:
    _deploy(tenancy, *rules)
    _end(tenancy, "--only", "close")
    assert not tenancy.holds_role()


def test_whole_run_seals_although_the_list_lags(tenancy: Tenancy) -> None:
    _deploy(tenancy, {"route": LIST, "seconds": LAG})
    _end(tenancy)
    assert not tenancy.holds_role()
    code, result = _end(tenancy)
    assert (code, result["sealed"], result["privileged_roles"]) == (0, True, [])


def test_role_that_no_read_shows_for_a_while_is_looked_for_longer(tenancy: Tenancy) -> None:
    _deploy(tenancy, {"route": f"{LIST}*", "seconds": LAG}, {"route": MEMBERSHIPS, "seconds": LAG})
    code, result = _end(tenancy, "--only", "close")
    assert (code, result["privileged_roles"]) == (0, [])
    assert not tenancy.holds_role()


@pytest.mark.parametrize("options", [("--only", "close"), ()])
def test_role_that_shows_is_taken_away_although_another_path_cannot_be_read(
    tenancy: Tenancy, options: tuple[str, ...]
) -> None:
    tenancy.deploy()
    refusal = {"status": 403, "code": "Authorization_RequestDenied", "times": 999}
    tenancy.scene.control.declare_faults({"route": MEMBERSHIPS, **refusal})
    code, result = _end(tenancy, *options)
    tenancy.scene.control.clear_faults()
    assert not tenancy.holds_role()
    assert (code, result["privileged_roles"]) == (3, None)
