"""Faults of a life, chosen to cover: every request with one, and every kind with what it can be tried on."""

import pytest

from tests.matrix.covering import cover, rounds, trait
from tests.matrix.faults import KINDS, faults_of
from tests.matrix.lanes import Lanes
from tests.matrix.lives import LIVES

pytestmark = pytest.mark.terraform


def test_life_under_a_covering_choice_of_faults_ends_sealed_or_stops_demoted(lanes: Lanes) -> None:
    (life, *_) = LIVES
    faults = list(faults_of(life.name, lanes.record(life).requests))
    chosen = cover(faults)
    assert {each.request for each in chosen} == {each.request for each in faults}
    assert {each.kind.name for each in chosen} == {kind.name for kind in KINDS}
    assert {(each.kind.name, trait(each.request)) for each in chosen if each.kind.is_passing} == {
        (each.kind.name, trait(each.request)) for each in faults if each.kind.is_passing
    }
    points = rounds(chosen)
    outcomes = list(lanes.play(points))
    assert len(outcomes) == len(points)
    assert [f"{each.point}: {each.wrong}\n{each.output}" for each in outcomes if each.wrong] == []
