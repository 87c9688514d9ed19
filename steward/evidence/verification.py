"""Whether a tenant's runs are whole: lines changed, removed or moved, files missing, changed or cut.

What the files themselves cannot show, such as a last run that was taken away, is compared with hashes that were kept
elsewhere. A crash leaves marks of its own, and they are told from tampering as long as a later run has seen them: it
says whether the file was still being written, and what came behind the end of one that was not is none of its run's.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from steward.errors import ExitCode
from steward.evidence.chain import LOOKED_AT, Link, hash_start
from steward.evidence.invariant import Breach, find_breaches
from steward.evidence.origin import Origin, describe_origin, find_counted, find_origin, find_origins, is_rehearsal
from steward.evidence.runs import EvidenceLine, Run, read_runs

# Two runs that do not know each other began within moments: each looked before the other's file was there.
_MOMENTS = timedelta(seconds=5)
_TO_READ_LINK = "put the run's own file in place of the link, or take the link away"
_TO_READ = "make it readable for whoever checks"
# What is lost stays lost, and a later run does not make up for it.
TO_BEGIN_ANEW = (
    "keep the folder as it is, under another name; the next post_apply.py begins a new one, "
    "which proves what is so from then on"
)


@dataclass(frozen=True)
class Remark:
    """What is to be said of a run; exit code FINDINGS for tampering, COULD_NOT_TELL, or WELL for what is in order.

    `next_move` is empty where it is the same for all that cannot be told: to run again, once nothing is under way.
    """

    exit_code: ExitCode
    file: str
    what: str
    line: int | None = None
    next_move: str = ""

    @property
    def told(self) -> str:
        """Return it with its place, as a person looks it up."""
        return f"{self.file}, line {self.line}: {self.what}" if self.line else f"{self.file}: {self.what}"


@dataclass(frozen=True)
class Verification:
    """What a folder's runs show; `newest` are the hashes to keep elsewhere, one unless runs ended side by side.

    `counted` are the runs that something can be concluded from: all, but a rehearsal's among others.
    """

    folder: Path
    runs: tuple[Run, ...]
    counted: tuple[Run, ...]
    remarks: tuple[Remark, ...]
    breaches: tuple[Breach, ...]
    newest: tuple[str, ...]
    confirmed: frozenset[str]

    @property
    def exit_code(self) -> ExitCode:
        """Return 1 for whatever is certain, else 3 for whatever cannot be told, else 0."""
        codes = {remark.exit_code for remark in self.remarks} | {breach.exit_code for breach in self.breaches}
        return next((code for code in (ExitCode.FINDINGS, ExitCode.COULD_NOT_TELL) if code in codes), ExitCode.WELL)

    @property
    def is_rehearsal(self) -> bool:
        """Return whether nothing here proves anything of a tenant: what ran was a rehearsal."""
        return is_rehearsal(self.counted)

    @property
    def has_touched_tenant(self) -> bool:
        """Return whether a run asked a public cloud, or does not say that it did not."""
        return bool(find_origins(self.runs) - {Origin.REHEARSAL})

    @property
    def is_origin_told(self) -> bool:
        """Return whether every run says what it ran against."""
        return Origin.UNTOLD not in find_origins(self.runs)

    @property
    def ran_against(self) -> tuple[str, ...]:
        """Return the hosts and providers that the runs that count name, each once."""
        return tuple(dict.fromkeys(describe_origin(run) for run in self.counted if run.about))

    @property
    def left_out(self) -> int:
        """Return how many runs are a rehearsal's among others, and not counted."""
        return len(self.runs) - len(self.counted)

    @property
    def is_end_confirmed(self) -> bool:
        """Return whether a hash that was kept elsewhere is that of the newest run, so that its end is not cut off."""
        return bool(self.newest) and self.confirmed.issuperset(self.newest)


