"""Privileged Identity Management for Groups: what is refused, and how memberships begin and end by themselves."""

from typing import Any

import httpx
import pytest

from sandbox.seed import SeedLicence
from tests.sandbox.conftest import Tenant, create_user, refusal
from tests.sandbox.rows.group_schedules import BASE, GROUP, membership_body
from tests.sandbox.rows.privileged import period

_KINDS = ("assignment", "eligibility")
_NOWHERE = "11111111-1111-4111-8111-111111111111"
_HOUR = 3600
_FOREVER = {"expiration": {"type": "noExpiration"}}
_TOO_LONG = {"expiration": {"type": "afterDuration", "duration": "P366D"}}


@pytest.fixture
def client(tenant: Tenant) -> httpx.Client:
    """The administrator of a tenant with the licence that schedules need."""
    tenant.reseed(licences=(SeedLicence("AAD_PREMIUM_P2"),))
    return tenant.client("administer")


@pytest.fixture
def group(client: httpx.Client) -> str:
    return str(_made(client.post("/v1.0/groups", json=GROUP))["id"])


@pytest.fixture
def user(client: httpx.Client) -> str:
    return str(create_user(client, "mara.holt@contoso.example")["id"])


def _made(response: httpx.Response) -> dict[str, Any]:
    assert response.status_code == 201, response.text
    made: dict[str, Any] = response.json()
    return made


def _ask(client: httpx.Client, kind: str, group: str, principal: str, **changes: Any) -> httpx.Response:
    return client.post(f"/v1.0{BASE}/{kind}ScheduleRequests", json=membership_body(group, principal, **changes))


def _of(client: httpx.Client, name: str, principal: str) -> list[dict[str, Any]]:
    response = client.get(f"/v1.0{BASE}/{name}", params={"$filter": f"principalId eq '{principal}'"})
    assert response.status_code == 200, response.text
    found: list[dict[str, Any]] = response.json()["value"]
    return found


def _ids(client: httpx.Client, group: str, access: str) -> list[str]:
    return [each["id"] for each in client.get(f"/v1.0/groups/{group}/{access}s").json()["value"]]


@pytest.mark.parametrize("access", ["member", "owner"])
def test_assignment_is_in_force_until_its_end(
    tenant: Tenant, client: httpx.Client, group: str, user: str, access: str
) -> None:
    made = _made(_ask(client, "assignment", group, user, accessId=access))

    assert made["status"] == "Provisioned"
    assert made["targetScheduleId"] == f"{group}_{access}_{made['id']}"
    assert user in _ids(client, group, access)
    (instance,) = _of(client, "assignmentScheduleInstances", user)
    assert (instance["assignmentScheduleId"], instance["accessId"]) == (made["targetScheduleId"], access)
    tenant.control.advance_clock(3 * _HOUR + 5)
    later = tenant.client("administer")
    assert user not in _ids(later, group, access)
    assert _of(later, "assignmentSchedules", user) == _of(later, "assignmentScheduleInstances", user) == []


def test_eligibility_gives_nothing(client: httpx.Client, group: str, user: str) -> None:
    _made(_ask(client, "eligibility", group, user))

    assert user not in _ids(client, group, "member")
    assert [each["accessId"] for each in _of(client, "eligibilityScheduleInstances", user)] == ["member"]
    assert _of(client, "assignmentSchedules", user) == []


@pytest.mark.parametrize("kind", _KINDS)
def test_what_begins_later_is_granted_and_has_no_instance_before(
    tenant: Tenant, client: httpx.Client, group: str, user: str, kind: str
) -> None:
    made = _made(_ask(client, kind, group, user, scheduleInfo=period(_HOUR)))

    assert made["status"] == "Granted"
    assert len(_of(client, f"{kind}Schedules", user)) == 1
    assert _of(client, f"{kind}ScheduleInstances", user) == []
    tenant.control.advance_clock(_HOUR + 5)
    later = tenant.client("administer")
    assert len(_of(later, f"{kind}ScheduleInstances", user)) == 1
    assert (user in _ids(later, group, "member")) is (kind == "assignment")


@pytest.mark.parametrize("kind", _KINDS)
def test_removal_waits_for_the_floor_and_happens_once(
    tenant: Tenant, client: httpx.Client, group: str, user: str, kind: str
) -> None:
    assert refusal(_ask(client, kind, group, user, action="adminRemove"))[:2] == (400, "RoleAssignmentDoesNotExist")
    _made(_ask(client, kind, group, user))
    assert refusal(_ask(client, kind, group, user, action="adminRemove"))[:2] == (400, "ActiveDurationTooShort")

    tenant.control.advance_clock(301)
    later = tenant.client("administer")
    assert _made(_ask(later, kind, group, user, action="adminRemove"))["status"] == "Revoked"

    assert _of(later, f"{kind}Schedules", user) == []
    assert user not in _ids(later, group, "member")


