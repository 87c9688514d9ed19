"""One row a tenant, whatever becomes of the others: by files and evidence alone."""

import json
import os
import re
import socket
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from markdown_it import MarkdownIt

from scripts.status import main
from steward.papers.status import Row, Status, Urgency, read_status, status_page, status_text
from tests.config.good_file import GOOD, mutate, write_tenant_file
from tests.evidence.files import rewrite
from tests.papers.lives import ABSENT, AT_DEPLOY, BEGAN, NONE, TENANT_ID, account, apply_run, held, saw, write_run

PROJECT = Path(__file__).resolve().parents[2]
TODAY = date(2026, 11, 23)
EXCEPTION = "review:\n  exceptions:\n    - {{rule: {rule}, reason: agreed, until: {until}}}\n"


def text_of(name: str, number: int, *, text: str = GOOD) -> str:
    """The good file as another tenant's."""
    return text.replace("name: contoso\n", f"name: {name}\n").replace(TENANT_ID, f"{number:08x}{TENANT_ID[8:]}")


def add(tmp_path: Path, name: str, number: int, *, text: str = GOOD, lines: tuple[object, ...] = AT_DEPLOY) -> Path:
    file = write_tenant_file(tmp_path, text_of(name, number, text=text), name=f"{name}.yaml")
    if lines:
        about = {"tenant": name, "tenant_id": f"{number:08x}{TENANT_ID[8:]}"}
        write_run(tmp_path / "project" / "evidence" / name, lines, about=about)  # type: ignore[arg-type]  # lines of a life
    return file


@pytest.fixture
def tenants(tmp_path: Path) -> Path:
    """A folder of tenants that stand in different places."""
    add(tmp_path, "sealed", 1)
    add(tmp_path, "begun", 2, lines=NONE[:3])
    add(tmp_path, "fresh", 3, lines=())
    add(tmp_path, "held", 4, lines=(saw(0, "close", account=account(is_enabled=False), roles=held()),))
    add(tmp_path, "touched", 5)
    path = next((tmp_path / "project" / "evidence" / "touched").glob("*.jsonl"))
    rewrite(path, path.read_bytes().splitlines(keepends=True)[1:])
    folder = write_tenant_file(tmp_path, "tenant: {name: [", name="broken.yaml").parent
    (folder / "old.yml").write_text(GOOD)
    return folder


def by_name(status: Status) -> dict[str, Row]:
    return {row.tenant: row for row in status.rows}


