"""Each step, given facts, intends exactly what the situation asks for: needed, already, blocked, unreadable."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from steward.acts import IssuePass
from steward.errors import ExitCode
from steward.facts import (
    Absent,
    Facts,
    MethodsState,
    PassPolicy,
    PassState,
    PlannedChange,
    PlanState,
    RoleHolding,
    RoleHoldings,
    Unreadable,
    UserState,
    WhatIf,
)
from steward.lifecycle.actions import Already, Blocked, GraphCall
from steward.lifecycle.step import Step
from steward.lifecycle.steps import (
    ABANDON,
    CLOSE,
    CONSENT,
    ENROL,
    OPEN,
    PREFLIGHT,
    PREFLIGHT_DEPLOY,
    PROVE,
    SEAL,
    SETTLE,
    SHUT,
    VERIFY,
)
from steward.wellknown.latch import ROLE_ASSIGNMENT
from steward.wellknown.roles import GLOBAL_ADMINISTRATOR
from tests.lifecycle import situation as s

UNREADABLE = Unreadable("it", "503 from the service")
ELIGIBLE = RoleHolding(GLOBAL_ADMINISTRATOR, "Global Administrator", "eligible")
LOGIN = s.TENANT.account.login
LEFT_OUT = "already break-glass group sg-breakglass"
OWNS_NOTHING = "already owned objects"
GOVERNED = "Privileged Identity Management for Groups"
REACHES_NOTHING = f"already {GOVERNED}"


def _with(base: Facts, **changes: Any) -> Facts:
    return replace(base, **changes)


CASES: list[tuple[str, Step, Facts, list[str]]] = [
    ("close removes the role of a deployed account", CLOSE, s.DEPLOYED, ["removed RemoveRoleAssignment"]),
    ("close leaves a demoted and disabled account alone", CLOSE, s.SEALED, [f"already {LOGIN}"]),
    (
        "close removes the role before it ends sessions and disables",
        CLOSE,
        _with(s.DEPLOYED, account=replace(s.ACCOUNT, is_enabled=True)),
        ["removed RemoveRoleAssignment", "disabled DisableAccount"],
    ),
    (
        "close disables an enabled account even when it holds nothing",
        CLOSE,
        _with(s.SEALED, account=replace(s.ACCOUNT, is_enabled=True)),
        ["disabled DisableAccount"],
    ),
    (
        "close names a path that it cannot close",
        CLOSE,
        _with(s.SEALED, roles=RoleHoldings(held=(ELIGIBLE,))),
        [f"blocked {LOGIN}"],
    ),
    (
        "close never takes the last Global Administrator",
        CLOSE,
        _with(s.DEPLOYED, other_administrators=()),
        [f"blocked {LOGIN}"],
    ),
    (
        "close leaves it to Entra ID to keep the last one where it cannot see the others",
        CLOSE,
        _with(s.DEPLOYED, other_administrators=UNREADABLE),
        ["removed RemoveRoleAssignment"],
    ),
    (
        "close takes the role by Terraform's state from an account that it cannot read",
        CLOSE,
        _with(s.DEPLOYED, account=UNREADABLE),
        ["removed RemoveRoleAssignment", "blocked it"],
    ),
    (
        "close takes nothing from an account that it cannot read where it cannot see the other administrators",
        CLOSE,
        _with(s.DEPLOYED, account=UNREADABLE, other_administrators=UNREADABLE),
        ["blocked it"],
    ),
    (
        "close takes nothing from an account that it cannot read where there is no other administrator",
        CLOSE,
        _with(s.DEPLOYED, account=UNREADABLE, other_administrators=()),
        ["blocked it"],
    ),
    (
        "close leaves an account that it cannot read without a privileged role",
        CLOSE,
        _with(s.SEALED, account=UNREADABLE),
        ["blocked it"],
    ),
    ("close cannot tell without the roles", CLOSE, _with(s.DEPLOYED, roles=UNREADABLE), ["blocked it"]),
    (
        "close cannot tell while a kind of path is unreadable",
        CLOSE,
        _with(s.SEALED, roles=RoleHoldings(unreadable=(UNREADABLE,))),
        ["blocked it"],
    ),
    (
        "close disables what it cannot see the roles of",
        CLOSE,
        _with(s.DEPLOYED, account=replace(s.ACCOUNT, is_enabled=True), roles=UNREADABLE),
        ["disabled DisableAccount", "blocked it"],
    ),
    ("close cannot tell of an absent account", CLOSE, _with(s.SEALED, account=Absent("x")), [f"blocked {LOGIN}"]),
    (
        "close sees that a deleted account keeps its role",
        CLOSE,
        _with(s.SEALED, account=Absent("x"), twins=RoleHoldings(held=(s.GLOBAL_ADMIN,))),
        [f"blocked {LOGIN}"],
    ),
    ("verify cannot tell of an absent account", VERIFY, _with(s.SEALED, account=Absent("x")), [f"blocked {LOGIN}"]),
    (
        "seal does not advise a deploy that would grant when the latch is lost",
        SEAL,
        _with(s.SEALED, stack=replace(s.SEALED_STACK, latch=Absent("latch"))),
        ["blocked latch"],
    ),
    (
        "abandon says what is left when Terraform cannot tell",
        ABANDON,
        _with(s.DEPLOYED, stack=UNREADABLE),
        ["blocked latch"],
    ),
    (
        "abandon tells of an account whose state is lost",
        ABANDON,
        _with(s.DEPLOYED, stack=Absent("the state")),
        ["blocked latch"],
    ),
    (
        "abandon cannot tell without a state whether there is an account",
        ABANDON,
        _with(s.DEPLOYED, stack=Absent("the state"), account=UNREADABLE),
        [f"blocked {UNREADABLE.what}"],
    ),
    (
        "consent refuses a scope that the API does not offer",
        CONSENT,
        _with(
            s.DEPLOYED,
            grants=replace(
                s.GRANTS,
                resources={
                    key: replace(value, scopes_offered=frozenset()) for key, value in s.GRANTS.resources.items()
                },
            ),
        ),
        ["blocked permission User.Read"],
    ),
    (
        "close refuses an account without our stamp",
        CLOSE,
        _with(s.SEALED, account=replace(s.ACCOUNT, stamp=None)),
        [f"blocked {LOGIN}"],
    ),
    (
        "close tells what an account without our stamp holds, and what others of ours hold",
        CLOSE,
        _with(s.DEPLOYED, account=replace(s.ACCOUNT, stamp=None), twins=RoleHoldings(held=(s.GLOBAL_ADMIN,))),
        [f"blocked {LOGIN}", "blocked other accounts", f"blocked {LOGIN}"],
    ),
    (
        "close tells that somebody else's account has the login",
        CLOSE,
        _with(s.DEPLOYED, account=replace(s.ACCOUNT, login="renamed@contoso.example", is_login_taken=True)),
        ["removed RemoveRoleAssignment", f"found {LOGIN}"],
    ),
    (
        "close refuses a synchronised account",
        CLOSE,
        _with(s.DEPLOYED, account=replace(s.ACCOUNT, is_synchronised=True)),
        [f"blocked {LOGIN}"],
    ),
    ("consent grants what is missing", CONSENT, s.DEPLOYED, ["granted GrantAppRole", "granted CreateDelegatedGrant"]),
    ("consent leaves a complete set alone", CONSENT, s.SEALED, ["already consent"]),
    (
        "consent extends the grant that exists",
        CONSENT,
        _with(s.DEPLOYED, grants=replace(s.GRANTED, delegated=(replace(s.GRANTED.delegated[0], scopes=frozenset()),))),
        ["granted SetDelegatedScopes"],
    ),
    ("consent cannot tell without the grants", CONSENT, _with(s.DEPLOYED, grants=UNREADABLE), ["blocked it"]),
    (
        "consent refuses a role that the API does not offer",
        CONSENT,
        _with(
            s.DEPLOYED,
            grants=replace(
                s.GRANTS,
                resources={key: replace(value, app_roles_offered={}) for key, value in s.GRANTS.resources.items()},
            ),
        ),
        ["blocked permission Contacts.ReadWrite"],
    ),
    ("seal turns a privileged latch", SEAL, s.DEPLOYED, ["turned TurnLatch"]),
    ("seal leaves a sealed and empty stack alone", SEAL, s.SEALED, ["already latch", "already plan"]),
    (
        "seal applies the empty plan while the state still knows the role",
        SEAL,
        _with(s.SEALED, stack=replace(s.SEALED_STACK, has_role_assignment=True)),
        ["already latch", "applied ApplyEmptyPlan"],
    ),
    (
        "seal reports other drift and does not apply it",
        SEAL,
        _with(s.SEALED, plan=PlanState((PlannedChange("azuread_user.x", ("update",)),))),
        ["already latch", "found plan"],
    ),
    (
        "seal writes the output that a broken-off apply has left out",
        SEAL,
        _with(s.SEALED, plan=PlanState((PlannedChange("output.mfa_policy_id", ("create",)),))),
        ["already latch", "applied ApplyEmptyPlan"],
    ),
    (
        "seal applies nothing where more than an output would change",
        SEAL,
        _with(
            s.SEALED,
            plan=PlanState(
                (
                    PlannedChange("output.account", ("update",)),
                    PlannedChange("azuread_user.service_account", ("update",)),
                )
            ),
        ),
        ["already latch", "found plan"],
    ),
    (
        "seal lets the old latch go that a killed turn has left",
        SEAL,
        _with(s.SEALED, plan=PlanState((PlannedChange("terraform_data.latch", ("delete",)),))),
        ["already latch", "applied ApplyEmptyPlan"],
    ),
    ("seal cannot tell without the state", SEAL, _with(s.SEALED, stack=UNREADABLE), ["blocked it"]),
    ("seal wants a deploy first", SEAL, _with(s.SEALED, stack=Absent("state")), ["blocked latch"]),
    ("abandon turns a privileged latch back", ABANDON, s.DEPLOYED, ["turned TurnLatch"]),
    ("abandon leaves a sealed latch sealed", ABANDON, s.SEALED, ["already latch"]),
    (
        "abandon has nothing to say where nothing was deployed",
        ABANDON,
        _with(s.DEPLOYED, stack=Absent("the state"), account=Absent("the account")),
        ["already latch"],
    ),
    (
        "settle replaces the password that the state knows",
        SETTLE,
        s.DEPLOYED,
        [f"already {LOGIN}", "replaced ReplacePassword"],
    ),
    ("settle is done once", SETTLE, s.SEALED, [f"already {LOGIN}", "already password"]),
    (
        "settle blocks sign-in first",
        SETTLE,
        _with(s.DEPLOYED, account=replace(s.ACCOUNT, is_enabled=True)),
        ["disabled DisableAccount", "replaced ReplacePassword"],
    ),
    (
        "settle replaces a password whose age is unknown",
        SETTLE,
        _with(s.SEALED, account=replace(s.ACCOUNT, password_changed=None)),
        [f"already {LOGIN}", "replaced ReplacePassword"],
    ),
    ("prove accepts the policy of the deploy", PROVE, s.DEPLOYED, ["already MFA", LEFT_OUT]),
    ("prove refuses without a policy", PROVE, _with(s.DEPLOYED, policies=()), ["blocked MFA policy", LEFT_OUT]),
    ("prove cannot tell without What-If", PROVE, _with(s.DEPLOYED, what_if=UNREADABLE), ["blocked it", LEFT_OUT]),
    (
        "prove refuses while one client type is left out",
        PROVE,
        _with(s.DEPLOYED, what_if=(*s.WHAT_IF, replace(s.WHAT_IF[0], applied_policy_ids=frozenset()))),
        ["blocked MFA", LEFT_OUT],
    ),
    (
        "prove refuses when a member of break-glass is met",
        PROVE,
        _with(
            s.DEPLOYED, what_if_break_glass=(WhatIf("browser", frozenset()), WhatIf("other", frozenset({"policy-1"})))
        ),
        ["already MFA", "blocked break-glass group sg-breakglass"],
    ),
    (
        "prove leaves a policy for everybody to the tenant",
        PROVE,
        _with(s.DEPLOYED, what_if_break_glass=(WhatIf("browser", frozenset({"everybody's"})),)),
        ["already MFA", LEFT_OUT],
    ),
    (
        "prove cannot tell of break-glass without a member to ask about",
        PROVE,
        _with(s.DEPLOYED, what_if_break_glass=Absent("a user in the break-glass group")),
        ["already MFA", "blocked a user in the break-glass group"],
    ),
    (
        "close takes away what the roles' members show and the list does not",
        CLOSE,
        _with(s.DEPLOYED, roles=RoleHoldings(held=(replace(s.GLOBAL_ADMIN, assignment_id=None, role_id="role-1"),))),
        ["removed RemoveRoleMember"],
    ),
    (
        "close ends a schedule as a schedule",
        CLOSE,
        _with(s.DEPLOYED, roles=RoleHoldings(held=(replace(s.GLOBAL_ADMIN, is_scheduled=True),))),
        ["removed EndRoleSchedule"],
    ),
    (
        "close removes what it knows although a path cannot be read",
        CLOSE,
        _with(s.DEPLOYED, roles=RoleHoldings(held=(s.GLOBAL_ADMIN,), unreadable=(UNREADABLE,))),
        ["removed RemoveRoleAssignment", "blocked it"],
    ),
    (
        "close removes by its id what the state names and nothing shows",
        CLOSE,
        _with(s.DEPLOYED, roles=RoleHoldings(unseen=("assignment-1",))),
        ["removed RemoveRoleAssignment", f"already {LOGIN}"],
    ),
    (
        "seal does not take a role that Terraform still finds for drift",
        SEAL,
        _with(s.SEALED, plan=PlanState((PlannedChange(f"{ROLE_ASSIGNMENT}[0]", ("delete",)),))),
        ["already latch", "blocked plan"],
    ),
    (
        "verify sees a group whose owner could make a role his own",
        VERIFY,
        _with(s.SEALED, owned=RoleHoldings(held=(replace(s.GLOBAL_ADMIN, path="as owner of group x"),))),
        [
            "already sign-in",
            f"already {LOGIN}",
            f"blocked {LOGIN}",
            REACHES_NOTHING,
            "already other accounts",
            "already grants",
            "already MFA",
        ],
    ),
    (
        "verify cannot tell what an owned application may do",
        VERIFY,
        _with(s.SEALED, owned=RoleHoldings(unreadable=(UNREADABLE,))),
        [
            "already sign-in",
            f"already {LOGIN}",
            "blocked it",
            REACHES_NOTHING,
            "already other accounts",
            "already grants",
            "already MFA",
        ],
    ),
    (
        "verify is content with a sealed tenant",
        VERIFY,
        s.SEALED,
        [
            "already sign-in",
            f"already {LOGIN}",
            OWNS_NOTHING,
            REACHES_NOTHING,
            "already other accounts",
            "already grants",
            "already MFA",
        ],
    ),
    (
        "verify sees a role that is still held",
        VERIFY,
        _with(s.SEALED, roles=RoleHoldings(held=(ELIGIBLE,))),
        [
            "already sign-in",
            f"blocked {LOGIN}",
            OWNS_NOTHING,
            REACHES_NOTHING,
            "already other accounts",
            "already grants",
            "already MFA",
        ],
    ),
    (
        "verify sees a deleted account that would come back with its role",
        VERIFY,
        _with(s.SEALED, twins=RoleHoldings(held=(s.GLOBAL_ADMIN,))),
        [
            "already sign-in",
            f"already {LOGIN}",
            OWNS_NOTHING,
            REACHES_NOTHING,
            "blocked other accounts",
            "already grants",
            "already MFA",
        ],
    ),
    (
        "verify sees a group that the account may make itself a member of",
        VERIFY,
        _with(s.SEALED, reachable=RoleHoldings(held=(replace(s.GLOBAL_ADMIN, path="as eligible member of group x"),))),
        [
            "already sign-in",
            f"already {LOGIN}",
            OWNS_NOTHING,
            f"blocked {LOGIN}",
            "already other accounts",
            "already grants",
            "already MFA",
        ],
    ),
    (
        "verify cannot tell what the account is eligible for",
        VERIFY,
        _with(s.SEALED, reachable=UNREADABLE),
        [
            "already sign-in",
            f"already {LOGIN}",
            OWNS_NOTHING,
            "blocked it",
            "already other accounts",
            "already grants",
            "already MFA",
        ],
    ),
    (
        "verify cannot tell of one of the groups that the account is eligible for",
        VERIFY,
        _with(s.SEALED, reachable=RoleHoldings(unreadable=(UNREADABLE,))),
        [
            "already sign-in",
            f"already {LOGIN}",
            OWNS_NOTHING,
            "blocked it",
            "already other accounts",
            "already grants",
            "already MFA",
        ],
    ),
    (
        "verify is content where nothing governs groups",
        VERIFY,
        _with(s.SEALED, reachable=Absent("a licence")),
        [
            "already sign-in",
            f"already {LOGIN}",
            OWNS_NOTHING,
            REACHES_NOTHING,
            "already other accounts",
            "already grants",
            "already MFA",
        ],
    ),
    (
        "verify sees a grant that nobody declared",
        VERIFY,
        _with(
            s.SEALED,
            grants=replace(
                s.GRANTED,
                delegated=(replace(s.GRANTED.delegated[0], scopes=frozenset({"User.Read", "Mail.Read"})),),
            ),
        ),
        [
            "already sign-in",
            f"already {LOGIN}",
            OWNS_NOTHING,
            REACHES_NOTHING,
            "already other accounts",
            "found grants",
            "already MFA",
        ],
    ),
    (
        "verify sees a grant that is gone",
        VERIFY,
        _with(s.SEALED, grants=s.GRANTS),
        [
            "already sign-in",
            f"already {LOGIN}",
            OWNS_NOTHING,
            REACHES_NOTHING,
            "already other accounts",
            "blocked grants",
            "already MFA",
        ],
    ),
]


ENROLLED = MethodsState(frozenset({"#microsoft.graph.microsoftAuthenticatorAuthenticationMethod"}), ())
PASS = PassState("pass-1", is_usable=True, ends=s.CREATED + timedelta(hours=1), is_delivered=True)
OPENED = MethodsState(frozenset(), (PASS,))
EXPIRED = MethodsState(frozenset(), (replace(PASS, is_usable=False),))
NO_METHODS = MethodsState(frozenset(), ())
OWN_PASSWORD = replace(s.ACCOUNT, password_changed=s.CREATED + timedelta(minutes=5))
ENABLED = replace(OWN_PASSWORD, is_enabled=True)
SHUTTING = ["disabled DisableAccount"]

ALLOWED_CASES: list[tuple[str, Step, UserState, MethodsState, list[str]]] = [
    ("open replaces the password first", OPEN, s.ACCOUNT, NO_METHODS, ["replaced ReplacePassword"]),
    ("open then issues the pass", OPEN, OWN_PASSWORD, NO_METHODS, ["issued IssuePass"]),
    ("open enables last", OPEN, OWN_PASSWORD, OPENED, ["enabled EnableAccount"]),
    ("open is done", OPEN, ENABLED, OPENED, [f"already {LOGIN}"]),
    ("open disables an account whose pass is over", OPEN, ENABLED, EXPIRED, [*SHUTTING, "deleted DeletePass"]),
    ("open disables an account enabled without a pass", OPEN, ENABLED, NO_METHODS, SHUTTING),
    ("open never enables while the state's password works", OPEN, s.ACCOUNT, OPENED, ["deleted DeletePass"]),
    ("open has nothing to do once enrolled", OPEN, OWN_PASSWORD, ENROLLED, ["already second factor"]),
    ("enrol waits while the pass is valid", ENROL, ENABLED, OPENED, ["waits second factor"]),
    ("enrol goes on once enrolled", ENROL, ENABLED, ENROLLED, ["already second factor"]),
    ("enrol closes when the pass is over", ENROL, ENABLED, EXPIRED, [*SHUTTING, "deleted DeletePass"]),
    ("enrol says that nobody came", ENROL, OWN_PASSWORD, NO_METHODS, ["blocked second factor"]),
    (
        "settle disables before it deletes the pass",
        SETTLE,
        ENABLED,
        replace(ENROLLED, passes=(PASS,)),
        [*SHUTTING, "deleted DeletePass"],
    ),
    ("settle delivers once disabled and without a pass", SETTLE, OWN_PASSWORD, ENROLLED, ["delivered DeliverPassword"]),
    (
        "settle closes an enrolled account that still has the state's password",
        SETTLE,
        replace(s.ACCOUNT, is_enabled=True),
        ENROLLED,
        SHUTTING,
    ),
    ("settle is done once enabled", SETTLE, ENABLED, ENROLLED, [f"already {LOGIN}"]),
    ("settle closes what nobody enrolled", SETTLE, ENABLED, NO_METHODS, SHUTTING),
    ("shut closes an open account", SHUT, ENABLED, OPENED, [*SHUTTING, "deleted DeletePass"]),
    ("shut leaves a settled account", SHUT, ENABLED, ENROLLED, [f"already {LOGIN}"]),
    ("close leaves sign-in to later steps once no role is held", CLOSE, ENABLED, ENROLLED, [f"already {LOGIN}"]),
]


@pytest.mark.parametrize(
    ("step", "account", "methods", "expected"),
    [case[1:] for case in ALLOWED_CASES],
    ids=[case[0] for case in ALLOWED_CASES],
)
def test_step_intends_where_a_person_may_sign_in(
    step: Step, account: UserState, methods: MethodsState, expected: list[str]
) -> None:
    facts = replace(s.SEALED, account=account, methods=methods, pass_policy=PassPolicy(True, 60, 480))
    assert s.in_short(s.intend(step, facts, s.ALLOWED_TENANT)) == expected


def test_open_refuses_while_the_role_is_held() -> None:
    facts = replace(s.SEALED, roles=s.DEPLOYED.roles, methods=NO_METHODS, pass_policy=PassPolicy(True, 60, 480))
    assert s.in_short(s.intend(OPEN, facts, s.ALLOWED_TENANT)) == [f"blocked {LOGIN}"]


def test_open_refuses_before_sealing() -> None:
    facts = replace(s.SEALED, stack=s.PRIVILEGED_STACK, methods=NO_METHODS, pass_policy=PassPolicy(True, 60, 480))
    assert s.in_short(s.intend(OPEN, facts, s.ALLOWED_TENANT)) == ["blocked latch"]


@pytest.mark.parametrize(("window", "minutes"), [(5, 60), (120, 120), (1000, 480)])
def test_pass_lives_as_long_as_the_window_within_the_tenants_rules(window: int, minutes: int) -> None:
    facts = replace(s.SEALED, account=OWN_PASSWORD, methods=NO_METHODS, pass_policy=PassPolicy(True, 60, 480))
    (action,) = s.intend(OPEN, facts, s.ALLOWED_TENANT.model_copy(update={"window_minutes": window}))
    assert isinstance(action, GraphCall)
    assert action.act == IssuePass(s.ACCOUNT_ID, LOGIN, minutes)


@pytest.mark.parametrize(("step", "facts", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_step_intends(step: Step, facts: Facts, expected: list[str]) -> None:
    assert s.in_short(s.intend(step, facts)) == expected


POLICY_GAPS: dict[str, Callable[[], Any]] = {
    "report only": lambda: replace(s.POLICY, state="enabledForReportingButNotEnforced"),
    "disabled": lambda: replace(s.POLICY, state="disabled"),
    "account left out": lambda: replace(s.POLICY, include_users=frozenset({"other"})),
    "account excluded": lambda: replace(s.POLICY, exclude_users=frozenset({s.ACCOUNT_ID})),
    "another group excluded": lambda: replace(s.POLICY, exclude_groups=frozenset({s.GROUP_ID, "another"})),
    "a role excluded": lambda: replace(s.POLICY, exclude_roles=frozenset({GLOBAL_ADMINISTRATOR})),
    "some resources only": lambda: replace(s.POLICY, include_applications=frozenset({"Office365"})),
    "a resource excluded": lambda: replace(s.POLICY, exclude_applications=frozenset({"app"})),
    "browser only": lambda: replace(s.POLICY, client_app_types=frozenset({"browser"})),
    "narrowed by a location": lambda: replace(s.POLICY, is_narrowed=True),
    "another control as good as MFA": lambda: replace(
        s.POLICY, built_in_controls=frozenset({"mfa", "compliantDevice"})
    ),
    "a strength with another control as good as it": lambda: replace(
        s.POLICY, built_in_controls=frozenset({"compliantDevice"}), strength_id="strength-1"
    ),
    "terms of use as good as MFA": lambda: replace(s.POLICY, has_other_controls=True),
    "no control": lambda: replace(s.POLICY, built_in_controls=frozenset()),
}


@pytest.mark.parametrize("gap", POLICY_GAPS)
def test_prove_refuses_a_policy_with_a_gap(gap: str) -> None:
    actions = s.intend(PROVE, replace(s.DEPLOYED, policies=(POLICY_GAPS[gap](),)))
    assert [type(action) for action in actions] == [Blocked, Already]


def test_prove_wants_the_declared_strength_and_no_other() -> None:
    tenant = s.TENANT.model_copy(update={"mfa": s.TENANT.mfa.model_copy(update={"strength_id": "strength-1"})})
    right = replace(s.POLICY, built_in_controls=frozenset(), strength_id="strength-1")
    wrong = replace(right, strength_id="strength-2")
    assert isinstance(s.intend(PROVE, replace(s.DEPLOYED, policies=(right,)), tenant)[0], Already)
    assert isinstance(s.intend(PROVE, replace(s.DEPLOYED, policies=(wrong,)), tenant)[0], Blocked)
    assert isinstance(s.intend(PROVE, s.DEPLOYED, tenant)[0], Blocked)


@pytest.mark.parametrize("step", [PREFLIGHT, PREFLIGHT_DEPLOY])
def test_preflight_is_content_with_a_good_tenant(step: Step) -> None:
    assert {type(action) for action in s.intend(step, s.DEPLOYED)} == {Already}


def test_preflight_lists_everything_that_is_missing_at_once() -> None:
    facts = replace(
        s.DEPLOYED,
        caller=replace(s.CALLER, permissions=s.CALLER.permissions - {"RoleManagement.ReadWrite.Directory"}),
        organization=replace(s.ORGANIZATION, domains=(), skus=()),
        security_defaults=True,
        break_glass=replace(s.BREAK_GLASS, member_ids=()),
        dashboard_groups={"sg-admins": 0},
        other_administrators=(),
        account=replace(s.ACCOUNT, stamp=None),
    )
    subjects = {action.subject for action in s.intend(PREFLIGHT_DEPLOY, facts) if isinstance(action, Blocked)}
    assert subjects >= {
        "Microsoft Entra ID P1",
        "domain contoso.example",
        "security defaults",
        "break-glass group sg-breakglass",
        "group sg-admins",
        "another Global Administrator",
        LOGIN,
        "permission RoleManagement.ReadWrite.Directory",
    }


@pytest.mark.parametrize(
    "name", ["organization", "security_defaults", "break_glass", "dashboard_groups", "account", "other_administrators"]
)
def test_preflight_cannot_tell_without(name: str) -> None:
    actions = s.intend(PREFLIGHT_DEPLOY, replace(s.DEPLOYED, **{name: UNREADABLE}))
    assert ExitCode.COULD_NOT_TELL in {action.exit_code for action in actions if isinstance(action, Blocked)}


@pytest.mark.parametrize("step", [CLOSE, CONSENT, PROVE, SEAL, SETTLE, VERIFY, ABANDON, PREFLIGHT, PREFLIGHT_DEPLOY])
def test_step_that_is_given_nothing_cannot_tell(step: Step) -> None:
    actions = list(step.decide(Facts(), s.TENANT))
    assert ExitCode.COULD_NOT_TELL in {action.exit_code for action in actions if isinstance(action, Blocked)}
