"""Sensitive actions on administrators: every cell of Learn's two tables, for applications and for signed-in users."""

import dataclasses
from collections.abc import Iterator, Mapping

import httpx
import pytest

from sandbox.behaviour import Behaviour
from sandbox.seed import Seed, SeedGroup, SeedIdentity, SeedUser
from sandbox.server import start
from tests.sandbox.conftest import SEED, Tenant, refusal

_ANY = ("User.ReadWrite.All", "User.EnableDisableAccount.All", "User-PasswordProfile.ReadWrite.All")
_METHODS = ("UserAuthenticationMethod.ReadWrite.All", "User.RevokeSessions.All", "User.DeleteRestore.All")
_PERMISSIONS = (*_ANY, *_METHODS, "User.Read.All", "RoleManagement.ReadWrite.Directory")
_SCOPES = (*_PERMISSIONS, "Directory.AccessAsUser.All")
_COLUMNS = (
    "Password Administrator",
    "Helpdesk Administrator",
    "Authentication Administrator",
    "User Administrator",
    "Privileged Authentication Administrator",
    "Global Administrator",
)
# Rows and columns of the page "Privileged roles and permissions in Microsoft Entra ID" (June 2026), columns by their
# initials in the order above: who may reset the password, and who may do every other sensitive action.
_TABLE = {
    "no role": ("PHAUVG", "AUVG"),
    "Authentication Administrator": ("AVG", "AVG"),
    "Directory Readers": ("PHAUVG", "AUVG"),
    "Global Administrator": ("VG", "VG"),
    "Groups Administrator": ("UVG", "UVG"),
    "Guest Inviter": ("PHAUVG", "AUVG"),
    "Helpdesk Administrator": ("HUVG", "UVG"),
    "Message Center Reader": ("HAUVG", "AUVG"),
    "Password Administrator": ("PHAUVG", "AUVG"),
    "Privileged Authentication Administrator": ("VG", "VG"),
    "Privileged Role Administrator": ("VG", "VG"),
    "Reports Reader": ("HAUVG", "AUVG"),
    "member of a role-assignable group": ("VG", "VG"),
    "owner of a role-assignable group": ("VG", "VG"),
    "User Administrator": ("UVG", "UVG"),
    "User Experience Success Manager": ("HAUVG", "AUVG"),
    "Usage Summary Reports Reader": ("HAUVG", "AUVG"),
    "Conditional Access Administrator": ("VG", "VG"),
    "Directory Readers and Security Reader": ("VG", "VG"),
}
_INITIALS = dict(zip("PHAUVG", _COLUMNS, strict=True))
_PASSWORD = {"passwordProfile": {"password": "Kelp-9-lantern"}}
_CELLS = [pytest.param(row, column, id=f"{column} on {row}") for row in _TABLE for column in _COLUMNS]


def _login(name: str) -> str:
    return f"{name.lower().replace(' ', '.')}@contoso.example"


def _target(row: str) -> str:
    return _login(f"target {row}")


def _roles(row: str) -> tuple[str, ...]:
    return () if row == "no role" or "group" in row else tuple(row.split(" and "))


def _seed(**behaviour: object) -> Seed:
    targets = [SeedUser(_target(row), row, directory_roles=_roles(row)) for row in _TABLE]
    people = [SeedUser(_login(column), column, directory_roles=(column,)) for column in _COLUMNS]
    group = SeedGroup(
        "sg-privileged",
        members=(_target("member of a role-assignable group"),),
        owners=(_target("owner of a role-assignable group"),),
        is_assignable_to_role=True,
    )
    identities = [SeedIdentity(column, _PERMISSIONS, (column,)) for column in _COLUMNS]
    return dataclasses.replace(
        SEED,
        users=(*SEED.users, *targets, *people),
        groups=(*SEED.groups, group),
        identities=(*SEED.identities, *identities, SeedIdentity("plain", _PERMISSIONS), SeedIdentity("empty")),
        behaviour=Behaviour(**behaviour),  # type: ignore[arg-type]  # settings by name
    )


class Callers:
    """Clients of the identities and people of one seed, each made once."""

    def __init__(self, tenant: Tenant) -> None:
        self.tenant = tenant
        self._made: dict[tuple[str, ...], httpx.Client] = {}

    def application(self, name: str) -> httpx.Client:
        if (name,) not in self._made:
            self._made[name,] = self.tenant.client(name)
        return self._made[name,]

    def person(self, name: str, scopes: tuple[str, ...] = _SCOPES) -> httpx.Client:
        key = (name, *scopes)
        if key not in self._made:
            client = self.tenant.anonymous()
            token = self.tenant.control.user_token("empty", _login(name), *scopes)
            client.headers["Authorization"] = f"Bearer {token}"
            self._made[key] = client
        return self._made[key]