@pytest.mark.parametrize("kind", _KINDS)
@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"principalId": _NOWHERE}, 404, "SubjectNotFound"),
        ({"groupId": _NOWHERE}, 404, "Request_ResourceNotFound"),
        ({"groupId": None}, 400, "InvalidRoleAssignmentRequest"),
        ({"accessId": None}, 400, "InvalidRoleAssignmentRequest"),
        ({"accessId": "unknownFutureValue"}, 400, "BadRequest"),
        ({"accessId": "guest"}, 400, "BadRequest"),
        ({"action": None}, 400, "InvalidRoleAssignmentRequest"),
        ({"action": "selfActivate"}, 501, "notImplemented"),
        ({"createdBy": {"user": {"id": _NOWHERE}}}, 400, "BadRequest"),
        ({"scheduleInfo": None}, 400, "InvalidRoleAssignmentRequest"),
        ({"scheduleInfo": _FOREVER}, 400, "RoleAssignmentRequestPolicyValidationFailed"),
        ({"scheduleInfo": _TOO_LONG}, 400, "RoleAssignmentRequestPolicyValidationFailed"),
    ],
)
def test_request_that_cannot_be_is_refused_and_leaves_nothing(
    client: httpx.Client, group: str, user: str, kind: str, changes: dict[str, Any], status: int, code: str
) -> None:
    assert refusal(_ask(client, kind, group, user, **changes))[:2] == (status, code)
    assert _of(client, f"{kind}ScheduleRequests", user) == _of(client, f"{kind}Schedules", user) == []


def test_justification_is_asked_of_what_gives_at_once(client: httpx.Client, group: str, user: str) -> None:
    refused = _ask(client, "assignment", group, user, justification=" ")
    assert refusal(refused)[1] == "RoleAssignmentRequestPolicyValidationFailed"
    _made(_ask(client, "eligibility", group, user, justification=None))


@pytest.mark.parametrize("kind", _KINDS)
def test_second_request_for_the_same_is_refused(client: httpx.Client, group: str, user: str, kind: str) -> None:
    _made(_ask(client, kind, group, user))
    assert refusal(_ask(client, kind, group, user))[:2] == (400, "RoleAssignmentExists")
    _made(_ask(client, kind, group, user, accessId="owner"))


def test_validation_changes_nothing(client: httpx.Client, group: str, user: str) -> None:
    made = _made(_ask(client, "assignment", group, user, isValidationOnly=True))

    assert made["status"] == "Granted"
    assert _of(client, "assignmentScheduleRequests", user) == []
    assert user not in _ids(client, group, "member")


def test_group_may_be_eligible_where_it_cannot_be_a_member(client: httpx.Client, group: str) -> None:
    nested = {**GROUP, "displayName": "sg-nested", "mailNickname": "sg-nested", "isAssignableToRole": False}
    other = str(_made(client.post("/v1.0/groups", json=nested))["id"])
    assert refusal(_ask(client, "assignment", group, other))[0] == 400
    _made(_ask(client, "eligibility", group, other))
    assert refusal(_ask(client, "eligibility", group, other, accessId="owner"))[:2] == (404, "SubjectNotFound")


def test_membership_that_somebody_takes_away_takes_the_schedule_along(
    client: httpx.Client, group: str, user: str
) -> None:
    _made(_ask(client, "assignment", group, user))
    assert client.delete(f"/v1.0/groups/{group}/members/{user}/$ref").status_code == 204
    assert _of(client, "assignmentSchedules", user) == []


@pytest.mark.parametrize("query", [{}, {"$filter": "accessId eq 'member'"}])
def test_list_without_a_principal_or_a_group_is_refused(client: httpx.Client, query: dict[str, str]) -> None:
    assert refusal(client.get(f"/v1.0{BASE}/eligibilitySchedules", params=query))[:2] == (400, "InvalidFilter")


def test_list_by_group_and_access_shows_those_alone(client: httpx.Client, group: str, user: str) -> None:
    _made(_ask(client, "eligibility", group, user))
    _made(_ask(client, "eligibility", group, user, accessId="owner"))
    query = {"$filter": f"groupId eq '{group}' and accessId eq 'owner'"}
    (only,) = client.get(f"/v1.0{BASE}/eligibilitySchedules", params=query).json()["value"]
    assert (only["accessId"], only["principalId"]) == ("owner", user)


@pytest.mark.parametrize("name", ["eligibilitySchedules", "assignmentScheduleInstances"])
def test_tenant_without_the_licence_is_told_so(tenant: Tenant, name: str) -> None:
    query = {"$filter": f"principalId eq '{_NOWHERE}'"}
    refused = tenant.client("administer").get(f"/v1.0{BASE}/{name}", params=query)
    assert refusal(refused)[:2] == (400, "AadPremiumLicenseRequired")


@pytest.mark.parametrize("purged", [False, True])
def test_deleted_user_has_no_schedules(client: httpx.Client, group: str, user: str, purged: bool) -> None:
    _made(_ask(client, "eligibility", group, user))
    client.delete(f"/v1.0/users/{user}")
    assert _of(client, "eligibilitySchedules", user) == []
    if purged:
        client.delete(f"/v1.0/directory/deletedItems/{user}")
        assert _of(client, "eligibilityScheduleRequests", user) == []
    else:
        assert client.post(f"/v1.0/directory/deletedItems/{user}/restore").status_code == 200
        assert len(_of(client, "eligibilitySchedules", user)) == 1
