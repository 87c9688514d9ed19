"""Privileged Identity Management: requests, schedules and instances, and how they begin and end by themselves."""

import dataclasses
from typing import Any, Literal

import httpx
import jwt
import pytest

from sandbox.behaviour import Behaviour
from sandbox.seed import SeedIdentity, SeedLicence, SeedUser
from tests.sandbox.conftest import ADMINISTER, SEED, Tenant, create_user, refusal
from tests.sandbox.rows.privileged import GLOBAL_ADMINISTRATOR, READERS, period, request_body

_BASE = "/v1.0/roleManagement/directory"
_ACTIVE = f"{_BASE}/roleAssignmentScheduleRequests"
_ELIGIBLE = f"{_BASE}/roleEligibilityScheduleRequests"
_ASSIGNMENTS = f"{_BASE}/roleAssignments"
_RULES = "/v1.0/policies/roleManagementPolicies/{}/rules/{}"
_PRIVILEGED_ROLE_ADMINISTRATOR = "e8611ab8-c189-46e8-94e1-60213ab1f814"
_NOWHERE = "11111111-1111-4111-8111-111111111111"
_P2 = (SeedLicence("AAD_PREMIUM_P2"),)
_FOREVER = {"expiration": {"type": "noExpiration"}}
_HOUR = 3600
_LOGIN = "mara.holt@contoso.example"
_SCOPE = "RoleManagement.ReadWrite.Directory"


@pytest.fixture
def licensed(tenant: Tenant) -> Tenant:
    """A tenant with the licence that role schedules need."""
    tenant.reseed(licences=_P2)
    return tenant


@pytest.fixture
def client(licensed: Tenant) -> httpx.Client:
    """The administrator of a licensed tenant."""
    return licensed.client("administer")


@pytest.fixture
def user(client: httpx.Client) -> dict[str, Any]:
    """An ordinary user of a licensed tenant."""
    return create_user(client, _LOGIN)


def _behave(tenant: Tenant, **changes: Any) -> httpx.Client:
    tenant.reseed(licences=_P2, behaviour=dataclasses.replace(Behaviour(), **changes))
    return tenant.client("administer")


def _made(response: httpx.Response) -> dict[str, Any]:
    assert response.status_code == 201, response.text
    made: dict[str, Any] = response.json()
    return made


def _code(response: httpx.Response) -> tuple[int, str]:
    return refusal(response)[:2]


def _of(client: httpx.Client, name: str, principal: str) -> list[dict[str, Any]]:
    response = client.get(f"{_BASE}/{name}", params={"$filter": f"principalId eq '{principal}'"})
    assert response.status_code == 200, response.text
    found: list[dict[str, Any]] = response.json()["value"]
    return found


def _as_user(tenant: Tenant, *, methods: tuple[str, ...] = ("pwd", "mfa"), login: str = _LOGIN) -> httpx.Client:
    client = tenant.anonymous()
    client.headers["Authorization"] = f"Bearer {tenant.control.user_token('nobody', login, _SCOPE, methods=methods)}"
    return client


def _change_rule(client: httpx.Client, role: str, rule_id: str, **values: Any) -> None:
    query = {"$filter": f"scopeId eq '/' and scopeType eq 'DirectoryRole' and roleDefinitionId eq '{role}'"}
    (found,) = client.get("/v1.0/policies/roleManagementPolicyAssignments", params=query).json()["value"]
    kind = {"Expiration": "Expiration", "Enablement": "Enablement", "Approval": "Approval"}.get(
        rule_id.split("_", maxsplit=1)[0], "AuthenticationContext"
    )
    body = {"@odata.type": f"#microsoft.graph.unifiedRoleManagementPolicy{kind}Rule", "id": rule_id, **values}
    response = client.patch(_RULES.format(found["policyId"], rule_id), json=body)
    assert response.status_code == 204, response.text


def _eligible(client: httpx.Client, principal: str, role: str = READERS) -> dict[str, Any]:
    return _made(client.post(_ELIGIBLE, json=request_body(principal, role, scheduleInfo=_FOREVER)))


def _activation(principal: str, **changes: Any) -> dict[str, Any]:
    return request_body(principal, action="selfActivate", **changes)


def _entries(tenant: Tenant) -> list[str]:
    return [each["activityDisplayName"] for each in tenant.control.snapshot()["audit_entries"]]


@pytest.mark.parametrize("action", ["adminAssign", "AdminAssign"])
def test_time_bound_assignment_is_in_force_and_tells_its_end(
    client: httpx.Client, user: dict[str, Any], action: str
) -> None:
    request = _made(client.post(_ACTIVE, json=request_body(user["id"], action=action)))

    assert (request["status"], request["action"], request["targetScheduleId"]) == (
        "Provisioned",
        "adminAssign",
        request["id"],
    )
    (assignment,) = _of(client, "roleAssignments", user["id"])
    (schedule,) = _of(client, "roleAssignmentSchedules", user["id"])
    (instance,) = _of(client, "roleAssignmentScheduleInstances", user["id"])
    assert schedule["id"] == request["id"]
    assert schedule["scheduleInfo"]["expiration"]["endDateTime"] == instance["endDateTime"]
    assert (instance["id"], instance["roleAssignmentOriginId"]) == (assignment["id"], assignment["id"])
    assert (instance["assignmentType"], instance["memberType"]) == ("Assigned", "Direct")
    assert instance["roleAssignmentScheduleId"] == schedule["id"]
    assert _of(client, "roleEligibilitySchedules", user["id"]) == []


