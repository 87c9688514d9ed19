"""Each row of the table with each documented set of application permissions: the set suffices, and less does not."""

import dataclasses
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import httpx
import pytest

from sandbox.permissions import Alternative
from sandbox.resources import ROUTES
from sandbox.routing import Route
from sandbox.seed import VENDOR_APPLICATION_ID, SeedIdentity
from sandbox.server import RunningSandbox, start
from tests.sandbox.conftest import SEED, Tenant
from tests.sandbox.rows.registrations import default_access_body, new_application, new_principal
from tests.sandbox.rows.registry import ROWS
from tests.sandbox.rows.scene import Ask, Scene

_UNKNOWN = "11111111-1111-4111-8111-111111111111"
# Sensitive properties take a directory role besides, which no permission stands for.
_ROLES = ("Privileged Authentication Administrator",)
_VALUES: Mapping[str, Any] = {
    "accountEnabled": True,
    "assignedLabels": [],
    "businessPhones": ["+49 30 1"],
    "disableNesting": True,
    "identities": [],
    "mobilePhone": "+49 30 1",
    "otherMails": ["a@contoso.example"],
    "passwordProfile": {"password": "Kelp-9-lantern"},
}
# Kinds of objects that the sandbox does not hold; references to them are references to nothing.
_NOT_HERE = {"device", "orgContact"}
_BACKED = "backing application in this tenant"

Condition = tuple[str, frozenset[str]]


class Populated(Tenant):
    """A tenant whose seeds all hold one identity for each set of permissions that a test tries."""

    sets: tuple[frozenset[str], ...] = ()

    def __init__(self, running: RunningSandbox) -> None:
        super().__init__(running)
        self._known: dict[str, httpx.Client] = {}

    def reseed(self, **changes: Any) -> None:
        own = (SeedIdentity(_name(each), tuple(sorted(each)), _ROLES) for each in self.sets)
        super().reseed(identities=(*SEED.identities, *own), **changes)

    def client(self, identity: str) -> httpx.Client:
        # The name says all that the token does, and seeds of one tenant give the same ids again.
        if identity not in self._known:
            self._known[identity] = super().client(identity)
        return self._known[identity]


def _name(permissions: Iterable[str]) -> str:
    return "+".join(sorted(permissions)) or "(none)"


@pytest.fixture(scope="module")
def populated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Populated]:
    with start(tmp_path_factory.mktemp("matrix"), SEED) as running:
        populated = Populated(running)
        yield populated
        populated.close()


def _conditions(alternative: Alternative) -> dict[str, frozenset[str]]:
    parted = (each.partition(":") for each in alternative.conditions)
    return {name: frozenset(values.split("|")) - {""} for name, _, values in parted}


def _tried(alternative: Alternative) -> bool:
    """Say whether a request can be made that meets the conditions."""
    return not _conditions(alternative).get("member", frozenset()) & _NOT_HERE


_APPLICABLE = [route for route in ROUTES if route.requirement().alternatives]


@pytest.mark.parametrize("route", _APPLICABLE, ids=[each.key for each in _APPLICABLE])
def test_each_documented_set_suffices_and_less_does_not(populated: Populated, route: Route) -> None:
    alternatives = [each for each in route.requirement().alternatives if _tried(each)]
    populated.sets = tuple({*(each.permissions for each in alternatives), *_parts(alternatives)})
    ask = None
    for alternative in sorted(alternatives, key=lambda each: each.conditions):
        # What is only read, and nobody owns, is there for the next set as well.
        if ask is None or alternative.conditions or route.method != "GET":
            populated.reseed()
            ask = _meeting(alternative, route, Scene(populated))
        for part in _parts([alternative]):
            refused = _request(populated, route, ask, part)
            assert refused.status_code == 403, (alternative, part, refused.text)
        response = _request(populated, route, ask, alternative.permissions)
        assert response.status_code not in {401, 403}, (alternative, response.text)
        if not alternative.conditions:
            assert response.status_code == route.success(), (alternative, response.text)
            entry = populated.control.journal()[-1]
            assert sorted(alternative.permissions) in entry["sufficient"] or _has_less(entry, alternative), ask


def _opposed(alternative: Alternative) -> bool:
    conditions = _conditions(alternative)
    if "member" in conditions:
        # Whoever may add service principals may add users and groups as well.
        return conditions["member"].isdisjoint({"servicePrincipal", *_NOT_HERE})
    return bool(
        {_BACKED, "action", "body", "body!", "owned", "resource!=MicrosoftGraph", "scopeType", "type"}
        & conditions.keys()
    )


