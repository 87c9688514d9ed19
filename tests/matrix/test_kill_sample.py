"""Deaths chosen to cover: each write to Graph and each run of Terraform, at one of its moments."""

import pytest

from tests.matrix.covering import sample
from tests.matrix.lanes import Lanes
from tests.matrix.lives import find_life

pytestmark = pytest.mark.terraform


def test_life_killed_at_a_covering_choice_of_points_ends_sealed_and_closes(lanes: Lanes) -> None:
    points = list(sample(lanes.record(find_life("at_deploy")).kills()))
    assert points, "it writes nothing"
    outcomes = list(lanes.play(points))
    assert len(outcomes) == len(points)
    assert [f"{each.point}: {each.wrong}\n{each.output}" for each in outcomes if each.wrong] == []