def test_assignment_ends_by_itself_and_leaves_two_entries(
    licensed: Tenant, client: httpx.Client, user: dict[str, Any]
) -> None:
    _made(client.post(_ACTIVE, json=request_body(user["id"])))
    licensed.control.advance_clock(3 * _HOUR - 5)
    assert len(_of(licensed.client("administer"), "roleAssignments", user["id"])) == 1

    licensed.control.advance_clock(30)

    later = licensed.client("administer")
    for name in ("roleAssignments", "roleAssignmentSchedules", "roleAssignmentScheduleInstances"):
        assert _of(later, name, user["id"]) == []
    first, second = licensed.control.snapshot()["audit_entries"][-2:]
    assert (first["activityDisplayName"], first["operationType"], first["initiatedBy"]["app"]["displayName"]) == (
        "Remove member from role",
        "Unassign",
        "MS-PIM",
    )
    assert (second["operationType"], second["loggedByService"]) == ("Delete", "PIM")
    assert first["activityDateTime"] < second["activityDateTime"]


def test_token_names_a_scheduled_role_until_it_ends(licensed: Tenant, client: httpx.Client) -> None:
    own = licensed.running.identities["nobody"].object_id
    _made(client.post(_ACTIVE, json=request_body(own)))
    assert READERS in _roles_in(licensed.token("nobody"))

    licensed.control.advance_clock(3 * _HOUR + 5)

    assert READERS not in _roles_in(licensed.token("nobody"))


def test_eligibility_gives_nothing(licensed: Tenant, client: httpx.Client) -> None:
    own = licensed.running.identities["nobody"].object_id
    _eligible(client, own)

    assert READERS not in _roles_in(licensed.token("nobody"))
    assert _of(client, "roleAssignments", own) == []
    (instance,) = _of(client, "roleEligibilityScheduleInstances", own)
    assert instance["id"].endswith("-1-e")


def _roles_in(token: str) -> list[str]:
    wids: list[str] = jwt.decode(token, options={"verify_signature": False})["wids"]
    return wids


@pytest.mark.parametrize("delay", [0, 47])
def test_future_assignment_is_granted_and_begins_when_its_time_comes(tenant: Tenant, delay: int) -> None:
    client = _behave(tenant, role_start_delay_seconds=delay)
    user = create_user(client)
    request = _made(client.post(_ACTIVE, json=request_body(user["id"], scheduleInfo=period(_HOUR))))
    assert request["status"] == "Granted"
    (schedule,) = _of(client, "roleAssignmentSchedules", user["id"])
    assert schedule["status"] == "Granted"
    assert _of(client, "roleAssignmentScheduleInstances", user["id"]) == []

    tenant.control.advance_clock(_HOUR + delay - 20)
    assert bool(_of(tenant.client("administer"), "roleAssignments", user["id"])) is False
    tenant.control.advance_clock(40)

    later = tenant.client("administer")
    assert len(_of(later, "roleAssignments", user["id"])) == 1
    assert later.get(f"{_ACTIVE}/{request['id']}").json()["status"] == "Provisioned"


@pytest.mark.parametrize("delay", [0, 90])
def test_ended_assignment_is_in_force_until_the_service_has_noticed(tenant: Tenant, delay: int) -> None:
    client = _behave(tenant, role_end_delay_seconds=delay)
    user = create_user(client)
    _made(client.post(_ACTIVE, json=request_body(user["id"])))

    tenant.control.advance_clock(3 * _HOUR + 30)
    assert bool(_of(tenant.client("administer"), "roleAssignments", user["id"])) is (delay > 30)
    tenant.control.advance_clock(90)

    assert _of(tenant.client("administer"), "roleAssignments", user["id"]) == []


def test_start_in_the_past_is_moved_to_now(client: httpx.Client, user: dict[str, Any]) -> None:
    request = _made(client.post(_ACTIVE, json=request_body(user["id"], scheduleInfo=period(-_HOUR))))

    assert request["status"] == "Provisioned"
    assert request["scheduleInfo"]["startDateTime"] == request["createdDateTime"]


def test_validation_changes_nothing(client: httpx.Client, user: dict[str, Any]) -> None:
    request = _made(client.post(_ACTIVE, json=request_body(user["id"], isValidationOnly=True)))

    assert client.get(f"{_ACTIVE}/{request['id']}").status_code == 404
    assert _of(client, "roleAssignmentSchedules", user["id"]) == []
    refused = client.post(_ACTIVE, json=request_body(user["id"], isValidationOnly=True, justification=""))
    assert _code(refused) == (400, "RoleAssignmentRequestPolicyValidationFailed")


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"principalId": _NOWHERE}, 404, "SubjectNotFound"),
        ({"roleDefinitionId": _NOWHERE}, 404, "RoleNotFound"),
        ({"directoryScopeId": f"/{_NOWHERE}"}, 404, "Request_ResourceNotFound"),
        ({"directoryScopeId": None}, 400, "Request_BadRequest"),
        ({"appScopeId": "/"}, 501, "notImplemented"),
        ({"principalId": None}, 400, "InvalidRoleAssignmentRequest"),
        ({"action": None}, 400, "InvalidRoleAssignmentRequest"),
        ({"action": "unknownFutureValue"}, 400, "BadRequest"),
        ({"action": "adminPromote"}, 400, "BadRequest"),
        ({"createdBy": {"user": {"id": _NOWHERE}}}, 400, "BadRequest"),
        ({"status": "Provisioned"}, 400, "BadRequest"),
        ({"scheduleInfo": None}, 400, "InvalidRoleAssignmentRequest"),
        ({"scheduleInfo": {"expiration": {"type": "notSpecified"}}}, 400, "InvalidRoleAssignmentRequest"),
        ({"scheduleInfo": {"expiration": {"type": "afterDuration"}}}, 400, "InvalidRoleAssignmentRequest"),
        ({"scheduleInfo": {"expiration": {"type": "afterDateTime"}}}, 400, "InvalidRoleAssignmentRequest"),
        ({"scheduleInfo": {"expiration": {"type": "afterDuration", "duration": "3:00:00"}}}, 400, "BadRequest"),
        (
            {"scheduleInfo": {"expiration": {"type": "afterDuration", "duration": "P99999999D"}}},
            400,
            "InvalidRoleAssignmentRequest",
        ),
        (
            {"scheduleInfo": {"expiration": {"type": "afterDateTime", "endDateTime": "9999-12-31T23:59:59Z"}}},
            400,
            "InvalidRoleAssignmentRequest",
        ),
        (
            {"scheduleInfo": {"expiration": {"type": "afterDateTime", "endDateTime": "2020-01-01T00:00:00Z"}}},
            400,
            "ActiveDurationTooShort",
        ),
        (
            {"scheduleInfo": {"expiration": {"type": "afterDuration", "duration": "PT4M59S"}}},
            400,
            "ActiveDurationTooShort",
        ),
        (
            {"scheduleInfo": {**_FOREVER, "recurrence": {"pattern": {"dayOfMonth": 1, "interval": 1, "month": 1}}}},
            501,
            "notImplemented",
        ),
        ({"justification": " "}, 400, "RoleAssignmentRequestPolicyValidationFailed"),
        ({"action": "adminRemove"}, 400, "RoleAssignmentDoesNotExist"),
        ({"action": "adminUpdate"}, 400, "RoleAssignmentDoesNotExist"),
        ({"action": "adminExtend"}, 400, "RoleAssignmentDoesNotExist"),
        ({"action": "adminRenew"}, 400, "RoleAssignmentDoesNotExist"),
        ({"action": "selfActivate"}, 400, "InvalidRoleAssignmentRequest"),
    ],
)
def test_request_that_cannot_be_is_refused_under_its_code(
    client: httpx.Client, user: dict[str, Any], changes: dict[str, Any], status: int, code: str
) -> None:
    assert _code(client.post(_ACTIVE, json={**request_body(user["id"]), **changes})) == (status, code)