def verify(
    folder: Path,
    expected: AbstractSet[str] = frozenset(),
    *,
    name: str | None = None,
    tenant_id: str | None = None,
    login: str | None = None,
    runs: tuple[Run, ...] | None = None,
) -> Verification:
    """Judge every evidence file of one tenant; `expected` are hashes of runs as their programs printed them.

    `name`, `tenant_id` and the account's `login` are the tenant file's; without a file the name is the folder's, and
    the others are not known.

    Hashes that no run has are for the caller to report: another folder may hold theirs. Whoever goes on to use what the
    runs say gives them as they were read, so that it is the same bytes that are judged.
    """
    runs = read_runs(folder) if runs is None else runs
    counted = find_counted(runs)
    remarks = [remark for run in runs for remark in _judge_file(run)]
    remarks += _judge_tenant(counted, tenant_id)
    remarks += _judge_name(counted, name, tenant_id, login)
    remarks += _judge_origin(runs)
    remarks += _judge_links(folder, runs)
    remarks += _judge_ends(runs, expected)
    remarks += _judge_late_ends(runs)
    remarks += _judge_order(runs)
    if not runs:
        why = "there is no evidence: nothing was ever run with this folder, or everything was taken away"
        remarks.append(Remark(ExitCode.COULD_NOT_TELL, folder.name, why))
    breaches = find_breaches({run.file: [line.content or {} for line in run.lines] for run in counted})
    newest = tuple(run.sha256 for run in _open_ends(runs) if not run.unreadable)
    confirmed = frozenset(run.sha256 for run in runs if run.sha256 in expected)
    return Verification(folder, runs, counted, tuple(remarks), breaches, newest, confirmed)


def _tampered(run: Run, what: str, line: int | None = None) -> Remark:
    return Remark(ExitCode.FINDINGS, run.file, what, line)


def _unclear(run: Run, what: str, line: int | None = None, *, next_move: str = "") -> Remark:
    return Remark(ExitCode.COULD_NOT_TELL, run.file, what, line, next_move)


def _judge_file(run: Run) -> Iterator[Remark]:
    if run.is_too_large:
        yield _tampered(run, f"{run.unreadable}: it is foreign, or something was added")
        return
    if run.unreadable is not None:
        what = f"it could not be read: {run.unreadable}"
        yield _unclear(run, what, next_move=_TO_READ_LINK if run.is_link else _TO_READ)
        return
    if run.lines:
        name = f"-{run.about.get('run')}.jsonl"
        if not run.about:
            yield _tampered(run, "it does not begin as a run does: its first line was changed, or it is foreign", 1)
            return
        if not run.file.endswith(name):
            yield _tampered(run, f"its first line belongs to a file that ends in {name}: renamed, or a copy", 1)
    if run.is_overlong:
        yield _tampered(run, "a line is longer than any that is written here", len(run.lines) + 1)
    yield from _judge_lines(run)


def _judge_lines(run: Run) -> Iterator[Remark]:
    before: EvidenceLine | None = None
    awaited = 1
    is_closed = False
    for line in run.lines:
        if is_closed:
            yield _tampered(run, "it was added after the run had closed its file", line.number)
            return
        content = line.content
        if content is None:
            yield _tampered(run, "it is no line of a run: changed, or put in", line.number)
            before, awaited = line, awaited + 1
            continue
        number = content["line"]
        if number > awaited:
            gone = f"line {awaited}" if number == awaited + 1 else f"lines {awaited} to {number - 1}"
            yield _tampered(run, f"{gone} of the run, which stood before it, is missing", line.number)
        elif number < awaited:
            yield _tampered(run, f"it is line {number} of the run: moved, or repeated", line.number)
        elif content.get("before") != (before.sha256 if before else None):
            changed = f"line {number - 1} was changed" if before else "it was changed"
            yield _tampered(run, f"{changed} after it had been written", line.number)
        if lost := content.get("lost"):
            what = f"lines before it could not be written, as it says itself: {lost}"
            yield _unclear(run, what, line.number, next_move=TO_BEGIN_ANEW)
        before, awaited, is_closed = line, max(awaited, number + 1), line.event == ("run", "closed")
    if is_closed and run.is_torn:
        yield _tampered(run, "something was added after the run had closed its file", len(run.lines) + 1)


def _judge_tenant(runs: Sequence[Run], tenant_id: str | None) -> Iterator[Remark]:
    known = [run for run in runs if run.about.get("tenant_id") is not None]
    ids = Counter(str(run.about["tenant_id"]) for run in known)
    own = tenant_id or (ids.most_common(1)[0][0] if ids else None)
    for run in known:
        if str(run.about["tenant_id"]) != own:
            yield _tampered(run, f"it is a run on tenant {run.about['tenant_id']}, and the others are on {own}", 1)


