"""The one place where a step's intentions become deeds: perform, look again, until nothing is left to do.

A step is confirmed when freshly read facts leave it nothing to intend; an answer alone is never believed, because a
write may be refused although it took effect, and confirmed before anybody can see it. Every reading and every deed goes
into the evidence file before the next one begins.
"""

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields, is_dataclass, replace
from datetime import UTC, datetime, timedelta
from math import inf
from types import MappingProxyType
from typing import Any

from tenacity import AsyncRetrying, RetryError, retry_if_result, stop_after_delay, wait_exponential

from steward.acts import AccountAct, AssignRole, GrantRole, GraphAct, RequestRoleSchedule, TerraformAct, TurnLatch
from steward.config.model import Tenant
from steward.consent import ConsentDesk
from steward.errors import ExitCode, FinalRefusalError, StewardError, TooEarlyError, worse
from steward.evidence import EvidenceFile
from steward.facts import Absent, Facts, StackState, Unreadable
from steward.graph import writes
from steward.graph.failures import without_request
from steward.graph.roles import require_no_privileged_role
from steward.graph.session import GraphSession
from steward.lifecycle.actions import (
    Action,
    Already,
    Blocked,
    Found,
    GraphCall,
    Invite,
    TerraformCall,
    Wait,
    could_not_tell,
)
from steward.lifecycle.first_grants import FirstGrants
from steward.lifecycle.guard_memory import NO_MEMORY, GuardMemory
from steward.lifecycle.lines import Line, Observer, in_minutes
from steward.lifecycle.reader import FactReader, StackMemory
from steward.lifecycle.reopening import Reopening
from steward.lifecycle.sightings import RoleSightings
from steward.lifecycle.step import Step
from steward.sinks.sink import Sink
from steward.terraform import Workspace
from steward.wellknown.latch import PRIVILEGED

BUDGET_SECONDS = 60.0
_MOST = 50
POLL_SECONDS = 15.0
DOUBT_SECONDS = 10.0
_FIRST_WAIT, _LONGEST_WAIT = 0.2, 8.0
_PIECE_SECONDS = 1.0
_LATE_SECONDS = 30.0
# What is not as it has to be, by the step that says so: before the work, and where it must not be overlooked.
_VERBS: Mapping[str, str] = MappingProxyType({"preflight": "missing", "guard": "alarm"})


# Parts of facts that say nothing about the decision and would fill the evidence file.
_LONG = frozenset({"permissions", "skus", "domains", "member_ids", "app_roles_offered", "scopes_offered"})


@dataclass
class StepOutcome:
    """How a step ended: confirmed when nothing was left to intend and nothing stood in its way."""

    step: str
    exit_code: ExitCode = ExitCode.WELL
    is_blocked: bool = False
    waits: Wait | None = None
    doubts: Sequence[Action] = ()
    told: set[str] = field(default_factory=set)
    refused: dict[str, tuple[str, StewardError]] = field(default_factory=dict)  # by subject: the verb and the refusal
    refused_until: dict[str, datetime] = field(default_factory=dict)  # by subject: until when it is refused
    writes: int = 0
    written: float = -inf
    facts: Facts = field(default_factory=Facts)


