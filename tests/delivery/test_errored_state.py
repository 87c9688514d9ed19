"""A state that could not be written: when it is the newer one, when it is brought back already, when nobody can say."""

import json
from pathlib import Path
from typing import Any

import pytest

from steward.errored_state import NAME, find_errored, find_newer


def state(serial: int, *, lineage: str = "one", resources: tuple[str, ...] = ("a",)) -> dict[str, Any]:
    return {"version": 4, "lineage": lineage, "serial": serial, "resources": list(resources), "outputs": {}}


def left(folder: Path, content: object) -> None:
    (folder / NAME).write_text(content if isinstance(content, str) else json.dumps(content))


@pytest.mark.parametrize(
    ("in_file", "in_backend", "contained", "follows"),
    [
        (state(3), state(2), False, True),
        (state(3), None, False, True),
        (state(3), state(3), True, False),
        (state(3), state(4), True, False),
        (state(3), state(3, resources=("b",)), False, False),
        (state(3), state(4, resources=("b",)), False, False),
        (state(3), state(2, lineage="two"), False, False),
        (state(3), state(0, lineage="", resources=()), False, True),
        (state(0, lineage=""), None, False, True),
        (state(0, lineage=""), state(0, lineage="", resources=()), False, True),
        (state(0, lineage=""), state(1), True, False),
        (state(0, lineage=""), state(1, resources=("b",)), False, False),
        ("no json", state(2), False, False),
        ("no json", None, False, False),
        ([], None, False, False),
    ],
)
def test_versions_are_compared(
    tmp_path: Path, in_file: object, in_backend: Any, contained: bool, follows: bool
) -> None:
    left(tmp_path, in_file)
    errored = find_errored(tmp_path)
    assert errored is not None
    assert errored.is_contained_in(in_backend) is contained
    assert errored.follows(in_backend) is follows
    assert errored.file.stat().st_mode & 0o077 == 0


def test_nothing_left_is_nothing(tmp_path: Path) -> None:
    assert find_errored(tmp_path) is None
    assert find_newer(tmp_path, state(1)) is None


@pytest.mark.parametrize(
    ("in_file", "is_newer"),
    [(state(2), True), (state(1), False), (state(0), False), (state(0, lineage=""), False), ("no json", True)],
)
def test_a_reader_of_the_state_is_stopped_by_a_newer_one_alone(tmp_path: Path, in_file: object, is_newer: bool) -> None:
    left(tmp_path, in_file)
    assert (find_newer(tmp_path, state(1)) is not None) is is_newer
