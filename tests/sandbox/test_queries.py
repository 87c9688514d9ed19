"""Query options on lists: what they choose, in which order and in which pages, and how Graph refuses the rest."""

from typing import Any

import httpx
import pytest

from sandbox.seed import SeedApplication, SeedGroup, SeedUser
from tests.sandbox.conftest import SEED, Tenant, create_user, refusal

_EVENTUAL = {"ConsistencyLevel": "eventual"}
_PEOPLE = (
    SeedUser("ada.lovell@contoso.example", "Ada Lovell", properties={"department": "Sales", "jobTitle": "Clerk"}),
    SeedUser(
        "ben.o'hara@contoso.example",
        "Ben O'Hara",
        account_enabled=False,
        properties={"department": "Sales", "mail": "ben@contoso.example", "otherMails": ["ben@fabrikam.example"]},
    ),
    SeedUser("cy.adams@contoso.example", "Cy Adams", properties={"jobTitle": "Head of Sales", "employeeId": "7"}),
    SeedUser("dora.kent@contoso.onmicrosoft.com", "Dora kent", properties={"companyName": "Fabrikam"}),
)
_ALL = ["Ada Lovell", "Ben O'Hara", "Cy Adams", "Dora kent"]


@pytest.fixture
def client(tenant: Tenant) -> httpx.Client:
    tenant.reseed(users=_PEOPLE, groups=())
    return tenant.client("administer")


def _names(client: httpx.Client, path: str = "/v1.0/users", *, eventual: bool = False, **options: str) -> list[str]:
    response = client.get(path, params=_options(options), headers=_EVENTUAL if eventual else {})
    assert response.status_code == 200, response.text
    return [each["displayName"] for each in response.json()["value"]]


def _refused(client: httpx.Client, path: str = "/v1.0/users", *, eventual: bool = False, **options: str) -> Any:
    return refusal(client.get(path, params=_options(options), headers=_EVENTUAL if eventual else {}))


def _options(options: dict[str, str]) -> dict[str, str]:
    return {f"${name}": value for name, value in options.items()}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("displayName eq 'ADA LOVELL'", ["Ada Lovell"]),
        ("userPrincipalName eq 'ben.o''hara@contoso.example'", ["Ben O'Hara"]),
        ("displayName in ('Cy Adams', 'Ada Lovell', 'Nobody')", ["Ada Lovell", "Cy Adams"]),
        ("displayName in ('Cy Adams')", ["Cy Adams"]),
        ("accountEnabled eq false", ["Ben O'Hara"]),
        ("startsWith(displayName,'d')", ["Dora kent"]),
        ("startswith(displayName, 'a') eq true", ["Ada Lovell"]),
        ("department eq 'Sales' and jobTitle eq 'Clerk'", ["Ada Lovell"]),
        ("jobTitle eq 'Clerk' or employeeId eq '7'", ["Ada Lovell", "Cy Adams"]),
        ("employeeId eq '7' or department eq 'Sales' and accountEnabled eq false", ["Ben O'Hara", "Cy Adams"]),
        ("(employeeId eq '7' or department eq 'Sales') and accountEnabled eq false", ["Ben O'Hara"]),
        ("otherMails/any(m:m eq 'ben@fabrikam.example')", ["Ben O'Hara"]),
        ("otherMails/any(m:startsWith(m,'ben@'))", ["Ben O'Hara"]),
        ("displayName eq 'and or not ('", []),
    ],
)
def test_filter_that_works_plainly_finds_what_it_says(client: httpx.Client, text: str, found: list[str]) -> None:
    assert _names(client, filter=text) == found


