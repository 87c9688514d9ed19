"""What the evidence answers of public frameworks: real ids, an answer for each, and never more than was seen."""

import csv
import re
from pathlib import Path
from typing import Any

import pytest

from steward.papers.checks import FACTS, Check, Result, Subject, answer, read_checks
from steward.papers.policies import find_policies
from steward.papers.standing import judge
from steward.wellknown.strengths import MULTIFACTOR, PHISHING_RESISTANT
from tests.evidence.files import rewrite
from tests.papers.conftest import record_of
from tests.papers.lives import AT_DEPLOY, NONE, Line, account, grants, in_window, write_run

PUBLISHED = Path(__file__).with_name("published_checks.csv")
# The permission by which an application gives itself any other one, as an application.
APP_ROLE_ASSIGNMENT = "06b708a9-e830-4db3-a914-8e69da51d44f"


def answers_of(folder: Path) -> dict[str, Check]:
    record = record_of(folder)
    return {check.id: check for check in answer(Subject(record, judge(record), find_policies(record)))}


def changed(life: tuple[Line, ...], fact: str, value: Any) -> list[Line]:
    """The same life, with what every look saw of one fact replaced."""
    return [
        (at, step, verb, subject, {**detail, fact: value} if verb == "saw" and fact in detail else detail)
        for at, step, verb, subject, detail in life
    ]


def with_policy(life: tuple[Line, ...], **others: Any) -> list[Line]:
    return [
        (at, step, verb, subject, {**detail, "policies": [{**detail["policies"][0], **others}]})
        if "policies" in detail
        else (at, step, verb, subject, detail)
        for at, step, verb, subject, detail in life
    ]


def test_every_id_is_one_that_its_framework_publishes() -> None:
    with PUBLISHED.open(encoding="utf-8", newline="") as file:
        published = {(row["framework"], row["id"]) for row in csv.DictReader(file)}
    rows = list(read_checks())
    assert {(row["framework"], row["id"]) for row in rows} <= published
    assert {("Maester", row["maester"]) for row in rows if row["maester"]} <= published
    assert len({(row["framework"], row["id"]) for row in rows}) == len(rows)


def test_all_of_scubas_sections_on_mfa_and_privileged_users_are_answered_or_said_not_to_be() -> None:
    with PUBLISHED.open(encoding="utf-8", newline="") as file:
        scuba = {row["id"] for row in csv.DictReader(file) if re.match(r"MS\.AAD\.[37]\.", row["id"])}
    assert scuba
    assert {row["id"] for row in read_checks() if row["framework"] == "CISA SCuBA"} == scuba


def test_every_row_has_a_fact_or_a_reason_and_every_fact_is_used() -> None:
    rows = list(read_checks())
    assert all(bool(row["fact"]) is not bool(row["unanswered"]) for row in rows)
    assert {row["fact"] for row in rows} - {""} == set(FACTS)


def test_sealed_life_without_a_window(tmp_path: Path) -> None:
    write_run(tmp_path, AT_DEPLOY)
    found = {id_: check.finding.result for id_, check in answers_of(tmp_path).items()}
    assert found["MS.AAD.3.2v2"] is Result.MET
    assert found["MS.AAD.3.1v1"] is Result.NOT_MET
    assert found["MS.AAD.3.6v1"] is Result.MET
    assert found["MS.AAD.7.1v1"] is Result.IN_PART
    assert found["MS.AAD.7.3v1"] is Result.MET
    assert found["MS.AAD.7.4v1"] is Result.MET
    assert found["MS.AAD.7.5v1"] is Result.NOT_MET
    assert found["MS.AAD.7.6v1"] is Result.UNANSWERED
    assert found["MT.1050"] is Result.MET
    assert found["entra_emergency_access_exclusion"] is Result.IN_PART
    assert found["entra_users_mfa_capable"] is Result.MET


@pytest.mark.parametrize(
    ("life", "result"),
    [
        (NONE, Result.MET),
        (in_window("RequestRoleSchedule"), Result.MET),
        (in_window("GrantRole"), Result.NOT_MET),
        (AT_DEPLOY, Result.NOT_MET),
    ],
    ids=["never held", "by a schedule", "by Terraform in a window", "by the deploy"],
)
def test_role_given_outside_of_pim_is_said_so(tmp_path: Path, life: tuple[Line, ...], result: Result) -> None:
    write_run(tmp_path, life)
    found = answers_of(tmp_path)
    assert {found[each].finding.result for each in ("MS.AAD.7.5v1", "MT.1031", "5.3.1")} == {result}


@pytest.mark.parametrize(
    ("policy", "mfa", "resistant"),
    [
        ({"built_in_controls": [], "strength_id": PHISHING_RESISTANT}, Result.MET, Result.MET),
        ({"built_in_controls": [], "strength_id": MULTIFACTOR}, Result.MET, Result.IN_PART),
        ({"state": "enabledForReportingButNotEnforced"}, Result.NOT_MET, Result.NOT_MET),
        ({"built_in_controls": ["compliantDevice"]}, Result.NOT_MET, Result.NOT_MET),
    ],
)
def test_policy_is_judged_by_what_it_demands_and_whether_it_is_in_force(
    tmp_path: Path, policy: dict[str, Any], mfa: Result, resistant: Result
) -> None:
    write_run(tmp_path, with_policy(AT_DEPLOY, **policy))
    found = answers_of(tmp_path)
    assert found["MS.AAD.3.2v2"].finding.result is mfa
    assert found["MS.AAD.3.1v1"].finding.result is resistant


def test_window_with_any_factor_is_not_phishing_resistant(tmp_path: Path) -> None:
    write_run(tmp_path, in_window())
    found = answers_of(tmp_path)
    assert found["MS.AAD.3.6v1"].finding.result is Result.NOT_MET
    assert found["MS.AAD.3.6v1"].finding.mark is not None


def test_break_glass_group_that_the_policy_forgets_is_said_so(tmp_path: Path) -> None:
    write_run(tmp_path, with_policy(AT_DEPLOY, exclude_groups=[]))
    assert answers_of(tmp_path)["MT.1005"].finding.result is Result.NOT_MET


def test_synchronised_account_is_not_cloud_only(tmp_path: Path) -> None:
    write_run(tmp_path, changed(AT_DEPLOY, "account", account(is_enabled=False, is_synchronised=True)))
    assert answers_of(tmp_path)["MS.AAD.7.3v1"].finding.result is Result.NOT_MET


@pytest.mark.parametrize(
    ("role_id", "result"), [(APP_ROLE_ASSIGNMENT, Result.NOT_MET), ("0000", Result.IN_PART)], ids=["leads", "unknown"]
)
def test_permission_that_leads_to_global_administrator_is_found(tmp_path: Path, role_id: str, result: Result) -> None:
    write_run(tmp_path, changed(AT_DEPLOY, "grants", grants(role_id)))
    assert answers_of(tmp_path)["MT.1050"].finding.result is result


def test_changed_evidence_answers_nothing(tmp_path: Path) -> None:
    path = write_run(tmp_path, AT_DEPLOY)
    lines = path.read_bytes().splitlines(keepends=True)
    rewrite(path, [*lines[:4], *lines[5:]])
    assert {check.finding.result for check in answers_of(tmp_path).values()} == {Result.UNANSWERED}


def test_no_evidence_answers_nothing(tmp_path: Path) -> None:
    assert {check.finding.result for check in answers_of(tmp_path).values()} == {Result.UNANSWERED}
