"""Where a tenant stands in the life of its account, by its evidence: a state, its last proof, the next move.

The state is what the last lines show, and no more: what was changed since by somebody else shows at the next look. With
the tenant's file, what was verified has to be what it says today. A record that is not whole has no state, because
nothing in it can be relied on.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from steward.config.model import Tenant
from steward.errors import ExitCode
from steward.evidence.invariant import find_held_role
from steward.evidence.origin import Origin, find_origin
from steward.papers.agreement import find_disagreement, find_disagreement_of_retired, is_of_file
from steward.papers.life import Life, follow
from steward.papers.record import ABSENT, Entry, Mark, Record, mapping, moment, text
from steward.papers.unsettled import find_findings, find_unsettled
from steward.papers.words import at, count
from steward.wellknown.latch import SEALED


class State(StrEnum):
    """Where a tenant stands; the words are those that papers show."""

    TAMPERED = "evidence not whole"
    BREACH = "credentials changed while privileged"
    PRIVILEGED = "holds a privileged role"
    FINDINGS = "findings"
    UNKNOWN = "could not tell"
    REHEARSAL = "rehearsal"
    NOT_BEGUN = "not begun"
    UNFINISHED = "unfinished"
    SEALED = "sealed"
    RETIRED = "retired"


# From the worst to the best, as a page over many tenants lists them.
ORDER: tuple[State, ...] = tuple(State)
GOOD = frozenset({State.SEALED, State.RETIRED})
# What is so at a tenant whatever provider ran there.
_CERTAIN = frozenset({State.BREACH, State.PRIVILEGED, State.FINDINGS})
# Each rehearsal has a port of its own.
_LISTED = 3


@dataclass(frozen=True)
class Proof:
    """What proved something last: what it says, and where it stands."""

    what: str
    mark: Mark


@dataclass(frozen=True)
class Standing:
    """A tenant's state with its reasons; `lives` are those that it was judged by.

    `rehearsed` is where a rehearsal got to, and None for a tenant's own evidence.
    """

    state: State
    why: str
    next_move: str
    proof: Proof | None
    lives: tuple[Life, ...]
    rehearsed: State | None = None

    @property
    def reached(self) -> State:
        """Return where the life of the account has got to, at a tenant or in a rehearsal."""
        return self.rehearsed or self.state

    @property
    def exit_code(self) -> ExitCode:
        """Return 0 for what is as it should be or was never begun, 3 for what cannot be told, 1 for the rest."""
        if self.state in GOOD or self.state is State.NOT_BEGUN:
            return ExitCode.WELL
        return ExitCode.COULD_NOT_TELL if self.state is State.UNKNOWN else ExitCode.FINDINGS


def judge(record: Record, tenant: Tenant | None = None, *, file: str = "<tenant file>") -> Standing:
    """Return where the tenant stands; `file` is the tenant file as a command names it.

    Without `tenant` the record is judged alone, and says nothing of what a file asks for.
    """
    lives = follow(record)
    proof = find_proof(record, tenant)
    state, why, next_move = _judge(record, lives, tenant, file)
    verification = record.verification
    is_at_tenant = verification.has_touched_tenant and state in _CERTAIN
    is_rehearsal = verification.is_rehearsal or (state in GOOD and _is_proved_by_another_provider(record, state))
    if state is State.TAMPERED and verification.is_rehearsal and not verification.has_touched_tenant:
        # As far as changed lines can say what they come from.
        return Standing(state, f"by its own word a rehearsal's; {why}", next_move, proof, lives, state)
    if is_rehearsal and state is not State.TAMPERED and not is_at_tenant:
        told = f"it ran against {_places(verification.ran_against)}, and proves nothing of a tenant"
        on = "nothing more here" if state in GOOD else f"in the rehearsal {next_move}"
        next_move = f"{on}; what proves something runs against the tenant itself"
        return Standing(State.REHEARSAL, f"{told}; in it: {state}, {why}", next_move, proof, lives, state)
    if verification.left_out:
        why += (
            f"; {count(verification.left_out, 'run of a rehearsal lies', 'runs of a rehearsal lie')} here, not counted"
        )
    return Standing(state, why, next_move, proof, lives)


def _is_proved_by_another_provider(record: Record, state: State) -> bool:
    """Return whether the run that a good state rests on was one with another provider, whatever ran before it."""
    proved = record.last("remains" if state is State.RETIRED else "verify", "confirmed")
    return any(
        proved is not None and run.file == proved.mark.file and find_origin(run) is Origin.OTHER_PROVIDER
        for run in record.runs
    )


def _places(ran_against: tuple[str, ...]) -> str:
    # Who used no provider, as a person's word does, ran where the others did.
    named = [place for place in ran_against if not any(each.startswith(f"{place} with ") for each in ran_against)]
    more = len(named) - _LISTED
    return "; ".join([*named[:_LISTED], *([f"{more} more"] if more > 0 else [])])


def find_proof(record: Record, tenant: Tenant | None = None) -> Proof | None:
    """Return the last line by which an absence of privileged roles was confirmed, by verify, close or the guard.

    What was confirmed of another account than the one that was seen last, or than the tenant file's, is no proof.
    """
    last = record.last_sight("account")
    if tenant is not None and last is not None and not is_of_file(last[1], tenant):
        return None
    account_id = text(last[1], "object_id") if last is not None else ""
    sight: dict[tuple[str, str], bool | None] = {}
    found: Proof | None = None
    for entry in record.entries:
        key = entry.mark.file, entry.step
        if entry.verb == "saw":
            is_same = text(mapping(entry.detail, "account"), "object_id") in {"", account_id}
            sight[key] = find_held_role(entry.detail) if is_same else None
        elif entry.verb == "confirmed" and sight.get(key) is False and entry.step in _PROOFS:
            found = Proof(_PROOFS[entry.step], entry.mark)
    return found


_PROOFS = {
    "verify": "verified: no privileged role by any path",
    "close": "closed: no privileged role by any path",
    "guard": "guarded: no privileged role by any path",
}


def _judge(record: Record, lives: tuple[Life, ...], tenant: Tenant | None, file: str) -> tuple[State, str, str]:
    remarks = [remark for remark in record.verification.remarks if remark.exit_code is ExitCode.FINDINGS]
    if remarks:
        return (
            State.TAMPERED,
            remarks[0].told,
            f"python scripts/verify_evidence.py {file}; then ask who could write to the folder",
        )
    breaches = [breach for breach in record.verification.breaches if breach.is_certain]
    if breaches:
        first_breach = breaches[0]
        return (
            State.BREACH,
            f"{first_breach.file}, line {first_breach.line}: {first_breach.what}",
            f"python scripts/close.py {file}; then look at the tenant's audit log for that time",
        )
    if not record.entries:
        return State.NOT_BEGUN, "there is no evidence of any run", f"python scripts/preflight.py {file}"
    holding = [life for life in lives if life.held and life.held[-1].ends is None]
    if holding:
        return _judge_holding(record, holding[0], file)
    if record.verification.exit_code is ExitCode.COULD_NOT_TELL:
        again = f"python scripts/post_apply.py {file}, once no run is under way any more"
        unclear = [
            (remark.told, remark.next_move or again)
            for remark in record.verification.remarks
            if remark.exit_code is not ExitCode.WELL
        ]
        unclear += [
            (f"{breach.file}, line {breach.line}: {breach.what}", again) for breach in record.verification.breaches
        ]
        return State.UNKNOWN, *unclear[0]
    return _judge_course(record, lives, tenant, file)


def _judge_holding(record: Record, life: Life, file: str) -> tuple[State, str, str]:
    since = f"{life.held[-1].begins:%Y-%m-%d %H:%M:%S} UTC"
    ends = _window_end(record, life)
    why = f"{life.login}, not before {since}; no later look shows it gone"
    why += f"; its window ends {ends:%Y-%m-%d %H:%M} UTC" if ends is not None else ""
    close = f"python scripts/close.py {file}"
    going_on = _find_going_on(record, life)
    if going_on is not None:
        why += f"; a run goes on, or was killed: its last line is of {at(going_on.time)}"
        if ends is not None:
            wait = f"wait until {ends:%Y-%m-%d %H:%M} UTC at most, since the run closes it"
            return State.PRIVILEGED, why, f"{wait}; {close}, if nobody knows of the run, or it is later"
    return State.PRIVILEGED, why, close


def _judge_course(record: Record, lives: tuple[Life, ...], tenant: Tenant | None, file: str) -> tuple[State, str, str]:
    post_apply = f"python scripts/post_apply.py {file}"
    retired = record.last("remains", "confirmed")
    sighted = record.last_sight("account")
    is_gone = retired is not None and (sighted is None or sighted[0].mark < retired.mark)
    if retired is not None and is_gone and not _applied_since(record, retired.mark):
        return _judge_retired(record, retired, tenant, file)
    if not lives:
        is_applied = record.last("apply", "applied") is not None
        next_move = post_apply if is_applied else f"cdktf deploy {record.name}; then {post_apply}"
        return State.UNFINISHED, "no run has seen the account", next_move
    last = _last_ended(record)
    phase = find_phase(record)
    if phase != SEALED:
        why = f"the latch is {'' if phase == ABSENT else 'at '}{phase}" if phase else "no run has read the latch"
        return State.UNFINISHED, f"{why}; {last}", post_apply
    verified = record.last("verify", "confirmed")
    if verified is None:
        return State.UNFINISHED, f"sealed, and nothing was verified since; {last}", post_apply
    return _judge_sealed(record, verified, tenant, post_apply)


def _judge_retired(record: Record, retired: Entry, tenant: Tenant | None, file: str) -> tuple[State, str, str]:
    again = f"python scripts/retire.py {file}, once that is mended"
    if found := find_findings(record, retired.mark):
        return State.FINDINGS, found.told, again if found.is_open else f"python scripts/retire.py {file}"
    if unsettled := find_unsettled(record, retired.mark):
        return State.UNFINISHED, unsettled, again
    if differs := find_disagreement_of_retired(record, retired, tenant):
        return State.UNFINISHED, differs.why, differs.next_move.format(retire=f"python scripts/retire.py {file}")
    return State.RETIRED, f"retired {retired.mark.time:%Y-%m-%d}", "remove the tenant file, or leave sealed_on in it"


def _judge_sealed(record: Record, verified: Entry, tenant: Tenant | None, post_apply: str) -> tuple[State, str, str]:
    if found := find_findings(record, verified.mark):
        anew = "once that is mended" if found.is_open else "which verifies without it; find out who asked for it"
        return State.FINDINGS, found.told, f"{post_apply}, {anew}"
    unsettled = _applied_since(record, verified.mark) or find_unsettled(record, verified.mark)
    if unsettled:
        return State.UNFINISHED, unsettled, post_apply
    if differs := find_disagreement(record, verified, tenant):
        return State.UNFINISHED, differs.why, differs.next_move.format(post_apply=post_apply)
    return State.SEALED, f"verified {verified.mark.time:%Y-%m-%d %H:%M} UTC", "none; leave the guard running"


def _window_end(record: Record, life: Life) -> datetime | None:
    """Return when the time ends for which the role was asked that is held now; an earlier window says nothing of it."""
    begun = life.held[-1].begins_by
    ends = None
    for entry in record.entries:
        if entry.verb == "saw" and entry.mark.file == begun.file:
            named = [moment(mapping(entry.detail, name).get("ends")) for name in ("window", "reopening")]
            ends = next((each for each in named if each is not None and each > begun.time), ends)
    return ends


def _find_going_on(record: Record, life: Life) -> Mark | None:
    """Return the last line of the run that gave the role, where it has neither ended nor a later one beside it."""
    last = record.entries[-1].mark
    is_open = any(run.file == last.file and not run.is_closed for run in record.runs)
    return last if is_open and life.held[-1].begins_by.file == last.file else None


def find_phase(record: Record) -> str:
    """Return the latch's phase as the last line shows it, a turn that was answered included; or that there is none."""
    phase = ""
    turning: dict[tuple[str, str], str] = {}
    for entry in record.entries:
        if entry.verb == "saw" and "stack" in entry.detail:
            stack = mapping(entry.detail, "stack")
            is_gone = stack.get("latch") == ABSENT
            phase = ABSENT if is_gone else text(mapping(stack, "latch"), "phase") or phase
        elif entry.verb == "intends" and text(entry.detail, "act") == "TurnLatch":
            turning[entry.mark.file, entry.subject] = text(entry.detail, "phase")
        elif entry.verb == "turned":
            phase = turning.get((entry.mark.file, entry.subject), phase)
    return phase


def _last_ended(record: Record) -> str:
    ended = record.last("run", "ended")
    if ended is None:
        return "no run has come to its end"
    return f"the last run that came to its end left with exit code {ended.detail.get('exit_code')}"


def _applied_since(record: Record, since: Mark) -> str:
    """Return what a later apply did; one that was refused before it was admitted did nothing."""
    admitted = {entry.mark.file for entry in record.entries if (entry.step, entry.verb) == ("apply", "admitted")}
    # One that began before may have gone on after.
    later = [
        entry
        for entry in record.entries
        if entry.step == "apply" and entry.mark.file in admitted and entry.mark.time >= since.time
    ]
    if not later:
        return ""
    last = later[-1]
    what = "a plan was applied" if last.verb == "applied" else "an apply began, and did not come to a good end"
    return f"{what} {last.mark.time:%Y-%m-%d %H:%M} UTC, and nothing was verified since"
