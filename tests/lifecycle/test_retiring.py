"""A retirement: what each step does from where it finds the tenant, and what keeps the destroy from being made."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from steward.acts import (
    DeleteDelegatedGrant,
    DestroyStack,
    LeaveOut,
    RevokeAppRole,
    SetDelegatedScopes,
    TurnLatch,
)
from steward.config.model import ConsentFor, Tenant
from steward.errors import ExitCode
from steward.facts import (
    Absent,
    AppRoleGrant,
    DelegatedGrant,
    Facts,
    MethodsState,
    PassState,
    PlannedChange,
    PlanState,
    Remain,
    RoleHolding,
    RoleHoldings,
    Unreadable,
)
from steward.lifecycle.actions import Already, Blocked, GraphCall, TerraformCall
from steward.lifecycle.needs import retire_needs
from steward.lifecycle.retiring import preview_retirement, retire
from steward.lifecycle.runner import StepOutcome
from steward.lifecycle.step import Step
from steward.lifecycle.steps import (
    CLOSE_RETIRED,
    DESTROY,
    DESTROY_ONCE_CLOSED,
    LOCK_OUT,
    PREFLIGHT_RETIRE,
    REMAINS,
    REVOKE,
)
from steward.wellknown.latch import LATCH, ROLE_ASSIGNMENT
from steward.wellknown.roles import GLOBAL_ADMINISTRATOR
from steward.wellknown.stack import ACCOUNT, DASHBOARD_ROLE, SERVICE_PRINCIPAL
from tests.lifecycle import situation as s

LOGIN = s.ACCOUNT.login
GONE = Absent("the account")
# It may be this file's under another login; ANOTHERS is another file's, as far as earlier runs can tell.
STRAY = replace(s.ACCOUNT, login="other@contoso.example", is_enabled=True, is_known_by_stamp_alone=True)
ANOTHERS = replace(STRAY, is_likely_anothers=True)
VENDORS = s.ALLOWED_TENANT.model_copy(
    update={"application": s.TENANT.application.model_copy(update={"client_id": "client-app"}), "dashboard": ()}
)
FOR_ACCOUNT = VENDORS.model_copy(
    update={
        "application": VENDORS.application.model_copy(
            update={
                "permissions": VENDORS.application.permissions.model_copy(update={"delegated_for": ConsentFor.ACCOUNT})
            }
        )
    }
)
UNREADABLE = Unreadable("it", "503")
CALLER = replace(s.CALLER, permissions=frozenset(need.permission for need in retire_needs(s.ALLOWED_TENANT)))
HELD = RoleHoldings(held=(s.GLOBAL_ADMIN,))
THROUGH_GROUP = RoleHolding(GLOBAL_ADMINISTRATOR, "Global Administrator", "through group sg-ops")
ENABLED = replace(s.ACCOUNT, is_enabled=True)
NO_PASS = MethodsState(frozenset({"authenticator"}), ())
A_PASS = replace(NO_PASS, passes=(PassState("pass-1", is_usable=True, ends=datetime(2026, 11, 23, tzinfo=UTC)),))


def plan(*addresses: str, action: str = "delete") -> PlanState:
    return PlanState(tuple(PlannedChange(address, (action,)) for address in addresses))


WHOLE = plan(ACCOUNT, LATCH, f"{DASHBOARD_ROLE}.full_administrator_to_somebody_else", "output.next_command")


def facts(**known: Any) -> Facts:
    """Return a sealed tenant that is about to be retired, with `known` instead."""
    found = replace(s.SEALED, caller=CALLER, client_grants=s.GRANTED, remains=(), destroy_plan=WHOLE, methods=NO_PASS)
    return replace(found, **known)


def intend(step: Step, found: Facts) -> list[str]:
    return s.in_short(s.intend(step, found, s.ALLOWED_TENANT))


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ({}, []),
        ({"account": GONE, "stack": Absent("Terraform's state")}, []),
        ({"account": STRAY}, [f"blocked {LOGIN}"]),
        ({"account": ANOTHERS}, []),
        ({"account": replace(s.ACCOUNT, stamp=None)}, [f"blocked {LOGIN}"]),
        ({"account": replace(s.ACCOUNT, is_synchronised=True)}, [f"blocked {LOGIN}"]),
        ({"stack": UNREADABLE}, ["blocked it"]),
        ({"lock": UNREADABLE}, ["blocked Terraform's lock"]),
    ],
)
def test_preflight(known: dict[str, Any], expected: list[str]) -> None:
    assert [word for word in intend(PREFLIGHT_RETIRE, facts(**known)) if word.startswith("blocked")] == expected


@pytest.mark.parametrize("lacking", [need.permission for need in retire_needs(s.ALLOWED_TENANT)])
def test_preflight_names_a_permission_that_is_missing(lacking: str) -> None:
    caller = replace(CALLER, object_id="another", permissions=CALLER.permissions - {lacking})
    assert f"blocked permission {lacking}" in intend(PREFLIGHT_RETIRE, facts(caller=caller))


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ({"account": GONE}, [f"already {LOGIN}"]),
        (
            {"account": STRAY, "roles": HELD},
            ["removed RemoveRoleAssignment", "disabled DisableAccount", f"blocked {LOGIN}"],
        ),
        ({"account": STRAY}, [f"blocked {LOGIN}"]),
        ({"account": ANOTHERS}, [f"already {LOGIN}"]),
        ({"account": ANOTHERS, "roles": HELD}, ["blocked other accounts"]),
        ({"account": UNREADABLE}, ["blocked it"]),
        ({"roles": HELD, "account": ENABLED}, ["removed RemoveRoleAssignment", "disabled DisableAccount"]),
        ({"roles": RoleHoldings(held=(THROUGH_GROUP,))}, [f"blocked {LOGIN}"]),
        ({"roles": HELD, "other_administrators": ()}, [f"blocked {LOGIN}"]),
    ],
)
def test_close(known: dict[str, Any], expected: list[str]) -> None:
    assert intend(CLOSE_RETIRED, facts(**known)) == expected


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ({}, [f"already {LOGIN}"]),
        ({"account": GONE}, [f"already {LOGIN}"]),
        ({"account": STRAY}, [f"blocked {LOGIN}"]),
        ({"account": ANOTHERS}, [f"already {LOGIN}"]),
        ({"account": ENABLED}, ["disabled DisableAccount"]),
        ({"account": ENABLED, "methods": A_PASS}, ["disabled DisableAccount", "deleted DeletePass"]),
        ({"methods": A_PASS}, ["deleted DeletePass"]),
        ({"account": ENABLED, "methods": UNREADABLE}, ["blocked it", "disabled DisableAccount"]),
        ({"methods": Absent("sign-in")}, [f"already {LOGIN}"]),
    ],
)
def test_lock_out(known: dict[str, Any], expected: list[str]) -> None:
    assert intend(LOCK_OUT, facts(**known)) == expected


@pytest.mark.parametrize(
    ("grants", "expected"),
    [
        (s.GRANTED, ["revoked RevokeAppRole", "revoked DeleteDelegatedGrant"]),
        (s.GRANTS, ["already grants"]),
        (Absent("the application"), ["already grants"]),
        (UNREADABLE, ["blocked it"]),
    ],
)
def test_revoke(grants: Any, expected: list[str]) -> None:
    assert intend(REVOKE, facts(client_grants=grants)) == expected


def test_grants_are_revoked_by_their_ids() -> None:
    calls = [action for action in s.intend(REVOKE, facts(), s.TENANT) if isinstance(action, GraphCall)]
    assert [call.act for call in calls] == [RevokeAppRole(s.CLIENT_ID, "role-grant-1"), DeleteDelegatedGrant("grant-1")]
    assert "Contacts.ReadWrite" in calls[0].subject


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ({}, ["destroyed DestroyStack"]),
        ({"stack": s.PRIVILEGED_STACK}, ["turned TurnLatch"]),
        ({"stack": Absent("Terraform's state"), "destroy_plan": plan()}, ["already stack"]),
        ({"destroy_plan": UNREADABLE}, ["blocked it"]),
        ({"destroy_plan": plan(f"{ROLE_ASSIGNMENT}[0]", ACCOUNT)}, ["destroyed DestroyStack"]),
        # More than the stack declares, or anything but a deletion.
        ({"destroy_plan": plan(ACCOUNT, "azuread_user.somebody_else")}, ["blocked stack"]),
        ({"destroy_plan": plan(f"{ACCOUNT}_of_others")}, ["blocked stack"]),
        ({"destroy_plan": plan(ACCOUNT, action="update")}, ["blocked stack"]),
        # The account is not closed, or nobody could look.
        ({"account": ENABLED}, [f"blocked {LOGIN}"]),
        ({"roles": HELD}, [f"blocked {LOGIN}"]),
        ({"roles": RoleHoldings(unreadable=(UNREADABLE,))}, ["blocked it"]),
        ({"roles": UNREADABLE}, ["blocked it"]),
        ({"account": UNREADABLE}, ["blocked it"]),
        ({"account": replace(s.ACCOUNT, stamp=None)}, [f"blocked {LOGIN}"]),
        # Terraform sees an account that Graph hides.
        ({"account": GONE}, [f"blocked {LOGIN}"]),
        ({"account": STRAY}, [f"blocked {LOGIN}"]),
        ({"account": STRAY, "destroy_plan": plan(LATCH)}, [f"blocked {LOGIN}"]),
        ({"account": ANOTHERS}, [f"blocked {LOGIN}"]),
        ({"account": ANOTHERS, "destroy_plan": plan(LATCH)}, ["destroyed DestroyStack"]),
        ({"account": GONE, "destroy_plan": plan(LATCH)}, ["destroyed DestroyStack"]),
    ],
)
def test_destroy(known: dict[str, Any], expected: list[str]) -> None:
    assert intend(DESTROY, facts(**known)) == expected


OTHERS_ROLE = AppRoleGrant("role-grant-2", s.GRAPH_ID, "a role that the file does not declare")
OTHERS_SCOPE = DelegatedGrant("grant-2", s.GRAPH_ID, "somebody", frozenset({"User.Read"}))


@pytest.mark.parametrize(
    ("tenant", "delegated", "expected"),
    [
        (VENDORS, s.GRANTED.delegated, [DeleteDelegatedGrant("grant-1")]),
        # What others added to the grant that ours was added to, or had there before, stays.
        (
            VENDORS,
            (DelegatedGrant("grant-1", s.GRAPH_ID, None, frozenset({"User.Read", "Mail.Read"})),),
            [SetDelegatedScopes("grant-1", frozenset({"Mail.Read"}))],
        ),
        (VENDORS, (DelegatedGrant("grant-1", "another API", None, frozenset({"User.Read"})),), []),
        (FOR_ACCOUNT, s.GRANTED.delegated, []),
        (
            FOR_ACCOUNT,
            (DelegatedGrant("grant-1", s.GRAPH_ID, s.ACCOUNT_ID, frozenset({"User.Read"})),),
            [DeleteDelegatedGrant("grant-1")],
        ),
    ],
)
def test_vendors_application_keeps_what_the_file_does_not_declare(
    tenant: Tenant, delegated: tuple[DelegatedGrant, ...], expected: list[Any]
) -> None:
    grants = replace(s.GRANTED, app_roles=(*s.GRANTED.app_roles, OTHERS_ROLE), delegated=(*delegated, OTHERS_SCOPE))
    actions = s.intend(REVOKE, facts(client_grants=grants), tenant)
    acts = [action.act for action in actions if isinstance(action, GraphCall)]
    assert acts == [RevokeAppRole(s.CLIENT_ID, "role-grant-1"), *expected]
    left = replace(grants, app_roles=(OTHERS_ROLE,), delegated=(OTHERS_SCOPE,))
    (told,) = s.intend(REVOKE, facts(client_grants=left), tenant)
    assert isinstance(told, Already)
    assert OTHERS_ROLE.role_id in told.reason
    assert "delegated User.Read for user somebody" in told.reason


def test_account_that_is_anothers_and_privileged_is_named() -> None:
    (told,) = s.intend(CLOSE_RETIRED, facts(account=ANOTHERS, roles=HELD), s.ALLOWED_TENANT)
    assert isinstance(told, Blocked)
    assert ANOTHERS.login in told.why


def test_grants_for_an_account_that_cannot_be_read_are_not_passed_over() -> None:
    actions = s.intend(REVOKE, facts(account=UNREADABLE, client_grants=s.GRANTED), FOR_ACCOUNT)
    assert "blocked it" in s.in_short(actions)


def test_vendors_principal_is_taken_out_of_the_state_and_named_as_left() -> None:
    planned = plan(ACCOUNT, LATCH, SERVICE_PRINCIPAL)
    (left,) = s.intend(DESTROY, facts(destroy_plan=planned), VENDORS)
    assert isinstance(left, TerraformCall)
    assert left.act == LeaveOut(SERVICE_PRINCIPAL)
    assert s.in_short(s.intend(DESTROY, facts(destroy_plan=planned), s.ALLOWED_TENANT)) == ["destroyed DestroyStack"]
    assert s.in_short(s.intend(DESTROY, facts(destroy_plan=plan(ACCOUNT, LATCH)), VENDORS)) == [
        "destroyed DestroyStack"
    ]
    enabled = s.intend(DESTROY, facts(destroy_plan=planned, account=ENABLED), VENDORS)
    assert s.in_short(enabled) == [f"blocked {LOGIN}"], "before anything is left out"
    grants = replace(s.GRANTS, app_roles=(OTHERS_ROLE,))
    *_, told = s.intend(REMAINS, facts(account=GONE, client_grants=grants), VENDORS)
    assert isinstance(told, Already)
    assert f"left in the tenant as {s.CLIENT_ID}" in told.reason
    assert "1 grants" not in told.reason
    assert s.in_short(s.intend(REMAINS, facts(account=GONE, client_grants=UNREADABLE), VENDORS)) == [
        f"already {LOGIN}",
        "blocked it",
    ]


def test_destroy_shows_its_plan_and_leaves_no_privileged_latch() -> None:
    (destroyed,) = s.intend(DESTROY, facts(), s.TENANT)
    (turned,) = s.intend(DESTROY, facts(stack=s.PRIVILEGED_STACK), s.TENANT)
    assert isinstance(destroyed, TerraformCall)
    assert isinstance(turned, TerraformCall)
    assert destroyed.act == DestroyStack()
    assert ACCOUNT in destroyed.subject
    assert turned.act == TurnLatch("prepared")


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ({}, [f"already {LOGIN}"]),
        ({"account": s.ACCOUNT}, [f"blocked {LOGIN}"]),
        ({"account": STRAY}, [f"blocked {LOGIN}"]),
        ({"account": ANOTHERS}, [f"already {LOGIN}"]),
        ({"account": UNREADABLE}, ["blocked it"]),
        ({"remains": UNREADABLE}, [f"already {LOGIN}", "blocked it"]),
        ({"twins": HELD}, [f"already {LOGIN}", "blocked other accounts"]),
        ({"twins": UNREADABLE}, [f"already {LOGIN}", "blocked it"]),
    ],
)
def test_remains(known: dict[str, Any], expected: list[str]) -> None:
    assert intend(REMAINS, facts(**{"account": GONE, **known})) == expected


def test_what_remains_is_told_with_its_end_and_what_a_restore_brings() -> None:
    deleted = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
    remains = (Remain("account", LOGIN, "id-1", deleted), Remain("application", "CiraSync", "id-2", None))
    told = [
        action.reason
        for action in s.intend(REMAINS, facts(account=GONE, remains=remains), s.TENANT)
        if isinstance(action, Already)
    ]
    assert "until 2026-12-23, as id-1: a restored user keeps its roles" in told[1]
    assert "as id-2" in told[2]


class Steps:
    def __init__(self, blocked: str) -> None:
        self.seen: list[str] = []
        self._blocked = blocked

    async def run(self, step: Step) -> StepOutcome:
        self.seen.append(step.name)
        await asyncio.sleep(0)
        is_blocked = step.name == self._blocked
        return StepOutcome(step.name, ExitCode.FINDINGS if is_blocked else ExitCode.WELL, is_blocked=is_blocked)


ORDER = ["preflight", "close", "lock_out", "revoke", "destroy", "remains"]


@pytest.mark.parametrize(
    ("blocked", "expected"),
    [
        ("", ORDER),
        ("preflight", ["preflight"]),
        # Whatever came of the role, nobody signs in; and nothing is destroyed.
        ("close", ["preflight", "close", "lock_out"]),
        ("lock_out", ["preflight", "close", "lock_out"]),
        ("revoke", ORDER[:4]),
        ("destroy", ORDER[:5]),
    ],
)
def test_nothing_is_destroyed_before_everything_else_is_confirmed(blocked: str, expected: list[str]) -> None:
    steps = Steps(blocked)
    asyncio.run(retire(steps.run))
    assert steps.seen == expected


def test_dry_run_destroys_as_if_the_account_had_been_closed() -> None:
    seen = facts(account=ENABLED, roles=HELD)
    assert s.in_short(s.intend(DESTROY, seen, s.ALLOWED_TENANT))[0].startswith("blocked")
    assert s.in_short(s.intend(DESTROY_ONCE_CLOSED, seen, s.ALLOWED_TENANT)) == ["destroyed DestroyStack"]
    unread = facts(account=ENABLED, roles=replace(HELD, unreadable=(UNREADABLE,)))
    assert s.in_short(s.intend(DESTROY_ONCE_CLOSED, unread, s.ALLOWED_TENANT)) == ["blocked it"]


@pytest.mark.parametrize(
    ("blocked", "expected"),
    [
        ("none", ["preflight", "close", "lock_out", "revoke", "destroy"]),
        ("close", ["preflight", "close"]),
        ("lock_out", ["preflight", "close", "lock_out"]),
    ],
)
def test_dry_run_goes_on_as_far_as_a_run_would(blocked: str, expected: list[str]) -> None:
    ran: list[str] = []

    async def run(step: Step) -> StepOutcome:
        ran.append(step.name)
        return StepOutcome(step.name, is_blocked=step.name == blocked)

    asyncio.run(preview_retirement(run))
    assert ran == expected
