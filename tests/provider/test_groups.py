"""Groups and their memberships, as the real provider makes, changes and refuses them."""

from typing import Any

import pytest

from conformance.tenant import RecordedTenant
from tests.provider.without_terraform import Life, Refused

TEAM = {"display_name": "Team", "security_enabled": True}
MAIL = {"display_name": "Mail", "mail_enabled": True, "mail_nickname": "mail", "types": ["Unified"]}
RULE = {"enabled": False, "rule": 'user.department -eq "Sales"'}
NOBODY = "deadbeef-0000-4000-8000-000000000000"


@pytest.fixture(autouse=True)
def tenant(shared_tenant: RecordedTenant) -> RecordedTenant:
    return shared_tenant


@pytest.fixture
def groups() -> Life:
    return Life("azuread_group")


@pytest.fixture
def memberships() -> Life:
    return Life("azuread_group_member")


@pytest.fixture
def alice(tenant: RecordedTenant) -> str:
    return tenant.symbols()["seed.user.alice.id"]


@pytest.fixture
def bob(tenant: RecordedTenant) -> str:
    return tenant.symbols()["seed.user.bob.id"]


def writes(tenant: RecordedTenant) -> list[tuple[str, str, Any]]:
    return [
        (entry["method"], entry["path"].rsplit("/groups", 1)[-1], entry["body"])
        for entry in tenant.journal()
        if entry["method"] != "GET" and "/groups" in entry["path"]
    ]


def test_group_is_renamed_twice_after_its_creation_and_then_settled(groups: Life, tenant: RecordedTenant) -> None:
    state = groups.apply(**TEAM)

    first, second, third = writes(tenant)
    assert first[2]["owners@odata.bind"] == [
        f"{tenant.symbols()['graph']}/beta/directoryObjects/{tenant.symbols()['caller.object_id']}"
    ]
    assert second[2]["displayName"].startswith("TERRAFORM_UPDATE_")
    assert third[2]["displayName"] == "Team"
    assert len(state["mail_nickname"]) == 10
    assert groups.is_settled(state, **TEAM)


def test_group_of_microsoft_365_loses_the_description_that_was_made_up(groups: Life) -> None:
    state = groups.apply(**MAIL)

    assert state["description"] == ""
    assert state["visibility"] == "Public"
    assert groups.is_settled(state, **MAIL)


def test_group_filled_by_a_rule_has_its_rule_and_whether_it_runs(groups: Life) -> None:
    dynamic = {**TEAM, "types": ["DynamicMembership"], "dynamic_membership": [RULE]}

    state = groups.apply(**dynamic)

    assert state["dynamic_membership"] == [RULE]
    assert groups.is_settled(state, **dynamic)


def test_group_younger_than_the_replica_asked_is_renamed_nonetheless(groups: Life, tenant: RecordedTenant) -> None:
    late = {"status": 404, "code": "Request_ResourceNotFound", "message": "Not yet.", "times": 2}
    tenant.prepare_faults([{"method": "PATCH", "path": "/beta/groups/[^/]+", **late}])

    assert groups.apply(**TEAM)["display_name"] == "Team"


def test_update_repeats_the_theme_and_sends_of_the_rest_what_changes(groups: Life, tenant: RecordedTenant) -> None:
    config = {**MAIL, "mail_nickname": "themed", "theme": "Blue", "visibility": "Private"}
    state = groups.refresh(groups.apply(**config)) or {}
    tenant.clear_journal()

    groups.apply(state, **{**config, "description": "Now"})
    groups.apply(state, **{**config, "visibility": "Public", "writeback_enabled": True})

    first, second = (body for _, _, body in writes(tenant))
    assert (first["theme"], "visibility" in first, "writebackConfiguration" in first) == ("Blue", False, False)
    assert (second["visibility"], second["writebackConfiguration"]) == ("Public", {"isEnabled": True})


