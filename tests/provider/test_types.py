"""Each type's life with Terraform: created, unchanged, drifted, replaced, imported, destroyed."""

import json
from typing import Any

import pytest

from conformance.tenant import RecordedTenant
from tests.provider.conftest import Workspace

pytestmark = pytest.mark.terraform

ROLE = "a0000000-0000-4000-8000-000000000001"
OTHER_ROLE = "a0000000-0000-4000-8000-000000000002"
GLOBAL_READER = "f2ef992c-3afb-46b9-b7cf-a126ee74c451"
REPORTS_READER = "4a5d8f65-41da-4de4-8968-e035b65339cf"

USER: dict[str, Any] = {
    "display_name": "Account",
    "user_principal_name": "north.wind@contoso.onmicrosoft.com",
    "password": "Throw-away-1!",
    "account_enabled": False,
    "show_in_address_list": False,
    "lifecycle": {"ignore_changes": ["password"]},
}
APPLICATION: dict[str, Any] = {
    "display_name": "Portal",
    "app_role": [
        {
            "id": role_id,
            "allowed_member_types": ["User"],
            "description": name,
            "display_name": name,
            "value": name,
        }
        for role_id, name in ((ROLE, "Reader"), (OTHER_ROLE, "Writer"))
    ],
    "web": {"redirect_uris": ["https://portal.contoso.example/cb"]},
    "required_resource_access": {
        "resource_app_id": "00000003-0000-0000-c000-000000000000",
        "resource_access": {"id": "df021288-bdef-4463-88db-98f22de89214", "type": "Role"},
    },
}
POLICY: dict[str, Any] = {
    "display_name": "MFA",
    "state": "disabled",
    "conditions": {
        "client_app_types": ["all"],
        "applications": {"included_applications": ["All"]},
        "users": {"included_users": ["${azuread_user.a.object_id}"]},
    },
    "grant_controls": {"operator": "OR", "built_in_controls": ["mfa"]},
}
RESOURCES: dict[str, dict[str, dict[str, Any]]] = {
    "azuread_user": {"a": USER},
    "azuread_application": {"a": APPLICATION},
    "azuread_service_principal": {"a": {"client_id": "${azuread_application.a.client_id}"}},
    "azuread_app_role_assignment": {
        "a": {
            "app_role_id": ROLE,
            "principal_object_id": "${azuread_user.a.object_id}",
            "resource_object_id": "${azuread_service_principal.a.object_id}",
        }
    },
    "azuread_conditional_access_policy": {"a": POLICY},
    "azuread_directory_role_assignment": {
        "a": {"role_id": GLOBAL_READER, "principal_object_id": "${azuread_user.a.object_id}"}
    },
}


def _with(kind: str, **changes: Any) -> dict[str, Any]:
    return {"resource": {**RESOURCES, kind: {"a": {**RESOURCES[kind]["a"], **changes}}}}


@pytest.fixture
def applied(workspace: Workspace) -> Workspace:
    workspace.configure({"resource": RESOURCES})
    workspace.apply()
    return workspace


def test_everything_just_created_is_planned_without_changes(applied: Workspace) -> None:
    code, changes = applied.plan()

    assert code == 0
    assert {address: change["actions"] for address, change in changes.items()} == {
        f"{kind}.a": ["no-op"] for kind in RESOURCES
    }


def test_everything_forgotten_and_imported_by_its_id_is_what_it_was(applied: Workspace) -> None:
    applied.succeed("apply", "-refresh-only", "-auto-approve", "-no-color")
    before = applied.state()
    applied.succeed("state", "rm", *before)
    imports = [{"to": address, "id": values["id"]} for address, values in before.items()]
    applied.configure({"resource": RESOURCES, "import": imports})

    code, changes = applied.plan()

    assert {change["importing"]["id"] for change in changes.values()} == {item["id"] for item in imports}
    # What Graph never tells is in the configuration, and not in an imported state.
    assert {address for address, change in changes.items() if change["actions"] != ["no-op"]} == {
        "azuread_application.a",
        "azuread_user.a",
    } & {address for address, change in changes.items() if change["actions"] == ["update"]}
    assert code == 2
    applied.apply()
    imported = applied.state()
    unknown = {"azuread_user.a": {"password"}}
    for address, values in before.items():
        for name, value in values.items():
            if name not in unknown.get(address, set()):
                assert (imported[address][name] or None) == (value or None), f"{address}.{name}"
    assert applied.plan()[0] == 0


