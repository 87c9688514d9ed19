"""What conditional access decides about a sign-in, by the methods used, and what the log keeps of it."""

from datetime import timedelta
from typing import Any

import pytest

from sandbox.directory import authentication_strengths
from sandbox.directory.store import PORTAL, Directory
from sandbox.evaluation.decision import Decision, decide
from sandbox.evaluation.sign_in import of_service_principal, of_user, risks
from sandbox.seed import Seed, SeedLicence, SeedUser
from tests.sandbox.directories import directory_of, saved
from tests.sandbox.rows.policies import strength

_GRAPH = "00000003-0000-0000-c000-000000000000"
_MFA, _PASSWORDLESS, _PHISHING_RESISTANT = (f"00000000-0000-0000-0000-00000000000{number}" for number in (2, 3, 4))
_PASSWORD = frozenset({"password"})
_TOTP = frozenset({"password", "softwareOath"})
_PASS = frozenset({"temporaryAccessPassOneTime"})
_KEY = frozenset({"fido2"})


def _decide(directory: Directory, login: str = "alex.moore@contoso.example", **known: Any) -> Decision:
    return decide(directory, of_user(directory, directory.require_user(login), [_GRAPH], **known))


def _of_strength(directory: Directory, strength_id: str, **changes: Any) -> None:
    controls = {"grantControls__builtInControls": [], "grantControls__authenticationStrength": {"id": strength_id}}
    saved(directory, **controls, **changes)


@pytest.mark.parametrize(
    ("strength_id", "enough", "too_little"),
    [
        (_MFA, [_TOTP, _PASS, _KEY], [_PASSWORD, frozenset({"softwareOath"}), frozenset[str]()]),
        (_PASSWORDLESS, [_KEY], [_PASSWORD, _TOTP, _PASS]),
        (_PHISHING_RESISTANT, [_KEY], [_PASSWORD, _TOTP, _PASS]),
    ],
)
def test_strength_is_satisfied_by_its_combinations(
    strength_id: str, enough: list[frozenset[str]], too_little: list[frozenset[str]]
) -> None:
    directory = directory_of()
    _of_strength(directory, strength_id)
    decision = _decide(directory)
    assert all(decision.allows(each) for each in enough)
    assert not any(decision.allows(each) for each in too_little)
    assert decision.refusal(_PASSWORD) == 50076
    assert not decision.is_blocked


def test_strength_of_the_tenants_own_takes_what_it_lists() -> None:
    directory = directory_of()
    own = authentication_strengths.create(directory, strength("password,softwareOath"), PORTAL)
    _of_strength(directory, own["id"])
    decision = _decide(directory)
    assert decision.allows(_TOTP)
    assert not decision.allows(_KEY)


def test_two_strengths_are_both_demanded() -> None:
    directory = directory_of()
    _of_strength(directory, _MFA)
    _of_strength(directory, _PHISHING_RESISTANT)
    decision = _decide(directory)
    assert _KEY in decision.combinations()
    assert _TOTP not in decision.combinations()
    assert not decision.allows(_TOTP)


def test_without_a_policy_a_password_is_enough() -> None:
    decision = _decide(directory_of())
    assert decision.allows(_PASSWORD)
    assert (decision.refusal(_PASSWORD), decision.combinations(), decision.status(_PASSWORD)) == (
        None,
        (),
        "notApplied",
    )


def test_blocked_sign_in_ends_whatever_the_user_does() -> None:
    directory = directory_of()
    saved(directory)
    saved(directory, grantControls__builtInControls=["block"])
    decision = _decide(directory)
    assert decision.is_blocked
    assert decision.refusal(_TOTP) == 53003
    assert decision.unmet(_TOTP) == ("block",)


@pytest.mark.parametrize(
    ("operator", "device", "methods", "code"),
    [
        ("OR", {}, _PASSWORD, 50076),
        ("OR", {}, _TOTP, None),
        ("OR", {"isCompliant": True}, _PASSWORD, None),
        ("AND", {}, _TOTP, 53000),
        ("AND", {"isCompliant": True}, _PASSWORD, 50076),
        ("AND", {"isCompliant": True}, _TOTP, None),
    ],
)
def test_controls_are_demanded_together_or_one_of_them(
    operator: str, device: dict[str, Any], methods: frozenset[str], code: int | None
) -> None:
    directory = directory_of()
    controls = {"grantControls__builtInControls": ["mfa", "compliantDevice"], "grantControls__operator": operator}
    saved(directory, **controls)
    assert _decide(directory, device=device).refusal(methods) == code


@pytest.mark.parametrize(
    ("control", "device", "code"),
    [
        ("domainJoinedDevice", {}, 53001),
        ("domainJoinedDevice", {"trustType": "ServerAD"}, None),
        ("approvedApplication", {}, 53002),
        ("compliantApplication", {}, 53002),
    ],
)
def test_device_and_application_controls_have_their_own_codes(
    control: str, device: dict[str, Any], code: int | None
) -> None:
    directory = directory_of()
    saved(directory, grantControls__builtInControls=[control])
    assert _decide(directory, device=device).refusal(_TOTP) == code


