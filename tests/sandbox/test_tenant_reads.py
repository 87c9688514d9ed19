"""Domains, licences, organization, audit log, and paging."""

from typing import Any

import pytest

from sandbox.queries.paging import LONGEST_PAGE
from sandbox.resources import ROUTES
from sandbox.routing import Route
from sandbox.seed import SeedDomain, SeedLicence, SeedUser
from tests.sandbox.conftest import SEED, Tenant, create_user, refusal
from tests.sandbox.rows.registry import ROWS
from tests.sandbox.rows.scene import Scene

_EXCHANGE = "4b9405b0-7788-4568-add1-99614e613b69"


def test_domains_tell_which_may_carry_logins(tenant: Tenant) -> None:
    tenant.reseed(domains=(*SEED.domains, SeedDomain("pending.example", is_verified=False)))
    client = tenant.client("deploy")
    shown = {each["id"]: each for each in client.get("/v1.0/domains").json()["value"]}
    assert shown["contoso.onmicrosoft.com"]["isInitial"] is True
    assert shown["pending.example"]["isVerified"] is False
    assert client.get("/v1.0/domains/contoso.example").json()["authenticationType"] == "Managed"
    assert client.get("/v1.0/domains/other.example").status_code == 404


def test_organization_names_its_verified_domains_and_plans(tenant: Tenant) -> None:
    (shown,) = tenant.client("post-apply").get("/v1.0/organization").json()["value"]
    assert shown["id"] == tenant.running.tenant_id
    assert [each["name"] for each in shown["verifiedDomains"]] == [each.name for each in SEED.domains]
    assert "41781fb2-bc02-4b7c-bd55-b576c07bb09d" in {each["servicePlanId"] for each in shown["assignedPlans"]}


def test_licence_is_given_counted_shown_and_taken(tenant: Tenant) -> None:
    tenant.reseed(licences=(SeedLicence("AAD_PREMIUM"), SeedLicence("EXCHANGESTANDARD", seats=1)))
    client = tenant.client("post-apply")
    user = create_user(tenant.client("administer"), usageLocation="DE")
    path = f"/v1.0/users/{user['id']}"
    body = {"addLicenses": [{"skuId": _EXCHANGE}], "removeLicenses": []}
    assert client.post(f"{path}/assignLicense", json=body).status_code == 200
    skus = {each["skuPartNumber"]: each for each in client.get("/v1.0/subscribedSkus").json()["value"]}
    assert (skus["EXCHANGESTANDARD"]["consumedUnits"], skus["AAD_PREMIUM"]["consumedUnits"]) == (1, 0)
    (details,) = client.get(f"{path}/licenseDetails").json()["value"]
    assert details["servicePlans"][0]["servicePlanName"] == "EXCHANGE_S_STANDARD"
    other = create_user(tenant.client("administer"), "jo.reed@contoso.example", usageLocation="DE")
    _, _, message = refusal(client.post(f"/v1.0/users/{other['id']}/assignLicense", json=body))
    assert "available licenses" in message
    removal = {"addLicenses": [], "removeLicenses": [_EXCHANGE]}
    assert client.post(f"{path}/assignLicense", json=removal).status_code == 200
    assert client.post(f"{path}/assignLicense", json=removal).status_code == 400


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"addLicenses": [{"skuId": _EXCHANGE}], "removeLicenses": []}, "does not correspond"),
        ({"addLicenses": []}, "removeLicenses"),
        ({"addLicenses": [{"skuId": "x"}], "removeLicenses": []}, "'skuId'"),
    ],
)
def test_licence_that_cannot_be_given_is_refused(tenant: Tenant, body: dict[str, Any], named: str) -> None:
    user = create_user(tenant.client("administer"), usageLocation="DE")
    response = tenant.client("post-apply").post(f"/v1.0/users/{user['id']}/assignLicense", json=body)
    status, _, message = refusal(response)
    assert status == 400
    assert named in message


def test_licence_needs_a_usage_location(tenant: Tenant, new_user: dict[str, Any]) -> None:
    sku = "078d2b04-f1bd-4111-bbd4-b4b1b354cef4"
    body = {"addLicenses": [{"skuId": sku}], "removeLicenses": []}
    response = tenant.client("post-apply").post(f"/v1.0/users/{new_user['id']}/assignLicense", json=body)
    assert "usage location" in refusal(response)[2]