def _opposed_on(route: Route) -> Iterator[Alternative]:
    """List the sets whose conditions a request can fail to meet, where no other set makes up for it."""
    alternatives = route.requirement().alternatives
    unconditioned = {each.permissions for each in alternatives if not each.conditions}
    return (each for each in alternatives if _opposed(each) and each.permissions not in unconditioned)


_OPPOSED = [(route, each) for route in _APPLICABLE for each in _opposed_on(route)]


@pytest.mark.parametrize(
    ("route", "alternative"),
    _OPPOSED,
    ids=[f"{route.key} {_name(each.permissions)} {' '.join(sorted(each.conditions))}" for route, each in _OPPOSED],
)
def test_set_whose_conditions_do_not_hold_does_not_suffice(
    populated: Populated, route: Route, alternative: Alternative
) -> None:
    populated.sets = (alternative.permissions,)
    populated.reseed()
    ask = _opposite(alternative, route, Scene(populated))
    response = _request(populated, route, ask, alternative.permissions)
    assert response.status_code == 403, response.text


def test_every_row_with_a_condition_is_asked_for_something_that_does_not_meet_it() -> None:
    conditioned = {each.key for each in _APPLICABLE if any(one.conditions for one in each.requirement().alternatives)}
    assert conditioned == {route.key for route, _ in _OPPOSED}


def test_everything_that_is_tried_for_nothing_here_is_known() -> None:
    left_out = {(route.key, each.permissions) for route in ROUTES for each in route.requirement().alternatives} - {
        (route.key, each.permissions) for route in ROUTES for each in route.requirement().alternatives if _tried(each)
    }
    assert left_out == {
        ("POST /groups/{id}/members/$ref", frozenset({"GroupMember.ReadWrite.All", "OrgContact.Read.All"})),
        ("POST /groups/{id}/members/$ref", frozenset({"GroupMember.ReadWrite.All", "Device.ReadWrite.All"})),
    }


@pytest.mark.parametrize(
    "route",
    [each for each in ROUTES if each.requirement().for_assignable_groups],
    ids=lambda route: route.key,
)
def test_role_assignable_groups_take_the_role_permission_too(populated: Populated, route: Route) -> None:
    extra = str(route.requirement().for_assignable_groups)
    plain = frozenset({"Group.ReadWrite.All"})
    populated.sets = (plain, plain | {extra}, frozenset({extra}))

    def status(permissions: frozenset[str]) -> int:
        populated.reseed()
        scene = Scene(populated)
        ask = ROWS[route.key](scene)
        if route.method == "POST" and route.template == "/groups":
            ask = dataclasses.replace(ask, body={**(ask.body or {}), "isAssignableToRole": True})
        else:
            segments = ask.path.split("/")
            group = _group(scene, assignable=True)
            if segments[1] == "groups":
                segments[2] = group
            else:
                scene.act("DELETE", f"/groups/{group}")
                segments[3] = group
            if segments[1] == "groups" and len(segments) > 4 and route.method == "DELETE":
                related = scene.tenant.user_id("kim.berg@contoso.example")
                scene.act("POST", f"/groups/{segments[2]}/{segments[3]}/$ref", scene.reference(related))
                segments[4] = related
            ask = dataclasses.replace(ask, path="/".join(segments))
        return _request(populated, route, ask, permissions).status_code

    assert status(plain) == 403
    assert status(frozenset({extra})) == 403
    assert status(plain | {extra}) == route.success()


def _group(scene: Scene, *, assignable: bool = False) -> str:
    body = {
        "displayName": "sg-privileged",
        "isAssignableToRole": assignable,
        "mailEnabled": False,
        "mailNickname": "privileged",
        "securityEnabled": True,
    }
    return str(scene.make("/groups", body)["id"])


def _parts(alternatives: Iterable[Alternative]) -> Iterator[frozenset[str]]:
    for each in alternatives:
        if len(each.permissions) > 1:
            yield from map(frozenset, itertools.combinations(sorted(each.permissions), len(each.permissions) - 1))


def _has_less(entry: Mapping[str, Any], alternative: Alternative) -> bool:
    return any(set(each) < alternative.permissions for each in entry["sufficient"])


def _request(tenant: Populated, route: Route, ask: Ask, permissions: frozenset[str]) -> httpx.Response:
    client = tenant.client(_name(permissions))
    url = f"/{route.versions[0]}{ask.path}"
    if ask.content is not None:
        return client.request(route.method, url, content=ask.content, headers=dict(ask.headers))
    return client.request(route.method, url, json=ask.body, headers=dict(ask.headers))


