"""Every rule: what breaks it, what nearly does, and that it is written down everywhere."""

from pathlib import Path

import pytest

from steward.review import rules
from steward.review.rule import Rule
from steward.review.rules import RULES
from steward.wellknown.review_rules import REVIEW_RULES
from tests.review.plans import Document, after_at, broken_rules, document_of, mutated, review_document, tenant_of
from tests.review.rule_cases import (
    CASES,
    GOOD,
    LATCH,
    POLICY,
    Case,
    _create_latch,
    _grant_with_latch,
    _tenant_by_variable,
    _turn,
)

PAIRS = [
    pytest.param(rule_id, case, id=f"{rule_id}-{case.name}") for rule_id, several in CASES.items() for case in several
]


def test_good_plan_breaks_nothing_and_leaves_no_question() -> None:
    review = review_document(document_of(GOOD), tenant_of(GOOD))
    assert (review.findings, review.unjudged) == ((), ())


@pytest.mark.parametrize(("rule_id", "case"), PAIRS)
def test_mutation_breaks_its_rule_and_no_other(rule_id: str, case: Case) -> None:
    review = review_document(mutated(GOOD, case.mutate), tenant_of(GOOD))
    assert broken_rules(review) == case.breaks, rule_id


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_rule_has_a_plan_that_breaks_it_and_one_that_nearly_does(rule: Rule) -> None:
    breaking = [rule.id in case.breaks for case in CASES[rule.id]]
    assert any(breaking)
    assert not all(breaking)


def test_ids_are_file_names_and_what_a_tenant_file_may_name() -> None:
    files = {file.stem for file in Path(str(rules.__file__)).parent.glob("*.py")} - {"__init__"}
    assert [rule.id for rule in RULES] == list(REVIEW_RULES)
    assert {rule.id for rule in RULES} == files == set(CASES)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_words_of_a_rule_fit_into_a_table_and_a_comment(rule: Rule) -> None:
    for words in (rule.title, rule.why, rule.remedy):
        assert words
        assert not set(words) & set("|<>@*\n")
    assert not rule.title.endswith(".")
    source = rule.source.partition("#")[0]
    assert source.startswith("https://") or (Path(__file__).parents[2] / source).is_file()


def test_role_may_come_with_a_privileged_latch_at_a_workstation_only() -> None:
    document = mutated(GOOD, _grant_with_latch)
    assert broken_rules(review_document(document, tenant_of(GOOD), at_workstation=True)) == set()
    assert broken_rules(review_document(document, tenant_of(GOOD))) == {"latch_stays_closed_in_a_pipeline"}


def test_latch_may_be_created_as_privileged_at_a_workstation_but_not_turned() -> None:
    created = mutated(GOOD, lambda document: _create_latch(document, "privileged"))
    turned = mutated(GOOD, lambda document: _turn(document, "privileged", was="sealed"))
    assert broken_rules(review_document(created, tenant_of(GOOD), at_workstation=True)) == set()
    assert broken_rules(review_document(turned, tenant_of(GOOD), at_workstation=True)) == {
        "latch_stays_closed_in_a_pipeline"
    }


def test_tenant_that_is_no_literal_breaks_the_rule_on_the_tenant() -> None:
    assert broken_rules(review_document(mutated(GOOD, _tenant_by_variable), tenant_of(GOOD))) == {
        "tenant_stays_the_same"
    }


def test_without_a_tenant_file_what_needs_one_is_an_open_question() -> None:
    review = review_document(document_of(GOOD), None)
    assert {each.rule.id for each in review.unjudged} == {"owners_are_the_deployer", "permissions_as_declared"}
    assert review.findings == ()


@pytest.mark.parametrize(
    ("address", "path", "rule_id"),
    [
        ("azuread_conditional_access_policy.mfa_for_service_account", "state", "mfa_policy_in_force"),
        (LATCH, "input", "latch_stays_closed_in_a_pipeline"),
        ("azuread_application.cirasync", "required_resource_access", "permissions_as_declared"),
        ("azuread_application.cirasync", "owners", "owners_are_the_deployer"),
    ],
)
def test_value_that_is_known_after_the_apply_only_is_an_open_question(address: str, path: str, rule_id: str) -> None:
    document = document_of(GOOD)
    (change,) = [each["change"] for each in document["resource_changes"] if each["address"] == address]
    change["actions"] = ["update"]
    change["after"] = {name: value for name, value in change["after"].items() if name != path}
    change["after_unknown"] = {path: True}
    assert rule_id in {each.rule.id for each in review_document(document, tenant_of(GOOD)).unjudged}


def test_policy_that_demands_less_than_the_strength_of_the_tenant_file_is_narrowed() -> None:
    strength = "00000000-0000-0000-0000-000000000004"
    tenant = tenant_of(GOOD)
    tenant = tenant.model_copy(update={"mfa": tenant.mfa.model_copy(update={"strength_id": strength})})
    assert broken_rules(review_document(document_of(GOOD), tenant)) == {"mfa_policy_covers_everything"}

    def demand(document: Document) -> None:
        policy = "/policies/authenticationStrengthPolicies/"
        controls = after_at(document, POLICY)["grant_controls"][0]
        controls.update(built_in_controls=[], authentication_strength_policy_id=policy + strength)

    assert broken_rules(review_document(mutated(GOOD, demand), tenant)) == set()
