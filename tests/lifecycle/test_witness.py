"""An account that cannot be read: nothing is asked about, or taken from, an id that Terraform's state alone names."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from steward.evidence import EvidenceFile, find_account_id
from steward.facts import Facts, RoleHoldings, Unreadable
from steward.graph import reads, roles
from steward.graph.session import GraphSession
from steward.lifecycle.reader import FactReader, StackMemory
from steward.lifecycle.sightings import RoleSightings
from steward.wellknown.account import STAMP
from tests.lifecycle import situation as s

LOGIN = s.ACCOUNT.login
SOMEBODY_ID = "bbbbbbbb-0000-4000-8000-000000000009"
UNREADABLE = Unreadable(f"the account {LOGIN}", "503")


def write_sighting(folder: Path, object_id: str, stamp: str | None = STAMP, login: str = LOGIN) -> None:
    with EvidenceFile(folder, actor="app", about={"tenant": "contoso", "tenant_id": s.TENANT.tenant.id}) as evidence:
        evidence.record("close", "saw", "", {"account": {"object_id": object_id, "login": login, "stamp": stamp}})


@pytest.mark.parametrize("stamp", [None, "Somebody else's service account"])
def test_whoever_had_the_login_without_our_stamp_is_no_witness(tmp_path: Path, stamp: str | None) -> None:
    write_sighting(tmp_path, s.ACCOUNT_ID)
    write_sighting(tmp_path, SOMEBODY_ID, stamp)
    assert find_account_id(tmp_path, LOGIN.upper()) == s.ACCOUNT_ID
    write_sighting(tmp_path, SOMEBODY_ID)
    assert find_account_id(tmp_path, LOGIN) == SOMEBODY_ID


def read(monkeypatch: pytest.MonkeyPatch, evidence: Path) -> tuple[Facts, list[Any]]:
    """Read what closing asks for while nobody's account can be read; return it with the ids that were asked about."""
    asked: list[Any] = []

    async def read_account(*_: Any, **__: Any) -> Unreadable:
        return UNREADABLE

    async def read_roles(_: Any, principal_id: str, *__: Any, **___: Any) -> RoleHoldings:
        asked.append(principal_id)
        return RoleHoldings(held=(s.GLOBAL_ADMIN,))

    async def read_others(_: Any, account_id: str | None) -> tuple[str, ...]:
        asked.append(account_id)
        return ("breakglass@contoso.example",)

    monkeypatch.setattr(reads, "read_account", read_account)
    monkeypatch.setattr(roles, "read_roles", read_roles)
    monkeypatch.setattr(reads, "read_other_holders", read_others)
    monkeypatch.setattr(reads, "read_other_administrators", None)
    tenant = s.TENANT.model_copy(update={"evidence": evidence})
    memory = StackMemory(s.PRIVILEGED_STACK)
    reader = FactReader(cast("GraphSession", None), None, tenant, RoleSightings(), memory=memory)
    return asyncio.run(reader.read(["account", "roles", "other_administrators"])), asked


def test_state_and_evidence_that_agree_tell_whose_roles_are_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    write_sighting(tmp_path / "contoso", s.ACCOUNT_ID)
    facts, asked = read(monkeypatch, tmp_path)
    assert asked == [s.ACCOUNT_ID, s.ACCOUNT_ID]
    assert facts.roles == RoleHoldings(held=(s.GLOBAL_ADMIN,), unreadable=(UNREADABLE,))
    assert facts.other_administrators == ("breakglass@contoso.example",)


@pytest.mark.parametrize("seen", [[], [SOMEBODY_ID]])
def test_id_that_the_state_alone_names_is_nobodys(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, seen: list[str]
) -> None:
    for object_id in seen:
        write_sighting(tmp_path / "contoso", object_id)
    facts, asked = read(monkeypatch, tmp_path)
    assert asked == []
    assert facts == replace(facts, account=UNREADABLE, roles=UNREADABLE, other_administrators=UNREADABLE)
