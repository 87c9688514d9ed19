"""What the page of the admin consent sends back: every form of yes and no on record, and everything that is neither."""

from datetime import UTC, datetime
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steward.consent.answer import LONGEST_QUERY, read_answer

STATE = "kelp-lantern-harbour"
TENANT = "8f4c1f0e-6f0a-4a8e-9d43-2f1e0d9c8b7a"
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def code_of(**values: str) -> str | None:
    """Return the refusal's code, empty for a yes, None for what is no answer."""
    answer = read_answer(urlencode({"state": STATE, **values}), state=STATE, at=NOW)
    return None if answer is None else answer.code


@pytest.mark.parametrize("values", [{}, {"scope": "https://graph.microsoft.com/User.Read"}])
def test_yes_in_both_forms(values: dict[str, str]) -> None:
    query = urlencode({"admin_consent": "True", "tenant": TENANT.upper(), "state": STATE, **values})
    answer = read_answer(query, state=STATE, at=NOW)
    assert answer is not None
    assert (answer.code, answer.tenant_id, answer.at) == ("", TENANT, NOW)


@pytest.mark.parametrize(
    ("values", "code"),
    [
        (
            {
                "admin_consent": "True",
                "error": "consent_required",
                "error_description": "AADSTS65004: The resource owner denied the request.",
            },
            "AADSTS65004",
        ),
        ({"error": "permission_denied", "error_description": "The admin canceled the request"}, "permission_denied"),
        ({"error": "access_denied", "error_subcode": "cancel"}, "access_denied"),
        ({"error": "invalid_request", "error_description": "AADSTS90094: an administrator"}, "AADSTS90094"),
        ({"error": ""}, "unknown"),
        ({"error": "<script>alert(1)</script>"}, "unknown"),
        ({"error": "\x1b]0;owned\x07"}, "unknown"),
        ({"error": "server_error", "error_description": "\x1b[2JAADSTS65004"}, "server_error"),
        ({"error": "a" * 41}, "unknown"),
    ],
)
def test_no_is_told_by_its_number_or_its_word_and_by_nothing_else(values: dict[str, str], code: str) -> None:
    assert code_of(**values) == code


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?",
        f"state={STATE}",
        f"state={STATE}&admin_consent=False",
        f"state={STATE}&admin_consent=true",
        "admin_consent=True",
        "state=&admin_consent=True",
        f"state={STATE}x&admin_consent=True",
        f"state={STATE[:-1]}&admin_consent=True",
        f"state={STATE}&state={STATE}&admin_consent=True",
        f"state=other&state={STATE}&admin_consent=True",
        f"state={STATE}&admin_consent=True&admin_consent=True",
        f"state={STATE}&admin_consent=True&error=%ff",
        f"state={STATE}&admin_consent=True&" + "&".join(f"k{number}=" for number in range(30)),
        f"state={STATE}&admin_consent=True&pad={'x' * LONGEST_QUERY}",
    ],
)
def test_everything_else_is_no_answer(query: str) -> None:
    assert read_answer(query, state=STATE, at=NOW) is None


def test_tenant_that_is_none_is_left_out() -> None:
    query = f"state={STATE}&admin_consent=True&tenant={quote('evil<b>')}"
    answer = read_answer(query, state=STATE, at=NOW)
    assert answer is not None
    assert answer.tenant_id == ""


@given(st.text(max_size=300))
def test_any_text_is_read_or_refused_without_an_exception(text: str) -> None:
    assert read_answer(text, state=STATE, at=NOW) is None
