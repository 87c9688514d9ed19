"""Whether papers take the proof of one account, or of one file, for that of another."""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from scripts import confirm, evidence_bundle, handover, status, verify_evidence
from steward.config.loader import load_tenant
from steward.papers.bundle import make_bundle
from steward.papers.handover import Sheet, make_sheet
from steward.papers.record import read_record_of
from steward.papers.standing import State
from steward.papers.status import make_row
from tests.config.good_file import GOOD, mutate, write_tenant_file
from tests.papers.conftest import record_of
from tests.papers.lives import (
    ABSENT,
    ACCOUNT_ID,
    AT_DEPLOY,
    BEGAN,
    CONTACTS_READ_WRITE,
    ENGINE,
    FULL_ACCESS_AS_APP,
    Line,
    account,
    act,
    confirmed,
    grants,
    latch,
    saw,
    write_run,
)

LATER = BEGAN + timedelta(days=1)
LOGIN = "login: j.keller@contoso.com"
OTHER_LOGIN = "login: zz.topper@contoso.com"
ENDED: Line = (9, "run", "ended", "", {"exit_code": 0})
ANOTHER = {**account(is_enabled=True), "object_id": ACCOUNT_ID.replace("0", "1")}
CLOSED = (
    saw(0, "close", account=ANOTHER, roles=ABSENT),
    confirmed(1, "close"),
    saw(2, "shut", account=ANOTHER, roles=ABSENT),
    confirmed(3, "shut"),
    ENDED,
)
RETIRED: tuple[Line, ...] = (
    saw(0, "destroy", account=account(is_enabled=False), roles=ABSENT),
    *act(1, "destroy", "DestroyStack", "destroyed", "contoso"),
    saw(2, "remains", account="absent"),
    confirmed(3, "remains"),
    ENDED,
)


def sheet_of(tmp_path: Path, text: str = GOOD) -> Sheet:
    tenant = load_tenant(write_tenant_file(tmp_path, text))
    return make_sheet(tenant, read_record_of(tenant))


def evidence_of(tmp_path: Path) -> Path:
    return tmp_path / "project" / "evidence" / "contoso"


def codes(tmp_path: Path, text: str = GOOD) -> set[int]:
    """The exit codes of the programs that take a proof for good."""
    file = str(write_tenant_file(tmp_path, text))
    papers = ["--folder", str(tmp_path / "papers")]
    return {
        int(status.main([file])),
        int(handover.main([file, *papers])),
        int(evidence_bundle.main([file, *papers])),
        int(confirm.main([file, "own-sign-in", "--by", "Jane Doe"])),
    }


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (LOGIN, OTHER_LOGIN, "the evidence is about j.keller@contoso.com, and the tenant file about zz.topper"),
        ("      - Contacts.ReadWrite\n", "      - Mail.ReadWrite\n", "Contacts.ReadWrite, application Mail.ReadWrite"),
        ("      - Contacts.ReadWrite\n", "", "application Contacts.ReadWrite"),
        ("scopes: [User.Read]", "scopes: [User.Read, Mail.Read]", "delegated Mail.Read"),
        ("for: all_principals", "for: account", "delegated User.Read"),
    ],
)
def test_file_that_was_edited_since_is_not_what_was_verified(
    tmp_path: Path, folder: Path, old: str, new: str, told: str
) -> None:
    assert sheet_of(tmp_path).standing.state is State.SEALED
    text = mutate(old, new)
    sheet = sheet_of(tmp_path, text)
    assert sheet.standing.state is State.UNFINISHED
    assert told in sheet.standing.why
    assert "post_apply.py" in sheet.standing.next_move
    assert not any("no more than was declared" in done.what for done in sheet.done)
    assert "sealed_on" not in make_row(sheet.tenant, record_of(folder), date(2026, 11, 23)).next_move
    assert codes(tmp_path, text) == {1}


