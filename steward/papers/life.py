"""The life of an account by what runs saw and did: when it held a privileged role, and when it could be signed in to.

Every span is the widest that the evidence allows: it begins when a grant was intended or at the last look that did not
show it yet, and ends with the removal that was answered, once a later look confirms it. So a figure says "at most".
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from steward.evidence.invariant import find_held_role
from steward.papers.record import ABSENT, Entry, Mark, Record, mapping, mappings, moment, text, texts
from steward.wellknown.sign_in_errors import INTERRUPTIONS, WORDS

_GIVE_ROLE = frozenset({"GrantRole", "AssignRole", "RequestRoleSchedule"})
_TAKE_ROLE = frozenset({"RemoveRoleAssignment", "RemoveRoleMember", "EndRoleSchedule"})
_ENABLE = frozenset({"EnableAccount", "DeliverPassword"})
_DISABLE = frozenset({"DisableAccount"})
# The steps whose confirmation means that the role is gone.
_CONFIRM_ABSENCE = frozenset({"close", "guard", "verify"})


@dataclass(frozen=True)
class Span:
    """A time for which something held at most; `ends` None means that it still does at the end of the evidence.

    `is_from_creation` says that no look came before: it is counted from the moment the account was made.
    """

    begins: datetime
    begins_by: Mark
    ends: datetime | None
    ends_by: Mark | None
    is_from_creation: bool = False

    def seconds(self, until: datetime) -> float:
        """Return how long it lasted, up to `until` where it has not ended."""
        return max(0.0, ((self.ends or until) - self.begins).total_seconds())


@dataclass(frozen=True)
class Moment:
    """Something that happened at one time: `kind` is one of a fixed few, `at` the tenant's time where it told one."""

    kind: str
    at: datetime
    what: str
    mark: Mark


@dataclass(frozen=True)
class Life:
    """What the evidence shows of one account, from its first sight to the last line."""

    account_id: str
    login: str
    first_look: Mark
    last_look: Mark
    created: datetime | None
    held: tuple[Span, ...]
    enabled: tuple[Span, ...]
    usable: tuple[Span, ...]
    moments: tuple[Moment, ...]
    paths: tuple[str, ...]

    def seconds(self, spans: Sequence[Span]) -> float:
        """Return the sum of spans' seconds; one that has not ended counts up to the last line."""
        return sum(span.seconds(self.last_look.time) for span in spans)

    @property
    def seconds_unseen(self) -> float:
        """Return the seconds between the account's creation and the first look at it."""
        if self.created is None:
            return 0.0
        return max(0.0, (self.first_look.time - self.created).total_seconds())


@dataclass
class _Track:
    """One thing that is either so or not, followed through looks at it and acts on it."""

    spans: list[Span] = field(default_factory=list)
    last_absent: Mark | None = None
    taken: Mark | None = None
    is_refused: bool = False
    is_seen: bool = False
    is_confirmed_absent: bool = False

    @property
    def is_open(self) -> bool:
        return bool(self.spans) and self.spans[-1].ends is None

    def give(self, mark: Mark) -> None:
        self.is_refused = False
        if not self.is_open:
            self._open(Span(mark.time, mark, None, None))

    def refuse(self) -> None:
        self.is_refused = True

    def take(self, mark: Mark) -> None:
        if self.is_open:
            self.taken = mark

    def see(self, mark: Mark, created: datetime | None) -> None:
        self.taken = None
        self.is_seen = True
        if self.is_open:
            return
        if self.spans and not self.is_confirmed_absent:
            # A list that was empty once may come from a replica that did not know the newest entry.
            last = self.spans.pop()
            self._reopen(last)
        elif self.last_absent is not None:
            self._open(Span(self.last_absent.time, mark, None, None))
        else:
            begins = min(created, mark.time) if created is not None else mark.time
            self._open(Span(begins, mark, None, None, is_from_creation=created is not None))
        self.is_seen = True

    def miss(self, mark: Mark) -> None:
        self.last_absent = mark
        if not self.is_open:
            return
        span = self.spans.pop()
        if self.is_refused and not self.is_seen:
            # It was asked for, refused, and never seen.
            return
        ended = self.taken or mark
        self.spans.append(Span(span.begins, span.begins_by, ended.time, ended, span.is_from_creation))
        self.taken, self.is_confirmed_absent = None, False

    def confirm(self) -> None:
        if not self.is_open:
            self.is_confirmed_absent = True

    def _open(self, span: Span) -> None:
        self.spans.append(span)
        self.taken, self.is_seen, self.is_confirmed_absent = None, False, False

    def _reopen(self, span: Span) -> None:
        self.spans.append(Span(span.begins, span.begins_by, None, None, span.is_from_creation))


