"""A rehearsal's evidence, on every paper: it says that it is one, and passes for no proof of a tenant."""

import json
from datetime import date, timedelta
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from markdown_it import MarkdownIt

from scripts import confirm, evidence_bundle, handover, status, verify_evidence
from steward.config.model import Tenant
from steward.errors import RefusedError
from steward.papers.bundle import Tone, bundle_page, make_bundle
from steward.papers.confirming import Word
from steward.papers.confirming import confirm as record_word
from steward.papers.handover import make_sheet, sheet_page, sheet_text
from steward.papers.standing import State, judge
from steward.papers.status import Urgency, make_row
from tests.config.good_file import GOOD, write_tenant_file
from tests.evidence.files import rewrite
from tests.papers.conftest import record_of
from tests.papers.lives import ABSENT, AT_DEPLOY, BEGAN, REHEARSED, Line, account, held, in_window, saw, write_run

SANDBOX = {"ran_against": REHEARSED}
OTHER_PROVIDER = {"engine": {"program": "Terraform", "version": "1.15.5", "provider": "acme/azuread 3.7.0"}}
NO_PROVIDER = {"engine": None}
GUARDED: tuple[Line, ...] = (
    saw(0, "guard", account=account(is_enabled=False), roles=ABSENT),
    (1.0, "guard", "confirmed", "", {}),
    (2.0, "run", "ended", "", {"exit_code": 0}),
)
HOLDS = (saw(0, "guard", account=account(is_enabled=False), roles=held()),)
LATER = BEGAN + timedelta(days=1)


@pytest.fixture
def rehearsed(tmp_path: Path) -> Path:
    """The evidence folder of a life that was rehearsed to its end."""
    folder = tmp_path / "project" / "evidence" / "contoso"
    write_run(folder, AT_DEPLOY, about=SANDBOX)
    return folder


def test_bundle_is_headed_rehearsal_and_is_not_in_order(rehearsed: Path) -> None:
    record = record_of(rehearsed)
    bundle = make_bundle(record)
    assert (bundle.verdict.tone, bundle.standing.state, bundle.exit_code) == (Tone.REHEARSAL, State.REHEARSAL, 1)
    assert {check.finding.result for check in bundle.checks} == {"not answered"}
    page = BeautifulSoup(bundle_page(bundle, record), "html.parser")
    (verdict,) = page.select("section.verdict")
    assert "in-order" not in verdict["class"]
    assert verdict.get_text(" ", strip=True).startswith(
        "Rehearsal: no proof of any tenant It ran against localhost:8443"
    )
    assert page.title is not None
    assert page.title.get_text().startswith("Rehearsal:")
    (heading,) = page.select("h1")
    assert heading.get_text().startswith("Rehearsal:")


def test_another_provider_at_a_tenant_is_no_proof_and_what_it_saw_counts(tmp_path: Path) -> None:
    write_run(tmp_path, AT_DEPLOY, about=OTHER_PROVIDER)
    standing = judge(record_of(tmp_path))
    assert standing.state is State.REHEARSAL
    assert "acme/azuread 3.7.0" in standing.why
    write_run(tmp_path, HOLDS, began=LATER, number=2, about=OTHER_PROVIDER)
    assert judge(record_of(tmp_path)).state is State.PRIVILEGED


