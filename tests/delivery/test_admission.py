"""What admits a plan, by one mutation of one good plan; nothing here runs Terraform."""

import copy
import io
import json
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from steward.config.loader import load_tenant
from steward.config.model import Tenant
from steward.delivery.applying import (
    require_agreement,
    require_in_time,
    require_kept_rules,
    require_no_grant,
    require_own,
    require_same_engine,
    require_same_stack,
    require_same_state,
    require_whole,
)
from steward.delivery.grants import find_grants
from steward.delivery.manifest import Manifest, ManifestEngine, ManifestState, read_manifest, render, write_private
from steward.delivery.plan_file import PlanFile, copy_hashed, hash_bytes, read_plan_file
from steward.delivery.planning import count_actions, list_changes, read_made_at
from steward.errored_state import StateVersion
from steward.errors import ConfigError, RefusedError, UnreadableError
from steward.review.plan import Plan, read_plan
from steward.review.rule import Severity
from steward.terraform import Engine
from steward.wellknown.permissions import known_permissions
from steward.wellknown.roles import GLOBAL_ADMINISTRATOR, directory_roles
from tests.config.good_file import write_tenant_file
from tests.review.plans import TODAY, after_at, document_of, mutated, tenant_of

MADE = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
STATE = StateVersion("one", 3)
STACK: dict[str, Any] = {
    "provider": {"azuread": [{"tenant_id": "8f4c1f0e-6f0a-4a8e-9d43-2f5b1c7e9a10"}]},
    "resource": {"azuread_user": {"service_account": {"display_name": "canary-value"}}},
}
ENGINE = Engine("Terraform", "1.11.4", "hashicorp/azuread 3.7.0")


def change(kind: str, name: str, after: dict[str, Any] | None, *actions: str) -> dict[str, Any]:
    body = {"actions": list(actions or ("create",)), "before": None, "after": after}
    return {"address": f"{kind}.{name}", "mode": "managed", "type": kind, "name": name, "change": body}


GOOD: dict[str, Any] = {
    "format_version": "1.2",
    "terraform_version": "1.11.4",
    "timestamp": "2026-11-23T08:00:00Z",
    "planned_values": {},
    "configuration": {},
    "complete": True,
    "errored": False,
    "resource_changes": [
        change("terraform_data", "latch", {"input": {"phase": "prepared", "until": "2026-11-23T09:00:00Z"}}),
        change("azuread_user", "service_account", {}),
        change("azuread_app_role_assignment", "reader", {"app_role_id": "0b2f3a64-6f1e-4c55-a9f7-0c1d2e3f4a5b"}),
    ],
}


@pytest.fixture
def tenant(tmp_path: Path) -> Tenant:
    return load_tenant(write_tenant_file(tmp_path))


def plan_with(**parts: Any) -> Plan:
    return read_plan(json.dumps({**copy.deepcopy(GOOD), **parts}).encode(), "plan.json")


def plan_with_change(*changes: dict[str, Any]) -> Plan:
    return plan_with(resource_changes=[*GOOD["resource_changes"], *changes])


def manifest_with(**parts: Any) -> Manifest:
    good = Manifest(
        tenant="contoso",
        tenant_id="8f4c1f0e-6f0a-4a8e-9d43-2f5b1c7e9a10",
        plan_sha256="a" * 64,
        stack_sha256=hash_bytes(json.dumps(STACK).encode()),
        commit=None,
        state=ManifestState(lineage="one", serial=3),
        engine=ManifestEngine(program="Terraform", version="1.11.4", provider="hashicorp/azuread 3.7.0"),
        made_at=MADE,
        valid_until=MADE + timedelta(hours=24),
    )
    return good.model_copy(update=parts)


def agree(tenant: Tenant, manifest: Manifest, **other: Any) -> None:
    inside = PlanFile(stack=json.dumps(STACK).encode(), state=STATE)
    require_agreement(manifest, **{"tenant": tenant, "sha256": "a" * 64, "inside": inside, "made_at": MADE, **other})