@pytest.mark.parametrize("action", ["selfActivate", "selfDeactivate"])
def test_eligibility_is_not_activated_at_its_own_address(
    client: httpx.Client, user: dict[str, Any], action: str
) -> None:
    refused = client.post(_ELIGIBLE, json=request_body(user["id"], action=action))
    assert _code(refused) == (400, "InvalidRoleAssignmentRequest")


def test_group_that_may_not_hold_roles_is_refused(licensed: Tenant, client: httpx.Client) -> None:
    group = licensed.group_id("sg-contacts-admins")
    assert client.post(_ACTIVE, json=request_body(group)).status_code == 400
    assert client.post(_ACTIVE, json=request_body(licensed.group_id("sg-breakglass"))).status_code == 201


@pytest.mark.parametrize("path", [_ACTIVE, _ELIGIBLE])
def test_second_request_for_the_same_meets_the_first(client: httpx.Client, user: dict[str, Any], path: str) -> None:
    _made(client.post(path, json=request_body(user["id"])))

    assert _code(client.post(path, json=request_body(user["id"]))) == (400, "RoleAssignmentExists")
    later = request_body(user["id"], scheduleInfo=period(2 * _HOUR))
    assert _code(client.post(path, json=later)) == (400, "RoleAssignmentExists")


def test_assignment_made_outside_counts_as_existing_and_can_be_taken_back(
    client: httpx.Client, user: dict[str, Any]
) -> None:
    body = {"principalId": user["id"], "roleDefinitionId": READERS, "directoryScopeId": "/"}
    _made(client.post(_ASSIGNMENTS, json=body))
    (instance,) = _of(client, "roleAssignmentScheduleInstances", user["id"])
    assert instance["endDateTime"] is None

    assert _code(client.post(_ACTIVE, json=request_body(user["id"]))) == (400, "RoleAssignmentExists")
    removed = _made(client.post(_ACTIVE, json=request_body(user["id"], action="adminRemove")))
    assert removed["status"] == "Revoked"
    assert _of(client, "roleAssignments", user["id"]) == []


def test_assignment_made_outside_gets_an_end_by_an_update(
    licensed: Tenant, client: httpx.Client, user: dict[str, Any]
) -> None:
    body = {"principalId": user["id"], "roleDefinitionId": READERS, "directoryScopeId": "/"}
    _made(client.post(_ASSIGNMENTS, json=body))

    _made(client.post(_ACTIVE, json=request_body(user["id"], action="adminUpdate")))

    (schedule,) = _of(client, "roleAssignmentSchedules", user["id"])
    assert schedule["scheduleInfo"]["expiration"]["type"] == "afterDateTime"
    licensed.control.advance_clock(3 * _HOUR + 5)
    assert _of(licensed.client("administer"), "roleAssignments", user["id"]) == []


def test_scheduled_assignment_is_not_assigned_a_second_time_outside(client: httpx.Client, user: dict[str, Any]) -> None:
    _made(client.post(_ACTIVE, json=request_body(user["id"])))

    body = {"principalId": user["id"], "roleDefinitionId": READERS, "directoryScopeId": "/"}
    assert client.post(_ASSIGNMENTS, json=body).status_code == 400


def test_assignment_younger_than_five_minutes_is_not_taken_back(
    licensed: Tenant, client: httpx.Client, user: dict[str, Any]
) -> None:
    _made(client.post(_ACTIVE, json=request_body(user["id"])))
    (assignment,) = _of(client, "roleAssignments", user["id"])
    removal = request_body(user["id"], action="AdminRemove", scheduleInfo=None)
    licensed.control.advance_clock(3)
    assert _code(client.post(_ACTIVE, json=removal)) == (400, "ActiveDurationTooShort")
    assert _code(client.delete(f"{_ASSIGNMENTS}/{assignment['id']}")) == (400, "ActiveDurationTooShort")

    licensed.control.advance_clock(301)

    assert _made(client.post(_ACTIVE, json=removal))["status"] == "Revoked"
    assert _of(client, "roleAssignments", user["id"]) == []
    assert _of(client, "roleAssignmentSchedules", user["id"]) == []


