"""Control endpoints, the journal, seeds, the environment file, and the process of its own."""

import json
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox import environment
from sandbox.control import Control, ControlError
from sandbox.seed import Seed, SeedError, SeedIdentity, load
from tests.sandbox.browser import Browser
from tests.sandbox.conftest import SEED, Tenant, create_user, user_body
from tests.sandbox.people import (
    CLI,
    MEMBER,
    PASSWORD,
    authorize,
    client_id,
    code_of,
    one_time_code,
    redeem,
    require_second_factor,
    settle,
)


def test_reset_brings_back_the_seed_with_the_same_ids_and_secrets(tenant: Tenant) -> None:
    before, credentials = tenant.control.snapshot(), tenant.control.identities()
    client = tenant.client("administer")
    create_user(client)
    client.delete("/v1.0/users/kim.berg@contoso.example")
    tenant.control.reset()
    after = tenant.control.snapshot()
    for name in ("users", "groups", "applications", "service_principals", "members"):
        assert after[name].keys() == before[name].keys()
    assert tenant.control.identities() == credentials
    assert tenant.control.journal() == []
    assert client.get("/v1.0/users/kim.berg@contoso.example").status_code == 200


def test_seed_replaces_the_tenant(tenant: Tenant) -> None:
    identities = tenant.control.reseed(Seed(identities=(SeedIdentity("only", ("User.Read.All",)),)))
    assert set(identities) == {"only"} == set(tenant.running.identities)
    assert identities["only"]["client_id"] == tenant.running.identities["only"].client_id
    assert tenant.client("only").get("/v1.0/users").status_code == 200


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"tenant_nme": "X"}, "tenant_nme"),
        ({"page_size": "3"}, "page_size"),
        ({"users": [{"display_name": "X"}]}, "user_principal_name"),
        ({"users": {}}, "users"),
        ({"licences": [{"part_number": "GOLD"}]}, "GOLD"),
        ({"identities": [{"name": "x", "permissions": ["User.Fly"]}]}, "User.Fly"),
        ({"identities": [{"name": "x", "directory_roles": ["Emperor"]}]}, "Emperor"),
        ({"groups": [{"display_name": "g", "members": ["stranger"]}]}, "stranger"),
        ({"tenant_id": "abc"}, "'abc'"),
        ({"domains": [{"name": "x.example", "is_default": True}]}, "initial domain"),
        ({"domains": [{"name": "x.example", "is_initial": True}]}, "default domain"),
        ({"domains": [{"name": f"{each}.example", "is_initial": True, "is_default": True} for each in "xX"]}, "twice"),
        ({"identities": [{"name": "x", "client_id": "x"}]}, "client id of 'x'"),
        ({"foreign_applications": [{"client_id": "y", "display_name": "Y"}]}, "client id of 'Y'"),
        ({"licences": [{"part_number": "AAD_PREMIUM", "seats": -1}]}, "-1 seats"),
        ({"page_size": 0}, "page size"),
        ({"page_size": 1000}, "page size"),
        ({"conditional_access_requests_per_second": 0}, "per second"),
        ({"throttling": {"writes": 0}}, "writes"),
        ({"throttling": {"units": 0}}, "units"),
        ({"throttling": {"window_seconds": 0}}, "window_seconds"),
        ({"behaviour": {"first_grant_answer": "creatd"}}, "'not found', 'created'"),
        ({"behaviour": {"duplicate_grant_status": 400.0}}, "400, 409"),
        ({"behaviour": {"log_delay_seconds": -1}}, "log_delay_seconds"),
    ],
)
def test_seed_that_describes_no_tenant_is_refused_and_changes_nothing(
    tenant: Tenant, change: dict[str, Any], named: str
) -> None:
    before = tenant.control.snapshot()
    body = {**json.loads(SEED.to_json()), **change}
    response = tenant.anonymous().post("/_sandbox/seed", json=body)
    assert response.status_code == 400
    assert named in response.json()["error"]["message"]
    assert tenant.control.snapshot() == before


def test_seed_is_read_from_the_file_it_was_written_to(tmp_path: Path) -> None:
    file = tmp_path / "seed.json"
    file.write_text(SEED.to_json())
    assert load(file) == SEED
    file.write_text("{")
    with pytest.raises(SeedError, match="not JSON"):
        load(file)


