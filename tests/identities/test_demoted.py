"""Nothing of ours loses the right to take a role away while the account holds one, by whatever path."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from steward.config.model import Tenant
from steward.errors import ExitCode
from steward.facts import Absent, RoleHolding, RoleHoldings, Unreadable
from steward.identities.demoted import READS
from steward.identities.roster import ROSTER
from steward.identities.steps import Chosen, remove_step, retire_step
from steward.lifecycle.actions import Action, Blocked, GraphCall
from steward.lifecycle.step import Step
from steward.wellknown.roles import GLOBAL_ADMINISTRATOR, USER_ADMINISTRATOR
from tests.identities.directory import TENANT, Directory, facts
from tests.identities.test_steps import made, sealed
from tests.lifecycle.situation import ACCOUNT, GLOBAL_ADMIN

NAME, READERS = "Directory Readers", "88d8e3e3-8f55-4a1e-953a-9b9898b8876b"
UNREAD = Unreadable("role assignments", "refused")
DELETED = Unreadable("deleted account 1", "what it will hold when it is restored is not shown")
GOOD: dict[str, Any] = {"account": ACCOUNT, "roles": RoleHoldings(), "twins": RoleHoldings()}
STRAY = replace(ACCOUNT, login="somebody@contoso.example", is_known_by_stamp_alone=True)


def held(path: str, role: str = GLOBAL_ADMINISTRATOR) -> RoleHolding:
    return RoleHolding(role, "Global Administrator", path)


HELD: dict[str, dict[str, Any]] = {
    "direct": {"roles": RoleHoldings((GLOBAL_ADMIN,))},
    "group": {"roles": RoleHoldings((held("through group Admins"),))},
    "active-schedule": {"roles": RoleHoldings((held("active schedule"),))},
    "eligible": {"roles": RoleHoldings((held("eligible"),))},
    "another-privileged-role": {"roles": RoleHoldings((held("direct", USER_ADMINISTRATOR),))},
    "held-while-a-path-is-unreadable": {"roles": RoleHoldings((GLOBAL_ADMIN,), (UNREAD,))},
    "by-an-account-without-the-stamp": {"account": replace(ACCOUNT, stamp=None),
                                        "roles": RoleHoldings((GLOBAL_ADMIN,))},
    "by-a-synchronised-account": {"account": replace(ACCOUNT, is_synchronised=True),
                                  "roles": RoleHoldings((GLOBAL_ADMIN,))},
    "by-what-is-likely-another-files": {"account": replace(STRAY, is_likely_anothers=True),
                                        "roles": RoleHoldings((GLOBAL_ADMIN,))},
    "by-a-stamped-account-that-may-be-it": {"account": STRAY, "roles": RoleHoldings((GLOBAL_ADMIN,))},
    "by-a-deleted-account": {"account": Absent("account"), "roles": Absent("roles"),
                             "twins": RoleHoldings((GLOBAL_ADMIN,), (DELETED,))},
    "by-another-account-of-ours": {"twins": RoleHoldings((GLOBAL_ADMIN,))},
}  # fmt: skip  # a case a line
UNTOLD: dict[str, dict[str, Any]] = {
    "account-unreadable": {"account": UNREAD, "roles": UNREAD},
    "roles-unreadable": {"roles": UNREAD},
    "roles-not-there": {"roles": Absent("roles")},
    "a-path-unreadable": {"roles": RoleHoldings((), (UNREAD,))},
    "other-accounts-unreadable": {"twins": UNREAD},
    "a-deleted-account-of-ours": {"twins": RoleHoldings((), (DELETED,))},
    "several-stamped-accounts-that-may-be-it": {"account": Unreadable("account", "several"), "roles": UNREAD},
    "no-account-and-others-unreadable": {"account": Absent("account"), "roles": Absent("roles"), "twins": UNREAD},
}
FREE: dict[str, dict[str, Any]] = {
    "demoted": {},
    "no-account": {"account": Absent("account"), "roles": Absent("roles")},
    "a-role-that-is-not-privileged": {"roles": RoleHoldings((RoleHolding(READERS, NAME, "direct"),))},
    "somebody-elses-account-without-a-role": {"account": replace(ACCOUNT, stamp=None)},
    "a-stamped-account-that-may-be-it": {"account": STRAY},
    "what-is-likely-another-files": {"account": replace(STRAY, is_likely_anothers=True)},
}
STEPS: dict[str, Callable[[Chosen], Step]] = {"retire": retire_step, "retire --all": remove_step}
steps = pytest.mark.parametrize("builder", list(STEPS.values()), ids=list(STEPS))


def decide(builder: Callable[[Chosen], Step], given: dict[str, Any], tenant: Tenant = TENANT) -> list[Action]:
    """Decide about identities that were made; only what the step asks for reaches it."""
    directory: Directory = made()
    step = builder(Chosen(ROSTER))
    assert set(READS) <= set(step.reads)
    return list(step.decide(facts(directory.shown, **(GOOD | given)), tenant))


def is_touched(actions: list[Action]) -> bool:
    return any(isinstance(action, GraphCall) for action in actions)


@steps
@pytest.mark.parametrize("tenant", [TENANT, sealed()], ids=["unsealed", "sealed"])
@pytest.mark.parametrize("case", HELD)
def test_nothing_is_taken_away_while_a_role_is_held(
    case: str, tenant: Tenant, builder: Callable[[Chosen], Step]
) -> None:
    actions = decide(builder, HELD[case], tenant)
    assert not is_touched(actions)
    refusals = [action for action in actions if isinstance(action, Blocked)]
    assert ExitCode.FINDINGS in {each.exit_code for each in refusals}
    assert all(each.next_move for each in refusals)


@steps
@pytest.mark.parametrize("case", UNTOLD)
def test_nothing_is_taken_away_while_nobody_can_tell_unless_the_tenant_is_sealed(
    case: str, builder: Callable[[Chosen], Step]
) -> None:
    for tenant in (TENANT, sealed()):
        actions = decide(builder, UNTOLD[case], tenant)
        assert is_touched(actions) is (tenant.account.sealed_on is not None)
        refusals = [action for action in actions if isinstance(action, Blocked)]
        assert {each.exit_code for each in refusals} == {ExitCode.COULD_NOT_TELL}
        assert all(each.next_move for each in refusals)


@steps
@pytest.mark.parametrize("case", FREE)
def test_what_holds_no_role_keeps_nobody_from_retiring(case: str, builder: Callable[[Chosen], Step]) -> None:
    actions = decide(builder, FREE[case])
    assert is_touched(actions)
    assert not [action for action in actions if isinstance(action, Blocked)]


def test_role_that_is_held_is_told_with_the_command_that_takes_it_away() -> None:
    (refusal,) = decide(retire_step, HELD["direct"])
    assert isinstance(refusal, Blocked)
    assert refusal.subject == ACCOUNT.login
    assert "scripts/close.py tenants/contoso.yaml" in refusal.next_move
