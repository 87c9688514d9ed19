"""Tenants that differ from the rehearsal's, each through its whole life with no more permissions than it needs."""

import subprocess
from dataclasses import replace

import pytest

from sandbox.seed import VENDOR_APPLICATION_ID, Seed, SeedLicence
from scripts.rehearsal.scene import RETIRE
from steward.wellknown.permissions import MICROSOFT_GRAPH_APP_ID
from tests.life.conftest import MakeTenancy
from tests.life.tenancy import ROLE, Tenancy

pytestmark = pytest.mark.terraform


def live(tenancy: Tenancy) -> None:
    tenancy.deploy()
    tenancy.post_apply()
    assert not tenancy.holds_role()
    assert not tenancy.account()["accountEnabled"]
    assert f"{ROLE}[0]" not in tenancy.addresses_in_state()
    assert tenancy.plan() == {}
    before = len(tenancy.writes())
    tenancy.post_apply()
    assert len(tenancy.writes()) == before


def without(text: str, first: str, last: str) -> str:
    """Cut the section that starts with one key and ends before another."""
    return text[: text.index(f"{first}:")] + text[text.index(f"{last}:") :]


def vendors(text: str) -> str:
    text = without(text, "dashboard", "elevation").replace(
        "  display_name: CiraSync\n", f"  display_name: CiraSync\n  client_id: {VENDOR_APPLICATION_ID}\n"
    )
    return "".join(line for line in text.splitlines(keepends=True) if "redirect_uris" not in line)


def test_vendors_application(make_tenancy: MakeTenancy) -> None:
    tenancy = make_tenancy(edit=vendors)
    live(tenancy)
    roles, scopes = tenancy.grants()
    assert len(roles) == 3
    assert [sorted(scope.split()) for scope in scopes] == [["User.Read", "offline_access"]]


def test_vendors_application_that_the_tenant_knows_already(make_tenancy: MakeTenancy) -> None:
    tenancy = make_tenancy(edit=vendors)
    tenancy.scene.control.reset()
    act = tenancy.scene.control.act
    principal = act("POST", "/v1.0/servicePrincipals", {"appId": VENDOR_APPLICATION_ID})
    (graph,) = act("GET", f"/v1.0/servicePrincipals?$filter=appId eq '{MICROSOFT_GRAPH_APP_ID}'")["value"]
    (others,) = [role["id"] for role in graph["appRoles"] if role["value"] == "Group.Read.All"]
    grant = {"principalId": principal["id"], "resourceId": graph["id"], "appRoleId": others}
    act("POST", f"/v1.0/servicePrincipals/{principal['id']}/appRoleAssignments", grant)
    tenancy.run_terraform("apply", "-input=false", "-auto-approve")
    tenancy.post_apply(expect=frozenset({1}))
    assert len(tenancy.grants()[0]) == 4
    # Retired, it has what it had before.
    retired = subprocess.run(
        tenancy.scene.script("retire", "--yes"),
        cwd=tenancy.scene.folder,
        env=dict(tenancy.scene.environments[RETIRE]),
        capture_output=True,
        text=True,
        check=False,
    )
    assert retired.returncode == 0, retired.stderr
    assert f"left in the tenant as {principal['id']}" in retired.stdout
    left = act("GET", f"/v1.0/servicePrincipals/{principal['id']}/appRoleAssignments")["value"]
    assert [entry["appRoleId"] for entry in left] == [others]
    assert tenancy.addresses_in_state() == set()


def test_licence_is_assigned_once(make_tenancy: MakeTenancy) -> None:
    good = Seed()
    tenancy = make_tenancy(
        seed=replace(good, licences=(*good.licences, SeedLicence("EXCHANGESTANDARD", seats=1))),
        edit=lambda text: text.replace("  sign_in:", "  licences: [EXCHANGESTANDARD]\n  sign_in:"),
    )
    live(tenancy)
    assert len(tenancy.account()["assignedLicenses"]) == 1


def test_no_elevation_with_a_named_strength_and_consent_for_the_account_only(make_tenancy: MakeTenancy) -> None:
    tenancy = make_tenancy(
        elevation="none",
        edit=lambda text: text.replace("elevation:", 'mfa: {strength: "Phishing-resistant MFA"}\nelevation:').replace(
            "      scopes:", "      for: account\n      scopes:"
        ),
    )
    live(tenancy)
    assert len(tenancy.grants()[1]) == 1