@pytest.fixture(scope="module")
def callers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callers]:
    """The seed of the tables, with the tables deciding for applications' resets as well."""
    with start(tmp_path_factory.mktemp("tables"), _seed(application_reset_role="role table")) as running:
        tenant = Tenant(running)
        yield Callers(tenant)
        tenant.close()


def _may(response: httpx.Response) -> bool:
    if response.status_code == 403:
        assert refusal(response)[1] in {"Authorization_RequestDenied", "accessDenied"}
        return False
    assert response.is_success, response.text
    return True


def _change(client: httpx.Client, row: str, body: Mapping[str, object]) -> bool:
    return _may(client.patch(f"/v1.0/users/{_target(row)}", json=body))


def _end_sessions(client: httpx.Client, row: str) -> bool:
    return _may(client.post(f"/v1.0/users/{_target(row)}/revokeSignInSessions"))


def _expected(row: str, column: str) -> tuple[bool, bool]:
    resets, acts = _TABLE[row]
    return column in map(_INITIALS.get, resets), column in map(_INITIALS.get, acts)


@pytest.mark.parametrize(("row", "column"), _CELLS)
def test_user_acts_on_whom_the_tables_say(callers: Callers, row: str, column: str) -> None:
    client = callers.person(column)
    resets, acts = _expected(row, column)
    assert _change(client, row, _PASSWORD) is resets
    assert _change(client, row, {"mobilePhone": "+49 30 1"}) is (resets or acts)
    assert _change(client, row, {"businessPhones": ["+49 30 1"]}) is (resets or acts)
    assert _change(client, row, {"otherMails": ["a@contoso.example"]}) is (resets or acts)
    assert _change(client, row, {"accountEnabled": True}) is acts
    assert _change(client, row, {"userPrincipalName": _target(row)}) is acts
    assert _end_sessions(client, row) is (resets or acts)


@pytest.mark.parametrize(("row", "column"), _CELLS)
def test_application_acts_on_whom_its_service_principals_role_may(callers: Callers, row: str, column: str) -> None:
    client = callers.application(column)
    resets, acts = _expected(row, column)
    # On users without a role the permission alone suffices, but for passwords.
    anyhow = row == "no role"
    assert _change(client, row, _PASSWORD) is resets
    assert _change(client, row, {"mobilePhone": "+49 30 1"}) is (resets or acts or anyhow)
    assert _change(client, row, {"accountEnabled": True}) is (acts or anyhow)
    assert _end_sessions(client, row) is (resets or acts or anyhow)


@pytest.mark.parametrize("row", _TABLE)
def test_application_without_a_role_acts_on_ordinary_users_alone(callers: Callers, row: str) -> None:
    client = callers.application("plain")
    assert not _change(client, row, _PASSWORD)
    assert _change(client, row, {"accountEnabled": True}) is (row == "no role")
    assert _end_sessions(client, row) is (row == "no role")
    assert _change(client, row, {"department": "IT"})


