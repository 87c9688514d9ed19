"""The whole first sign-in and the consent to our own registration, in a real Chromium, and every wrong turn on the way.

Enrolment and elevation happen once; each test goes on from there, as a run that was killed in its window does.
"""

import json
import re
import signal
import socket
from collections.abc import Iterator
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import pytest

from sandbox.behaviour import Behaviour
from sandbox.seed import Seed, SeedUser, TemporaryAccessPassPolicy
from scripts.rehearsal.chromium import Chromium, Window, open_chromium
from scripts.rehearsal.person import CHALLENGE
from scripts.rehearsal.tenant_file import LOGIN, REDIRECT_URI
from tests.browser.visits import Consented
from tests.life.conftest import MakeTenancy

pytestmark = pytest.mark.terraform

OTHER = "mara.holt@contoso.example"
PASSWORD = "Kelp-9-lantern"
# Shorter than the window, so that a pass can be over in it.
SHORT = TemporaryAccessPassPolicy(minimum_lifetime_in_minutes=10, maximum_lifetime_in_minutes=45)
SEED = Seed(
    behaviour=Behaviour(log_delay_seconds=0, admin_consent_refusal="access_denied"),
    users=(*Seed().users, SeedUser(OTHER, "Mara Holt", password=PASSWORD)),
    temporary_access_pass_policy=SHORT,
)


@pytest.fixture(scope="module")
def consented(make_tenancy: MakeTenancy, tmp_path_factory: pytest.TempPathFactory) -> Consented:
    sink = tmp_path_factory.mktemp("sink")
    return Consented(make_tenancy(elevation="in_window", consent="browser", seed=SEED, sink=sink), sink)


@pytest.fixture(scope="module")
def chromium(consented: Consented) -> Iterator[Chromium]:
    scene = consented.tenancy.scene
    with open_chromium(scene.sandbox.base_url, scene.sandbox.ca_file, scene.control) as running:
        yield running


@pytest.fixture(scope="module")
def elevated(consented: Consented, chromium: Chromium) -> Consented:
    """Enrol in the browser, after a mistyped pass, and leave the run where it has invited the person."""
    consented.deploy()
    with consented.run() as run, chromium.private_window() as window:
        run.until(lambda: consented.passes() and consented.tenancy.account()["accountEnabled"])
        window.open(consented.security_info)
        window.sign_in(LOGIN, "Wrong+Pass1")
        assert window.fault == "AADSTS130507"
        run.until(lambda: "the pass was mistyped" in run.output)
        assert not consented.tenancy.holds_role(), "whoever enrols may do nothing yet"
        consented.enrol(run, window, LOGIN)
        assert "registered" in window.words
        consented.address(run)
        assert consented.tenancy.holds_role()
        for code in consented.passes():
            assert code not in run.output
    consented.keep()
    return consented


@pytest.fixture
def tenant(elevated: Consented) -> Consented:
    """Return the tenant in its open window, with nobody signed in."""
    elevated.bring_back()
    return elevated


def sign_in_to_dashboard(tenant: Consented, window: Window, client_id: str) -> None:
    asked = {"client_id": client_id, "response_type": "code", "redirect_uri": REDIRECT_URI, "scope": "User.Read"}
    asked |= {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}
    sandbox = tenant.tenancy.scene.sandbox
    window.open(f"{sandbox.base_url}/{sandbox.tenant_id}/oauth2/v2.0/authorize?{urlencode(asked)}")
    assert "code" in window.arrived_with, window.words


def evidence_of(tenant: Consented) -> list[dict[str, object]]:
    newest = max((tenant.tenancy.scene.folder / "evidence").rglob("*.jsonl"), key=lambda file: file.name)
    return [json.loads(line) for line in newest.read_text(encoding="utf-8").splitlines()]


def test_account_consents_signs_in_and_is_sealed(tenant: Consented, chromium: Chromium) -> None:
    with tenant.run() as run, chromium.private_window() as window:
        address = tenant.address(run)
        asked = dict(parse_qsl(urlsplit(address).query))
        listener = asked["redirect_uri"]
        answer = {"admin_consent": "True", "tenant": tenant.tenancy.scene.sandbox.tenant_id}
        # A redirect with a wrong state, and one of another page of some browser.
        assert httpx.get(listener, params={**answer, "state": "forged"}, trust_env=False).status_code == 400
        with chromium.private_window() as elsewhere:
            elsewhere.open(f"{listener}?{urlencode({**answer, 'state': 'guessed'})}")
            assert "no answer" in elsewhere.words
        run.until(lambda: "no answer: " in run.output)
        window.open(address)
        window.sign_in(LOGIN, tenant.passes()[-1])
        window.decide("accept")
        assert sorted(window.seen) == sorted(
            ["Contacts.ReadWrite", "Calendars.ReadWrite", "User.Read.All", "User.Read", "offline_access"]
        )
        assert "Your answer has arrived" in window.words
        run.until(lambda: "already     admin consent: Graph shows" in run.output)
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", urlsplit(listener).port or 0))
        run.until(lambda: "waiting     first sign-in" in run.output)
        tenant.tenancy.scene.control.advance_clock(5)
        sign_in_to_dashboard(tenant, window, asked["client_id"])
        assert run.end() == 0, run.output
    assert f"by {LOGIN}" in run.output
    assert not tenant.tenancy.holds_role()
    told = evidence_of(tenant)
    assert [line["step"] for line in told if line["verb"] == "invited"] == ["consent"]
    text = json.dumps(told)
    assert asked["state"] not in text
    for code in tenant.passes():
        assert code not in text + run.output


