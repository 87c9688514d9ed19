"""The evidence bundle: the verdict first, every figure with its lines, the same bytes, and nothing that is fetched."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args

import pytest
from bs4 import BeautifulSoup, Tag
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scripts.evidence_bundle import main
from steward.acts import GraphAct, TerraformAct
from steward.evidence.chain import hash_start
from steward.papers.bundle import Tone, as_json, bundle_page, make_bundle
from steward.papers.deeds import ACTS, TAKING
from steward.papers.record import read_record
from tests.evidence.files import rewrite
from tests.papers.conftest import record_of
from tests.papers.lives import (
    AT_DEPLOY,
    BEGAN,
    CONTACTS_READ_WRITE,
    FULL_ACCESS_AS_APP,
    LOGIN,
    REHEARSED,
    Line,
    account,
    act,
    apply_run,
    grants,
    held,
    in_window,
    saw,
    write_run,
)

ROOT = Path(__file__).resolve().parents[2]
MAIL_READ = "810c84a8-4a9e-49e6-bf7d-12d183f40d01"


def page_of(folder: Path) -> BeautifulSoup:
    record = record_of(folder)
    return BeautifulSoup(bundle_page(make_bundle(record), record), "html.parser")


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> BeautifulSoup:
    """The page of a life that ended sealed; drawing it takes a second, so that those who only read it share it."""
    folder = tmp_path_factory.mktemp("life") / "contoso"
    write_run(folder, AT_DEPLOY)
    return page_of(folder)


def one(page: BeautifulSoup | Tag, selector: str) -> Tag:
    found = page.select_one(selector)
    assert found is not None, selector
    return found


def rows(page: BeautifulSoup, caption: str) -> list[list[str]]:
    (table,) = (
        table for table in page.select("table") if (told := table.caption) and told.get_text().startswith(caption)
    )
    return [[cell.get_text(" ", strip=True) for cell in row.select("th, td")] for row in table.select("tbody tr")]


def test_verdict_is_the_first_thing_after_the_title(page: BeautifulSoup) -> None:
    assert "in-order" in one(page, "body > header > section.verdict")["class"]
    assert one(page, ".verdict").find_previous("table") is None
    assert one(page, ".verdict h2").get_text(" ", strip=True) == "In order: Sealed: no privileged role is left"
    told = one(page, ".verdict").get_text(" ", strip=True)
    assert "18.5 s at most, and never while the account could sign in" in told
    assert "Terraform 1.15.5 with hashicorp/azuread 3.7.0" in told
    assert "It ran against login.microsoftonline.com and graph.microsoft.com." in told


def test_figures_name_the_lines_they_come_from(page: BeautifulSoup) -> None:
    figures = {name: (value, source) for name, value, _, source in rows(page, "What was counted")}
    assert figures["Privileged role held"] == ("18.5 s at most", "000000000001:2 , 000000000001:14")
    assert figures["Usable privilege"][0] == "0.0 s"
    assert figures["Requests to Microsoft Graph"][0] == "10"
    # Each source is a link to the run's row.
    for link in page.select("a.place"):
        assert page.select_one(f'[id="{str(link["href"])[1:]}"]') is not None


def test_acts_stand_with_their_outcome_and_request_ids(page: BeautifulSoup) -> None:
    acts = {row[2]: row for row in rows(page, "Every act")}
    removed = acts[f"Take a directory role away: Global Administrator from {LOGIN}"]
    assert removed[3] == "removed"
    assert removed[4].startswith("POST 201 request-")


@pytest.mark.parametrize(
    ("lines", "outcome"),
    [
        ([], "not answered"),
        ([(2, "settle", "refused", "password", {"why": "403 Forbidden"})], "refused: 403 Forbidden"),
        (
            [
                (2, "settle", "refused", "password", {"why": "503"}),
                (3, "settle", "replaced", "password", {"although": "503"}),
            ],
            "replaced, although the answer was: 503",
        ),
    ],
    ids=["killed", "refused", "done although refused"],
)
def test_act_that_went_another_way_says_so(tmp_path: Path, lines: list[Line], outcome: str) -> None:
    intends, _ = act(1, "settle", "ReplacePassword", "replaced", "password")
    write_run(tmp_path, [saw(0, "settle", account=account(is_enabled=False)), intends, *lines])
    (row,) = rows(page_of(tmp_path), "Every act")
    assert row[3] == outcome


def test_grants_are_shown_before_and_after(page: BeautifulSoup) -> None:
    granted = rows(page, "Every permission")
    assert [
        "Contacts.ReadWrite",
        "Microsoft Graph",
        "application",
        "the application itself",
        "none",
        "granted",
    ] in granted
    assert ["User.Read", "Microsoft Graph", "delegated", "all principals", "none", "granted"] in granted


def test_every_act_has_words() -> None:
    acts = {each.__name__ for each in (*get_args(GraphAct), *get_args(TerraformAct))}
    assert ACTS.keys() == acts
    assert acts >= TAKING


def test_grant_that_was_taken_back_in_between_is_named_up_front(tmp_path: Path) -> None:
    lines: list[Line] = [
        saw(31, "consent", grants=grants(MAIL_READ)),
        *act(32, "consent", "RevokeAppRole", "revoked", "application permission Mail.Read of CiraSync"),
        saw(33, "consent", grants=grants(CONTACTS_READ_WRITE, FULL_ACCESS_AS_APP)),
    ]
    write_run(tmp_path, [*AT_DEPLOY, *lines])
    page = page_of(tmp_path)
    assert "Granted in between and taken back, by looks: Mail.Read" in one(page, ".verdict").get_text()
    (row,) = (row for row in rows(page, "Every permission") if row[0] == "Mail.Read")
    assert row[-2:] == ["none", "none; granted in between"]
    between = make_bundle(record_of(tmp_path)).grants
    assert between is not None
    (change,) = between.taken_back
    assert [mark.time - BEGAN for mark in change.between] == [timedelta(seconds=31), timedelta(seconds=33)]


def test_policy_is_shown_with_what_ifs_answers(page: BeautifulSoup) -> None:
    assert [row[2] for row in rows(page, "What-If's answers")] == ["MFA"] * 4
    assert ["State", "enabled"] in rows(page, "As Graph read it back")


def test_page_needs_nothing_but_itself(page: BeautifulSoup) -> None:
    assert page.find_all(["script", "iframe", "object", "embed", "form"]) == []
    names = ("src", "srcset", "href", "action")
    addresses = [str(tag[name]) for name in names for tag in page.select(f"[{name}]")]
    assert {address.partition(":")[0] for address in addresses if not address.startswith("#")} == {"data"}
    policy = one(page, 'meta[http-equiv="Content-Security-Policy"]')["content"]
    assert "default-src 'none'" in policy
    assert "url(" not in one(page, "style").get_text()
    assert "@import" not in one(page, "style").get_text()


def test_same_evidence_gives_the_same_bytes_wherever_it_is_read(tmp_path: Path) -> None:
    write_run(tmp_path / "contoso", in_window())
    made = []
    for number, others in enumerate(({"TZ": "Asia/Kathmandu", "PYTHONHASHSEED": "1"}, {"TZ": "UTC", "LC_ALL": "C"})):
        home = tmp_path / f"home {number}"
        home.mkdir()
        if number:
            # A user's own settings of the plotting library are not the page's.
            (home / "matplotlibrc").write_text("font.size: 30\naxes.facecolor: red\n")
        command = [sys.executable, str(ROOT / "scripts" / "evidence_bundle.py"), str(tmp_path / "contoso")]
        environment = {**os.environ, **others, "PYTHONPATH": str(ROOT), "MPLCONFIGDIR": str(home), "HOME": str(home)}
        subprocess.run([*command, "--folder", str(home)], env=environment, check=True, capture_output=True)
        made.append([(home / "contoso" / f"evidence.{kind}").read_bytes() for kind in ("html", "json")])
    assert made[0] == made[1]


Tamper = Callable[[list[bytes]], list[bytes]]
TAMPERED: dict[str, Tamper] = {
    "a changed line": lambda lines: [line.replace(b"removed", b"granted") for line in lines],
    "a missing line": lambda lines: [*lines[:6], *lines[7:]],
    "a line in another order": lambda lines: [*lines[:6], lines[7], lines[6], *lines[8:]],
    "a line put in": lambda lines: [*lines[:6], lines[5], *lines[6:]],
    "a line that is none": lambda lines: [*lines[:6], b"nothing\n", *lines[7:]],
}


@pytest.mark.parametrize("tamper", TAMPERED.values(), ids=TAMPERED)
def test_touched_evidence_is_what_the_verdict_says(folder: Path, tamper: Tamper) -> None:
    (path,) = folder.glob("*.jsonl")
    rewrite(path, tamper(path.read_bytes().splitlines(keepends=True)))
    bundle = make_bundle(record_of(folder))
    assert bundle.verdict.tone == "not in order"
    assert bundle.verdict.headline == "This evidence was changed after it was written"
    assert path.name in bundle.verdict.sentences[0]
    assert bundle.remarks[0].kind == "tampered"
    assert {check.finding.result for check in bundle.checks} == {"not answered"}


def test_touched_evidence_says_so_at_the_top_of_its_page(folder: Path) -> None:
    (path,) = folder.glob("*.jsonl")
    rewrite(path, TAMPERED["a line in another order"](path.read_bytes().splitlines(keepends=True)))
    page = page_of(folder)
    verdict = one(page, ".verdict")
    assert "not-in-order" in verdict["class"]
    assert verdict.get_text(" ", strip=True).startswith("Not in order: This evidence was changed")
    assert verdict.find_previous("table") is None
    assert rows(page, "What the check of the chain says")[0][0] == "tampered"


def test_run_that_is_missing_says_so_at_the_top(folder: Path) -> None:
    first = next(folder.glob("*.jsonl"))
    write_run(folder, [(0, "run", "ended", "", {"exit_code": 0})], began=BEGAN.replace(hour=10), number=2)
    first.unlink()
    told = one(page_of(folder), ".verdict").get_text(" ", strip=True)
    assert told.startswith("Not in order")
    assert first.name in told


def test_verdict_says_that_something_was_applied_since_the_last_verification(folder: Path) -> None:
    write_run(folder, apply_run(), began=BEGAN + timedelta(days=1), number=2)
    bundle = make_bundle(record_of(folder))
    assert (bundle.verdict.tone, bundle.exit_code) == (Tone.OPEN, 1)
    verdict = one(page_of(folder), ".verdict").get_text()
    assert "a plan was applied 2026-11-24 09:00 UTC, and nothing was verified since" in verdict
    assert "post_apply.py" in verdict


def test_folder_without_a_run_gives_a_page_that_says_so(tmp_path: Path) -> None:
    page = page_of(tmp_path)
    assert "Nothing was ever run" in one(page, ".verdict h2").get_text()


@pytest.mark.parametrize(("seconds", "is_told"), [(300, True), (-300, True), (0, False), (-5, False)])
def test_tenants_clock_that_is_off_is_told(tmp_path: Path, seconds: int, is_told: bool) -> None:
    now = (BEGAN + timedelta(seconds=seconds)).isoformat()
    write_run(tmp_path, [saw(0, "attend", account=account(is_enabled=False), now=now)])
    assert ("Clocks differ" in page_of(tmp_path).get_text()) is is_told
    assert make_bundle(record_of(tmp_path)).clock_ahead_seconds == seconds


def test_bound_holds_by_the_tenants_clock_too(tmp_path: Path) -> None:
    lines = list(in_window())
    # By the tenant's clock 300 seconds went by between two looks of the window.
    later = (BEGAN + timedelta(seconds=317.8)).isoformat()
    lines.insert(-1, saw(40, "open", now=(BEGAN + timedelta(seconds=340)).isoformat()))
    index = next(number for number, line in enumerate(lines) if line[1] == "attend")
    lines[index] = (*lines[index][:4], {**lines[index][4], "now": later})
    write_run(tmp_path, lines)
    bundle = make_bundle(record_of(tmp_path))
    figures = {figure.name: figure for figure in bundle.figures}
    seconds = figures["Usable privilege"].seconds
    assert seconds is not None
    # The true one: 5.1 s by the machine, in which the tenant's clock went 300.8 s further.
    assert 305.9 <= seconds < 320
    assert bundle.clock_unknown_seconds >= bundle.clock_ahead_seconds == pytest.approx(300.8)
    told = " ".join(bundle.verdict.sentences)
    assert f"could be used for {figures['Usable privilege'].value}" in told
    assert "the clocks differ" in told
    spans = {row[0]: row[3] for row in rows(page_of(tmp_path), "Spans")}
    assert f"{spans['Usable privilege']} at most" == figures["Usable privilege"].value


def test_log_entry_from_the_future_tells_that_the_tenants_clock_is_ahead(tmp_path: Path) -> None:
    entry = {"at": (BEGAN + timedelta(seconds=90)).isoformat(), "application": "CiraSync"}
    write_run(tmp_path, [saw(0, "attend", account=account(is_enabled=True), roles=held(), first_sign_in=entry)])
    assert make_bundle(record_of(tmp_path)).clock_ahead_seconds == 90


@pytest.mark.parametrize("time", ["0001-01-01T00:00:00+00:00", "9999-12-31T23:59:59+00:00", "1971-01-01", "soon", None])
def test_time_that_nobody_lived_in_still_gives_a_page(tmp_path: Path, time: str | None) -> None:
    seen = {**account(is_enabled=True), "created": time}
    path = write_run(tmp_path, [saw(0, "close", account=seen, roles=held(), first_sign_in={"at": time}, now=time)])
    lines = path.read_bytes().splitlines(keepends=True)
    rewrite(path, [line.replace(b"2026-11-23T09:00:00.000+00:00", str(time).encode()) for line in lines])
    assert "not-in-order" in one(page_of(tmp_path), ".verdict")["class"]


HOSTILE = '<script>alert("1")</script>\u202e{{ 7 * 7 }}<img src=x onerror=alert(1)>'


def test_hostile_words_stay_words(tmp_path: Path) -> None:
    seen = account(is_enabled=False, login=HOSTILE)
    write_run(
        tmp_path,
        [
            saw(0, "close", account=seen, first_sign_in={"at": BEGAN.isoformat(), "application": HOSTILE}),
            *act(1, HOSTILE, HOSTILE, "removed", HOSTILE),
        ],
        about={"engine": {"program": HOSTILE, "version": HOSTILE, "provider": HOSTILE}},
    )
    page = page_of(tmp_path)
    assert page.find_all(["script", "iframe"]) == []
    assert [image for image in page.find_all("img") if not str(image["src"]).startswith("data:")] == []
    assert "\u202e" not in str(page)
    assert "{{ 7 * 7 }}" in page.get_text()


def test_name_of_a_folder_cannot_end_the_style_sheet(tmp_path: Path) -> None:
    name = 'x"; } </style><script>1</script> \\ &amp; \u00fc'
    write_run(tmp_path, AT_DEPLOY)
    record = read_record(tmp_path, name=name)
    page = BeautifulSoup(bundle_page(make_bundle(record), record), "html.parser")
    assert page.find_all("script") == []
    (head,) = re.findall(r'@top-left \{ content: "([^"]*)";', one(page, "style").get_text())
    # Every sign of it is spelled by its number, so that the string ends where it should.
    assert re.fullmatch(r"(?:[A-Za-z0-9 ]|\\[0-9a-f]+ )+", head)
    shown = re.sub(r"\\([0-9a-f]+) ", lambda found: chr(int(found[1], 16)), head)
    assert shown == f"{name}: evidence bundle"


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_the_bytes_are_there_is_a_bundle(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("any")
    path = write_run(folder, in_window())
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place : place + data.draw(st.integers(0, 40))] = data.draw(st.binary(max_size=20))
    path.write_bytes(content)
    json.dumps(as_json(make_bundle(record_of(folder))))


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)


@settings(max_examples=60, deadline=None)
@given(fact=st.sampled_from(sorted({name for *_, detail in in_window() for name in detail})), value=VALUES)
def test_whatever_a_fact_looks_like_there_is_a_bundle(
    tmp_path_factory: pytest.TempPathFactory, fact: str, value: Any
) -> None:
    folder = tmp_path_factory.mktemp("any")
    lines = [
        (at, step, verb, subject, {**detail, fact: value} if fact in detail else detail)
        for at, step, verb, subject, detail in in_window()
    ]
    write_run(folder, lines)
    json.dumps(as_json(make_bundle(record_of(folder))))


def test_program_writes_both_forms_for_the_owner_alone(
    tmp_path: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "papers"
    assert main([str(folder), "--folder", str(out)]) == 0
    told = capsys.readouterr().out
    page = out / "contoso" / "evidence.html"
    assert str(page) in told
    assert page.stat().st_mode & 0o777 == 0o600
    written = json.loads((out / "contoso" / "evidence.json").read_text())
    assert written["verdict"]["tone"] == "in order"
    assert written["figures"][0]["seconds"] == pytest.approx(18.5)
    assert {check["finding"]["result"] for check in written["checks"]} >= {"met for the account", "not answered"}


def test_twins_do_not_overwrite_each_others_papers(
    tmp_path: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "elsewhere" / "contoso"
    write_run(other, [line for line in AT_DEPLOY if line[0] < 10])
    out = tmp_path / "papers"
    assert main([str(folder), str(other), "--folder", str(out)]) == 2
    assert "give each tenant one file" in capsys.readouterr().err
    assert json.loads((out / "contoso" / "evidence.json").read_text())["verdict"]["tone"] == "in order"
    assert main([str(folder), str(folder), "--folder", str(out)]) == 0


def test_rehearsals_papers_lie_apart_from_a_tenants(tmp_path: Path, folder: Path) -> None:
    rehearsed = tmp_path / "rehearsed" / "contoso"
    write_run(rehearsed, AT_DEPLOY, about={"ran_against": REHEARSED})
    out = tmp_path / "papers"
    assert main([str(folder), str(rehearsed), "--folder", str(out)]) == 1
    found = [out / "contoso" / "evidence.json", out / "rehearsals" / "contoso" / "evidence.json"]
    assert [json.loads(file.read_text())["verdict"]["tone"] for file in found] == ["in order", "rehearsal"]


def test_program_tells_of_a_hash_that_no_run_has(
    tmp_path: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lost = "0" * 64
    assert main([str(folder), "--folder", str(tmp_path / "papers"), "--expect", lost, "--json"]) == 1
    told = capsys.readouterr()
    assert lost in told.err
    assert json.loads(told.out)["not_found"] == [lost]


def test_verdict_claims_no_more_of_the_end_than_a_kept_hash_shows(folder: Path) -> None:
    def told(*expected: str) -> str:
        record = read_record(folder, name="contoso", expected=frozenset(expected))
        return " ".join(make_bundle(record).verdict.sentences)

    older = hash_start(next(folder.glob("*.jsonl")))[0]
    assert "none was given." in told()
    assert "has the hash that was kept elsewhere" in told(older)
    newest = write_run(folder, [(0, "run", "ended", "", {"exit_code": 0})], began=BEGAN.replace(hour=10), number=2)
    # What came behind the run whose hash was kept could have been taken away.
    assert "none was given but that of an older run" in told(older)
    assert "has the hash that was kept elsewhere" in told(older, hash_start(newest)[0])


def test_program_goes_on_after_a_file_that_is_wrong(
    tmp_path: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [str(tmp_path / "nowhere.yaml"), str(folder), "--folder", str(tmp_path / "papers"), "--json"]
    assert main(arguments) == 2
    shown = json.loads(capsys.readouterr().out)
    assert [tenant["tenant"] for tenant in shown["tenants"]] == ["contoso"]


def test_missing_extra_is_told_with_what_brings_it(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "matplotlib"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert main([str(folder), "--folder", str(tmp_path / "papers")]) == 2
    assert "make set-up" in capsys.readouterr().err
    # What needs no picture is there all the same.
    assert (tmp_path / "papers" / "contoso" / "evidence.json").exists()
