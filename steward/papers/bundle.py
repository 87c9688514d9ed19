"""The evidence bundle of a tenant's bootstrap: everything that an auditor asks, from the evidence folder alone.

`make_bundle` gathers it into plain values, `as_json` writes them out, and `bundle_page` lays them out as one HTML file.
No clock is read, so the same evidence gives the same bytes.
"""

from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from enum import Enum, StrEnum
from typing import Any

from steward.config.model import Tenant
from steward.errors import ExitCode
from steward.evidence.origin import describe_hosts, find_origin
from steward.evidence.runs import Run
from steward.papers import checks, timeline
from steward.papers.clocks import Clocks, compare
from steward.papers.confirmations import Statement, read_statements
from steward.papers.deeds import Deed, find_deeds
from steward.papers.grants import Grants, find_grants
from steward.papers.life import Life, Span
from steward.papers.pages import data_uri, render_page
from steward.papers.policies import Policies, find_policies
from steward.papers.record import Mark, Record, mapping, run_id_of, text
from steward.papers.standing import GOOD, Standing, State, judge
from steward.papers.tokens import find_bound
from steward.papers.words import at, capitalize_first, count, duration

FORMAT = "steward evidence bundle 1"
# Pictures are for the bootstrap and what came soon after; a guard that looks for years would fill the page with them.
_MOST_PICTURES = 6


class Tone(StrEnum):
    """How a verdict is to be taken; shown as a word and a mark, never by colour alone."""

    GOOD = "in order"
    BAD = "not in order"
    OPEN = "open"
    REHEARSAL = "rehearsal"


@dataclass(frozen=True)
class Verdict:
    """The first thing on the page."""

    tone: Tone
    headline: str
    sentences: tuple[str, ...]


@dataclass(frozen=True)
class Figure:
    """A figure with what it counts and the lines that it comes from."""

    name: str
    value: str
    seconds: float | None
    note: str
    sources: tuple[Mark, ...]


@dataclass(frozen=True)
class RunRow:
    """One evidence file: what ran, when, and how it ended."""

    file: str
    run_id: str
    sha256: str
    lines: int
    began: datetime | None
    ended: datetime | None
    exit_code: int | None
    is_closed: bool
    engine: str
    provider: str
    asked: str
    origin: str
    ran_against: str
    is_counted: bool


@dataclass(frozen=True)
class RemarkRow:
    """What the check of the hash chain says of a file."""

    kind: str
    file: str
    line: int | None
    what: str


@dataclass(frozen=True)
class BreachRow:
    """A line by which credentials changed hands while the role was held, or perhaps did."""

    file: str
    line: int
    what: str
    held_since: str
    is_certain: bool


@dataclass(frozen=True)
class Bundle:
    """All that the page and the JSON say.

    `clock_unknown_seconds` are added to every span that is told as a bound: by so much the clocks differ.
    """

    format: str
    tenant: str
    tenant_id: str
    verdict: Verdict
    standing: Standing
    figures: tuple[Figure, ...]
    lives: tuple[Life, ...]
    deeds: tuple[Deed, ...]
    grants: Grants | None
    policies: Policies | None
    checks: tuple[checks.Check, ...]
    statements: tuple[Statement, ...]
    runs: tuple[RunRow, ...]
    remarks: tuple[RemarkRow, ...]
    breaches: tuple[BreachRow, ...]
    newest: tuple[str, ...]
    expected_found: tuple[str, ...]
    is_end_confirmed: bool
    clock_ahead_seconds: float
    clock_unknown_seconds: float
    exit_code: int

    @property
    def is_rehearsal(self) -> bool:
        """Return whether nothing in it is about a tenant."""
        return self.standing.rehearsed is not None


