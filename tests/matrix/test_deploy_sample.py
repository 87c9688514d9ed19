"""A first deploy that dies when the tenant has done what it was asked for, and nobody was told."""

import pytest

from tests.matrix.lanes import Lanes
from tests.matrix.points import DeployKill, Request
from tests.matrix.watched_terraform import AFTER

pytestmark = pytest.mark.terraform

POINTS = (DeployKill("at_deploy", Request("POST /roleManagement/directory/roleAssignments", 1, "terraform"), AFTER),)


def test_first_deploy_that_died_is_deployed_again_and_closes(lanes: Lanes) -> None:
    outcomes = list(lanes.play(POINTS))
    assert len(outcomes) == len(POINTS)
    assert [f"{each.point}: {each.wrong}\n{each.output}" for each in outcomes if each.wrong] == []
