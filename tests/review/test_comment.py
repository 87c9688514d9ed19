"""The comment: the recorded plans' comments as they lie beside them, its size, its order, and its bytes."""

import random
import re
from dataclasses import replace
from functools import cache

import pytest
from markdown_it import MarkdownIt

from steward.review.comment import LONGEST, MARKER, render_comment
from steward.review.review import PlanReview, Verdict, collect
from steward.review.rule import Severity
from tests.review.plans import (
    PLANS,
    SITUATIONS,
    document_of,
    review_document,
    review_situation,
    tenant_of,
    vary,
)

VERDICTS = {
    "application_replaced": Verdict.LOOK,
    "between_close_and_seal": Verdict.REFUSED,
    "destroy": Verdict.LOOK,
    "exclusion_added": Verdict.REFUSED,
    "half_failed_first_apply": Verdict.REFUSED,
    "login_changed": Verdict.LOOK,
    "new_tenant": Verdict.LOOK,
    "no_change": Verdict.NOTHING,
    "no_change_by_opentofu": Verdict.NOTHING,
    "no_change_by_terraform_1_5": Verdict.NOTHING,
    "no_change_by_the_unmodified_provider": Verdict.NOTHING,
    "permission_added": Verdict.LOOK,
    "policy_disabled": Verdict.REFUSED,
    "role_declared_by_hand": Verdict.REFUSED,
    "role_granted_by_hand": Verdict.NOTHING,
    "vendors_application": Verdict.LOOK,
}
# What a browser window of 1080 pixels shows of a comment.
LINES_OF_A_SCREEN = 40


@cache
def _varied(situation: str) -> tuple[PlanReview, ...]:
    document, tenant = document_of(situation), tenant_of(situation)
    return tuple(review_document(*vary(document, tenant, number)) for number in range(40))


def _tenants(count: int, situation: str = "permission_added") -> list[PlanReview]:
    """Return reviews of as many tenants; of 40 of them every value is its own."""
    varied = _varied(situation)
    return [
        replace(varied[number % len(varied)], name=f"contoso-{number:03}", sha256=f"{number:064x}")
        for number in range(count)
    ]


def _comment_of(situation: str) -> str:
    return render_comment(collect([review_situation(situation)]))


def _unfolded(comment: str) -> list[str]:
    without_folds = re.sub(r"<details>\n<summary>(.*?)</summary>.*?</details>", r"\1", comment, flags=re.DOTALL)
    return [line for line in without_folds.splitlines() if line]


@pytest.mark.parametrize("situation", SITUATIONS)
def test_comment_of_a_recorded_plan_is_the_one_beside_it(situation: str, pytestconfig: pytest.Config) -> None:
    comment = _comment_of(situation)
    file = PLANS / f"{situation}.md"
    if pytestconfig.getoption("--write-comments"):
        file.write_text(comment, encoding="utf-8", newline="\n")
    assert file.read_bytes() == comment.encode()


def test_verdict_on_every_recorded_plan_is_the_expected_one() -> None:
    assert {situation: collect([review_situation(situation)]).verdict for situation in SITUATIONS} == VERDICTS


@pytest.mark.parametrize("situation", SITUATIONS)
def test_comment_shows_on_one_screen_until_it_is_unfolded(situation: str) -> None:
    assert len(_unfolded(_comment_of(situation))) <= LINES_OF_A_SCREEN


@pytest.mark.parametrize("situation", SITUATIONS)
def test_comment_has_its_marker_first_and_the_verdict_next(situation: str) -> None:
    first, second, *_ = _comment_of(situation).splitlines()
    assert first == MARKER
    assert second == f"### Plan of `contoso`: {VERDICTS[situation]}" + second.partition(str(VERDICTS[situation]))[2]


@pytest.mark.parametrize("situation", ["destroy", "application_replaced"])
def test_what_is_lost_is_never_folded(situation: str) -> None:
    lost = [change.address for change in review_situation(situation).changes.changes if change.action.is_loss]
    unfolded = "\n".join(_unfolded(_comment_of(situation)))
    assert len(lost) >= 4
    for (address,) in lost:
        assert not isinstance(address, str)
        assert f"`{address.text}`" in unfolded


