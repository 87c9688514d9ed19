"""What an application had before anybody could consent, by earlier runs, and whether what came after was looked at.

Whoever takes back what a consent brought too much asks here, since the run that saw the application first may have been
killed. Evidence is not signed: from runs that are not whole nothing is concluded, and nothing here grants anything.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from steward.errors import ExitCode, UnreadableError
from steward.evidence.invariant import MEANINGS, Meaning
from steward.evidence.runs import Run, read_runs
from steward.evidence.verification import verify
from steward.wellknown.latch import PRIVILEGED

_GRANTING = frozenset(act.__name__ for act, meanings in MEANINGS.items() if Meaning.GRANTS_ROLE in meanings)
_LONG_AGO = datetime.min.replace(tzinfo=UTC)
# A replica may be behind, so that what one look shows is not all there is. It is the pause between two reads for which
# the azuread provider waits after its own writes (consistency.go, read November 2026); nowhere is a time promised.
LOOKS_APART = timedelta(seconds=5)


@dataclass(frozen=True)
class EarlierLook:
    """What the runs before this one tell of one account's application.

    `granted` are the ids of what it had before the role was given for a consent, None where no run tells or none gave
    it; `is_owed` says that somebody may have consented since, and nobody has looked to the end at what came of it.
    `let_at` is when somebody was last let do so, `client_id` the application that a run saw last, and `trouble` says
    why the runs do not tell.
    """

    granted: frozenset[str] | None = None
    is_owed: bool = False
    client_id: str | None = None
    trouble: str = ""
    let_at: datetime | None = None


def find_earlier_look(
    folder: Path, *, account_id: str, tenant_id: str, client_id: str | None = None, but_for: str | None = None
) -> EarlierLook:
    """Return what the folder's runs tell, `but_for` the file of the run that asks; without an id, of the last one seen.

    One life of a tenant ends where it is sealed after what the consent brought was looked at.
    """
    try:
        runs = read_runs(folder)
    except UnreadableError as error:
        return EarlierLook(is_owed=True, trouble=f"{error.what}: {error.why}")
    earlier = [run for run in runs if run.file != but_for]
    if not earlier:
        return EarlierLook()
    doubtful = [
        remark
        for remark in verify(folder, tenant_id=tenant_id, runs=runs).remarks
        if remark.exit_code is not ExitCode.WELL and remark.file != but_for
    ]
    if doubtful:
        return EarlierLook(is_owed=True, trouble=f"the evidence is not whole ({doubtful[0].file}: {doubtful[0].what})")
    events = list(_events(earlier, account_id))
    wanted = client_id or _last_client(events)
    return _follow(events, wanted)


@dataclass(frozen=True)
class _Event:
    """A line that is about the account."""

    at: datetime
    step: str
    verb: str
    detail: Mapping[str, Any]

    @property
    def lets_consent(self) -> bool:
        """Return whether after it somebody may have consented: the role was on its way, or a person was invited."""
        if self.verb == "intends" and str(self.detail.get("act")) in _GRANTING:
            return bool(self.detail.get("phase", PRIVILEGED) == PRIVILEGED)
        return (self.step, self.verb) == ("consent", "invited")

    @property
    def is_settled(self) -> bool:
        """Return whether a trim says that nothing is left of what a consent brought too much.

        That a trim has ended says nothing: it keeps no closing from its end, whatever it could not look at.
        """
        return (self.step, self.verb, self.detail.get("is_settled")) == ("trim", "already", True)

    @property
    def look(self) -> tuple[str, frozenset[str]] | None:
        """Return the application that was looked at, and the ids of what counted as granted before."""
        before = self.detail.get("granted_before") if self.verb == "saw" else None
        if not isinstance(before, Mapping):
            return None
        client_id, ids = before.get("client_id"), before.get("ids")
        if not isinstance(client_id, str) or not isinstance(ids, list):
            return None
        return client_id, frozenset(str(entry) for entry in ids)

    @property
    def client_id(self) -> str | None:
        """Return the application that Terraform's state or the look names."""
        stack = self.detail.get("stack") if self.verb == "saw" else None
        named = stack.get("application_client_id") if isinstance(stack, Mapping) else None
        if isinstance(named, str):
            return named
        return self.look[0] if self.look is not None else None


def _events(runs: Sequence[Run], account_id: str) -> Iterator[_Event]:
    """Yield the lines about the account in the order of time; a line is about the account that its run saw last."""
    placed: list[tuple[str, int, _Event]] = []
    for run in runs:
        current, at = None, run.began or _LONG_AGO
        for line in run.lines:
            content = line.content or {}
            detail = content.get("detail")
            step, verb = map(str, line.event)
            at = max(at, line.time or at)
            event = _Event(at, step, verb, detail if isinstance(detail, Mapping) else {})
            account = line.account
            current = account.get("object_id") if account is not None else current
            if current == account_id:
                placed.append((run.file, line.number, event))
    yield from (event for *_, event in sorted(placed, key=lambda entry: (entry[2].at, *entry[:2])))


def _last_client(events: Sequence[_Event]) -> str | None:
    return next((event.client_id for event in reversed(events) if event.client_id is not None), None)


@dataclass
class _Life:
    """One life of a tenant as its events tell it, from the first look until it is sealed after a settled trim."""

    granted: frozenset[str] | None = None
    first_look: datetime | None = None
    last_look: datetime | None = None
    let_at: datetime | None = None
    has_guard_closed: bool = False
    is_closed: bool = False
    is_settled: bool = False

    def note(self, event: _Event, client_id: str | None) -> None:
        look = event.look
        if look is not None and look[0] == client_id and self.let_at is None:
            # A replica that is behind may show less for a while.
            self.granted = look[1] | (self.granted or frozenset())
            self.first_look, self.last_look = self.first_look or event.at, event.at
        match event.step, event.verb:
            case _ if event.lets_consent:
                self.let_at = event.at
                self.has_guard_closed = self.is_closed = self.is_settled = False
            case "guard", "intends":
                self.has_guard_closed = True
            case ("close", "confirmed"):
                self.is_closed = True
            case ("guard", "confirmed"):
                # One that leaves a window to its end is confirmed as well.
                self.is_closed = self.is_closed or self.has_guard_closed
            case _ if event.is_settled:
                # While the role is held, somebody may consent still.
                self.is_settled = self.is_closed

    def explain(self) -> str:
        """Return why it does not tell what was granted before; nothing where it does."""
        if self.first_look is None or self.last_look is None:
            return "earlier runs let somebody consent and do not tell what was granted before"
        if self.last_look - self.first_look < LOOKS_APART:
            return "earlier runs let somebody consent after one look at what was granted before, which may not be all"
        return ""


def _follow(events: Sequence[_Event], client_id: str | None) -> EarlierLook:
    life = _Life()
    for event in events:
        life.note(event, client_id)
        if (event.step, event.verb) == ("seal", "confirmed") and life.is_settled:
            life = _Life()
    if life.let_at is None:
        return EarlierLook(client_id=client_id)
    trouble = life.explain()
    return EarlierLook(None if trouble else life.granted, not life.is_settled, client_id, trouble, life.let_at)
