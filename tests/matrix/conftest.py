"""Lanes for the matrix's tests; REHEARSAL_PROVIDER chooses the azuread provider, as for the other tests."""

import os
from collections.abc import Iterator

import pytest

from tests.matrix.lanes import Lanes


@pytest.fixture(scope="session")
def lanes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lanes]:
    """Four lanes side by side: while one waits, as a fault or a second look has it wait, others work.

    They are deployed to and recorded once for all the tests that a worker runs.
    """
    with Lanes(tmp_path_factory.mktemp("matrix"), 4, provider=os.environ.get("REHEARSAL_PROVIDER", "own")) as lanes:
        yield lanes
