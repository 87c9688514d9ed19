"""What the lines since a proof left unsettled: findings that stand against it, and runs without a good end.

Whatever is unclear counts as unsettled, until the proof is given anew.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from steward.evidence.invariant import find_held_role
from steward.papers.deeds import REFUSED, TAKING, Deed, find_deeds
from steward.papers.record import Entry, Mark, Record
from steward.papers.words import at

_FINDINGS = frozenset({"found", "alarm"})
_VERDICTS = frozenset({"confirmed", "blocked"})
_GUARDS = frozenset({"run", "guard", "close", "shut"})


@dataclass(frozen=True)
class _RunSince:
    """What a run wrote since the proof; `verdicts` are the last of its steps, in their order."""

    entries: tuple[Entry, ...]
    is_closed: bool
    verdicts: Mapping[str, str]
    deeds: tuple[Deed, ...]

    @property
    def steps(self) -> frozenset[str]:
        return frozenset(entry.step for entry in self.entries)

    @property
    def exit_code(self) -> int | None:
        """Return the exit code that it wrote down; None where it wrote none."""
        ended = [entry for entry in self.entries if (entry.step, entry.verb) == ("run", "ended")]
        code = ended[-1].detail.get("exit_code") if ended else None
        return code if type(code) is int else None

    @property
    def is_well(self) -> bool:
        """Return whether it came to its end with exit code 0, and left nothing without an answer."""
        is_answered = all(deed.ended is not None for deed in self.deeds)
        return self.is_closed and self.exit_code == 0 and is_answered and "blocked" not in self.verdicts.values()

    @property
    def is_guard(self) -> bool:
        return "guard" in self.steps and self.steps <= _GUARDS

    @property
    def has_closed(self) -> bool:
        """Return whether it is a guard that took away what may not stand, and confirmed by a look that it is gone."""
        looks = [find_held_role(entry.detail) for entry in self.entries if entry.verb == "saw"]
        is_confirmed = self.verdicts.get("guard") == "confirmed" and set(self.verdicts.values()) == {"confirmed"}
        is_gone = [look for look in looks if look is not None][-1:] == [False]
        is_answered = bool(self.deeds) and all(deed.ended is not None for deed in self.deeds)
        return self.is_guard and self.is_closed and self.exit_code == 1 and is_confirmed and is_gone and is_answered

    @property
    def has_only_looked(self) -> bool:
        """Return whether it is a guard that did nothing, and said that it could not tell."""
        return self.is_guard and self.is_closed and self.exit_code == 3 and not self.deeds  # noqa: PLR2004  # as written

    @property
    def was_not_admitted(self) -> bool:
        """Return whether it is an apply that was refused before it could touch anything."""
        is_admitted = any(entry.verb == "admitted" for entry in self.entries)
        return self.steps <= {"run", "apply"} and "apply" in self.steps and not is_admitted and self.is_closed


@dataclass(frozen=True)
class Unmended:
    """A finding in words; `is_open` is False where the run that found it took back what it found."""

    told: str
    is_open: bool


def find_findings(record: Record, proof: Mark) -> Unmended | None:
    """Return the last finding since the run began that gave the proof; one that nobody took back goes first."""
    began = min((entry.mark for entry in record.entries if entry.mark.file == proof.file), default=proof)
    found = [entry for entry in record.entries if entry.verb in _FINDINGS and entry.mark.time >= began.time]
    if not found:
        return None
    deeds = find_deeds(record)
    taken_back = [(entry, _find_taken_back(entry, deeds)) for entry in found]
    last, mended = next((each for each in reversed(taken_back) if each[1] is None), taken_back[-1])
    subject = f" {last.subject}:" if last.subject else ""
    told = f"{last.step}, {last.verb}:{subject} {last.why or 'no reason is given'} ({last.mark.place})"
    if mended is None:
        return Unmended(told, is_open=True)
    return Unmended(f"{told}; it was taken back {at(mended.time)} ({mended.place})", is_open=False)


def _find_taken_back(found: Entry, deeds: Sequence[Deed]) -> Mark | None:
    """Return the line by which a run took back what it had found: the act that follows, of the same words."""
    same = (found.mark.file, found.step, found.subject)
    for deed in deeds:
        if (deed.intended.file, deed.step, deed.subject) != same or deed.intended.line <= found.mark.line:
            continue
        return deed.ended if deed.act in TAKING and deed.outcome != REFUSED else None
    return None


def find_unsettled(record: Record, proof: Mark) -> str:
    """Return what a run left undone since the proof, the one that gave it included; empty where all is settled."""
    runs = [run for run in _runs_since(record, proof) if not run.was_not_admitted]
    verdicts = {step: verb for run in runs for step, verb in run.verdicts.items()}
    blocked = sorted(step for step, verb in verdicts.items() if verb == "blocked")
    if blocked:
        return f"blocked since it was verified: {', '.join(blocked)}"
    for number, run in enumerate(runs):
        is_looked_again = any(later.is_guard and later.is_well for later in runs[number + 1 :])
        if run.is_well or run.has_closed or (run.has_only_looked and is_looked_again):
            continue
        return _why(run)
    return ""


def _why(run: _RunSince) -> str:
    place = run.entries[-1].mark.place
    unanswered = [deed for deed in run.deeds if deed.ended is None]
    if unanswered:
        return f"what became of {unanswered[0].act} ({unanswered[0].intended.place}) is not known since it was verified"
    if not run.is_closed or run.exit_code is None:
        return f"a run was broken off since it was verified ({place})"
    return f"a run ended with exit code {run.exit_code} since it was verified ({place})"


def _runs_since(record: Record, proof: Mark) -> Iterator[_RunSince]:
    """Yield the runs that wrote a line since the proof, in the order of their first such line."""
    closed = {run.file for run in record.runs if run.is_closed}
    deeds = find_deeds(record)
    entries: dict[str, list[Entry]] = {}
    for entry in record.entries:
        if _is_since(entry.mark, proof):
            entries.setdefault(entry.mark.file, []).append(entry)
    # A run that was killed as it gave the proof has no line behind it.
    if proof.file not in entries and proof.file not in closed:
        entries[proof.file] = [entry for entry in record.entries if entry.mark == proof]
    for file, lines in entries.items():
        yield _RunSince(
            entries=tuple(lines),
            is_closed=file in closed,
            verdicts={entry.step: entry.verb for entry in lines if entry.verb in _VERDICTS},
            deeds=tuple(deed for deed in deeds if deed.intended.file == file and _is_since(deed.intended, proof)),
        )


def _is_since(mark: Mark, proof: Mark) -> bool:
    return mark.line > proof.line if mark.file == proof.file else mark.time >= proof.time
