"""The figures of a life, and a whole one by hand."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from benchmarks.lives.figures import Figures, count_necessary_requests, figures_of
from benchmarks.lives.lives import Lived, live
from benchmarks.lives.table import broken_promises, render
from steward.wellknown.roles import GLOBAL_ADMINISTRATOR

ACCOUNT = "3f2c9a51-8a0e-4a54-9d0b-6a5b1c7d2e10"
START = datetime(2026, 11, 23, 12, tzinfo=UTC)


def _entry(second: int, method: str, path: str, **further: Any) -> dict[str, Any]:
    entry = {"method": method, "path": path, "status": 200, "query": {}, "body": None, "created": None}
    return {**entry, "time": (START + timedelta(seconds=second)).isoformat(), **further}


LIFE = [
    _entry(0, "POST", "/v1.0/users", created=ACCOUNT, body={"accountEnabled": True}),
    _entry(
        10,
        "POST",
        "/v1.0/roleManagement/directory/roleAssignments",
        created="assignment",
        body={"principalId": ACCOUNT, "roleDefinitionId": GLOBAL_ADMINISTRATOR},
    ),
    _entry(15, "POST", "/t/oauth2/v2.0/token", issued={"principal": ACCOUNT, "is_delegated": True, "seconds": 3600}),
    _entry(30, "PATCH", f"/v1.0/users/{ACCOUNT}", body={"accountEnabled": False}),
    _entry(40, "DELETE", "/v1.0/roleManagement/directory/roleAssignments/assignment"),
]


def test_figures_follow_the_role_the_account_and_its_tokens() -> None:
    figures = figures_of(LIFE, account_id=ACCOUNT, login="j.keller@contoso.example", until=START + timedelta(hours=1))

    assert (figures.role_held, figures.usable_privilege, figures.longest_token) == (30, 20, 3600)
    assert not figures.is_held_at_the_end
    assert figures.requests == 4


def test_question_is_necessary_once_between_changes() -> None:
    read, change = _entry(0, "GET", "/v1.0/users"), _entry(1, "PATCH", "/v1.0/users/x", body={"city": "Kiel"})
    refused = _entry(2, "PATCH", "/v1.0/users/x", status=403)

    assert count_necessary_requests([read, read, change, read, read, refused, read]) == 3


def _lived(elevation: str, way: str = "this project", **changes: Any) -> Lived:
    figures = Figures(0, 0, 0, is_held_at_the_end=False, requests=9, necessary_requests=8)
    return Lived(elevation, way, replace(figures, **changes), seconds=1)


@pytest.mark.parametrize(
    ("lived", "number"),
    [
        (_lived("at_deploy", role_held=9), 0),
        (_lived("at_deploy", usable_privilege=0.1), 1),
        (_lived("none", longest_token=3600), 1),
        (_lived("in_window", role_held=9, usable_privilege=9, longest_token=3600), 0),
        (_lived("scheduled", is_held_at_the_end=True), 1),
        (_lived("at_deploy", "by hand", usable_privilege=9, is_held_at_the_end=True), 0),
    ],
)
def test_life_with_this_project_that_breaks_a_promise_is_told(lived: Lived, number: int) -> None:
    assert len(broken_promises([lived])) == number


@pytest.mark.terraform
def test_life_by_hand_ends_without_the_role() -> None:
    lived = live("at_deploy", "by hand")

    assert lived.figures.role_held > 0
    assert not lived.figures.is_held_at_the_end
    assert _columns(lived)[:2] == ["`at_deploy`", "by hand"]


def _columns(lived: Lived) -> list[str]:
    return [each.strip() for each in render([lived]).splitlines()[-1].strip("|").split("|")]
