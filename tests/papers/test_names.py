"""Whose word it is: names and addresses are taken in every script, and what passwords have is refused unrepeated."""

import pytest

from steward.errors import ConfigError
from steward.papers.names import require_name

NAMES = (
    "Jane Doe",
    "J. van der Berg (IT)",
    "O'Neil",
    "Ka\u2018ahumanu",
    "Ravi a/l Kumar",
    "O\u2019Neil, Mary-Jane",
    "Jean-Luc Picard (Contoso)",
    "Nguyễn Văn A",
    "'t Hooft, Gerard",
    "J.R.R. Tolkien",
    "Dr.-Ing. Hans Müller",
    "DeLaCruz",
    "Abd-al-Rahman",
    "al-Ḥasan ibn al-Haytham",
    "Ольга Петрова-Иванова",
    "अर्जुन कुमार",
    "ジャン・リュック",
    "李雷",
    "محمد",
    "jane.doe2@contoso.onmicrosoft.com",
    "o'neil+cirasync@contoso.com",
    "jane_contoso.com#EXT#@fabrikam.onmicrosoft.com",
)
NO_NAMES = (
    "1234",
    "J.",
    "aB3xY7kQ9mZ2wE5r",
    "P@ssw0rd",
    "P@ss.w0rd",
    "Passw0rd!",
    "Summer2026",
    "hunter2",
    "p&ss w#rd",
    "Correct-Horse-Battery-Staple",
    "correct.horse.battery.staple",
    "correct/horse/battery/staple",
    "xKqZwPmTnB",
    "Jane_Doe",
    "Jane <b>",
    "jane@fabrikam",
    "a@b@contoso.com",
    "a\x1bb",
    "Jane\u202eDoe",
    "Jane\u200bDoe",
    "\u3164\u3164",
    "jane\udc80",
    "e" + "\u0335" * 8 + "va",
    "x" * 81,
)


@pytest.mark.parametrize("name", NAMES)
def test_names_and_addresses_are_taken(name: str) -> None:
    assert require_name(f" {name} ") == name


def test_letters_that_were_typed_in_two_ways_are_one_name() -> None:
    assert require_name("Nguye\u0302\u0303n Va\u0306n A") == "Nguyễn Văn A"


@pytest.mark.parametrize("text", ["", "  "])
def test_nothing_is_no_name(text: str) -> None:
    with pytest.raises(ConfigError):
        require_name(text)


@pytest.mark.parametrize("text", NO_NAMES)
def test_what_is_no_name_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(ConfigError) as refused:
        require_name(text)
    assert text not in str(refused.value)