def test_journal_has_every_request_with_its_caller_and_no_secret(tenant: Tenant) -> None:
    secret = tenant.running.identities["administer"].client_secret
    client = tenant.client("administer")
    create_user(client)
    client.get("/v1.0/users", params={"$select": "id"})
    client.get("/v1.0/widgets")
    entries = tenant.control.journal()
    assert [(each["method"], each["path"].split("/")[-1], each["status"]) for each in entries] == [
        ("POST", "token", 200),
        ("POST", "users", 201),
        ("GET", "users", 200),
        ("GET", "widgets", 400),
    ]
    assert entries[1]["body"]["passwordProfile"]["password"] == "(masked)"
    assert entries[2]["query"] == {"$select": "id"}
    assert entries[3]["error"]["code"] == "BadRequest"
    assert {each["caller"]["name"] for each in entries} == {"administer"}
    text = json.dumps(entries)
    assert secret not in text
    assert user_body()["passwordProfile"]["password"] not in text
    assert client.headers["Authorization"].removeprefix("Bearer ") not in text
    tenant.control.clear_journal()
    assert tenant.control.journal() == []


def test_journal_masks_a_secret_whatever_the_case_of_its_name(tenant: Tenant) -> None:
    client = tenant.client("administer")
    profile = {"Password": "Kelp-9-lantern", "forceChangePasswordNextSignIn": False}
    answer = client.post("/v1.0/users", json={**user_body(), "passwordProfile": profile})
    assert answer.status_code == 400
    tenant.ask_token(Client_Secret="Moss-7-anchor")
    entries = tenant.control.journal()
    assert entries[-2]["body"]["passwordProfile"]["Password"] == "(masked)"
    assert entries[-1]["body"]["Client_Secret"] == "(masked)"
    assert not any(each in str(entries) for each in ("Kelp-9-lantern", "Moss-7-anchor"))


def test_act_skips_permissions_but_no_rule(tenant: Tenant) -> None:
    user = tenant.control.act("POST", "/v1.0/users", user_body())
    assert tenant.control.act("GET", f"/v1.0/users/{user['id']}?$select=id")["id"] == user["id"]
    with pytest.raises(ControlError, match="already exists"):
        tenant.control.act("POST", "/v1.0/users", user_body())
    with pytest.raises(ControlError, match="'widgets'"):
        tenant.control.act("GET", "/v1.0/widgets")


def test_password_is_tried_without_an_account_in_the_middle(tenant: Tenant) -> None:
    tenant.control.act("POST", "/v1.0/users", user_body(accountEnabled=True))
    login = "mara.holt@contoso.example"
    assert tenant.control.try_password(login, "Kelp-9-lantern") == {"valid": True, "enabled": True}
    assert tenant.control.try_password(login, "wrong") == {"valid": False, "enabled": True}
    assert tenant.control.try_password("nobody@contoso.example", "x") == {"valid": False, "enabled": False}


def test_pass_is_tried_without_being_used_up(tenant: Tenant) -> None:
    user = tenant.control.act("POST", "/v1.0/users", user_body(accountEnabled=True))
    login, path = user["userPrincipalName"], f"/v1.0/users/{user['id']}/authentication/temporaryAccessPassMethods"
    code = tenant.control.act("POST", path, {"lifetimeInMinutes": 60, "isUsableOnce": True})["temporaryAccessPass"]
    for _ in range(2):
        assert tenant.control.try_pass(login, code) == {"valid": True, "enabled": True}
    assert tenant.control.try_pass(login, "wrong") == {"valid": False, "enabled": True}
    assert tenant.control.try_pass("nobody@contoso.example", code) == {"valid": False, "enabled": False}
    tenant.control.register_method(login, code)
    assert tenant.control.try_pass(login, code) == {"valid": False, "enabled": True}


def test_unknown_control_request_names_the_known_ones(tenant: Tenant) -> None:
    response = tenant.anonymous().get("/_sandbox/everything")
    assert response.status_code == 404
    assert "GET journal" in response.json()["error"]["message"]


@pytest.mark.parametrize(("identity", "permission"), [("stranger", "User.Read.All"), ("nobody", "User.Fly")])
def test_grant_of_something_unknown_is_refused(tenant: Tenant, identity: str, permission: str) -> None:
    with pytest.raises(ControlError, match=r"stranger|User\.Fly"):
        tenant.control.grant(identity, permission)


