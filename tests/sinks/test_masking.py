"""What a failed program or service says is shown without anything of the secret that it was given."""

import base64
import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steward.secret import MASK, Secret
from steward.sinks.masking import veil

CANARY = 'Canary-7f3a!Zq"+/&%20-only-the-sink'


@pytest.mark.parametrize(
    "echo",
    [
        CANARY,
        CANARY.upper(),
        CANARY[::-1],
        CANARY[:9],
        CANARY[-6:],
        json.dumps(CANARY),
        quote(CANARY),
        CANARY.encode().hex(),
        base64.b64encode(CANARY.encode()).decode(),
        base64.b64encode(b"x" + CANARY.encode()).decode()[4:],
        base64.b64encode(b"xy" + CANARY.encode()).decode()[4:],
    ],
)
def test_nothing_of_the_secret_is_shown_in_any_usual_form(echo: str) -> None:
    shown = veil(f"could not keep {echo} here", Secret(CANARY))
    assert echo not in shown
    assert MASK in shown
    assert shown.startswith("could not keep ")
    assert shown.endswith(" here")


@given(st.text(alphabet="abcdefghij0123456789", min_size=8, max_size=60), st.integers(0, 20), st.text(max_size=20))
def test_no_four_characters_in_a_row_of_it_are_shown(secret: str, at: int, between: str) -> None:
    shown = veil(f"{between}{secret[at:]}{between}", Secret(secret)).replace(MASK, " ")
    assert not any(secret[start : start + 4] in shown for start in range(len(secret) - 3))


def test_long_talk_is_cut_after_masking_and_comes_on_one_line() -> None:
    shown = veil("a\nb\x1b[31m " + "word " * 200 + CANARY, Secret(CANARY))
    assert len(shown) < 320
    assert shown.isprintable()
    assert CANARY[:4] not in shown


def test_secret_that_the_cut_would_split_is_masked_whole() -> None:
    for before in range(280, 300):
        shown = veil("." * before + CANARY, Secret(CANARY))
        assert CANARY[:4] not in shown
