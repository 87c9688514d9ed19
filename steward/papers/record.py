"""A tenant's evidence as one record: its judgement, and every line of every run in the order of time.

What stands in a line may have been written by anybody, so nothing about its shape is taken for granted: whoever wants a
value asks for its type and gets nothing where it is another one.
"""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

from steward.config.model import Tenant
from steward.errors import ExitCode
from steward.evidence import Verification, read_runs, verify
from steward.evidence.chain import Link
from steward.evidence.runs import EvidenceLine, Run
from steward.evidence.verification import TO_BEGIN_ANEW, Remark

# How evidence writes a confirmed absence.
ABSENT = "absent"
# No run is older, and no time is later; a line that says so is taken for one that says none.
_FIRST, _LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)
# A clock that is set right by this much meanwhile is none that differs.
_JITTER = timedelta(seconds=5)
_TICK = timedelta(microseconds=1)


@dataclass(frozen=True, order=True)
class Mark:
    """Where something stands in the evidence, and when that line was written."""

    time: datetime
    file: str
    line: int

    @property
    def place(self) -> str:
        """Return the place as a person looks it up: the run's id and the line."""
        return f"{run_id_of(self.file)}:{self.line}"


@dataclass(frozen=True)
class Answer:
    """One answer of Microsoft Graph, which finds it by the request id."""

    method: str
    path: str
    status: int
    request_id: str

    @property
    def changes(self) -> bool:
        """Return whether the request could change something; asking What-If changes nothing."""
        return self.method not in {"GET", ""} and not self.path.endswith("/evaluate")


@dataclass(frozen=True)
class Entry:
    """One line of a run; `detail` is empty where the line has none."""

    mark: Mark
    actor: str
    step: str
    verb: str
    subject: str
    detail: Mapping[str, Any] = field(default_factory=dict)
    answers: Sequence[Answer] = ()

    @property
    def why(self) -> str:
        """Return the reason that the line gives, if it gives one."""
        return text(self.detail, "why")


@dataclass(frozen=True)
class Record:
    """What a folder's runs say, and whether they are whole.

    `late` are the runs whose clock was behind: how long something lasted up to them is not known.
    """

    name: str
    verification: Verification
    entries: tuple[Entry, ...]
    late: tuple[str, ...] = ()

    @property
    def runs(self) -> tuple[Run, ...]:
        """Return the runs as files, oldest name first."""
        return self.verification.runs

    @property
    def tenant_id(self) -> str:
        """Return the tenant that the runs name; nothing where they name none, or several."""
        found = {text(run.about, "tenant_id") for run in self.verification.counted} - {""}
        return found.pop() if len(found) == 1 else ""

    def sights(self, name: str) -> Iterator[tuple[Entry, Any]]:
        """Yield what was seen of one fact, in the order of time; a read that failed and an absence are texts."""
        for entry in self.entries:
            if entry.verb == "saw" and name in entry.detail:
                yield entry, entry.detail[name]

    def last_sight(self, name: str, kind: type[Any] = dict) -> tuple[Entry, Any] | None:
        """Return the last sight of a fact whose value is of that kind."""
        found = None
        for entry, value in self.sights(name):
            if isinstance(value, kind):
                found = entry, value
        return found

    def last_told(self, name: str) -> tuple[Entry, Mapping[str, Any] | None] | None:
        """Return the last sight of a fact that says what it was, or with None that it was not there."""
        told = [(entry, seen) for entry, seen in self.sights(name) if isinstance(seen, Mapping) or seen == ABSENT]
        if not told:
            return None
        entry, seen = told[-1]
        return entry, seen if isinstance(seen, Mapping) else None

    def last(self, step: str, verb: str) -> Entry | None:
        """Return the last line of a step with that verb."""
        return next((entry for entry in reversed(self.entries) if (entry.step, entry.verb) == (step, verb)), None)


def read_record(
    folder: Path,
    *,
    name: str,
    tenant_id: str | None = None,
    login: str | None = None,
    expected: AbstractSet[str] = frozenset(),
) -> Record:
    """Read and judge a tenant's evidence folder; one that is not there gives a record without lines."""
    runs = read_runs(folder, with_answers=True)
    verification = verify(folder, expected, name=name, tenant_id=tenant_id, login=login, runs=runs)
    ordered, behind = _in_order(runs)
    counted = {run.file: run for run in verification.counted}
    entries = tuple(entry for entry in ordered if entry.mark.file in counted)
    late = tuple(file for file in behind if file in counted)
    clocks = tuple(_late(file, behind[file], _find_proved_since(file, counted, late)) for file in late)
    return Record(name, replace(verification, remarks=(*verification.remarks, *clocks)), entries, late)


def read_record_of(tenant: Tenant, expected: AbstractSet[str] = frozenset()) -> Record:
    """Read and judge the evidence of a tenant, by what its file says of it."""
    return read_record(
        tenant.evidence / tenant.name,
        name=tenant.name,
        tenant_id=tenant.tenant.id,
        login=tenant.account.login,
        expected=expected,
    )


