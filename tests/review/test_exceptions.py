"""Exceptions of the tenant file: they count until their day, are always shown, and never hide that a rule is broken."""

from datetime import date, timedelta

import pytest

from steward.config.model import ReviewException
from steward.errors import ExitCode
from steward.review.as_json import as_json
from steward.review.comment import render_comment
from steward.review.review import Review, Verdict, collect
from tests.review.plans import TODAY, after_at, document_of, mutated, outputs, review_document, tenant_of
from tests.review.rule_cases import APPLICATION, GOOD

RULE = "redirects_are_exact"
REASON = "The old dashboard answers on http until March"


def _reviewed(until: date, *, rule: str = RULE, reason: str = REASON) -> Review:
    def mutate(document: dict[str, object]) -> None:
        after_at(document, APPLICATION)["web"] = [{"redirect_uris": ["http://dashboard.contoso.com/"]}]

    exception = ReviewException(rule=rule, reason=reason, until=until)
    tenant = tenant_of(GOOD).model_copy(update={"review_exceptions": (exception,)})
    return collect([review_document(mutated(GOOD, mutate), tenant)])


@pytest.mark.parametrize("until", [TODAY, TODAY + timedelta(days=30)])
def test_exception_counts_through_its_last_day_and_is_shown(until: date) -> None:
    review = _reviewed(until)
    assert (review.verdict, review.exit_code) == (Verdict.LOOK, ExitCode.WELL)
    for output in outputs(review).values():
        assert RULE in output
        assert "old dashboard" in output
        assert until.isoformat() in output
    unfolded = render_comment(review).partition("<details>")[0]
    assert f"until {until}, because `{REASON}`" in unfolded


def test_expired_exception_does_not_count_and_is_told() -> None:
    until = TODAY - timedelta(days=1)
    review = _reviewed(until)
    assert (review.verdict, review.exit_code) == (Verdict.REFUSED, ExitCode.FINDINGS)
    assert f"the exception expired on {until}" in render_comment(review)
    (finding,) = as_json(review)["plans"][0]["findings"]
    assert finding["counts"] is True
    assert finding["exception"]["expired"] is True


def test_exception_of_another_rule_does_not_count_and_is_told_as_unneeded() -> None:
    review = _reviewed(TODAY, rule="owners_are_the_deployer")
    assert review.verdict is Verdict.REFUSED
    assert "1 exception that nothing needs" in render_comment(review)


def test_exception_is_suppressed_in_sarif_and_still_a_result() -> None:
    assert '"suppressions": [{"kind": "external", "status": "accepted"' in outputs(_reviewed(TODAY))["sarif"]


def test_reason_of_an_exception_is_text_only() -> None:
    comment = render_comment(_reviewed(TODAY, reason="fine, says @admin <b>`[x](https://e.example)`</b>"))
    assert "``fine, says @admin <b>`[x](https://e.example)`</b>``" in comment


def test_excepted_finding_stands_after_those_that_count() -> None:
    def mutate(document: dict[str, object]) -> None:
        after_at(document, APPLICATION)["web"] = [{"redirect_uris": ["http://dashboard.contoso.com/"]}]
        document["errored"] = True

    exception = ReviewException(rule=RULE, reason=REASON, until=TODAY)
    tenant = tenant_of(GOOD).model_copy(update={"review_exceptions": (exception,)})
    review = collect([review_document(mutated(GOOD, mutate), tenant)])
    assert [finding.rule.id for finding in review.plans[0].findings] == ["plan_is_whole", RULE]
    assert document_of(GOOD)["errored"] is False