def test_wrong_person_is_told_and_a_refusal_closes(tenant: Consented, chromium: Chromium) -> None:
    with tenant.run() as run:
        address = tenant.address(run)
        with chromium.private_window() as window:
            window.open(address)
            window.give_login("j.keller@another.example")
            assert window.fault == "AADSTS50034", "an account of another tenant gets no further"
            window.give_login(OTHER)
            window.give_password(PASSWORD)
            assert "administrator" in window.words
            run.until(lambda: f"{OTHER} signed in, or tried to: that is not {LOGIN}" in run.output)
        with chromium.private_window() as window:
            window.open(address)
            window.sign_in(LOGIN, tenant.passes()[-1])
            window.decide("cancel")
        assert run.end() == 1, run.output
    assert "declined on the page (access_denied)" in run.output
    assert "next: run again" in run.output
    assert "turned      latch of contoso to prepared" in run.output
    assert tenant.is_closed()
    assert tenant.tenancy.grants() == ([], [])


def test_pass_that_somebody_else_used_closes(tenant: Consented, chromium: Chromium) -> None:
    with tenant.run() as run, chromium.private_window() as thief, chromium.private_window() as window:
        address = tenant.address(run)
        thief.open(address)
        thief.sign_in(LOGIN, tenant.passes()[-1])
        window.open(address)
        window.sign_in(LOGIN, tenant.passes()[-1])
        assert window.fault == "AADSTS130501"
        assert run.end() == 1, run.output
        assert tenant.is_closed()
        # Whoever has signed in is signed out, and comes too late.
        thief.decide("accept")
        assert tenant.tenancy.grants() == ([], []), thief.words
    assert "AADSTS130501" in run.output
    assert "look at the sign-in log for who did" in run.output


def test_policy_that_blocks_the_account_closes(tenant: Consented, chromium: Chromium) -> None:
    with tenant.run() as run, chromium.private_window() as window:
        address = tenant.address(run)
        policy = {
            "displayName": "nobody from here",
            "state": "enabled",
            "conditions": {
                "users": {"includeUsers": [tenant.tenancy.account()["id"]]},
                "applications": {"includeApplications": ["All"]},
                "clientAppTypes": ["all"],
            },
            "grantControls": {"operator": "OR", "builtInControls": ["block"]},
        }
        tenant.tenancy.scene.control.act("POST", "/v1.0/identity/conditionalAccess/policies", policy)
        window.open(address)
        window.sign_in(LOGIN, tenant.passes()[-1])
        assert window.fault == "AADSTS53003"
        assert run.end() == 1, run.output
    assert "a conditional access policy blocks the sign-in (AADSTS53003)" in run.output
    assert tenant.is_closed()


def test_pass_that_is_over_closes_before_the_window_does(tenant: Consented, chromium: Chromium) -> None:
    with tenant.run() as run:
        address = tenant.address(run)
        with chromium.private_window() as window:
            window.open(address)
            tenant.tenancy.scene.control.advance_clock(46 * 60)
            window.sign_in(LOGIN, tenant.passes()[-1])
            assert window.fault in {"AADSTS130504", "AADSTS130507", "AADSTS50057"}
        assert run.end() == 1, run.output
    assert "it ended at" in run.output or "AADSTS130504" in run.output
    assert tenant.is_closed()


def test_browser_is_not_opened_where_that_is_declined_and_a_taken_port_is_survived(tenant: Consented) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        with tenant.run("--no-browser", "--redirect-port", port) as run:
            run.until(lambda: "waiting     admin consent" in run.output)
            assert f"no listener on localhost port {port}" in run.output
            assert "to be opened: https://" in run.output
            assert not tenant.note.exists()
            tenant.tenancy.scene.control.advance_clock(61 * 60)
            assert run.end() == 1, run.output
    assert tenant.is_closed()


def test_run_in_a_terminal_counts_down_and_closes_first_when_it_is_broken_off(tenant: Consented) -> None:
    with tenant.run_in_terminal() as run:
        address = tenant.address(run)
        run.until(lambda: " left  " in run.output and "consent: admin consent" in run.output)
        run.process.send_signal(signal.SIGINT)
        assert run.end() == 3, run.output
    assert tenant.is_closed()
    listener = urlsplit(dict(parse_qsl(urlsplit(address).query))["redirect_uri"])
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", listener.port or 0))
    assert run.output.count("\x1b[?25l") == run.output.count("\x1b[?25h") == 1, "the cursor is given back"
    assert "✓ elevate" in re.sub(r"\x1b\[[0-9;]*m", "", run.output)
    told = run.output[run.output.rindex("\x1b[?25h") :]
    assert "interrupted; not sealed; no privileged role by any path" in told
    for code in tenant.passes():
        assert code not in run.output