def _judge_name(runs: Sequence[Run], name: str | None, tenant_id: str | None, login: str | None) -> Iterator[Remark]:
    """Find runs that name another tenant; under the tenant file's id and with its account it is the same, renamed."""
    known = {link.file for run in runs for link in run.links}
    others = _find_other_accounts(runs, login) if login is not None else {}
    for run in runs:
        named = run.about.get("tenant")
        if name is None or not isinstance(named, str) or named in {"", name}:
            continue
        is_same = tenant_id is not None and run.about.get("tenant_id") == tenant_id
        if is_same and named not in others:
            yield Remark(ExitCode.WELL, run.file, f"it calls the tenant {named!r}, by the same id: renamed since", 1)
            continue
        what = f"it is a run of {named!r}, and this is the folder of {name!r}: renamed, or put here"
        if is_same:
            what += f"; its account is {others[named]}, and the tenant file's is {login}"
        # A run that another one names would be missing.
        put_here = f"if it was put here, {TO_BEGIN_ANEW if run.file in known else 'move it to its own folder'}"
        renamed = "" if tenant_id else f"name the tenant file, whose id tells, or call the folder {named!r} again; "
        yield _unclear(run, what, 1, next_move=f"{renamed}{put_here}")


def _find_other_accounts(runs: Sequence[Run], login: str) -> Mapping[str, str]:
    """Return the names under which runs saw accounts, and none that any run saw by this login; with their logins."""
    seen: dict[str, dict[str, str]] = {}
    own: set[str] = set()
    for run in runs:
        named = str(run.about.get("tenant"))
        for account in (line.account for line in run.lines):
            if account is None:
                continue
            object_id, called = str(account.get("object_id")), str(account.get("login"))
            seen.setdefault(named, {})[object_id] = called
            if called.casefold() == login.casefold():
                own.add(object_id)
    return {named: ", ".join(logins.values()) for named, logins in seen.items() if own.isdisjoint(logins)}


def _judge_origin(runs: Sequence[Run]) -> Iterator[Remark]:
    """Tell rehearsals, and of runs that do not say what they ran against; one remark is enough where all are alike."""
    told = {run.file: find_origin(run) for run in runs if run.about}
    is_alone = frozenset(told.values()) <= {Origin.REHEARSAL}
    for run in runs:
        match told.get(run.file):
            case Origin.REHEARSAL:
                among = "a rehearsal" if is_alone else "a rehearsal's run among others, and not counted"
                yield Remark(ExitCode.WELL, run.file, f"{among}: it ran against {describe_origin(run)}", 1)
            case Origin.OTHER_PROVIDER:
                what = f"it ran against {describe_origin(run)}, which is not the genuine provider: no proof"
                yield Remark(ExitCode.WELL, run.file, what, 1)
    untold = [run for run in runs if told.get(run.file) is Origin.UNTOLD]
    if untold:
        others = f" (nor do {len(untold) - 1} others)" if len(untold) > 1 else ""
        what = f"it does not say what it ran against, a tenant or a sandbox{others}: an older release wrote it"
        yield Remark(ExitCode.WELL, untold[0].file, what, 1)


def _judge_links(folder: Path, runs: Sequence[Run]) -> Iterator[Remark]:
    by_name = {run.file: run for run in runs}
    for run in runs:
        for link in run.links:
            named = by_name.get(link.file)
            if named is None:
                yield Remark(ExitCode.FINDINGS, link.file, f"the file is missing; {run.file} names it")
            elif link.sha256 is None:
                what = f"it could not be read when {run.file} began, so that is no witness to it"
                yield _unclear(named, what, next_move=TO_BEGIN_ANEW)
            elif named.unreadable is None:
                yield from _compare(folder, named, link, run)


def _compare(folder: Path, named: Run, link: Link, witness: Run) -> Iterator[Remark]:
    try:
        sha256, size = hash_start(folder / named.file, link.size)
    except OSError as error:
        yield _unclear(named, f"it could not be read again: {error.strerror}", next_move=_TO_READ)
        return
    if size < link.size:
        yield _tampered(named, f"its end is gone since {witness.file} began, in bytes: {link.size - size}")
    elif sha256 != link.sha256:
        yield _tampered(named, f"it was changed since {witness.file} began")
    elif named.size > link.size and link.is_over:
        added = named.size - link.size
        yield _tampered(
            named, f"something was added behind its end, at which {witness.file} had found it, in bytes: {added}"
        )
    elif named.size > link.size:
        yield Remark(ExitCode.WELL, named.file, f"it was still going on when {witness.file} began")


