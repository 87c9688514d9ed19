"""An absence of roles is believed only when enough reads agree and nothing speaks against it."""

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

import pytest

from steward.acts import GrantRole, GraphAct, RemoveRoleAssignment, TerraformAct, TurnLatch
from steward.facts import (
    Absent,
    LatchState,
    RoleHolding,
    RoleHoldings,
    StackState,
    StateRoleAssignment,
    Unreadable,
    UserState,
)
from steward.graph.session import Answer
from steward.lifecycle.sightings import RoleSightings
from steward.wellknown.latch import PRIVILEGED
from steward.wellknown.roles import GLOBAL_ADMINISTRATOR
from tests.lifecycle import situation as s

NOW = s.CREATED + timedelta(minutes=30)
HELD = RoleHoldings(held=(s.GLOBAL_ADMIN,))
NONE = RoleHoldings()
REMOVED = Answer("DELETE", "/v1.0/roleManagement/directory/roleAssignments/assignment-1", 204, "")
MISSED = replace(REMOVED, status=404)
NAMED = replace(s.PRIVILEGED_STACK, role_assignments=(StateRoleAssignment("assignment-1", s.ACCOUNT_ID),))
OPEN = s.PRIVILEGED_STACK
ORDINARY, IN_DOUBT = [1.0, 1.0], [5.0, 5.0, 5.0, 5.0]


class Tenant:
    """Answers each read with the next of some answers, the last one over and over; time passes by sleeping alone."""

    def __init__(self, *answers: RoleHoldings) -> None:
        self.answers: list[Answer] = []
        self.slept: list[float] = []
        self.asked: list[tuple[set[str], bool]] = []
        self._pending = list(answers)
        self._time = 0.0
        self.sightings = RoleSightings(sleep=self._sleep, clock=lambda: self._time)

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self._time += seconds

    async def _read(self, assignment_ids: Iterable[str], *, with_schedules: bool) -> RoleHoldings:
        self.asked.append((set(assignment_ids), with_schedules))
        return self._pending.pop(0) if len(self._pending) > 1 else self._pending[0]

    def look(
        self,
        stack: StackState | Absent | Unreadable = s.SEALED_STACK,
        *,
        account: UserState = s.ACCOUNT,
        is_glance: bool = False,
    ) -> RoleHoldings:
        self.slept.clear()
        return asyncio.run(
            self.sightings.read(
                self._read, account=account, stack=stack, answers=self.answers, now=NOW, is_glance=is_glance
            )
        )


def test_role_that_shows_is_believed_at_once() -> None:
    tenant = Tenant(HELD)
    assert tenant.look() == HELD
    assert tenant.slept == []


@pytest.mark.parametrize(
    ("stack", "account", "expected"),
    [
        (s.SEALED_STACK, s.ACCOUNT, ORDINARY),
        (OPEN, s.ACCOUNT, IN_DOUBT),
        (replace(OPEN, latch=LatchState(PRIVILEGED, "2026-11-23T12:29:00Z")), s.ACCOUNT, ORDINARY),
        (replace(OPEN, latch=LatchState(PRIVILEGED, "soon")), s.ACCOUNT, IN_DOUBT),
        (Unreadable("Terraform's state", "it hangs"), s.ACCOUNT, ORDINARY),
        (Unreadable("Terraform's state", "it hangs"), replace(s.ACCOUNT, created=NOW), IN_DOUBT),
        (Unreadable("Terraform's state", "it hangs"), replace(s.ACCOUNT, created=None), IN_DOUBT),
        (Absent("Terraform's state"), replace(s.ACCOUNT, created=NOW), IN_DOUBT),
        (s.SEALED_STACK, replace(s.ACCOUNT, created=NOW), ORDINARY),
    ],
    ids=[
        "sealed",
        "privileged and open",
        "privileged and over",
        "privileged without an end that can be read",
        "state unreadable",
        "state unreadable and account new",
        "state unreadable and account of unknown age",
        "no state and account new",
        "sealed and account new",
    ],
)
def test_absence_is_believed_after_more_reads_where_something_speaks_against_it(
    stack: StackState | Absent | Unreadable, account: UserState, expected: list[float]
) -> None:
    tenant = Tenant(NONE)
    assert tenant.look(stack, account=account) == NONE
    assert tenant.slept == expected


def test_role_that_shows_late_is_seen_and_the_wait_is_over() -> None:
    tenant = Tenant(NONE, NONE, HELD)
    assert tenant.look(OPEN) == HELD
    assert tenant.slept == [5.0, 5.0]


