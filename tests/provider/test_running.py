"""The conformance runner: which cases it plays, how one that breaks off ends, and its command line."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from conformance.__main__ import main
from conformance.player import printed_diagnostics
from conformance.running import Stage, play_case
from tests.provider.conftest import DATA, RECORDINGS


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """Return a stage with one short case, in which nothing has to start Terraform."""
    for name in ("_seed.json", "provider_errors.json"):
        shutil.copy(RECORDINGS / name, tmp_path / name)
    initialised = tmp_path / "initialised"
    initialised.mkdir()
    return Stage(tmp_path, DATA / "azuread-3.7.0-schemas.json", initialised, environment={})


def _write_case(stage: Stage, *steps: dict[str, Any]) -> None:
    whole = [{"requests": [], "diagnostics": [], **step} for step in steps]
    case = {"case": "short", "about": "a case", "config": {}, "steps": whole}
    (stage.recordings / "short.json").write_text(json.dumps(case), encoding="utf-8")


def test_cases_are_chosen_by_name_or_pattern_and_the_seed_is_none(stage: Stage) -> None:
    assert stage.names() == ["provider_errors"]
    assert stage.chosen([]) == stage.chosen(["provider_*"]) == ["provider_errors"]


def test_case_that_is_not_recorded_is_refused_with_the_names_that_are(stage: Stage) -> None:
    with pytest.raises(ValueError, match=r"no recorded case is called nope; there are: provider_errors"):
        stage.chosen(["provider_errors", "nope"])


def test_case_whose_recording_names_what_never_was_breaks_off_and_says_where(stage: Stage) -> None:
    act = {"method": "DELETE", "path": "/v1.0/users/{user.nobody.id}", "body": None}
    _write_case(stage, {"name": "first", "command": None}, {"name": "second", "command": None, "outside": [act]})

    outcome = play_case(stage, "short", ())

    assert outcome.steps == 1
    assert "user.nobody.id" in outcome.broke_off


def test_command_line_lists_every_recorded_case(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list", "user_*", "project"]) == 0
    assert capsys.readouterr().out.split() == ["project", "user_basic", "user_errors", "user_ignore_changes"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nope"], "no recorded case is called nope"),
        (["--provider", "/nonexistent"], "neither own, registry nor auto"),
        (["--jobs", "0"], "0 is no number of cases"),
        (["--recordings", "/nonexistent"], "no recordings"),
    ],
)
def test_command_line_that_is_wrong_ends_with_2_and_the_reason(
    arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)

    assert ended.value.code == 2
    assert told in capsys.readouterr().err


def test_diagnostics_printed_for_people_are_read_with_their_paragraphs() -> None:
    text = '\nWarning: Old\n\nuse the new\n\nError: parsing "x": no\n\nExpected a User ID\n\n> /users/userId\n'

    found = list(printed_diagnostics(text))

    assert [(item["severity"], item["summary"]) for item in found] == [("warning", "Old"), ("error", 'parsing "x": no')]
    assert found[1]["detail"] == "Expected a User ID\n\n> /users/userId"
