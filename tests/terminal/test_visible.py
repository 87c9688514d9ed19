"""What cannot be seen is spelled out, in texts and in JSON, and nothing else is touched."""

import json
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steward.visible import dump_json, in_one_line, is_seen, make_visible

# Turning signs, C0 and C1 controls, zero width, separators of lines, a half of a pair, tags, and letters without ink.
UNSEEN = (
    "\x00\x07\x08\x1b\x7f\x80\x9b\x9f\xad\u061c\u200b\u200c\u200d\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e"
    "\u2060\u2066\u2067\u2068\u2069\ufeff\ufff9\ufffe\ud800\udc80\U000e0041\U0010ffff\u115f\u3164\u2800"
)
SEEN = "aé ñ\u00a0\u3000ẞ李雷 שלום مرحبا 👍 \u0301\\{}<&"


@pytest.mark.parametrize("character", UNSEEN, ids=lambda each: f"{ord(each):x}")
def test_what_cannot_be_seen_is_spelled_out(character: str) -> None:
    assert not is_seen(character)
    assert make_visible(f"a{character}b") == f"a\\u{{{ord(character):x}}}b"
    assert make_visible(f"a{character}b", keep=character) == f"a{character}b"
    assert json.loads(dump_json({character: character})) == {character: character}
    assert character not in dump_json({character: character})


def test_what_can_be_seen_stays() -> None:
    assert make_visible(SEEN) == SEEN
    assert json.loads(dump_json([SEEN])) == [SEEN]
    assert "李雷" in dump_json([SEEN])


def test_every_control_and_turning_sign_of_unicode_is_in_the_set() -> None:
    dangerous = {
        character
        for character in map(chr, range(sys.maxunicode + 1))
        if unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"}
    }
    assert len(dangerous) > 2000, "the halves of pairs alone are as many"
    assert not {character for character in dangerous if is_seen(character)}


def test_line_breaks_are_spaces_in_one_line() -> None:
    assert in_one_line("a\r\n\tb\u2028c") == "a b\\u{2028}c"


@given(
    st.recursive(st.none() | st.booleans() | st.text(st.characters(exclude_categories=["Cs"])), st.lists, max_leaves=5),
    st.booleans(),
)
def test_json_says_the_same(document: object, is_ascii: bool) -> None:
    text = dump_json(document, indent=2, is_ascii=is_ascii)
    assert json.loads(text) == document
    assert all(character == "\n" or is_seen(character) for character in text)
    assert not is_ascii or text.isascii()