def test_comment_of_300_tenants_is_the_one_beside_the_plans(pytestconfig: pytest.Config) -> None:
    document, tenant = document_of("permission_added"), tenant_of("permission_added")
    varied = (vary(document, tenant, number) for number in range(300))
    reviews = [review_document(*each, sha256=f"{number:064x}") for number, each in enumerate(varied)]
    comment = render_comment(collect(reviews))
    file = PLANS / "300_tenants.md"
    if pytestconfig.getoption("--write-comments"):
        file.write_text(comment, encoding="utf-8", newline="\n")
    assert file.read_bytes() == comment.encode()
    assert len(comment.encode()) <= LONGEST
    assert len(_unfolded(comment)) <= LINES_OF_A_SCREEN


@pytest.mark.parametrize("situation", ["destroy", "new_tenant", "role_declared_by_hand", "application_replaced"])
@pytest.mark.parametrize("count", [2, 10, 1000])
def test_comment_fits_whatever_the_number_of_tenants_and_says_what_is_cut(situation: str, count: int) -> None:
    comment = render_comment(collect(_tenants(count, situation)))
    assert len(comment.encode()) <= LONGEST
    assert comment.count("<details>") == comment.count("</details>")
    entries = comment.count("; plan file SHA-256 `")
    said = re.search(r"Cut to fit: .*?([\d,]+) folded entries left out", comment)
    assert entries + (int(said[1].replace(",", "")) if said else 0) == count
    assert bool(said) == (count > 10)


def test_gravest_tenant_is_kept_when_the_others_are_cut() -> None:
    harmless = _tenants(1000, "new_tenant")
    refused = review_document(*vary(document_of("policy_disabled"), tenant_of("policy_disabled"), 9999))
    comment = render_comment(collect([*harmless, refused]))
    assert "Cut to fit" in comment
    entries = comment.partition("<summary>Tenant by tenant</summary>")[2]
    assert entries.strip().startswith("**`contoso-9999`**: refused, 1 change")
    assert "1,001 tenants: refused" in comment


def test_every_tenant_that_loses_something_is_named_unfolded() -> None:
    comment = render_comment(collect(_tenants(120, "destroy")))
    unfolded = comment.partition("<details>")[0]
    assert "in all 120 tenants" in unfolded
    mixed = render_comment(collect([*_tenants(120, "destroy")[:60], *_tenants(200, "no_change")[120:]]))
    unfolded = mixed.partition("<details>")[0]
    assert all(f"`contoso-{number:03}`" in unfolded for number in range(60))


def test_same_plans_in_another_order_give_the_same_bytes() -> None:
    generator = random.Random(7)  # noqa: S311 - an order, not a secret
    plans = [*_tenants(20, "destroy"), *_tenants(40, "permission_added")[20:]]
    expected = render_comment(collect(plans))
    for _ in range(5):
        generator.shuffle(plans)
        assert render_comment(collect(plans)) == expected


def test_plan_in_another_order_gives_the_same_bytes() -> None:
    document, tenant = document_of("application_replaced"), tenant_of("application_replaced")
    expected = render_comment(collect([review_document(document, tenant)]))
    for each in ("resource_changes", "resource_drift"):
        document[each].reverse()
    for each in document["resource_changes"]:
        for side in ("before", "after"):
            each["change"][side] = dict(reversed(each["change"][side].items()))
    assert render_comment(collect([review_document(document, tenant)])) == expected


def test_hash_of_the_plan_file_is_named_where_it_is_given() -> None:
    document, tenant = document_of("no_change"), tenant_of("no_change")
    sha256 = "0123456789abcdef" * 4
    assert f"`{sha256}`" in render_comment(collect([review_document(document, tenant, sha256=sha256)]))
    assert "SHA-256" not in render_comment(collect([review_document(document, tenant)]))


def test_comment_is_only_headings_lists_and_folds() -> None:
    tokens = {token.type for token in MarkdownIt("gfm-like", {"linkify": False}).parse(_comment_of("new_tenant"))}
    assert not {token for token in tokens if token.startswith(("table", "fence", "code_block", "blockquote"))}


@pytest.mark.parametrize(
    ("fail_on", "verdict"),
    [(Severity.MEDIUM, Verdict.REFUSED), (Severity.CRITICAL, Verdict.REFUSED), (None, Verdict.LOOK)],
)
def test_verdict_follows_the_least_severity_that_refuses(fail_on: Severity | None, verdict: Verdict) -> None:
    review = collect([review_situation("policy_disabled")], fail_on=fail_on)
    assert review.verdict is verdict
    assert f": {verdict}" in render_comment(review)
