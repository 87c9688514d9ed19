"""Export and import: a tenant as one JSON value, and back."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sandbox.control import Control, ControlError
from sandbox.seed import Seed, SeedIdentity, SeedUser
from sandbox.server import start
from tests.sandbox.conftest import SEED, Tenant, create_user


def test_exported_tenant_loads_equal(tenant: Tenant) -> None:
    client = tenant.client("administer")
    user = create_user(client, accountEnabled=True)
    client.delete("/v1.0/users/kim.berg@contoso.example")
    tenant.control.set_clock("2027-03-01T12:00:00Z")
    tenant.control.freeze_clock()
    exported = json.loads(json.dumps(tenant.control.export()))
    before, identities = tenant.control.snapshot(), tenant.control.identities()
    tenant.control.reseed(SEED)
    assert tenant.control.snapshot() != before
    assert tenant.control.load(exported) == identities
    assert tenant.control.snapshot() == before
    assert tenant.control.export() == exported
    assert tenant.control.clock()["running"] is False
    assert tenant.control.try_password(user["userPrincipalName"], "Kelp-9-lantern")["valid"]
    assert tenant.client("administer").get(f"/v1.0/users/{user['id']}").status_code == 200


def test_export_holds_no_secret_but_hashes(tenant: Tenant) -> None:
    people = (*Seed().users, SeedUser("ina.roth@contoso.example", "Ina Roth", password="Quill-4-harbour"))
    tenant.reseed(
        users=people, identities=(SeedIdentity("named", client_secret="Moss-7-anchor-long"), *SEED.identities)
    )
    create_user(tenant.client("administer"))
    text = json.dumps(tenant.control.export())
    for secret in (
        "Quill-4-harbour",
        "Moss-7-anchor-long",
        "Kelp-9-lantern",
        tenant.running.identities["administer"].client_secret,
    ):
        assert secret not in text


def test_export_loaded_elsewhere_gives_identities_secrets_to_sign_in_with(tenant: Tenant, tmp_path: Path) -> None:
    create_user(tenant.client("administer"))
    exported = tenant.control.export()
    with start(tmp_path, Seed()) as other, Control(other.base_url, other.ca_file) as control:
        identities = control.load(exported)
        assert control.tenants()[0]["tenantId"] == tenant.running.tenant_id
        assert identities["administer"]["client_secret"] != tenant.running.identities["administer"].client_secret
        visitor = Tenant(other)
        assert visitor.client("administer").get("/v1.0/users/mara.holt@contoso.example").status_code == 200
        visitor.close()
        again = control.export()
    for each in (exported, again):
        each["directory"].pop("secret_hashes")
        for log in ("audit_entries", "sign_in_entries"):
            each["directory"].pop(log, None)
    assert again == exported


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda value: {**value, "format": "sandbox tenant 0"}, "format"),
        (lambda value: {name: each for name, each in value.items() if name != "directory"}, "directory"),
        (lambda value: {**value, "directory": {**value["directory"], "widgets": {}}}, "widgets"),
        (lambda value: {**value, "directory": {**value["directory"], "users": []}}, "directory.users"),
        (lambda value: {**value, "directory": {**value["directory"], "users": {"x": 1}}}, "directory.users.x"),
        (lambda value: {**value, "directory": {"tenant_id": "x"}}, "directory"),
        (lambda value: {**value, "seed": {"tenant_nme": "x"}}, "tenant_nme"),
        (lambda value: {**value, "clock": {"offset_seconds": "x", "frozen_at": None}}, "offset_seconds"),
        (lambda value: {**value, "clock": {"offset_seconds": 0, "frozen_at": "noon"}}, "noon"),
        (lambda value: {**value, "identities": {"a": {"client_id": "x"}}}, "export.identities.a"),
    ],
)
def test_export_that_cannot_be_read_is_refused_and_changes_nothing(
    tenant: Tenant, change: Callable[[dict[str, Any]], dict[str, Any]], named: str
) -> None:
    before = tenant.control.snapshot()
    with pytest.raises(ControlError, match="400") as refused:
        tenant.control.load(change(tenant.control.export()))
    assert named in str(refused.value)
    assert tenant.control.snapshot() == before
