"""Options of the tests."""

import os

import pytest

# Most of the seconds that a life takes are waits: for Terraform, for a second look, for a window.
_WORKERS_PER_CORE = 2


def pytest_xdist_auto_num_workers() -> int:
    """Start more workers than there are cores that this process may use."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return _WORKERS_PER_CORE * cores


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let a table of the documentation be written by the test that sees what stands in it."""
    parser.addoption("--write-tables", action="store_true", help="write the documentation's tables that tests make")
    parser.addoption("--write-comments", action="store_true", help="write the comments of tests/data/plans anew")
