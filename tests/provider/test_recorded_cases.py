"""Recorded cases, played again: what the real provider did, this one does. `make conformance` plays all of them."""

import os
import re
from pathlib import Path

import pytest

from conformance.explained import read_explanations
from conformance.report import idle, shortfalls
from conformance.running import Stage, play_case, terraform_version
from tests.provider.conftest import DATA, RECORDINGS, ROOT, is_own_provider

# The whole project, and for each type that the stacks declare a case that is about it alone.
SAMPLE = (
    "project",
    "user_ignore_changes",
    "application_roles",
    "service_principal_tags_owners",
    "app_role_assignment",
    "ca_strength_builtin",
    "directory_role_assignment",
    "data_source_errors",
)


@pytest.fixture(scope="session")
def stage(initialised: Path, cli_configuration: Path) -> Stage:
    return Stage(
        recordings=RECORDINGS,
        schemas=DATA / "azuread-3.7.0-schemas.json",
        initialised=initialised,
        environment={
            **os.environ,
            "CHECKPOINT_DISABLE": "1",
            "PYTHONPATH": str(ROOT),
            "TF_CLI_CONFIG_FILE": str(cli_configuration),
        },
        attached=is_own_provider(),
    )


@pytest.mark.terraform
@pytest.mark.parametrize("name", SAMPLE)
def test_recorded_case_played_again_differs_only_where_explained(name: str, stage: Stage) -> None:
    explanations = read_explanations(engine=terraform_version(stage.terraform, environment=stage.environment))

    outcome = play_case(stage, name, explanations)

    unused = idle([outcome], explanations, stage.names())
    assert list(shortfalls([outcome], unused)) == []
    assert outcome.steps


def test_explanations_are_about_recorded_cases_and_do_not_grow(stage: Stage) -> None:
    explanations = read_explanations()

    assert all(item.is_about_one_of(stage.names()) for item in explanations)
    # The list may only shrink: a difference is mended; whoever has to explain one more changes this on purpose.
    assert len(explanations) <= 10


def test_table_of_the_docs_has_every_explanation_and_no_other() -> None:
    page = (ROOT / "docs" / "conformance.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([a-z_, ]+) \| (.+) \|$", page.partition("## Explained differences")[2], re.MULTILINE)

    assert rows[1:] == [(", ".join(item.cases), item.reason) for item in read_explanations()]