@dataclass
class _Account:
    login: str
    first: Mark
    last: Mark
    created: datetime | None = None
    held: _Track = field(default_factory=_Track)
    enabled: _Track = field(default_factory=_Track)
    moments: list[Moment] = field(default_factory=list)
    factors: set[str] = field(default_factory=set)
    logged: set[tuple[datetime, str]] = field(default_factory=set)
    paths: dict[str, None] = field(default_factory=dict)


def follow(record: Record) -> tuple[Life, ...]:
    """Return the lives of the accounts that the runs saw, in the order of their first sight; usually one."""
    follower = _Follower()
    for entry in record.entries:
        follower.take(entry)
    return tuple(_life(object_id, account) for object_id, account in follower.accounts.items())


class _Follower:
    """Follows the lines of all runs in the order of time; an act without an account's id is about the one last seen."""

    def __init__(self) -> None:
        self.accounts: dict[str, _Account] = {}
        self._current: _Account | None = None
        self._under_way: dict[tuple[str, str], str] = {}

    def take(self, entry: Entry) -> None:
        if entry.verb == "saw":
            self._see(entry)
        account = self._current
        if account is None:
            return
        account.last = entry.mark
        if entry.verb == "intends":
            self._intend(entry, account)
        elif entry.verb == "confirmed" and entry.step in _CONFIRM_ABSENCE:
            account.held.confirm()
        else:
            self._answer(entry, account)

    def _see(self, entry: Entry) -> None:
        seen = mapping(entry.detail, "account")
        object_id = text(seen, "object_id")
        if object_id:
            found = self.accounts.setdefault(object_id, _Account(text(seen, "login"), entry.mark, entry.mark))
            found.login = text(seen, "login") or found.login
            found.created = found.created or moment(seen.get("created"))
            self._current = found
        account = self._current
        if account is None:
            return
        if entry.detail.get("account") == ABSENT:
            # Whoever was deleted signs in nowhere.
            seen = {"is_enabled": False}
        _see_enabled(account, seen, entry.mark)
        _see_role(account, entry)
        _see_methods(account, entry)
        _see_sign_ins(account, entry)

    def _intend(self, entry: Entry, account: _Account) -> None:
        act = text(entry.detail, "act")
        self._under_way[entry.mark.file, entry.subject] = act
        if act in _GIVE_ROLE:
            account.held.give(entry.mark)
        elif act in _ENABLE:
            account.enabled.give(entry.mark)

    def _answer(self, entry: Entry, account: _Account) -> None:
        act = self._under_way.get((entry.mark.file, entry.subject), "")
        if not act:
            return
        if entry.verb == "refused":
            for acts, track in ((_GIVE_ROLE, account.held), (_ENABLE, account.enabled)):
                if act in acts:
                    track.refuse()
            return
        if entry.verb in {"saw", "started", "confirmed", "blocked", "already", "found", "unreadable", "amiss"}:
            return
        if act in _TAKE_ROLE:
            account.held.take(entry.mark)
        elif act in _DISABLE:
            account.enabled.take(entry.mark)
        kind = _KINDS.get(act)
        if kind is not None:
            account.moments.append(Moment(kind, entry.mark.time, f"{entry.verb} {entry.subject}", entry.mark))
        del self._under_way[entry.mark.file, entry.subject]


# What a picture shows of acts, by kind; the table of acts has all of them.
_KINDS: Mapping[str, str] = {
    "GrantRole": "role",
    "AssignRole": "role",
    "RequestRoleSchedule": "role",
    "RemoveRoleAssignment": "role",
    "RemoveRoleMember": "role",
    "EndRoleSchedule": "role",
    "TurnLatch": "latch",
    "IssuePass": "credential",
    "DeletePass": "credential",
    "ReplacePassword": "credential",
    "DeliverPassword": "credential",
    "EnableAccount": "account",
    "DisableAccount": "account",
    "GrantAppRole": "consent",
    "CreateDelegatedGrant": "consent",
    "SetDelegatedScopes": "consent",
    "RevokeAppRole": "consent",
    "DeleteDelegatedGrant": "consent",
}


