"""Sentences in which what comes from a plan stays apart from what is ours, until a renderer puts both together.

A plan's values are written by whoever may edit a stack, a tenant file or the directory. Each is wrapped in `Shown`, in
which nothing invisible is left, and every renderer decides how such a value can do no harm in its format.
"""

import unicodedata
from dataclasses import dataclass

from steward.visible import is_seen

LONGEST_VALUE = 120
_HARMLESS_MARKS_IN_A_ROW = 2


@dataclass(frozen=True)
class Shown:
    """A value of a plan, visible throughout and of bounded length; made by `shown`."""

    text: str


Words = tuple[str | Shown, ...]


def shown(value: object) -> Shown:
    """Return a value as it may be shown: what cannot be seen is spelled out, what is too long is cut."""
    text = make_visible(_text_of(value))
    return Shown(text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 1]}…")


def make_visible(text: str) -> str:
    """Return `text` with control, format, bidirectional and blank characters spelled out, and marks not piled up."""
    if text.isascii() and text.isprintable():
        return text
    made: list[str] = []
    marks = 0
    for letter in text[: 4 * LONGEST_VALUE]:
        category = unicodedata.category(letter)
        marks = marks + 1 if category.startswith("M") else 0
        # A space that is not the space makes two names look like one.
        is_odd_space = category == "Zs" and letter != " "
        if is_odd_space or not is_seen(letter) or marks > _HARMLESS_MARKS_IN_A_ROW:
            made.append(f"\\u{{{ord(letter):x}}}")
        else:
            made.append(letter)
    return "".join(made)


def plain(words: Words) -> str:
    """Return the sentence without any markup."""
    return "".join(part.text if isinstance(part, Shown) else part for part in words)


def join(parts: "list[Words]", separator: str = ", ") -> Words:
    """Return several sentences as one."""
    joined: list[str | Shown] = []
    for part in parts:
        joined += [separator, *part] if joined else part
    return tuple(joined)


def _text_of(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