def make_bundle(record: Record, tenant: Tenant | None = None) -> Bundle:
    """Gather what the page says; nothing in it depends on when or where it is made.

    With `tenant` what was verified has to be what its file says.
    """
    standing = judge(record, tenant)
    policies = find_policies(record)
    verification = record.verification
    counted = {run.file for run in verification.counted}
    clocks = compare(record, standing.lives)
    grants = find_grants(record)
    return Bundle(
        format=FORMAT,
        tenant=record.name,
        tenant_id=record.tenant_id,
        verdict=_verdict(record, standing, clocks, grants),
        standing=standing,
        figures=tuple(_figures(record, standing, clocks)),
        lives=standing.lives,
        deeds=find_deeds(record),
        grants=grants,
        policies=policies,
        checks=checks.answer(checks.Subject(record, standing, policies, tenant)),
        statements=tuple(read_statements(record)),
        runs=tuple(_run(run, is_counted=run.file in counted) for run in record.runs),
        remarks=tuple(
            RemarkRow(_KINDS[remark.exit_code], remark.file, remark.line, remark.what)
            for remark in sorted(verification.remarks, key=lambda remark: _SEVERITY.index(remark.exit_code))
        ),
        breaches=tuple(
            BreachRow(breach.file, breach.line, breach.what, breach.held_since, breach.is_certain)
            for breach in verification.breaches
        ),
        newest=verification.newest,
        expected_found=tuple(sorted(verification.confirmed)),
        is_end_confirmed=verification.is_end_confirmed,
        clock_ahead_seconds=clocks.ahead,
        clock_unknown_seconds=clocks.unknown,
        # Without a run there is nothing to tell from: none was ever made, or all were taken away.
        exit_code=int(standing.exit_code if record.runs else ExitCode.COULD_NOT_TELL),
    )


_KINDS = {ExitCode.WELL: "noted", ExitCode.FINDINGS: "tampered", ExitCode.COULD_NOT_TELL: "unclear"}
_SEVERITY = (ExitCode.FINDINGS, ExitCode.COULD_NOT_TELL, ExitCode.WELL)

_BAD = {
    State.BREACH: "Credentials changed hands while a privileged role was held",
    State.PRIVILEGED: "The account holds a privileged role at the end of this evidence",
    State.FINDINGS: "Something was found, and nothing was verified without it since",
}


def _verdict(record: Record, standing: Standing, clocks: Clocks, grants: Grants | None) -> Verdict:
    match standing.state:
        case State.TAMPERED:
            return Verdict(
                Tone.BAD,
                f"{_rehearsal(standing)}his evidence was changed after it was written",
                (
                    f"{standing.why}.",
                    "Nothing below this line can be relied on; it shows what the files say now.",
                    _next(standing),
                ),
            )
        case State.REHEARSAL:
            return Verdict(
                Tone.REHEARSAL,
                "no proof of any tenant",
                (
                    f"{capitalize_first(standing.why)}.",
                    *_usable(record, standing, clocks),
                    *_taken_back(grants),
                    *_ran(record),
                    _next(standing),
                ),
            )
        case State.BREACH | State.PRIVILEGED | State.FINDINGS:
            return Verdict(Tone.BAD, _BAD[standing.state], (f"{standing.why}.", *_taken_back(grants), _next(standing)))
        case State.UNKNOWN:
            return Verdict(
                Tone.OPEN, "Whether this evidence is whole could not be told", (f"{standing.why}.", _next(standing))
            )
    proved = (f"Last proof: {standing.proof.what}, {at(standing.proof.mark.time)}.",) if standing.proof else ()
    if standing.state in GOOD:
        headline = "Sealed" if standing.state is State.SEALED else "Retired"
        return Verdict(
            Tone.GOOD,
            f"{headline}: no privileged role is left",
            (
                *proved,
                *_whole(record),
                *_credentials(record),
                *_usable(record, standing, clocks),
                *_taken_back(grants),
                *_asked(record),
                *_ran(record),
            ),
        )
    headline = "Nothing was ever run" if standing.state is State.NOT_BEGUN else "Unfinished"
    return Verdict(Tone.OPEN, headline, (f"{standing.why}.", *proved, _next(standing)))


def _rehearsal(standing: Standing) -> str:
    return "T" if standing.rehearsed is None else "Rehearsal: t"


def _taken_back(grants: Grants | None) -> tuple[str, ...]:
    """Say what the application was granted in between, and has no more."""
    if grants is None or not grants.taken_back:
        return ()
    named = ", ".join(
        f"{change.grant.permission} of {change.grant.api} ({change.grant.kind}; {at(change.between[0].time)} to "
        f"{at(change.between[-1].time)})"
        for change in grants.taken_back
    )
    return (f"Granted in between and taken back, by looks: {named}.",)


