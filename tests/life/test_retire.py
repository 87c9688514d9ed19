"""retire.py: closed first, then taken back, then destroyed; refused without a word, killed and broken off anywhere."""

import json
import os
import pty
import shutil
import subprocess
import sys
from typing import Any

import pytest

from scripts.rehearsal.provider_choice import ROOT
from scripts.rehearsal.scene import GUARD, RETIRE
from scripts.rehearsal.tenant_file import LOGIN, NAME
from steward.wellknown.latch import ROLE_ASSIGNMENT
from steward.wellknown.roles import GLOBAL_ADMINISTRATOR
from steward.wellknown.stack import ACCOUNT
from tests.life.tenancy import Tenancy
from tests.programs.running import run

pytestmark = pytest.mark.terraform

PATIENCE_SECONDS = 240
ROLES = "/v1.0/roleManagement/directory/roleAssignments"


def start(tenancy: Tenancy, *options: str, stdin: int = subprocess.DEVNULL) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, str(ROOT / "scripts" / "retire.py"), f"{NAME}.yaml", *options],
        cwd=tenancy.scene.folder,
        env=dict(tenancy.scene.environments[RETIRE]),
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def retire(tenancy: Tenancy, *options: str, expect: int = 0) -> str:
    with start(tenancy, *options) as process:
        output, _ = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == expect, output
    assert "Traceback" not in output
    return output


def what_is_left(tenancy: Tenancy) -> dict[str, Any]:
    """Return what of the tenant file's is in the tenant or in Terraform's state."""
    act = tenancy.scene.control.act
    name = tenancy.scene.tenant.application.display_name
    found = {
        "account": act("GET", f"/v1.0/users?$filter=userPrincipalName eq '{LOGIN}'")["value"],
        "policies": act("GET", "/v1.0/identity/conditionalAccess/policies")["value"],
        "applications": act("GET", f"/v1.0/applications?$filter=displayName eq '{name}'")["value"],
        "principals": act("GET", f"/v1.0/servicePrincipals?$filter=displayName eq '{name}'")["value"],
        "state": sorted(tenancy.addresses_in_state()),
    }
    return {what: entries for what, entries in found.items() if entries}


def deleted_account(tenancy: Tenancy) -> str:
    listed = tenancy.scene.control.act("GET", "/v1.0/directory/deletedItems/microsoft.graph.user")["value"]
    (account,) = [entry["id"] for entry in listed]
    return str(account)


def verified(tenancy: Tenancy) -> None:
    told = run(
        tenancy.scene.script("verify_evidence"),
        folder=tenancy.scene.folder,
        environment=tenancy.scene.environments[RETIRE],
    )
    assert told.returncode == 0, told.stdout + told.stderr


def order_of_writes(tenancy: Tenancy) -> list[str]:
    """Return what was written, each kind once, in the order of its first time."""
    kinds = {
        "/roleAssignments/": "role",
        "/revokeSignInSessions": "sessions",
        "/appRoleAssignments/": "application permissions",
        "/oauth2PermissionGrants/": "delegated grants",
        "DELETE /v1.0/users/": "account",
        "DELETE /v1.0/applications/": "application",
    }
    seen: dict[str, None] = {}
    for write in tenancy.writes():
        seen |= dict.fromkeys(kind for part, kind in kinds.items() if part in write)
    return list(seen)


def test_sealed_tenant_is_retired_and_once_more_changes_nothing(tenancy: Tenancy) -> None:
    tenancy.deploy()
    tenancy.post_apply()
    assert "nobody confirmed it" in retire(tenancy, expect=2)
    tenancy.scene.control.clear_journal()
    told = retire(tenancy, "--dry-run", "--json", "--quiet")
    shown = json.loads(told[told.index("{") :])
    assert shown["writes"] >= 5
    assert tenancy.writes() == []

    output = retire(tenancy, "--yes")
    assert what_is_left(tenancy) == {}
    assert f"account {LOGIN}: in the recycle bin until" in output
    assert f"as {deleted_account(tenancy)}: a restored user keeps its roles" in output
    assert "application CiraSync, in the recycle bin until" in output
    *first, one, other = order_of_writes(tenancy)
    assert first == ["application permissions", "delegated grants"]
    assert {one, other} == {"account", "application"}, "Terraform destroys them side by side"
    verified(tenancy)

    tenancy.scene.control.clear_journal()
    assert "retired; writes: 0" in retire(tenancy, "--yes")
    assert tenancy.writes() == []
    # The guard tells of a deleted account until it is gone for good.
    guarded = run(
        tenancy.scene.script("close", "--guard"),
        folder=tenancy.scene.folder,
        environment=tenancy.scene.environments[GUARD],
    )
    assert "whoever restores it restores its roles" in guarded.stderr


