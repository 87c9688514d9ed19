"""Comparing what was seen with what was recorded, and the symbols that both are put in."""

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from conformance.comparison import Comparison, Difference
from conformance.player import Seen
from conformance.recording import Step
from conformance.symbols import Symbols, unnumbered
from conformance.tenant import RecordedTenant

REQUEST = {
    "method": "PATCH",
    "path": "/v1.0/users/{user.admin.id}",
    "query": None,
    "body": {"city": None, "otherMails": ["a", "b"]},
    "status": 204,
}
POLL = {"method": "GET", "path": "/v1.0/users/{user.admin.id}", "query": None, "body": None, "status": 200}
OTHER = {**POLL, "path": "/v1.0/users/{user.other.id}"}
ERROR = {"severity": "error", "summary": "No", "detail": "status 400", "address": "azuread_user.admin"}
STATE: dict[str, Any] = {
    "azuread_user.admin": {"id": "/users/{user.admin.id}", "city": None, "other_mails": ["a", "b"]},
    "azuread_user.other": {"id": "/users/{user.other.id}"},
}


def _step(**changes: Any) -> Step:
    plain = Step(
        name="apply",
        command="terraform apply -json -parallelism=1 tfplan",
        exit_code=0,
        config=None,
        env={},
        outside=(),
        faults=(),
        requests=(REQUEST, POLL, OTHER),
        diagnostics=(),
        plan=None,
        drift=None,
        output_changes=None,
        state=STATE,
        outputs={},
    )
    return dataclasses.replace(plain, **changes)


def _seen(**changes: Any) -> Seen:
    plain = Seen(
        exit_code=0,
        requests=(REQUEST, POLL, OTHER),
        diagnostics=(),
        shown=None,
        state=STATE,
        outputs={},
        tainted=(),
    )
    return dataclasses.replace(plain, **changes)


def _state(**values: Any) -> dict[str, Any]:
    return {**STATE, "azuread_user.admin": {**STATE["azuread_user.admin"], **values}}


EQUAL = {
    "the same": _seen(),
    "a poll repeated": _seen(requests=(REQUEST, POLL, POLL, POLL, OTHER)),
    "another object read in between": _seen(requests=(OTHER, REQUEST, POLL)),
    "a set of a body in another order": _seen(
        requests=({**REQUEST, "body": {"city": None, "otherMails": ["b", "a"]}}, POLL, OTHER)
    ),
    "a set of the state in another order": _seen(state=_state(other_mails=["b", "a"])),
    "an empty text for null in the state": _seen(state=_state(city="")),
}
DIFFERENT = {
    "another exit code": _seen(exit_code=1),
    "a request missing": _seen(requests=(POLL, OTHER)),
    "a request more": _seen(requests=(REQUEST, POLL, POLL, OTHER, {**OTHER, "method": "DELETE", "status": 204})),
    "the order of one object's requests": _seen(requests=(POLL, REQUEST, OTHER)),
    "a property of a body missing": _seen(requests=({**REQUEST, "body": {"otherMails": ["a", "b"]}}, POLL, OTHER)),
    "an empty text for null in a body": _seen(
        requests=({**REQUEST, "body": {"city": "", "otherMails": ["a", "b"]}}, POLL, OTHER)
    ),
    "another status": _seen(requests=({**REQUEST, "status": 400}, POLL, OTHER)),
    "another query": _seen(requests=(REQUEST, {**POLL, "query": {"$select": "id"}}, OTHER)),
    "another value in the state": _seen(state=_state(city="Bonn")),
    "an object missing from the state": _seen(state={}),
    "an error more": _seen(diagnostics=(ERROR,)),
    "a tainted object": _seen(tainted=("azuread_user.admin",)),
    "an output": _seen(outputs={"id": "1"}),
    "a plan file": _seen(shown={}),
}


def test_comparison_of_secrets_that_servers_make_finds_no_difference(recorded_schemas: dict[str, Any]) -> None:
    def state(secret: str, name: str = "ci") -> dict[str, Any]:
        return {"azuread_application.app": {"password": [{"display_name": name, "value": secret}]}}

    comparison = Comparison(recorded_schemas)
    step = _step(state=state("kelp"))

    assert list(comparison.differences(step, _seen(state=state("lantern")))) == []
    assert list(comparison.differences(step, _seen(state=state("kelp", "cd"))))


def test_recorded_application_is_in_the_tenant_with_all_that_it_published(tenant: RecordedTenant) -> None:
    shop = next(each for each in tenant.directory()["applications"].values() if each["displayName"] == "Shop")

    assert shop["identifierUris"] == [f"api://{shop['appId']}"]
    assert [role["value"] for role in shop["appRoles"]] == ["Shop.Admin"]
    assert [scope["value"] for scope in shop["api"]["oauth2PermissionScopes"]] == ["orders.read"]


def test_symbols_of_a_made_up_mail_nickname_are_alike_in_every_run() -> None:
    symbols = Symbols({}, literal=())

    assert symbols.symbolic({"mailNickname": "4555bbff-0"}) == unnumbered({"mailNickname": "{random.mail_nickname.2}"})


def test_symbols_leave_the_ids_and_times_that_a_recording_writes_out() -> None:
    written = {"id": "afd623cd-a60c-4d1d-92dd-11a24b53adcc", "endDateTime": "2028-01-01T00:00:00Z"}
    made = {"id": "0a3c1b6e-25b1-4d5c-8c5e-6f1a8d1f4e11", "endDateTime": "2027-05-06T07:08:09Z"}
    symbols = Symbols({}, literal=iter([" ".join(written.values())]))

    assert symbols.symbolic([written, made]) == [written, {"id": "{uuid}", "endDateTime": "{time}"}]