def test_snapshot_and_export_hold_no_secret_of_somebody_signing_in(tenant: Tenant) -> None:
    settle(tenant)
    require_second_factor(tenant)
    desk, path = client_id(tenant, "Desk"), f"/v1.0/users/{MEMBER}/authentication/temporaryAccessPassMethods"
    asked = {"client_id": CLI, "scope": "User.Read"}
    device = tenant.anonymous().post(f"/{tenant.running.tenant_id}/oauth2/v2.0/devicecode", data=asked).json()
    with Browser.at(tenant) as browser, Browser.at(tenant) as other:
        authorize(browser, tenant, desk)
        browser.sign_in(MEMBER, PASSWORD)
        secret = browser.secret
        browser.submit("register", oneTimeCode=one_time_code(tenant, secret))
        browser.submit("consent", "accept")
        code = code_of(browser)
        refresh_token = redeem(tenant, desk, code).json()["refresh_token"]
        authorize(browser, tenant, desk)
        authorize(other, tenant, desk)
        other.submit("login", login=MEMBER)
        hidden = other.form("credential", having={"formToken"}).select_one("input[name=formToken]")
        cookies = [*browser.client.cookies.values(), *other.client.cookies.values()]
    assert hidden is not None
    assert len(cookies) == 3
    held = [
        *(each.client_secret for each in tenant.running.identities.values()),
        PASSWORD,
        tenant.control.act("POST", path)["temporaryAccessPass"],
        secret,
        code,
        code_of(browser),
        refresh_token,
        device["user_code"],
        device["device_code"],
        str(hidden["value"]),
        *cookies,
    ]
    assert all(held)
    for shown in (tenant.control.snapshot(), tenant.control.export()):
        text = json.dumps(shown)
        assert [each for each in held if each in text] == []


def test_credential_hides_its_secret_when_printed(tenant: Tenant) -> None:
    credential = tenant.running.identities["deploy"]
    assert credential.client_secret not in repr(credential)


def test_environment_is_what_the_azuread_provider_reads(tenant: Tenant, tmp_path: Path) -> None:
    variables = environment.render(tenant.running, "deploy")
    assert variables["ARM_METADATA_HOSTNAME"] == tenant.running.base_url.removeprefix("https://")
    file = tmp_path / "sandbox.env"
    file.write_text("old")
    environment.write(file, variables)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    sourced = subprocess.run(
        ["sh", "-c", 'set -a; . "$1"; env', "sh", str(file)], env={}, capture_output=True, text=True, check=True
    )
    assert variables.items() <= dict(line.split("=", 1) for line in sourced.stdout.splitlines()).items()


def test_environment_of_an_unknown_identity_is_refused(tenant: Tenant) -> None:
    with pytest.raises(ValueError, match="'stranger'"):
        environment.render(tenant.running, "stranger")


def test_environment_file_refuses_a_value_it_cannot_carry(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="SSL_CERT_FILE"):
        environment.write(tmp_path / "sandbox.env", {"SSL_CERT_FILE": "/a\npath/ca.pem"})


def test_environment_file_carries_a_path_with_a_space(tmp_path: Path) -> None:
    environment.write(tmp_path / "sandbox.env", {"SSL_CERT_FILE": "/a path/ca.pem"})
    command = ["sh", "-c", "set -a; . ./sandbox.env; printenv SSL_CERT_FILE"]
    read = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert read.stdout == "/a path/ca.pem\n"


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_process_prints_its_address_serves_and_ends_cleanly(tmp_path: Path, ending: signal.Signals) -> None:
    seed = tmp_path / "seed.json"
    seed.write_text(SEED.to_json())
    command = [sys.executable, "-m", "sandbox", "--directory", str(tmp_path / "tls"), "--seed", str(seed)]
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        base_url = process.stdout.readline().strip()
        with Control(base_url, tmp_path / "tls" / "ca.pem") as control:
            assert set(control.identities()) == {each.name for each in SEED.identities}
        process.send_signal(ending)
        rest, errors = process.communicate(timeout=20)
    assert (process.returncode, rest, errors) == (0, "", "")
    assert {each.name for each in (tmp_path / "tls").iterdir()} == {"ca.pem", "server.pem"}
    assert stat.S_IMODE((tmp_path / "tls" / "server.pem").stat().st_mode) == 0o600


def test_process_with_a_broken_seed_says_so(tmp_path: Path) -> None:
    seed = tmp_path / "seed.json"
    seed.write_text('{"colour": "red"}')
    command = [sys.executable, "-m", "sandbox", "--directory", str(tmp_path), "--seed", str(seed)]
    ended = subprocess.run(
        command, cwd=Path(__file__).parents[2], capture_output=True, text=True, timeout=30, check=False
    )
    assert ended.returncode == 2
    assert "colour" in ended.stderr


def test_server_is_not_believed_without_its_authority(tenant: Tenant) -> None:
    with httpx.Client(trust_env=False) as client, pytest.raises(httpx.ConnectError, match="certificate"):
        client.get(tenant.running.base_url)