def test_good_plan_is_admitted(tenant: Tenant) -> None:
    plan, manifest = plan_with(), manifest_with()
    inside = PlanFile(stack=json.dumps(STACK).encode(), state=STATE)
    require_own(inside, tenant)
    require_same_stack(inside, json.dumps(STACK).encode())
    require_same_engine(plan, manifest, ENGINE)
    agree(tenant, manifest)
    require_in_time(MADE, manifest, valid_hours=24, now=MADE + timedelta(hours=23, minutes=59))
    require_whole(plan, GOOD)
    require_no_grant(plan)
    require_same_state(STATE, STATE)
    assert count_actions(list_changes(plan)) == {"create": 3}
    assert read_made_at(json.dumps(GOOD).encode()) == MADE


@pytest.mark.parametrize(
    ("parts", "named"),
    [
        ({"tenant": "other"}, "tenant"),
        ({"tenant_id": "x"}, "tenant_id"),
        ({"plan_sha256": "b" * 64}, "plan_sha256"),
        ({"stack_sha256": "b" * 64}, "stack_sha256"),
        ({"state": None}, "state"),
        ({"state": ManifestState(lineage="one", serial=4)}, "state"),
        ({"made_at": MADE + timedelta(seconds=1)}, "made_at"),
        ({"valid_until": MADE}, "valid_until"),
    ],
)
def test_a_manifest_that_says_otherwise_than_the_plan_is_refused(
    tenant: Tenant, parts: dict[str, Any], named: str
) -> None:
    with pytest.raises(RefusedError, match="does not belong to this plan") as caught:
        agree(tenant, manifest_with(**parts))
    assert named in caught.value.why


@pytest.mark.parametrize(
    "stack",
    [{"provider": {"azuread": [{"tenant_id": "another"}]}}, {"provider": {}}, {"provider": {"azuread": []}}, []],
)
def test_a_plan_for_another_tenant_is_refused(tenant: Tenant, stack: object) -> None:
    with pytest.raises(RefusedError, match="another tenant's"):
        require_own(PlanFile(stack=json.dumps(stack).encode(), state=None), tenant)


def test_a_moved_stack_is_told_by_its_keys_and_not_by_its_values() -> None:
    other = copy.deepcopy(STACK)
    other["resource"]["azuread_user"]["service_account"]["display_name"] = "other-canary"
    inside = PlanFile(stack=json.dumps(STACK).encode(), state=None)
    with pytest.raises(RefusedError, match="have moved") as caught:
        require_same_stack(inside, json.dumps(other).encode())
    assert "resource.azuread_user.service_account.display_name" in caught.value.why
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    "engine",
    [
        Engine("Terraform", "1.12.0", "hashicorp/azuread 3.7.0"),
        Engine("OpenTofu", "1.11.4", "hashicorp/azuread 3.7.0"),
        Engine("Terraform", "1.11.4", "hashicorp/azuread 3.7.0 (rehearsal)"),
    ],
)
def test_another_engine_is_refused(engine: Engine) -> None:
    with pytest.raises(RefusedError, match="another Terraform or provider"):
        require_same_engine(plan_with(), manifest_with(), engine)


@pytest.mark.parametrize(
    ("now", "hours", "until"),
    [
        (MADE + timedelta(hours=24), 24, 24),
        (MADE + timedelta(hours=2), 1, 24),
        (MADE + timedelta(hours=2), 24, 1),
        (MADE - timedelta(minutes=6), 24, 24),
    ],
    ids=["at its end", "allowed for less here", "made for less", "from the future"],
)
def test_a_plan_out_of_its_time_is_refused(now: datetime, hours: int, until: int) -> None:
    with pytest.raises(RefusedError):
        require_in_time(MADE, manifest_with(valid_until=MADE + timedelta(hours=until)), valid_hours=hours, now=now)


@pytest.mark.parametrize("now", [None, StateVersion("one", 4), StateVersion("two", 3)])
def test_a_moved_state_is_refused(now: StateVersion | None) -> None:
    with pytest.raises(RefusedError, match="state has moved"):
        require_same_state(STATE, now)


@pytest.mark.parametrize("parts", [{"errored": True}, {"complete": False}, {"action_invocations": [{"address": "a"}]}])
def test_a_plan_that_is_not_whole_is_refused(parts: dict[str, Any]) -> None:
    with pytest.raises(RefusedError, match="not a whole one"):
        require_whole(plan_with(**parts), {**GOOD, **parts})


ROLE = "azuread_directory_role_assignment"
HARMLESS_ROLE = next(role.template_id for role in directory_roles().values() if not role.is_privileged)
ESCALATING = next(
    each.application_id for each in known_permissions().values() if each.escalation and each.application_id
)