def _open_ends(runs: Sequence[Run]) -> tuple[Run, ...]:
    """Return the runs whose end no other run names."""
    named = {(link.file, link.size) for run in runs for link in run.links}
    return tuple(run for run in runs if (run.file, run.size) not in named)


def _judge_ends(runs: Sequence[Run], expected: AbstractSet[str]) -> Iterator[Remark]:
    open_ends = {run.file for run in _open_ends(runs)}
    for run in runs:
        if run.is_closed or run.unreadable is not None or (run.lines and not run.about) or run.is_overlong:
            continue
        mark = "its last line is torn" if run.is_torn else "it has no closing line"
        if run.file not in open_ends:
            yield Remark(
                ExitCode.WELL, run.file, f"{mark}: the run was killed; nothing changed since the next one began"
            )
        elif run.sha256 in expected:
            yield Remark(ExitCode.WELL, run.file, f"{mark}: it was killed, and its hash is the expected one")
        else:
            yield _unclear(run, f"{mark}: the run goes on, was killed, or its end was cut off")


def _judge_late_ends(runs: Sequence[Run]) -> Iterator[Remark]:
    """Find runs that went on after another began, and whose end no run has named that began when they were over."""
    named_short = {link.file for run in runs for link in run.links} & {run.file for run in _open_ends(runs)}
    for number, run in enumerate(runs):
        over = run.last_seen
        if run.file not in named_short or over is None:
            continue
        # Who began much later did not look that far back.
        began = [
            (other.began, other.file) for other in runs[number + 1 : number + LOOKED_AT] if other.began is not None
        ]
        later = min(((at, file) for at, file in began if at > over + _MOMENTS), default=None)
        if later is not None:
            yield _unclear(
                run,
                f"it went on after it was named, and {later[1]}, which began when it was over, does not know its end: "
                "lines were added later, or the folders were put together afterwards",
                next_move=TO_BEGIN_ANEW,
            )


def _judge_order(runs: Sequence[Run]) -> Iterator[Remark]:
    """Find runs that a later one does not know, although they stood in the folder when it began."""
    dated = [(run.began, run) for run in runs if run.about]
    placed = sorted(((began, run) for began, run in dated if began is not None), key=lambda pair: pair[0])
    order = {run.file: number for number, (_, run) in enumerate(placed)}
    try:
        known = _ancestors(runs, order)
    except CycleError as error:
        circle = ", ".join(sorted(set(error.args[1])))
        yield Remark(ExitCode.FINDINGS, str(error.args[1][0]), f"runs name each other in a circle: {circle}")
        return
    told = 0
    for number, (began, run) in enumerate(placed):
        # A set of runs is a number with a bit for each, so that thousands of them are compared at once.
        strangers = ((1 << number) - 1) & ~known[run.file] & ~told
        while strangers:
            lowest = strangers & -strangers
            strangers ^= lowest
            _, stranger = placed[lowest.bit_length() - 1]
            if known[stranger.file] >> number & 1:
                continue
            told |= lowest
            yield _judge_stranger(run, began, stranger)


def _ancestors(runs: Sequence[Run], order: Mapping[str, int]) -> dict[str, int]:
    graph = {run.file: {link.file for link in run.links} for run in runs}
    known: dict[str, int] = {}
    for file in TopologicalSorter(graph).static_order():
        bits = 0
        for parent in graph.get(file, ()):
            bits |= known[parent] | (1 << order[parent] if parent in order else 0)
        known[file] = bits
    return known


def _judge_stranger(run: Run, began: datetime, stranger: Run) -> Remark:
    if stranger.last_seen is not None and stranger.last_seen + _MOMENTS >= began:
        return Remark(ExitCode.WELL, run.file, f"it began at the same time as {stranger.file}: two runs at once")
    what = f"it does not know {stranger.file}, which was over by then: kept elsewhere at that time, or put in later"
    return _unclear(run, what, next_move=TO_BEGIN_ANEW)
