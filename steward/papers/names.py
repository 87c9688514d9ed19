"""What may stand for a person in the evidence: a name in letters of any script, or an address as they sign in with.

It keeps out what most passwords have, digits and signs, without claiming to know one: words of a dictionary look like a
name. What is refused is never repeated.
"""

import itertools
import re
import unicodedata

from steward.errors import ConfigError
from steward.visible import is_seen

_LONGEST = 80
# As they stand in names: O'Neil, Jean-Luc, Doe, Jane (Contoso), Ravi a/l Kumar, Mart\u00ed i Pol\u00b7la, and the dot
# between katakana.
_SIGNS = frozenset(" .,()'/-\u2018\u2019\u2010\u2011\u00b7\u30fb")
_JOINTS = re.compile(r"[.,()'/\-\u2018\u2019\u2010\u2011\u00b7\u30fb]+")
# Jean-Marie, Abd-al-Rahman, and no name of four words in one.
_MOST_PARTS = 3
# DeLaCruz has two capitals behind small letters.
_MOST_TURNS = 2
_MOST_MARKS = 3
# A user principal name may be a guest's: jane_contoso.com#EXT#@fabrikam.onmicrosoft.com.
_ADDRESS = re.compile(r"[\w.+'#-]+@(?:[^\W_](?:[\w-]*[^\W_])?\.)+(?:[^\W\d_]{2,}|xn--[a-z0-9-]+)")
_NEXT_MOVE = (
    'give it as in --by "Jane Doe" or --by jane@contoso.com; where it was a password, change it, since the shell keeps '
    "what was typed"
)


def require_name(text: str) -> str:
    """Return a person's name or address in one line; raises `ConfigError` for what is none, and does not repeat it."""
    name = " ".join(unicodedata.normalize("NFC", text).split())
    if len(name) > _LONGEST:
        raise _refused(f"it is longer than {_LONGEST} characters")
    if _ADDRESS.fullmatch(name) and all(map(is_seen, name)):
        return name
    if sum(character.isalpha() for character in name) < 2 or not all(map(_stands_in_names, name)):  # noqa: PLR2004  # one letter is an initial
        raise _refused(
            "a name has letters, and only spaces and . , ' ( ) / - beside them; digits may stand in an address"
        )
    if not all(map(_is_word_of_a_name, name.split(" "))):
        raise _refused("a word in it is put together as a name's is not, and could be a password")
    return name


def _refused(why: str) -> ConfigError:
    return ConfigError(
        "what was given with --by is neither a name nor an address of a person", why=why, next_move=_NEXT_MOVE
    )


def _stands_in_names(character: str) -> bool:
    is_letter = character.isalpha() or unicodedata.category(character).startswith("M")
    return (is_letter and is_seen(character)) or character in _SIGNS


def _is_word_of_a_name(word: str) -> bool:
    parts = [part for part in _JOINTS.split(word) if len(part) > 1]
    turns = sum(first.islower() and second.isupper() for first, second in itertools.pairwise(word))
    marks = "".join("m" if unicodedata.category(character).startswith("M") else "-" for character in word)
    return len(parts) <= _MOST_PARTS and turns <= _MOST_TURNS and "m" * (_MOST_MARKS + 1) not in marks
