"""Reviewing more tenants takes more time in proportion and hardly more memory, and the comment stays bounded."""

import pytest

from benchmarks.reviews import Reviewed, growth, measure, render
from steward.review.comment import LONGEST

FEW, SOME, MANY = 1, 30, 90
# Between two measured stretches, on a machine that does other things as well; a quadratic review would show 3.
MOST_UNEVEN = 2.0
MOST_MEMORY = 1.5


@pytest.fixture(scope="module")
def measured() -> dict[int, Reviewed]:
    return dict(measure((FEW, SOME, MANY), rounds=2))


def test_time_grows_in_proportion_to_the_tenants(measured: dict[int, Reviewed]) -> None:
    assert growth(measured, SOME, MANY) / growth(measured, FEW, SOME) < MOST_UNEVEN


def test_memory_hardly_grows(measured: dict[int, Reviewed]) -> None:
    assert measured[MANY].memory / measured[FEW].memory < MOST_MEMORY


def test_comment_stays_within_its_bound(measured: dict[int, Reviewed]) -> None:
    assert all(each.comment <= LONGEST for each in measured.values())


def test_table_has_a_line_for_each_count(measured: dict[int, Reviewed]) -> None:
    assert [line.split(" | ")[0] for line in render(measured).splitlines()[2:]] == [
        f"| {each}" for each in (FEW, SOME, MANY)
    ]
