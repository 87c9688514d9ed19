"""What a run remembers of an application's grants, and which application it asks about where the state was lost."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from steward.evidence import EvidenceFile, describe_tenant
from steward.facts import Absent, Facts, GrantedBefore, NoClient, Reading, StackState, Unreadable, UserState
from steward.graph import reads
from steward.graph.session import GraphSession
from steward.lifecycle.first_grants import FirstGrants
from steward.lifecycle.reader import FactReader, StackMemory
from steward.lifecycle.sightings import RoleSightings
from steward.wellknown.account import STAMP
from tests.lifecycle import situation as s
from tests.lifecycle.test_consent_in_browser import EXTRA, NOW, OWN, VENDORS

CLIENT = "client-app"
NAMES_NONE = replace(s.PRIVILEGED_STACK, application_client_id=None)
LOST = Absent("the state")
UNREADABLE = Unreadable("the account", "503")
# What the tenant file calls it; evidence has to name that.
NAMED = replace(EXTRA, client=replace(EXTRA.client, name=OWN.application.display_name))


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


@pytest.fixture
def first_grants(tmp_path: Path) -> FirstGrants:
    return FirstGrants(VENDORS.model_copy(update={"evidence": tmp_path}))


def look(first_grants: FirstGrants, seconds: float, grants: Any) -> GrantedBefore:
    return first_grants.look(s.ACCOUNT_ID, CLIENT, grants, after(seconds))


def test_all_that_two_looks_showed_is_from_before(first_grants: FirstGrants) -> None:
    look(first_grants, 0, NoClient("nothing yet"))
    look(first_grants, 6, EXTRA)
    first_grants.let_consent(after(7))
    first_grants.let_consent(after(8))
    found = look(first_grants, 9, s.GRANTS)
    assert found.ids is not None
    assert {"role-grant-1", "role-grant-2"} <= found.ids
    assert (found.is_owed, found.trouble, found.let_at, found.looking_since) == (True, "", after(8), after(9))


@pytest.mark.parametrize("seconds", [0, 4])
def test_looks_too_close_to_each_other_leave_nothing_to_go_by(first_grants: FirstGrants, seconds: float) -> None:
    look(first_grants, 0, NoClient("nothing yet"))
    look(first_grants, seconds, NoClient("nothing yet"))
    first_grants.let_consent(after(7))
    first_grants.let_consent(after(60))
    found = look(first_grants, 90, EXTRA)
    assert found.ids is None
    assert found.trouble


def test_looks_agree_from_the_first_that_showed_the_same(first_grants: FirstGrants) -> None:
    for seconds, grants in ((0, EXTRA), (2, s.GRANTED), (4, UNREADABLE)):
        look(first_grants, seconds, grants)
    found = look(first_grants, 6, s.GRANTED)
    assert (found.looking_since, found.agreeing_since, found.looked_at) == (after(0), after(2), after(6))


class Silence:
    """A session that nothing is asked of."""

    answers: tuple[()] = ()
    caller = Unreadable("the caller", "nobody asks")

    def now(self) -> datetime:
        return NOW


@pytest.fixture
def remembered(tmp_path: Path) -> Path:
    account = {"object_id": s.ACCOUNT_ID, "login": s.ACCOUNT.login, "stamp": STAMP}
    stack = {"application_client_id": CLIENT}
    with EvidenceFile(tmp_path / OWN.name, actor="app", about=describe_tenant(OWN)) as evidence:
        evidence.record("consent", "saw", "", {"account": account, "stack": stack})
        evidence.record("elevate", "intends", "", {"act": "RequestRoleSchedule"})
    return tmp_path


def read(
    monkeypatch: pytest.MonkeyPatch,
    evidence: Path,
    stack: Reading[StackState],
    account: Reading[UserState] = s.ACCOUNT,
) -> tuple[Facts, list[str]]:
    """Read what trim asks for; return it with the applications that were asked about."""
    asked: list[str] = []

    async def read_account(*_: Any, **__: Any) -> Reading[UserState]:
        return account

    async def read_grants(_: Any, client_id: str, *__: Any, **___: Any) -> Any:
        asked.append(client_id)
        return NAMED

    monkeypatch.setattr(reads, "read_account", read_account)
    monkeypatch.setattr(reads, "read_grants", read_grants)
    tenant = OWN.model_copy(update={"evidence": evidence})
    reader = FactReader(
        cast("GraphSession", Silence()), None, tenant, RoleSightings(), memory=StackMemory(cast("Any", stack))
    )
    return asyncio.run(reader.read(["account", "known_grants", "granted_before"])), asked


@pytest.mark.parametrize("stack", [LOST, NAMES_NONE, Unreadable("the state", "locked")])
def test_state_that_names_no_application_is_not_believed_over_evidence(
    monkeypatch: pytest.MonkeyPatch, remembered: Path, stack: Reading[StackState]
) -> None:
    facts, asked = read(monkeypatch, remembered, stack)
    assert asked == [CLIENT]
    assert facts.known_grants == NAMED
    assert isinstance(facts.granted_before, GrantedBefore)
    assert facts.granted_before.is_owed


def test_only_a_state_that_is_there_shows_that_there_is_no_application(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    facts, asked = read(monkeypatch, tmp_path, NAMES_NONE)
    assert isinstance(facts.known_grants, Absent)
    facts, asked = read(monkeypatch, tmp_path, LOST)
    assert isinstance(facts.known_grants, Unreadable)
    assert asked == []


def test_account_that_cannot_be_read_keeps_what_is_owed(monkeypatch: pytest.MonkeyPatch, remembered: Path) -> None:
    facts, _ = read(monkeypatch, remembered, LOST, UNREADABLE)
    assert isinstance(facts.granted_before, GrantedBefore)
    assert facts.granted_before.is_owed
