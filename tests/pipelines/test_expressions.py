"""The reader of GitHub's expressions reads what the workflows use, and refuses the rest."""

import pytest

from tests.pipelines.expressions import Contexts, UnknownExpressionError

VALUES = {
    "github": {"event": {"number": 7}, "name": "a"},
    "vars": {"EMPTY": "", "SOME": "x"},
    "steps": {"one": {"json": '{"any":true}'}},
}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("${{ github.event.number }}", 7),
        ("${{ github.name == 'a' && 'yes' || 'no' }}", "yes"),
        ("${{ vars.EMPTY || '60' }}", "60"),
        ("${{ fromJSON(steps.one.json).any }}", True),
        ("a-${{ github.event.number }}-${{ github.name }}", "a-7-a"),
        ("${{ 'it''s' }}", "it's"),
        ("${{ !(github.name != 'a') }}", True),
    ],
)
def test_an_expression_has_the_value_that_github_gives_it(text: str, value: object) -> None:
    assert Contexts(VALUES).fill(text) == value


@pytest.mark.parametrize(
    ("text", "status", "holds"),
    [
        ("github.name == 'a'", "success", True),
        ("github.name == 'a'", "failure", False),
        ("always()", "cancelled", True),
        ("always() && github.name == 'b'", "failure", False),
        ("failure()", "failure", True),
        ("success()", "cancelled", False),
        ("fromJSON(steps.one.nothing).any", "failure", False),
    ],
)
def test_a_condition_holds_after_a_failure_only_where_it_asks_for_the_status(
    text: str, status: str, holds: bool
) -> None:
    assert Contexts(VALUES, status).is_true(text) is holds


@pytest.mark.parametrize(
    "text",
    [
        "github.nowhere",
        "secrets.TOKEN",
        "contains('a', 'b')",
        "1 + 1",
        "github.name == 7",
        "github.name github",
        "'a",
        "hashFiles()",
    ],
)
def test_what_is_not_known_is_refused(text: str) -> None:
    with pytest.raises(UnknownExpressionError):
        Contexts(VALUES).fill(f"${{{{ {text} }}}}")
