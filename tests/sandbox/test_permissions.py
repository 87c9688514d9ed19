"""Every registered request needs a token with the documented permissions, and refuses in its service's words."""

import json

import pytest

from sandbox.permissions import parse
from sandbox.resources import ROUTES
from sandbox.routing import Router
from sandbox.seed import SeedIdentity
from tests.sandbox.conftest import SEED, Tenant, refusal

_REQUESTS = [(version, route) for route in ROUTES for version in route.versions]


def test_router_answers_exactly_the_registered_routes() -> None:
    registered = {(version, route.method, route.template) for version, route in Router(ROUTES).routes()}
    assert registered == {(version, route.method, route.template) for version, route in _REQUESTS}
    assert len(registered) == len(_REQUESTS)


def test_every_route_names_a_client_that_sends_it() -> None:
    assert [route.template for route in ROUTES if not route.witness] == []


@pytest.mark.parametrize(
    ("path", "code", "named"),
    [
        ("/v1.0/users", "Authorization_RequestDenied", "Insufficient privileges"),
        ("/v1.0/identity/conditionalAccess/policies", "AccessDenied", "required scopes are missing"),
        ("/v1.0/policies/authenticationStrengthPolicies", "accessDenied", "Request Authorization failed"),
        ("/v1.0/auditLogs/directoryAudits", "Authentication_MSGraphPermissionMissing", "AuditLog.Read.All"),
    ],
)
def test_missing_permission_is_refused_in_the_words_of_its_service(
    tenant: Tenant, path: str, code: str, named: str
) -> None:
    status, got, message = refusal(tenant.client("nobody").get(path))
    assert (status, got) == (403, code)
    assert named in message


def test_missing_permission_for_role_schedules_is_refused_with_json_inside_the_message(tenant: Tenant) -> None:
    path = "/v1.0/roleManagement/directory/roleAssignmentSchedules"
    _, code, message = refusal(tenant.client("nobody").get(path))
    assert code == "UnknownError"
    assert json.loads(message)["errorCode"] == "PermissionScopeNotGranted"


def test_refused_request_shows_in_the_journal_what_it_needs(tenant: Tenant) -> None:
    tenant.client("nobody").get("/v1.0/domains")
    entry = tenant.control.journal()[-1]
    assert "Domain.Read.All" in entry["needs"]
    assert entry["caller"]["name"] == "nobody"


def _holding(tenant: Tenant, *permissions: str, roles: tuple[str, ...] = ()) -> None:
    tenant.reseed(identities=(*SEED.identities, SeedIdentity("caller", permissions, roles)))


@pytest.mark.parametrize(
    ("permissions", "body", "status"),
    [
        (("User.ReadWrite.All",), {"department": "IT"}, 204),
        (("User.ReadWrite.All",), {"passwordProfile": {"password": "Kelp-9-lantern"}}, 403),
        (("User-PasswordProfile.ReadWrite.All",), {"passwordProfile": {"password": "Kelp-9-lantern"}}, 204),
        (("User-PasswordProfile.ReadWrite.All",), {"department": "IT"}, 403),
        (("User.EnableDisableAccount.All",), {"accountEnabled": False}, 403),
        (("User.EnableDisableAccount.All", "User.Read.All"), {"accountEnabled": False}, 204),
        (("User.EnableDisableAccount.All", "User.Read.All"), {"accountEnabled": False, "department": "IT"}, 403),
        (("Directory.ReadWrite.All",), {"accountEnabled": False}, 403),
        (
            ("User-PasswordProfile.ReadWrite.All", "User.ReadWrite.All"),
            {"passwordProfile": {"password": "Kelp-9-lantern"}, "department": "IT"},
            204,
        ),
    ],
)
def test_permission_for_some_properties_covers_exactly_those(
    tenant: Tenant, permissions: tuple[str, ...], body: dict[str, object], status: int
) -> None:
    _holding(tenant, *permissions, roles=("User Administrator",))
    response = tenant.client("caller").patch("/v1.0/users/kim.berg@contoso.example", json=body)
    assert response.status_code == status, response.text


def test_owned_by_permission_reaches_own_applications_only(tenant: Tenant) -> None:
    _holding(tenant, "Application.ReadWrite.OwnedBy")
    caller = tenant.client("caller")
    own = caller.post("/v1.0/applications", json={"displayName": "Mine"}).json()
    foreign = tenant.control.act("POST", "/v1.0/applications", {"displayName": "Theirs"})
    assert caller.patch(f"/v1.0/applications/{own['id']}", json={"notes": "x"}).status_code == 204
    assert caller.patch(f"/v1.0/applications/{foreign['id']}", json={"notes": "x"}).status_code == 403
    assert caller.get("/v1.0/applications").status_code == 403