class Runner:
    """Performs steps for one tenant in one session."""

    def __init__(
        self,
        *,
        tenant: Tenant,
        session: GraphSession,
        workspace: Workspace | None,
        evidence: EvidenceFile | None,
        observe: Observer,
        sink: Sink | None = None,
        budget_seconds: float = BUDGET_SECONDS,
        poll_seconds: float = POLL_SECONDS,
        operators_word: asyncio.Event | None = None,
        guard_memory: GuardMemory = NO_MEMORY,
        reopening: Reopening | None = None,
        desk: ConsentDesk | None = None,
    ) -> None:
        self._tenant = tenant
        self._session = session
        self._workspace = workspace
        self._evidence = evidence
        self._observe = observe
        self._sink = sink
        self._budget_seconds = budget_seconds
        self._poll_seconds = poll_seconds
        self._operators_word = operators_word or asyncio.Event()
        self._sightings = RoleSightings()
        self._stack_memory = StackMemory()
        self._guard_memory = guard_memory
        self._reopening = reopening
        self._desk = desk
        self._first_grants = FirstGrants(tenant, evidence.path.name if evidence is not None else None)
        self._told: set[Line] = set()

    async def run(self, step: Step) -> StepOutcome:
        """Perform the step until it is confirmed, blocked, or its budget of time is used up."""
        outcome = StepOutcome(step.name)
        self._begin(step)
        self._note(step, "started", "")
        refusals: dict[str, str] = {}
        had_word = self._operators_word.is_set()
        try:
            await self._attempts()(self._pass, step, outcome, refusals)
            while (waits := outcome.waits) is not None:
                await self._sleep(step, waits)
                await self._attempts()(self._pass, step, outcome, refusals)
        except RetryError:
            for action in outcome.doubts:
                self._judge(step, action, outcome)
            unseen = {} if outcome.doubts else {step.name: "the change does not show in the tenant"}
            for subject, why in (refusals or unseen).items():
                refusal = Blocked(subject, why, "see why it was refused, then run again")
                self._judge(step, refusal, outcome)
        finally:
            if step.invites:
                await self._see_out(had_word=had_word)
        self._note(step, "blocked" if outcome.is_blocked else "confirmed", "")
        self._observe(Line(step.name, "blocked" if outcome.is_blocked else "confirmed", ""))
        return outcome

    async def _see_out(self, *, had_word: bool) -> None:
        """End what was opened for a person; a word given meanwhile was about this, and not about what comes next."""
        if self._desk is not None:
            await self._desk.close()
        if not had_word:
            self._operators_word.clear()

    def _begin(self, step: Step) -> None:
        """Keep of Terraform's state what the step may go by: ids, and nothing where a role is looked for."""
        if step.looks_again or not isinstance(self._stack_memory.stack, StackState):
            self._stack_memory.stack = None

    def _attempts(self) -> AsyncRetrying:
        return AsyncRetrying(
            stop=stop_after_delay(self._budget_seconds),
            wait=wait_exponential(multiplier=_FIRST_WAIT, max=_LONGEST_WAIT),
            retry=retry_if_result(lambda has_more: has_more),
        )

    async def _sleep(self, step: Step, wait: Wait) -> None:
        """Let some time pass, no more than is left; whoever gives his word, or the end that came in sleep, ends it."""
        left = self._left_of(wait)
        countdown = f"{in_minutes(left)} left"
        self._observe(Line(step.name, "waiting", wait.subject, f"{wait.reason} ({countdown})", seconds_left=left))
        slept, is_given = 0.0, self._operators_word.is_set()
        while slept < self._poll_seconds and self._left_of(wait) > 0 and self._operators_word.is_set() is is_given:
            # In short pieces, each followed by a look at the clock: a timer stands still while the machine sleeps.
            piece = min(_PIECE_SECONDS, self._poll_seconds - slept)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._word_or_never(is_given=is_given), piece)
            slept += piece
            if self._desk is not None and self._desk.has_news():
                return

    async def _word_or_never(self, *, is_given: bool) -> None:
        await (asyncio.Event() if is_given else self._operators_word).wait()

    def _left_of(self, wait: Wait) -> float:
        """Return the seconds until a wait's end, by the tenant's clock or this machine's, whichever is ahead."""
        return (wait.until - self._now()).total_seconds()

    def _now(self) -> datetime:
        return max(self._session.now(), datetime.now(UTC))

    async def preview(self, step: Step) -> StepOutcome:
        """Show what the step would do now, and do nothing."""
        outcome = StepOutcome(step.name)
        self._begin(step)
        outcome.facts = await self._read(step)
        for action in step.decide(outcome.facts, self._tenant):
            if isinstance(action, GraphCall | TerraformCall):
                outcome.writes += 1
                self._observe(Line(step.name, "would", f"have {action.verb} {action.subject}"))
            elif isinstance(action, Wait) and not action.is_for_somebody:
                self._observe(Line(step.name, "would", f"wait for {action.subject}", action.reason))
            else:
                self._judge(step, action, outcome)
        return outcome

    async def _pass(self, step: Step, outcome: StepOutcome, refusals: dict[str, str]) -> bool:
        """Read, decide and perform once; return whether another look is needed."""
        before = len(self._session.answers)
        waited, outcome.waits, outcome.doubts = outcome.waits, None, ()
        try:
            async with asyncio.timeout(self._time_to_read(waited)):
                outcome.facts = await self._read(step)
        except TimeoutError:
            subject = waited.subject if waited is not None else step.name
            self._judge(step, could_not_tell(subject, "the time for it is over, and a read has not ended"), outcome)
            return False
        actions = list(step.decide(outcome.facts, self._tenant))
        self._note(step, "saw", "", summarize(outcome.facts, step.reads), since=before)
        calls = [action for action in actions if isinstance(action, GraphCall | TerraformCall | Invite)]
        self._tell_refused(step, actions, outcome)
        refusals.clear()
        for call in calls:
            if not await self._perform(step, call, outcome, refusals):
                return False
        if calls:
            outcome.waits = self._too_early(outcome)
            return outcome.waits is None
        is_doubtful = step.looks_again and time.monotonic() - outcome.written < DOUBT_SECONDS
        if is_doubtful and any(isinstance(action, Blocked) for action in actions):
            outcome.doubts = actions
            return True
        if waited is not None and self._left_of(waited) > 0 and _could_not_tell(actions):
            # The wait has its own end; a read that fails meanwhile is tried again and sends nobody away.
            for action in actions:
                if isinstance(action, Blocked):
                    self._observe(Line(step.name, "unreadable", action.subject, action.why))
            outcome.waits = waited
            return False
        for action in actions:
            self._judge(step, action, outcome)
        return False

    async def _invite(self, step: Step, invite: Invite) -> bool:
        """Send a person to the page; return that it makes sense to look again."""
        if self._desk is None:
            raise ValueError("somebody is to be invited, and there is nothing to invite to")
        self._first_grants.let_consent(self._now())
        invitation = await self._desk.invite(invite.client_id, self._now)
        where = "none" if invitation.port is None else f"localhost:{invitation.port}"
        self._note(step, "invited", invite.subject, {"listener": where, "browser_opened": invitation.is_opened})
        if invitation.trouble:
            self._observe(Line(step.name, "unheard", "the page's answer", invitation.trouble))
        self._observe(Line(step.name, "invited", invite.subject, invite.instructions))
        opened = "opened in the browser" if invitation.is_opened else "to be opened"
        self._observe(Line(step.name, "address", opened, invitation.address))
        return True

    def _time_to_read(self, waited: Wait | None) -> float | None:
        """Return the seconds that reading may take: whatever Graph puts off, nobody is waited for far beyond it."""
        if waited is None or not waited.is_for_somebody:
            return None
        return max(0.0, self._left_of(waited)) + _LATE_SECONDS

    def _too_early(self, outcome: StepOutcome) -> Wait | None:
        """Return what is waited for when something was refused that time alone will grant."""
        for subject, (_, error) in outcome.refused.items():
            if isinstance(error, TooEarlyError):
                until = outcome.refused_until.setdefault(subject, self._now() + timedelta(seconds=error.seconds))
                why = "not taken back yet, since Entra ID refuses to for 5 minutes"
                wait = Wait(subject, why, until, is_for_somebody=False)
                return wait if self._left_of(wait) > 0 else None
        return None

    async def _read(self, step: Step) -> Facts:
        reader = FactReader(
            self._session,
            self._workspace,
            self._tenant,
            self._sightings,
            memory=self._stack_memory,
            guard_memory=self._guard_memory,
            is_glance=step.is_glance,
            operators_word=self._operators_word,
            sink=self._sink,
            reopening=self._reopening,
            desk=self._desk,
            first_grants=self._first_grants,
        )
        return await reader.read(step.reads)

    async def _perform(
        self,
        step: Step,
        call: GraphCall | TerraformCall | Invite,
        outcome: StepOutcome,
        refusals: dict[str, str],
    ) -> bool:
        """Perform one call; return whether it makes sense to look again and go on."""
        if isinstance(call, Invite):
            return await self._invite(step, call)
        if step.needs_no_role and isinstance(call.act, AccountAct):
            try:
                await require_no_privileged_role(self._session, call.act.user_id)
            except FinalRefusalError as error:
                self._judge(step, Blocked(call.subject, f"{error.what}: {error.why}", error.next_move), outcome)
                return False
        if isinstance(call, GraphCall) and call.finding:
            # Whatever becomes of the call, it should not have been necessary.
            next_move = "it is taken back; find out who asks for it, or declare it in the tenant file"
            self._judge(step, Found(call.subject, call.finding, next_move), outcome)
        act = {"act": type(call.act).__name__, **_short(call.act)}
        self._note(step, "intends", call.subject, act)
        if _grants(call.act) and (self._evidence is None or self._evidence.failure):
            why = self._evidence.failure if self._evidence else "there is no place for it"
            why = f"no role is granted of which no evidence can be kept: {why}"
            next_move = "mend the disk, or the folder under evidence in the tenant file; then run again"
            self._judge(step, Blocked(call.subject, why, next_move), outcome)
            return False
        before = len(self._session.answers)
        outcome.writes += 1
        outcome.written = time.monotonic()
        self._take_note(call.act)
        try:
            if isinstance(call, GraphCall):
                await writes.perform(self._session, call.act, self._sink)
            elif self._workspace is None:
                raise FinalRefusalError("Terraform is not asked here", next_move="run post_apply")  # noqa: TRY301  # told below as any other refusal is
            else:
                self._stack_memory.stack = None
                await self._workspace.perform(call.act)
        except FinalRefusalError as error:
            self._note(step, "refused", call.subject, {"why": f"{error.what}: {error.why}"}, since=before)
            self._judge(step, Blocked(call.subject, f"{error.what}: {error.why}", error.next_move), outcome)
            return False
        except StewardError as error:
            why = f"{error.what}: {error.why}"
            refusals[call.subject] = why
            self._note(step, "refused", call.subject, {"why": why}, since=before)
            outcome.refused[call.subject] = (call.verb, error)
            return True
        self._note(step, call.verb, call.subject, since=before)
        self._observe(Line(step.name, call.verb, call.subject))
        return True

    def _take_note(self, act: GraphAct | TerraformAct) -> None:
        """Have what the run remembers know of a deed before it is done: nobody can tell later that it was not."""
        self._sightings.note(act)
        if _grants(act):
            self._first_grants.let_consent(self._now())

    def _tell_refused(self, step: Step, actions: Sequence[Action], outcome: StepOutcome) -> None:
        """Tell of refusals once another look shows which they were: a write may be refused and take effect."""
        still_wanted = {action.subject for action in actions if isinstance(action, GraphCall | TerraformCall)}
        # Where something stands in the way or could not be read, nothing is known to be done.
        is_clear = not any(isinstance(action, Blocked) for action in actions)
        for subject, (verb, error) in outcome.refused.items():
            why = f"{error.what}: {error.why}"
            if is_clear and subject not in still_wanted:
                self._note(step, verb, subject, {"although": why})
                self._observe(Line(step.name, verb, subject, f"it is done, although the answer was: {why}"))
            elif (told := f"{subject}: {without_request(why)}") not in outcome.told:
                outcome.told.add(told)
                self._observe(Line(step.name, "refused", subject, why, error.next_move))
        outcome.refused.clear()

    def _judge(self, step: Step, action: Action, outcome: StepOutcome) -> None:
        match action:
            case Already():
                line = Line(step.name, "already", action.subject, action.reason)
            case Found():
                outcome.exit_code = worse(outcome.exit_code, ExitCode.FINDINGS)
                line = Line(step.name, "found", action.subject, action.why, action.next_move)
            case Blocked():
                outcome.exit_code = worse(outcome.exit_code, action.exit_code)
                outcome.is_blocked = True
                verb = "unreadable" if action.exit_code is ExitCode.COULD_NOT_TELL else _VERBS.get(step.name, "amiss")
                line = Line(step.name, verb, action.subject, action.why, action.next_move)
            case Wait():
                outcome.waits = action
                return
            case _:
                return
        settled = {"is_settled": True} if isinstance(action, Already) and action.is_settled else {}
        self._note(step, line.verb, line.subject, {"why": line.reason, **settled})
        if isinstance(action, Already) or not self._has_told(line):
            self._observe(line)

    def _has_told(self, line: Line) -> bool:
        """Return whether the step told exactly this before: one read that fails is met again wherever it is needed."""
        told = replace(line, reason=without_request(line.reason))
        has_told = told in self._told
        self._told.add(told)
        return has_told

    def _note(
        self,
        step: Step,
        verb: str,
        subject: str,
        detail: Mapping[str, Any] | None = None,
        *,
        since: int | None = None,
    ) -> None:
        """Write a line of evidence, with Graph's answers from number `since` on."""
        if self._evidence is not None:
            answers = [] if since is None else [asdict(answer) for answer in self._session.answers[since:]]
            self._evidence.record(step.name, verb, subject, detail, answers)