def _meeting(alternative: Alternative, route: Route, scene: Scene) -> Ask:
    """Make the row's request, or one like it, that meets the conditions."""
    conditions = _conditions(alternative)
    owners = (
        [_name(each) for each in (alternative.permissions, *_parts([alternative]))] if "owned" in conditions else []
    )
    if "type" in conditions:
        return _about(min(conditions["type"]), route, scene, owners)
    if "resource!=MicrosoftGraph" in conditions:
        return _for_another_resource(route, scene)
    ask = ROWS[route.key](scene)
    if owners:
        _, collection, object_id, *_ = ask.path.split("/")
        _give_owners(scene, f"{collection}/{object_id}", owners)
    if "body" in conditions:
        name = min(conditions["body"])
        ask = dataclasses.replace(ask, body={name: _VALUES[name]})
    if conditions.get("member") == frozenset({"servicePrincipal"}):
        ask = dataclasses.replace(ask, body=scene.reference(new_principal(scene)["id"]))
    if "action" in conditions:
        ask = dataclasses.replace(ask, body={**(ask.body or {}), "action": min(conditions["action"])})
    if conditions.get("scopeType") == frozenset({"Group"}):
        ask = _about_a_group(ask)
    return ask


def _give_owners(scene: Scene, path: str, owners: Iterable[str]) -> None:
    for each in owners:
        reference = scene.reference(scene.tenant.running.identities[each].object_id)
        scene.tenant.control.act("POST", f"/v1.0/{path}/owners/$ref", reference)


def _opposite(alternative: Alternative, route: Route, scene: Scene) -> Ask:
    """Make a request that does not meet the conditions."""
    conditions = _conditions(alternative)
    if "type" in conditions:
        kinds = {"user", "group", "application", "servicePrincipal"} - conditions["type"]
        return _about(min(kinds), route, scene, ())
    ask = ROWS[route.key](scene)
    if "member" in conditions:
        return dataclasses.replace(ask, body=scene.reference(new_principal(scene)["id"]))
    if _BACKED in conditions:
        return dataclasses.replace(ask, body={"appId": VENDOR_APPLICATION_ID})
    if "body!" in conditions:
        name = min(conditions["body!"])
        return dataclasses.replace(ask, body={name: _VALUES[name]})
    if "scopeType" in conditions and "Group" not in conditions["scopeType"]:
        return _about_a_group(ask)
    return ask


def _about_a_group(ask: Ask) -> Ask:
    path = ask.path.partition("?")[0]
    segments = path.split("/")
    if len(segments) > 3:
        segments[3] = f"Group_{_UNKNOWN}_{_UNKNOWN}"
        return dataclasses.replace(ask, path="/".join(segments))
    return dataclasses.replace(ask, path=f"{path}?$filter=scopeId eq '{_UNKNOWN}' and scopeType eq 'Group'")


_OBJECTS: Mapping[str, tuple[str, Callable[[Scene], str]]] = {
    "application": ("applications", lambda scene: str(new_application(scene)["id"])),
    "group": ("groups", _group),
    "servicePrincipal": ("servicePrincipals", lambda scene: str(new_principal(scene)["id"])),
    "administrativeUnit": (
        "directory/administrativeUnits",
        lambda scene: str(scene.make("/directory/administrativeUnits", {"displayName": "Vault"})["id"]),
    ),
    "user": ("users", lambda scene: str(scene.user()["id"])),
}


def _about(kind: str, route: Route, scene: Scene, owners: Iterable[str]) -> Ask:
    collection, make = _OBJECTS[kind]
    object_id = make(scene)
    _give_owners(scene, f"{collection}/{object_id}", owners)
    if "deletedItems" in route.template:
        scene.tenant.control.act("DELETE", f"/v1.0/{collection}/{object_id}")
    return Ask(route.template.replace("{id}", object_id))


def _for_another_resource(route: Route, scene: Scene) -> Ask:
    principal_id = new_principal(scene)["id"]
    body = default_access_body(scene, principal_id)
    held = route.template.split("/")[3]
    base = f"/servicePrincipals/{body['resourceId' if held == 'appRoleAssignedTo' else 'principalId']}/{held}"
    if route.method == "POST":
        return Ask(base, body)
    made = scene.make(f"/servicePrincipals/{body['resourceId']}/appRoleAssignedTo", body)
    return Ask(f"{base}/{made['id']}")
