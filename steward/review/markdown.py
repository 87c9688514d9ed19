"""Markdown in which no value of a plan can be anything but text.

Every value stands in a code span, where forges neither follow links nor mention people nor read HTML; `words.shown` has
taken out what cannot be seen, line breaks among it. No tables are written, whose cells a value might end.
"""

import re
from collections.abc import Iterable, Sequence

from steward.review.words import Shown, Words

_BACKTICKS = re.compile(r"`+")


def render(words: Words) -> str:
    """Return a sentence with its values as code spans."""
    return "".join(code(part.text) if isinstance(part, Shown) else part for part in words)


def code(text: str) -> str:
    """Return `text` as a code span, fenced by more backticks than it holds in a row."""
    if not text.strip():
        return "(blank)"
    fence = "`" * (max((len(run) for run in _BACKTICKS.findall(text)), default=0) + 1)
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def codes(texts: Sequence[str], *, most: int | None = None) -> str:
    """Return texts as code spans with commas, and how many more there are than `most`."""
    named = texts if most is None else texts[:most]
    left = len(texts) - len(named)
    return ", ".join(code(each) for each in named) + (f" and {left:,} more" if left else "")


def count(number: int, noun: str, plural: str | None = None) -> str:
    """Return a number with its noun."""
    return f"{number:,} {noun if number == 1 else plural or f'{noun}s'}"


def size(lines: Iterable[str]) -> int:
    """Return how many bytes lines take, their ends included."""
    return sum(len(line.encode()) + 1 for line in lines)