def test_symbols_learned_from_a_membership_leave_its_member_the_own_name() -> None:
    symbols = Symbols({}, literal=())
    member = "afd623cd-a60c-4d1d-92dd-11a24b53adcc"

    symbols.learn(
        {"azuread_group_member.m": {"id": f"g/member/{member}"}, "azuread_user.u": {"id": f"/users/{member}"}}
    )

    assert symbols.symbolic(member) == "{user.u.id}"


def _found(seen: Seen, schemas: dict[str, Any]) -> list[Difference]:
    return list(Comparison(schemas).differences(_step(), seen))


@pytest.mark.parametrize("situation", EQUAL)
def test_comparison_of_what_means_the_same_finds_no_difference(
    situation: str, recorded_schemas: dict[str, Any]
) -> None:
    assert _found(EQUAL[situation], recorded_schemas) == []


@pytest.mark.parametrize("situation", DIFFERENT)
def test_comparison_of_anything_else_finds_a_difference(situation: str, recorded_schemas: dict[str, Any]) -> None:
    assert _found(DIFFERENT[situation], recorded_schemas)


@pytest.mark.parametrize(
    ("part", "change"),
    [
        ("actions", lambda change: change | {"actions": ["delete", "create"]}),
        ("after", lambda change: change | {"after": {"city": "Bonn"}}),
        ("after_unknown", lambda change: change | {"after_unknown": {"id": True, "mail": True}}),
        ("after_sensitive", lambda change: change | {"after_sensitive": {"password": True}}),
        ("replace_paths", lambda change: change | {"replace_paths": [["city"]]}),
    ],
)
def test_comparison_of_a_plan_with_another_part_names_that_part(
    part: str, change: Callable[[dict[str, Any]], dict[str, Any]], recorded_schemas: dict[str, Any]
) -> None:
    planned = {
        "actions": ["create"],
        "before": None,
        "after": {"city": "Köln"},
        "after_unknown": {"id": True},
        "before_sensitive": False,
        "after_sensitive": {},
    }
    recorded = {"address": "azuread_user.admin", **planned}
    shown = {"address": "azuread_user.admin", "mode": "managed", "change": change(planned)}
    step = _step(plan=(recorded,), drift=(), state=None, requests=())
    seen = _seen(shown={"resource_changes": [shown]}, requests=())

    places = [difference.place for difference in Comparison(recorded_schemas).differences(step, seen)]

    assert places
    assert all(f"plan | azuread_user.admin | {part}" in place for place in places)


WRITES = tuple(
    {**POLL, "method": "PATCH", "path": path} for path in ("/v1.0/users/a", "/v1.0/users/b", "/v1.0/users/c")
)


def test_requests_for_one_object_in_another_order_are_a_difference(recorded_schemas: dict[str, Any]) -> None:
    state = {"azuread_user.a": {"id": "a"}}
    step = _step(requests=WRITES, state=state)
    seen = _seen(requests=(WRITES[1], WRITES[0], WRITES[2]), state=state)

    places = [difference.place for difference in Comparison(recorded_schemas).differences(step, seen)]

    assert places == ["requests | order"]


def test_requests_for_several_objects_may_come_object_by_object_in_any_order(recorded_schemas: dict[str, Any]) -> None:
    state = {f"azuread_user.{name}": {"id": name} for name in "abc"}
    step = _step(requests=WRITES, state=state)

    found = Comparison(recorded_schemas).differences(step, _seen(requests=tuple(reversed(WRITES)), state=state))

    assert list(found) == []


@pytest.mark.parametrize(
    ("part", "value"),
    [("summary", "Other"), ("detail", "status 404"), ("severity", "warning"), ("address", "azuread_user.other")],
)
def test_diagnostic_that_says_something_else_is_a_difference(
    part: str, value: str, recorded_schemas: dict[str, Any]
) -> None:
    step = _step(diagnostics=(ERROR,))

    assert list(Comparison(recorded_schemas).differences(step, _seen(diagnostics=({**ERROR, part: value},))))


def test_diagnostic_printed_for_people_may_break_its_lines_anywhere(recorded_schemas: dict[str, Any]) -> None:
    recorded = {"severity": "error", "summary": "Not found", "detail": "There is no such user", "address": None}
    printed = {**recorded, "summary": "Not found", "detail": "There is\nno such user"}
    step = _step(command="terraform import azuread_user.admin x", diagnostics=(recorded,))

    assert list(Comparison(recorded_schemas).differences(step, _seen(diagnostics=(printed,)))) == []


def test_delegated_grant_made_again_is_the_same_one_in_recording_and_sandbox() -> None:
    address = "azuread_service_principal_delegated_permission_grant.g"
    symbols = Symbols({}, literal=())
    symbols.learn({address: {"id": "/oauth2PermissionGrants/abcdefghij"}})

    again = "/oauth2PermissionGrants/{service_principal_delegated_permission_grant.g#2.id}"

    assert symbols.actual(again) == "/oauth2PermissionGrants/abcdefghij"
    assert symbols.symbolic("/oauth2PermissionGrants/abcdefghij") == unnumbered(again)


def test_symbol_of_something_never_seen_is_an_error() -> None:
    with pytest.raises(KeyError, match=r"user\.nobody\.id"):
        Symbols({}, literal=()).actual("/users/{user.nobody.id}")