def _could_not_tell(actions: Sequence[Action]) -> bool:
    """Return whether all that stands in the way is that something could not be read."""
    blocked = [action for action in actions if isinstance(action, Blocked)]
    return bool(blocked) and all(action.exit_code is ExitCode.COULD_NOT_TELL for action in blocked)


def _grants(act: GraphAct | TerraformAct) -> bool:
    """Return whether an act gives the account a privileged role."""
    return isinstance(act, AssignRole | RequestRoleSchedule | GrantRole) or (
        isinstance(act, TurnLatch) and act.phase == PRIVILEGED
    )


def summarize(facts: Facts, names: Iterable[str]) -> dict[str, Any]:
    """Return in short what was seen: enough to understand the decision, and no lists of strangers."""
    return {name: _short(getattr(facts, name)) for name in names}


def _short(reading: Any) -> Any:
    shown: Any = reading
    match reading:
        case Absent():
            shown = "absent"
        case Unreadable():
            shown = f"unreadable: {reading.why}"
        case datetime():
            shown = reading.isoformat()
        case frozenset():
            shown = sorted(reading)
        case tuple():
            shown = [_short(entry) for entry in reading[:_MOST]]
            shown += [f"and {len(reading) - _MOST} more"] if len(reading) > _MOST else []
        case Mapping():
            shown = {key: _short(value) for key, value in reading.items()}
        case _ if is_dataclass(reading):
            parts = [part.name for part in fields(reading) if part.name not in _LONG]
            shown = {name: _short(getattr(reading, name)) for name in parts}
    return shown
