"""Several tenants in one server: each one alone with its directory, tokens, journal, clock and faults."""

import ssl
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from sandbox.control import Control, ControlError
from sandbox.seed import Seed, SeedDomain, SeedIdentity
from sandbox.server import RunningSandbox, start

READ = SeedIdentity("reader", ("User.Read.All",))
FIRST = Seed(identities=(READ,))
SECOND = Seed(
    tenant_name="Fabrikam",
    domains=(SeedDomain("fabrikam.onmicrosoft.com", is_initial=True, is_default=True),),
    users=(),
    groups=(),
    identities=(READ,),
)


@pytest.fixture
def two(tmp_path: Path) -> Iterator[RunningSandbox]:
    with start(tmp_path, FIRST, SECOND) as running:
        yield running


@pytest.fixture
def first(two: RunningSandbox) -> Iterator[Control]:
    with Control(two.base_url, two.ca_file, FIRST.tenant_id) as control:
        yield control


@pytest.fixture
def second(two: RunningSandbox) -> Iterator[Control]:
    with Control(two.base_url, two.ca_file, SECOND.tenant_id) as control:
        yield control


@pytest.fixture
def wire(two: RunningSandbox) -> Iterator[httpx.Client]:
    context = ssl.create_default_context(cafile=str(two.ca_file))
    with httpx.Client(base_url=two.base_url, verify=context, trust_env=False) as client:
        yield client


def _token(wire: httpx.Client, control: Control, authority: str) -> httpx.Response:
    identity = control.identities()["reader"]
    form = {
        "grant_type": "client_credentials",
        "scope": f"{str(wire.base_url).rstrip('/')}/.default",
        "client_id": identity["client_id"],
        "client_secret": identity["client_secret"],
    }
    return wire.post(f"/{authority}/oauth2/v2.0/token", data=form)


def _read(wire: httpx.Client, control: Control, tenant_id: str) -> httpx.Response:
    token = _token(wire, control, tenant_id).json()["access_token"]
    return wire.get("/v1.0/users", headers={"Authorization": f"Bearer {token}"})


def test_token_of_one_tenant_reads_that_one_only(wire: httpx.Client, first: Control, second: Control) -> None:
    logins = [
        [each["userPrincipalName"] for each in _read(wire, control, seed.tenant_id).json()["value"]]
        for control, seed in ((first, FIRST), (second, SECOND))
    ]
    assert len(logins[0]) == len(FIRST.users)
    assert logins[1] == []


def test_identity_of_one_tenant_gets_no_token_from_another(wire: httpx.Client, first: Control) -> None:
    refused = _token(wire, first, SECOND.tenant_id)
    assert refused.status_code == 400
    assert 700016 in refused.json()["error_codes"]


def test_journals_and_ids_are_apart(wire: httpx.Client, first: Control, second: Control) -> None:
    _read(wire, first, FIRST.tenant_id)
    assert second.journal() == []
    _read(wire, second, SECOND.tenant_id)
    assert len(first.journal()) == len(second.journal()) == 2
    assert first.identities()["reader"]["object_id"] != second.identities()["reader"]["object_id"]


def test_clocks_faults_and_lag_are_apart(wire: httpx.Client, first: Control, second: Control) -> None:
    first.set_clock("2027-03-01T12:00:00Z")
    assert not second.clock()["now"].startswith("2027-03")
    first.reset()
    first.declare_faults({"route": "GET /users", "status": 503})
    assert _read(wire, second, SECOND.tenant_id).status_code == 200
    assert _read(wire, first, FIRST.tenant_id).status_code == 503
    second.lag({"route": "GET /users", "seconds": 3600})
    second.throttle(is_on=True, units=1)
    assert _read(wire, first, FIRST.tenant_id).status_code == 200
    assert _read(wire, second, SECOND.tenant_id).status_code == 429


def test_tenant_is_added_listed_and_removed(wire: httpx.Client, first: Control, two: RunningSandbox) -> None:
    third = Seed(
        tenant_name="Wide World",
        domains=(SeedDomain("wide.example", is_initial=True, is_default=True),),
        users=(),
        groups=(),
    )
    assert first.add_tenant(third)["tenantId"] == third.tenant_id
    assert [each["name"] for each in first.tenants()] == ["Contoso", "Fabrikam", "Wide World"]
    assert wire.get(f"/{third.tenant_id}/v2.0/.well-known/openid-configuration").status_code == 200
    with Control(two.base_url, two.ca_file, third.tenant_id) as control:
        control.remove_tenant()
        with pytest.raises(ControlError, match=third.tenant_id):
            control.journal()
    assert [each["name"] for each in first.tenants()] == ["Contoso", "Fabrikam"]
    assert wire.get(f"/{third.tenant_id}/v2.0/.well-known/openid-configuration").status_code == 400


def test_token_of_a_removed_tenant_is_refused(wire: httpx.Client, first: Control, second: Control) -> None:
    token = _token(wire, second, SECOND.tenant_id).json()["access_token"]
    second.remove_tenant()
    assert wire.get("/v1.0/users", headers={"Authorization": f"Bearer {token}"}).status_code == 401
    with pytest.raises(ControlError, match="last tenant"):
        first.remove_tenant()


def test_tenant_is_found_by_its_names_however_the_seed_writes_them(wire: httpx.Client, first: Control) -> None:
    tenant_id = "ABCDEFAB-0000-4000-8000-00000000ABCD"
    own = SeedDomain("Wide.Example", is_initial=True, is_default=True)
    first.add_tenant(Seed(tenant_id=tenant_id, domains=(own,), users=(), groups=()))
    for name in (tenant_id, tenant_id.lower(), "Wide.Example", "wide.example"):
        configuration = wire.get(f"/{name}/v2.0/.well-known/openid-configuration")
        assert tenant_id.lower() in configuration.json()["issuer"], name


@pytest.mark.parametrize("change", ["add", "reseed"])
def test_name_of_another_tenant_is_refused(first: Control, second: Control, change: str) -> None:
    taken = Seed(
        tenant_name="Copy",
        domains=(SeedDomain("contoso.example", is_initial=True, is_default=True),),
        users=(),
        groups=(),
    )
    with pytest.raises(ControlError, match=r"contoso\.example"):
        first.add_tenant(taken) if change == "add" else second.reseed(taken)
    assert len(first.tenants()) == 2


def test_defect_is_noted_in_the_journal_of_the_tenant_that_met_it(
    wire: httpx.Client, first: Control, second: Control, caplog: pytest.LogCaptureFixture
) -> None:
    token = _token(wire, second, SECOND.tenant_id).json()["access_token"]
    exported = second.export()
    exported["directory"]["recycle_bin"] = {"an object without any property": {}}
    second.load(exported)
    answer = wire.get("/v1.0/users", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 501
    assert answer.json()["error"]["code"] == "sandboxDefect"
    assert second.journal()[-1]["status"] == 501
    assert first.journal() == []
    assert "KeyError" in caplog.text