def _see_enabled(account: _Account, seen: Mapping[str, Any], mark: Mark) -> None:
    match seen.get("is_enabled"):
        case True:
            account.enabled.see(mark, account.created)
        case False:
            account.enabled.miss(mark)
            # One read of the account says what it is; only a list can be short of an entry.
            account.enabled.confirm()
        case _:
            return


def _see_role(account: _Account, entry: Entry) -> None:
    held = find_held_role(entry.detail)
    if held:
        account.held.see(entry.mark, account.created)
    elif held is False:
        account.held.miss(entry.mark)
    for entered in mappings(mapping(entry.detail, "roles").get("held")):
        account.paths[f"{text(entered, 'role_name')}, {text(entered, 'path')}"] = None


def _see_methods(account: _Account, entry: Entry) -> None:
    methods = mapping(entry.detail, "methods")
    factors = set(texts(methods.get("second_factors")))
    for factor in sorted(factors - account.factors):
        name = factor.removeprefix("#microsoft.graph.").removesuffix("AuthenticationMethod")
        account.moments.append(Moment("credential", entry.mark.time, f"saw a second factor: {name}", entry.mark))
    account.factors |= factors


def _see_sign_ins(account: _Account, entry: Entry) -> None:
    """Take in what the sign-in log and the audit log showed; the same entry shows at many looks."""
    one = mapping(entry.detail, "first_sign_in")
    _tell(account, entry, "sign-in", one.get("at"), f"signed in to {text(one, 'application') or 'an application'}")
    for attempt in mappings(entry.detail.get("attempts")):
        application, code = text(attempt, "application") or "an application", attempt.get("error_code")
        login = text(attempt, "login")
        whose = "" if login.casefold() == account.login.casefold() else f"{login}, who is somebody else, "
        _tell(account, entry, "sign-in", attempt.get("at"), f"{whose}{_describe_attempt(code, application)}")
    consent = mapping(entry.detail, "consent_entry")
    _tell(account, entry, "consent", consent.get("at"), f"consented in the browser: {text(consent, 'by')}")


def _describe_attempt(code: object, application: str) -> str:
    if code == 0:
        return f"signed in to {application}"
    if not isinstance(code, int):
        return f"tried to sign in to {application}; the log does not say what became of it"
    if code in INTERRUPTIONS:
        return f"came to {INTERRUPTIONS[code]}, on the way in to {application} (AADSTS{code})"
    why = f"{WORDS[code]} (AADSTS{code})" if code in WORDS else f"AADSTS{code}"
    return f"did not get in to {application}: {why}"


def _tell(account: _Account, entry: Entry, kind: str, at: object, what: str) -> None:
    time = moment(at)
    if time is not None and (time, what) not in account.logged:
        account.logged.add((time, what))
        account.moments.append(Moment(kind, time, what, entry.mark))


def _life(object_id: str, account: _Account) -> Life:
    held, enabled = tuple(account.held.spans), tuple(account.enabled.spans)
    return Life(
        account_id=object_id,
        login=account.login,
        first_look=account.first,
        last_look=account.last,
        created=account.created,
        held=held,
        enabled=enabled,
        usable=tuple(_overlaps(held, enabled)),
        moments=tuple(sorted(account.moments, key=lambda each: (each.at, each.mark))),
        paths=tuple(account.paths),
    )


def _overlaps(held: Sequence[Span], enabled: Sequence[Span]) -> Iterator[Span]:
    for role in held:
        for account in enabled:
            later = role if role.begins >= account.begins else account
            earlier = min((role, account), key=lambda span: (span.ends is None, span.ends or span.begins))
            if earlier.ends is None or later.begins < earlier.ends:
                is_from_creation = role.is_from_creation and account.is_from_creation
                yield Span(later.begins, later.begins_by, earlier.ends, earlier.ends_by, is_from_creation)