def test_absence_seen_earlier_in_the_run_counts_until_something_is_done() -> None:
    tenant = Tenant(NONE)
    tenant.look()
    tenant.look()
    assert tenant.slept == []
    tenant.sightings.note(TurnLatch("sealed"))
    tenant.look()
    assert tenant.slept == ORDINARY


@pytest.mark.parametrize("act", [GrantRole(), TurnLatch(PRIVILEGED)])
def test_role_that_this_run_granted_is_doubted_to_be_gone(act: GraphAct | TerraformAct) -> None:
    tenant = Tenant(NONE)
    tenant.look()
    tenant.sightings.note(act)
    tenant.look()
    assert tenant.slept == IN_DOUBT


def test_role_that_this_run_saw_is_doubted_to_be_gone() -> None:
    tenant = Tenant(HELD, NONE)
    tenant.look()
    tenant.look()
    assert tenant.slept == IN_DOUBT
    assert tenant.asked[-1] == ({"assignment-1"}, False)


def test_role_that_this_run_removed_is_gone_in_the_ordinary_time() -> None:
    tenant = Tenant(HELD, NONE)
    tenant.look(OPEN)
    tenant.sightings.note(RemoveRoleAssignment("assignment-1"))
    tenant.answers.append(REMOVED)
    tenant.look(OPEN)
    assert tenant.slept == ORDINARY


@pytest.mark.parametrize("answer", [MISSED, replace(REMOVED, status=403), replace(REMOVED, method="GET")])
def test_answer_that_is_no_removal_does_not_end_the_doubt(answer: Answer) -> None:
    tenant = Tenant(HELD, NONE)
    tenant.look()
    tenant.answers.append(answer)
    tenant.look()
    assert tenant.slept == IN_DOUBT


def test_removal_before_the_last_grant_does_not_end_the_doubt() -> None:
    tenant = Tenant(NONE)
    tenant.answers.append(REMOVED)
    tenant.sightings.note(GrantRole())
    tenant.look()
    assert tenant.slept == IN_DOUBT


def test_assignment_that_the_state_names_is_asked_for_by_its_id_and_stays_unseen_until_a_removal_is_answered() -> None:
    tenant = Tenant(RoleHoldings(unseen=("assignment-1",)))
    assert tenant.look(NAMED).unseen == ("assignment-1",)
    assert tenant.asked[0] == ({"assignment-1"}, True)
    tenant.answers.append(MISSED)
    assert tenant.look(NAMED).unseen == ()


def test_answered_removal_is_not_forgotten_over_a_role_that_comes_through_a_group() -> None:
    through_a_group = RoleHolding(GLOBAL_ADMINISTRATOR, "Global Administrator", "through group sg-ops")
    tenant = Tenant(RoleHoldings(held=(through_a_group,), unseen=("assignment-1",)))
    assert tenant.look(NAMED).unseen == ("assignment-1",)
    tenant.answers.append(MISSED)
    assert [tenant.look(NAMED).unseen for _ in range(3)] == [(), (), ()]


def test_assignment_that_the_state_names_for_another_principal_is_not_asked_for() -> None:
    tenant = Tenant(NONE)
    tenant.look(replace(NAMED, role_assignments=(StateRoleAssignment("assignment-1", s.DEPLOYER_ID),)))
    assert tenant.asked[0] == (set(), True)


def test_path_that_cannot_be_read_ends_the_looking_and_stays_unreadable() -> None:
    unreadable = RoleHoldings(unreadable=(Unreadable("memberships", "403"),))
    tenant = Tenant(unreadable)
    assert tenant.look(OPEN) == unreadable
    assert tenant.slept == []


def test_schedule_seen_at_first_is_kept_while_the_lists_are_read_again() -> None:
    reader = RoleHolding("88d8e3e3-8f55-4a1e-953a-9b9898b8876b", "Directory Readers", "eligible")
    tenant = Tenant(RoleHoldings(held=(reader,)), NONE)
    assert tenant.look().held == (reader,)


def test_glance_reads_once_and_says_what_it_does_not_know() -> None:
    tenant = Tenant(NONE)
    assert tenant.look(OPEN, is_glance=True).unreadable[0].what == "directory roles"
    assert tenant.look(s.SEALED_STACK, is_glance=True) == NONE
    assert tenant.slept == []
