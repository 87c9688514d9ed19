"""The page over more tenants takes more time in proportion, and a row more for each."""

import time
from datetime import date
from pathlib import Path

import pytest

from benchmarks.statuses import Shown, measure, render, write_tenants
from steward.papers.status import read_status

FEW, MANY = 15, 60
# Of the time a tenant takes, on a machine that does other things as well; a quadratic page would show 4.
MOST_UNEVEN = 2.0


def seconds_each(folder: Path, count: int) -> float:
    """Return the processor's time that one of so many tenants takes, the best of three."""
    write_tenants(folder, count)
    files = sorted((folder / "tenants").iterdir())
    taken = []
    for _ in range(3):
        began = time.process_time()
        assert len(read_status(files, today=date(2026, 11, 23)).rows) == count
        taken.append(time.process_time() - began)
    return min(taken) / count


@pytest.fixture(scope="module")
def measured() -> dict[int, Shown]:
    return dict(measure((FEW, MANY), rounds=1))


def test_time_grows_in_proportion_to_the_tenants(tmp_path: Path) -> None:
    assert seconds_each(tmp_path / "many", MANY) / seconds_each(tmp_path / "few", FEW) < MOST_UNEVEN


def test_page_grows_by_a_row_a_tenant(measured: dict[int, Shown]) -> None:
    row = (measured[MANY].page - measured[FEW].page) / (MANY - FEW)
    assert 100 < row < 1000


def test_table_has_a_line_for_each_count(measured: dict[int, Shown]) -> None:
    assert [line.split(" | ")[0] for line in render(measured).splitlines()[2:]] == [f"| {FEW}", f"| {MANY}"]
