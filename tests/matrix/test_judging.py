"""The judge of the matrix can tell every bad end from a good one."""

from dataclasses import replace
from typing import Any

import pytest

from tests.matrix.judging import End, demoted, judge_close, judge_run, never, sealed

GOOD = End(
    privileged=(),
    is_enabled=False,
    is_settled=False,
    latch="sealed",
    state_knows_role=False,
    doubled=(),
    is_consented=True,
    passes=0,
    usable_seconds=0.0,
    evidence=(),
)


def test_sealed_life_has_nothing_wrong() -> None:
    assert list(judge_run(0, GOOD, has_person=False)) == []
    assert list(judge_run(0, replace(GOOD, is_enabled=True, is_settled=True), has_person=True)) == []


@pytest.mark.parametrize(
    "bad",
    [
        {"privileged": ("Global Administrator (role assignments)",)},
        {"is_enabled": True},
        {"latch": None},
        {"doubled": ("app role",)},
        {"passes": 1},
        {"usable_seconds": 0.5},
        {"evidence": ("it was changed",)},
    ],
)
def test_tenancy_with_one_thing_wrong_is_not_demoted(bad: dict[str, Any]) -> None:
    end = replace(GOOD, **bad)
    assert list(demoted(end))
    for code in (0, 1, 3):
        assert list(judge_run(code, end, has_person=False))
    assert list(judge_close(0, end))


@pytest.mark.parametrize("bad", [{"latch": "prepared"}, {"state_knows_role": True}, {"is_consented": False}])
def test_demoted_tenancy_with_one_thing_missing_is_not_sealed(bad: dict[str, Any]) -> None:
    end = replace(GOOD, **bad)
    assert list(demoted(end)) == []
    assert list(sealed(end, has_person=False))


def test_person_without_a_settled_account_is_not_sealed() -> None:
    assert list(sealed(GOOD, has_person=True))


@pytest.mark.parametrize("code", [None, 2, 4, -9])
def test_exit_code_that_no_life_may_end_with_is_wrong(code: int | None) -> None:
    assert list(judge_run(code, GOOD, has_person=False))


def test_latch_left_privileged_is_wrong_whatever_the_exit_code() -> None:
    for code in (0, 1, 3):
        assert list(judge_run(code, replace(GOOD, latch="privileged"), has_person=False))


def test_enabled_and_privileged_may_be_at_no_moment() -> None:
    assert list(never(replace(GOOD, is_enabled=True, privileged=("Global Administrator",))))
    assert list(never(replace(GOOD, latch=None), is_lost=True)) == []