@pytest.mark.parametrize(
    ("body", "table"),
    [
        (_PASSWORD, 0),
        ({"businessPhones": ["+49 30 1"]}, 0),
        ({"mobilePhone": "+49 30 1"}, 0),
        ({"otherMails": ["a@contoso.example"]}, 0),
        ({"accountEnabled": False}, 1),
        ({"onPremisesImmutableId": "kelp"}, 1),
        ({"userPrincipalName": _target("User Administrator")}, 1),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_each_sensitive_property_of_an_administrator_takes_a_role(
    callers: Callers, body: Mapping[str, object], table: int
) -> None:
    row = "User Administrator"
    assert not _change(callers.application("plain"), row, body)
    assert not _change(callers.application("Authentication Administrator"), row, body)
    assert not _change(callers.application("Authentication Administrator"), row, {**body, "department": "IT"})
    assert _change(callers.application("User Administrator"), row, body)
    assert _change(callers.application("Helpdesk Administrator"), "Helpdesk Administrator", body) is (table == 0)


@pytest.mark.parametrize("limited", ["Security Administrator", "Security Operator"])
def test_security_roles_act_on_users_without_a_role(tenant: Tenant, limited: str) -> None:
    seed = _seed(application_reset_role="role table")
    tenant.control.reseed(
        dataclasses.replace(seed, identities=(*seed.identities, SeedIdentity("limited", _PERMISSIONS, (limited,))))
    )
    client = tenant.client("limited")
    assert _change(client, "no role", _PASSWORD)
    assert not _change(client, "Directory Readers", _PASSWORD)


@pytest.mark.parametrize("column", _COLUMNS)
def test_application_resets_passwords_as_user_administrator_at_least(tenant: Tenant, column: str) -> None:
    tenant.control.reseed(_seed())
    assert _change(tenant.client(column), "no role", _PASSWORD) is (column in _COLUMNS[3:])


@pytest.mark.parametrize(
    ("setting", "sufficient"), [("Directory.AccessAsUser.All", 1), ("User.ReadUpdate.All", 2), ("", 0)]
)
def test_user_acts_on_administrators_through_an_application_that_acts_as_the_user(
    tenant: Tenant, setting: str, sufficient: int
) -> None:
    tenant.control.reseed(_seed(sensitive_scope=setting))
    callers = Callers(tenant)
    for index, scopes in enumerate([(), ("Directory.AccessAsUser.All",), ("User.ReadUpdate.All",)]):
        client = callers.person("Global Administrator", (*_PERMISSIONS, *scopes))
        assert _change(client, "Global Administrator", {"accountEnabled": True}) is (sufficient in {0, index})
        assert _change(client, "no role", {"accountEnabled": True})


@pytest.mark.parametrize(("setting", "done"), [("refused", False), ("done", True)])
def test_application_without_a_role_ends_an_administrators_sessions_or_not(
    tenant: Tenant, setting: str, done: bool
) -> None:
    tenant.control.reseed(_seed(revocation_by_application=setting))
    assert _end_sessions(tenant.client("plain"), "Global Administrator") is done
    assert _end_sessions(Callers(tenant).person("Helpdesk Administrator"), "Global Administrator") is False


def test_everybody_ends_their_own_sessions_and_changes_their_own_mobile_phone_alone(tenant: Tenant) -> None:
    tenant.control.reseed(_seed())
    client = Callers(tenant).person("target no role")
    path = f"/v1.0/users/{_target('no role')}"
    assert _may(client.patch(path, json={"mobilePhone": "+49 30 1"}))
    assert not _may(client.patch(path, json={"accountEnabled": True}))
    assert not _may(client.patch(path, json={"department": "IT"}))
    tenant.control.advance_clock(2)
    assert _may(client.post(f"{path}/revokeSignInSessions"))
    assert client.get(path).status_code == 401


@pytest.mark.parametrize("row", ["no role", "Groups Administrator", "Privileged Role Administrator"])
@pytest.mark.parametrize(
    "column", ["plain", "Authentication Administrator", "User Administrator", "Privileged Authentication Administrator"]
)
def test_application_deletes_and_restores_whom_its_role_may(tenant: Tenant, row: str, column: str) -> None:
    tenant.control.reseed(_seed())
    client = tenant.client(column)
    may = row == "no role" or (column != "plain" and _expected(row, column)[1])
    user_id = tenant.user_id(_target(row))
    assert _may(client.delete(f"/v1.0/users/{user_id}")) is may
    if not may:
        tenant.control.act("DELETE", f"/v1.0/users/{user_id}")
    assert _may(client.post(f"/v1.0/directory/deletedItems/{user_id}/restore")) is may


@pytest.mark.parametrize(("setting", "by_global"), [(False, False), (True, True)])
def test_passes_are_issued_by_whom_the_page_names_and_never_to_oneself(
    tenant: Tenant, setting: bool, by_global: bool
) -> None:
    tenant.control.reseed(_seed(global_administrators_manage_methods=setting))
    callers = Callers(tenant)

    def issues(client: httpx.Client, login: str) -> bool:
        path = f"/v1.0/users/{login}/authentication/temporaryAccessPassMethods"
        return _may(client.post(path, json={"lifetimeInMinutes": 60}))

    privileged, authentication = (callers.person(_COLUMNS[4]), callers.person(_COLUMNS[2]))
    assert issues(privileged, _target("Global Administrator"))
    assert issues(privileged, _target("no role"))
    assert not issues(privileged, _login(_COLUMNS[4]))
    assert issues(authentication, _target("no role"))
    assert issues(authentication, _target("Reports Reader"))
    assert not issues(authentication, _target("User Administrator"))
    assert not issues(authentication, _login(_COLUMNS[2]))
    assert not issues(callers.person("User Administrator"), _target("no role"))
    assert issues(callers.person("Global Administrator"), _target("Reports Reader")) is by_global
    assert not issues(callers.person("Global Administrator"), _login("Global Administrator"))
    assert issues(callers.application("plain"), _target("no role"))
    assert not issues(callers.application("plain"), _target("Global Administrator"))
    assert issues(callers.application(_COLUMNS[4]), _target("Global Administrator"))