def files(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


def test_each_tenant_has_its_row_and_the_urgent_ones_come_first(tenants: Path) -> None:
    status = read_status(files(tenants), today=TODAY)
    states = {row.tenant: row.state for row in status.rows}
    assert states == {
        "sealed": "sealed",
        "begun": "unfinished",
        "fresh": "not begun",
        "held": "holds a privileged role",
        "touched": "evidence not whole",
        "broken": "bad tenant file",
        "old.yml": "bad tenant file",
    }
    assert [row.urgency for row in status.rows] == sorted((row.urgency for row in status.rows), key=list(Urgency).index)
    assert status.rows[-1].tenant == "sealed"
    assert status.counts["bad tenant file"] == 2


def test_row_tells_its_last_proof_and_the_next_move(tenants: Path) -> None:
    rows = by_name(read_status(files(tenants), today=TODAY))
    assert rows["sealed"].proved == datetime(2026, 11, 23, 9, 0, 15, tzinfo=UTC)
    assert rows["sealed"].handed_over == "0 of 8"
    assert "sealed_on" in rows["sealed"].next_move
    assert "scripts/close.py" in rows["held"].next_move
    assert "scripts/post_apply.py" in rows["begun"].next_move
    assert "broken.yaml:1" in rows["broken"].why


def test_exceptions_stand_with_their_end(tmp_path: Path) -> None:
    text = GOOD + EXCEPTION.format(rule="app_roles_given_to_groups", until="2026-12-01")
    status = read_status([write_tenant_file(tmp_path, text)], today=TODAY)
    (rule,) = by_name(status)["contoso"].exceptions
    assert (rule.until, rule.state) == (date(2026, 12, 1), "expires in 8 days")
    for form in (status_page(status), status_text(status)):
        assert "expires in 8 days" in form
    (later,) = read_status([tmp_path / "project" / "tenants" / "contoso.yaml"], today=date(2026, 12, 2)).rows
    assert later.exceptions[0].state == "expired"


def test_two_files_of_one_tenant_are_told_at_the_second(tmp_path: Path) -> None:
    first = add(tmp_path, "contoso", 1)
    second = write_tenant_file(tmp_path, text_of("contoso", 2), name="zwei.yaml")
    rows = by_name(read_status([first, second], today=TODAY))
    assert rows["contoso"].state == "sealed"
    assert rows["zwei"].state == "bad tenant file"
    assert "contoso.yaml" in rows["zwei"].why


def test_seal_without_its_evidence_needs_somebody(tmp_path: Path) -> None:
    text = mutate("  sign_in: blocked\n", "  sign_in: blocked\n  sealed_on: 2026-11-20\n")
    add(tmp_path, "moved", 7, text=text, lines=())
    (row,) = read_status(files(tmp_path / "project" / "tenants"), today=TODAY).rows
    assert (row.urgency, row.exit_code) == (Urgency.NOW, 3)
    assert "sealed on 2026-11-20" in row.why


def test_all_forms_have_every_row(tenants: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = {"sealed", "begun", "fresh", "held", "touched", "broken", "old.yml"}
    assert main([str(tenants), "--json"]) == 2
    assert {row["tenant"] for row in json.loads(capsys.readouterr().out)["tenants"]} == names
    assert main([str(tenants), "--html"]) == 2
    page = BeautifulSoup(capsys.readouterr().out, "html.parser")
    assert {cell.get_text() for cell in page.select("tbody th")} == names
    assert main([str(tenants), "--markdown"]) == 2
    rendered = BeautifulSoup(MarkdownIt("commonmark").enable("table").render(capsys.readouterr().out), "html.parser")
    assert {cell.get_text() for cell in rendered.select("tbody td:first-child")} == names
    assert main([str(tenants)]) == 2
    shown = capsys.readouterr()
    assert all(name in shown.out for name in names)
    assert "\x1b" not in shown.out
    assert "broken.yaml" in shown.err


def test_nothing_but_files_is_asked(tenants: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    before = {path: path.stat().st_mtime_ns for path in tenants.parent.rglob("*")}
    read_status(files(tenants), today=TODAY)
    assert {path: path.stat().st_mtime_ns for path in tenants.parent.rglob("*")} == before


def test_quiet_shows_those_alone_that_need_somebody(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = mutate("  sign_in: blocked\n", "  sign_in: blocked\n  sealed_on: 2026-11-23\n")
    add(tmp_path, "sealed", 1, text=text)
    add(tmp_path, "begun", 2, lines=NONE[:3])
    assert main([str(tmp_path / "project" / "tenants"), "--quiet"]) == 1
    shown = capsys.readouterr().out
    assert "│ begun" in shown
    assert "│ sealed" not in shown


def test_hostile_words_stay_words_in_every_form(tmp_path: Path) -> None:
    hostile = "<script>alert(1)</script> | x | [a](javascript:alert(1)) \u202e"
    add(tmp_path, "odd", 1, lines=(saw(0, "close", account=account(is_enabled=False, login=hostile), roles=held()),))
    status = read_status(files(tmp_path / "project" / "tenants"), today=TODAY)
    page = BeautifulSoup(status_page(status), "html.parser")
    assert page.find_all(["script", "a"]) == []
    rendered = BeautifulSoup(MarkdownIt("commonmark").enable("table").render(status_text(status)), "html.parser")
    assert rendered.find_all(["script", "a"]) == []
    assert [len(row.select("td")) for row in rendered.select("tbody tr")] == [7]
    assert "\u202e" not in status_text(status) + status_page(status)


@pytest.mark.parametrize("arguments", [[], ["tenants"], ["tenants", "--json"]], ids=["default", "named", "json"])
def test_folder_without_tenant_files_is_nothing_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tenants").mkdir()
    (tmp_path / "tenants" / "example.yaml.sample").write_text(GOOD)
    assert main(arguments) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert "tenants: there is no tenant file" in told.err
    assert "example.yaml.sample" in told.err


def test_file_that_is_named_twice_is_one_row(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = add(tmp_path, "one", 1)
    add(tmp_path, "two", 2)
    (file.parent / "again").symlink_to(file.parent)
    main([str(file.parent), str(file), str(file.parent / "again" / file.name), "--json"])
    assert [row["tenant"] for row in json.loads(capsys.readouterr().out)["tenants"]] == ["one", "two"]


@pytest.mark.parametrize("form", ["--html", "--markdown"])
def test_two_forms_at_once_are_refused(tmp_path: Path, form: str) -> None:
    with pytest.raises(SystemExit) as ended:
        main([str(tmp_path), "--json", form])
    assert ended.value.code == 2


def test_absent_role_and_present_role_differ(tmp_path: Path) -> None:
    add(tmp_path, "one", 1, lines=(saw(0, "close", account=account(is_enabled=False), roles=ABSENT),))
    (row,) = read_status(files(tmp_path / "project" / "tenants"), today=TODAY).rows
    assert row.state == "unfinished"


def test_sealed_tenant_that_was_applied_since_is_not_in_order(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = mutate("  sign_in: blocked\n", "  sign_in: blocked\n  sealed_on: 2026-11-23\n")
    file = add(tmp_path, "contoso", 1, text=text)
    about = {"tenant_id": f"{1:08x}{TENANT_ID[8:]}"}
    folder = tmp_path / "project" / "evidence" / "contoso"
    assert main([str(file)]) == 0
    assert "handover.py" in capsys.readouterr().out
    write_run(folder, apply_run(), began=BEGAN + timedelta(days=1), number=2, about=about)
    assert main([str(file), "--json"]) == 1
    (row,) = json.loads(capsys.readouterr().out)["tenants"]
    assert row["state"] == "unfinished"
    assert row["next"] == f"python scripts/post_apply.py {file}"


def test_next_move_can_be_pasted_where_it_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    add(tmp_path, "begun", 1, lines=NONE[:3])
    monkeypatch.chdir(tmp_path / "project" / "tenants")
    script = Path(os.path.relpath(PROJECT / "scripts" / "post_apply.py")).as_posix()
    for form in ([], ["--html"], ["--markdown"]):
        assert main(["begun.yaml", *form]) == 1
        # Markdown puts a stroke before a sign that could be taken for its own.
        assert f"{script} begun.yaml" in capsys.readouterr().out.replace("\\", "")
    main(["begun.yaml"])
    assert re.search(rf"^next, begun: \S+ {re.escape(script)} begun\.yaml$", capsys.readouterr().out, re.MULTILINE)


@pytest.mark.parametrize("arguments", [[], ["elsewhere/tenants"]], ids=["default", "named"])
def test_folder_that_is_not_there_is_told_as_such(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert f"{arguments[0] if arguments else 'tenants'}: there is no such folder" in shown.err
    assert "start it in the project's folder" in shown.err
    assert "Traceback" not in shown.err


@pytest.mark.parametrize("name", ["nowhere.yaml", "x" * 300])
def test_file_that_is_not_there_is_a_row_beside_the_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    file = add(tmp_path, "begun", 1, lines=NONE[:3])
    assert main([str(file.parent / name), str(file), "--json"]) == 2
    missing, begun = json.loads(capsys.readouterr().out)["tenants"]
    assert [missing["state"], begun["state"]] == ["bad tenant file", "unfinished"]
    assert missing["next"] == (
        "copy tenants/example.yaml.sample to tenants/<name>.yaml and fill it in"
        if name == "nowhere.yaml"
        else "check the path and its permissions"
    )
