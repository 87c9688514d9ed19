"""What the rehearsal provider costs, within bounds that a busy machine keeps too."""

import pytest

from benchmarks.processes import Cost
from benchmarks.provider import ATTACHED, BARE, START, STARTED, measure, render

MIB = 1024 * 1024


@pytest.fixture(scope="module")
def costs() -> dict[str, Cost]:
    return measure(rounds=2)


@pytest.mark.terraform
def test_start_takes_little_more_than_loading_the_library_that_it_serves_with(costs: dict[str, Cost]) -> None:
    assert costs[START].computing < 3 * costs[BARE].computing
    assert costs[START].memory < 100 * MIB


@pytest.mark.terraform
def test_attached_provider_saves_most_of_a_command(costs: dict[str, Cost]) -> None:
    assert costs[ATTACHED].computing < costs[STARTED].computing / 2


def test_table_has_a_line_for_each_process_with_its_factor() -> None:
    table = render({BARE: Cost(0.1, 30 * MIB), START: Cost(0.15, 45 * MIB), ATTACHED: Cost(0.05, 90 * MIB)})

    expected = [f"| {START} | 0.15 s | 1.5x | 45 MB |", f"| {ATTACHED} | 0.05 s | 0.5x | 90 MB |"]
    assert table.splitlines()[3:] == expected
