"""What is told of a run while it goes on, for whoever watches: one line a thing that happened.

The runner and its callers tell, the console shows; loading this loads neither a client nor a step.
"""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Line:
    """One thing that happened, for whoever watches: `verb` is one of a fixed few.

    `seconds_left` says how long will be waited at most, where somebody is waited for.
    """

    step: str
    verb: str
    subject: str
    reason: str = ""
    next_move: str = ""
    seconds_left: float | None = None


Observer = Callable[[Line], None]


def in_minutes(seconds: float) -> str:
    """Return a time as a countdown shows it, minutes and seconds, nothing below zero."""
    left = max(0, round(seconds))
    return f"{left // 60}:{left % 60:02}"