@pytest.mark.parametrize(("seconds", "code"), [(0, "ActiveDurationTooShort"), (200, "RoleAssignmentDoesNotExist")])
def test_new_assignment_that_the_service_does_not_know_yet(tenant: Tenant, seconds: int, code: str) -> None:
    client = _behave(tenant, role_unknown_seconds=seconds)
    user = create_user(client)
    _made(client.post(_ACTIVE, json=request_body(user["id"])))
    removal = request_body(user["id"], action="adminRemove")

    assert _code(client.post(_ACTIVE, json=removal)) == (400, code)

    assert len(_of(client, "roleAssignments", user["id"])) == 1
    tenant.control.advance_clock(301)
    assert _made(client.post(_ACTIVE, json=removal))["status"] == "Revoked"


@pytest.mark.parametrize(("days", "shown"), [(0, 0), (7, 1)])
def test_schedules_of_a_deleted_principal(tenant: Tenant, days: int, shown: int) -> None:
    client = _behave(tenant, deleted_principal_shown_days=days)
    user = create_user(client)
    _eligible(client, user["id"])
    assert client.delete(f"/v1.0/users/{user['id']}").status_code == 204

    assert len(_of(client, "roleEligibilitySchedules", user["id"])) == shown

    removal = request_body(user["id"], action="adminRemove")
    assert _code(client.post(_ELIGIBLE, json=removal)) == (404, "SubjectNotFound")
    tenant.control.advance_clock(8 * 24 * _HOUR)
    assert _of(tenant.client("administer"), "roleEligibilitySchedules", user["id"]) == []


def test_assignment_that_lies_ahead_is_removed_at_once(
    licensed: Tenant, client: httpx.Client, user: dict[str, Any]
) -> None:
    ahead = _made(client.post(_ACTIVE, json=request_body(user["id"], scheduleInfo=period(_HOUR))))
    _made(client.post(_ACTIVE, json=request_body(user["id"], action="adminRemove")))

    assert client.get(f"{_ACTIVE}/{ahead['id']}").json()["status"] == "Revoked"
    assert _of(client, "roleAssignmentSchedules", user["id"]) == []
    licensed.control.advance_clock(2 * _HOUR)
    assert _of(licensed.client("administer"), "roleAssignments", user["id"]) == []


def test_assignment_made_outside_stands_in_the_way_of_one_that_lies_ahead(
    licensed: Tenant, client: httpx.Client, user: dict[str, Any]
) -> None:
    ahead = _made(client.post(_ACTIVE, json=request_body(user["id"], scheduleInfo=period(_HOUR))))
    body = {"principalId": user["id"], "roleDefinitionId": READERS, "directoryScopeId": "/"}
    outside = _made(client.post(_ASSIGNMENTS, json=body))
    licensed.control.advance_clock(2 * _HOUR)

    later = licensed.client("administer")
    assert later.get(f"{_ACTIVE}/{ahead['id']}").json()["status"] == "Failed"
    assert [each["id"] for each in _of(later, "roleAssignments", user["id"])] == [outside["id"]]


def test_canceled_request_is_forgotten_after_a_month(
    licensed: Tenant, client: httpx.Client, user: dict[str, Any]
) -> None:
    ahead = _made(client.post(_ACTIVE, json=request_body(user["id"], scheduleInfo=period(_HOUR))))
    assert client.post(f"{_ACTIVE}/{ahead['id']}/cancel").status_code == 204
    for days, status in ((29, 200), (2, 404)):
        licensed.control.advance_clock(days * 24 * _HOUR)
        assert licensed.client("administer").get(f"{_ACTIVE}/{ahead['id']}").status_code == status


@pytest.mark.parametrize(
    ("setting", "seconds", "status"), [("refused", 0, 400), ("refused", 301, 204), ("done", 0, 204)]
)
def test_scheduled_assignment_deleted_outside(tenant: Tenant, setting: str, seconds: int, status: int) -> None:
    client = _behave(tenant, early_deletion_of_scheduled_assignment=setting)
    user = create_user(client)
    _made(client.post(_ACTIVE, json=request_body(user["id"])))
    (assignment,) = _of(client, "roleAssignments", user["id"])
    tenant.control.advance_clock(seconds)

    assert client.delete(f"{_ASSIGNMENTS}/{assignment['id']}").status_code == status
    assert len(_of(client, "roleAssignmentSchedules", user["id"])) == (status == 400)


def test_eligibility_is_taken_back_at_once(client: httpx.Client, user: dict[str, Any]) -> None:
    made = _eligible(client, user["id"])
    removal = request_body(user["id"], action="adminRemove", scheduleInfo=None)

    assert _made(client.post(_ELIGIBLE, json=removal))["status"] == "Revoked"

    assert client.get(f"{_BASE}/roleEligibilitySchedules/{made['id']}").status_code == 404
    assert client.get(f"{_ELIGIBLE}/{made['id']}").status_code == 200


def test_eligibility_as_the_azuread_provider_asks_for_it(client: httpx.Client, user: dict[str, Any]) -> None:
    body = request_body(user["id"], scheduleInfo={**_FOREVER, "startDateTime": "2026-11-23T08:00:00Z"}, createdBy=None)
    made = _made(client.post(_ELIGIBLE, json=body))
    assert client.get(f"{_BASE}/roleEligibilitySchedules/{made['id']}").json()["principalId"] == user["id"]


def test_request_is_forgotten_while_its_schedule_lives_on(
    licensed: Tenant, client: httpx.Client, user: dict[str, Any]
) -> None:
    made = _eligible(client, user["id"])
    licensed.control.advance_clock(46 * 24 * _HOUR)

    later = licensed.client("administer")
    assert later.get(f"{_ELIGIBLE}/{made['id']}").status_code == 404
    assert later.get(f"{_BASE}/roleEligibilitySchedules/{made['id']}").status_code == 200