@pytest.mark.parametrize(
    ("text", "operator", "found"),
    [
        ("displayName ne 'Ada Lovell'", "ne", _ALL[1:]),
        ("not(department eq 'Sales')", "not", ["Cy Adams", "Dora kent"]),
        ("NOT startsWith(displayName,'A')", "not", _ALL[1:]),
        ("startsWith(displayName,'A') eq false", "not", _ALL[1:]),
        ("endsWith(userPrincipalName,'.onmicrosoft.com')", "endsWith", ["Dora kent"]),
        ("otherMails/any(m:endsWith(m,'fabrikam.example'))", "endsWith", ["Ben O'Hara"]),
        ("otherMails/$count eq 0", "$count", ["Ada Lovell", "Cy Adams", "Dora kent"]),
        ("otherMails/$count ne 0", "$count", ["Ben O'Hara"]),
        ("department eq null", "eq", ["Cy Adams", "Dora kent"]),
        ("companyName eq 'fabrikam'", "eq", ["Dora kent"]),
        ("startsWith(companyName,'Fab')", "startsWith", ["Dora kent"]),
        ("createdDateTime ge 2020-01-01", "ge", _ALL),
    ],
)
def test_filter_that_needs_the_advanced_parameters_is_refused_without_either(
    client: httpx.Client, text: str, operator: str, found: list[str]
) -> None:
    for eventual, count in ((False, "false"), (True, "false"), (False, "true")):
        status, code, message = _refused(client, eventual=eventual, filter=text, count=count)
        assert (status, code) == (400, "Request_UnsupportedQuery")
        assert message.startswith(f"Operator '{operator}' is not supported because the required parameters")
    assert _names(client, eventual=True, filter=text, count="true") == found


@pytest.mark.parametrize(
    ("text", "code", "named"),
    [
        ("shoeSize eq '44'", "BadRequest", "'shoeSize'"),
        ("aboutMe eq 'x'", "Request_UnsupportedQuery", "'aboutMe' of resource 'User'"),
        ("displayName ge 'A'", "Request_UnsupportedQuery", "'displayName' of resource 'User'"),
        ("contains(displayName,'da')", "Request_UnsupportedQuery", "'contains'"),
        ("endsWith(displayName,'ell')", "Request_UnsupportedQuery", "'endsWith'"),
        ("startsWith(accountEnabled,'t')", "Request_UnsupportedQuery", "'startsWith'"),
        ("toLower(displayName) eq 'x'", "BadRequest", "'toLower'"),
        ("startsWith('a',displayName)", "BadRequest", "'startsWith' takes a property and a text"),
        ("accountEnabled eq 'true'", "BadRequest", "'Edm.Boolean' and 'Edm.String' for operator kind 'Equal'"),
        ("displayName eq 7", "BadRequest", "'Edm.String' and 'Edm.Int32'"),
        ("assignedLicenses/any(l:l/skuId eq 'x')", "BadRequest", "'Edm.Guid' and 'Edm.String'"),
        ("assignedLicenses/any(l:l/price eq 7)", "BadRequest", "'price'"),
        ("assignedLicenses/any(l:x/skuId eq 'x')", "BadRequest", "'x/skuId'"),
        ("assignedLicenses/all(l:l/skuId eq 'x')", "Request_UnsupportedQuery", "'assignedLicenses'"),
        ("assignedLicenses/any()", "Request_UnsupportedQuery", "'assignedLicenses'"),
        ("otherMails eq 'a'", "Request_UnsupportedQuery", "'otherMails'"),
        ("otherMails/$count gt 2", "Request_UnsupportedQuery", "'otherMails'"),
        ("businessPhones/$count eq 0", "Request_UnsupportedQuery", "'businessPhones'"),
        ("displayName has 'x'", "Request_UnsupportedQuery", "'has'"),
        ("displayName eq userPrincipalName", "BadRequest", "position 15"),
        ("createdDateTime ge 2026-13-01T00:00:00Z", "BadRequest", "'2026-13-01T00:00:00Z'"),
        ("(displayName eq 'a'", "BadRequest", "position 19"),
        ("displayName eq 'a')", "BadRequest", "position 18"),
        ("", "BadRequest", "position 0"),
        ("not " * 200 + "(displayName eq 'a')", "BadRequest", "Recursion depth"),
        (" or ".join(["displayName eq 'a'"] * 16), "Request_UnsupportedQuery", "operators: 16. Max allowed: 15."),
        (f"displayName in ({','.join(16 * [chr(39) * 2])})", "Request_UnsupportedQuery", "operators: 16. Max"),
    ],
)
def test_filter_that_graph_does_not_take_is_refused_by_name(
    client: httpx.Client, text: str, code: str, named: str
) -> None:
    status, found, message = _refused(client, eventual=text.startswith(("not ", "createdDateTime")), filter=text)
    assert (status, found) == (400, code)
    assert named in message