def _whole(record: Record) -> tuple[str, ...]:
    """Say that the runs are whole, and what of it only a hash that was kept elsewhere could show."""
    verification = record.verification
    whole = f"{count(len(record.runs), 'run is', 'runs are')} whole: no line was changed, removed or moved"
    if verification.is_end_confirmed:
        told = [f"{whole}, and the newest one has the hash that was kept elsewhere."]
    else:
        older = " but that of an older run" if verification.confirmed else ""
        unseen = "that the newest run was cut or rewritten, or that runs were taken away at the end"
        shows = f"shows only against a hash that was kept elsewhere (--expect), and none was given{older}"
        told = [f"{whole}, as far as the files can show it: {unseen}, {shows}."]
    if verification.left_out:
        runs = count(verification.left_out, "run of a rehearsal lies", "runs of a rehearsal lie")
        told.append(f"{runs} in the folder, and nothing here counts them.")
    if not verification.is_origin_told:
        told.append("Runs of an older release do not say what they ran against, a tenant or a rehearsal's sandbox.")
    return tuple(told)


def _next(standing: Standing) -> str:
    # A full stop would be copied with the command.
    return f"Next: {standing.next_move}"


def _credentials(record: Record) -> tuple[str, ...]:
    if record.verification.breaches:
        return ("Whether credentials changed hands while the role was held could not be told.",)
    return ("Credentials never changed hands while a privileged role was held.",)


def _ran(record: Record) -> tuple[str, ...]:
    """Say which Terraform and which provider ran."""
    rows = [_run(run, is_counted=True) for run in record.verification.counted]
    ran = sorted({f"{row.engine} with {row.provider}" for row in rows if row.engine and row.provider})
    return (f"It ran on {', '.join(ran)}.",) if ran else ()


def _asked(record: Record) -> tuple[str, ...]:
    """Say which hosts were asked."""
    hosts = sorted({describe_hosts(run) for run in record.verification.counted} - {""})
    return (f"It ran against {'; '.join(hosts)}.",) if hosts else ()


def _usable(record: Record, standing: Standing, clocks: Clocks) -> tuple[str, ...]:
    life = standing.lives[-1] if standing.lives else None
    if life is None:
        return ()
    if record.late:
        return ("How long the role was held is not known: the clock of a run was set back.",)
    held, usable = _bound(life, life.held, clocks), _bound(life, life.usable, clocks)
    if held == 0:
        return ("No run ever saw the account hold a privileged role.",)
    could = (
        f"and could be used for {duration(usable)} at most" if usable else "and never while the account could sign in"
    )
    bound = find_bound(life, record, clocks.unknown)
    until = f", so until {at(bound.until)}" if bound.until else ""
    differ = f" In each span, {duration(clocks.unknown)} are what the clocks differ by." if clocks.differ else ""
    lives = "A token issued in it lives on for 90 minutes at most by Entra ID's default"
    token = (f"{lives}{until}; the figures say what else may set it.",) if bound.longest else ()
    return (f"The role was held for {duration(held)} at most, {could}.{differ}", *token)


def _figures(record: Record, standing: Standing, clocks: Clocks) -> list[Figure]:
    figures = []
    for life in standing.lives:
        whose = f", {life.login}" if len(standing.lives) > 1 else ""
        held, usable = _bound(life, life.held, clocks), _bound(life, life.usable, clocks)
        figures += [
            Figure(
                f"Privileged role held{whose}",
                _at_most(held, record),
                None if record.late else held,
                _paths(life),
                _sources(life.held),
            ),
            Figure(
                f"Usable privilege{whose}",
                _at_most(usable, record),
                None if record.late else usable,
                "the role and an enabled account, together",
                _sources(life.usable),
            ),
            _token_figure(life, whose, record, clocks),
        ]
        if life.created is not None and life.seconds_unseen > 0:
            unseen = life.seconds_unseen
            note = (
                "from the account's creation to the first look; no run tells of it, and the stack creates it disabled"
            )
            figures.append(Figure(f"Not looked at{whose}", duration(unseen), unseen, note, (life.first_look,)))
    answers = [answer for entry in record.entries for answer in entry.answers]
    changing = sum(answer.changes for answer in answers)
    figures.append(
        Figure(
            "Requests to Microsoft Graph",
            f"{len(answers):,}",
            None,
            f"of which {changing:,} could change something",
            (),
        )
    )
    return figures