@pytest.mark.parametrize(
    "granting",
    [
        change(ROLE, "global_administrator", {"role_id": GLOBAL_ADMINISTRATOR}),
        change(ROLE, "global_administrator", {"role_id": GLOBAL_ADMINISTRATOR.upper()}, "delete", "create"),
        change(ROLE, "custom", {"role_id": "11111111-0000-4000-8000-000000000000"}),
        change(ROLE, "unknown", {}),
        change("azuread_directory_role_member", "a", {"role_object_id": "a"}),
        change("azuread_directory_role_eligibility_schedule_request", "a", {}),
        change("azuread_privileged_access_group_assignment_schedule", "a", {}),
        change("azuread_group_member", "a", {}),
        change("azuread_service_principal_password", "a", {}),
        change("terraform_data", "latch", {"input": {"phase": "privileged"}}, "create", "delete"),
        change("terraform_data", "latch", {"input": {"phase": "privileged"}}, "update"),
        change("terraform_data", "latch", {}),
        change("terraform_data", "latch", {"input": "privileged"}),
        change("azuread_app_role_assignment", "a", {"app_role_id": ESCALATING}),
        change("azuread_app_role_assignment", "a", {}),
    ],
)
def test_a_plan_that_grants_or_might_is_refused(granting: dict[str, Any]) -> None:
    with pytest.raises(RefusedError, match="grants privilege") as caught:
        require_no_grant(plan_with_change(granting))
    assert granting["address"] in caught.value.why


@pytest.mark.parametrize(
    "harmless",
    [
        change(ROLE, "global_administrator", None, "delete"),
        change(ROLE, "global_administrator", {"role_id": GLOBAL_ADMINISTRATOR}, "no-op"),
        change(ROLE, "global_administrator", None, "forget"),
        change(ROLE, "other", {"role_id": HARMLESS_ROLE}),
        change("terraform_data", "latch", {"input": {"phase": "sealed"}}, "create", "delete"),
        {**change("azuread_group_member", "a", {}, "read"), "mode": "data"},
    ],
)
def test_a_plan_that_takes_away_or_leaves_is_no_grant(harmless: dict[str, Any]) -> None:
    assert find_grants(plan_with_change(harmless)) == ()


def archive(edit: Callable[[dict[str, bytes]], object] = lambda _: None, *, twice: str | None = None) -> bytes:
    members = {
        "tfplan": b"x",
        "tfstate": json.dumps({"lineage": "one", "serial": 3}).encode(),
        "tfconfig/m-/cdk.tf.json": json.dumps(STACK).encode(),
        "tfconfig/modules.json": b"[]",
    }
    edit(members)
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as opened:
        for name, content in members.items():
            opened.writestr(name, content)
        if twice:
            with pytest.warns(UserWarning, match="Duplicate name"):
                opened.writestr(twice, b"{}")
    return made.getvalue()


def test_what_a_plan_file_was_made_from_is_read_from_itself(tmp_path: Path) -> None:
    (tmp_path / "plan").write_bytes(archive())
    assert read_plan_file(tmp_path / "plan", name="plan") == PlanFile(json.dumps(STACK).encode(), STATE)
    (tmp_path / "first").write_bytes(archive(lambda members: members.update(tfstate=b'{"lineage": "", "serial": 0}')))
    assert read_plan_file(tmp_path / "first", name="first").state is None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        archive()[:-30],
        archive(lambda members: members.pop("tfstate")),
        archive(lambda members: members.pop("tfconfig/m-/cdk.tf.json")),
        archive(lambda members: members.update(tfstate=b"{")),
        archive(twice="tfconfig/m-/cdk.tf.json"),
        archive(twice="tfstate"),
    ],
)
def test_a_file_that_does_not_say_what_it_was_made_from_is_not_admitted(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "plan").write_bytes(content)
    with pytest.raises(UnreadableError):
        read_plan_file(tmp_path / "plan", name="plan")


@pytest.mark.parametrize("name", ["tfconfig/m-/override.tf", "tfconfig/m-/import.tf.json", "tfconfig/m-child/main.tf"])
def test_a_plan_of_more_than_the_stack_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "plan").write_bytes(archive(lambda members: members.update({name: b"{}"})))
    with pytest.raises(RefusedError, match="more than"):
        read_plan_file(tmp_path / "plan", name="plan")


