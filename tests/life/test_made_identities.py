"""A whole life with the identities that identities.py made, signed in as a pipeline's jobs; and what is left of it."""

import contextlib
import io
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from unittest.mock import patch

import pytest

from scripts import close, post_apply, preflight
from scripts.environment import child_environment, find_terraform
from scripts.rehearsal.provider_choice import ROOT
from scripts.rehearsal.scene import CLOSE, DEPLOY, GUARD, PLAN_ONLY, POST_APPLY
from scripts.rehearsal.tenant_file import NAME
from steward.wellknown.roles import GLOBAL_ADMINISTRATOR
from tests.life.identities_tenancy import (
    BRANCH,
    ENVIRONMENT,
    PULL_REQUEST,
    IdentitiesTenancy,
    make_identities_tenancy,
)
from tests.life.tenancy import Tenancy
from tests.life.test_identities import ways_to_global_administrator
from tests.programs.forked_provider import choose_forked_provider

pytestmark = pytest.mark.terraform

JOBS = {
    DEPLOY: ("deploy", ENVIRONMENT),
    POST_APPLY: ("post-apply", ENVIRONMENT),
    PLAN_ONLY: ("plan", PULL_REQUEST),
    CLOSE: ("close", ENVIRONMENT),
    GUARD: ("guard", BRANCH),
}


@pytest.fixture
def made(tmp_path: Path) -> Iterator[IdentitiesTenancy]:
    terraform = find_terraform()
    environment = child_environment(ROOT)
    choice = os.environ.get("REHEARSAL_PROVIDER", "own")
    variables = choose_forked_provider(choice, tmp_path, terraform=terraform, environment=environment)
    tenancy = make_identities_tenancy(tmp_path, environment=variables)
    yield tenancy
    tenancy.scene.control.close()
    tenancy.scene.sandbox.stop()


def test_life_with_made_identities_and_what_stays_of_them_once_sealed(made: IdentitiesTenancy, tmp_path: Path) -> None:
    made.run("make")
    jobs: Mapping[str, Mapping[str, str]] = {
        name: made.sign_in_as(identity, subject, tmp_path) for name, (identity, subject) in JOBS.items()
    }
    life = Tenancy(replace(made.scene, tenant=made.tenant, environments=jobs), find_terraform())
    life.synthesize()
    assert _preflight(life, DEPLOY) == 0
    life.run_terraform("apply", "-auto-approve", "-input=false")
    life.run_terraform("plan", "-input=false", "-detailed-exitcode", identity=PLAN_ONLY)
    assert life.holds_role()
    assert _run(life, POST_APPLY, post_apply.main, "--write-sealed-on") == 0
    assert not life.holds_role()
    assert made.tenant.account.sealed_on in {datetime.now(UTC).date(), made.tenant.account.sealed_on}

    made.run("retire")
    assert ways_to_global_administrator(made) == {}

    # A deploy of the sealed tenant: its file says sealed_on, and its identity only reads the role and the policy.
    life.synthesize()
    assert _preflight(life, DEPLOY) == 0
    life.scene.control.clear_journal()
    life.run_terraform("apply", "-auto-approve", "-input=false")
    life.run_terraform("plan", "-input=false", "-detailed-exitcode", identity=PLAN_ONLY)
    assert life.writes() == []
    assert _close(life, GUARD, "--guard") == 0

    # Somebody grants the role by hand: the guard tells, nothing of ours can take it, and a closing identity is made.
    role = {"principalId": life.account()["id"], "roleDefinitionId": GLOBAL_ADMINISTRATOR, "directoryScopeId": "/"}
    life.scene.control.act("POST", "/v1.0/roleManagement/directory/roleAssignments", role)
    assert _close(life, GUARD, "--guard") == 1
    assert _close(life, CLOSE) != 0
    assert life.holds_role()
    made.run("make", "close")
    assert set(ways_to_global_administrator(made)) == {f"CiraSync close ({NAME})"}
    assert _close(life, CLOSE) == 0
    assert not life.holds_role()
    made.run("retire")
    assert ways_to_global_administrator(made) == {}
    assert all(line["step"] != "run" or line["verb"] != "broken off" for line in made.evidence())
    kept = json.dumps(made.evidence()) + made.file.read_text()
    assert not [token for token in tmp_path.glob("*.token") if token.read_text() in kept]


def _preflight(life: Tenancy, identity: str) -> int:
    return _run(life, identity, preflight.main, "--identity", identity)


def _close(life: Tenancy, identity: str, *options: str) -> int:
    return _run(life, identity, close.main, *options)


def _run(life: Tenancy, identity: str, program: Callable[[list[str]], int], *options: str) -> int:
    """Run a program in this process, with nothing of the environment but what its job has."""
    told, result = io.StringIO(), io.StringIO()
    with (
        patch.dict(os.environ, life.scene.environments[identity], clear=True),
        contextlib.chdir(life.scene.folder),
        redirect_stderr(told),
        redirect_stdout(result),
    ):
        ended = program([f"{NAME}.yaml", *options])
    assert "Traceback" not in told.getvalue(), told.getvalue()
    return ended