def _token_figure(life: Life, whose: str, record: Record, clocks: Clocks) -> Figure:
    bound = find_bound(life, record, clocks.unknown)
    seconds = 0.0 if bound.longest is None else bound.longest.total_seconds()
    value = f"{duration(seconds)} by default" if bound.longest else "none issued"
    return Figure(f"Life of a token issued in it{whose}", value, seconds, bound.note, bound.sources)


def _bound(life: Life, spans: tuple[Span, ...], clocks: Clocks) -> float:
    """Return the seconds that spans lasted at most, by either clock: each may have met a difference of its own."""
    return life.seconds(spans) + clocks.unknown * len(spans)


def _at_most(seconds: float, record: Record) -> str:
    if record.late:
        return "not known: a clock was set back"
    return f"{duration(seconds)} at most" if seconds else duration(0)


def _paths(life: Life) -> str:
    return "; ".join(life.paths) or "no look showed one"


def _sources(spans: tuple[Span, ...]) -> tuple[Mark, ...]:
    return tuple(mark for span in spans for mark in (span.begins_by, span.ends_by) if mark is not None)


def _run(run: Run, *, is_counted: bool) -> RunRow:
    engine = mapping(run.about, "engine")
    ended = next((line.content for line in reversed(run.lines) if line.event == ("run", "ended")), None)
    code = mapping(ended, "detail").get("exit_code") if ended else None
    return RunRow(
        file=run.file,
        run_id=run_id_of(run.file),
        sha256=run.sha256,
        lines=len(run.lines),
        began=run.began,
        ended=run.last_seen,
        exit_code=code if isinstance(code, int) else None,
        is_closed=run.is_closed,
        engine=f"{text(engine, 'program')} {text(engine, 'version')}".strip(),
        provider=text(engine, "provider"),
        asked=", ".join(f"{name} {value}" for name, value in mapping(run.about, "asked").items()),
        origin=find_origin(run).value,
        ran_against=describe_hosts(run),
        is_counted=is_counted,
    )


def as_json(bundle: Bundle) -> dict[str, Any]:
    """Return the bundle as JSON takes it: times in ISO 8601, marks as file and line."""
    return {part.name: _plain(getattr(bundle, part.name)) for part in fields(bundle)}


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return {part.name: _plain(getattr(value, part.name)) for part in fields(value)}
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    if isinstance(value, datetime):
        return value.isoformat()
    return value.value if isinstance(value, Enum) else value


@dataclass(frozen=True)
class Picture:
    """An episode with its picture in each form and scheme, as data URIs."""

    episode: timeline.Episode
    wide: str
    wide_dark: str
    narrow: str
    narrow_dark: str


def bundle_page(bundle: Bundle, record: Record) -> str:
    """Return the bundle as one HTML file without any external resource."""
    pictures, left_out = _pictures(bundle, record)
    return render_page(
        "bundle.html.j2",
        bundle=bundle,
        pictures=pictures,
        left_out=left_out,
    )


def _pictures(bundle: Bundle, record: Record) -> tuple[list[Picture], int]:
    requests = [(entry.mark.time, answer.changes) for entry in record.entries for answer in entry.answers]
    times = [entry.mark.time for entry in record.entries]
    episodes = [each for life in bundle.lives for each in timeline.find_episodes(life, requests, times)]
    pictures = [_picture(episode) for episode in episodes[:_MOST_PICTURES]]
    return pictures, len(episodes) - len(pictures)


def _picture(episode: timeline.Episode) -> Picture:
    drawn = {
        (form.name, is_dark): data_uri(timeline.draw(episode, form, palette), "image/svg+xml")
        for form in (timeline.WIDE, timeline.NARROW)
        for palette, is_dark in ((timeline.LIGHT, False), (timeline.DARK, True))
    }
    return Picture(episode, drawn["wide", False], drawn["wide", True], drawn["narrow", False], drawn["narrow", True])