def test_a_manifest_comes_back_as_it_was_written(tmp_path: Path) -> None:
    write_private(tmp_path / "manifest.json", render(manifest_with()))
    assert read_manifest(tmp_path) == manifest_with()
    assert (tmp_path / "manifest.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "edit",
    [
        lambda text: text[:-20],
        lambda text: text.replace('"format": 1', '"format": 2'),
        lambda text: text.replace('"tenant": "contoso",', ""),
        lambda text: text.replace('"commit": null', '"commit": null, "canary": "value"'),
        lambda text: text.replace("a" * 64, "canary"),
        lambda text: text.replace("2026-11-23T08:00:00Z", "2026-11-23T08:00:00"),
        lambda text: text + " " * 70_000 + "}",
        lambda _: "",
    ],
)
def test_a_manifest_that_was_changed_is_refused_without_repeating_it(
    tmp_path: Path, edit: Callable[[str], str]
) -> None:
    (tmp_path / "manifest.json").write_text(edit(render(manifest_with()).decode()))
    with pytest.raises(RefusedError, match="no manifest of a plan") as caught:
        read_manifest(tmp_path)
    assert "value" not in str(caught.value)


def test_a_folder_without_manifest_holds_no_plan(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="holds no plan"):
        read_manifest(tmp_path)


def test_what_is_hashed_is_what_is_copied(tmp_path: Path) -> None:
    (tmp_path / "plan").write_bytes(b"content")
    assert copy_hashed(tmp_path / "plan", tmp_path / "copy") == hash_bytes(b"content")
    assert (tmp_path / "copy").read_bytes() == b"content"
    assert (tmp_path / "copy").stat().st_mode & 0o777 == 0o600
    with pytest.raises(ConfigError):
        copy_hashed(tmp_path / "plan", tmp_path / "copy")


@pytest.mark.parametrize("timestamp", ["", "soon", "2026-11-23T08:00:00", None])
def test_a_plan_without_a_date_is_not_admitted(timestamp: str | None) -> None:
    with pytest.raises(UnreadableError):
        read_made_at(json.dumps({**GOOD, "timestamp": timestamp}).encode())


def _reviewed(document: dict[str, Any]) -> Plan:
    return read_plan(json.dumps(document).encode(), "plan.json")


@pytest.mark.parametrize("situation", ["new_tenant", "no_change", "permission_added", "login_changed"])
def test_a_plan_that_passes_its_review_is_admitted(situation: str) -> None:
    require_kept_rules(_reviewed(document_of(situation)), tenant_of(situation), fail_on=Severity.MEDIUM, today=TODAY)


@pytest.mark.parametrize(
    ("situation", "rule"),
    [("policy_disabled", "mfa_policy_in_force"), ("exclusion_added", "mfa_policy_excludes_break_glass_only")],
)
def test_a_plan_that_the_review_refuses_is_refused_whatever_the_approved_comment_said(
    situation: str, rule: str
) -> None:
    plan, tenant = _reviewed(document_of(situation)), tenant_of(situation)
    with pytest.raises(RefusedError, match="the review refuses the plan") as refused:
        require_kept_rules(plan, tenant, fail_on=Severity.MEDIUM, today=TODAY)
    assert rule in refused.value.why
    require_kept_rules(plan, tenant, fail_on=None, today=TODAY)


def test_a_plan_of_which_a_rule_cannot_tell_is_refused_and_no_value_is_repeated() -> None:
    def spoil(document: dict[str, Any]) -> None:
        after_at(document, "azuread_user.service_account")["password"] = "canary-password"

    plan, tenant = _reviewed(mutated("no_change", spoil)), tenant_of("no_change")
    with pytest.raises(RefusedError) as refused:
        require_kept_rules(plan, tenant, fail_on=Severity.CRITICAL, today=TODAY)
    assert "password_is_no_literal" in refused.value.why
    assert "canary" not in str(refused.value)
    nobody = tenant.model_copy(update={"deployer": None})
    with pytest.raises(RefusedError, match="the review refuses") as untold:
        require_kept_rules(_reviewed(document_of("no_change")), nobody, fail_on=None, today=TODAY)
    assert "owners_are_the_deployer could not tell" in untold.value.why
