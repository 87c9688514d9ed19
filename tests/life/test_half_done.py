"""A deploy whose request took effect and got no answer: preflight names what is there, and how it is taken in."""

import json
import re
import subprocess

import pytest

from scripts.rehearsal.scene import DEPLOY
from tests.life.tenancy import Tenancy
from tests.programs.running import run

pytestmark = pytest.mark.terraform


def _preflight(tenancy: Tenancy, *arguments: str) -> subprocess.CompletedProcess[str]:
    return run(
        tenancy.scene.script("preflight", *arguments),
        folder=tenancy.scene.folder,
        environment=tenancy.scene.environments[DEPLOY],
    )


@pytest.mark.parametrize(
    ("routes", "addresses"),
    [
        (["POST /users"], {"azuread_user.service_account"}),
        (
            ["POST /applications", "POST /identity/conditionalAccess/policies"],
            {"azuread_application.cirasync", "azuread_conditional_access_policy.mfa_for_service_account"},
        ),
        (["POST /servicePrincipals"], {"azuread_service_principal.cirasync"}),
        (
            ["POST /servicePrincipals/{id}/appRoleAssignedTo", "POST /roleManagement/directory/roleAssignments"],
            {
                "azuread_app_role_assignment.",
                "azuread_directory_role_assignment.global_administrator[0]",
            },
        ),
    ],
    ids=["account", "application and policy", "service principal", "assignments of roles"],
)
def test_what_the_state_does_not_know_is_named_and_taken_in_as_told(
    tenancy: Tenancy, routes: list[str], addresses: set[str]
) -> None:
    scene = tenancy.scene
    scene.control.reset()
    for left in scene.folder.glob("terraform.*"):
        left.unlink()
    scene.control.declare_faults(*({"route": route, "reset": True, "takes_effect": True} for route in routes))
    tenancy.run_terraform("apply", "-auto-approve", expect=frozenset({1}))
    scene.control.clear_faults()
    scene.control.clear_journal()
    told = _preflight(tenancy)
    assert told.returncode == 1, told.stdout
    assert tenancy.writes() == []
    (file,) = re.findall(r"--import-file (\S+) and", told.stderr)
    imports = scene.folder / file
    assert not imports.exists()
    assert _preflight(tenancy, "--import-file", file).returncode == 1
    named = [entry["to"] for entry in json.loads(imports.read_text())["import"]]
    assert all(any(known.startswith(address) for known in named) for address in addresses), told.stderr
    tenancy.run_terraform("apply", "-auto-approve", "-input=false")
    imports.unlink()
    assert _preflight(tenancy).returncode == 0
    assert tenancy.plan() == {}
