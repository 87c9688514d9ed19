"""Growth of the answers' time with the tenant, and the warm start, within bounds that a busy machine keeps too."""

import pytest

from benchmarks.__main__ import render
from benchmarks.measuring import Times, measure, warm_start
from benchmarks.requests import REQUESTS

LARGE = 1000
# Factors over the empty tenant's time. What is read by id or by an indexed property stays as it is; What-If looks at
# each of 200 policies, and a page of 100 holds 25 times what the empty tenant's does.
BOUNDS = {
    "read by id": 3,
    "read by login": 3,
    "filter by login, indexed": 3,
    "filter by appId, indexed": 3,
    "page of 4 users": 3,
    "page of 100 users": 6,
    "filter by display name, not indexed": 6,
    "What-If, applied policies only": 10,
}


@pytest.fixture(scope="module")
def times() -> Times:
    return measure((0, LARGE), rounds=7)


@pytest.mark.parametrize("name", [each.name for each in REQUESTS])
def test_answer_of_a_large_tenant_takes_a_small_factor_of_the_empty_ones(name: str, times: Times) -> None:
    assert times[name][LARGE] / times[name][0] < BOUNDS[name]


def test_process_computes_less_than_a_second_until_it_answers() -> None:
    assert warm_start(rounds=2).computing < 1


def test_table_has_a_line_for_each_request_with_its_factor(times: Times) -> None:
    lines = render(times, warm_start(rounds=1)).splitlines()
    assert [line.split(" | ")[0] for line in lines[4:]] == [f"| {each.name}" for each in REQUESTS]
    assert all(line.endswith("x |") for line in lines[4:])
