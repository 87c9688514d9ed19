"""What a rule of the review is, and what it may say: that something breaks it, or that it could not tell.

A rule names the good state by its id, which never changes; the file is called like the id. It reads one plan's
subject and touches nothing.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import IntEnum

from steward.review.subject import Subject
from steward.review.words import Words


class Severity(IntEnum):
    """How grave it is that a rule is broken; higher is graver."""

    MEDIUM = 1
    HIGH = 2
    CRITICAL = 3

    @property
    def label(self) -> str:
        """Return the word for it, as `--fail-on` takes it."""
        return self.name.lower()


@dataclass(frozen=True)
class Breach:
    """Something in the plan that breaks the rule: at an address, if it has one."""

    what: Words
    address: str | None = None


@dataclass(frozen=True)
class Untold:
    """The rule could not tell, and what would let it."""

    why: Words


Judge = Callable[[Subject], Iterator[Breach | Untold]]


@dataclass(frozen=True)
class Rule:
    """A rule: `title` states what holds where it is kept, `source` is where that is asked for."""

    id: str
    title: str
    severity: Severity
    why: str
    remedy: str
    source: str
    judge: Judge
