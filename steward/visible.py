"""What cannot be seen in a text, spelled out: nobody's name moves a cursor, turns a line around or hides in it.

Terminals, pages, comments and JSON all go by this one set. It is what Unicode calls control, format, surrogate, private
and unassigned characters and separators of lines, and the letters that leave a gap; spaces of any width are seen.
"""

import json
import re
import unicodedata
from typing import Any

# What else there is in ASCII is seen, and most of every text.
_DOUBTFUL = re.compile(r"[^\x20-\x7e]")
_BREAKS = re.compile(r"[\t\n\r]+")
# Letters by Unicode's categories, and yet nothing to see: Hangul fillers and the blank Braille pattern.
_BLANK = frozenset("\u115f\u1160\u3164\uffa0\u2800")


def is_seen(character: str) -> bool:
    """Say whether a character shows as itself, or as the gap that a space is."""
    if character in _BLANK:
        return False
    # U+2028 and U+2029 are separators as well, and no spaces.
    return character.isprintable() or unicodedata.category(character) == "Zs"


def make_visible(text: str, *, keep: str = "") -> str:
    r"""Return the text with what cannot be seen spelled out, as in \u{202e}; the characters of `keep` stay."""
    return _DOUBTFUL.sub(lambda found: found[0] if found[0] in keep or is_seen(found[0]) else _spelled(found[0]), text)


def in_one_line(text: str) -> str:
    """Return the text as `make_visible` does, with a space for its tabs and line breaks."""
    return make_visible(_BREAKS.sub(" ", text))


def dump_json(document: Any, *, indent: int | None = None, is_ascii: bool = False) -> str:
    """Return a document as JSON that says the same, what cannot be seen written as JSON's own escapes."""
    text = json.dumps(document, indent=indent, ensure_ascii=is_ascii)
    return _DOUBTFUL.sub(lambda found: found[0] if found[0] == "\n" or is_seen(found[0]) else _in_json(found[0]), text)


def _spelled(character: str) -> str:
    return f"\\u{{{ord(character):x}}}"


def _in_json(character: str) -> str:
    return json.dumps(character)[1:-1]
