"""The tenant answers one request a second to conditional access: the session keeps to it and loses nothing."""

import asyncio
from typing import Any

import pytest

from sandbox.control import Control
from sandbox.seed import Seed, SeedIdentity
from sandbox.server import RunningSandbox, start
from steward.config.clouds import Cloud
from steward.graph import conditional_access
from steward.graph.credentials import open_credential
from steward.graph.session import open_session
from steward.graph.sign_in_methods import SecretSignIn
from steward.secret import Secret

_READINGS = 4
_ROOT = "/v1.0/identity/conditionalAccess/"


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Any:
    seed = Seed(identities=(SeedIdentity("reader", ("Policy.Read.All",)),))
    with start(tmp_path_factory.mktemp("tls"), seed) as running:
        yield running


def test_readings_of_policies_all_arrive_and_only_the_first_hurried_one_is_refused(sandbox: RunningSandbox) -> None:
    who = sandbox.identities["reader"]
    cloud = Cloud(name="sandbox", authority=sandbox.base_url, graph=sandbox.base_url, ca_file=sandbox.ca_file)
    credential = open_credential(cloud, sandbox.tenant_id, SecretSignIn(who.client_id, Secret(who.client_secret)))

    async def read() -> list[Any]:
        async with open_session(cloud, credential) as session:
            return await asyncio.gather(*(conditional_access.read_policies(session) for _ in range(_READINGS)))

    assert asyncio.run(read()) == [()] * _READINGS
    control = Control(sandbox.base_url, sandbox.ca_file)
    statuses = [each["status"] for each in control.journal() if each["path"].startswith(_ROOT)]
    control.close()
    assert statuses == [200, 429, *[200] * (_READINGS - 1)]
