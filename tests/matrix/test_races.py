"""Two programs at once."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.matrix import races
from tests.matrix.lanes import Lanes
from tests.matrix.lives import LIVES
from tests.matrix.outcome import Outcome

pytestmark = pytest.mark.terraform


def test_two_at_once_leave_nothing_double_and_nobody_privileged(lanes: Lanes) -> None:
    def play(name: str) -> Outcome:
        with lanes.lane(LIVES[0]) as prepared:
            return races.play(prepared, name)

    with ThreadPoolExecutor() as pool:
        outcomes = list(pool.map(play, races.RACES))
    assert [f"{each.point}: {each.wrong}\n{each.output}" for each in outcomes if each.wrong] == []