@pytest.mark.parametrize(("name", "value"), [("sign_in", "allowed"), ("elevation", "scheduled")])
def test_file_that_asked_for_something_else_when_it_was_verified_says_so(tmp_path: Path, name: str, value: str) -> None:
    asked = {"elevation": "at_deploy", "sign_in": "blocked"}
    write_run(evidence_of(tmp_path), AT_DEPLOY, about={"asked": asked})
    assert sheet_of(tmp_path).standing.state is State.SEALED
    write_run(evidence_of(tmp_path), AT_DEPLOY, began=LATER, number=2, about={"asked": {**asked, name: value}})
    standing = sheet_of(tmp_path).standing
    assert standing.state is State.UNFINISHED
    assert f"{name}: {value}, now {asked[name]}" in standing.why


def test_login_in_other_letters_is_the_same(tmp_path: Path, folder: Path) -> None:
    look = saw(0, "guard", account=account(is_enabled=False, login="J.Keller@Contoso.com"), roles=ABSENT)
    write_run(folder, (look, confirmed(1, "guard"), ENDED), began=LATER, number=2)
    assert sheet_of(tmp_path).standing.state is State.SEALED


def test_grants_of_another_application_are_not_the_files(tmp_path: Path, folder: Path) -> None:
    assert folder.is_dir()
    text = mutate("  display_name: CiraSync\n", "  display_name: CiraSync\n  client_id: {}\n")
    text = text.replace("  redirect_uris:\n    - https://sync.example.com/signin\n    - http://localhost/\n", "")
    text = text.replace(text[text.index("dashboard:") : text.index("elevation:")], "")
    own = "5f96e611-3fa4-4c4f-b33c-6538e14ef629"
    assert sheet_of(tmp_path, text.format(own)).standing.state is State.SEALED
    standing = sheet_of(tmp_path, text.format(own.replace("5", "6"))).standing
    assert standing.state is State.UNFINISHED
    assert "another application" in standing.why


def test_list_that_was_written_in_part_agrees_by_its_number(tmp_path: Path) -> None:
    def lives(*ends: str) -> tuple[Line, ...]:
        seen = grants(CONTACTS_READ_WRITE)
        return tuple(
            (*line[:4], {**line[4], "grants": {**seen, "app_roles": [*seen["app_roles"], *ends]}})
            if line[1:3] == ("verify", "saw")
            else line
            for line in AT_DEPLOY
        )

    states = []
    for number, ends in enumerate(((), ("and 1 more",), ("and 2 more",)), 1):
        write_run(evidence_of(tmp_path), lives(*ends), began=BEGAN + timedelta(days=number), number=number)
        states.append(sheet_of(tmp_path).standing.state)
    assert states == [State.UNFINISHED, State.SEALED, State.UNFINISHED]
    assert FULL_ACCESS_AS_APP not in str(lives())


def test_account_that_was_made_anew_is_not_sealed_by_the_one_before(tmp_path: Path, folder: Path) -> None:
    write_run(folder, CLOSED, began=LATER, number=2)
    record = record_of(folder)
    bundle = make_bundle(record)
    assert bundle.standing.state is State.UNFINISHED
    assert "another one than was verified" in bundle.standing.why
    assert {check.finding.result for check in bundle.checks} == {"not answered"}
    assert sheet_of(tmp_path).done == ()
    assert codes(tmp_path) == {1}


@pytest.mark.parametrize(
    ("look", "told"),
    [
        ({"account": "absent", "roles": "absent"}, "not there at the last look"),
        ({"account": account(is_enabled=False, login="m.weber2@contoso.com"), "roles": ABSENT}, "is called m.weber2"),
        ({"account": account(is_enabled=False), "stack": {"latch": "absent"}}, "the latch is absent"),
        ({"account": account(is_enabled=False), "grants": grants()}, "application full_access_as_app"),
        ({"account": account(is_enabled=False), "grants": "absent"}, "no look shows what the application is granted"),
    ],
)
def test_later_look_counts_more_than_what_was_verified(
    tmp_path: Path, folder: Path, look: dict[str, Any], told: str
) -> None:
    write_run(folder, (saw(0, "preflight", **look), confirmed(1, "preflight"), ENDED), began=LATER, number=2)
    standing = sheet_of(tmp_path).standing
    assert standing.state is State.UNFINISHED
    assert told in standing.why