def test_many_alternatives_are_no_fault_of_an_advanced_query(client: httpx.Client) -> None:
    text = " or ".join(f"displayName eq 'Cy {name}'" for name in ("Adams", *range(40)))
    assert _names(client, eventual=True, count="true", filter=text) == ["Cy Adams"]


def test_guid_is_compared_without_quotes(tenant: Tenant) -> None:
    client = tenant.client("administer")
    path = f"/v1.0/servicePrincipals/{tenant.running.identities['deploy'].object_id}/appRoleAssignments"
    graph = client.get("/v1.0/servicePrincipals(appId='00000003-0000-0000-c000-000000000000')").json()["id"]
    whole = client.get(path).json()["value"]
    assert client.get(path, params={"$filter": f"resourceId eq {graph.upper()}"}).json()["value"] == whole
    assert "'Edm.Guid' and 'Edm.String'" in _refused(client, path, filter=f"resourceId eq '{graph}'")[2]
    assert "'principalId'" in _refused(client, path, filter=f"principalId eq {graph}")[2]


def test_filter_of_another_service_is_refused_in_its_own_terms(tenant: Tenant) -> None:
    path = "/v1.0/roleManagement/directory/roleDefinitions"
    status, code, message = _refused(tenant.client("administer"), path, filter="displayName ne 'x'")
    assert (status, code) == (400, "Request_UnsupportedQuery")
    assert "'ne'" in message


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('"displayName:ada"', ["Ada Lovell", "Cy Adams"]),
        ('"displayName:hara"', ["Ben O'Hara"]),
        ('"displayName:vell"', []),
        ('"displayName:lovell ada"', ["Ada Lovell"]),
        ('"mail:ben" OR "displayName:kent"', ["Ben O'Hara", "Dora kent"]),
        ('"displayName:a" AND ("displayName:cy" OR "displayName:ben")', ["Cy Adams"]),
        ('"otherMails:ben@fab"', ["Ben O'Hara"]),
    ],
)
def test_search_finds_words_by_their_beginnings(client: httpx.Client, text: str, found: list[str]) -> None:
    assert _names(client, eventual=True, search=text) == found


def test_search_and_filter_both_hold(client: httpx.Client) -> None:
    found = _names(client, eventual=True, search='"displayName:ada"', filter="startsWith(displayName,'c')")
    assert found == ["Cy Adams"]


@pytest.mark.parametrize(
    ("eventual", "text", "named"),
    [
        (False, '"displayName:ada"', "ConsistencyLevel"),
        (True, "displayName:ada", "position 0"),
        (True, '"ada"', "names no property"),
        (True, '"shoeSize:44"', "'shoeSize'"),
        (True, '"aboutMe:x"', "'aboutMe'"),
        (True, '"displayName:ada', "unterminated"),
        (True, '"displayName:a" "displayName:b"', "position"),
    ],
)
def test_search_that_graph_does_not_take_is_refused(
    client: httpx.Client, eventual: bool, text: str, named: str
) -> None:
    status, _, message = _refused(client, eventual=eventual, search=text)
    assert status == 400
    assert named in message


def test_search_where_there_is_none_is_refused(tenant: Tenant) -> None:
    status, _, message = _refused(
        tenant.client("administer"), "/v1.0/directoryRoles", eventual=True, search='"displayName:a"'
    )
    assert status == 400
    assert "directoryRole" in message


