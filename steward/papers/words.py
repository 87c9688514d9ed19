"""Figures as people read them: times in UTC, lengths of time, counts; shared by every paper and the terminal."""

from datetime import datetime

_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def at(time: datetime) -> str:
    """Return a time to the second, in UTC."""
    return f"{time:%Y-%m-%d %H:%M:%S} UTC"


def at_millisecond(time: datetime) -> str:
    """Return a time to the millisecond, in UTC, without saying so: its column does."""
    return f"{time:%Y-%m-%d %H:%M:%S}.{time.microsecond // 1000:03}"


def day(time: datetime) -> str:
    """Return a time's day, in UTC."""
    return f"{time:%Y-%m-%d}"


def duration(seconds: float) -> str:
    """Return a length of time with as much of it as matters."""
    if seconds < _MINUTE:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < _HOUR:
        return f"{whole // _MINUTE} min {whole % _MINUTE} s"
    if whole < _DAY:
        return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE} min"
    return f"{whole // _DAY} d {whole % _DAY // _HOUR} h"


def capitalize_first(sentence: str) -> str:
    """Return a sentence with its first letter as a capital, and every other one as it is."""
    return sentence[:1].upper() + sentence[1:]


def count(number: int, noun: str, plural: str | None = None) -> str:
    """Return a number with its noun."""
    return f"{number:,} {noun if number == 1 else plural or f'{noun}s'}"
