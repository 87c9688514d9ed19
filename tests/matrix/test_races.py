"""Two programs at once, and one after the other."""

import pytest

from tests.matrix.lanes import Lanes
from tests.matrix.lives import find_life
from tests.matrix.races import RACES, races_of

pytestmark = pytest.mark.terraform


def test_two_at_once_leave_nothing_double_and_nobody_privileged(lanes: Lanes) -> None:
    everything = list(races_of(lanes.record(find_life("at_deploy"))))
    # Each race from the same moment, and one of them once more with the second in the middle of the first.
    points = [point for point in everything if not point.after]
    assert {point.race for point in points} == set(RACES)
    points += [point for point in everything if point.after and point.race == "post_apply and a deploy"][3:4]
    outcomes = list(lanes.play(points))
    assert len(outcomes) == len(points)
    assert [f"{each.point}: {each.wrong}\n{each.output}" for each in outcomes if each.wrong] == []