@pytest.mark.parametrize(
    ("order", "found"),
    [
        ("displayName", _ALL),
        ("displayName desc", _ALL[::-1]),
        ("userPrincipalName", _ALL),
        ("displayName asc,userPrincipalName desc", _ALL),
    ],
)
def test_order_by_a_main_property_works_plainly(client: httpx.Client, order: str, found: list[str]) -> None:
    assert _names(client, orderby=order) == found


def test_order_together_with_a_filter_needs_the_advanced_parameters(client: httpx.Client) -> None:
    text, order = "department eq 'Sales'", "displayName desc"
    assert _refused(client, filter=text, orderby=order) == (
        400,
        "Request_UnsupportedQuery",
        "Sorting not supported for current query.",
    )
    assert _names(client, eventual=True, count="true", filter=text, orderby=order) == ["Ben O'Hara", "Ada Lovell"]


@pytest.mark.parametrize(
    ("order", "named"),
    [
        ("jobTitle", "Unsupported sort property 'jobTitle' for 'User'."),
        ("shoeSize", "'shoeSize'"),
        ("displayName sideways", "'displayName sideways'"),
        ("displayName,", "''"),
        ("createdDateTime", "Sorting not supported"),
    ],
)
def test_order_that_graph_does_not_take_is_refused(client: httpx.Client, order: str, named: str) -> None:
    status, _, message = _refused(client, orderby=order)
    assert status == 400
    assert named in message


def test_applications_sort_with_the_advanced_parameters_only(tenant: Tenant) -> None:
    tenant.reseed(applications=(SeedApplication("Beta"), SeedApplication("alpha")))
    client = tenant.client("administer")
    path = "/v1.0/applications"
    assert "Sorting not supported" in _refused(client, path, orderby="displayName")[2]
    names = _names(client, path, eventual=True, count="true", orderby="displayName")
    assert names == sorted(names, key=str.lower)


def test_count_comes_with_the_first_page_alone(client: httpx.Client) -> None:
    first = client.get("/v1.0/users?$count=true&$top=3", headers=_EVENTUAL).json()
    assert first["@odata.count"] == 4
    second = client.get(first["@odata.nextLink"], headers=_EVENTUAL).json()
    assert "@odata.count" not in second
    assert len(second["value"]) == 1


def test_count_segment_answers_with_a_number_and_only_with_the_header(client: httpx.Client) -> None:
    plain = client.get("/v1.0/users/$count")
    assert refusal(plain) == (400, "Request_BadRequest", "$count is not currently supported.")
    counted = client.get("/v1.0/users/$count", headers=_EVENTUAL)
    assert (counted.text, counted.headers["content-type"].partition(";")[0]) == ("4", "text/plain")
    chosen = client.get("/v1.0/users/$count", params={"$filter": "department ne 'Sales'"}, headers=_EVENTUAL)
    assert chosen.text == "2"


def test_count_option_is_true_or_false(client: httpx.Client) -> None:
    assert "'yes'" in _refused(client, count="yes")[2]


def test_next_link_keeps_the_query_and_its_context_tells_the_selection(client: httpx.Client) -> None:
    asked = {"$select": "displayName,id", "$filter": "startsWith(userPrincipalName,'c') or accountEnabled eq true"}
    page = client.get("/v1.0/users", params={**asked, "$top": "2"}).json()
    assert page["@odata.context"].endswith("$metadata#users(displayName,id)")
    link = httpx.URL(page["@odata.nextLink"])
    assert {**asked, "$top": "2"}.items() <= dict(link.params).items()
    rest = client.get(link).json()
    assert [each["displayName"] for each in page["value"] + rest["value"]] == ["Ada Lovell", "Cy Adams", "Dora kent"]


def test_what_is_made_or_deleted_between_pages_neither_skips_nor_repeats_anything(client: httpx.Client) -> None:
    page = client.get("/v1.0/users?$top=2").json()
    for each in page["value"]:
        assert client.delete(f"/v1.0/users/{each['id']}").status_code == 204
    create_user(client)
    rest = client.get(page["@odata.nextLink"]).json()
    assert [each["displayName"] for each in rest["value"]] == ["Cy Adams", "Dora kent"]
    last = client.get(rest["@odata.nextLink"]).json()
    assert [each["displayName"] for each in last["value"]] == ["Mara Holt"]