@pytest.mark.parametrize(
    ("path", "status", "entry"),
    [
        (_ACTIVE, "Canceled", "Add member to role in PIM canceled (timebound)"),
        (_ELIGIBLE, "Revoked", "Add eligible member to role in PIM canceled (timebound)"),
    ],
)
def test_request_that_lies_ahead_is_canceled(
    licensed: Tenant, client: httpx.Client, user: dict[str, Any], path: str, status: str, entry: str
) -> None:
    ahead = _made(client.post(path, json=request_body(user["id"], scheduleInfo=period(_HOUR))))
    assert client.post(f"{path}/{ahead['id']}/cancel").status_code == 204
    assert client.get(f"{path}/{ahead['id']}").json()["status"] == status
    assert _entries(licensed)[-1] == entry
    assert client.post(f"{path}/{ahead['id']}/cancel").status_code == 400

    licensed.control.advance_clock(2 * _HOUR)
    assert _of(licensed.client("administer"), "roleAssignments", user["id"]) == []
    in_force = _made(licensed.client("administer").post(path, json=request_body(user["id"])))
    assert _code(licensed.client("administer").post(f"{path}/{in_force['id']}/cancel"))[0] == 400
    assert licensed.client("administer").post(f"{path}/{_NOWHERE}/cancel").status_code == 404


def test_update_moves_what_lies_ahead(licensed: Tenant, client: httpx.Client, user: dict[str, Any]) -> None:
    _made(client.post(_ACTIVE, json=request_body(user["id"], scheduleInfo=period(_HOUR))))

    moved = _made(
        client.post(_ACTIVE, json=request_body(user["id"], action="adminUpdate", scheduleInfo=period(9 * _HOUR)))
    )

    (schedule,) = _of(client, "roleAssignmentSchedules", user["id"])
    assert schedule["scheduleInfo"]["startDateTime"] == moved["scheduleInfo"]["startDateTime"]
    for hours, held in ((5, 0), (5, 1), (3, 0)):
        licensed.control.advance_clock(hours * _HOUR)
        assert len(_of(licensed.client("administer"), "roleAssignments", user["id"])) == held


def test_update_without_a_start_lets_what_lies_ahead_begin(
    licensed: Tenant, client: httpx.Client, user: dict[str, Any]
) -> None:
    ahead = _made(client.post(_ACTIVE, json=request_body(user["id"], scheduleInfo=period(9 * _HOUR))))

    _made(client.post(_ACTIVE, json=request_body(user["id"], action="adminUpdate")))

    licensed.control.advance_clock(60)
    later = licensed.client("administer")
    assert len(_of(later, "roleAssignments", user["id"])) == 1
    assert later.get(f"{_ACTIVE}/{ahead['id']}").json()["status"] == "Provisioned"


def test_later_start_of_what_is_in_force_is_refused_by_name(client: httpx.Client, user: dict[str, Any]) -> None:
    _made(client.post(_ACTIVE, json=request_body(user["id"])))
    body = request_body(user["id"], action="adminUpdate", scheduleInfo=period(_HOUR))
    assert _code(client.post(_ACTIVE, json=body)) == (501, "notImplemented")


def test_extension_and_update_move_the_end(licensed: Tenant, client: httpx.Client, user: dict[str, Any]) -> None:
    _made(client.post(_ACTIVE, json=request_body(user["id"])))
    shorter = {"expiration": {"type": "afterDuration", "duration": "PT1H"}}
    longer = {"expiration": {"type": "afterDuration", "duration": "PT9H"}}
    refused = client.post(_ACTIVE, json=request_body(user["id"], action="adminExtend", scheduleInfo=shorter))
    assert _code(refused) == (400, "InvalidRoleAssignmentRequest")

    _made(client.post(_ACTIVE, json=request_body(user["id"], action="adminExtend", scheduleInfo=longer)))
    licensed.control.advance_clock(4 * _HOUR)
    later = licensed.client("administer")
    assert len(_of(later, "roleAssignments", user["id"])) == 1
    _made(later.post(_ACTIVE, json=request_body(user["id"], action="adminUpdate", scheduleInfo=_FOREVER)))
    (instance,) = _of(later, "roleAssignmentScheduleInstances", user["id"])
    assert instance["endDateTime"] is None
    endless = later.post(_ACTIVE, json=request_body(user["id"], action="adminExtend", scheduleInfo=longer))
    assert _code(endless) == (400, "InvalidRoleAssignmentRequest")


def test_ended_assignment_is_renewed_within_a_month(
    licensed: Tenant, client: httpx.Client, user: dict[str, Any]
) -> None:
    _made(client.post(_ACTIVE, json=request_body(user["id"])))
    running = client.post(_ACTIVE, json=request_body(user["id"], action="adminRenew"))
    assert _code(running) == (400, "RoleAssignmentExists")
    licensed.control.advance_clock(4 * _HOUR)
    later = licensed.client("administer")
    assert _made(later.post(_ACTIVE, json=request_body(user["id"], action="adminRenew")))["status"] == "Provisioned"

    licensed.control.advance_clock(31 * 24 * _HOUR)

    later = licensed.client("administer")
    too_late = later.post(_ACTIVE, json=request_body(user["id"], action="adminRenew"))
    assert _code(too_late) == (400, "RoleAssignmentDoesNotExist")


@pytest.mark.parametrize(
    ("setting", "enabled", "failed"),
    [
        ("all", ["Justification", "MultiFactorAuthentication"], '["JustificationRule","MfaRule"]'),
        ("justification", ["Justification", "MultiFactorAuthentication"], '["JustificationRule"]'),
        ("none", ["Justification", "MultiFactorAuthentication"], None),
        ("all", [], None),
    ],
)
def test_application_that_assigns_meets_the_rules_that_apply_to_it(
    tenant: Tenant, setting: str, enabled: list[str], failed: str | None
) -> None:
    client = _behave(tenant, rules_for_applications=setting)
    user = create_user(client)
    _change_rule(client, READERS, "Enablement_Admin_Assignment", enabledRules=enabled)

    response = client.post(_ACTIVE, json=request_body(user["id"], justification=None))

    if failed is None:
        assert response.status_code == 201
    else:
        assert failed in refusal(response)[2]


