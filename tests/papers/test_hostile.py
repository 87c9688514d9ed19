"""Evidence that somebody has written to be read by us: every program ends as it says, and its output stays text."""

import copy
import json
import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scripts import confirm, evidence_bundle, handover, status, verify_evidence
from steward.evidence import verify
from steward.evidence.chain import hash_line
from steward.papers.bundle import as_json, make_bundle
from steward.visible import dump_json, is_seen
from tests.config.good_file import GOOD, write_tenant_file
from tests.evidence.files import rewrite
from tests.papers.conftest import record_of
from tests.papers.lives import AT_DEPLOY, BEGAN, Line, account, held, in_window, saw, write_run

TURNED = "Jane\u202e eoD\x9b2J\u200b\ud800"
SPELLED = "Jane\\u{202e} eoD\\u{9b}2J\\u{200b}\\u{d800}"
GIVEN: list[Line] = [
    (0.0, "hand_over", "given", "own-sign-in", {"by": TURNED, "words": f"{TURNED}\nother words"}),
    (1.0, "run", "ended", "", {"exit_code": 0}),
]


def run_all(file: Path, out: Path) -> Iterator[tuple[str, int]]:
    """Run every program that reads evidence, in each form that it has."""
    papers = ["--folder", str(out)]
    for program, forms in (
        (verify_evidence, ([], ["--json"])),
        (status, ([], ["--json"], ["--html"], ["--markdown"])),
        (handover, ([*papers], [*papers, "--json"])),
        (confirm, ([], ["--json"], ["own-sign-in", "--by", "Jane Doe"])),
    ):
        for form in forms:
            name = f"{program.__name__} {' '.join(form)}"
            yield name, int(program.main([str(file), *form]))


def require_visible(text: str) -> None:
    assert {character for character in text if not is_seen(character)} <= {"\n"}