def test_page_whose_neighbours_are_both_gone_has_expired(client: httpx.Client) -> None:
    page = client.get("/v1.0/users?$top=1").json()
    for login in ("ada.lovell@contoso.example", "ben.o'hara@contoso.example"):
        assert client.delete(f"/v1.0/users/{login}").status_code == 204
    assert refusal(client.get(page["@odata.nextLink"]))[:2] == (400, "Directory_ExpiredPageToken")


@pytest.mark.parametrize("token", ["", "x", "@", "AAAA", "W10", "WzEsMiwzXQ", "é", "/" * 50])
def test_made_up_page_token_is_refused(client: httpx.Client, token: str) -> None:
    status, _, message = _refused(client, skiptoken=token)
    assert status == 400
    assert "$skiptoken" in message


def test_page_token_of_another_request_is_refused(client: httpx.Client) -> None:
    link = httpx.URL(client.get("/v1.0/users?$top=1").json()["@odata.nextLink"])
    token = link.params["$skiptoken"]
    assert "$skiptoken" in _refused(client, skiptoken=token, filter="accountEnabled eq true")[2]
    assert "$skiptoken" in _refused(client, "/v1.0/groups", skiptoken=token)[2]


@pytest.mark.parametrize("size", ["0", "1000", "-1", "1.5", "", "many", "9" * 400, "²"])
def test_page_size_outside_the_range_is_refused_with_the_range(client: httpx.Client, size: str) -> None:
    assert _refused(client, top=size) == (
        400,
        "Request_UnsupportedQuery",
        f"Invalid page size specified: '{size}'. Must be between 1 and 999 inclusive.",
    )


def test_expansion_shows_a_relation_with_what_is_selected_of_it(tenant: Tenant) -> None:
    tenant.reseed(
        users=(
            SeedUser("boss@contoso.example", "Boss"),
            SeedUser("one@contoso.example", "One", manager="boss@contoso.example"),
        ),
        groups=(SeedGroup("Team", ("one@contoso.example", "boss@contoso.example")),),
    )
    client = tenant.client("administer")
    one = client.get("/v1.0/users/one@contoso.example?$select=displayName&$expand=manager($select=displayName)").json()
    assert {name: one[name] for name in ("displayName", "manager")} == {
        "displayName": "One",
        "manager": {"@odata.type": "#microsoft.graph.user", "displayName": "Boss"},
    }
    boss = client.get("/v1.0/users/boss@contoso.example?$expand=manager,memberOf($select=id)").json()
    assert boss["manager"] is None
    assert boss["memberOf"] == [{"@odata.type": "#microsoft.graph.group", "id": tenant.group_id("Team")}]
    (team,) = client.get("/v1.0/groups?$expand=members($select=displayName)").json()["value"]
    assert [each["displayName"] for each in team["members"]] == ["One", "Boss"]


def test_expansion_stops_at_twenty_elements(tenant: Tenant) -> None:
    people = tuple(SeedUser(f"p{number}@contoso.example", f"P{number}") for number in range(25))
    tenant.reseed(users=people, groups=(SeedGroup("Team", tuple(each.user_principal_name for each in people)),))
    (team,) = tenant.client("administer").get("/v1.0/groups?$expand=members").json()["value"]
    assert len(team["members"]) == 20


@pytest.mark.parametrize(
    ("text", "status", "named"),
    [
        ("kelp", 400, "'kelp'"),
        ("calendar", 501, "'calendar'"),
        ("displayName", 400, "'displayName'"),
        ("manager($levels=max)", 400, "'$levels'"),
        ("manager($select=shoeSize)", 400, "'shoeSize'"),
        ("manager(", 400, "position 0"),
        ("manager,", 400, "position 0"),
        ("", 400, "names no relation"),
    ],
)
def test_expansion_that_cannot_be_is_refused_by_name(client: httpx.Client, text: str, status: int, named: str) -> None:
    create_user(client)
    boss = client.get("/v1.0/users/ada.lovell@contoso.example").json()["id"]
    reference = {"@odata.id": f"https://localhost/v1.0/directoryObjects/{boss}"}
    client.put("/v1.0/users/mara.holt@contoso.example/manager/$ref", json=reference).raise_for_status()
    found, _, message = _refused(client, expand=text)
    assert found == status
    assert named in message


