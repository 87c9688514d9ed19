"""What only the tenant can tell, said all at once and before anything is touched: exit code 1, not one write."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from sandbox.seed import Seed, SeedDomain, SeedUser
from scripts import post_apply, preflight
from scripts.rehearsal.scene import DEPLOY, POST_APPLY
from scripts.rehearsal.tenant_file import LOGIN
from steward.lifecycle.needs import POST_APPLY_ROLES, deploy_needs, post_apply_needs
from steward.wellknown.roles import USER_ADMINISTRATOR
from tests.life.conftest import MakeTenancy
from tests.life.tenancy import Tenancy
from tests.lifecycle.situation import TENANT

pytestmark = pytest.mark.terraform

Program = Callable[[list[str]], int]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Callable[[Tenancy, Program, str], int]:
    """Run one of our programs in this process, as one of the identities."""

    def run_as(tenancy: Tenancy, program: Program, identity: str) -> int:
        for name in ("ARM_CLIENT_ID", "ARM_CLIENT_SECRET", "TF_CLI_CONFIG_FILE", "SSL_CERT_FILE"):
            monkeypatch.setenv(name, tenancy.scene.environments[identity].get(name, ""))
        for name, value in tenancy.scene.environments[identity].items():
            if name.startswith("ARM_") or name == "TF_CLI_CONFIG_FILE":
                monkeypatch.setenv(name, value)
        monkeypatch.chdir(tenancy.scene.folder)
        return int(program(["contoso.yaml"]))

    return run_as


Run = Callable[[Tenancy, Program, str], int]


@pytest.fixture(scope="module")
def demoted(make_tenancy: MakeTenancy) -> Tenancy:
    """A tenant with a deploy whose role is gone, where a blocked run has nothing to take away."""
    tenancy = make_tenancy()
    tenancy.deploy()
    tenancy.post_apply("--only", "close")
    return tenancy


def test_everything_wrong_with_a_tenant_is_said_at_once(
    make_tenancy: MakeTenancy, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    good = Seed()
    broken = replace(
        good,
        domains=(SeedDomain("other.onmicrosoft.com", is_initial=True, is_default=True),),
        licences=(),
        security_defaults=True,
        users=(SeedUser("someone@other.onmicrosoft.com", "Someone"),),
        groups=(replace(good.groups[0], members=()),),
    )
    tenancy = make_tenancy(seed=broken)
    assert run(tenancy, preflight.main, DEPLOY) == 1
    told = capsys.readouterr().err
    for subject in (
        "Microsoft Entra ID P1",
        "domain contoso.onmicrosoft.com",
        "security defaults",
        "break-glass group sg-breakglass",
        "group sg-contacts-admins",
        "group sg-dashboard-readers",
        "another Global Administrator",
    ):
        assert f"missing     {subject}" in told
    assert tenancy.writes() == []


def test_name_that_somebody_else_has_is_refused(
    make_tenancy: MakeTenancy, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    good = Seed()
    tenancy = make_tenancy(seed=replace(good, users=(*good.users, SeedUser(LOGIN, "Another Jordan"))))
    assert run(tenancy, preflight.main, DEPLOY) == 1
    assert f"missing     {LOGIN}: the name is taken" in capsys.readouterr().err
    assert tenancy.writes() == []


@pytest.mark.parametrize("permission", [need.permission for need in deploy_needs(TENANT)])
def test_deploying_identity_without_a_permission_is_told_which(
    tenancy: Tenancy, run: Run, capsys: pytest.CaptureFixture[str], permission: str
) -> None:
    tenancy.scene.control.clear_journal()
    tenancy.scene.control.withdraw(DEPLOY, permission)
    try:
        assert run(tenancy, preflight.main, DEPLOY) == 1
    finally:
        tenancy.scene.control.grant(DEPLOY, permission)
    assert f"missing     permission {permission}" in capsys.readouterr().err
    assert tenancy.writes() == []


@pytest.mark.parametrize("permission", [need.permission for need in post_apply_needs(TENANT)])
def test_post_apply_identity_without_a_permission_is_told_which_and_touches_nothing(
    demoted: Tenancy, run: Run, capsys: pytest.CaptureFixture[str], permission: str
) -> None:
    demoted.scene.control.clear_journal()
    demoted.scene.control.withdraw(POST_APPLY, permission)
    try:
        assert run(demoted, post_apply.main, POST_APPLY) == 1
    finally:
        demoted.scene.control.grant(POST_APPLY, permission)
    told = capsys.readouterr()
    assert f"missing     permission {permission}" in told.err
    assert demoted.writes() == []


def test_role_does_not_wait_until_a_missing_permission_is_there(
    tenancy: Tenancy, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    tenancy.deploy()
    tenancy.scene.control.withdraw(POST_APPLY, "AppRoleAssignment.ReadWrite.All")
    try:
        assert run(tenancy, post_apply.main, POST_APPLY) == 1
    finally:
        tenancy.scene.control.grant(POST_APPLY, "AppRoleAssignment.ReadWrite.All")
    assert "missing     permission AppRoleAssignment.ReadWrite.All" in capsys.readouterr().err
    assert not tenancy.holds_role()
    assert tenancy.grants() == ([], [])
    assert tenancy.plan() == {}, "the latch went back to prepared"
    tenancy.post_apply()
    assert tenancy.grants()[1]


def test_post_apply_identity_without_its_directory_role_is_told_which(
    demoted: Tenancy, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    act = demoted.scene.control.act
    principal = demoted.scene.sandbox.identities[POST_APPLY].object_id
    (held,) = act("GET", f"/v1.0/roleManagement/directory/roleAssignments?$filter=principalId eq '{principal}'")[
        "value"
    ]
    act("DELETE", f"/v1.0/roleManagement/directory/roleAssignments/{held['id']}")
    demoted.scene.control.clear_journal()
    try:
        assert run(demoted, post_apply.main, POST_APPLY) == 1
    finally:
        body = {key: held[key] for key in ("principalId", "roleDefinitionId", "directoryScopeId")}
        act("POST", "/v1.0/roleManagement/directory/roleAssignments", body)
    assert f"missing     directory role {POST_APPLY_ROLES[0].role_name}" in capsys.readouterr().err
    assert demoted.writes() == []


def test_dry_run_shows_what_would_be_done_and_does_nothing(tenancy: Tenancy) -> None:
    tenancy.deploy()
    tenancy.scene.control.clear_journal()
    before = tenancy.state_file.read_bytes()
    shown = tenancy.post_apply("--dry-run")
    assert "would" in shown.stderr
    assert "Global Administrator from" in shown.stderr
    assert "not sealed; holds Global Administrator" in shown.stdout
    assert tenancy.writes() == []
    assert tenancy.state_file.read_bytes() == before
    assert tenancy.holds_role()


def test_close_alone_takes_the_role_and_leaves_no_deploy_that_grants_it_again(tenancy: Tenancy) -> None:
    tenancy.deploy()
    closed = tenancy.post_apply("--only", "close", "--json")
    assert json.loads(closed.stdout)["privileged_roles"] == []
    assert not tenancy.holds_role()
    assert tenancy.plan() == {}, "the latch went back to prepared"


def test_close_alone_works_without_terraform_and_says_what_is_left(tenancy: Tenancy, tmp_path: Path) -> None:
    tenancy.deploy()
    empty = tmp_path / "bin"
    empty.mkdir()
    variables = {"PATH": str(empty), "TERRAFORM_BINARY_NAME": ""}
    closed = tenancy.post_apply("--only", "close", expect=frozenset({3}), variables=variables)
    assert not tenancy.holds_role()
    assert "no privileged role by any path" in closed.stdout
    assert "-replace=terraform_data.latch -var=phase=prepared" in closed.stderr


def test_close_alone_works_where_no_evidence_can_be_written(tenancy: Tenancy) -> None:
    tenancy.deploy()
    evidence = tenancy.scene.folder / "evidence" / "contoso"
    kept = evidence.rename(tenancy.scene.folder / "kept") if evidence.exists() else None
    evidence.parent.mkdir(exist_ok=True)
    evidence.write_text("a file where a folder is wanted")
    try:
        closed = tenancy.post_apply("--only", "close", expect=frozenset({1}))
    finally:
        evidence.unlink()
        if kept:
            kept.rename(evidence)
    assert "evidence is incomplete" in closed.stderr
    assert not tenancy.holds_role()


def test_account_that_is_deleted_or_hidden_is_never_called_demoted(tenancy: Tenancy) -> None:
    tenancy.deploy()
    account = tenancy.account()
    tenancy.scene.control.act("DELETE", f"/v1.0/users/{account['id']}")
    closed = tenancy.post_apply("--only", "close", expect=frozenset({1}))
    assert "whoever restores it restores its roles" in closed.stderr
    assert "no privileged role" not in closed.stdout


def test_account_that_was_renamed_and_lost_its_stamp_is_found_by_the_id_in_the_state(tenancy: Tenancy) -> None:
    tenancy.deploy()
    account = tenancy.account()
    changes = {"userPrincipalName": "else.where@contoso.onmicrosoft.com", "mailNickname": "else.where"}
    tenancy.scene.control.act("PATCH", f"/v1.0/users/{account['id']}", {**changes, "employeeType": None})
    refused = tenancy.post_apply("--only", "close", expect=frozenset({1}))
    assert "does not carry the stamp" in refused.stderr
    assert "no privileged role" not in refused.stdout


def test_stack_of_another_tenant_is_refused_before_anything(tenancy: Tenancy, tmp_path: Path) -> None:
    tenancy.deploy()
    tenancy.scene.control.clear_journal()
    other = tmp_path / "stack"
    other.mkdir()
    stack = json.loads((tenancy.scene.stack / "cdk.tf.json").read_text())
    stack["provider"]["azuread"][0]["tenant_id"] = "00000000-0000-4000-8000-00000000000e"
    (other / "cdk.tf.json").write_text(json.dumps(stack))
    refused = tenancy.post_apply("--stack", str(other), expect=frozenset({2}))
    assert "another tenant's" in refused.stderr
    assert tenancy.scene.control.journal() == []


def test_role_held_through_a_group_blocks_and_still_leaves_the_latch_prepared(tenancy: Tenancy) -> None:
    tenancy.deploy()
    act = tenancy.scene.control.act
    body = {
        "displayName": "sg-privileged",
        "mailEnabled": False,
        "mailNickname": "sg-privileged",
        "securityEnabled": True,
        "isAssignableToRole": True,
    }
    group = act("POST", "/v1.0/groups", body)
    reference = {"@odata.id": f"{tenancy.scene.sandbox.base_url}/v1.0/directoryObjects/{tenancy.account()['id']}"}
    act("POST", f"/v1.0/groups/{group['id']}/members/$ref", reference)
    role = {"principalId": group["id"], "roleDefinitionId": USER_ADMINISTRATOR, "directoryScopeId": "/"}
    act("POST", "/v1.0/roleManagement/directory/roleAssignments", role)
    ended = tenancy.post_apply(expect=frozenset({1}))
    assert "STILL HOLDS User Administrator (through group sg-privileged)" in ended.stdout
    assert not tenancy.holds_role()
    assert tenancy.plan() == {}