def test_assignment_without_an_end_is_refused_where_the_policy_asks_for_one(
    client: httpx.Client, user: dict[str, Any]
) -> None:
    rule = {"isExpirationRequired": True, "maximumDuration": "PT1H"}
    _change_rule(client, READERS, "Expiration_Admin_Assignment", **rule)
    for info in (_FOREVER, {"expiration": {"type": "afterDuration", "duration": "PT2H"}}):
        _, _, message = refusal(client.post(_ACTIVE, json=request_body(user["id"], scheduleInfo=info)))
        assert message == 'The following policy rules failed: ["ExpirationRule"]'
    _made(
        client.post(
            _ACTIVE,
            json=request_body(user["id"], scheduleInfo={"expiration": {"type": "afterDuration", "duration": "PT1H"}}),
        )
    )


def test_eligible_user_activates_a_role_and_lets_it_go(
    licensed: Tenant, client: httpx.Client, user: dict[str, Any]
) -> None:
    eligibility = _eligible(client, user["id"])
    person = _as_user(licensed)

    request = _made(person.post(_ACTIVE, json=_activation(user["id"])))

    assert (request["status"], request["createdBy"]["user"]["id"]) == ("Provisioned", user["id"])
    query = {"$filter": f"principalId eq '{user['id']}'", "$expand": "activatedUsing,principal,roleDefinition"}
    (instance,) = client.get(f"{_BASE}/roleAssignmentScheduleInstances", params=query).json()["value"]
    assert instance["assignmentType"] == "Activated"
    assert instance["activatedUsing"]["roleEligibilityScheduleId"] == eligibility["id"]
    assert _code(person.post(_ACTIVE, json=_activation(user["id"]))) == (400, "RoleAssignmentExists")
    longer = request_body(user["id"], action="adminUpdate")
    assert _code(client.post(_ACTIVE, json=longer)) == (400, "InvalidRoleAssignmentRequest")
    off = request_body(user["id"], action="selfDeactivate", scheduleInfo=None)
    licensed.control.advance_clock(3)
    assert _code(person.post(_ACTIVE, json=off)) == (400, "ActiveDurationTooShort")
    licensed.control.advance_clock(301)
    assert _made(person.post(_ACTIVE, json=off))["status"] == "Revoked"
    assert _code(person.post(_ACTIVE, json=off)) == (400, "RoleAssignmentDoesNotExist")
    assert _made(person.post(_ACTIVE, json=_activation(user["id"])))["status"] == "Provisioned"
    assert {
        "Add member to role requested (PIM activation)",
        "Add member to role completed (PIM activation)",
        "Remove member from role completed (PIM deactivate)",
    } <= set(_entries(licensed))


def test_activation_that_ends_by_itself_is_told_as_such(
    licensed: Tenant, client: httpx.Client, user: dict[str, Any]
) -> None:
    _eligible(client, user["id"])
    _made(_as_user(licensed).post(_ACTIVE, json=_activation(user["id"])))
    licensed.control.advance_clock(3 * _HOUR + 10)

    later = licensed.client("administer")
    assert _of(later, "roleAssignments", user["id"]) == []
    assert len(_of(later, "roleEligibilityScheduleInstances", user["id"])) == 1
    ended = licensed.control.snapshot()["audit_entries"][-1]
    assert ended["activityDisplayName"] == "Remove member from role (PIM activation expired)"
    assert {"key": "AuditType", "value": "RemoveActivatedRole"} in ended["additionalDetails"]


@pytest.mark.parametrize(
    ("changes", "methods", "failed"),
    [
        ({"justification": None}, ("pwd", "mfa"), "JustificationRule"),
        ({}, ("pwd",), "MfaRule"),
        ({"scheduleInfo": {"expiration": {"type": "afterDuration", "duration": "PT9H"}}}, ("pwd", "mfa"), "Expiration"),
        ({"scheduleInfo": _FOREVER}, ("pwd", "mfa"), "ExpirationRule"),
        ({"roleDefinitionId": GLOBAL_ADMINISTRATOR}, ("pwd", "mfa"), "EligibilityRule"),
    ],
)
def test_activation_that_breaks_a_rule_is_refused_by_its_name(
    licensed: Tenant,
    client: httpx.Client,
    user: dict[str, Any],
    changes: dict[str, Any],
    methods: tuple[str, ...],
    failed: str,
) -> None:
    _eligible(client, user["id"])
    response = _as_user(licensed, methods=methods).post(_ACTIVE, json={**_activation(user["id"]), **changes})
    status, code, message = refusal(response)
    assert (status, code) == (400, "RoleAssignmentRequestPolicyValidationFailed")
    assert failed in message


def test_activation_needs_a_ticket_where_the_policy_asks_for_one(
    licensed: Tenant, client: httpx.Client, user: dict[str, Any]
) -> None:
    _eligible(client, user["id"])
    _change_rule(client, READERS, "Enablement_EndUser_Assignment", enabledRules=["Ticketing"])
    person = _as_user(licensed, methods=("pwd",))
    assert "TicketingRule" in refusal(person.post(_ACTIVE, json=_activation(user["id"])))[2]
    ticket = {"ticketNumber": "4711", "ticketSystem": "Desk"}
    assert _made(person.post(_ACTIVE, json=_activation(user["id"], ticketInfo=ticket)))["ticketInfo"] == ticket