def test_import_by_an_id_of_another_form_is_refused_with_the_expected_form(workspace: Workspace) -> None:
    workspace.configure({"resource": RESOURCES})

    result = workspace.run("import", "-input=false", "-no-color", "azuread_user.a", "nonsense")

    assert result.returncode == 1
    assert "the number of segments didn't match" in " ".join(result.stderr.split())


def test_import_of_an_id_that_does_not_exist_is_refused(workspace: Workspace) -> None:
    workspace.configure({"resource": RESOURCES})

    result = workspace.run("import", "-no-color", "azuread_user.a", "/users/deadbeef-0000-4000-8000-000000000000")

    assert result.returncode == 1
    assert "non-existent remote object" in result.stderr


@pytest.mark.parametrize(
    ("kind", "collection", "outside", "attribute"),
    [
        ("azuread_user", "users", {"jobTitle": "Operator"}, "job_title"),
        ("azuread_application", "applications", {"notes": "by hand"}, "notes"),
        ("azuread_service_principal", "servicePrincipals", {"notes": "by hand"}, "notes"),
        ("azuread_conditional_access_policy", "identity/conditionalAccess/policies", {"state": "enabled"}, "state"),
    ],
)
def test_what_is_changed_outside_is_planned_back_and_then_stays(
    kind: str, collection: str, outside: dict[str, Any], attribute: str, applied: Workspace, tenant: RecordedTenant
) -> None:
    address = f"{kind}.a"
    wanted = applied.state()[address][attribute]
    tenant.act("PATCH", f"/v1.0/{collection}/{applied.state()[address]['object_id']}", outside)

    code, changes = applied.plan()

    assert code == 2
    changed = {name: change["actions"] for name, change in changes.items() if change["actions"] != ["no-op"]}
    assert changed == {address: ["update"]}
    assert (changes[address]["after"][attribute] or None) == (wanted or None)
    applied.apply()
    assert applied.plan()[0] == 0


def test_what_is_deleted_outside_is_planned_anew(applied: Workspace, tenant: RecordedTenant) -> None:
    addresses = ("azuread_app_role_assignment.a", "azuread_directory_role_assignment.a")
    for address in addresses:
        tenant.act("DELETE", f"/v1.0{applied.state()[address]['id']}", None)

    code, changes = applied.plan()

    assert code == 2
    assert {name for name, change in changes.items() if change["actions"] == ["create"]} == set(addresses)


@pytest.mark.parametrize(
    ("kind", "change", "path"),
    [
        ("azuread_app_role_assignment", {"app_role_id": OTHER_ROLE}, "app_role_id"),
        ("azuread_directory_role_assignment", {"role_id": REPORTS_READER}, "role_id"),
    ],
)
def test_change_that_cannot_be_made_in_place_replaces_the_object(
    kind: str, change: dict[str, Any], path: str, applied: Workspace
) -> None:
    before = applied.state()[f"{kind}.a"]["id"]
    applied.configure(_with(kind, **change))

    code, changes = applied.plan()

    assert code == 2
    assert changes[f"{kind}.a"]["actions"] == ["delete", "create"]
    assert changes[f"{kind}.a"]["replace_paths"] == [[path]]
    assert {name for name, item in changes.items() if item["actions"] != ["no-op"]} == {f"{kind}.a"}
    applied.apply()
    assert applied.state()[f"{kind}.a"]["id"] != before
    assert applied.plan()[0] == 0


def test_new_client_id_replaces_the_service_principal_and_what_hangs_on_it(applied: Workspace) -> None:
    resources = {
        **RESOURCES,
        "azuread_application": {"a": APPLICATION, "b": {**APPLICATION, "display_name": "Other"}},
        "azuread_service_principal": {"a": {"client_id": "${azuread_application.b.client_id}"}},
    }
    applied.configure({"resource": resources})

    _, changes = applied.plan()

    assert changes["azuread_service_principal.a"]["replace_paths"] == [["client_id"]]
    assert changes["azuread_app_role_assignment.a"]["actions"] == ["delete", "create"]


