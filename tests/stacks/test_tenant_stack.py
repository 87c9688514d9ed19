"""What a tenant file makes Terraform declare, read from the synthesized JSON."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from cdktf import App

from stacks.tenant import TenantStack, next_command
from steward.config.model import Backend, Consent, DashboardRole, Elevation, GroupReference, Mfa, Tenant
from steward.evidence.origin import OLDEST_MAJOR
from steward.wellknown.permissions import MICROSOFT_GRAPH_APP_ID
from tests.lifecycle.situation import CONTACTS, DEPLOYER_ID, TENANT, USER_READ

ROLE = "azuread_directory_role_assignment"


def synthesize(folder: Path, tenant: Tenant) -> dict[str, Any]:
    app = App(outdir=str(folder))
    TenantStack(app, tenant=tenant)
    app.synth()
    stack: dict[str, Any] = json.loads((folder / "stacks" / tenant.name / "cdk.tf.json").read_text())
    return stack


def changed(**changes: Any) -> Tenant:
    return TENANT.model_copy(update=changes)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return synthesize(tmp_path_factory.mktemp("synth"), TENANT)


def only(stack: dict[str, Any], kind: str) -> dict[str, Any]:
    (resource,) = stack["resource"][kind].values()
    return dict(resource)


def test_account_is_created_disabled_stamped_and_with_a_password_that_nobody_chose(stack: dict[str, Any]) -> None:
    user = only(stack, "azuread_user")
    assert user["account_enabled"] is False
    assert user["employee_type"] == "CiraSync service account"
    assert user["password"] == "Aa1!${uuid()}"
    assert user["lifecycle"] == {"ignore_changes": ["password", "account_enabled"]}


def test_provider_that_the_stack_asks_for_is_the_one_that_makes_proof(stack: dict[str, Any]) -> None:
    asked = stack["terraform"]["required_providers"]["azuread"]
    assert asked["source"] == "hashicorp/azuread"
    assert int(asked["version"].partition(".")[0]) == OLDEST_MAJOR


def test_role_exists_only_while_the_latch_is_privileged_and_its_end_lies_ahead(stack: dict[str, Any]) -> None:
    count = only(stack, ROLE)["count"]
    assert 'terraform_data.latch.input.phase == "privileged"' in count
    assert "timecmp(plantimestamp(), terraform_data.latch.input.until) == -1" in count


def test_role_depends_on_the_mfa_policy_and_is_refused_without_break_glass(stack: dict[str, Any]) -> None:
    role = only(stack, ROLE)
    assert role["depends_on"] == ["azuread_conditional_access_policy.mfa_for_service_account"]
    conditions = [each["condition"] for each in role["lifecycle"]["precondition"]]
    assert "length(data.azuread_group.break_glass.members) >= 1" in conditions[0]


def test_role_is_refused_by_an_apply_after_the_end_whenever_its_plan_was_made(stack: dict[str, Any]) -> None:
    (_, precondition) = only(stack, ROLE)["lifecycle"]["precondition"]
    # Not plantimestamp(), which a plan file keeps; timestamp() is judged by the apply.
    assert "timecmp(timestamp(), terraform_data.latch.input.until) == -1" in precondition["condition"]


def test_only_the_role_has_a_condition_that_can_fail_a_plan(stack: dict[str, Any]) -> None:
    with_conditions = {
        f"{kind}.{name}"
        for kind, resources in stack["resource"].items()
        for name, resource in resources.items()
        if {"precondition", "postcondition"} & set(resource.get("lifecycle", {}))
    }
    assert with_conditions == {f"{ROLE}.global_administrator"}


def test_latch_ignores_its_variable_and_is_never_gone_while_it_is_turned(stack: dict[str, Any]) -> None:
    latch = only(stack, "terraform_data")
    assert latch["lifecycle"] == {"ignore_changes": ["input"], "create_before_destroy": True}
    assert latch["input"]["until"] == '${timeadd(plantimestamp(), "60m")}'


def test_mfa_policy_covers_everything_and_leaves_only_break_glass_out(stack: dict[str, Any]) -> None:
    policy = only(stack, "azuread_conditional_access_policy")
    assert policy["state"] == "enabled"
    assert policy["conditions"] == {
        "client_app_types": ["all"],
        "applications": {"included_applications": ["All"]},
        "users": {
            "included_users": ["${azuread_user.service_account.object_id}"],
            "excluded_groups": ["${data.azuread_group.break_glass.object_id}"],
        },
    }
    assert policy["grant_controls"] == {"operator": "OR", "built_in_controls": ["mfa"]}


def test_named_strength_replaces_the_mfa_control(tmp_path: Path) -> None:
    stack = synthesize(tmp_path, changed(mfa=Mfa(strength="x", strength_id="00000000-0000-0000-0000-000000000004")))
    controls = only(stack, "azuread_conditional_access_policy")["grant_controls"]
    assert "built_in_controls" not in controls
    assert controls["authentication_strength_policy_id"].endswith("/00000000-0000-0000-0000-000000000004")


def test_permissions_become_literal_ids_and_the_deployer_is_the_only_owner(stack: dict[str, Any]) -> None:
    application = only(stack, "azuread_application")
    assert application["owners"] == [DEPLOYER_ID]
    (api,) = application["required_resource_access"]
    assert api["resource_app_id"] == MICROSOFT_GRAPH_APP_ID
    assert api["resource_access"] == [{"id": CONTACTS.id, "type": "Role"}, {"id": USER_READ.id, "type": "Scope"}]


def test_app_role_ids_are_literals_that_do_not_depend_on_other_roles(stack: dict[str, Any], tmp_path: Path) -> None:
    more = (*TENANT.dashboard, DashboardRole(role="Collection Manager", group=GroupReference(name="sg-others")))
    wider = synthesize(tmp_path, changed(dashboard=more))
    before = stack["resource"]["azuread_app_role_assignment"]["full_administrator_to_sg_admins"]
    after = wider["resource"]["azuread_app_role_assignment"]["full_administrator_to_sg_admins"]
    assert before == after
    assert "${" not in before["app_role_id"]


def test_groups_whose_names_look_alike_keep_apart(tmp_path: Path) -> None:
    groups = [GroupReference(name="sg admins"), GroupReference(name="sg-admins")]
    stack = synthesize(
        tmp_path, changed(dashboard=tuple(DashboardRole(role="Full Administrator", group=group) for group in groups))
    )
    assignments = stack["resource"]["azuread_app_role_assignment"].values()
    assert len({assignment["principal_object_id"] for assignment in assignments}) == len(groups)


@pytest.mark.parametrize(
    "tenant",
    [
        changed(elevation=Elevation.NONE),
        changed(elevation=Elevation.SCHEDULED),
        changed(account=TENANT.account.model_copy(update={"sealed_on": date(2026, 11, 23)})),
    ],
    ids=["elevation none", "elevation scheduled", "sealed_on set"],
)
def test_no_role_is_declared_when(tenant: Tenant, tmp_path: Path) -> None:
    assert ROLE not in synthesize(tmp_path, tenant)["resource"]


@pytest.mark.parametrize(
    ("elevation", "phase"), [(Elevation.AT_DEPLOY, "privileged"), (Elevation.IN_WINDOW, "prepared")]
)
def test_first_latch_grants_the_role_only_where_the_deploy_does(
    elevation: Elevation, phase: str, tmp_path: Path
) -> None:
    stack = synthesize(tmp_path, changed(elevation=elevation))
    assert stack["variable"]["phase"]["default"] == phase
    assert ROLE in stack["resource"]


def test_vendors_application_is_not_registered_and_its_principal_is_adopted(tmp_path: Path) -> None:
    vendors = TENANT.application.model_copy(update={"client_id": "c1a5f00d-0000-4000-8000-00000000c1a5"})
    stack = synthesize(tmp_path, changed(application=vendors, dashboard=()))
    assert "azuread_application" not in stack["resource"]
    principal = only(stack, "azuread_service_principal")
    assert (principal["client_id"], principal["use_existing"]) == ("c1a5f00d-0000-4000-8000-00000000c1a5", True)


def test_consent_in_a_browser_declares_where_its_answer_comes_back_to(tmp_path: Path) -> None:
    own = changed(consent=Consent.BROWSER, elevation=Elevation.IN_WINDOW)
    declared = only(synthesize(tmp_path, own), "azuread_application")["web"]["redirect_uris"]
    assert "http://localhost/" in declared
    assert len(declared) == len(set(declared))


def test_vendors_application_that_is_consented_to_in_a_browser_comes_with_that(tmp_path: Path) -> None:
    vendors = TENANT.application.model_copy(update={"client_id": "c1a5f00d-0000-4000-8000-00000000c1a5"})
    tenant = changed(application=vendors, dashboard=(), consent=Consent.BROWSER, elevation=Elevation.IN_WINDOW)
    stack = synthesize(tmp_path, tenant)
    assert not {"azuread_application", "azuread_service_principal"} & set(stack["resource"])
    assert stack["output"]["application_client_id"]["value"] == vendors.client_id


def test_backend_of_the_file_is_the_only_one(tmp_path: Path) -> None:
    stack = synthesize(tmp_path, changed(backend=Backend(kind="azurerm", settings={"container_name": "state"})))
    assert stack["terraform"]["backend"] == {"azurerm": {"container_name": "state"}}


def test_workspace_of_hcp_terraform_has_a_block_of_its_own(tmp_path: Path) -> None:
    settings: dict[str, str | int | bool] = {"organization": "contoso", "workspace": "one", "project": "two"}
    terraform = synthesize(tmp_path, changed(backend=Backend(kind="cloud", settings=settings)))["terraform"]
    assert "backend" not in terraform
    assert terraform["cloud"] == {"organization": "contoso", "workspaces": {"name": "one", "project": "two"}}


@pytest.mark.parametrize(("has_lock_file", "engine"), [(True, ">= 1.10"), (False, ">= 1.5")])
def test_lock_files_want_an_engine_that_knows_them(tmp_path: Path, has_lock_file: bool, engine: str) -> None:
    backend = Backend(kind="s3", settings={"bucket": "state", "use_lockfile": has_lock_file})
    assert synthesize(tmp_path, changed(backend=backend))["terraform"]["required_version"] == engine


def test_outputs_end_with_the_next_command_and_none_reads_the_role(stack: dict[str, Any]) -> None:
    assert max(stack["output"]) == "next_command"
    assert stack["output"]["next_command"]["value"] == "python scripts/post_apply.py tenants/contoso.yaml"
    assert ROLE not in json.dumps(stack["output"])


@pytest.mark.parametrize(
    ("file", "scripts", "expected"),
    [
        ("tenants/contoso.yaml", "scripts", "python scripts/post_apply.py tenants/contoso.yaml"),
        ("contoso.yaml", "../scripts", "python ../scripts/post_apply.py contoso.yaml"),
        ("/srv/kept/contoso.yaml", "scripts", "python scripts/post_apply.py contoso.yaml"),
        ("our tenants/contoso.yaml", "scripts", "python scripts/post_apply.py 'our tenants/contoso.yaml'"),
    ],
)
def test_next_command_runs_where_the_stack_was_synthesized(file: str, scripts: str, expected: str) -> None:
    assert next_command(TENANT.model_copy(update={"file": Path(file)}), Path(scripts)) == expected


def test_stack_is_the_same_whoever_synthesizes(stack: dict[str, Any], tmp_path: Path) -> None:
    again = synthesize(tmp_path, TENANT)
    for one in (stack, again):
        one["terraform"].pop("backend", None)
    assert again == stack
