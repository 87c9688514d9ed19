"""Whatever a plan's values hold, the comment stays our own: no markup, link, mention or fold comes out of a value."""

import json
import unicodedata
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from steward.review.comment import MARKER, render_comment
from steward.review.markdown import code
from steward.review.review import collect
from steward.review.words import LONGEST_VALUE, make_visible, shown
from tests.review.plans import add_thing, after_at, document_of, outputs, review_document, tenant_of
from tests.review.rule_cases import ACCOUNT, APPLICATION, POLICY

PARSER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
ATTACKS = [
    "@everyone",
    "[click](https://evil.example)",
    "https://evil.example www.evil.example",
    "</summary></details><h1>approved</h1>",
    "<img src=x onerror=alert(1)>",
    "<!-- cirasync-steward: plan review -->",
    "a|b|c",
    "` **bold** `",
    "```\nfence\n```",
    "`` ` ``",
    "# heading\n\n- item",
    "line\r\nline\x0b\x0c\x85\u2028\u2029line",
    "\u202eevil\u2066\u2069\u200b\ufeff",
    "\x1b[2J\x1b]8;;https://evil.example\x07link\x1b]8;;\x07",
    "\\`escaped\\`",
    "&lt;b&gt; &#64;everyone",
    "$`x`$ $$x$$",
    "#1 GH-1 0123456789012345678901234567890123456789",
    "e" + "\u0301" * 50,
    "\u3164\u115f\u2800",
    "x" * 5000,
    "\U000e0041\U000e0042",
    " ",
    "\ud800",
]


def _document_with(value: str) -> dict[str, Any]:
    """Return a plan that has the value in every place that is shown."""
    document = document_of("login_changed")
    after_at(document, ACCOUNT).update(user_principal_name=value, display_name=value, employee_type=value)
    after_at(document, POLICY).update(state=value, display_name=value)
    after_at(document, POLICY)["conditions"][0]["users"][0].update(excluded_users=[value], excluded_groups=[value])
    application = after_at(document, APPLICATION)
    application.update(owners=[value], web=[{"redirect_uris": [value, f"https://{value}/"]}], sign_in_audience=value)
    application["required_resource_access"] = [
        {"resource_app_id": value, "resource_access": [{"id": value, "type": value}]}
    ]
    application["app_role"] = [{"display_name": value, "allowed_member_types": [value], "enabled": True}]
    add_thing(document, f"azuread_user.{value}", user_principal_name=value)
    add_thing(document, f'azuread_directory_role_assignment.x["{value}"]', role_id=value, principal_object_id=value)
    add_thing(document, value, provider=value)["previous_address"] = value
    document["configuration"]["provider_config"]["azuread"].update(full_name=value, version_constraint=value)
    document["configuration"]["root_module"]["module_calls"] = {value: {}}
    return document


def _comment_with(value: str) -> str:
    return render_comment(collect([review_document(_document_with(value), tenant_of("login_changed"))]))


def _tokens(comment: str) -> Iterator[Token]:
    for token in PARSER.parse(comment):
        yield from token.children or [token]


def _require_our_own(comment: str) -> None:
    """Demand that outside code spans there is nothing but what a harmless value leaves there."""
    kinds = {token.type for token in _tokens(comment)}
    assert kinds <= KINDS
    html = [token.content for token in _tokens(comment) if token.type.startswith("html")]
    assert all(content.startswith(("<details>", "</details>", "<!-- cirasync-steward")) for content in html)
    assert sum(content.count(MARKER) for content in html) == 1


KINDS = {token.type for token in _tokens(_comment_with("benign"))} | {"text"}


@pytest.mark.parametrize("attack", ATTACKS)
def test_value_changes_nothing_but_code_spans(attack: str) -> None:
    comment = _comment_with(attack)
    _require_our_own(comment)
    assert not [each for each in _tokens(comment) if each.type != "code_inline" and "evil" in each.content]


@settings(max_examples=40, deadline=None)
@given(st.text(st.characters(), min_size=1, max_size=60))
def test_any_text_stays_in_code_spans_on_its_line(value: str) -> None:
    comment = _comment_with(value)
    _require_our_own(comment)
    hidden = {
        letter for letter in comment if unicodedata.category(letter) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    }
    assert hidden <= {"\n"}


@settings(max_examples=300)
@given(st.text(st.characters(), max_size=200))
def test_code_span_holds_exactly_its_text(value: str) -> None:
    text = shown(value).text
    (paragraph,) = [token for token in PARSER.parse(f"- x {code(text)} y") if token.type == "inline"]
    children = paragraph.children or []
    if not text.strip():
        assert [token.type for token in children] == ["text"]
        return
    assert [token.type for token in children] == ["text", "code_inline", "text"]
    assert children[1].content.strip(" ") == text.strip(" ")


@pytest.mark.parametrize("attack", ATTACKS)
def test_terminal_gets_no_escape_sequence_from_a_value(attack: str) -> None:
    review = collect([review_document(_document_with(attack), tenant_of("login_changed"))])
    shown_text = outputs(review)["terminal"]
    assert "\x1b]" not in shown_text
    assert "\x1b[2J" not in shown_text
    assert not set(shown_text) & set("\u202e\u2066\u200b\ufeff\x07\r")


@pytest.mark.parametrize("attack", ATTACKS)
def test_json_and_sarif_can_be_read_back(attack: str) -> None:
    review = collect([review_document(_document_with(attack), tenant_of("login_changed"))])
    shown_as = outputs(review)
    assert json.loads(shown_as["json"])["verdict"] == "refused"
    assert json.loads(shown_as["sarif"].encode())["version"] == "2.1.0"


@given(st.text(st.characters(), max_size=1000))
def test_shown_text_is_visible_and_bounded(value: str) -> None:
    text = shown(value).text
    assert len(text) <= LONGEST_VALUE
    assert all(letter.isprintable() for letter in text)
    assert make_visible(text) == text
