"""What runs did: every act that was intended, what became of it, and Graph's answers to it with their request ids."""

from collections.abc import Iterator
from dataclasses import dataclass

from steward.papers.record import Answer, Entry, Mark, Record, text

_UNANSWERED = "not answered"
# Verbs of lines about an act that do not end it.
_OTHER = frozenset({"saw", "started", "intends", "already", "found", "amiss", "missing", "unreadable", "alarm"})


@dataclass(frozen=True)
class Deed:
    """One act: `outcome` is the verb of the line that ended it, or says that no line did."""

    intended: Mark
    step: str
    act: str
    subject: str
    outcome: str
    ended: Mark | None
    why: str
    answers: tuple[Answer, ...]


def find_deeds(record: Record) -> tuple[Deed, ...]:
    """Return all acts in the order of time; a refused one that took effect all the same is told as it ended."""
    return tuple(sorted(_deeds(record), key=lambda deed: deed.intended))


def _deeds(record: Record) -> Iterator[Deed]:
    open_acts: dict[tuple[str, str, str], Entry] = {}
    refused: dict[tuple[str, str, str], tuple[Entry, Entry]] = {}
    for entry in record.entries:
        key = entry.mark.file, entry.step, entry.subject
        if entry.verb == "intends":
            if key in refused:
                yield _deed(*refused.pop(key))
            if key in open_acts:
                yield _deed(open_acts.pop(key), None)
            open_acts[key] = entry
        elif key in open_acts and entry.verb == "refused":
            refused[key] = open_acts.pop(key), entry
        elif key in open_acts and entry.verb not in _OTHER:
            yield _deed(open_acts.pop(key), entry)
        elif key in refused and text(entry.detail, "although"):
            intended, answered = refused.pop(key)
            yield _deed(intended, entry, although=answered)
    for intended, ended in refused.values():
        yield _deed(intended, ended)
    for intended in open_acts.values():
        yield _deed(intended, None)


def _deed(intended: Entry, ended: Entry | None, *, although: Entry | None = None) -> Deed:
    answered = although or ended
    return Deed(
        intended=intended.mark,
        step=intended.step,
        act=text(intended.detail, "act"),
        subject=intended.subject,
        outcome=ended.verb if ended else _UNANSWERED,
        ended=ended.mark if ended else None,
        why=(text(ended.detail, "why") or text(ended.detail, "although")) if ended else "",
        answers=tuple(answered.answers) if answered else (),
    )
