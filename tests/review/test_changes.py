"""What a change means, what of it stands open, and in which order it is told."""

from typing import Any

import pytest

from steward.review.changes import Action, Change
from steward.review.risks import Risk
from steward.review.words import plain
from tests.review.plans import (
    Mutate,
    add_thing,
    after_at,
    change_at,
    mutated,
    review_document,
    review_situation,
    tenant_of,
)
from tests.review.rule_cases import ACCOUNT, APPLICATION, GOOD, LATCH, POLICY, PRINCIPAL, SOMEBODY


def _changes(mutate: Mutate) -> tuple[Change, ...]:
    return review_document(mutated(GOOD, mutate), tenant_of(GOOD)).changes.changes


def _set(address: str, **attributes: Any) -> Mutate:
    return lambda document: after_at(document, address).update(attributes)


def _exclude(document: dict[str, Any]) -> None:
    after_at(document, POLICY)["conditions"][0]["users"][0]["excluded_users"] = [SOMEBODY]


def _origin(address: str, **origin: Any) -> Mutate:
    def mutate(document: dict[str, Any]) -> None:
        entry = change_at(document, address)
        entry.update({name: value for name, value in origin.items() if name == "previous_address"})
        entry["change"].update({name: value for name, value in origin.items() if name == "importing"})

    return mutate


@pytest.mark.parametrize(
    ("mutate", "risk"),
    [
        (_set(POLICY, state="disabled"), Risk.MFA),
        (
            lambda each: after_at(each, POLICY)["conditions"][0]["users"][0].update(excluded_users=[SOMEBODY]),
            Risk.EXCLUSION,
        ),
        (_set(APPLICATION, owners=[SOMEBODY]), Risk.OWNER),
        (_set(APPLICATION, sign_in_audience="AzureADMultipleOrgs"), Risk.CONSENT),
        (_set(APPLICATION, fallback_public_client_enabled=True), Risk.CONSENT),
        (_set(APPLICATION, web=[{"redirect_uris": ["https://elsewhere.example/"]}]), Risk.CONSENT),
        (_set(PRINCIPAL, app_role_assignment_required=False), Risk.CONSENT),
        (_set(ACCOUNT, account_enabled=True), Risk.ACCOUNT),
        (_set(ACCOUNT, password="new"), Risk.ACCOUNT),
        (_set(ACCOUNT, user_principal_name="m.other@contoso.com"), Risk.ACCOUNT),
        (_origin(ACCOUNT, importing={"id": SOMEBODY}), Risk.UNFAMILIAR),
        (_origin(ACCOUNT, previous_address="azuread_user.administrator"), Risk.UNFAMILIAR),
        (lambda each: add_thing(each, "azuread_group_member.more"), Risk.UNFAMILIAR),
        (lambda each: add_thing(each, "azuread_directory_role_member.more"), Risk.PRIVILEGED_ROLE),
        (_set(LATCH, input={"phase": "privileged", "until": "2026-11-23T10:00:00Z"}), Risk.PRIVILEGED_ROLE),
        (_set(ACCOUNT, job_title="Synchronisation"), Risk.NONE),
        (_set(APPLICATION, display_name="CiraSync 2"), Risk.NONE),
    ],
)
def test_change_ranks_by_the_gravest_thing_that_it_means(mutate: Mutate, risk: Risk) -> None:
    (change,) = _changes(mutate)
    assert change.risk is risk
    assert change.stands_open == (risk is not Risk.NONE)


@pytest.mark.parametrize(
    ("actions", "action"),
    [
        (["delete"], Action.DELETED),
        (["forget"], Action.FORGOTTEN),
        (["delete", "create"], Action.REPLACED),
        (["create", "delete"], Action.REPLACED),
        (["create", "forget"], Action.REPLACED),
        (["update"], Action.UPDATED),
        (["something", "new"], Action.OTHER),
    ],
)
def test_whatever_may_be_lost_stands_open_and_unknown_actions_count_as_that(actions: list[str], action: Action) -> None:
    def mutate(document: dict[str, Any]) -> None:
        change_at(document, LATCH)["change"]["actions"] = actions

    (change,) = _changes(mutate)
    assert change.action is action
    assert change.stands_open == (action is not Action.UPDATED)


def test_gravest_change_comes_first() -> None:
    risks = [change.risk for change in review_situation("destroy").changes.changes]
    assert risks == sorted(risks)


def test_permission_that_leads_to_global_administrator_says_so() -> None:
    def mutate(document: dict[str, Any]) -> None:
        (access,) = after_at(document, APPLICATION)["required_resource_access"]
        access["resource_access"].append({"id": "9e3f62cf-ca93-4989-b6ce-bf83c28f9fe8", "type": "Role"})

    (change,) = _changes(mutate)
    assert "RoleManagement.ReadWrite.Directory (application), which leads to Global Administrator" in plain(
        change.aspects[0].what
    )


def test_role_that_was_taken_away_outside_terraform_is_told_as_such() -> None:
    (outside,) = review_situation("between_close_and_seal").changes.outside
    assert (outside.action, outside.risk) == (Action.DELETED, Risk.PRIVILEGED_ROLE)


def test_values_that_a_provider_only_normalised_are_no_change_outside_terraform() -> None:
    review = review_situation("no_change")
    assert (review.changes.changes, review.changes.outside, review.changes.unchanged) == ((), (), 7)


def test_account_that_was_enabled_by_hand_is_told_as_a_change_outside_terraform() -> None:
    def mutate(document: dict[str, Any]) -> None:
        (drift,) = [each for each in document["resource_drift"] if each["address"] == ACCOUNT]
        drift["change"]["after"]["account_enabled"] = True

    review = review_document(mutated(GOOD, mutate), tenant_of(GOOD))
    (outside,) = review.changes.outside
    assert [plain(aspect.what) for aspect in outside.aspects] == ["the account's sign-in is switched"]