def test_members_that_change_are_removed_before_others_are_added(
    groups: Life, tenant: RecordedTenant, alice: str, bob: str
) -> None:
    state = groups.apply(**TEAM, members=[alice])
    tenant.clear_journal()

    state = groups.apply(state, **TEAM, members=[bob])

    assert [(method, path.rsplit("/", 2)[-2]) for method, path, _ in writes(tenant)[1:]] == [
        ("DELETE", alice),
        ("POST", "members"),
    ]
    assert state["members"] == [bob]


def test_owners_that_change_are_added_before_others_are_removed(
    groups: Life, tenant: RecordedTenant, alice: str, bob: str
) -> None:
    state = groups.apply(**TEAM, owners=[alice])
    tenant.clear_journal()

    groups.apply(state, **TEAM, owners=[bob])

    assert [(method, path.rsplit("/", 2)[-2]) for method, path, _ in writes(tenant)[1:]] == [
        ("POST", "owners"),
        ("DELETE", alice),
    ]


def test_owners_emptied_are_planned_and_stay(groups: Life, alice: str) -> None:
    state = groups.apply(**TEAM, owners=[alice])

    state = groups.apply(state, **TEAM, owners=[])

    assert not groups.is_settled(state, **TEAM, owners=[])
    assert (groups.refresh(state) or {})["owners"] == [alice]


def test_owner_that_does_not_exist_is_an_error_before_anything_is_made(groups: Life, tenant: RecordedTenant) -> None:
    with pytest.raises(Refused) as refused:
        groups.apply(**TEAM, owners=[NOBODY])

    assert refused.value.summaries == [f'Could not retrieve owner principal object "{NOBODY}"']
    assert writes(tenant) == []


def test_member_that_does_not_exist_leaves_a_group_with_an_id(groups: Life) -> None:
    with pytest.raises(Refused, match="Could not add members") as refused:
        groups.apply(**TEAM, members=[NOBODY])

    assert (refused.value.state or {})["id"].startswith("/groups/")


def test_name_guarded_against_duplicates_is_refused_at_a_creation_and_at_any_rename(groups: Life) -> None:
    with pytest.raises(Refused, match='An existing "azuread_group" with name "sg-dup"'):
        groups.apply(**{**TEAM, "display_name": "sg-dup"}, prevent_duplicate_names=True)
    state = groups.apply(**{**TEAM, "display_name": "Unique"}, prevent_duplicate_names=True)

    with pytest.raises(Refused, match="the context used must have a deadline"):
        groups.plan(state, **{**TEAM, "display_name": "Free"}, prevent_duplicate_names=True)


def test_creation_that_graph_says_names_the_caller_twice_is_tried_without_the_caller(
    groups: Life, tenant: RecordedTenant
) -> None:
    refusal = {
        "status": 400,
        "code": "Request_BadRequest",
        "message": "Request contains a property with duplicate values.",
    }
    tenant.prepare_faults([{"method": "POST", "path": "/beta/groups", **refusal}])

    groups.apply(**TEAM)

    first, second = writes(tenant)[:2]
    assert "owners@odata.bind" in first[2]
    assert "owners@odata.bind" not in second[2]


@pytest.mark.parametrize(
    ("config", "refusal"),
    [
        ({**TEAM, "types": ["DynamicMembership"]}, "`dynamic_membership` must be specified when `types` contains"),
        (
            {**TEAM, "mail_enabled": True, "mail_nickname": "x"},
            '`types` must contain "Unified" for mail-enabled groups',
        ),
        ({**MAIL, "mail_nickname": None}, "`mail_nickname` is required for mail-enabled groups"),
        ({**TEAM, "types": ["Unified"]}, "`mail_enabled` must be true for unified groups"),
        ({**MAIL, "assignable_to_role": True}, "`assignable_to_role` can only be `true` for security-enabled groups"),
        ({**TEAM, "behaviors": ["WelcomeEmailDisabled"]}, "`behaviors` is only supported for unified groups"),
        ({**TEAM, "theme": "Blue"}, "`theme` is only supported for unified groups"),
        ({**TEAM, "hide_from_address_lists": True}, "`hide_from_address_lists` is only supported for unified groups"),
        ({**TEAM, "visibility": "Hiddenmembership"}, '`visibility` can only be "Hiddenmembership" for unified groups'),
    ],
)
def test_group_that_graph_does_not_have_is_refused_at_the_plan(
    config: dict[str, Any], refusal: str, groups: Life
) -> None:
    with pytest.raises(Refused) as refused:
        groups.plan(None, **config)

    assert refused.value.summaries[0].startswith(refusal)