def _in_order(runs: Sequence[Run]) -> tuple[tuple[Entry, ...], dict[str, timedelta]]:
    """Return the lines in order, and by how much the clock of a run was behind that of one before it, where it was.

    Between files the clock has to do, except where a run names one before it: what it names is over by then, so its
    own lines count as later, whatever their clock says.
    """
    by_name = {run.file: run for run in runs}
    graph = {run.file: {link.file for link in run.links if link.file in by_name} for run in runs}
    try:
        files = tuple(TopologicalSorter(graph).static_order())
    except CycleError:
        # The verification has said so.
        files = tuple(by_name)
    entries: dict[str, tuple[Entry, ...]] = {}
    behind: dict[str, timedelta] = {}
    for file in files:
        run = by_name[file]
        since = max((_seen_by(link, by_name, entries) for link in run.links), default=_FIRST)
        entries[file] = tuple(_entries_of(run, since))
        if run.began is not None and since - run.began > _JITTER:
            behind[file] = since - run.began
    together = sorted((entry for lines in entries.values() for entry in lines), key=lambda entry: entry.mark)
    return tuple(together), behind


def _seen_by(link: Link, by_name: Mapping[str, Run], entries: Mapping[str, Sequence[Entry]]) -> datetime:
    """Return the earliest time at which a run can have begun that names another one like this."""
    lines = entries.get(link.file, ())
    if not lines:
        return _FIRST
    is_whole = link.is_over or link.size >= by_name[link.file].size
    # One that was going on had begun, and no more is known.
    return (lines[-1] if is_whole else lines[0]).mark.time + _TICK


def _late(file: str, behind: timedelta, proved_by: str) -> Remark:
    """Say that a run's clock was behind; where all was proved anew since, only what lasted up to then is not known."""
    clock = f"its clock was {behind.total_seconds():.0f} seconds behind that of a run that it names"
    if proved_by:
        what = f"{clock}: how long something lasted up to then is not known; {proved_by} has proved all of it anew"
        return Remark(ExitCode.WELL, file, what, 1)
    what = f"{clock}: how long something lasted is not known"
    next_move = f"run post_apply.py with the clock right; if the clock of the one before was ahead, {TO_BEGIN_ANEW}"
    return Remark(ExitCode.COULD_NOT_TELL, file, what, 1, next_move)


def _find_proved_since(file: str, runs: Mapping[str, Run], late: Sequence[str]) -> str:
    """Return the first run that knows of this one, whose clock was right, and that verified and ended well; or none."""
    # A name begins with a time, which may be wrong here: only what a run names says that it came later.
    after: dict[str, list[str]] = {}
    for run in runs.values():
        for link in run.links:
            after.setdefault(link.file, []).append(run.file)
    knowing, waiting = {file}, [file]
    while waiting:
        found = [each for each in after.get(waiting.pop(), ()) if each not in knowing]
        knowing.update(found)
        waiting += found
    return min((each for each in knowing if each not in late and _has_proved(runs[each])), default="")


def _has_proved(run: Run) -> bool:
    ended = next((line.content for line in reversed(run.lines) if line.event == ("run", "ended")), None)
    is_well = run.is_closed and ended is not None and mapping(ended, "detail").get("exit_code") == 0
    return is_well and any(line.event == ("verify", "confirmed") for line in run.lines)


def _entries_of(run: Run, since: datetime) -> Iterator[Entry]:
    for line in run.lines:
        if line.content is None:
            continue
        # Within a file the order is the lines' own.
        since = max(since, line.time if line.time is not None and line.time < _LAST else since)
        yield _entry(run.file, line, line.content, since)


def _entry(file: str, line: EvidenceLine, content: Mapping[str, Any], time: datetime) -> Entry:
    detail = content.get("detail")
    return Entry(
        mark=Mark(time, file, line.number),
        actor=text(content, "actor"),
        step=text(content, "step"),
        verb=text(content, "verb"),
        subject=text(content, "subject"),
        detail=detail if isinstance(detail, Mapping) else {},
        answers=tuple(_answer(answer) for answer in mappings(content.get("answers"))),
    )


def _answer(answer: Mapping[str, Any]) -> Answer:
    status = answer.get("status")
    return Answer(
        method=text(answer, "method"),
        path=text(answer, "path"),
        status=status if isinstance(status, int) else 0,
        request_id=text(answer, "request_id"),
    )


def run_id_of(file: str) -> str:
    """Return the id of the run that a file holds, by its name."""
    return file.removesuffix(".jsonl").rpartition("-")[2]


def text(parent: Mapping[str, Any], name: str) -> str:
    """Return a text, empty where there is none."""
    found = parent.get(name)
    return found if isinstance(found, str) else ""


def texts(found: object) -> tuple[str, ...]:
    """Return the texts of a list."""
    return tuple(each for each in found if isinstance(each, str)) if isinstance(found, list) else ()


def mapping(parent: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return a mapping, empty where there is none."""
    found = parent.get(name)
    return found if isinstance(found, Mapping) else {}


def mappings(found: object) -> tuple[Mapping[str, Any], ...]:
    """Return the mappings of a list."""
    return tuple(each for each in found if isinstance(each, Mapping)) if isinstance(found, list) else ()


def moment(found: object) -> datetime | None:
    """Return a time in UTC, None where the text says none."""
    try:
        time = datetime.fromisoformat(found) if isinstance(found, str) else None
    except ValueError:
        return None
    if time is None:
        return None
    time = time if time.tzinfo is not None else time.replace(tzinfo=UTC)
    return time.astimezone(UTC) if _FIRST < time < _LAST else None