def test_first_refresh_after_a_creation_is_a_change_and_the_second_is_none(workspace: Workspace) -> None:
    workspace.configure({"resource": {"azuread_user": {"a": USER}}})
    workspace.apply()

    assert workspace.plan("-refresh-only")[0] == 2
    workspace.succeed("apply", "-refresh-only", "-auto-approve", "-no-color")
    assert workspace.plan("-refresh-only")[0] == 0


def test_update_of_a_user_sends_the_account_as_last_refreshed_and_no_password(
    applied: Workspace, tenant: RecordedTenant
) -> None:
    applied.configure(_with("azuread_user", job_title="Operator"))
    tenant.clear_journal()
    applied.apply()

    sent = [entry["body"] for entry in tenant.journal() if entry["method"] == "PATCH"]

    assert len(sent) == 1
    assert sent[0]["accountEnabled"] is False
    assert sent[0]["jobTitle"] == "Operator"
    assert "passwordProfile" not in sent[0]


def test_changed_app_role_is_disabled_before_it_is_changed(applied: Workspace, tenant: RecordedTenant) -> None:
    roles = [{**role, "description": "new"} for role in APPLICATION["app_role"]]
    applied.configure(_with("azuread_application", app_role=roles))
    tenant.clear_journal()
    applied.apply()

    sent = [entry["body"]["appRoles"] for entry in tenant.journal() if entry["method"] == "PATCH"]

    assert [[role["isEnabled"] for role in roles] for roles in sent] == [[False, False], [True, True]]
    assert {role["description"] for role in sent[1]} == {"new"}


def test_refused_update_of_a_user_leaves_the_state_as_it_was(applied: Workspace) -> None:
    name = "north.wind@unverified.contoso.example"
    applied.configure(_with("azuread_user", user_principal_name=name))

    result = applied.run("apply", "-auto-approve", "-no-color")

    assert result.returncode == 1
    assert "Could not update User" in result.stderr
    assert applied.state()["azuread_user.a"]["user_principal_name"] == USER["user_principal_name"]


def test_everything_destroyed_leaves_nothing_in_the_tenant(applied: Workspace, tenant: RecordedTenant) -> None:
    held = {values["object_id"] for values in applied.state().values() if "object_id" in values}
    applied.succeed("destroy", "-auto-approve", "-no-color")

    assert applied.state() == {}
    left = json.dumps({name: tenant.directory()[name] for name in ("users", "applications", "service_principals")})
    assert not [object_id for object_id in held if object_id in left]


@pytest.mark.parametrize(
    ("situation", "resource", "summary"),
    [
        ("no password", {"azuread_user": {"a": {**USER, "password": None}}}, "`password` is required"),
        (
            "a name on a domain that is not verified",
            {"azuread_user": {"a": {**USER, "user_principal_name": "a@unverified.contoso.example"}}},
            'Creating user "a@unverified.contoso.example"',
        ),
        (
            "a template from the gallery",
            {"azuread_application": {"a": {"display_name": "A", "template_id": ROLE}}},
            "gallery",
        ),
        (
            "an unknown role",
            {
                "azuread_directory_role_assignment": {
                    "a": {"role_id": ROLE, "principal_object_id": "deadbeef-0000-4000-8000-000000000000"}
                }
            },
            f'Assigning directory role "{ROLE}"',
        ),
    ],
)
def test_creation_that_cannot_be_is_refused_and_leaves_nothing_in_the_state(
    situation: str, resource: dict[str, Any], summary: str, workspace: Workspace
) -> None:
    workspace.configure({"resource": resource})

    result = workspace.run("apply", "-auto-approve", "-no-color")

    assert result.returncode == 1, situation
    assert summary in " ".join(result.stderr.replace("│", " ").split())
    assert workspace.state() == {}


def test_invalid_argument_is_refused_by_validate_at_its_place(bare_workspace: Workspace) -> None:
    bare_workspace.configure(
        _with("azuread_application", web={"redirect_uris": ["https://a.example/", "myapp://auth/"]})
    )

    result = bare_workspace.run("validate", "-json")

    (shown,) = json.loads(result.stdout)["diagnostics"]
    assert result.returncode == 1
    assert shown["summary"].startswith('unexpected URI scheme for "web.0.redirect_uris.')
    assert "redirect_uris" in shown["snippet"]["code"] or "myapp" in shown["snippet"]["code"]
