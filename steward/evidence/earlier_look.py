"""What an application had before anybody could consent, by earlier runs, and whether what came after was looked at.

Whoever takes back what a consent brought too much asks here, since the run that saw the application first may have been
killed. Evidence is not signed: from runs that are not whole nothing is concluded, and nothing here grants anything.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from steward.errors import ExitCode, UnreadableError
from steward.evidence.invariant import MEANINGS, Meaning
from steward.evidence.runs import Run, read_runs
from steward.evidence.verification import verify
from steward.wellknown.latch import PRIVILEGED

_GRANTING = frozenset(act.__name__ for act, meanings in MEANINGS.items() if Meaning.GRANTS_ROLE in meanings)
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class EarlierLook:
    """What the runs before this one tell of one account's application.

    `granted` are the ids of what it had before the role was given for a consent, None where no run tells or none gave
    it; `is_owed` says that somebody may have consented since, and nobody has looked to the end at what came of it.
    `client_id` is the application that a run saw last, and `trouble` says why the runs do not tell.
    """

    granted: frozenset[str] | None = None
    is_owed: bool = False
    client_id: str | None = None
    trouble: str = ""


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
    placed: list[tuple[datetime, str, int, _Event]] = []
    for run in runs:
        current, at = None, run.began or _LONG_AGO
        for line in run.lines:
            content = line.content or {}
            detail = content.get("detail")
            step, verb = map(str, line.event)
            event = _Event(step, verb, detail if isinstance(detail, Mapping) else {})
            account = event.detail.get("account") if event.verb == "saw" else None
            current = account.get("object_id") if isinstance(account, Mapping) else current
            at = max(at, line.time or at)
            if current == account_id:
                placed.append((at, run.file, line.number, event))
    yield from (event for *_, event in sorted(placed, key=lambda entry: entry[:3]))


def _last_client(events: Sequence[_Event]) -> str | None:
    return next((event.client_id for event in reversed(events) if event.client_id is not None), None)


def _follow(events: Sequence[_Event], client_id: str | None) -> EarlierLook:
    granted: frozenset[str] | None = None
    may_be_consented = is_trimmed = False
    for event in events:
        look = event.look
        if look is not None and look[0] == client_id and not may_be_consented:
            # A replica that is behind may show less for a while.
            granted = look[1] | (granted or frozenset())
        if event.lets_consent:
            may_be_consented, is_trimmed = True, False
        elif (event.step, event.verb) == ("trim", "confirmed"):
            is_trimmed = True
        elif (event.step, event.verb) == ("seal", "confirmed") and is_trimmed:
            granted, may_be_consented = None, False
    if not may_be_consented:
        return EarlierLook(client_id=client_id)
    trouble = "" if granted is not None else "earlier runs let somebody consent and do not tell what was granted before"
    return EarlierLook(granted, not is_trimmed, client_id, trouble)
