"""The hand-over sheet and what people confirm on it: what is asked, what is refused, and what the chain keeps."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from markdown_it import MarkdownIt

from scripts import confirm, evidence_bundle, handover
from steward.config.loader import load_tenant
from steward.config.model import Tenant
from steward.evidence import verify
from steward.papers.handover import items_of, make_sheet, sheet_page, sheet_text
from tests.config.good_file import GOOD, mutate, write_tenant_file
from tests.evidence.files import rewrite
from tests.papers.conftest import record_of
from tests.papers.lives import AT_DEPLOY, BEGAN, Line, account, apply_run, held, saw, write_run

ITEMS = [
    "service-account",
    "application-consent",
    "role-full-administrator-dashboard-administrators",
    "role-dashboard-view-only-5c4b3a29-1807-4f6e-9d5c-4b3a29180716",
    "own-sign-in",
    "contact-primary",
    "contact-billing",
    "contact-technical",
]
CANARY = "aB3xY7kQ9mZ2wE5r"


def test_sheet_asks_for_each_step_by_its_menu(tenant: Tenant, folder: Path) -> None:
    sheet = make_sheet(tenant, record_of(folder))
    assert [each.item.id for each in sheet.asked] == ITEMS
    menus = {each.item.id: each.item.menu for each in sheet.asked}
    assert menus["service-account"] == ("Settings", "Service Account")
    assert menus["application-consent"] == ("Settings", "Application Consent")
    assert menus[ITEMS[2]] == ("Settings", "Manage Roles")
    assert menus["contact-billing"] == ("Settings", "Manage Roles", "Points of Contact")
    assert sheet.not_ready == ""


def test_what_is_done_stands_with_its_proof(tenant: Tenant, folder: Path) -> None:
    sheet = make_sheet(tenant, record_of(folder))
    done = {each.what: each for each in sheet.done}
    assert done["Global Administrator was taken away again"].request_id.startswith("request-")
    assert done["MFA is demanded of it by every kind of client"].request_id.startswith("look-")
    assert done["Verified: no privileged role by any path"].mark.line
    assert "A lasting password was delivered to the sink, and nowhere else" not in done


def test_finding_since_takes_its_proof_away_and_asks_for_nothing(tenant: Tenant, folder: Path, file: Path) -> None:
    found: list[Line] = [
        (1.0, "verify", "found", "grants", {"why": "granted but not declared: one"}),
        (2.0, "verify", "confirmed", "", {}),
        (3.0, "run", "ended", "", {"exit_code": 1}),
    ]
    write_run(folder, found, began=BEGAN + timedelta(hours=1), number=2)
    sheet = make_sheet(tenant, record_of(folder))
    assert sheet.not_ready.startswith("findings: verify, found: grants: granted but not declared: one")
    assert sheet.done == ()
    assert "no more than was declared" not in sheet_page(sheet) + sheet_text(sheet)
    assert confirm.main([str(file), "service-account", "--by", "Jane Doe"]) == 1


def test_step_that_was_blocked_later_proves_nothing(tenant: Tenant, folder: Path) -> None:
    blocked: list[Line] = [(1.0, "verify", "blocked", "", {}), (2.0, "run", "ended", "", {"exit_code": 3})]
    write_run(folder, blocked, began=BEGAN + timedelta(hours=1), number=2)
    done = {each.what for each in make_sheet(tenant, record_of(folder)).done}
    assert "Locked out: no deploy grants the role again" in done
    assert "Verified: no privileged role by any path" not in done


def test_both_forms_say_the_same(tenant: Tenant, folder: Path) -> None:
    sheet = make_sheet(tenant, record_of(folder))
    page = BeautifulSoup(sheet_page(sheet), "html.parser").get_text(" ", strip=True)
    text = BeautifulSoup(MarkdownIt("commonmark").enable("table").render(sheet_text(sheet)), "html.parser").get_text(
        " "
    )
    for each in sheet.asked:
        assert each.item.title in page
        assert each.item.title in text
        assert each.item.id in text
    for done in sheet.done:
        assert done.what in page
        assert done.what in text


def test_nothing_is_asked_before_the_tenant_is_sealed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file = write_tenant_file(tmp_path, GOOD)
    assert handover.main([str(file)]) == 1
    assert "not ready" in capsys.readouterr().out
    write_run(tmp_path / "project" / "evidence" / "contoso", [line for line in AT_DEPLOY if line[0] < 10])
    assert confirm.main([str(file), "service-account", "--by", "Jane Doe"]) == 1
    assert "asks for nothing yet" in capsys.readouterr().err


def test_sheet_that_is_not_ready_has_nothing_to_tick_or_sign(
    tenant: Tenant, file: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert confirm.main([str(file), "service-account", "--by", "Jane Doe"]) == 0
    path = min(folder.glob("*.jsonl"))
    rewrite(path, path.read_bytes().splitlines(keepends=True)[1:])
    sheet = make_sheet(tenant, record_of(folder))
    assert sheet.not_ready
    page = BeautifulSoup(sheet_page(sheet), "html.parser")
    assert page.select(".box, .sign, .tone.good") == []
    for form in (page.get_text(" "), sheet_text(sheet)):
        for words in ("confirmed by", "signature", "✓", "[x]", "[ ]", "given already"):
            assert words not in form
        assert "Points of Contact" in form
    capsys.readouterr()
    assert confirm.main([str(file), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["items"] == []


def test_nothing_is_asked_while_what_was_applied_since_is_not_verified(tenant: Tenant, folder: Path) -> None:
    assert not make_sheet(tenant, record_of(folder)).not_ready
    write_run(folder, apply_run(), began=BEGAN + timedelta(days=1), number=2)
    sheet = make_sheet(tenant, record_of(folder))
    assert "a plan was applied 2026-11-24 09:00 UTC" in sheet.not_ready
    for form in (sheet_page(sheet), sheet_text(sheet)):
        assert "nothing is asked" in form
        assert "a plan was applied" in form


def test_program_writes_both_forms_and_goes_on_after_a_wrong_file(
    tmp_path: Path, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "papers"
    assert handover.main([str(tmp_path / "nowhere.yaml"), str(file), "--folder", str(out), "--json"]) == 2
    (tenant,) = json.loads(capsys.readouterr().out)["tenants"]
    assert [item["id"] for item in tenant["items"]] == ITEMS
    assert (out / "contoso" / "hand-over.html").stat().st_mode & 0o777 == 0o600
    assert (out / "contoso" / "hand-over.md").read_text().startswith("# Hand-over of contoso")


def test_confirmation_is_kept_in_the_chain_and_shown(
    tenant: Tenant, file: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert confirm.main([str(file), "service-account", "contact-primary", "--by", "  Jane   Doe "]) == 0
    assert "confirmed 2 of 8" in capsys.readouterr().out
    assert verify(folder).exit_code == 0
    sheet = make_sheet(tenant, record_of(folder))
    confirmed = {each.item.id: each.confirmation.by for each in sheet.asked if each.confirmation}
    assert confirmed == {"service-account": "Jane Doe", "contact-primary": "Jane Doe"}
    assert "confirmed by Jane Doe" in sheet_text(sheet)
    newest = max(folder.glob("*.jsonl"))
    first, word, *_ = [json.loads(line) for line in newest.read_text().splitlines()]
    assert first["actor"] == "a person's word"
    assert (word["subject"], word["detail"]["by"]) == ("service-account", "Jane Doe")
    # Changed afterwards, it shows as any other line does.
    rewrite(newest, [line.replace(b"Jane", b"Joan") for line in newest.read_bytes().splitlines(keepends=True)])
    assert verify(folder).exit_code == 1


def test_everything_confirmed_is_complete(tenant: Tenant, file: Path, folder: Path) -> None:
    assert confirm.main([str(file), *ITEMS, "--by", "Jane Doe", "--quiet"]) == 0
    sheet = make_sheet(tenant, record_of(folder))
    assert sheet.is_complete
    assert "Complete: all 8 items are confirmed" in sheet_text(sheet)


def test_second_time_writes_nothing(file: Path, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert confirm.main([str(file), "own-sign-in", "--by", "Jane Doe"]) == 0
    runs = sorted(folder.iterdir())
    assert confirm.main([str(file), "own-sign-in", "--by", "John Roe"]) == 0
    assert "already" in capsys.readouterr().err
    assert sorted(folder.iterdir()) == runs


def test_word_that_is_taken_back_no_longer_counts(tenant: Tenant, file: Path, folder: Path) -> None:
    assert confirm.main([str(file), "own-sign-in", "--by", "Jane Doe"]) == 0
    assert confirm.main([str(file), "own-sign-in", "--by", "John Roe", "--withdraw"]) == 0
    assert make_sheet(tenant, record_of(folder)).confirmed == 0
    assert verify(folder).exit_code == 0


def test_item_that_the_sheet_does_not_ask_is_refused_with_what_is_near(
    file: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = sorted(folder.iterdir())
    assert confirm.main([str(file), "own-sign-in", "service-acount", "--by", "Jane Doe"]) == 1
    assert "did you mean service-account?" in capsys.readouterr().err
    # Nothing of it is kept, the item that is asked included.
    assert sorted(folder.iterdir()) == runs


def test_confirmation_for_other_words_is_asked_again(tmp_path: Path, file: Path, folder: Path) -> None:
    assert confirm.main([str(file), "service-account", ITEMS[2], "--by", "Jane Doe"]) == 0
    other = load_tenant(
        write_tenant_file(tmp_path, mutate("group: Dashboard administrators", "group: Dashboard-Administrators"))
    )
    sheet = make_sheet(other, record_of(folder))
    asked = {each.item.id: each for each in sheet.asked}
    assert asked[ITEMS[2]].confirmation is None
    assert asked[ITEMS[2]].outdated is not None
    assert asked["service-account"].confirmation is not None
    assert "to be confirmed again" in sheet_text(sheet)


def test_changed_evidence_is_confirmed_by_nobody(file: Path, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (path,) = folder.glob("*.jsonl")
    rewrite(path, path.read_bytes().splitlines(keepends=True)[1:])
    assert confirm.main([str(file), "own-sign-in", "--by", "Jane Doe"]) == 1
    assert "evidence not whole" in capsys.readouterr().err


@pytest.mark.parametrize("password", [CANARY, "P@ssw0rd-9", "Correct-Horse-Battery-Staple"])
def test_password_given_for_a_name_gets_nowhere(
    file: Path, folder: Path, password: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert confirm.main([str(file), "own-sign-in", "--by", password]) == 2
    told = capsys.readouterr()
    assert password not in told.out + told.err
    assert all(password not in path.read_text() for path in folder.iterdir())


def test_list_shows_what_is_open(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert confirm.main([str(file)]) == 0
    assert capsys.readouterr().out.count(": open") == len(ITEMS)


def listed(file: Path, capsys: pytest.CaptureFixture[str]) -> int:
    """The exit code of the list, the same in both forms."""
    code = confirm.main([str(file)])
    assert "not ready" in capsys.readouterr().out
    assert confirm.main([str(file), "--json"]) == code
    told = json.loads(capsys.readouterr().out)
    assert (told["exit_code"], bool(told["not_ready"])) == (code, True)
    return code


def test_list_of_a_tenant_that_holds_the_role_is_a_finding(
    file: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    seen = saw(1, "close", account=account(is_enabled=False), roles=held())
    write_run(folder, [seen, (2, "run", "ended", "", {"exit_code": 1})], began=BEGAN + timedelta(hours=1), number=2)
    assert listed(file, capsys) == 1
    assert confirm.main([str(file), "own-sign-in", "--by", "Jane Doe"]) == 1


def test_list_over_changed_evidence_is_a_finding(file: Path, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (path,) = folder.glob("*.jsonl")
    rewrite(path, path.read_bytes().splitlines(keepends=True)[1:])
    assert listed(file, capsys) == 1


def test_list_over_a_run_that_goes_on_could_not_tell(
    file: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_run(folder, [], began=BEGAN + timedelta(hours=1), number=2, is_closed=False)
    assert listed(file, capsys) == 3
    assert confirm.main([str(file), "own-sign-in", "--by", "Jane Doe"]) == 3
    assert "asks for nothing yet" in capsys.readouterr().err


def test_item_without_a_name_is_no_confirmation(file: Path) -> None:
    with pytest.raises(SystemExit) as refused:
        confirm.main([str(file), "own-sign-in"])
    assert refused.value.code == 2


def test_groups_whose_names_differ_in_signs_alone_have_items_of_their_own(tmp_path: Path) -> None:
    text = mutate("group: Dashboard administrators", "group: Dashboard-administrators")
    role = "  - {role: Full Administrator, group: Dashboard administrators}\n"
    tenant = load_tenant(write_tenant_file(tmp_path, text.replace("elevation:", f"{role}elevation:")))
    ids = [item.id for item in items_of(tenant)]
    assert len(set(ids)) == len(ids)
    assert f"{ITEMS[2]}--2" in ids


def test_folder_without_evidence_cannot_be_told_by_a_bundle(tmp_path: Path) -> None:
    assert evidence_bundle.main([str(tmp_path), "--folder", str(tmp_path / "papers"), "--quiet"]) == 3
