"""Dates and times as RFC 3339 writes them, and what is wrong with one, in the words of the real provider's parser."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator
from typing import Final

_LAYOUT: Final = "2006-01-02T15:04:05Z07:00"
# Each part as the parser names it, how it is spelled, what it is called where its number is too big, and its limits.
_PARTS: Final = (
    ("2006", r"\d{4}", "", 0, 9999),
    ("-", "-", "", 0, 0),
    ("01", r"\d{2}", "month", 1, 12),
    ("-", "-", "", 0, 0),
    ("02", r"\d{2}", "", 0, 99),
    ("T", "T", "", 0, 0),
    ("15", r"\d{1,2}", "hour", 0, 23),
    (":", ":", "", 0, 0),
    ("04", r"\d{2}", "minute", 0, 59),
    (":", ":", "", 0, 0),
    ("05", r"\d{2}", "second", 0, 59),
)
_FRACTION: Final = re.compile(r"[.,]\d+")
_OFFSET: Final = re.compile(r"Z|[+-](\d{2}):(\d{2})")
# Some write an offset of 24 hours or of 60 minutes.
_OFFSETS: Final = (("hour", 24), ("minute", 60))


def wrong_time(text: str) -> str:
    """Return what is wrong with a date and time, or nothing."""
    return next(_problems(text), "")


def _problems(text: str) -> Iterator[str]:
    rest, numbers = text, []
    for name, spelling, called, least, most in _PARTS:
        found = re.match(spelling, rest, flags=re.ASCII)
        if not found:
            yield _unparsable(text, rest, name)
            return
        if spelling.startswith("\\d"):
            numbers.append(int(found.group()))
            if not least <= numbers[-1] <= most:
                yield f'parsing time "{text}": {called} out of range'
                return
        rest = rest[found.end() :]
    fraction = _FRACTION.match(rest)
    rest = rest[fraction.end() :] if fraction else rest
    offset = _OFFSET.match(rest)
    if not offset:
        yield _unparsable(text, rest, "Z07:00")
        return
    for (called, most), number in zip(_OFFSETS, offset.groups(), strict=True):
        if number and int(number) > most:
            yield f'parsing time "{text}": time zone offset {called} out of range'
    if rest[offset.end() :]:
        yield f'parsing time "{text}": extra text: "{rest[offset.end() :]}"'
    year, month, day = numbers[:3]
    # The calendar here begins with the year 1; the year 0 is as long as the year 4.
    if not 1 <= day <= monthrange(year or 4, month)[1]:
        yield f'parsing time "{text}": day out of range'


def _unparsable(text: str, rest: str, name: str) -> str:
    return f'parsing time "{text}" as "{_LAYOUT}": cannot parse "{rest}" as "{name}"'
