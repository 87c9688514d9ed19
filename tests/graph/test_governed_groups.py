"""What leads to a role through Privileged Identity Management for Groups is found, however many groups lie between."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.control import Control
from sandbox.seed import Seed, SeedIdentity, SeedLicence
from sandbox.server import RunningSandbox, start
from steward.facts import Absent, Reading, RoleHoldings
from steward.graph import roles
from steward.graph.governed_groups import read_reachable
from steward.graph.session import GraphSession
from steward.lifecycle.reader import FactReader
from steward.lifecycle.sightings import RoleSightings
from steward.wellknown.account import STAMP
from steward.wellknown.roles import GLOBAL_ADMINISTRATOR, USER_ADMINISTRATOR
from tests.graph.test_roles import LOGIN, READER, ask, assign, make_group, paths, refer, schedule, user_id
from tests.lifecycle.situation import TENANT

SCHEDULES = (
    "PrivilegedEligibilitySchedule.Read.AzureADGroup",
    "PrivilegedAssignmentSchedule.Read.AzureADGroup",
)
DAY = 86400


def seed(*permissions: str, licence: str = "AAD_PREMIUM_P2") -> Seed:
    reader = SeedIdentity("reader", (*READER.permissions, *permissions))
    return Seed(identities=(reader,), licences=(SeedLicence(licence),))


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    with start(tmp_path_factory.mktemp("governed"), seed(*SCHEDULES)) as running:
        yield running


@pytest.fixture
def control(sandbox: RunningSandbox) -> Iterator[Control]:
    with Control(sandbox.base_url, sandbox.ca_file) as control:
        control.reset()
        yield control


def govern(control: Control, kind: str, group: str, principal: str, access: str = "member", **info: Any) -> str:
    body = {
        "accessId": access,
        "action": "adminAssign",
        "groupId": group,
        "principalId": principal,
        "justification": "a test",
        "scheduleInfo": {"expiration": {"type": "afterDuration", "duration": "P30D"}, **info},
    }
    path = f"/v1.0/identityGovernance/privilegedAccess/group/{kind}ScheduleRequests"
    return str(control.act("POST", path, body)["targetScheduleId"])


def plain_group(control: Control, name: str) -> str:
    body = {"displayName": name, "mailEnabled": False, "mailNickname": name, "securityEnabled": True}
    return str(control.act("POST", "/v1.0/groups", body)["id"])


def reachable(sandbox: RunningSandbox, user: str) -> RoleHoldings:
    return ask(sandbox, lambda session: read_reachable(session, user))


@pytest.mark.parametrize("access", ["member", "owner"])
def test_eligibility_for_a_group_that_holds_a_role_is_a_path_to_it(
    sandbox: RunningSandbox, control: Control, access: str
) -> None:
    user, group = user_id(control), make_group(control, "sg-eligible")
    assign(control, group, GLOBAL_ADMINISTRATOR)
    govern(control, "eligibility", group, user, access)

    expected = [("Global Administrator", f"as eligible {access} of group sg-eligible")]
    assert paths(reachable(sandbox, user)) == expected
    assert ask(sandbox, lambda session: roles.read_roles(session, user)) == RoleHoldings()
    assert ask(sandbox, lambda session: roles.read_owned(session, user)) == RoleHoldings()


@pytest.mark.parametrize("access", ["member", "owner"])
@pytest.mark.parametrize("kind", ["eligibility", "assignment"])
def test_what_is_given_only_later_is_a_path_already(
    sandbox: RunningSandbox, control: Control, kind: str, access: str
) -> None:
    user, group = user_id(control), make_group(control, "sg-later")
    assign(control, group)
    later = {"startDateTime": control.clock()["now"].replace("2026", "2027")}
    govern(control, kind, group, user, access, **later)

    how = "eligible" if kind == "eligibility" else "scheduled"
    assert paths(reachable(sandbox, user)) == [("User Administrator", f"as {how} {access} of group sg-later")]


def test_membership_in_force_by_schedule_is_found_among_the_roles(sandbox: RunningSandbox, control: Control) -> None:
    user, group = user_id(control), make_group(control, "sg-now")
    assign(control, group)
    govern(control, "assignment", group, user)

    held = ask(sandbox, lambda session: roles.read_roles(session, user))
    assert ("User Administrator", "through group sg-now") in paths(held)
    control.advance_clock(31 * DAY)
    assert ask(sandbox, lambda session: roles.read_roles(session, user)) == RoleHoldings()
    assert reachable(sandbox, user) == RoleHoldings()


def test_role_that_the_group_itself_is_only_eligible_for_is_found(sandbox: RunningSandbox, control: Control) -> None:
    user, group = user_id(control), make_group(control, "sg-twice")
    schedule(control, "Eligibility", group, type="noExpiration")
    govern(control, "eligibility", group, user)

    assert paths(reachable(sandbox, user)) == [("User Administrator", "eligible as eligible member of group sg-twice")]


def test_chain_of_groups_is_followed_to_its_end_and_a_circle_once(sandbox: RunningSandbox, control: Control) -> None:
    user = user_id(control)
    first, around, second = (plain_group(control, name) for name in ("sg-first", "sg-around", "sg-second"))
    last = make_group(control, "sg-last")
    refer(sandbox, control, f"/groups/{first}/members", user)
    refer(sandbox, control, f"/groups/{second}/members", around)
    assign(control, last, GLOBAL_ADMINISTRATOR)
    govern(control, "eligibility", around, first)
    govern(control, "eligibility", last, second)
    govern(control, "eligibility", first, last)

    ((role, path),) = paths(reachable(sandbox, user))
    assert role == "Global Administrator"
    assert path.startswith("as eligible member of group sg-last, ")
    for name in ("sg-first", "sg-around", "sg-second"):
        assert name in path


def test_owned_group_that_is_eligible_elsewhere_is_followed(sandbox: RunningSandbox, control: Control) -> None:
    user, mine, last = user_id(control), plain_group(control, "sg-mine"), make_group(control, "sg-last")
    refer(sandbox, control, f"/groups/{mine}/owners", user)
    assign(control, last)
    govern(control, "eligibility", last, mine)

    expected = "as eligible member of group sg-last, as owner of group sg-mine"
    assert paths(reachable(sandbox, user)) == [("User Administrator", expected)]


def test_group_without_a_role_and_somebody_elses_eligibility_are_no_path(
    sandbox: RunningSandbox, control: Control
) -> None:
    user, group, other = user_id(control), make_group(control, "sg-empty"), make_group(control, "sg-others")
    assign(control, other, USER_ADMINISTRATOR)
    govern(control, "eligibility", group, user)
    govern(control, "eligibility", other, group)
    somebody = str(control.act("GET", "/v1.0/users/breakglass1@contoso.onmicrosoft.com")["id"])
    govern(control, "eligibility", other, somebody)
    control.act("DELETE", f"/v1.0/groups/{group}")

    assert reachable(sandbox, user) == RoleHoldings()


def test_entry_that_names_no_group_is_no_proof_of_anything(sandbox: RunningSandbox, control: Control) -> None:
    user, group = user_id(control), make_group(control, "sg-nameless")
    govern(control, "eligibility", group, user, startDateTime=control.clock()["now"].replace("2026", "2027"))
    exported = control.export()
    for entry in exported["directory"]["group_eligibility_schedules"].values():
        entry["groupId"] = None
    control.load(exported)

    (unreadable,) = reachable(sandbox, user).unreadable
    assert "which group" in unreadable.why


def test_group_that_does_not_show_itself_is_named_and_its_roles_are_found(
    sandbox: RunningSandbox, control: Control
) -> None:
    user, group = user_id(control), make_group(control, "sg-hidden")
    assign(control, group)
    govern(control, "eligibility", group, user)
    control.declare_faults({"route": "GET /groups/{id}", "status": 403, "times": 9})

    found = reachable(sandbox, user)
    assert [(entry.role_name, entry.path) for entry in found.held] == [
        ("User Administrator", f"as eligible member of group {group}")
    ]
    assert [unreadable.what for unreadable in found.unreadable] == [f"the group {group}"]


@pytest.mark.parametrize("withheld", SCHEDULES)
def test_refused_read_is_named_beside_what_the_others_show(tmp_path: Path, withheld: str) -> None:
    with (
        start(tmp_path, seed(*(each for each in SCHEDULES if each != withheld))) as sandbox,
        Control(sandbox.base_url, sandbox.ca_file) as control,
    ):
        user, group = user_id(control), make_group(control, "sg-both")
        assign(control, group)
        later = {"startDateTime": control.clock()["now"].replace("2026", "2027")}
        govern(control, "assignment", group, user, **later)
        govern(control, "eligibility", group, user)

        found = reachable(sandbox, user)

    shown = "scheduled" if "Eligibility" in withheld else "eligible"
    assert [entry.path for entry in found.held] == [f"as {shown} member of group sg-both"]
    assert found.unreadable
    assert all(withheld.replace(".Read.", ".ReadWrite.") in entry.why for entry in found.unreadable)


def test_without_a_licence_there_is_nothing_of_the_kind(tmp_path: Path) -> None:
    with (
        start(tmp_path, seed(*SCHEDULES, licence="AAD_PREMIUM")) as sandbox,
        Control(sandbox.base_url, sandbox.ca_file) as control,
    ):
        assert reachable(sandbox, user_id(control)) == RoleHoldings()


@pytest.mark.parametrize(
    ("licence", "permissions", "expected", "asks"),
    [
        ("AAD_PREMIUM", (), Absent, False),
        ("AAD_PREMIUM", SCHEDULES, RoleHoldings, True),
        ("AAD_PREMIUM_P2", (), RoleHoldings, True),
    ],
)
def test_tenant_that_is_not_licensed_needs_no_permission_to_tell(
    tmp_path: Path, licence: str, permissions: tuple[str, ...], expected: type, asks: bool
) -> None:
    with (
        start(tmp_path, seed("Organization.Read.All", *permissions, licence=licence)) as sandbox,
        Control(sandbox.base_url, sandbox.ca_file) as control,
    ):
        account = {"account": TENANT.account.model_copy(update={"login": LOGIN})}
        control.act("PATCH", f"/v1.0/users/{LOGIN}", {"employeeType": STAMP})

        async def read(session: GraphSession) -> Reading[RoleHoldings]:
            reader = FactReader(session, None, TENANT.model_copy(update=account), RoleSightings())
            return (await reader.read(("reachable",))).reachable

        found = ask(sandbox, read)
        asked = any("privilegedAccess" in entry["path"] for entry in control.journal())

    assert isinstance(found, expected), found
    assert asked is asks
    if isinstance(found, RoleHoldings):
        assert bool(found.unreadable) is (not permissions)