def test_word_or_guard_beside_another_providers_run_makes_it_no_proof(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write_tenant_file(tmp_path, GOOD)
    folder = tmp_path / "project" / "evidence" / "contoso"
    write_run(folder, AT_DEPLOY, about=OTHER_PROVIDER)
    write_run(folder, GUARDED, began=LATER, number=2, about=NO_PROVIDER)
    assert judge(record_of(folder)).state is State.REHEARSAL
    assert verify_evidence.main([str(folder)]) == 0
    assert "proves nothing of a tenant" in capsys.readouterr().out
    assert confirm.main([str(file), "service-account", "--by", "Jane Doe", "--rehearsal"]) == 0
    assert judge(record_of(folder)).state is State.REHEARSAL


def test_what_was_proved_last_says_whether_another_provider_proved_it(tmp_path: Path) -> None:
    write_run(tmp_path, AT_DEPLOY, about=OTHER_PROVIDER)
    write_run(tmp_path, AT_DEPLOY, began=LATER, number=2)
    assert judge(record_of(tmp_path)).state is State.SEALED
    write_run(tmp_path, AT_DEPLOY, began=LATER + timedelta(days=1), number=3, about=OTHER_PROVIDER)
    assert judge(record_of(tmp_path)).state is State.REHEARSAL


def test_proof_in_a_sandbox_does_not_settle_what_another_provider_left_at_a_tenant(tmp_path: Path) -> None:
    write_run(tmp_path, HOLDS, about=OTHER_PROVIDER)
    write_run(tmp_path, AT_DEPLOY, began=LATER, number=2, about=SANDBOX)
    assert judge(record_of(tmp_path)).state is State.PRIVILEGED


def test_many_rehearsals_are_not_all_listed(tmp_path: Path) -> None:
    for number in range(1, 8):
        hosts = {"sign_in": f"localhost:{8440 + number}", "graph": f"localhost:{8440 + number}"}
        began = BEGAN + timedelta(days=number)
        write_run(tmp_path, AT_DEPLOY, began=began, number=number, about={"ran_against": hosts})
    standing = judge(record_of(tmp_path))
    assert "localhost:8443 with hashicorp/azuread 3.7.0; 4 more, and proves nothing" in standing.why


def test_changed_rehearsal_is_changed_before_it_is_a_rehearsal(rehearsed: Path) -> None:
    (path,) = rehearsed.glob("*.jsonl")
    rewrite(path, path.read_bytes().splitlines(keepends=True)[1:])
    assert judge(record_of(rehearsed)).state is State.TAMPERED


def test_changed_rehearsal_is_still_called_one(tmp_path: Path, tenant: Tenant) -> None:
    rehearsed = tmp_path / "elsewhere"
    path = write_run(rehearsed, AT_DEPLOY, about=SANDBOX)
    rewrite(path, [line.replace(b"removed", b"granted") for line in path.read_bytes().splitlines(keepends=True)])
    record = record_of(rehearsed)
    bundle = make_bundle(record)
    assert (bundle.standing.state, bundle.is_rehearsal) == (State.TAMPERED, True)
    assert bundle.verdict.headline.startswith("Rehearsal: ")
    page = BeautifulSoup(bundle_page(bundle, record), "html.parser")
    assert page.title is not None
    assert page.title.get_text().startswith("Rehearsal:")
    row = make_row(tenant, record, date(2026, 11, 23))
    assert (row.state, row.proof) == ("evidence not whole", "")
    sheet = make_sheet(tenant, record)
    assert sheet_text(sheet).startswith("# Rehearsal of the hand-over")
    with pytest.raises(RefusedError) as refused:
        record_word(sheet, Word("Jane Doe", ("service-account",), is_rehearsed=True))
    assert "evidence not whole" in refused.value.why


def test_host_is_named_once_however_many_runs_name_it(tmp_path: Path) -> None:
    write_run(tmp_path, AT_DEPLOY, about=SANDBOX)
    write_run(
        tmp_path, [(0, "run", "ended", "", {"exit_code": 0})], began=LATER, number=2, about={**SANDBOX, **NO_PROVIDER}
    )
    assert judge(record_of(tmp_path)).why.count("localhost:8443") == 1


def test_run_that_is_made_a_rehearsals_afterwards_shows_as_changed(folder: Path) -> None:
    (path,) = folder.glob("*.jsonl")
    lines = path.read_bytes().splitlines(keepends=True)
    rewrite(path, [lines[0].replace(b"graph.microsoft.com", b"localhost:8443"), *lines[1:]])
    assert judge(record_of(folder)).state is State.TAMPERED


@pytest.mark.parametrize("lines", [AT_DEPLOY, HOLDS, in_window()], ids=["sealed", "holds", "window"])
def test_rehearsal_among_a_tenants_runs_changes_nothing_but_is_said(folder: Path, lines: tuple[Line, ...]) -> None:
    alone = make_bundle(record_of(folder))
    write_run(folder, lines, began=LATER, number=2, about={**SANDBOX, "tenant_id": "another"})
    bundle = make_bundle(record_of(folder))
    assert (bundle.standing.state, bundle.lives, bundle.deeds) == (State.SEALED, alone.lives, alone.deeds)
    assert bundle.tenant_id == alone.tenant_id
    assert "1 run of a rehearsal lies in the folder" in " ".join(bundle.verdict.sentences)
    assert "not counted" in bundle.standing.why
    assert [run.is_counted for run in bundle.runs] == [True, False]


def test_proof_in_a_rehearsal_does_not_settle_what_a_tenant_holds(tmp_path: Path) -> None:
    write_run(tmp_path, HOLDS)
    write_run(tmp_path, AT_DEPLOY, began=LATER, number=2, about=SANDBOX)
    assert judge(record_of(tmp_path)).state is State.PRIVILEGED
    gone: tuple[Line, ...] = (
        saw(0, "close", account=account(is_enabled=False), roles=ABSENT),
        (1.0, "close", "confirmed", "", {}),
    )
    write_run(tmp_path, gone, began=LATER + timedelta(days=1), number=3)
    assert judge(record_of(tmp_path)).state is State.UNFINISHED


def test_older_evidence_keeps_its_verdict_and_says_what_it_cannot(tmp_path: Path) -> None:
    write_run(tmp_path, AT_DEPLOY, about={"ran_against": None})
    bundle = make_bundle(record_of(tmp_path))
    assert (bundle.verdict.tone, bundle.exit_code) == (Tone.GOOD, 0)
    assert "do not say what they ran against" in " ".join(bundle.verdict.sentences)
    assert [remark.kind for remark in bundle.remarks] == ["noted"]


def test_sheet_says_at_its_top_that_it_is_a_rehearsals(tenant: Tenant, tmp_path: Path) -> None:
    folder = tmp_path / "elsewhere"
    write_run(folder, AT_DEPLOY, about=SANDBOX)
    sheet = make_sheet(tenant, record_of(folder))
    assert (sheet.not_ready, sheet.is_rehearsal) == ("", True)
    text = BeautifulSoup(MarkdownIt("commonmark").enable("table").render(sheet_text(sheet)), "html.parser")
    page = BeautifulSoup(sheet_page(sheet), "html.parser")
    for form in (page, text):
        told = form.get_text(" ", strip=True)
        assert told.index("Rehearsal: nothing on this sheet is about a tenant") < told.index("CiraSync service account")
        assert "The account is sealed" not in told
        assert '--by "<name>" --rehearsal' in told
    assert page.select(".verdict.in-order") == []


def test_confirmation_is_refused_on_a_rehearsal_but_for_one_that_is_rehearsed(
    tmp_path: Path, rehearsed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write_tenant_file(tmp_path, GOOD)
    arguments = [str(file), "service-account", "--by", "Jane Doe"]
    assert confirm.main(arguments) == 1
    told = capsys.readouterr().err
    assert "localhost:8443" in told
    assert "--rehearsal" in told
    assert len(list(rehearsed.glob("*.jsonl"))) == 1
    assert confirm.main([*arguments, "--rehearsal", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["confirmed"] == 1


def test_flag_of_a_rehearsal_records_nothing_at_a_tenant(
    file: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert confirm.main([str(file), "service-account", "--by", "Jane Doe", "--rehearsal"]) == 1
    assert "no rehearsal" in capsys.readouterr().err
    assert len(list(folder.glob("*.jsonl"))) == 1


def test_row_of_a_rehearsal_is_no_proof_and_nothing_is_handed_over(tenant: Tenant, tmp_path: Path) -> None:
    folder = tmp_path / "elsewhere"
    write_run(folder, AT_DEPLOY, about=SANDBOX)
    row = make_row(tenant, record_of(folder), date(2026, 11, 23))
    assert (row.state, row.urgency, row.exit_code) == ("rehearsal", Urgency.SOON, 1)
    assert (row.proof, row.proved, row.handed_over) == ("", None, "")


def test_programs_say_it_and_end_with_one(tmp_path: Path, rehearsed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = str(write_tenant_file(tmp_path, GOOD))
    papers = ["--folder", str(tmp_path / "papers")]
    assert evidence_bundle.main([str(rehearsed), *papers]) == 1
    assert "rehearsal: no proof of any tenant" in capsys.readouterr().out
    # The good file's tenant is of a public cloud, and its evidence all the same a rehearsal's.
    for main, arguments in ((handover.main, [file, *papers]), (status.main, [file])):
        assert main(arguments) == 1
        assert "rehearsal" in capsys.readouterr().out
    # Whether it is whole is another question.
    assert verify_evidence.main([str(rehearsed), "--json"]) == 0
    (told,) = json.loads(capsys.readouterr().out)["tenants"]
    assert told["is_rehearsal"] is True
    assert told["ran_against"] == ["localhost:8443 with hashicorp/azuread 3.7.0"]