def test_setting_that_only_people_may_change_is_refused_with_the_way_out(groups: Life) -> None:
    with pytest.raises(Refused) as refused:
        groups.apply(**{**MAIL, "mail_nickname": "people"}, hide_from_address_lists=True)

    assert refused.value.summaries[0].startswith("Failed to set `hide_from_address_lists` for Group")
    assert "authenticating as a user via Azure CLI" in refused.value.details[0]


@pytest.mark.parametrize("name", ["assignable_to_role", "behaviors", "mail_nickname", "provisioning_options", "types"])
def test_what_graph_fixes_at_a_creation_replaces_the_group(name: str, groups: Life) -> None:
    state = groups.apply(**{**MAIL, "mail_nickname": f"m-{name}"}, security_enabled=True)
    other: dict[str, Any] = {
        "assignable_to_role": True,
        "behaviors": ["WelcomeEmailDisabled"],
        "mail_nickname": "other",
        "provisioning_options": ["Team"],
        "types": ["DynamicMembership", "Unified"],
    }
    rule = {"dynamic_membership": [RULE]} if name == "types" else {}

    _, replaced = groups.plan(
        state, **{**MAIL, "mail_nickname": f"m-{name}", name: other[name]}, security_enabled=True, **rule
    )

    assert replaced == {name}


def test_group_goes_from_one_administrative_unit_to_another(groups: Life, tenant: RecordedTenant) -> None:
    for name in ("North", "South"):
        tenant.act("POST", "/v1.0/directory/administrativeUnits", {"displayName": name, "visibility": "Public"})
    units = {each["displayName"]: each["id"] for each in tenant.directory()["administrative_units"].values()}
    state = groups.apply(**TEAM, administrative_unit_ids=[units["North"]])
    assert groups.is_settled(state, **TEAM, administrative_unit_ids=[units["North"]])
    tenant.clear_journal()

    groups.apply(state, **TEAM, administrative_unit_ids=[units["South"]])

    moves = [entry for entry in tenant.journal() if "/administrativeUnits/" in entry["path"]]
    assert [(entry["method"], entry["path"].split("/")[4]) for entry in moves] == [
        ("POST", units["South"]),
        ("DELETE", units["North"]),
    ]


def test_membership_is_added_found_and_taken_away(memberships: Life, tenant: RecordedTenant, alice: str) -> None:
    group = tenant.symbols()["seed.group.dup1.id"]
    config = {"group_object_id": group, "member_object_id": alice}

    state = memberships.apply(**config)

    assert state["id"] == f"{group}/member/{alice}"
    assert memberships.adopt(state["id"]) == state
    with pytest.raises(Refused, match="already exists"):
        memberships.apply(**config)
    memberships.destroy(state)
    assert memberships.refresh(state) is None


def test_membership_is_gone_with_its_group(memberships: Life, groups: Life, alice: str) -> None:
    group = groups.apply(**TEAM)
    state = memberships.apply(group_object_id=group["object_id"], member_object_id=alice)

    groups.destroy(group)

    assert memberships.refresh(state) is None


def test_membership_of_a_group_that_does_not_exist_is_refused_by_name(memberships: Life, alice: str) -> None:
    with pytest.raises(Refused, match=f'Group \\(Group: "{NOBODY}"\\) was not found'):
        memberships.apply(group_object_id=NOBODY, member_object_id=alice)
