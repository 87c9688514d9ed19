"""Applications that act for a signed-in user: the permission is one half, what the user may do the other."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from sandbox.delegation import roles_for
from sandbox.permissions import Alternative, Requirement
from sandbox.resources import ROUTES
from sandbox.routing import Route
from sandbox.seed import SeedUser
from sandbox.server import start
from tests.sandbox.conftest import SEED, Tenant, refusal
from tests.sandbox.rows.registry import ROWS
from tests.sandbox.rows.scene import Ask, Scene

_GLOBAL = "Global Administrator"
_KIM = "kim.berg@contoso.example"
_ALEX = "alex.moore@contoso.example"
_GUEST = "guest@contoso.example"


def _roles(requirement: Requirement) -> list[str]:
    """List the roles of which one suffices by itself."""
    return sorted({name for each in requirement.alternatives if not each.conditions for name in each.permissions})


def _login(role: str) -> str:
    return f"{role.lower().replace(' ', '.')}@contoso.example"


class Peopled(Tenant):
    """A tenant whose seeds all hold a guest, and one person for each directory role that a test tries."""

    roles: tuple[str, ...] = ()

    def reseed(self, **changes: Any) -> None:
        holders = [SeedUser(_login(role), role, directory_roles=(role,)) for role in {*self.roles, _GLOBAL}]
        guest = SeedUser(_GUEST, "Guest", properties={"userType": "Guest"})
        super().reseed(users=(*SEED.users, *holders, guest), **changes)

    def person(self, login: str, *scopes: str) -> httpx.Client:
        client = self.anonymous()
        client.headers["Authorization"] = f"Bearer {self.control.user_token('nobody', login, *scopes)}"
        return client

    def holder(self, role: str, *scopes: str) -> httpx.Client:
        self.roles = (*self.roles, role)
        self.reseed()
        return self.person(_login(role), *scopes)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Peopled]:
    with start(tmp_path_factory.mktemp("delegated"), SEED) as running:
        peopled = Peopled(running)
        yield peopled
        peopled.close()


@pytest.fixture
def peopled(served: Peopled) -> Peopled:
    served.roles = ()
    served.reseed()
    return served


def _plain(requirement: Requirement) -> list[Alternative]:
    """List the alternatives that hold whatever the request is about."""
    return [each for each in requirement.alternatives if not each.conditions]


def _send(client: httpx.Client, route: Route, ask: Ask) -> httpx.Response:
    url = f"/{route.versions[0]}{ask.path}"
    if ask.content is not None:
        return client.request(route.method, url, content=ask.content, headers=dict(ask.headers))
    return client.request(route.method, url, json=ask.body, headers=dict(ask.headers))


_DELEGATED = [route for route in ROUTES if _plain(route.requirements().delegated)]
_FIRST_OF_ROW = {id(roles_for(each.method, each.template)): each.key for each in reversed(_DELEGATED)}


@pytest.mark.parametrize("route", _DELEGATED, ids=[each.key for each in _DELEGATED])
def test_route_takes_a_permission_and_a_directory_role(peopled: Peopled, route: Route) -> None:
    required = route.requirements()
    alternatives, roles = _plain(required.delegated), _roles(required.roles)
    every = sorted({name for each in required.delegated.alternatives for name in each.permissions})
    # Every role of a row of roles is tried with its first route.
    is_first = _FIRST_OF_ROW.get(id(roles_for(route.method, route.template))) == route.key
    peopled.roles = tuple(roles if is_first else roles[:1])
    peopled.reseed()
    ask = ROWS[route.key](Scene(peopled))
    if all(each.permissions for each in required.delegated.alternatives):
        refused = _send(peopled.person(_login(_GLOBAL), "openid"), route, ask)
        assert refused.status_code == 403, refused.text
    if all(each.permissions for each in required.roles.alternatives):
        refused = _send(peopled.person(_KIM, *every), route, ask)
        assert refused.status_code == 403, refused.text
    for login, scopes in [
        (_login(_GLOBAL), alternatives[0].permissions),
        *((_login(role), alternatives[-1].permissions) for role in peopled.roles),
    ]:
        response = _send(peopled.person(login, *scopes), route, ask)
        if login == _login(_GLOBAL) and "/authentication/" in route.template and route.method != "GET":
            continue  # sources differ on what Global Administrators may do to methods
        assert response.status_code not in {401, 403}, (login, scopes, response.text)
        if route.method != "GET":
            peopled.reseed()
            ask = ROWS[route.key](Scene(peopled))


def test_every_route_has_a_row_of_directory_roles() -> None:
    assert [route.key for route in ROUTES if roles_for(route.method, route.template) is None] == []


@pytest.mark.parametrize("route", [each for each in ROUTES if not each.requirement().text], ids=lambda each: each.key)
def test_what_graph_serves_to_users_alone_is_refused_to_an_application(peopled: Peopled, route: Route) -> None:
    ask = ROWS[route.key](Scene(peopled))
    assert _send(peopled.client("administer"), route, ask).status_code in {400, 403}


@pytest.mark.parametrize(
    ("path", "scope", "code"),
    [
        ("/v1.0/identity/conditionalAccess/policies", "Policy.Read.All", "AccessDenied"),
        ("/v1.0/policies/authenticationStrengthPolicies", "Policy.Read.All", "accessDenied"),
        ("/v1.0/auditLogs/directoryAudits", "AuditLog.Read.All", "Authentication_RequestFromUnsupportedUserRole"),
        (
            "/v1.0/roleManagement/directory/roleAssignments",
            "RoleManagement.Read.Directory",
            "Authorization_RequestDenied",
        ),
    ],
)
def test_user_without_a_role_is_refused_in_the_words_of_the_service(
    peopled: Peopled, path: str, scope: str, code: str
) -> None:
    assert refusal(peopled.person(_KIM, scope).get(path))[:2] == (403, code)


def test_user_without_a_role_is_refused_by_role_schedules_with_json_inside_the_message(peopled: Peopled) -> None:
    client = peopled.person(_KIM, "RoleManagement.Read.Directory")
    status, code, message = refusal(client.get("/v1.0/roleManagement/directory/roleAssignmentSchedules"))
    assert (status, code) == (403, "UnknownError")
    assert json.loads(message)["errorCode"] == "UnauthorizedAccessException"


def test_application_permissions_count_for_nothing_when_acting_for_a_user(peopled: Peopled) -> None:
    token = peopled.control.user_token("administer", _login(_GLOBAL), "openid")
    client = peopled.anonymous()
    client.headers["Authorization"] = f"Bearer {token}"
    assert client.get("/v1.0/users").status_code == 403


def test_user_reads_and_changes_themselves_with_permissions_for_oneself(peopled: Peopled) -> None:
    client = peopled.person(_KIM, "User.ReadWrite", "UserAuthenticationMethod.Read")
    assert client.get(f"/v1.0/users/{_KIM}").json()["displayName"] == "Kim Berg"
    assert client.get(f"/v1.0/users/{peopled.user_id(_KIM)}").status_code == 200
    assert client.get(f"/v1.0/users/{_KIM}/authentication/methods").status_code == 200
    assert client.patch(f"/v1.0/users/{_KIM}", json={"mobilePhone": "+49 30 1"}).status_code == 204
    assert client.patch(f"/v1.0/users/{_KIM}", json={"jobTitle": "Clerk"}).status_code == 403
    assert client.get(f"/v1.0/users/{_ALEX}").status_code == 403
    assert client.get(f"/v1.0/users/{_ALEX}/authentication/methods").status_code == 403
    assert client.patch(f"/v1.0/users/{_ALEX}", json={"mobilePhone": "+49 30 1"}).status_code == 403
    assert client.get("/v1.0/users").status_code == 403


def test_member_reads_the_directory_and_a_guest_themselves_alone(peopled: Peopled) -> None:
    assert peopled.person(_KIM, "User.Read.All").get("/v1.0/users").status_code == 200
    guest = peopled.person(_GUEST, "User.Read.All")
    assert guest.get("/v1.0/users").status_code == 403
    assert guest.get(f"/v1.0/users/{_KIM}").status_code == 403
    assert guest.get(f"/v1.0/users/{_GUEST}").status_code == 200


def test_member_owns_the_groups_they_create(peopled: Peopled) -> None:
    client = peopled.person(_KIM, "Group.ReadWrite.All")
    body = {"displayName": "sg-mine", "mailEnabled": False, "mailNickname": "mine", "securityEnabled": True}
    own = client.post("/v1.0/groups", json=body).json()["id"]
    foreign = peopled.group_id("sg-contacts-admins")
    assert client.patch(f"/v1.0/groups/{own}", json={"description": "x"}).status_code == 204
    assert client.patch(f"/v1.0/groups/{foreign}", json={"description": "x"}).status_code == 403


def test_member_owns_the_applications_they_register(peopled: Peopled) -> None:
    client = peopled.person(_KIM, "Application.ReadWrite.All")
    own = client.post("/v1.0/applications", json={"displayName": "Mine"}).json()
    foreign = peopled.running.identities["deploy"].application_object_id
    assert client.patch(f"/v1.0/applications/{own['id']}", json={"notes": "x"}).status_code == 204
    assert client.patch(f"/v1.0/applications/{foreign}", json={"notes": "x"}).status_code == 403
    assert client.post("/v1.0/servicePrincipals", json={"appId": own["appId"]}).status_code == 201
    vendor = SEED.foreign_applications[0].client_id
    assert client.post("/v1.0/servicePrincipals", json={"appId": vendor}).status_code == 403


def test_members_may_be_kept_from_registering_applications(peopled: Peopled) -> None:
    peopled.roles = ("Application Developer",)
    peopled.reseed()
    policy = {"defaultUserRolePermissions": {"allowedToCreateApps": False, "allowedToCreateSecurityGroups": False}}
    peopled.control.act("PATCH", "/v1.0/policies/authorizationPolicy", policy)
    client = peopled.person(_KIM, "Application.ReadWrite.All", "Group.ReadWrite.All")
    body = {"displayName": "sg-mine", "mailEnabled": False, "mailNickname": "mine", "securityEnabled": True}
    assert client.post("/v1.0/applications", json={"displayName": "Mine"}).status_code == 403
    assert client.post("/v1.0/groups", json=body).status_code == 403
    developer = peopled.person(_login("Application Developer"), "Application.ReadWrite.All")
    assert developer.post("/v1.0/applications", json={"displayName": "Mine"}).status_code == 201


def test_role_assignable_group_takes_the_role_that_manages_roles_or_an_owner(peopled: Peopled) -> None:
    peopled.roles = ("Groups Administrator", "Privileged Role Administrator")
    peopled.reseed()
    scopes = ("Group.ReadWrite.All", "RoleManagement.ReadWrite.Directory")
    group = peopled.group_id("sg-breakglass")
    path = f"/v1.0/groups/{group}"
    assert peopled.person(_login("Groups Administrator"), *scopes).patch(path, json={"theme": None}).status_code == 403
    assert peopled.person(_login("Privileged Role Administrator"), *scopes).patch(path, json={"theme": None}).is_success
    owner = {"@odata.id": f"{peopled.running.base_url}/v1.0/directoryObjects/{peopled.user_id(_ALEX)}"}
    peopled.control.act("POST", f"{path}/owners/$ref", owner)
    assert peopled.person(_ALEX, *scopes).patch(path, json={"theme": None}).is_success
    assert peopled.person(_ALEX, scopes[0]).patch(path, json={"theme": None}).status_code == 403


@pytest.mark.parametrize(
    ("role", "of_graph", "of_others"),
    [
        ("Application Administrator", 403, 201),
        ("Cloud Application Administrator", 403, 201),
        ("Privileged Role Administrator", 201, 201),
        ("User Administrator", 403, 403),
    ],
)
def test_permissions_of_graph_are_granted_by_who_manages_roles(
    peopled: Peopled, role: str, of_graph: int, of_others: int
) -> None:
    client = peopled.holder(role, "AppRoleAssignment.ReadWrite.All", "Application.Read.All")
    graph = client.get("/v1.0/servicePrincipals(appId='00000003-0000-0000-c000-000000000000')").json()
    principal = peopled.running.identities["nobody"].object_id
    body = {"principalId": principal, "resourceId": graph["id"], "appRoleId": graph["appRoles"][0]["id"]}
    path = f"/v1.0/servicePrincipals/{graph['id']}/appRoleAssignedTo"
    assert client.post(path, json=body).status_code == of_graph
    other = peopled.running.identities["deploy"].object_id
    body = {"principalId": principal, "resourceId": other, "appRoleId": "00000000-0000-0000-0000-000000000000"}
    path = f"/v1.0/servicePrincipals/{other}/appRoleAssignedTo"
    assert client.post(path, json=body).status_code == of_others
