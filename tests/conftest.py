"""Options of the tests."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let a table of the documentation be written by the test that sees what stands in it."""
    parser.addoption("--write-tables", action="store_true", help="write the documentation's tables that tests make")