def test_terms_of_use_stand_in_the_way_of_a_sign_in() -> None:
    directory = directory_of(terms_of_use=("Acceptable use",))
    saved(directory, grantControls__builtInControls=[], grantControls__termsOfUse=list(directory.terms_of_use))
    decision = _decide(directory)
    assert decision.refusal(_TOTP) == 50158
    assert not decision.is_blocked


def test_client_that_can_show_no_page_is_blocked_by_mfa() -> None:
    directory = directory_of()
    saved(directory)
    decision = _decide(directory, client_app_type="exchangeActiveSync")
    assert decision.is_blocked
    assert decision.refusal(_PASSWORD) == 53003


@pytest.mark.parametrize(
    ("changes", "methods", "result", "status"),
    [
        ({}, _TOTP, "success", "success"),
        ({}, _PASSWORD, "failure", "failure"),
        ({"state": "disabled"}, _PASSWORD, "notEnabled", "notApplied"),
        ({"conditions__users__includeUsers": ["None"]}, _PASSWORD, "notApplied", "notApplied"),
        ({"state": "enabledForReportingButNotEnforced"}, _TOTP, "reportOnlySuccess", "notApplied"),
        ({"state": "enabledForReportingButNotEnforced"}, _PASSWORD, "reportOnlyInterrupted", "notApplied"),
        (
            {"state": "enabledForReportingButNotEnforced", "grantControls__builtInControls": ["block"]},
            _PASSWORD,
            "reportOnlyFailure",
            "notApplied",
        ),
        (
            {"state": "enabledForReportingButNotEnforced", "conditions__clientAppTypes": ["other"]},
            _PASSWORD,
            "reportOnlyNotApplied",
            "notApplied",
        ),
    ],
)
def test_log_says_of_every_policy_what_came_of_it(
    changes: dict[str, Any], methods: frozenset[str], result: str, status: str
) -> None:
    directory = directory_of()
    policy = saved(directory, **changes)
    decision = _decide(directory)
    (entry,) = decision.log(methods)
    assert (entry["id"], entry["displayName"], entry["result"]) == (policy["id"], policy["displayName"], result)
    assert decision.status(methods) == status
    assert bool(entry["enforcedGrantControls"]) == (result not in {"notApplied", "notEnabled", "reportOnlyNotApplied"})


def test_shortest_sign_in_frequency_wins() -> None:
    directory = directory_of()
    for value in (8, 4):
        frequency = {"signInFrequency": {"isEnabled": True, "type": "hours", "value": value}}
        saved(directory, sessionControls=frequency)
    assert _decide(directory).sign_in_frequency() == timedelta(hours=4)
    saved(directory, sessionControls={"signInFrequency": {"isEnabled": True, "frequencyInterval": "everyTime"}})
    assert _decide(directory).sign_in_frequency() == timedelta(0)


@pytest.mark.parametrize(
    ("login", "kind"),
    [
        ("mia_partner.example#EXT#@contoso.onmicrosoft.com", "b2bCollaborationGuest"),
        ("guest@contoso.example", "internalGuest"),
    ],
)
def test_guest_is_covered_by_the_policy_for_guests(login: str, kind: str) -> None:
    guest = SeedUser(login, "Guest", properties={"userType": "Guest"})
    directory = directory_of(users=(*Seed().users, guest))
    saved(directory, conditions__users__includeUsers=["GuestsOrExternalUsers"])
    guests = {"guestOrExternalUserTypes": kind, "externalTenants": {"membershipKind": "all"}}
    saved(directory, conditions__users__includeUsers=[], conditions__users__includeGuestsOrExternalUsers=guests)
    assert [each.applies for each in _decide(directory, login).judged] == [True, True]
    assert [each.applies for each in _decide(directory).judged] == [False, False]


def test_sign_in_without_special_risk_is_not_caught_by_a_risk_policy() -> None:
    directory = directory_of(licences=(SeedLicence("AAD_PREMIUM_P2"),))
    saved(directory, conditions__signInRiskLevels=["high"])
    assert _decide(directory).judged[0].reason == "signInRisk"
    assert _decide(directory, risk_levels=risks(sign_in="high")).judged[0].applies


def test_unknown_platform_is_met_by_policies_for_all_platforms_only() -> None:
    directory = directory_of()
    saved(directory, conditions__platforms={"includePlatforms": ["all"], "excludePlatforms": ["windows"]})
    saved(directory, conditions__platforms={"includePlatforms": ["linux"], "excludePlatforms": []})
    assert [each.applies for each in _decide(directory).judged] == [True, False]


def test_application_that_signs_in_by_itself_meets_policies_for_workload_identities_only() -> None:
    directory = directory_of(licences=(SeedLicence("AAD_PREMIUM"), SeedLicence("Workload_Identities_P2")))
    principal = next(iter(directory.service_principals.values()))
    saved(directory)
    saved(
        directory,
        conditions__users__includeUsers=["None"],
        conditions__clientApplications={"includeServicePrincipals": [principal["id"]]},
        grantControls__builtInControls=["block"],
    )
    decision = decide(directory, of_service_principal(directory, principal, [_GRAPH]))
    assert [each.reason for each in decision.judged] == ["workloadIdentities", "notSet"]
    assert decision.refusal(frozenset()) == 53003
