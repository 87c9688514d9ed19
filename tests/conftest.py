"""Options of the tests."""

import os

import pytest

# Most of the seconds that a life takes are waits: for Terraform, for a second look, for a window.
_WORKERS_PER_CORE = 2
# One test of these may take minutes; begun last, it would be waited for alone.
_LONG = (
    "tests/browser/test_rehearsal.py",
    "tests/life/test_least_permissions.py",
    "tests/life/test_made_identities.py",
    "tests/life/test_rehearsal.py",
    "tests/life/test_remote_state.py",
    "tests/matrix/test_deploy_sample.py",
    "tests/matrix/test_fault_sample.py",
    "tests/matrix/test_kill_sample.py",
    "tests/matrix/test_races.py",
    "tests/matrix/test_window_sample.py",
    "tests/pipelines/test_life.py",
)


def pytest_xdist_auto_num_workers() -> int:
    """Start more workers than there are cores that this process may use."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return _WORKERS_PER_CORE * cores


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let a table of the documentation be written by the test that sees what stands in it."""
    parser.addoption("--write-tables", action="store_true", help="write the documentation's tables that tests make")
    parser.addoption("--write-comments", action="store_true", help="write the comments of tests/data/plans anew")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Let each worker begin with its share of the long tests; the others keep their order, which shares tenants."""
    workers = int(getattr(config, "workerinput", {}).get("workercount", 1))
    units: dict[str, list[pytest.Item]] = {}
    for item in items:
        if item.location[0] in _LONG:
            # Tests of a module share what it sets up; cases of one test have nothing in common.
            is_case = getattr(item, "callspec", None) is not None
            units.setdefault(item.nodeid if is_case else item.location[0], []).append(item)
    long = list(units.values())
    short = [item for item in items if item.location[0] not in _LONG]
    # A worker is given a run of the list, as long as the others'; what it has not begun may be taken from its end.
    ordered: list[pytest.Item] = []
    for worker in range(workers):
        begun = [item for unit in long[worker::workers] for item in unit]
        share = (len(items) - len(ordered)) // (workers - worker) - len(begun)
        ordered += begun + short[:share]
        short = short[share:]
    items[:] = ordered + short
