"""What preflight says of a caller, of the methods policy, of the lock, and of what a broken deploy left."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from steward.config.model import CertificateTrust, Identities, Tenant
from steward.errors import ExitCode
from steward.facts import Absent, Facts, Leftover, PassPolicy, Reading, StackState, Unreadable
from steward.lifecycle.actions import Blocked, Found
from steward.lifecycle.needs import (
    Need,
    close_needs,
    deploy_needs,
    guard_needs,
    plan_needs,
    post_apply_needs,
    reopen_needs,
    without_escalation,
)
from steward.lifecycle.step import Step
from steward.lifecycle.steps import CLOSE_ALONE, PREFLIGHT, PREFLIGHT_CLOSE, PREFLIGHT_DEPLOY
from steward.lifecycle.steps.preflight_checks import import_blocks
from steward.wellknown.clients import AZURE_CLI
from steward.wellknown.roles import GLOBAL_ADMINISTRATOR
from steward.wellknown.stack import ACCOUNT, SERVICE_PRINCIPAL
from tests.lifecycle import situation as s

STRENGTH = "11111111-2222-4333-8444-555555555555"
POLICY = PassPolicy(is_enabled=True, shortest=60, longest=480, is_for_account=True, strong_methods=frozenset({"Fido2"}))
OWN_STRENGTH = s.ALLOWED_TENANT.model_copy(update={"mfa": s.TENANT.mfa.model_copy(update={"strength_id": STRENGTH})})


def blocked(step: Step, facts: Facts, tenant: Tenant = s.TENANT) -> dict[str, Blocked]:
    found = s.intend(step, facts, tenant)
    return {action.subject: action for action in found if isinstance(action, Blocked)}


@pytest.mark.parametrize("step", [PREFLIGHT, PREFLIGHT_DEPLOY])
def test_azure_cli_is_told_what_its_token_can_never_have_and_the_way_out(step: Step) -> None:
    caller = replace(
        s.CALLER,
        app_id=AZURE_CLI,
        is_app=False,
        permissions=frozenset({"User.ReadWrite.All", "Group.ReadWrite.All", "User.Read.All"}),
        role_template_ids=frozenset({GLOBAL_ADMINISTRATOR}),
    )
    told = blocked(step, replace(s.DEPLOYED, caller=caller))
    assert set(told) == {"permissions"}
    assert "Policy.Read.All, to" in told["permissions"].why
    assert "RoleManagement.ReadWrite.Directory, to" in told["permissions"].why
    assert all("can never have" in each.why and "ARM_CLIENT_ID" in each.next_move for each in told.values())


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (PREFLIGHT, {"Privileged Role Administrator", "User Administrator"}),
        (PREFLIGHT_DEPLOY, {"Privileged Role Administrator", "User Administrator", "Conditional Access Administrator"}),
    ],
)
def test_signed_in_person_without_directory_roles_is_told_which(step: Step, expected: set[str]) -> None:
    caller = replace(s.CALLER, is_app=False, role_template_ids=frozenset())
    told = blocked(step, replace(s.DEPLOYED, caller=caller))
    assert {subject.removeprefix("directory role ") for subject in told} == expected
    administrator = replace(caller, role_template_ids=frozenset({GLOBAL_ADMINISTRATOR}))
    assert blocked(step, replace(s.DEPLOYED, caller=administrator)) == {}


@pytest.mark.parametrize(
    ("policy", "subject"),
    [
        (replace(POLICY, is_enabled=False), "Temporary Access Pass"),
        (replace(POLICY, is_for_account=False), "Temporary Access Pass"),
        (replace(POLICY, strong_methods=frozenset()), "second factor"),
    ],
)
def test_methods_policy_that_keeps_the_account_from_enrolling_is_named(policy: PassPolicy, subject: str) -> None:
    assert subject in blocked(PREFLIGHT, replace(s.DEPLOYED, pass_policy=policy), s.ALLOWED_TENANT)
    assert subject not in blocked(PREFLIGHT, replace(s.DEPLOYED, pass_policy=POLICY), s.ALLOWED_TENANT)


@pytest.mark.parametrize(
    ("strength", "is_blocked"),
    [
        (Absent("it"), True),
        (Unreadable("it", "503"), True),
        (frozenset({"fido2"}), True),
        (frozenset({"fido2", "temporaryAccessPassOneTime"}), False),
    ],
)
def test_strength_of_the_tenants_own_has_to_take_a_pass(
    strength: frozenset[str] | Absent | Unreadable, is_blocked: bool
) -> None:
    facts = replace(s.DEPLOYED, strength=strength, pass_policy=POLICY)
    told = blocked(PREFLIGHT_DEPLOY, facts, OWN_STRENGTH)
    assert bool(told.keys() & {f"authentication strength {STRENGTH}", "it"}) is is_blocked


def test_lock_that_somebody_holds_stops_before_anything_is_granted() -> None:
    told = blocked(PREFLIGHT, replace(s.DEPLOYED, lock=Unreadable("the lock", "ID: 1234, held by somebody")))
    assert "held by somebody" in told["Terraform's lock"].why
    assert told["Terraform's lock"].exit_code is ExitCode.COULD_NOT_TELL
    assert blocked(PREFLIGHT, replace(s.DEPLOYED, lock=Absent("a latch to turn"))) == {}


def test_deploy_that_did_not_finish_is_told_by_what_is_missing() -> None:
    stack = replace(s.PRIVILEGED_STACK, addresses=s.ADDRESSES - {SERVICE_PRINCIPAL})
    assert SERVICE_PRINCIPAL in blocked(PREFLIGHT, replace(s.DEPLOYED, stack=stack))["deploy"].why


def test_unfinished_deploy_is_looked_through_before_it_makes_anything_once_more() -> None:
    stack = replace(s.PRIVILEGED_STACK, addresses=s.ADDRESSES - {SERVICE_PRINCIPAL})
    next_move = blocked(PREFLIGHT, replace(s.DEPLOYED, stack=stack))["deploy"].next_move
    assert next_move.index("scripts/preflight.py") < next_move.index("cdktf deploy")


@pytest.mark.parametrize(
    ("addresses", "way_back"),
    [(s.ADDRESSES, "cdktf deploy contoso --var phase=prepared"), (frozenset[str](), "scripts/preflight.py")],
    ids=["only the latch is lost", "the account is unknown as well"],
)
def test_lost_latch_is_answered_with_what_works_and_grants_nothing(addresses: frozenset[str], way_back: str) -> None:
    facts = replace(s.DEPLOYED, stack=replace(s.PRIVILEGED_STACK, latch=Absent("latch"), addresses=addresses))
    assert way_back in blocked(PREFLIGHT, facts)["latch"].next_move


def test_break_glass_group_that_a_rule_fills_is_a_finding() -> None:
    facts = replace(s.DEPLOYED, break_glass=replace(s.BREAK_GLASS, is_dynamic=True))
    found = [action for action in s.intend(PREFLIGHT, facts) if isinstance(action, Found)]
    assert ["a rule fills it" in action.why for action in found] == [True]


@pytest.mark.parametrize(
    "needs",
    [deploy_needs, post_apply_needs, plan_needs, close_needs, guard_needs, reopen_needs],
    ids=lambda needs: needs.__name__,
)
def test_whoever_may_write_may_read(needs: Callable[[Tenant], tuple[Need, ...]]) -> None:
    sealed = s.ALLOWED_TENANT.model_copy(
        update={"account": s.ALLOWED_TENANT.account.model_copy(update={"sealed_on": date(2026, 11, 20)})}
    )
    for tenant in (s.ALLOWED_TENANT, sealed):
        for need in (*needs(tenant), *without_escalation(needs(tenant))):
            writing = need.permission.replace(".Read.", ".ReadWrite.")
            assert need.is_met_by(frozenset({writing})) is not need.is_for_bin


def test_deploying_identity_that_kept_all_it_had_is_ready_once_the_file_says_sealed() -> None:
    sealed = s.TENANT.model_copy(
        update={"account": s.TENANT.account.model_copy(update={"sealed_on": date(2026, 11, 20)})}
    )
    caller = replace(s.CALLER, permissions=frozenset(need.permission for need in deploy_needs(s.TENANT)))
    assert blocked(PREFLIGHT_DEPLOY, replace(s.SEALED, caller=caller), sealed) == {}


def test_mixed_up_identity_is_told_by_its_name_and_nothing_is_to_be_granted_to_it() -> None:
    caller = replace(s.CALLER, permissions=frozenset({"User.ReadWrite.All", "Group.Read.All"}))
    told = blocked(PREFLIGHT, replace(s.DEPLOYED, caller=caller))
    assert next(iter(told)) == "identity"
    assert "this is the deploying identity that the tenant file names (app)" in told["identity"].why
    assert "sign in as the post-apply identity" in told["identity"].next_move
    assert not [each for each in told.values() if "grant" in each.next_move]


def test_mixed_up_identity_is_known_by_the_client_ids_that_were_made() -> None:
    made = Identities(trust=CertificateTrust(folder=Path("keys"), days=90), client_ids={"guard": "g", "close": "c"})
    tenant = s.TENANT.model_copy(update={"identities": made})
    caller = replace(s.CALLER, object_id="another", app_id="g", permissions=frozenset({"User.Read.All"}))
    told = blocked(PREFLIGHT_CLOSE, replace(s.DEPLOYED, caller=caller), tenant)["identity"]
    assert "this is the guarding identity" in told.why
    assert "sign in as the closing identity (c)" in told.next_move
    found = s.intend(CLOSE_ALONE, replace(s.SEALED, caller=caller), tenant)
    assert [action.subject for action in found if isinstance(action, Found)] == ["identity"]


def test_many_missing_permissions_are_told_in_one_line() -> None:
    caller = replace(s.CALLER, object_id="another", permissions=frozenset())
    told = blocked(PREFLIGHT_CLOSE, replace(s.DEPLOYED, caller=caller))
    assert list(told) == ["permissions"]
    assert all(need.permission in told["permissions"].why for need in close_needs(s.TENANT))


def test_retired_tenant_is_told_in_one_voice() -> None:
    sealed = s.TENANT.model_copy(
        update={"account": s.TENANT.account.model_copy(update={"sealed_on": date(2026, 11, 20)})}
    )
    emptied = replace(s.SEALED_STACK, latch=Absent("latch"), addresses=frozenset())
    gone = replace(s.SEALED, account=Absent("the account"), roles=Absent("the account"), stack=emptied)
    told = blocked(PREFLIGHT, gone, sealed)
    assert list(told) == ["deploy"]
    assert "retired" in told["deploy"].why
    assert "cdktf deploy" not in told["deploy"].next_move


def test_leftovers_come_with_the_file_that_takes_them_in() -> None:
    facts = replace(s.DEPLOYED, leftovers=(Leftover("j.keller", ACCOUNT, "/users/1"),))
    told = blocked(PREFLIGHT_DEPLOY, facts)
    assert "--import-file cdktf.out/stacks/contoso/import.tf.json" in told["Terraform's state"].next_move
    assert import_blocks(facts) == [{"to": "azuread_user.service_account", "id": "/users/1"}]
    assert "delete" not in told["j.keller"].next_move


@pytest.mark.parametrize(
    "stack", [Absent("Terraform's state"), replace(s.PRIVILEGED_STACK, latch=Absent("latch"))], ids=["state", "latch"]
)
def test_leftovers_without_a_latch_are_taken_in_by_an_apply_that_grants_nothing(stack: Reading[StackState]) -> None:
    leftovers = (Leftover("j.keller", ACCOUNT, "/users/1"),)

    def told_of(facts: Facts) -> str:
        return " ".join(each.next_move for each in s.intend(PREFLIGHT_DEPLOY, facts) if isinstance(each, Blocked))

    assert "apply -var=phase=prepared" in told_of(replace(s.DEPLOYED, stack=stack, leftovers=leftovers))
    assert "-var=" not in told_of(replace(s.DEPLOYED, leftovers=leftovers))


def test_role_that_neither_state_nor_latch_speaks_of_is_to_be_closed_and_not_taken_in() -> None:
    address = "azuread_directory_role_assignment.global_administrator[0]"
    facts = replace(s.SEALED, leftovers=(Leftover("Global Administrator of j.keller", address, "/roleManagement/1"),))
    told = blocked(PREFLIGHT_DEPLOY, facts)
    assert set(told) == {"Global Administrator of j.keller"}
    assert "--only close" in told["Global Administrator of j.keller"].next_move


def test_leftovers_are_no_finding_where_the_state_cannot_be_read() -> None:
    facts = replace(
        s.DEPLOYED, stack=Unreadable("Terraform's state", "no folder"), leftovers=(Leftover("x", ACCOUNT, "/users/1"),)
    )
    assert blocked(PREFLIGHT_DEPLOY, facts)["Terraform's state"].exit_code is ExitCode.COULD_NOT_TELL
