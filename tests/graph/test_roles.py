"""Every path to a directory role is found, each told as what it is, in a tenant with Entra ID P2 and without."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest

from sandbox.control import Control
from sandbox.seed import Seed, SeedIdentity, SeedLicence
from sandbox.server import RunningSandbox, start
from steward.config.clouds import Cloud
from steward.facts import RoleHoldings
from steward.graph import roles
from steward.graph.credentials import open_credential
from steward.graph.session import GraphSession, open_session
from steward.graph.sign_in_methods import SecretSignIn
from steward.lifecycle.privilege import privileged
from steward.secret import Secret
from steward.wellknown.roles import GLOBAL_ADMINISTRATOR, USER_ADMINISTRATOR

Answered = TypeVar("Answered")
LOGIN = "alex.moore@contoso.example"
READER = SeedIdentity(
    "reader", ("User.Read.All", "Group.Read.All", "RoleManagement.Read.Directory", "Application.Read.All")
)


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[RunningSandbox]:
    with start(tmp_path, Seed(identities=(READER,), licences=(SeedLicence("AAD_PREMIUM_P2"),))) as running:
        yield running


@pytest.fixture
def control(sandbox: RunningSandbox) -> Iterator[Control]:
    with Control(sandbox.base_url, sandbox.ca_file) as control:
        yield control


def ask(sandbox: RunningSandbox, question: Callable[[GraphSession], Awaitable[Answered]]) -> Answered:
    who = sandbox.identities["reader"]
    cloud = Cloud(name="sandbox", authority=sandbox.base_url, graph=sandbox.base_url, ca_file=sandbox.ca_file)
    credential = open_credential(cloud, sandbox.tenant_id, SecretSignIn(who.client_id, Secret(who.client_secret)))

    async def conversation() -> Answered:
        async with open_session(cloud, credential) as session:
            return await question(session)

    return asyncio.run(conversation())


def user_id(control: Control) -> str:
    return str(control.act("GET", f"/v1.0/users/{LOGIN}")["id"])


def assign(control: Control, principal_id: str, role: str = USER_ADMINISTRATOR, scope: str = "/") -> str:
    body = {"principalId": principal_id, "roleDefinitionId": role, "directoryScopeId": scope}
    return str(control.act("POST", "/v1.0/roleManagement/directory/roleAssignments", body)["id"])


def make_group(control: Control, name: str) -> str:
    body = {
        "displayName": name,
        "mailEnabled": False,
        "mailNickname": name,
        "securityEnabled": True,
        "isAssignableToRole": True,
    }
    return str(control.act("POST", "/v1.0/groups", body)["id"])


def refer(sandbox: RunningSandbox, control: Control, path: str, object_id: str) -> None:
    control.act("POST", f"/v1.0{path}/$ref", {"@odata.id": f"{sandbox.base_url}/v1.0/directoryObjects/{object_id}"})


def schedule(control: Control, kind: str, principal_id: str, **expiration: Any) -> None:
    body = {
        "action": "adminAssign",
        "principalId": principal_id,
        "roleDefinitionId": USER_ADMINISTRATOR,
        "directoryScopeId": "/",
        "justification": "a test",
        "scheduleInfo": {
            "startDateTime": control.clock()["now"],
            "expiration": expiration,
        },
    }
    control.act("POST", f"/v1.0/roleManagement/directory/role{kind}ScheduleRequests", body)


def paths(found: RoleHoldings) -> list[tuple[str, str]]:
    assert found.unreadable == ()
    return [(entry.role_name, entry.path) for entry in found.held]


def test_direct_assignment_shows_once_though_five_lists_show_it(sandbox: RunningSandbox, control: Control) -> None:
    user = user_id(control)
    assignment_id = assign(control, user, GLOBAL_ADMINISTRATOR)
    found = ask(sandbox, lambda session: roles.read_roles(session, user, (assignment_id,)))
    assert paths(found) == [("Global Administrator", "direct")]
    assert (found.held[0].assignment_id, found.held[0].is_scheduled) == (assignment_id, False)


@pytest.mark.parametrize(
    ("lagging", "expected"),
    [
        (["GET /roleManagement/directory/roleAssignments"], ["direct"]),
        (["GET /roleManagement/directory/roleAssignments*"], ["active now"]),
        (
            [
                "GET /roleManagement/directory/roleAssignments*",
                "GET /roleManagement/directory/roleAssignmentScheduleInstances",
            ],
            ["member of the role", "active schedule"],
        ),
        (["GET /roleManagement/*"], ["member of the role"]),
        (["GET /roleManagement/*", "GET /users/{id}/transitiveMemberOf"], []),
    ],
    ids=["the list", "the list and the id", "the instances too", "all but the memberships", "every path"],
)
def test_assignment_that_some_lists_do_not_show_yet_is_found_by_the_next_path(
    sandbox: RunningSandbox, control: Control, lagging: list[str], expected: list[str]
) -> None:
    user = user_id(control)
    control.lag(*({"route": route, "seconds": 300} for route in lagging))
    assignment_id = assign(control, user)
    found = ask(sandbox, lambda session: roles.read_roles(session, user, (assignment_id,)))
    assert [entry.path for entry in found.held] == expected
    assert found.unseen == ((assignment_id,) if "direct" not in expected else ())


def test_role_on_an_administrative_unit_names_it(sandbox: RunningSandbox, control: Control) -> None:
    user = user_id(control)
    unit = control.act("POST", "/v1.0/directory/administrativeUnits", {"displayName": "Branch"})["id"]
    assign(control, user, scope=f"/administrativeUnits/{unit}")
    found = ask(sandbox, lambda session: roles.read_roles(session, user))
    assert paths(found) == [("User Administrator", f"direct, on /administrativeUnits/{unit}")]


def test_role_through_a_group_is_told_as_such_alone(sandbox: RunningSandbox, control: Control) -> None:
    user, group = user_id(control), make_group(control, "sg-privileged")
    refer(sandbox, control, f"/groups/{group}/members", user)
    assign(control, group)
    found = ask(sandbox, lambda session: roles.read_roles(session, user))
    assert paths(found) == [("User Administrator", "through group sg-privileged")]
    assert found.held[0].assignment_id is None


def test_eligible_role_and_scheduled_role_are_told_apart(sandbox: RunningSandbox, control: Control) -> None:
    user = user_id(control)
    schedule(control, "Eligibility", user, type="afterDuration", duration="P30D")
    found = ask(sandbox, lambda session: roles.read_roles(session, user))
    assert paths(found) == [("User Administrator", "eligible")]
    schedule(control, "Assignment", user, type="afterDuration", duration="PT3H")
    control.advance_clock(60)
    found = ask(sandbox, lambda session: roles.read_roles(session, user))
    assert sorted(paths(found)) == [("User Administrator", "direct"), ("User Administrator", "eligible")]
    (direct,) = [entry for entry in found.held if entry.path == "direct"]
    assert direct.is_scheduled


def test_owned_group_and_owned_application_are_told_by_what_they_lead_to(
    sandbox: RunningSandbox, control: Control
) -> None:
    user, group = user_id(control), make_group(control, "sg-owned")
    refer(sandbox, control, f"/groups/{group}/owners", user)
    assign(control, group)
    application = control.act("POST", "/v1.0/applications", {"displayName": "Owned"})
    principal = control.act("POST", "/v1.0/servicePrincipals", {"appId": application["appId"]})
    refer(sandbox, control, f"/applications/{application['id']}/owners", user)
    (graph,) = control.act("GET", "/v1.0/servicePrincipals?$filter=appId eq '00000003-0000-0000-c000-000000000000'")[
        "value"
    ]
    for value in ("RoleManagement.ReadWrite.Directory", "User.Read.All"):
        (role_id,) = [entry["id"] for entry in graph["appRoles"] if entry["value"] == value]
        grant = {"principalId": principal["id"], "resourceId": graph["id"], "appRoleId": role_id}
        control.act("POST", f"/v1.0/servicePrincipals/{graph['id']}/appRoleAssignedTo", grant)
    found = ask(sandbox, lambda session: roles.read_owned(session, user))
    assert paths(found) == [
        ("User Administrator", "as owner of group sg-owned"),
        ("RoleManagement.ReadWrite.Directory", "as owner of application Owned"),
    ]
    assert len(privileged(found)) == 2
    assert all(entry.assignment_id is None for entry in found.held)


def test_account_that_owns_nothing_has_nothing_to_make_its_own(sandbox: RunningSandbox, control: Control) -> None:
    user = user_id(control)
    assert ask(sandbox, lambda session: roles.read_owned(session, user)) == RoleHoldings()
