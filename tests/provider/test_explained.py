"""The list of explained differences: what an entry covers, when it is idle, and what is told of a run."""

import json
from pathlib import Path

import pytest

from conformance import report
from conformance.comparison import Difference
from conformance.explained import Explanation, explain, read_explanations
from conformance.running import Outcome

DIFFERENCE = Difference("wrong secret", "diagnostics | provider | summary", "AADSTS1 told", "AADSTS1 said")
REASON = "the sandbox words it as Entra does"


def _explanation(**changes: tuple[str, ...]) -> Explanation:
    plain = {"places": ("diagnostics | *",), "cases": ("provider_*",), "steps": ("wrong secret",)}
    return Explanation(reason=REASON, **{**plain, **changes})


def _outcome(case: str, *explanations: Explanation, broke_off: str = "") -> Outcome:
    found = tuple(explain(explanations, case, [DIFFERENCE]))
    return Outcome(case, "about it", steps=2, requests=3, seconds=1.5, differences=found, broke_off=broke_off)


def test_explanation_covers_what_all_its_patterns_fit() -> None:
    assert _explanation(recorded=('"AADSTS1*"',), seen=('"AADSTS1*"',)).covers("provider_errors", DIFFERENCE)


@pytest.mark.parametrize("part", ["places", "cases", "steps", "recorded", "seen"])
def test_explanation_one_of_whose_patterns_does_not_fit_covers_nothing(part: str) -> None:
    assert not _explanation(**{part: ("something else",)}).covers("provider_errors", DIFFERENCE)


def test_explanation_that_covers_nothing_in_its_cases_is_idle() -> None:
    used, unused = _explanation(), _explanation(places=("state | *",))
    outcome = _outcome("provider_errors", used, unused)

    assert report.idle([outcome], [used, unused], ["provider_errors", "user_basic"]) == [unused]


def test_explanation_is_not_called_idle_before_all_its_cases_were_played_to_the_end() -> None:
    unused = _explanation(places=("state | *",))
    names = ["provider_errors", "provider_more"]

    assert report.idle([_outcome("provider_errors", unused)], [unused], names) == []
    assert report.idle([_outcome(name, unused, broke_off="x") for name in names], [unused], names) == []


@pytest.mark.parametrize(
    "entry",
    [
        'places = ["*"]',
        'reason = "because"',
        'reason = " "\nplaces = ["*"]',
        'reason = "because"\nplaces = "*"',
        'reason = "because"\nplaces = []',
        'reason = "because"\nplaces = ["*"]\ncase = ["x"]',
    ],
)
def test_entry_that_is_not_whole_is_refused(entry: str, tmp_path: Path) -> None:
    file = tmp_path / "explained.toml"
    file.write_text(f"[[explanation]]\n{entry}\n", encoding="utf-8")

    with pytest.raises(ValueError, match=r"explained\.toml"):
        read_explanations(file)


def test_report_tells_every_difference_without_a_reason_and_counts_the_others() -> None:
    explained, bare = _outcome("provider_errors", _explanation()), _outcome("user_basic", _explanation())

    told = list(report.shortfalls([explained, bare], []))
    document = json.loads(json.dumps(report.document([explained, bare], [], "a provider")))

    assert len(told) == 1
    assert told[0].startswith("user_basic | wrong secret | diagnostics | provider | summary")
    assert [case["explained"] for case in document["cases"]] == [{REASON: 1}, {}]
    assert [len(case["unexplained"]) for case in document["cases"]] == [0, 1]


def test_report_tells_a_case_that_broke_off_and_an_idle_explanation() -> None:
    told = list(
        report.shortfalls([_outcome("a", _explanation(cases=("a",)), broke_off="KeyError: x")], [_explanation()])
    )

    assert "a broke off after 2 steps:\nKeyError: x" in told[0]
    assert REASON in told[1]


def test_explanation_of_another_terraform_is_none() -> None:
    everywhere, everything = read_explanations(engine="1.11.4"), read_explanations()

    assert [item.engines for item in everything if item not in everywhere] == [("1.15.*",)]
    assert read_explanations(engine="1.15.5") == everything