def test_owned_by_permission_makes_no_service_principal_of_a_foreign_application(tenant: Tenant) -> None:
    _holding(tenant, "Application.ReadWrite.OwnedBy")
    body = {"appId": SEED.foreign_applications[0].client_id}
    _, _, message = refusal(tenant.client("caller").post("/v1.0/servicePrincipals", json=body))
    assert "backing application" in message


def test_application_permission_of_graph_is_not_granted_with_application_readwrite_alone(tenant: Tenant) -> None:
    _holding(tenant, "Application.ReadWrite.All")
    client = tenant.client("caller")
    graph = client.get("/v1.0/servicePrincipals(appId='00000003-0000-0000-c000-000000000000')").json()
    principal = tenant.running.identities["nobody"].object_id
    body = {"principalId": principal, "resourceId": graph["id"], "appRoleId": graph["appRoles"][0]["id"]}
    assert client.post(f"/v1.0/servicePrincipals/{graph['id']}/appRoleAssignedTo", json=body).status_code == 403
    assert client.post(f"/v1.0/servicePrincipals/{principal}/appRoleAssignments", json=body).status_code == 403


def test_role_assignable_group_needs_the_role_permission_too(tenant: Tenant) -> None:
    _holding(tenant, "Group.ReadWrite.All")
    group_id = tenant.group_id("sg-breakglass")
    reference = {
        "@odata.id": f"{tenant.running.base_url}/v1.0/directoryObjects/{tenant.user_id('kim.berg@contoso.example')}"
    }
    path = f"/v1.0/groups/{group_id}/members/$ref"
    assert tenant.client("caller").post(path, json=reference).status_code == 403
    tenant.control.grant("caller", "RoleManagement.ReadWrite.Directory")
    assert tenant.client("caller").post(path, json=reference).status_code == 204


@pytest.mark.parametrize(
    ("body", "sets"),
    [
        ({"department": "IT"}, [["Directory.ReadWrite.All"], ["User.ReadWrite.All"]]),
        ({"passwordProfile": {"password": "Kelp-9-lantern"}}, [["User-PasswordProfile.ReadWrite.All"]]),
        (
            {"passwordProfile": {"password": "Kelp-9-lantern"}, "department": "IT"},
            [
                ["Directory.ReadWrite.All", "User-PasswordProfile.ReadWrite.All"],
                ["User-PasswordProfile.ReadWrite.All", "User.ReadWrite.All"],
            ],
        ),
        ({"accountEnabled": False}, [["User.EnableDisableAccount.All", "User.Read.All"], ["User.ReadWrite.All"]]),
    ],
)
def test_journal_tells_the_least_permissions_that_would_have_done(
    tenant: Tenant, body: dict[str, object], sets: list[list[str]]
) -> None:
    tenant.client("nobody").patch("/v1.0/users/kim.berg@contoso.example", json=body)
    assert tenant.control.journal()[-1]["sufficient"] == sets
    tenant.client("administer").patch("/v1.0/users/kim.berg@contoso.example", json=body)
    assert tenant.control.journal()[-1]["sufficient"] == sets


def test_journal_counts_permissions_for_what_is_owned_where_the_caller_owns_it(tenant: Tenant) -> None:
    own = tenant.client("deploy").post("/v1.0/applications", json={"displayName": "Mine"}).json()
    for identity, counted in (("deploy", True), ("administer", False)):
        tenant.client(identity).get(f"/v1.0/applications/{own['id']}")
        assert (["Application.ReadWrite.OwnedBy"] in tenant.control.journal()[-1]["sufficient"]) is counted


def test_journal_counts_both_permissions_for_a_role_assignable_group(tenant: Tenant) -> None:
    tenant.client("nobody").delete(f"/v1.0/groups/{tenant.group_id('sg-breakglass')}")
    entry = tenant.control.journal()[-1]
    assert entry["sufficient"] == [["Group.ReadWrite.All", "RoleManagement.ReadWrite.Directory"]]


def test_journal_tells_that_any_token_does(tenant: Tenant) -> None:
    tenant.client("nobody").post("/v1.0/$batch", json={"requests": []})
    entry = next(each for each in tenant.control.journal() if each.get("route") == "POST /$batch")
    assert entry["sufficient"] == [[]]


def test_journal_tells_of_delegated_permissions_where_an_application_acts_for_a_user(tenant: Tenant) -> None:
    client = tenant.anonymous()
    token = tenant.control.user_token("nobody", "kim.berg@contoso.example", "User.Read")
    client.get("/v1.0/users/kim.berg@contoso.example", headers={"Authorization": f"Bearer {token}"})
    assert ["User.Read"] in tenant.control.journal()[-1]["sufficient"]


@pytest.mark.parametrize("text", ["User.Read.All[mood:good]", "User.Read.All[good]", "[owned]"])
def test_requirement_that_nobody_can_judge_is_a_fault_of_the_declaration(text: str) -> None:
    with pytest.raises(ValueError, match="permission"):
        parse(text)
