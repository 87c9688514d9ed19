"""Every file in `cases/` is one mutation of the good tenant file, with the problems that the loader must find, no more.

A case's name is the situation. `at` is text in the line that a problem must be reported at; `words` must be said.
"""

import traceback
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from steward.config.loader import load_tenant
from steward.config.problem import TenantFileError, key_text
from steward.errors import ExitCode
from tests.config.good_file import mutate, write_tenant_file

CASES = sorted((Path(__file__).parent / "cases").glob("*.yaml"))


@pytest.mark.parametrize("case_file", CASES, ids=lambda case_file: case_file.stem)
def test_mutated_file_is_refused_at_its_line_with_reasons(case_file: Path, tmp_path: Path) -> None:
    case = YAML(typ="safe", pure=True).load(case_file)
    text = mutate(case["replace"], case["with"])
    file = write_tenant_file(tmp_path, text)

    with pytest.raises(TenantFileError) as caught:
        load_tenant(file)

    found = {key_text(each.problem.key): each for each in caught.value.problems}
    assert set(found) == {problem["key"] for problem in case["problems"]}
    assert len(found) == len(caught.value.problems)
    for problem in case["problems"]:
        located = found[problem["key"]]
        expected = text[: text.index(problem["at"]) + 1].count("\n") + 1 if "at" in problem else None
        assert located.line == expected
        assert [word for word in problem["words"] if word not in str(located)] == []


@pytest.mark.parametrize("case_file", CASES, ids=lambda case_file: case_file.stem)
def test_mutated_file_gives_plain_words_without_secrets(case_file: Path, tmp_path: Path) -> None:
    case = YAML(typ="safe", pure=True).load(case_file)
    file = write_tenant_file(tmp_path, mutate(case["replace"], case["with"]))

    with pytest.raises(TenantFileError) as caught:
        load_tenant(file)

    assert caught.value.exit_code is ExitCode.BAD_INPUT
    message = str(caught.value)
    assert message.encode()
    assert message.startswith(f"{file}")
    assert "canary-value" not in "".join(traceback.format_exception(caught.value))
    for word in ("Traceback", "pydantic", "Input should", "validation error", "<word>", "<mapping>", "None"):
        assert word not in message


def test_case_files_exist() -> None:
    assert len(CASES) > 100


def test_file_with_many_problems_reports_all_of_them_in_the_order_of_lines(tmp_path: Path) -> None:
    text = mutate("window_minutes: 60", "window_minutes: often")
    text = mutate("name: contoso", "name: true", text=text)
    text = mutate("usage_location: US", "usage_location: US\n  usage_location: DE", text=text)
    text = mutate("- Contacts.ReadWrite", "- Contact.ReadWrite", text=text)
    text = mutate("sign_in: blocked", "sign_in: allowed", text=text)
    text = mutate("backend: local", "backend: {pg: {password: canary-value}}", text=text)

    with pytest.raises(TenantFileError) as caught:
        load_tenant(write_tenant_file(tmp_path, text))

    assert [key_text(each.problem.key) for each in caught.value.problems] == [
        "tenant.name",
        "account.usage_location",
        "account.sign_in",
        "application.permissions.application[0]",
        "window_minutes",
        "backend.pg.password",
    ]


def test_rules_judge_what_fits_of_a_section_that_does_not(tmp_path: Path) -> None:
    text = mutate("cloud: global", "cloud: globl")
    text = mutate("- Contacts.ReadWrite", "- Contact.ReadWrite", text=text)
    text = mutate("j.keller@contoso.com", "cirasync@contoso.com", text=text)
    text = mutate("consent: graph", "consent: browser", text=text)

    with pytest.raises(TenantFileError) as caught:
        load_tenant(write_tenant_file(tmp_path, text))

    assert [key_text(each.problem.key) for each in caught.value.problems] == [
        "tenant.cloud",
        "account.login",
        "application.permissions.application[0]",
        "consent",
    ]


def test_rule_takes_no_default_for_what_the_file_has_wrong(tmp_path: Path) -> None:
    text = mutate("sign_in: blocked", "sign_in: alowed")
    text = mutate("evidence: ../evidence", "evidence: ../evidence\nsink: {file: {folder: ~/secrets}}", text=text)

    with pytest.raises(TenantFileError) as caught:
        load_tenant(write_tenant_file(tmp_path, text))

    assert [key_text(each.problem.key) for each in caught.value.problems] == ["account.sign_in"]
