"""Credentials never change hands while a privileged role is held: looked for in what runs saw and did.

The lines of all runs of a tenant come in, in any order; out comes every line that breaks the rule, none when it was
kept. `scripts/verify_evidence.py` and the rehearsal ask.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum, auto
from typing import Any

from steward import acts
from steward.errors import ExitCode
from steward.wellknown.latch import PRIVILEGED
from steward.wellknown.roles import is_privileged_role

Lines = Sequence[Mapping[str, Any]]


class Meaning(Enum):
    """What an act does to the two things that must not meet."""

    GRANTS_ROLE = auto()
    CHANGES_PASSWORD = auto()
    ISSUES_PASS = auto()
    ENABLES = auto()
    DISABLES = auto()
    HARMLESS = auto()


# Every act has its line here, so that a new one is judged by whoever adds it.
MEANINGS: Mapping[type[acts.GraphAct | acts.TerraformAct], frozenset[Meaning]] = {
    acts.RemoveRoleAssignment: frozenset({Meaning.HARMLESS}),
    acts.RemoveRoleMember: frozenset({Meaning.HARMLESS}),
    acts.RequestRoleSchedule: frozenset({Meaning.GRANTS_ROLE}),
    acts.AssignRole: frozenset({Meaning.GRANTS_ROLE}),
    acts.EndRoleSchedule: frozenset({Meaning.HARMLESS}),
    acts.DisableAccount: frozenset({Meaning.DISABLES}),
    acts.EndSessions: frozenset({Meaning.HARMLESS}),
    acts.EnableAccount: frozenset({Meaning.ENABLES}),
    acts.IssuePass: frozenset({Meaning.ISSUES_PASS}),
    acts.DeletePass: frozenset({Meaning.HARMLESS}),
    acts.DeliverPassword: frozenset({Meaning.CHANGES_PASSWORD, Meaning.ENABLES}),
    acts.ReplacePassword: frozenset({Meaning.CHANGES_PASSWORD}),
    acts.AssignLicence: frozenset({Meaning.HARMLESS}),
    acts.GrantAppRole: frozenset({Meaning.HARMLESS}),
    acts.CreateDelegatedGrant: frozenset({Meaning.HARMLESS}),
    acts.SetDelegatedScopes: frozenset({Meaning.HARMLESS}),
    acts.RevokeAppRole: frozenset({Meaning.HARMLESS}),
    acts.DeleteDelegatedGrant: frozenset({Meaning.HARMLESS}),
    # About applications of ours, which are no account that anybody is to be kept out of.
    acts.RegisterApplication: frozenset({Meaning.HARMLESS}),
    acts.CreatePrincipal: frozenset({Meaning.HARMLESS}),
    acts.DisownApplication: frozenset({Meaning.HARMLESS}),
    acts.RemoveSecret: frozenset({Meaning.HARMLESS}),
    acts.SetCertificate: frozenset({Meaning.HARMLESS}),
    acts.AddTrust: frozenset({Meaning.HARMLESS}),
    acts.RemoveTrust: frozenset({Meaning.HARMLESS}),
    acts.GiveApplicationRole: frozenset({Meaning.HARMLESS}),
    acts.DeleteApplication: frozenset({Meaning.HARMLESS}),
    # To a phase that is not privileged it grants nothing.
    acts.TurnLatch: frozenset({Meaning.GRANTS_ROLE}),
    acts.GrantRole: frozenset({Meaning.GRANTS_ROLE}),
    acts.ApplyEmptyPlan: frozenset({Meaning.HARMLESS}),
    acts.DestroyStack: frozenset({Meaning.HARMLESS}),
    acts.LeaveOut: frozenset({Meaning.HARMLESS}),
}
_BY_NAME = {act.__name__: meanings for act, meanings in MEANINGS.items()}
_NEVER = datetime.min.replace(tzinfo=UTC)
_CREDENTIALS = frozenset({Meaning.CHANGES_PASSWORD, Meaning.ISSUES_PASS, Meaning.ENABLES})

# The steps whose confirmation means that the role is gone: one empty read could be older than the grant.
_CONFIRM_ABSENCE = frozenset({"close", "guard", "verify"})


@dataclass(frozen=True)
class Breach:
    """A line by which credentials changed hands while the role was held, or, uncertain, while nobody knew."""

    file: str
    line: int
    account: str
    what: str
    held_since: str
    is_certain: bool = True

    @property
    def exit_code(self) -> ExitCode:
        """Return 1 for what is certain, 3 for what the lines do not settle."""
        return ExitCode.FINDINGS if self.is_certain else ExitCode.COULD_NOT_TELL


@dataclass(frozen=True)
class _Place:
    """A line in the order of time; what it tells was read between `since`, the line before it, and its own `time`."""

    file: str
    line: int
    time: datetime
    since: datetime
    is_last: bool
    step: str
    verb: str
    subject: str
    detail: Mapping[str, Any]

    @property
    def words(self) -> str:
        return f"{self.file}, line {self.line}"


@dataclass
class _Account:
    """What is known of one account while the lines are followed."""

    object_id: str
    held_since: str | None = None
    last_held: datetime = _NEVER
    last_absent: datetime = _NEVER
    is_known_absent: bool = False
    password_changed: str | None = None
    was_seen_disabled: bool = False
    was_seen_enabled: bool = False
    factors: set[str] | None = None
    passes: set[str] | None = None
    # Own acts whose effect was not seen before the role came: seen later, they are no news.
    expected: set[Meaning] = field(default_factory=set)
    # Acts that were intended and not answered, by run and subject.
    under_way: dict[tuple[str, str], _Place] = field(default_factory=dict)

    def explain(self, meaning: Meaning) -> bool:
        """Take an own act as the reason of what is seen; return whether there was one."""
        is_expected = meaning in self.expected
        self.expected.discard(meaning)
        return is_expected


def find_breaches(runs: Mapping[str, Lines]) -> tuple[Breach, ...]:
    """Return every breach in the lines of a tenant's runs, by file name, as `json.loads` gives them.

    The role counts as held from its first sight, or from the moment that a grant was intended, until `close`, `guard`
    or `verify` was confirmed on a sight without it. A change that nobody of ours made counts as well, from the second
    sight on.
    """
    return tuple(_Follower().follow(_in_order(runs)))


def _in_order(runs: Mapping[str, Lines]) -> list[_Place]:
    places = []
    for file, lines in runs.items():
        since = _NEVER
        for number, line in enumerate(lines, 1):
            # Within a file the order is the lines' own; between files the clock has to do.
            time = max(since, _time_of(line) or since)
            step, verb, subject = (str(line.get(name, "")) for name in ("step", "verb", "subject"))
            found = line.get("detail")
            detail = found if isinstance(found, Mapping) else {}
            places.append(_Place(file, number, time, since, number == len(lines), step, verb, subject, detail))
            since = time
    return sorted(places, key=lambda place: (place.time, place.file, place.line))


def _time_of(line: Mapping[str, Any]) -> datetime | None:
    try:
        time = datetime.fromisoformat(line["time"])
    except (KeyError, TypeError, ValueError):
        return None
    return time if time.tzinfo is not None else time.replace(tzinfo=UTC)


class _Follower:
    """Follows the lines of all runs in the order of time."""

    def __init__(self) -> None:
        self._accounts: dict[str, _Account] = {}
        self._last_seen = ""  # the account that acts without an account's id are about
        self._sights: dict[tuple[str, str], tuple[_Account, _Place]] = {}  # by run and step, the latest

    def follow(self, places: Sequence[_Place]) -> Iterator[Breach]:
        for place in places:
            match place.verb:
                case "saw":
                    yield from self._see(place)
                case "intends":
                    yield from self._intend(place)
                case "confirmed":
                    self._confirm(place)
            for account in self._accounts.values():
                # A run that was killed answers no more; what it had begun is not kept open for ever.
                done = [key for key in account.under_way if key[0] == place.file and _is_over(key[1], place)]
                for key in done:
                    del account.under_way[key]

    def _account(self, object_id: str) -> _Account:
        return self._accounts.setdefault(object_id, _Account(object_id))

    def _see(self, place: _Place) -> Iterator[Breach]:
        seen = place.detail.get("account")
        if isinstance(seen, Mapping) and isinstance(seen.get("object_id"), str):
            self._last_seen = seen["object_id"]
        account = self._account(self._last_seen)
        self._sights[place.file, place.step] = (account, place)
        held = find_held_role(place.detail)
        # What was read before another run had confirmed that the role is gone is older than that.
        if held and place.since >= account.last_absent:
            yield from _hold(account, place, place.since)
        elif held is False and account.held_since is None:
            account.is_known_absent = True
        if isinstance(seen, Mapping):
            yield from _see_account(account, seen, place)
        methods = place.detail.get("methods")
        if isinstance(methods, Mapping):
            yield from _see_factors(account, methods, place)
            yield from _see_passes(account, methods, place)

    def _intend(self, place: _Place) -> Iterator[Breach]:
        name = str(place.detail.get("act", ""))
        meanings = _BY_NAME.get(name)
        user_id = place.detail.get("user_id", place.detail.get("principal_id"))
        # A delegated grant has a principal of its own, and touches no account.
        account = self._account(user_id if isinstance(user_id, str) and user_id in self._accounts else self._last_seen)
        if meanings is None:
            if account.held_since:
                yield _breach(account, place, f"what {name or 'an act'} does is not known", is_certain=False)
            return
        if Meaning.GRANTS_ROLE in meanings and place.detail.get("phase", PRIVILEGED) == PRIVILEGED:
            yield from _hold(account, place, place.time)
        if Meaning.DISABLES in meanings:
            account.expected.discard(Meaning.ENABLES)
        if not meanings & _CREDENTIALS:
            return
        if account.held_since:
            yield _breach(account, place, f"{name}: {place.subject}")
        elif not account.is_known_absent:
            why = f"{name}: {place.subject}; nobody had looked whether it held a role"
            yield _breach(account, place, why, is_certain=False)
        account.expected |= meanings & _CREDENTIALS
        account.under_way[place.file, place.subject] = place

    def _confirm(self, place: _Place) -> None:
        account, sight = self._sights.get((place.file, place.step), (None, place))
        if account is None or place.step not in _CONFIRM_ABSENCE or find_held_role(sight.detail) is not False:
            return
        # A grant of another run that came after this one had looked is not confirmed away.
        if sight.since >= account.last_held:
            account.held_since, account.is_known_absent, account.last_absent = None, True, place.time


def _is_over(subject: str, place: _Place) -> bool:
    return place.is_last or (place.subject == subject and place.verb != "intends")


def _hold(account: _Account, place: _Place, at: datetime) -> Iterator[Breach]:
    account.last_held = max(account.last_held, at)
    account.is_known_absent = False
    if account.held_since is None:
        account.held_since = place.words
        for begun in account.under_way.values():
            yield _breach(account, begun, f"{begun.subject}: begun before, and not answered by then")


def _see_account(account: _Account, seen: Mapping[str, Any], place: _Place) -> Iterator[Breach]:
    changed = seen.get("password_changed")
    if isinstance(changed, str):
        # Times of one service in one form; an older one is a stale replica's.
        is_news = account.password_changed is not None and changed > account.password_changed
        if is_news and not account.explain(Meaning.CHANGES_PASSWORD) and account.held_since:
            yield _breach(account, place, f"the password was changed at {changed}")
        account.password_changed = max(account.password_changed or "", changed)
    if seen.get("is_enabled") is True:
        is_news = account.was_seen_disabled and not account.was_seen_enabled and Meaning.ENABLES not in account.expected
        if is_news and account.held_since:
            yield _breach(account, place, "the account was enabled")
        account.was_seen_enabled = True
    elif seen.get("is_enabled") is False:
        account.was_seen_disabled = True
        # While the role is held, replicas that disagree would look like somebody who enables it again and again.
        account.was_seen_enabled = account.was_seen_enabled and account.held_since is not None


def _see_factors(account: _Account, methods: Mapping[str, Any], place: _Place) -> Iterator[Breach]:
    factors = {entry for entry in _entries(methods, "second_factors") if isinstance(entry, str)}
    new = factors - account.factors if account.factors is not None else set()
    if new and account.held_since:
        yield _breach(account, place, f"a factor was registered: {', '.join(sorted(new))}")
    account.factors = (account.factors or set()) | factors


def _see_passes(account: _Account, methods: Mapping[str, Any], place: _Place) -> Iterator[Breach]:
    entries = [entry for entry in _entries(methods, "passes") if isinstance(entry, Mapping)]
    passes = {entry["pass_id"] for entry in entries if isinstance(entry.get("pass_id"), str)}
    new = passes - account.passes if account.passes is not None else set()
    for pass_id in sorted(new):
        if not account.explain(Meaning.ISSUES_PASS) and account.held_since:
            yield _breach(account, place, f"a pass was issued: {pass_id}")
    account.passes = (account.passes or set()) | passes


def _breach(account: _Account, place: _Place, what: str, *, is_certain: bool = True) -> Breach:
    return Breach(place.file, place.line, account.object_id, what, account.held_since or "", is_certain)


def find_held_role(detail: Mapping[str, Any]) -> bool | None:
    """Return whether what a line saw has a privileged role; None when it was not looked for, or not everywhere."""
    roles = detail.get("roles")
    if not isinstance(roles, Mapping) or not isinstance(roles.get("held"), list):
        return None
    held = _entries(roles, "held")
    if any(isinstance(entry, Mapping) and is_privileged_role(str(entry.get("role_template_id"))) for entry in held):
        return True
    # An assignment that was there and that no read shows may be a stale replica's.
    is_whole = roles.get("unreadable") == [] and not roles.get("unseen") and all(isinstance(e, Mapping) for e in held)
    return False if is_whole else None


def _entries(parent: Mapping[str, Any], name: str) -> list[Any]:
    found = parent.get(name)
    return found if isinstance(found, list) else []