def test_audit_log_tells_who_gave_which_role_to_whom(tenant: Tenant, new_user: dict[str, Any]) -> None:
    client = tenant.client("post-apply")
    body = {
        "principalId": new_user["id"],
        "roleDefinitionId": "62e90394-69f5-4237-9190-012177145e10",
        "directoryScopeId": "/",
    }
    assignment = client.post("/v1.0/roleManagement/directory/roleAssignments", json=body).json()
    client.delete(f"/v1.0/roleManagement/directory/roleAssignments/{assignment['id']}")
    tenant.control.advance_clock(SEED.behaviour.log_delay_seconds)
    query = {"$filter": "activityDisplayName eq 'Add member to role' and activityDateTime ge 2020-01-01T00:00:00Z"}
    (entry,) = client.get("/v1.0/auditLogs/directoryAudits", params=query).json()["value"]
    assert entry["initiatedBy"]["app"]["appId"] == tenant.running.identities["post-apply"].client_id
    user, role = entry["targetResources"]
    assert (user["id"], role["type"]) == (new_user["id"], "Role")
    changed = {each["displayName"]: each["newValue"] for each in user["modifiedProperties"]}
    assert changed["Role.DisplayName"] == '"Global Administrator"'
    entries = client.get("/v1.0/auditLogs/directoryAudits").json()["value"]
    assert [each["activityDisplayName"] for each in entries] == [
        "Remove member from role",
        "Add member to role",
        "Add user",
    ]
    late = {"$filter": "activityDateTime ge 2099-01-01T00:00:00Z"}
    assert client.get("/v1.0/auditLogs/directoryAudits", params=late).json()["value"] == []


def test_list_is_paged_by_the_tenants_page_size_and_links_keep_the_query(tenant: Tenant) -> None:
    people = tuple(SeedUser(f"person{number}@contoso.example", f"Person {number}") for number in range(7))
    tenant.reseed(users=(*SEED.users, *people), page_size=3)
    client = tenant.client("deploy")
    query = {"$filter": "startsWith(displayName,'Person')", "$select": "displayName", "$count": "true"}
    page = client.get("/v1.0/users", params=query, headers={"ConsistencyLevel": "eventual"}).json()
    assert page["@odata.count"] == 7
    seen = [each["displayName"] for each in page["value"]]
    while "@odata.nextLink" in page:
        assert page["@odata.nextLink"].startswith(tenant.running.base_url)
        page = client.get(page["@odata.nextLink"]).json()
        assert all(set(each) == {"displayName"} for each in page["value"])
        seen += [each["displayName"] for each in page["value"]]
    assert seen == [f"Person {number}" for number in range(7)]


@pytest.mark.parametrize(
    ("version", "route"),
    [
        pytest.param(version, route, id=f"{version} {route.template}")
        for route in ROUTES
        for version in route.versions
        if route.method == "GET" and "$skiptoken" in route.query and "{" not in route.template
    ],
)
def test_every_list_can_be_followed_from_page_to_page(tenant: Tenant, version: str, route: Route) -> None:
    scene = Scene(tenant)
    path = ROWS[route.key](scene).path
    client = scene.client_for(route)
    link = f"/{version}{path}{'&' if '?' in path else '?'}$top="
    whole = client.get(f"{link}{LONGEST_PAGE}").json()["value"]
    pages, link = [], f"{link}2"
    while link:
        page = client.get(link).json()
        pages.append(page["value"])
        link = page.get("@odata.nextLink", "")
    assert [record for page in pages for record in page] == whole
    assert len(pages) == max(1, -(-len(whole) // 2))


def test_count_without_the_header_for_it_is_ignored(tenant: Tenant) -> None:
    assert "@odata.count" not in tenant.client("deploy").get("/v1.0/users?$count=true").json()


def test_asked_page_size_wins(tenant: Tenant) -> None:
    page = tenant.client("deploy").get("/v1.0/users?$top=1").json()
    assert len(page["value"]) == 1
    assert "@odata.nextLink" in page


@pytest.mark.parametrize(
    ("method", "path", "named"),
    [
        ("POST", "/domains", "/domains"),
        ("PATCH", "/domains/contoso.example", "/domains"),
        ("POST", "/domains/contoso.example/verify", "'verify'"),
        ("GET", "/domains/contoso.example/verificationDnsRecords", "'verificationDnsRecords'"),
        ("GET", "/policies/crossTenantAccessPolicy", "'crossTenantAccessPolicy'"),
        ("POST", "/groups/x/assignLicense", "'assignLicense'"),
        ("POST", "/users/x/changePassword", "'changePassword'"),
        ("GET", "/directory/administrativeUnits/x/scopedRoleMembers", "'scopedRoleMembers'"),
        ("GET", "/directory/deletedItems", "'deletedItems'"),
    ],
)
def test_what_graph_has_and_the_sandbox_lacks_is_refused_by_name(
    tenant: Tenant, method: str, path: str, named: str
) -> None:
    status, code, message = refusal(tenant.client("administer").request(method, f"/v1.0{path}"))

    assert (status, code) == (501, "notImplemented")
    assert named in message
