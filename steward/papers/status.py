"""One row a tenant: where it stands, what proved it last, what to do next, and what it may do otherwise until when.

Evidence and tenant files come in, rows go out; no tenant is asked. A file that is wrong is a row that says so, and
stops no other.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from steward.config.loader import load_tenant
from steward.config.model import Tenant
from steward.config.problem import TenantFileError
from steward.errors import ConfigError, ExitCode, StewardError, UnreadableError
from steward.papers.handover import make_sheet
from steward.papers.pages import render_page, render_text
from steward.papers.record import Record, read_record_of
from steward.papers.standing import GOOD, ORDER, State
from steward.papers.words import at
from steward.pasting import paste
from steward.visible import in_one_line

_SOON_DAYS = 14
# A row is for a glance; what is longer stands whole in the evidence bundle.
_LONGEST_WHY = 1000
BAD_FILE = "bad tenant file"


class Urgency(StrEnum):
    """How soon somebody has to look, from the first to the last."""

    NOW = "now"
    SOON = "soon"
    NONE = "in order"


@dataclass(frozen=True)
class ExceptionRow:
    """A rule of the review that the tenant may break, and through which day."""

    rule: str
    until: date
    reason: str
    state: str


@dataclass(frozen=True)
class Row:
    """A tenant's row; `state` is a state's words or that the file is wrong."""

    tenant: str
    file: str
    state: str
    why: str
    proof: str
    proved: datetime | None
    next_move: str
    handed_over: str
    exceptions: tuple[ExceptionRow, ...]
    urgency: Urgency
    exit_code: ExitCode
    problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class Status:
    """All rows, the urgent ones first, on a day."""

    today: date
    rows: tuple[Row, ...]

    @property
    def counts(self) -> dict[str, int]:
        """Return how many tenants stand where, from the worst to the best; none where none does."""
        words = [BAD_FILE, *(state.value for state in ORDER)]
        counted = {word: sum(row.state == word for row in self.rows) for word in words}
        return {word: number for word, number in counted.items() if number}

    @property
    def urgent(self) -> int:
        """Return how many tenants somebody has to look at now."""
        return sum(row.urgency is Urgency.NOW for row in self.rows)


def read_status(files: Iterable[Path], *, today: date) -> Status:
    """Read every tenant's file and evidence; each is told whatever becomes of the others."""
    claimed: dict[tuple[str, str], Path] = {}
    rows = [_read_row(file, claimed, today) for file in files]
    urgencies = tuple(Urgency)
    return Status(today, tuple(sorted(rows, key=lambda row: (urgencies.index(row.urgency), row.tenant, row.file))))


def _read_row(file: Path, claimed: dict[tuple[str, str], Path], today: date) -> Row:
    try:
        tenant = _load(file, claimed)
        record = read_record_of(tenant)
    except StewardError as error:
        return _bad_row(file, error)
    except OSError as error:
        why = error.strerror or str(error)
        return _bad_row(
            file, UnreadableError(f"{file}: its evidence cannot be read", why=why, next_move="make it readable")
        )
    return make_row(tenant, record, today)


def _load(file: Path, claimed: dict[tuple[str, str], Path]) -> Tenant:
    if file.suffix.lower() == ".yml" or (file.suffix != ".yaml" and file.suffix.lower() == ".yaml"):
        raise ConfigError(
            f"{file} is overlooked by every other program", why="tenant files end in .yaml", next_move="rename it"
        )
    tenant = load_tenant(file)
    for key, claim in (("tenant.name", tenant.name), ("tenant.id", tenant.tenant.id)):
        other = claimed.setdefault((key, claim), file)
        if other != file:
            raise ConfigError(
                f"{file}: {key} is that of {other}",
                why="two files would share one tenant's state and evidence",
                next_move="give each tenant one file",
            )
    return tenant


def _bad_row(file: Path, error: StewardError) -> Row:
    problems = tuple(map(str, error.problems)) if isinstance(error, TenantFileError) else (str(error),)
    first = problems[0].splitlines()[0] if problems else error.what
    more = f"; and {len(problems) - 1} more" if len(problems) > 1 else ""
    is_bad = error.exit_code is ExitCode.BAD_INPUT
    # A fault of the file as a whole, such as that it is not there, is the only one, and says itself what to do.
    whole = [each.problem for each in error.problems if not each.line] if isinstance(error, TenantFileError) else []
    next_move = error.next_move or (whole[0].next_move if whole else "")
    return Row(
        tenant=file.name.removesuffix(".yaml"),
        file=str(file),
        state=BAD_FILE if is_bad else State.UNKNOWN.value,
        why=f"{first}{more}",
        proof="",
        proved=None,
        next_move=next_move or f"mend it; python scripts/status.py {paste(file)} tells all that is wrong",
        handed_over="",
        exceptions=(),
        urgency=Urgency.NOW,
        exit_code=error.exit_code,
        problems=problems,
    )