def test_no_name_turns_an_output_around_or_breaks_it(
    file: Path, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_run(folder, GIVEN, began=BEGAN + timedelta(hours=1), number=2)
    out = tmp_path / "papers"
    for name, code in [*run_all(file, out), ("bundle", evidence_bundle.main([str(folder), "--folder", str(out)]))]:
        assert code == 0, name
    told = capsys.readouterr()
    require_visible(told.out + told.err)
    assert f"to be confirmed again: {SPELLED} confirmed something else" in told.out
    papers = {path.name: path.read_text() for path in (out / "contoso").iterdir()}
    for paper in papers.values():
        require_visible(paper)
    assert SPELLED in BeautifulSoup(papers["hand-over.html"], "html.parser").get_text()
    assert SPELLED in BeautifulSoup(papers["evidence.html"], "html.parser").get_text()
    assert SPELLED in papers["hand-over.md"].replace("\\\\", "\\")
    assert TURNED in [each["by"] for each in json.loads(papers["evidence.json"])["statements"]]


def test_login_of_evidence_turns_no_row_around(file: Path, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    seen = saw(0, "close", account=account(is_enabled=False, login=TURNED), roles=held())
    write_run(folder, [seen], began=BEGAN + timedelta(hours=1), number=2)
    for form in ([], ["--json"], ["--html"], ["--markdown"]):
        assert status.main([str(file), *form]) == 1
        told = capsys.readouterr()
        require_visible(told.out + told.err)
        if form == ["--json"]:
            assert json.loads(told.out)["tenants"][0]["why"].startswith(TURNED)
        else:
            assert "u{202e}" in told.out


def test_reason_without_end_is_cut_in_a_row(file: Path, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found: list[Line] = [(0.0, "verify", "found", "x" * 100_000, {"why": "y" * 100_000}), (1.0, "run", "ended", "", {})]
    write_run(folder, found, began=BEGAN + timedelta(hours=1), number=2)
    assert status.main([str(file), "--json"]) == 1
    (row,) = json.loads(capsys.readouterr().out)["tenants"]
    assert len(row["why"]) == 1000
    assert status.main([str(file)]) == 1


def chained(lines: list[Any]) -> list[bytes]:
    """The lines as somebody writes them who knows how they are chained; bytes stay as they are."""
    written: list[bytes] = []
    for number, line in enumerate(lines, 1):
        content = line
        if isinstance(line, dict):
            before = hash_line(written[-1]) if written else None
            content = json.dumps({**line, "line": number, "before": before}).encode() + b"\n"
        written.append(content)
    return written


# Each is what becomes of a whole run's lines, and the line that is told of.
CHANGES: dict[str, tuple[Callable[[list[Any]], None], int]] = {
    "half of a pair": (lambda lines: lines.insert(3, b'{"line":4,"verb":"\\ud800","before":"\\udc80"}\n'), 4),
    "a foreign byte": (lambda lines: lines.insert(3, b'{"line":4,"verb":"\xff"}\n'), 4),
    "a number without end": (lambda lines: lines.insert(3, b'{"line":1%s,"verb":"saw"}\n' % (b"0" * 9000)), 4),
    "a number that is long": (lambda lines: lines.insert(3, b'{"line":1%s,"verb":"saw"}\n' % (b"0" * 4299)), 4),
    "a line number below none": (lambda lines: lines.insert(3, b'{"line":-7,"verb":"saw"}\n'), 4),
    "depth": (lambda lines: lines.insert(3, b'{"line":4,"verb":%s}\n' % (b"[" * 90_000)), 4),
    "nothing": (lambda lines: lines.insert(3, b"\n"), 4),
    "NUL": (lambda lines: lines.insert(3, b"\x00\n"), 4),
    "a byte order mark": (lambda lines: lines.__setitem__(0, b"\xef\xbb\xbf" + chained(lines[:1])[0]), 1),
    "a line break of another kind": (lambda lines: lines.__setitem__(2, chained(lines[:3])[2][:-1] + b"\r\n"), 3),
    "not a number": (lambda lines: lines.insert(3, b'{"line":NaN,"verb":"saw"}\n'), 4),
    "a list": (lambda lines: lines.insert(3, b"[]\n"), 4),
    "a key twice": (lambda lines: lines.insert(3, b'{"line":4,"line":9,"verb":"saw"}\n'), 4),
    "a run before it of less than nothing": (
        lambda lines: lines[0]["detail"].update(previous=[{"file": "x.jsonl", "sha256": "0", "size": -5}]),
        1,
    ),
    "runs before it that are none": (lambda lines: lines[0]["detail"].update(previous=[[], None, {"size": "1"}]), 1),
}


@pytest.mark.parametrize("change", CHANGES)
def test_line_that_no_run_writes_is_told_by_its_file_and_line(
    file: Path, folder: Path, tmp_path: Path, change: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (path,) = folder.glob("*.jsonl")
    lines: list[Any] = [json.loads(line) for line in path.read_bytes().splitlines()]
    alter, number = CHANGES[change]
    alter(lines)
    rewrite(path, chained(lines))
    tampered = [each for each in verify(folder).remarks if each.exit_code == 1]
    if change != "a line break of another kind":
        assert (tampered[0].file, tampered[0].line) == (path.name, number)
        assert {name: code for name, code in run_all(file, tmp_path / "papers") if code != 1} == {}
        assert f"{path.name}, line {number}: " in capsys.readouterr().out
    else:
        assert tampered == [], "a chain that was made anew around it holds"


FACTS = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(), max_size=5)
    | st.sampled_from([10**4000, TURNED, "2026-11-23T09:00:00+00:00", "9999-12-31T23:59:59-14:00", "saw", "GrantRole"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a line where something stands."""
    if path:
        yield path
    if isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield from leaves(value[key], (*path, key))


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_stands_in_a_chained_line_no_program_fails(
    tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str], data: st.DataObject
) -> None:
    project = tmp_path_factory.mktemp("any")
    file = write_tenant_file(project, GOOD)
    folder = project / "project" / "evidence" / "contoso"
    path = write_run(folder, data.draw(st.sampled_from([AT_DEPLOY, in_window()])))
    lines: list[Any] = [json.loads(line) for line in path.read_bytes().splitlines()]
    for _ in range(data.draw(st.integers(1, 3))):
        line = data.draw(st.sampled_from(lines))
        *parents, last = data.draw(st.sampled_from(sorted(leaves(line), key=repr)))
        place = line
        for each in parents:
            place = place[each]
        place[last] = copy.deepcopy(data.draw(FACTS))
    rewrite(path, chained(lines))
    codes = dict(run_all(file, project / "papers"))
    told = capsys.readouterr()
    assert set(codes.values()) <= {0, 1, 3}, told.err
    require_visible(told.out + told.err)
    require_visible(dump_json(as_json(make_bundle(record_of(folder)))))


def test_file_whose_name_is_no_text_is_told(
    file: Path, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (path,) = folder.glob("*.jsonl")
    path.rename(os.fsdecode(os.fsencode(folder) + b"/\xff\n\xe2\x80\xae.jsonl"))
    assert {name: code for name, code in run_all(file, tmp_path / "papers") if code != 1} == {}
    told = capsys.readouterr()
    require_visible(told.out + told.err)
    assert "\\u{dcff}" in told.out
