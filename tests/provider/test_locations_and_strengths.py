"""Named locations and authentication strengths, and the policies that use them, as the real provider has them."""

from typing import Any

import pytest

from conformance.tenant import RecordedTenant
from tests.provider.without_terraform import Life, Refused

RANGES = {"display_name": "Office", "ip": [{"ip_ranges": ["203.0.113.0/24", "2001:db8::/32"], "trusted": True}]}
COUNTRIES = {"display_name": "Home", "country": [{"countries_and_regions": ["DE", "AT"]}]}
STRONG = {"display_name": "Strong", "allowed_combinations": ["fido2", "password,sms"]}
POLICY: dict[str, Any] = {
    "display_name": "MFA",
    "state": "disabled",
    "conditions": [
        {
            "client_app_types": ["all"],
            "applications": [{"included_applications": ["All"]}],
            "users": [{"included_users": ["All"]}],
        }
    ],
    "grant_controls": [{"operator": "OR", "built_in_controls": ["mfa"]}],
}
REFUSED = {"status": 403, "code": "Authorization_RequestDenied", "message": "No."}


@pytest.fixture(autouse=True)
def tenant(shared_tenant: RecordedTenant) -> RecordedTenant:
    return shared_tenant


@pytest.fixture
def locations() -> Life:
    return Life("azuread_named_location")


@pytest.fixture
def strengths() -> Life:
    return Life("azuread_authentication_strength_policy")


@pytest.fixture
def policies() -> Life:
    return Life("azuread_conditional_access_policy")


def writes(tenant: RecordedTenant) -> list[tuple[str, Any]]:
    return [
        (entry["method"], entry["body"]) for entry in tenant.journal() if "/v1.0/" in entry["path"] and entry["body"]
    ]


@pytest.mark.parametrize("config", [RANGES, COUNTRIES], ids=["ranges", "countries"])
def test_location_once_made_is_settled_found_by_its_id_and_taken_away(config: dict[str, Any], locations: Life) -> None:
    state = locations.apply(**config)

    assert locations.is_settled(state, **config)
    assert locations.adopt(state["id"]) == locations.refresh(state)
    locations.destroy(state)
    assert locations.refresh(state) is None


def test_ranges_lose_their_trust_before_they_are_deleted(locations: Life, tenant: RecordedTenant) -> None:
    state = locations.apply(**RANGES)
    tenant.clear_journal()

    locations.destroy(state)

    ((method, body),) = writes(tenant)
    assert (method, body["isTrusted"], len(body["ipRanges"])) == ("PATCH", False, 2)


@pytest.mark.parametrize(
    ("before", "after", "replaced"),
    [
        (RANGES, {**RANGES, "ip": [{"ip_ranges": ["10.0.0.0/8"]}]}, set()),
        (COUNTRIES, {**COUNTRIES, "country": [{"countries_and_regions": ["AT", "DE"]}]}, set()),
        (RANGES, {"display_name": "Office", "country": [{"countries_and_regions": ["DE"]}]}, {"ip", "country"}),
    ],
    ids=["other ranges", "other order", "countries for ranges"],
)
def test_location_is_replaced_only_by_one_of_the_other_kind(
    before: dict[str, Any], after: dict[str, Any], replaced: set[str], locations: Life
) -> None:
    state = locations.apply(**before)

    planned, found = locations.plan(state, **after)

    assert planned != state
    assert found == replaced


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ("203.0.113.0", "to be a valid IPv4 or IPv6 prefix"),
        ("203.0.113.0/33", "to be a valid IPv4 or IPv6 prefix"),
        ("203.0.113.0/255.255.255.0", "to be a valid IPv4 or IPv6 prefix"),
        ("010.0.0.0/8", "to be a valid IPv4 or IPv6 prefix"),
        ("fe80::1%eth0/64", "to be a valid IPv4 or IPv6 prefix"),
        ("10.0.0.0/4", "to have a prefix length at least 8, got 4"),
        ("fc00::/7", "to have a prefix length at least 8, got 7"),
        ("", "to not be an empty string"),
    ],
)
def test_range_that_is_none_is_refused_by_its_place(given: str, wrong: str, locations: Life) -> None:
    (summary,) = locations.validate(display_name="Office", ip=[{"ip_ranges": ["203.0.113.7/24", given]}])

    assert summary.startswith('expected "ip.0.ip_ranges.1"')
    assert wrong in summary


@pytest.mark.parametrize(("config", "is_kept"), [(RANGES, False), (COUNTRIES, True)], ids=["ranges", "countries"])
def test_location_not_found_after_its_creation_is_an_error_and_known_only_if_of_countries(
    config: dict[str, Any], is_kept: bool, locations: Life, tenant: RecordedTenant
) -> None:
    tenant.prepare_faults(
        [{"method": "GET", "path": "/v1.0/identity/conditionalAccess/namedLocations/[^/]+", **REFUSED, "status": 404}]
    )

    with pytest.raises(Refused, match="waiting for creation of Identity Conditional Access Named Location") as refused:
        locations.apply(**config)

    assert "retrieving resource: unexpected status 404" in refused.value.details[0]
    assert (refused.value.state is not None) is is_kept


def test_location_is_given_time_to_settle_after_its_creation_and_none_after_an_update(locations: Life) -> None:
    timeouts = {"create": "25s", "read": None, "update": "25s", "delete": None}
    with pytest.raises(Refused, match="waiting for creation"):
        locations.apply(**RANGES, timeouts=timeouts)
    state = locations.apply(**RANGES)

    assert locations.apply(state, **{**RANGES, "display_name": "Moved"}, timeouts=timeouts)["display_name"] == "Moved"