def test_look_that_failed_takes_nothing_back(tmp_path: Path, folder: Path) -> None:
    look = {"account": "unreadable: 503", "stack": {"latch": "unreadable: x"}, "grants": "unreadable: 503"}
    write_run(folder, (saw(0, "preflight", **look), confirmed(1, "preflight"), ENDED), began=LATER, number=2)
    assert sheet_of(tmp_path).standing.state is State.SEALED


def test_proof_of_the_account_before_is_none_of_the_new_one(tmp_path: Path, folder: Path) -> None:
    seen = (saw(0, "preflight", account=ANOTHER, stack=latch("sealed")), confirmed(1, "preflight"), ENDED)
    write_run(folder, seen, began=LATER, number=2)
    assert sheet_of(tmp_path).standing.proof is None
    assert sheet_of(tmp_path, mutate(LOGIN, OTHER_LOGIN)).standing.proof is None


def test_retired_account_is_not_the_one_that_the_file_names_now(tmp_path: Path, folder: Path) -> None:
    write_run(folder, RETIRED, began=LATER, number=2)
    assert sheet_of(tmp_path).standing.state is State.RETIRED
    standing = sheet_of(tmp_path, mutate(LOGIN, OTHER_LOGIN)).standing
    assert standing.state is State.UNFINISHED
    assert "retired was j.keller@contoso.com" in standing.why


def without_look(line: Line) -> Line | None:
    return None if line[1:3] == ("verify", "saw") else line


def half_blind(line: Line) -> Line | None:
    detail = {**line[4], "roles": {"held": [], "unreadable": ["x"], "unseen": []}}
    return (*line[:4], detail) if line[1:3] == ("verify", "saw") else line


@pytest.mark.parametrize("change", [without_look, half_blind])
def test_word_of_a_verification_without_its_look_proves_nothing(
    tmp_path: Path, change: Callable[[Line], Line | None]
) -> None:
    write_run(evidence_of(tmp_path), [line for each in AT_DEPLOY if (line := change(each)) is not None])
    standing = sheet_of(tmp_path).standing
    assert standing.state is State.UNFINISHED
    assert "no look at the account's roles" in standing.why


@pytest.mark.parametrize("lines", [AT_DEPLOY, RETIRED], ids=["verified", "retired"])
@pytest.mark.parametrize("engine", [None, {}, {**ENGINE, "provider": "none installed"}])
def test_run_that_proves_has_to_name_its_provider(
    tmp_path: Path, lines: tuple[Line, ...], engine: dict[str, Any] | None
) -> None:
    write_run(evidence_of(tmp_path), lines, about={"engine": engine})
    standing = sheet_of(tmp_path).standing
    assert standing.state is State.UNFINISHED
    assert "does not name the provider" in standing.why


def test_runs_of_a_twin_under_the_same_tenants_id_are_not_taken_for_a_renamed_ones(tmp_path: Path) -> None:
    write_run(evidence_of(tmp_path), AT_DEPLOY, about={"tenant": "contoso-us"})
    # With its own account it is the same tenant, renamed.
    assert sheet_of(tmp_path).standing.state is State.SEALED
    text = mutate(LOGIN, OTHER_LOGIN)
    assert codes(tmp_path, text) == {3}
    assert verify_evidence.main([str(write_tenant_file(tmp_path, text))]) == 3
    sheet = sheet_of(tmp_path, text)
    assert sheet.standing.state is State.UNKNOWN
    assert "j.keller@contoso.com" in sheet.standing.why
    assert "own folder" in sheet.standing.next_move


def test_account_whose_login_was_changed_with_the_tenants_name_is_known_by_its_id(tmp_path: Path) -> None:
    write_run(evidence_of(tmp_path), AT_DEPLOY, about={"tenant": "contoso-us"})
    renamed = tuple(
        (*line[:4], {**line[4], "account": {**line[4]["account"], "login": OTHER_LOGIN.removeprefix("login: ")}})
        if "account" in line[4]
        else line
        for line in AT_DEPLOY
    )
    write_run(evidence_of(tmp_path), renamed, began=LATER, number=2)
    assert sheet_of(tmp_path, mutate(LOGIN, OTHER_LOGIN)).standing.state is State.SEALED
