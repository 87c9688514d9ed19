"""A plan is made, approved by its hash and applied, that very file; whatever has changed since is refused."""

import json
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from scripts.rehearsal.scene import DEPLOY
from tests.life.delivery import Delivery
from tests.life.tenancy import Tenancy

pytestmark = pytest.mark.terraform

CANARY = "Aa1!"  # how every throw-away password begins


@pytest.fixture
def delivery(tenancy: Tenancy) -> Delivery:
    """Return a tenant that nothing was deployed to, with no plan of an earlier test."""
    return Delivery(tenancy)


def test_an_approved_plan_is_applied_once(delivery: Delivery) -> None:
    tenancy = delivery.tenancy
    drifted = json.loads(delivery.run("plan", "--drift", "--json", expect=1).stdout)
    assert drifted["drifted"]
    assert not delivery.folder.exists()

    made = delivery.plan()
    assert made["state"] is None
    assert made["counts"] == {"create": 7}
    assert made["grants"] == []
    assert not any("directory_role" in change["address"] for change in made["changes"])
    assert tenancy.writes() == []
    kept = {path.name: stat.S_IMODE(path.stat().st_mode) for path in delivery.folder.iterdir()}
    assert kept == dict.fromkeys(("manifest.json", "plan.json", "plan.tfplan"), 0o600)
    assert stat.S_IMODE(delivery.folder.stat().st_mode) == 0o700

    assert "not the one that was approved" in delivery.apply("0" * 64, expect=1)
    assert tenancy.writes() == []
    delivery.apply(made["plan_sha256"])
    assert not tenancy.holds_role()
    assert delivery.accounts() == 1
    before = len(tenancy.writes())
    assert "state has moved" in delivery.apply(made["plan_sha256"], expect=1)
    assert len(tenancy.writes()) == before

    assert delivery.run("plan", "--drift").stdout == "contoso: no changes\n"
    evidence = tenancy.scene.folder / "evidence" / "contoso"
    told = [json.loads(line) for file in sorted(evidence.glob("*.jsonl")) for line in file.read_text().splitlines()]
    assert {line["actor"] for line in told} == {tenancy.scene.environments[DEPLOY]["ARM_CLIENT_ID"]}
    applied = [line["verb"] for line in told if line["step"] == "apply"]
    assert applied == ["compared", "refused", "compared", "admitted", "applied", "compared", "refused"]
    assert CANARY not in json.dumps(told)


def test_whatever_moved_since_the_plan_was_approved_refuses_it(delivery: Delivery) -> None:
    tenancy = delivery.tenancy
    made = delivery.plan()
    approved = made["plan_sha256"]
    plan, manifest, file = (
        delivery.folder / "plan.tfplan",
        delivery.folder / "manifest.json",
        tenancy.scene.folder / "contoso.yaml",
    )

    with changed(plan, lambda content: content[:-1] + bytes([content[-1] ^ 1])):
        assert "not the one that was approved" in delivery.apply(approved, expect=1)
    with changed(file, lambda content: content.replace(b"display_name: Jordan Keller", b"display_name: Jo Keller")):
        said = delivery.apply(approved, expect=1)
        assert "tenant file or code have moved" in said
        assert "resource.azuread_user.service_account.display_name" in said
    until = datetime.fromisoformat(made["made_at"]) + timedelta(seconds=1)
    with changed(manifest, _with("valid_until", until.isoformat())):
        assert "the plan has expired" in delivery.apply(approved, expect=1)
    with changed(manifest, lambda content: content[:-40]):
        assert "was changed or cut off" in delivery.apply(approved, expect=1)
    assert tenancy.writes() == []

    # Somebody else's apply came first.
    tenancy.run_terraform("apply", "-auto-approve", "-target=terraform_data.latch", "-var=phase=prepared")
    assert "state has moved" in delivery.apply(approved, expect=1)
    assert tenancy.writes() == []


def test_a_plan_that_grants_the_role_is_told_of_and_never_applied(delivery: Delivery) -> None:
    tenancy = delivery.tenancy
    tenancy.run_terraform("apply", "-auto-approve")
    assert tenancy.holds_role()
    account = tenancy.account()["id"]
    control = tenancy.scene.control
    (held,) = control.act("GET", f"/v1.0/roleManagement/directory/roleAssignments?$filter=principalId eq '{account}'")[
        "value"
    ]
    control.act("DELETE", f"/v1.0/roleManagement/directory/roleAssignments/{held['id']}")

    made = delivery.plan(expect=1)
    assert len(made["grants"]) == 1
    assert "grants Global Administrator" in delivery.apply(made["plan_sha256"], expect=1)
    assert not tenancy.holds_role()


def test_an_apply_that_breaks_off_says_what_is_left_and_the_next_plan_goes_on(delivery: Delivery) -> None:
    tenancy = delivery.tenancy
    control = tenancy.scene.control
    made = delivery.plan()
    control.declare_faults({"route": "POST /applications", "status": 403, "code": "Forbidden", "message": "no"})
    said = delivery.apply(made["plan_sha256"], expect=1)
    assert "the apply ended half-way" in said
    control.clear_faults()

    rest = delivery.plan()
    assert 0 < rest["counts"]["create"] < 7
    delivery.apply(rest["plan_sha256"])
    assert delivery.plan()["is_empty"]
    assert delivery.accounts() == 1


def test_drift_that_cannot_be_told_is_no_drift_and_no_peace(delivery: Delivery) -> None:
    tenancy = delivery.tenancy
    tenancy.run_terraform("apply", "-auto-approve", "-var=phase=prepared")
    account = tenancy.account()["id"]
    tenancy.scene.control.act("PATCH", f"/v1.0/users/{account}", {"displayName": "Somebody else"})
    drifted = json.loads(delivery.run("plan", "--drift", "--json", expect=1).stdout)
    assert drifted["changes"] == [{"address": "azuread_user.service_account", "actions": ["update"]}]

    tenancy.scene.control.declare_faults({"route": "GET /users/{id}", "status": 403, "times": 99, "code": "Forbidden"})
    delivery.run("plan", "--drift", expect=3)
    tenancy.scene.control.clear_faults()


def test_what_is_no_plan_or_no_stack_is_bad_input(delivery: Delivery) -> None:
    assert "cannot be copied" in delivery.apply("0" * 64, "--plan", "nowhere", expect=2)
    assert "holds other things than a plan" in delivery.plan("--out", ".", expect=2)["said"]
    planted = delivery.tenancy.scene.stack / "more.tf"
    planted.write_text('output "more" {\n  value = 1\n}\n')
    try:
        assert "more.tf" in delivery.plan(expect=2)["said"]
    finally:
        planted.unlink()


def _with(name: str, value: str) -> Callable[[bytes], bytes]:
    return lambda content: json.dumps({**json.loads(content), name: value}).encode()


@contextmanager
def changed(path: Path, edit: Callable[[bytes], bytes]) -> Iterator[None]:
    """Give a file other content until the block ends."""
    content = path.read_bytes()
    path.write_bytes(edit(content))
    try:
        yield
    finally:
        path.write_bytes(content)