@pytest.mark.parametrize(
    ("text", "status", "named"),
    [
        ("manager($select=shoeSize)", 400, "'shoeSize'"),
        ("manager($select=calendar)", 400, "'calendar'"),
        ("memberOf($select=shoeSize)", 400, "'shoeSize'"),
        ("memberOf($select=id,assignedPlans)", 501, "'assignedPlans'"),
    ],
)
def test_what_is_selected_of_a_relation_is_checked_where_nobody_has_it(
    tenant: Tenant, text: str, status: int, named: str
) -> None:
    tenant.reseed(users=SEED.users[:1], groups=())
    client = tenant.client("administer")
    for path in ("/v1.0/users", f"/v1.0/users/{SEED.users[0].user_principal_name}"):
        response = client.get(path, params={"$expand": text})
        assert (response.status_code, named in refusal(response)[2]) == (status, True), response.text


def test_expansion_inside_an_expansion_of_the_directory_is_refused_where_nobody_has_the_relation(
    tenant: Tenant,
) -> None:
    tenant.reseed(users=SEED.users[:1], groups=())
    assert "inside" in _refused(tenant.client("administer"), expand="manager($expand=manager)")[2]


def test_each_kind_in_a_relation_shows_what_it_has_of_the_selection(tenant: Tenant) -> None:
    client = tenant.client("administer")
    group = client.get("/v1.0/groups", params={"$filter": "displayName eq 'sg-dashboard-readers'"}).json()["value"][0]
    reader = tenant.running.identities["nobody"].object_id
    reference = {"@odata.id": f"{tenant.running.base_url}/v1.0/directoryObjects/{reader}"}
    tenant.control.act("POST", f"/v1.0/groups/{group['id']}/members/$ref", reference)
    query = {"$expand": "members($select=userPrincipalName,appId)"}
    members = client.get(f"/v1.0/groups/{group['id']}", params=query).json()["members"]
    shown = {each.pop("@odata.type").rpartition(".")[2]: sorted(each) for each in members}
    assert shown == {"user": ["userPrincipalName"], "servicePrincipal": ["appId"]}


def test_expansion_in_an_advanced_query_is_refused(client: httpx.Client) -> None:
    assert "$expand" in _refused(client, eventual=True, count="true", expand="manager")[2]


@pytest.mark.parametrize("text", ["displayName,", "display Name", "displayName;id", "'id'"])
def test_selection_that_is_no_list_of_names_is_refused(client: httpx.Client, text: str) -> None:
    assert _refused(client, select=text)[0] == 400


def test_object_id_in_a_path_is_found_in_any_letter_case(client: httpx.Client) -> None:
    user = create_user(client)
    assert client.get(f"/v1.0/users/{user['id'].upper()}").json()["id"] == user["id"]
    boss = client.get("/v1.0/users/ada.lovell@contoso.example").json()["id"]
    reference = {"@odata.id": f"https://localhost/v1.0/directoryObjects/{boss.upper()}"}
    path = f"/v1.0/users/{user['id'].upper()}/manager"
    assert client.put(f"{path}/$ref", json=reference).status_code == 204
    assert client.get(path).json()["id"] == boss
    assert _names(client, filter=f"id eq '{boss.upper()}'") == ["Ada Lovell"]


def test_key_in_parentheses_takes_encoded_and_doubled_quotes(client: httpx.Client) -> None:
    for key in ("ben.o''hara%40contoso.example", "ben.o%27%27hara@contoso.example"):
        assert client.get(f"/v1.0/users(userPrincipalName='{key}')").json()["displayName"] == "Ben O'Hara"
