"""A death in a window that somebody can use: started again, closed, and with nothing of ours alive until its end."""

import pytest

from tests.matrix.lanes import Lanes
from tests.matrix.points import Kill, Request
from tests.matrix.watched_terraform import AFTER

pytestmark = pytest.mark.terraform

# Chosen by name, as counting a life's points takes longer than playing one: what is no point any more fails.
POINTS = (
    Kill("in_window", Request("POST /roleManagement/directory/roleAssignments", 1, "terraform"), AFTER),
    Kill("scheduled", Request("POST /roleManagement/directory/roleAssignmentScheduleRequests", 1, "post_apply"), AFTER),
)


def test_life_killed_in_its_window_ends_sealed_closes_and_is_ended_by_the_window(lanes: Lanes) -> None:
    outcomes = list(lanes.play(POINTS))
    assert len(outcomes) == len(POINTS)
    assert [f"{each.point}: {each.wrong}\n{each.output}" for each in outcomes if each.wrong] == []
    assert all(any(end.startswith("guarded") for end in each.ends) for each in outcomes), "somebody could use it"
