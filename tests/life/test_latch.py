"""What can ask for Global Administrator again, and what ends it when nobody came back: each tried with Terraform."""

import json
import os
import shutil
import signal
import subprocess
import time
from datetime import UTC, datetime

import pytest

from scripts.rehearsal.scene import DEPLOY
from tests.life.conftest import MakeTenancy
from tests.life.tenancy import LATCH, ROLE, Tenancy

pytestmark = pytest.mark.terraform

TURN = ("apply", "-json", "-input=false", "-auto-approve", f"-target={LATCH}", f"-replace={LATCH}", "-var=phase=sealed")


def test_sealed_tenant_grants_nothing_again(tenancy: Tenancy) -> None:
    tenancy.deploy()
    assert tenancy.holds_role()
    assert tenancy.plan() == {}, "a plain run within the window changes nothing"
    tenancy.post_apply()
    assert f"{ROLE}[0]" not in tenancy.addresses_in_state()
    for options in ((), ("-var=phase=privileged",)):
        tenancy.run_terraform("apply", "-input=false", "-auto-approve", *options)
        assert not tenancy.holds_role()
        assert tenancy.plan(*options) == {}


def test_window_that_is_over_ends_the_role_even_with_an_empty_break_glass_group(make_tenancy: MakeTenancy) -> None:
    tenancy = make_tenancy(window_minutes=1)
    tenancy.deploy()
    assert tenancy.holds_role()
    act = tenancy.scene.control.act
    (group,) = act("GET", "/v1.0/groups?$filter=displayName eq 'sg-breakglass'")["value"]
    for member in act("GET", f"/v1.0/groups/{group['id']}/members")["value"]:
        act("DELETE", f"/v1.0/groups/{group['id']}/members/{member['id']}/$ref")
    _wait_for_the_end(tenancy)
    assert tenancy.plan() == {f"{ROLE}[0]": ("delete",)}
    tenancy.run_terraform("apply", "-input=false", "-auto-approve")
    assert not tenancy.holds_role()
    assert tenancy.plan() == {}


@pytest.mark.parametrize("moment", ["apply_start", "apply_complete"])
def test_turn_that_is_killed_leaves_a_latch_and_grants_nothing_new(tenancy: Tenancy, moment: str) -> None:
    tenancy.deploy()
    with subprocess.Popen(
        [tenancy.terraform, *TURN],
        cwd=tenancy.scene.stack,
        env=dict(tenancy.scene.environments[DEPLOY]),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as turning:
        assert turning.stdout is not None
        for line in turning.stdout:
            if json.loads(line).get("type") == moment:
                os.kill(turning.pid, signal.SIGKILL)
                break
    if not tenancy.state_file.read_bytes():
        # Terraform empties a local state file before it writes it anew; a kill in between leaves its backup.
        shutil.copyfile(f"{tenancy.state_file}.backup", tenancy.state_file)
    planned = tenancy.plan()
    assert LATCH in tenancy.addresses_in_state()
    assert ("create",) not in [actions for address, actions in planned.items() if address.startswith(ROLE)]
    tenancy.post_apply()
    assert not tenancy.holds_role()
    assert tenancy.plan() == {}


def test_sealed_on_in_the_file_outlives_a_lost_state(tenancy: Tenancy) -> None:
    tenancy.deploy()
    tenancy.post_apply("--write-sealed-on")
    file = tenancy.scene.folder / "contoso.yaml"
    assert "sealed_on:" in file.read_text()
    before = file.read_text()
    tenancy.synthesize()
    try:
        assert tenancy.plan() == {}
        tenancy.state_file.unlink()
        planned = tenancy.plan("-var=phase=privileged")
        assert not [address for address in planned if address.startswith(ROLE)]
    finally:
        file.write_text("".join(line for line in before.splitlines(keepends=True) if "sealed_on:" not in line))
        tenancy.synthesize()


def test_elevation_none_never_grants_whatever_the_variable_says(make_tenancy: MakeTenancy) -> None:
    tenancy = make_tenancy(elevation="none")
    tenancy.deploy("-var=phase=privileged")
    assert not tenancy.holds_role()
    tenancy.post_apply()
    assert not tenancy.holds_role()
    assert tenancy.plan() == {}


def test_deploy_is_refused_while_the_break_glass_group_is_empty(tenancy: Tenancy) -> None:
    tenancy.scene.control.reset()
    for left in tenancy.scene.folder.glob("terraform.*"):
        left.unlink()
    act = tenancy.scene.control.act
    (group,) = act("GET", "/v1.0/groups?$filter=displayName eq 'sg-breakglass'")["value"]
    for member in act("GET", f"/v1.0/groups/{group['id']}/members")["value"]:
        act("DELETE", f"/v1.0/groups/{group['id']}/members/{member['id']}/$ref")
    refused = tenancy.run_terraform("plan", "-input=false", "-no-color", expect=frozenset({1}))
    assert "break-glass group has no member" in " ".join(refused.stderr.replace("│", " ").split())


def _wait_for_the_end(tenancy: Tenancy) -> None:
    state = json.loads(tenancy.run_terraform("state", "pull").stdout)
    (latch,) = [resource for resource in state["resources"] if resource["type"] == "terraform_data"]
    until = datetime.fromisoformat(latch["instances"][0]["attributes"]["input"]["value"]["until"])
    # The window's end is Terraform's own clock, which nothing can move: it is waited for.
    time.sleep(max(0.0, (until - datetime.now(UTC)).total_seconds()) + 1)
