"""A role that Entra ID takes back only after 5 minutes: tried at once, the account disabled meanwhile, tried on."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.control import Control
from sandbox.seed import Seed, SeedIdentity, SeedLicence
from sandbox.server import RunningSandbox, start
from steward.config.clouds import Cloud
from steward.errors import ExitCode
from steward.graph.credentials import open_credential
from steward.graph.session import open_session
from steward.graph.sign_in_methods import SecretSignIn
from steward.lifecycle.lines import Line
from steward.lifecycle.needs import close_needs
from steward.lifecycle.runner import Runner, StepOutcome
from steward.lifecycle.steps import CLOSE
from steward.secret import Secret
from steward.wellknown.account import STAMP
from steward.wellknown.roles import GLOBAL_ADMINISTRATOR
from tests.lifecycle.situation import TENANT

CLOSER = SeedIdentity(
    "closer",
    tuple(need.permission for need in close_needs(TENANT)),
    directory_roles=("Privileged Authentication Administrator",),
)
LOGIN = TENANT.account.login


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[RunningSandbox]:
    with start(tmp_path, Seed(identities=(CLOSER,), licences=(SeedLicence("AAD_PREMIUM_P2"),))) as running:
        yield running


def schedule(control: Control) -> str:
    body = {
        "accountEnabled": True,
        "displayName": "J. Keller",
        "mailNickname": "j.keller",
        "userPrincipalName": LOGIN,
        "employeeType": STAMP,
        "passwordProfile": {"password": "kept-by-nobody-Aa1!"},
    }
    user = control.act("POST", "/v1.0/users", body)
    request = {
        "action": "adminAssign",
        "principalId": user["id"],
        "roleDefinitionId": GLOBAL_ADMINISTRATOR,
        "directoryScopeId": "/",
        "justification": "a window",
        "scheduleInfo": {
            "startDateTime": control.clock()["now"],
            "expiration": {"type": "afterDuration", "duration": "PT3H"},
        },
    }
    control.act("POST", "/v1.0/roleManagement/directory/roleAssignmentScheduleRequests", request)
    control.advance_clock(60)
    return str(user["id"])


def test_role_younger_than_5_minutes_is_kept_trying_for_with_the_account_disabled(sandbox: RunningSandbox) -> None:
    who = sandbox.identities["closer"]
    cloud = Cloud(name="sandbox", authority=sandbox.base_url, graph=sandbox.base_url, ca_file=sandbox.ca_file)
    credential = open_credential(cloud, sandbox.tenant_id, SecretSignIn(who.client_id, Secret(who.client_secret)))
    lines: list[Line] = []
    enabled: list[bool] = []
    with Control(sandbox.base_url, sandbox.ca_file) as control:
        user_id = schedule(control)

        def observe(line: Line) -> None:
            lines.append(line)
            if line.verb == "waiting":
                enabled.append(control.snapshot()["users"][user_id]["accountEnabled"])
                # The wait is told twice, each time with less left, before its end comes.
                control.advance_clock(60 if len(enabled) == 1 else 240)

        async def close() -> StepOutcome:
            async with open_session(cloud, credential) as session:
                runner = Runner(
                    tenant=TENANT,
                    session=session,
                    workspace=None,
                    evidence=None,
                    observe=observe,
                    poll_seconds=0.1,
                )
                return await runner.run(CLOSE)

        outcome = asyncio.run(close())
        held = control.act("GET", f"/v1.0/roleManagement/directory/roleAssignments?$filter=principalId eq '{user_id}'")
    assert held["value"] == []
    assert (outcome.exit_code, outcome.is_blocked) == (ExitCode.WELL, False)
    assert enabled == [False, False]
    told = [line.verb for line in lines]
    assert told.count("refused") == 1, "the same refusal is told once, whatever its request id"
    assert "ActiveDurationTooShort" in next(line.reason for line in lines if line.verb == "refused")
    assert told[-1] == "confirmed"