def test_activation_under_approval_waits_and_can_be_canceled(
    licensed: Tenant, client: httpx.Client, user: dict[str, Any]
) -> None:
    _eligible(client, user["id"])
    _change_rule(client, READERS, "Approval_EndUser_Assignment", setting={"isApprovalRequired": True})
    person = _as_user(licensed)

    request = _made(person.post(_ACTIVE, json=_activation(user["id"])))

    assert (request["status"], request["approvalId"]) == ("PendingApproval", request["id"])
    assert _of(client, "roleAssignments", user["id"]) == []
    assert _code(person.post(_ACTIVE, json=_activation(user["id"]))) == (400, "PendingRoleAssignmentRequest")
    assert client.post(f"{_ACTIVE}/{request['id']}/cancel").status_code == 204
    assert _entries(licensed)[-1] == "Add member to role canceled (PIM activation)"
    assert _made(person.post(_ACTIVE, json=_activation(user["id"])))["status"] == "PendingApproval"


def test_activation_under_an_authentication_context_is_sent_back_with_a_challenge(
    licensed: Tenant, client: httpx.Client, user: dict[str, Any]
) -> None:
    _eligible(client, user["id"])
    _change_rule(client, READERS, "AuthenticationContext_EndUser_Assignment", isEnabled=True, claimValue="c1")
    status, code, message = refusal(_as_user(licensed).post(_ACTIVE, json=_activation(user["id"])))
    assert (status, code) == (400, "RoleAssignmentRequestAcrsValidationFailed")
    assert "acrs" in message


def test_member_of_an_eligible_group_activates_for_himself(
    licensed: Tenant, client: httpx.Client, user: dict[str, Any]
) -> None:
    group = licensed.group_id("sg-breakglass")
    reference = {"@odata.id": f"https://localhost/v1.0/directoryObjects/{user['id']}"}
    licensed.control.act("POST", f"/v1.0/groups/{group}/members/$ref", reference)
    _eligible(client, group)

    _made(_as_user(licensed).post(_ACTIVE, json=_activation(user["id"])))

    (instance,) = _of(client, "roleAssignmentScheduleInstances", user["id"])
    assert (instance["assignmentType"], instance["memberType"]) == ("Activated", "Group")


def test_user_lists_what_is_his_own_and_his_groups(
    licensed: Tenant, client: httpx.Client, user: dict[str, Any]
) -> None:
    group = licensed.group_id("sg-breakglass")
    reference = {"@odata.id": f"https://localhost/v1.0/directoryObjects/{user['id']}"}
    licensed.control.act("POST", f"/v1.0/groups/{group}/members/$ref", reference)
    _eligible(client, group)
    _eligible(client, user["id"], GLOBAL_ADMINISTRATOR)
    _eligible(client, create_user(client, "lena.roth@contoso.example")["id"])
    path = f"{_BASE}/roleEligibilityScheduleInstances/filterByCurrentUser(on='principal')"

    shown = _as_user(licensed).get(path).json()["value"]

    found = {(each["principalId"], each["roleDefinitionId"], each["memberType"]) for each in shown}
    assert found == {(group, READERS, "Group"), (user["id"], GLOBAL_ADMINISTRATOR, "Direct")}
    assert client.get(path).status_code == 403


@pytest.mark.parametrize("action", ["selfActivate", "selfDeactivate", "selfExtend", "selfRenew"])
def test_nobody_asks_for_himself_in_the_name_of_another(client: httpx.Client, action: str) -> None:
    another = create_user(client, "lena.roth@contoso.example")
    _made(client.post(_ACTIVE, json=request_body(another["id"])))
    refused = client.post(_ACTIVE, json=request_body(another["id"], action=action))
    assert _code(refused) == (400, "InvalidRoleAssignmentRequest")


@pytest.mark.parametrize(("methods", "status"), [(("pwd", "mfa"), 201), (("pwd",), 400)])
def test_extension_for_oneself_is_left_to_administrators(
    licensed: Tenant, client: httpx.Client, user: dict[str, Any], methods: tuple[str, ...], status: int
) -> None:
    _made(client.post(_ELIGIBLE, json=request_body(user["id"])))
    longer = {"expiration": {"type": "afterDuration", "duration": "PT5H"}}
    body = request_body(user["id"], action="selfExtend", scheduleInfo=longer)

    response = _as_user(licensed, methods=methods).post(_ELIGIBLE, json=body)

    assert response.status_code == status
    if status == 201:
        assert response.json()["status"] == "PendingAdminDecision"
    else:
        assert "MfaRule" in refusal(response)[2]


def _only(*administrators: SeedUser) -> dict[str, Any]:
    return {"users": administrators, "groups": (), "licences": _P2}


_ROOT = SeedUser("root@contoso.onmicrosoft.com", "Root")
_HEIR = SeedUser("heir@contoso.onmicrosoft.com", "Heir", directory_roles=("Global Administrator",))


def test_last_global_administrator_does_not_end_until_there_is_another(tenant: Tenant) -> None:
    tenant.reseed(**_only(_ROOT, _HEIR))
    client = tenant.client("administer")
    root, heir = (tenant.user_id(each.user_principal_name) for each in (_ROOT, _HEIR))
    _made(client.post(_ACTIVE, json=request_body(root, GLOBAL_ADMINISTRATOR)))
    (assignment,) = _of(client, "roleAssignments", heir)
    assert client.delete(f"{_ASSIGNMENTS}/{assignment['id']}").status_code == 204

    tenant.control.advance_clock(4 * _HOUR)

    later = tenant.client("administer")
    assert len(_of(later, "roleAssignments", root)) == 1
    removal = request_body(root, GLOBAL_ADMINISTRATOR, action="adminRemove")
    assert "last Global Administrator" in refusal(later.post(_ACTIVE, json=removal))[2]
    _made(later.post(_ACTIVE, json=request_body(heir, GLOBAL_ADMINISTRATOR)))
    assert _of(later, "roleAssignments", root) == []


