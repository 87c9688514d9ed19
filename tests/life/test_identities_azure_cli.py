"""identities.py with Azure CLI's own sign-in, which reaches much and not all; a full sign-in completes it."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.seed import Seed, SeedLicence
from steward.identities.roster import find_identities
from steward.identities.wanted import Wanted, want
from steward.lifecycle.needs import GOVERNING_PLANS
from steward.wellknown.permissions import known_permissions
from tests.life.azure_cli import log_in
from tests.life.identities_tenancy import IdentitiesTenancy, make_identities_tenancy

# One that needs a directory role and hangs on licences, and one that needs neither.
CHOSEN = ("post-apply", "guard")
# Looking again at what was just written takes some seconds, on a busy machine some more; giving up never a budget.
VERBS = ("amiss", "missing", "unreadable")
_SOON_SECONDS = 90.0


@pytest.fixture(scope="module")
def tenancy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[IdentitiesTenancy]:
    """Serve a tenant whose licences make an identity need more than others do."""
    seed = Seed(licences=(SeedLicence("AAD_PREMIUM_P2"),))
    made = make_identities_tenancy(tmp_path_factory.mktemp("azure-cli"), seed=seed)
    yield made
    made.scene.control.close()
    made.scene.sandbox.stop()


def _wanted(tenancy: IdentitiesTenancy, plans: frozenset[str] | None) -> dict[str, Wanted]:
    chosen = find_identities(CHOSEN)
    return {each.name: want(each, tenancy.tenant, is_sealed=False, service_plans=plans) for each in chosen}


def _held(tenancy: IdentitiesTenancy) -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """Return what each identity may do, permissions and directory roles, as the directory itself has it."""
    snapshot = tenancy.scene.control.snapshot()
    names = {each.application_id: each.value for each in known_permissions().values()}
    of_client = {each["appId"]: each["id"] for each in snapshot["service_principals"].values()}
    assert tenancy.tenant.identities is not None
    permissions, roles = {}, {}
    for name, client_id in tenancy.tenant.identities.client_ids.items():
        principal = of_client[client_id]
        granted = [each for each in snapshot["app_role_assignments"].values() if each["principalId"] == principal]
        given = [each for each in snapshot["role_assignments"].values() if each["principalId"] == principal]
        permissions[name] = {names[each["appRoleId"]] for each in granted}
        assert len(permissions[name]) == len(granted)
        roles[name] = {each["roleDefinitionId"] for each in given}
        assert len(roles[name]) == len(given)
    return permissions, roles


def test_azure_cli_makes_what_its_token_reaches_and_a_full_sign_in_the_rest(
    tenancy: IdentitiesTenancy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = tenancy.file.read_text()
    tenancy.start_over(text)
    cli = log_in(tenancy, tmp_path, monkeypatch)
    tenancy.scene.control.clear_journal()

    began = time.monotonic()
    told = tenancy.run("make", "--azure-cli", *CHOSEN, code=1)
    assert time.monotonic() - began < _SOON_SECONDS
    assert cli.asked() == [cli.command]
    assert not [each for each in tenancy.scene.control.journal() if "/oauth2/" in each["path"]]
    assert not [each for each in tenancy.writes() if "roleManagement" in each]
    left = [line for line in told.splitlines() if any(f" {verb} " in line for verb in VERBS)]
    assert "post-apply: directory role User Administrator" in told
    assert "PrivilegedAssignmentSchedule.Read.AzureADGroup" in told
    for name in CHOSEN:
        assert any(f"{name}: directory role" in line for line in left)
    assert told.count("sign in without --azure-cli, as a Global Administrator") >= len(left)
    permissions, roles = _held(tenancy)
    assert permissions == {name: wanted.permissions for name, wanted in _wanted(tenancy, None).items()}
    assert set().union(*roles.values()) == set()
    tenancy.run("plan", "--azure-cli", *CHOSEN, code=1)

    writes, before, file = tenancy.writes(), tenancy.snapshot(), tenancy.file.read_bytes()
    tenancy.run("make", *CHOSEN)
    whole = _wanted(tenancy, GOVERNING_PLANS)
    gained = whole["post-apply"].permissions - permissions["post-apply"]
    assert gained == _wanted(tenancy, None)["post-apply"].undecided
    permissions, roles = _held(tenancy)
    assert permissions == {name: wanted.permissions for name, wanted in whole.items()}
    assert roles == {name: wanted.role_template_ids for name, wanted in whole.items()}
    after = tenancy.snapshot()
    assert after["applications"] == before["applications"]
    assert after["service_principals"].items() >= before["service_principals"].items()
    assert tenancy.file.read_bytes() == file
    assert len(tenancy.writes()) - len(writes) == len(gained) + 1

    # What only licences or directory roles decide stays, although Azure CLI's token shows neither.
    writes = tenancy.writes()
    tenancy.run("make", "--azure-cli", *CHOSEN, code=1)
    assert "made already" in tenancy.run("make", *CHOSEN)
    assert (tenancy.writes(), tenancy.snapshot()) == (writes, after)

    # Taking back goes as far, and what is left is no success.
    told += tenancy.run("retire", "--azure-cli", "--unsealed", *CHOSEN, code=3)
    permissions, kept_roles = _held(tenancy)
    assert permissions["post-apply"] == set()
    assert kept_roles == roles
    assert "nothing that leads to Global Administrator" not in told
    token = json.loads((tmp_path / "az.json").read_text())["accessToken"]
    assert token not in told + json.dumps(tenancy.evidence())


def test_azure_cli_without_a_sign_in_is_told(
    tenancy: IdentitiesTenancy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "az"
    program.write_text("#!/bin/sh\necho \"ERROR: Please run 'az login' to setup account.\" >&2\nexit 1\n")
    program.chmod(0o700)
    monkeypatch.setenv("PATH", str(tmp_path))
    tenancy.scene.control.clear_journal()
    assert "nobody is signed in" in tenancy.run("make", "--azure-cli", code=2)
    assert tenancy.scene.control.journal() == []
