"""What a run has seen of an account's roles, so that an absence is believed only when nothing speaks against it.

A list of role assignments may answer from a replica that does not know the newest one yet, and an empty answer looks
like a role that is gone. So an absence counts when several reads over some time agree, more of them where something
says that the role should be there. One object serves one run; the fact reader asks it.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Protocol

from steward.acts import AssignRole, EndSessions, GrantRole, GraphAct, RequestRoleSchedule, TerraformAct, TurnLatch
from steward.facts import LatchState, Reading, RoleHoldings, StackState, Unreadable, UserState
from steward.graph.session import Answer
from steward.lifecycle.privilege import is_own, privileged
from steward.wellknown.latch import PRIVILEGED

# Directories of role assignments agree after 3 reads a second apart, and those of other objects after 5 reads 5 seconds
# apart: this is how long the azuread provider reads after its writes, from years of its users' reports
# (hashicorp/terraform-provider-azuread, consistency.go, read November 2026). Nowhere is a time promised.
_AGREE, _AGREE_SECONDS = 3, 1.0
_AGREE_IN_DOUBT, _AGREE_IN_DOUBT_SECONDS = 5, 5.0
# A role may have been granted together with an account this young, and Terraform is not there to tell.
_YOUNG = timedelta(minutes=10)
_REMOVALS = ("/roleManagement/directory/roleAssignments/", "/directoryRoles/")
_REQUESTS = "/roleManagement/directory/roleAssignmentScheduleRequests"


class ReadRoles(Protocol):
    """Reads the roles of one account, with the assignments of these ids each by its id."""

    def __call__(self, assignment_ids: Iterable[str], *, with_schedules: bool) -> Awaitable[RoleHoldings]:
        """Return what the account holds."""


@dataclass
class RoleSightings:
    """The role assignments that a run saw, whether it granted one, and since when it has seen none.

    Only a removal that was answered after the last of them was seen or granted counts as one of it.
    """

    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    clock: Callable[[], float] = time.monotonic
    _seen: set[str] = field(default_factory=set)
    _has_seen: bool = False
    _absent: list[float] = field(default_factory=list)
    _is_granted_anew: bool = False
    _answers_before: int = 0

    def note(self, act: GraphAct | TerraformAct) -> None:
        """Take note of a deed: whatever was seen before it may be so no longer."""
        if not isinstance(act, EndSessions):
            self._absent.clear()
        is_grant = isinstance(act, AssignRole | GrantRole | RequestRoleSchedule)
        if is_grant or (isinstance(act, TurnLatch) and act.phase == PRIVILEGED):
            self._has_seen = self._is_granted_anew = True

    async def read(
        self,
        read: ReadRoles,
        *,
        account: UserState,
        stack: Reading[StackState],
        answers: Sequence[Answer],
        now: datetime,
        is_glance: bool = False,
    ) -> RoleHoldings:
        """Read the roles until a privileged one shows or its absence can be believed.

        `answers` are Graph's so far. A glance reads once: what it does not show while something speaks for it is told
        as unreadable.
        """
        if self._is_granted_anew:
            self._answers_before, self._is_granted_anew = len(answers), False
        removed = _removed(answers[self._answers_before :])
        known = self._seen | {
            entry.assignment_id
            for entry in (stack.role_assignments if isinstance(stack, StackState) else ())
            if entry.principal_id == account.object_id
        }
        doubt = None if removed.done else self._doubt(account, stack, now)
        first = await read(known, with_schedules=True)
        found = first
        while not self._is_believed(found, is_in_doubt=doubt is not None):
            if is_glance:
                if doubt is None:
                    break
                unseen = Unreadable("directory roles", f"none shows yet, but {doubt}")
                return replace(first, unreadable=(*first.unreadable, unseen))
            await self.sleep(_AGREE_SECONDS if doubt is None else _AGREE_IN_DOUBT_SECONDS)
            # Schedules are no replica of these lists; once a pass is enough for them.
            again = await read(known, with_schedules=False)
            found = replace(again, held=tuple(dict.fromkeys((*again.held, *first.held))))
        # A role that comes through a group says nothing of what was taken from the account itself.
        if any(is_own(holding) for holding in privileged(found)):
            self._answers_before = len(answers)
        return replace(found, unseen=tuple(entry for entry in found.unseen if entry not in removed.ids))

    def _is_believed(self, found: RoleHoldings, *, is_in_doubt: bool) -> bool:
        """Return whether this is what there is: something privileged, something unreadable, or nothing long enough."""
        if privileged(found):
            self._absent.clear()
            self._has_seen = True
            self._seen |= {entry.assignment_id for entry in privileged(found) if entry.assignment_id}
            return True
        if found.unreadable:
            return True
        self._absent.append(self.clock())
        times, gap = (_AGREE_IN_DOUBT, _AGREE_IN_DOUBT_SECONDS) if is_in_doubt else (_AGREE, _AGREE_SECONDS)
        # Sleeping is not exact, so that a little less than the whole time will do.
        enough = 0.9 * gap * (times - 1)
        return len(self._absent) >= times and self._absent[-1] - self._absent[0] >= enough

    def _doubt(self, account: UserState, stack: Reading[StackState], now: datetime) -> str | None:
        """Return what speaks for a role that does not show, None when nothing does."""
        latch = stack.latch if isinstance(stack, StackState) else None
        if self._has_seen:
            return "this run saw it, or granted it"
        if isinstance(latch, LatchState):
            is_open = latch.phase == PRIVILEGED and not _is_over(latch.until, now)
            return "the latch is privileged, and its window is open" if is_open else None
        if account.created is None or now - account.created < _YOUNG:
            return "the account is new, and Terraform does not tell whether it was granted one"
        return None


@dataclass(frozen=True)
class _Removed:
    """What removals were answered: `ids` are those that are gone by the answer, `done` if one was carried out."""

    ids: frozenset[str]
    done: bool


def _removed(answers: Iterable[Answer]) -> _Removed:
    ids, done = set[str](), False
    for answer in answers:
        if answer.method == "POST" and answer.path.endswith(_REQUESTS):
            done |= answer.status == HTTPStatus.CREATED
        if answer.method == "DELETE" and any(part in answer.path for part in _REMOVALS):
            done |= answer.status == HTTPStatus.NO_CONTENT
            if answer.status in {HTTPStatus.NO_CONTENT, HTTPStatus.NOT_FOUND}:
                ids.add(answer.path.rpartition("/")[2])
    return _Removed(frozenset(ids), done)


def _is_over(until: str, now: datetime) -> bool:
    try:
        return datetime.fromisoformat(until) <= now
    except ValueError:
        return False