@pytest.mark.parametrize(("name", "is_sent"), [("Office", False), ("Headquarters", True)])
def test_location_sends_its_name_only_when_that_changes(
    name: str, is_sent: bool, locations: Life, tenant: RecordedTenant
) -> None:
    state = locations.apply(**RANGES)
    tenant.clear_journal()

    locations.apply(state, display_name=name, ip=[{"ip_ranges": ["10.0.0.0/8"]}])

    ((_, body),) = writes(tenant)
    assert ("displayName" in body) is is_sent


def test_strength_changes_its_combinations_by_an_action_of_their_own(strengths: Life, tenant: RecordedTenant) -> None:
    state = strengths.apply(**STRONG)
    tenant.clear_journal()

    state = strengths.apply(state, display_name="Stronger", allowed_combinations=["fido2"])

    assert [body for _, body in writes(tenant)] == [
        {
            "@odata.type": "#microsoft.graph.authenticationStrengthPolicy",
            "description": None,
            "displayName": "Stronger",
        },
        {"allowedCombinations": ["fido2"]},
    ]
    assert strengths.is_settled(state, display_name="Stronger", allowed_combinations=["fido2"])


def test_strength_that_keeps_its_combinations_sends_none(strengths: Life, tenant: RecordedTenant) -> None:
    state = strengths.apply(**STRONG)
    tenant.clear_journal()

    strengths.apply(state, **{**STRONG, "display_name": "Stronger"})

    assert [method for method, _ in writes(tenant)] == ["PATCH"]


@pytest.mark.parametrize("combination", ["password, sms", "sms,password", "email", "federatedSingleFactor,voice"])
def test_combination_of_known_methods_is_left_to_graph(combination: str, strengths: Life) -> None:
    assert strengths.validate(display_name="S", allowed_combinations=[combination]) == []


@pytest.mark.parametrize(("combination", "method"), [("FIDO2", "FIDO2"), ("password,", ""), ("qrCodePin", "qrCodePin")])
def test_method_that_the_provider_does_not_know_is_refused_by_name(
    combination: str, method: str, strengths: Life
) -> None:
    (summary,) = strengths.validate(display_name="S", allowed_combinations=[combination])

    assert summary == f'unrecognized authentication method "{method}" in "allowed_combinations.0"'


def test_built_in_strength_is_found_and_not_changed(strengths: Life) -> None:
    state = strengths.adopt("/policies/authenticationStrengthPolicies/00000000-0000-0000-0000-000000000002") or {}

    assert state["display_name"] == "Multifactor authentication"
    with pytest.raises(Refused, match="Could not update Policy Authentication Strength Policy"):
        strengths.apply(state, display_name="Mine", allowed_combinations=state["allowed_combinations"])


@pytest.mark.parametrize(
    ("controls", "is_sent"),
    [
        ({"application_enforced_restrictions_enabled": False}, False),
        ({"disable_resilience_defaults": False}, False),
        ({}, True),
        ({"persistent_browser_mode": "never"}, True),
    ],
    ids=["nothing enforced", "nothing disabled", "nothing said", "a control"],
)
def test_session_controls_added_are_a_change_unless_they_say_that_nothing_is_done(
    controls: dict[str, Any], is_sent: bool, policies: Life
) -> None:
    state = policies.refresh(policies.apply(**POLICY)) or {}

    planned, _ = policies.plan(state, **POLICY, session_controls=[controls])

    assert (planned != state) is is_sent


def test_session_controls_that_say_nothing_are_sent_as_such(policies: Life, tenant: RecordedTenant) -> None:
    state = policies.refresh(policies.apply(**POLICY)) or {}
    tenant.clear_journal()

    state = policies.apply(state, **POLICY, session_controls=[{}])

    assert writes(tenant)[0][1]["sessionControls"] == {"cloudAppSecurity": None}
    assert set(state["session_controls"][0].values()) == {None}


def test_guests_of_no_tenant_in_particular_read_as_a_block_that_says_nothing(policies: Life) -> None:
    users = [
        {
            "included_guests_or_external_users": [
                {"guest_or_external_user_types": ["internalGuest"], "external_tenants": []}
            ]
        }
    ]
    conditions = [{**POLICY["conditions"][0], "users": users}]

    state = policies.refresh(policies.apply(**{**POLICY, "conditions": conditions})) or {}

    (guests,) = state["conditions"][0]["users"][0]["included_guests_or_external_users"]
    assert guests["external_tenants"] == [{"members": [], "membership_kind": ""}]


@pytest.mark.parametrize(
    ("where", "condition"),
    [
        ("locations", {"included_locations": []}),
        ("platforms", {"included_platforms": []}),
        ("devices", {"filter": []}),
    ],
)
def test_condition_that_names_nothing_is_sent_as_none(
    where: str, condition: dict[str, Any], policies: Life, tenant: RecordedTenant
) -> None:
    policies.apply(**{**POLICY, "conditions": [{**POLICY["conditions"][0], where: [condition]}]})

    assert writes(tenant)[0][1]["conditions"][where] is None


def test_empty_list_counts_as_given_where_one_of_several_arguments_is_asked_for(policies: Life) -> None:
    controls = [{"operator": "OR", "built_in_controls": []}]

    assert policies.validate(**{**POLICY, "grant_controls": controls}) == []
    assert policies.validate(**{**POLICY, "grant_controls": []})