def test_tenant_whose_role_is_held_is_closed_before_it_is_deleted(tenancy: Tenancy) -> None:
    tenancy.deploy()
    tenancy.scene.control.act("PATCH", f"/v1.0/users/{tenancy.account()['id']}", {"accountEnabled": True})
    assert tenancy.holds_role()
    tenancy.scene.control.clear_journal()
    ours, theirs = pty.openpty()
    with start(tenancy, stdin=theirs) as process:
        os.close(theirs)
        os.write(ours, f"{NAME}\n".encode())
        output, _ = process.communicate(timeout=PATIENCE_SECONDS)
    os.close(ours)
    assert process.returncode == 0, output
    assert what_is_left(tenancy) == {}
    assert order_of_writes(tenancy)[:2] == ["role", "sessions"]
    restored = tenancy.scene.control.act("POST", f"/v1.0/directory/deletedItems/{deleted_account(tenancy)}/restore")
    listed = tenancy.scene.control.act("GET", f"{ROLES}?$filter=principalId eq '{restored['id']}'")
    assert GLOBAL_ADMINISTRATOR not in {entry["roleDefinitionId"] for entry in listed["value"]}


@pytest.mark.parametrize("words", ["close        disabled", "revoke       revoked", "destroy      "])
def test_killed_retirement_is_finished_by_the_next(tenancy: Tenancy, words: str) -> None:
    tenancy.deploy()
    if words.startswith("revoke"):
        tenancy.post_apply()
    else:
        tenancy.scene.control.act("PATCH", f"/v1.0/users/{tenancy.account()['id']}", {"accountEnabled": True})
    with start(tenancy, "--yes") as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith(words):
                break
        process.kill()
    retire(tenancy, "--yes")
    assert what_is_left(tenancy) == {}


def test_account_that_may_be_ours_under_another_login_keeps_everything_from_being_destroyed(tenancy: Tenancy) -> None:
    tenancy.deploy()
    account_id = tenancy.account()["id"]
    renamed = {"userPrincipalName": "renamed@contoso.onmicrosoft.com", "displayName": "Other", "accountEnabled": True}
    tenancy.scene.control.act("PATCH", f"/v1.0/users/{account_id}", renamed)
    tenancy.run_terraform("state", "rm", ACCOUNT, f"{ROLE_ASSIGNMENT}[0]")
    shutil.rmtree(tenancy.scene.folder / "evidence", ignore_errors=True)
    tenancy.scene.control.clear_journal()
    assert "renamed@contoso.onmicrosoft.com has our stamp" in retire(tenancy, "--yes", expect=3)
    assert tenancy.writes() == []


def test_destroy_that_fails_half_way_is_finished_by_the_next(tenancy: Tenancy) -> None:
    tenancy.deploy()
    fault = {"route": "DELETE /applications/{id}", "status": 403, "times": 999}
    tenancy.scene.control.declare_faults(fault)
    output = retire(tenancy, "--yes", expect=1)
    assert "not retired" in output
    assert set(what_is_left(tenancy)) >= {"applications", "state"}
    tenancy.scene.control.clear_faults()
    retire(tenancy, "--yes")
    assert what_is_left(tenancy) == {}


def test_role_that_comes_through_a_group_keeps_the_account_from_being_deleted(tenancy: Tenancy) -> None:
    tenancy.deploy()
    act, account_id = tenancy.scene.control.act, tenancy.account()["id"]
    group = act(
        "POST",
        "/v1.0/groups",
        {
            "displayName": "sg-ops",
            "mailNickname": "sg-ops",
            "mailEnabled": False,
            "securityEnabled": True,
            "isAssignableToRole": True,
            "members@odata.bind": [f"{tenancy.scene.sandbox.base_url}/v1.0/directoryObjects/{account_id}"],
        },
    )
    role = {"principalId": group["id"], "roleDefinitionId": GLOBAL_ADMINISTRATOR, "directoryScopeId": "/"}
    act("POST", ROLES, role)
    output = retire(tenancy, "--yes", expect=1)
    assert "take the account out of that group" in output
    assert what_is_left(tenancy)["account"]
    assert not tenancy.holds_role()
    assert not any(write.startswith("DELETE /v1.0/users/") for write in tenancy.writes())
    act("DELETE", f"/v1.0/groups/{group['id']}/members/{account_id}/$ref")
    retire(tenancy, "--yes")
    assert what_is_left(tenancy) == {}