def test_activated_global_administrator_does_not_stand_in_for_an_assigned_one(tenant: Tenant) -> None:
    tenant.reseed(**_only(_ROOT, _HEIR))
    client = tenant.client("administer")
    root, heir = (tenant.user_id(each.user_principal_name) for each in (_ROOT, _HEIR))
    _eligible(client, root, GLOBAL_ADMINISTRATOR)
    person = _as_user(tenant, login=_ROOT.user_principal_name)
    _made(person.post(_ACTIVE, json=_activation(root, roleDefinitionId=GLOBAL_ADMINISTRATOR)))

    removal = request_body(heir, GLOBAL_ADMINISTRATOR, action="adminRemove")

    assert "last Global Administrator" in refusal(client.post(_ACTIVE, json=removal))[2]


@pytest.mark.parametrize(("setting", "status"), [("refused", 400), ("done", 201)])
def test_global_administrator_who_takes_the_role_from_himself(
    tenant: Tenant, setting: Literal["refused", "done"], status: int
) -> None:
    behaviour = Behaviour(own_removal_by_schedule_request=setting)
    root = dataclasses.replace(_ROOT, directory_roles=("Global Administrator",))
    tenant.reseed(**_only(root, _HEIR), behaviour=behaviour)
    person = _as_user(tenant, login=root.user_principal_name)
    own, other = (tenant.user_id(each.user_principal_name) for each in (root, _HEIR))

    removal = person.post(_ACTIVE, json=request_body(own, GLOBAL_ADMINISTRATOR, action="adminRemove"))

    assert removal.status_code == status, removal.text
    if status == 400:
        assert "Removing self" in refusal(removal)[2]
        _made(person.post(_ACTIVE, json=request_body(other, GLOBAL_ADMINISTRATOR, action="adminRemove")))


def test_last_privileged_role_administrator_is_guarded_alike(client: httpx.Client, user: dict[str, Any]) -> None:
    body = {"principalId": user["id"], "roleDefinitionId": _PRIVILEGED_ROLE_ADMINISTRATOR, "directoryScopeId": "/"}
    enabled = client.patch(f"/v1.0/users/{user['id']}", json={"accountEnabled": True})
    assert enabled.status_code == 204
    _made(client.post(_ASSIGNMENTS, json=body))
    removal = request_body(user["id"], _PRIVILEGED_ROLE_ADMINISTRATOR, action="adminRemove")
    assert "last Privileged Role Administrator" in refusal(client.post(_ACTIVE, json=removal))[2]


def test_eligible_global_administrator_stays_while_nobody_is_assigned(tenant: Tenant) -> None:
    tenant.reseed(**_only(_ROOT))
    client = tenant.client("administer")
    root = tenant.user_id(_ROOT.user_principal_name)
    _eligible(client, root, GLOBAL_ADMINISTRATOR)
    removal = request_body(root, GLOBAL_ADMINISTRATOR, action="adminRemove")
    assert "last Global Administrator" in refusal(client.post(_ELIGIBLE, json=removal))[2]


def test_deleted_user_comes_back_with_what_has_not_ended(
    licensed: Tenant, client: httpx.Client, user: dict[str, Any]
) -> None:
    _made(client.post(_ACTIVE, json=request_body(user["id"])))
    _eligible(client, user["id"])
    assert client.delete(f"/v1.0/users/{user['id']}").status_code == 204
    licensed.control.advance_clock(4 * _HOUR)
    later = licensed.client("administer")

    restored = later.post(f"/v1.0/directory/deletedItems/{user['id']}/restore")

    assert restored.status_code == 200, restored.text
    assert _of(later, "roleAssignments", user["id"]) == []
    assert len(_of(later, "roleEligibilitySchedules", user["id"])) == 1


@pytest.mark.parametrize(
    ("method", "name"),
    [
        ("GET", "roleAssignmentSchedules"),
        ("GET", "roleAssignmentSchedules/x"),
        ("GET", "roleAssignmentScheduleInstances"),
        ("GET", "roleAssignmentScheduleInstances/x"),
        ("GET", "roleAssignmentScheduleRequests"),
        ("GET", "roleAssignmentScheduleRequests/x"),
        ("POST", "roleAssignmentScheduleRequests"),
        ("POST", "roleAssignmentScheduleRequests/x/cancel"),
        ("GET", "roleEligibilitySchedules"),
        ("GET", "roleEligibilitySchedules/x"),
        ("GET", "roleEligibilityScheduleInstances"),
        ("GET", "roleEligibilityScheduleInstances/x"),
        ("GET", "roleEligibilityScheduleRequests"),
        ("GET", "roleEligibilityScheduleRequests/x"),
        ("POST", "roleEligibilityScheduleRequests"),
        ("POST", "roleEligibilityScheduleRequests/x/cancel"),
    ],
)
def test_without_p2_everything_is_refused_reads_as_well(tenant: Tenant, method: str, name: str) -> None:
    body = request_body(_NOWHERE) if name.endswith("Requests") and method == "POST" else None
    response = tenant.client("administer").request(method, f"{_BASE}/{name}", json=body)
    assert _code(response) == (400, "AadPremiumLicenseRequired")


def test_permission_to_remove_suffices_for_removal_only(tenant: Tenant) -> None:
    remover = SeedIdentity("remover", ("RoleAssignmentSchedule.Remove.Directory",))
    tenant.reseed(licences=_P2, identities=(SeedIdentity("administer", ADMINISTER), remover))
    user = tenant.user_id(SEED.users[2].user_principal_name)
    client = tenant.client("remover")
    assert client.post(_ACTIVE, json=request_body(user)).status_code == 403
    assert _code(client.post(_ACTIVE, json=request_body(user, action="adminRemove"))) == (
        400,
        "RoleAssignmentDoesNotExist",
    )


@pytest.mark.parametrize(
    "path",
    [
        f"{_BASE}/roleAssignmentSchedules/filterByCurrentUser(on='approver')",
        f"{_BASE}/resourceNamespaces",
        "/v1.0/policies/roleManagementPolicies/x/effectiveRules",
    ],
)
def test_what_is_left_out_is_refused_by_name(client: httpx.Client, path: str) -> None:
    assert client.get(path).status_code == 501