def make_row(tenant: Tenant, record: Record, today: date) -> Row:
    """Return a tenant's row by its file and its evidence."""
    sheet = make_sheet(tenant, record)
    standing = sheet.standing
    exceptions = tuple(_exception(each.rule, each.until, each.reason, today) for each in tenant.review_exceptions)
    why, next_move, exit_code = standing.why, standing.next_move, standing.exit_code
    proof = None if sheet.is_rehearsal else standing.proof
    if standing.state is State.SEALED and tenant.account.sealed_on is None:
        next_move = (
            f"put sealed_on: {standing.proof.mark.time:%Y-%m-%d} under account in the tenant file"
            if standing.proof
            else next_move
        )
    elif standing.state is State.NOT_BEGUN and tenant.account.sealed_on is not None:
        why = f"sealed on {tenant.account.sealed_on} by the tenant file, and its evidence is not in {tenant.evidence}"
        next_move = "bring its evidence back; python scripts/close.py --guard looks at the tenant itself"
        exit_code = ExitCode.COULD_NOT_TELL
    elif standing.state is State.SEALED and not sheet.is_complete:
        next_move = f"hand over: python scripts/handover.py {tenant.pasted}"
    return Row(
        tenant=tenant.name,
        file=str(tenant.file),
        state=standing.state.value,
        why=why if len(why) <= _LONGEST_WHY else f"{why[: _LONGEST_WHY - 1]}…",
        proof=proof.what if proof else "",
        proved=proof.mark.time if proof else None,
        next_move=next_move,
        handed_over="" if sheet.not_ready or sheet.is_rehearsal else f"{sheet.confirmed} of {len(sheet.asked)}",
        exceptions=exceptions,
        urgency=_urgency(standing.state, exceptions, is_settled=tenant.account.sealed_on is not None),
        exit_code=exit_code,
    )


def _exception(rule: str, until: date, reason: str, today: date) -> ExceptionRow:
    left = (until - today).days
    if left < 0:
        state = "expired"
    elif left <= _SOON_DAYS:
        state = f"expires in {left} days" if left != 1 else "expires in 1 day"
    else:
        state = "in force"
    return ExceptionRow(rule, until, reason, state)


def _urgency(state: State, exceptions: tuple[ExceptionRow, ...], *, is_settled: bool) -> Urgency:
    if state not in GOOD and state not in {State.NOT_BEGUN, State.UNFINISHED, State.REHEARSAL}:
        return Urgency.NOW
    if state in {State.NOT_BEGUN, State.REHEARSAL} and is_settled:
        return Urgency.NOW
    if state not in GOOD or any(each.state != "in force" for each in exceptions):
        return Urgency.SOON
    return Urgency.NONE


def as_json(status: Status) -> dict[str, Any]:
    """Return the rows as JSON takes them."""
    return {
        "today": status.today.isoformat(),
        "counts": status.counts,
        "tenants": [
            {
                "tenant": row.tenant,
                "file": row.file,
                "state": row.state,
                "why": row.why,
                "proof": row.proof,
                "proved": row.proved.isoformat() if row.proved else None,
                "next": row.next_move,
                "handed_over": row.handed_over,
                "exceptions": [
                    {"rule": each.rule, "until": each.until.isoformat(), "reason": each.reason, "state": each.state}
                    for each in row.exceptions
                ],
                "urgency": row.urgency.value,
                "exit_code": int(row.exit_code),
                "problems": list(row.problems),
            }
            for row in status.rows
        ],
    }


def status_page(status: Status) -> str:
    """Return the rows as HTML."""
    return render_page("status.html.j2", status=status)


def status_text(status: Status) -> str:
    """Return the rows as Markdown."""
    return render_text("status.md.j2", status=status)


def cells(row: Row) -> tuple[str, ...]:
    """Return a row as a table in the terminal shows it, each cell with its lines.

    The next move is left out: folded into a cell, a command could not be copied.
    """
    exceptions = [f"{each.rule} until {each.until}: {each.state}" for each in row.exceptions]
    handed_over = [f"handed over: {row.handed_over}"] if row.handed_over else []
    proof = [row.proof, at(row.proved)] if row.proved else ["none"]
    found = [row.tenant], [row.state, row.why, *handed_over, *exceptions], proof
    return tuple("\n".join(map(in_one_line, lines)) for lines in found)


HEADINGS = ("tenant", "state", "last proof")
