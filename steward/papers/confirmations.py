"""What people have confirmed on the hand-over sheet: read from the evidence, and written to it as a run of its own.

A confirmation holds a name, an item of the sheet and its words at that time; when the words are others by now, such as
another group, it counts for what it was given for and no more. Taking one back is a line as well.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from steward.papers.record import Mark, Record, text

STEP = "hand_over"
CONFIRMED = "given"
WITHDRAWN = "withdrawn"


@dataclass(frozen=True)
class Confirmation:
    """One item confirmed: by whom, for which words, and by which line."""

    item: str
    by: str
    words: str
    mark: Mark


@dataclass(frozen=True)
class Statement:
    """A line about an item: a confirmation that was given, or one that was taken back."""

    verb: str
    item: str
    by: str
    words: str
    mark: Mark


def read_statements(record: Record) -> Iterator[Statement]:
    """Yield what people have said about the sheet's items, in the order of time."""
    for entry in record.entries:
        if entry.step == STEP and entry.verb in {CONFIRMED, WITHDRAWN}:
            by, words = text(entry.detail, "by"), text(entry.detail, "words")
            yield Statement(entry.verb, entry.subject, by, words, entry.mark)


def read_confirmations(record: Record) -> Mapping[str, Confirmation]:
    """Return the confirmations that stand, by item."""
    standing: dict[str, Confirmation] = {}
    for each in read_statements(record):
        if each.verb == CONFIRMED:
            standing[each.item] = Confirmation(each.item, each.by, each.words, each.mark)
        else:
            standing.pop(each.item, None)
    return standing
