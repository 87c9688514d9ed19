"""Requests that Graph puts off: sent again when Graph says, visibly, and given up within the caller's patience."""

import asyncio
import time
from collections.abc import Iterator

import pytest

from sandbox.control import Control
from sandbox.seed import Seed, SeedIdentity
from sandbox.server import RunningSandbox, start
from steward.config.clouds import Cloud
from steward.facts import Organization, Reading, Unreadable
from steward.graph import reads
from steward.graph.credentials import open_credential
from steward.graph.patience import Patience
from steward.graph.session import open_session
from steward.graph.sign_in_methods import SecretSignIn
from steward.secret import Secret

READ = "GET /organization"
IDENTITIES = (SeedIdentity("reader", ("Organization.Read.All",)),)


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    with start(tmp_path_factory.mktemp("tls"), Seed(identities=IDENTITIES)) as running:
        yield running


@pytest.fixture
def control(sandbox: RunningSandbox) -> Iterator[Control]:
    with Control(sandbox.base_url, sandbox.ca_file) as speaking:
        speaking.clear_faults()
        speaking.clear_journal()
        yield speaking


def read(sandbox: RunningSandbox, patience: Patience) -> tuple[Reading[Organization], list[str]]:
    who = sandbox.identities["reader"]
    cloud = Cloud(name="sandbox", authority=sandbox.base_url, graph=sandbox.base_url, ca_file=sandbox.ca_file)
    credential = open_credential(cloud, sandbox.tenant_id, SecretSignIn(who.client_id, Secret(who.client_secret)))
    told: list[str] = []

    async def conversation() -> Reading[Organization]:
        async with open_session(cloud, credential, patience=patience, announce=told.append) as session:
            return await reads.read_organization(session)

    return asyncio.run(conversation()), told


def statuses(control: Control) -> list[int]:
    return [entry["status"] for entry in control.journal() if entry["path"] == "/v1.0/organization"]


def test_request_is_sent_again_when_graph_says_and_the_wait_is_told(sandbox: RunningSandbox, control: Control) -> None:
    control.declare_faults({"route": READ, "status": 429, "headers": {"Retry-After": "3"}})
    found, told = read(sandbox, Patience())
    assert isinstance(found, Organization)
    assert statuses(control) == [429, 200]
    assert told == ["waiting 3 s, Graph throttles (GET /v1.0/organization)"]


@pytest.mark.parametrize("asked", ["180", "9999", "Fri, 01 Jan 2100 00:00:00 GMT"])
def test_longer_wait_than_the_patience_is_given_up_at_once(
    sandbox: RunningSandbox, control: Control, asked: str
) -> None:
    control.declare_faults({"route": READ, "status": 429, "headers": {"Retry-After": asked}, "times": 9})
    begun = time.monotonic()
    found, told = read(sandbox, Patience(put_off_seconds=20))
    assert isinstance(found, Unreadable)
    assert "429" in found.why
    assert time.monotonic() - begun < 10
    assert statuses(control) == [429]
    assert told == []


@pytest.mark.parametrize("headers", [{}, {"Retry-After": "soon"}, {"Retry-After": "nan"}, {"Retry-After": "0.2"}])
def test_patience_is_used_up_by_all_waits_of_a_request_together(
    sandbox: RunningSandbox, control: Control, headers: dict[str, str]
) -> None:
    control.declare_faults({"route": READ, "status": 503, "headers": headers, "times": 99})
    found, _ = read(sandbox, Patience(put_off_seconds=2.5))
    assert isinstance(found, Unreadable)
    assert 2 <= len(statuses(control)) <= 7


def test_answer_that_does_not_come_is_not_waited_for_longer_than_the_patience(
    sandbox: RunningSandbox, control: Control
) -> None:
    control.declare_faults({"route": READ, "seconds": 5, "times": 9})
    begun = time.monotonic()
    found, _ = read(sandbox, Patience(answer_seconds=0.3))
    assert isinstance(found, Unreadable)
    assert time.monotonic() - begun < 4
