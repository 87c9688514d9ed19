"""What earlier runs tell of an application before anybody could consent: whose looks count, and until when."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from steward.evidence import EarlierLook, EvidenceFile, find_earlier_look
from tests.evidence.files import TENANT_ID, append_forged, rewrite

ACCOUNT, CLIENT = "the-account", "the-client"
Line = tuple[str, str, Mapping[str, Any]]
CLOSED: Line = ("close", "confirmed", {})
SETTLED: Line = ("trim", "already", {"why": "nothing is left", "is_settled": True})
ENDED: Line = ("trim", "confirmed", {})
GUARD_ENDED: Line = ("guard", "confirmed", {})
GUARD_TAKES: Line = ("guard", "intends", {"act": "RemoveRoleAssignment"})
SEALED: Line = ("seal", "confirmed", {})
INVITED: Line = ("consent", "invited", {"listener": "none"})


def look(*ids: str, client_id: str = CLIENT, account: str = ACCOUNT, is_read: bool = True) -> Line:
    before = {"client_id": client_id, "ids": list(ids) if is_read else None}
    return "consent", "saw", {"account": {"object_id": account}, "granted_before": before}


def elevated(**act: str) -> Line:
    return "elevate", "intends", {"act": "RequestRoleSchedule", **act}


def write(folder: Path, *lines: Line, is_killed: bool = False, looks: int = 2) -> Path:
    """Write a run that looks twice; one that is killed does so in a process of its own, which is gone afterwards."""
    before = set(folder.glob("*.jsonl"))
    # Each run begins a minute after the one before it, and writes a line every six seconds.
    at = datetime.now(UTC) - timedelta(hours=1) + timedelta(minutes=len(before))
    written = [again for line in lines for again in [line] * (looks if line[1] == "saw" else 1)]
    with patch("steward.evidence.writing.datetime", _Clock(at)):
        return _write(folder, before, written, is_killed=is_killed)


class _Clock:
    """Stands in for the class in the module that writes: each time it is asked some seconds have passed."""

    def __init__(self, at: datetime) -> None:
        self._at = at

    def now(self, _: tzinfo) -> datetime:
        self._at += timedelta(seconds=6)
        return self._at


def _write(folder: Path, before: set[Path], lines: Sequence[Line], *, is_killed: bool) -> Path:
    if is_killed and (child := os.fork()):
        os.waitpid(child, 0)
        (path,) = set(folder.glob("*.jsonl")) - before
        return path
    with EvidenceFile(folder, actor="app", about={"tenant": "contoso", "tenant_id": TENANT_ID}) as evidence:
        for step, verb, detail in lines:
            evidence.record(step, verb, "", detail)
        if is_killed:
            os._exit(0)
    return evidence.path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "contoso"


def ask(folder: Path, *, client_id: str | None = CLIENT, but_for: Path | None = None) -> EarlierLook:
    name = but_for.name if but_for is not None else None
    return find_earlier_look(folder, account_id=ACCOUNT, tenant_id=TENANT_ID, client_id=client_id, but_for=name)


def test_run_that_was_killed_in_its_window_tells_the_next_what_was_there_before_it(folder: Path) -> None:
    write(folder, look("a"), elevated(), look("a", "b"), INVITED, look("a", "b", "c"), is_killed=True)
    own = write(folder, look("a", "b", "c"), is_killed=True)
    found = ask(folder, but_for=own)
    assert replace(found, let_at=None) == EarlierLook(frozenset({"a"}), is_owed=True, client_id=CLIENT)
    assert found.let_at is not None


def test_looks_of_several_runs_count_until_somebody_could_consent(folder: Path) -> None:
    write(folder, look("a"))
    write(folder, look("b"), INVITED, look("c"))
    write(folder, look("d"))
    assert ask(folder).granted == frozenset({"a", "b"})


def test_nobody_who_could_consent_leaves_it_to_the_runs_own_look(folder: Path) -> None:
    assert ask(folder) == EarlierLook()
    write(folder, look("a"))
    assert ask(folder) == EarlierLook(client_id=CLIENT)


@pytest.mark.parametrize(
    ("lines", "granted", "is_owed"),
    [
        ([look("a"), INVITED, CLOSED, SETTLED], {"a"}, False),
        ([look("a"), INVITED, CLOSED, SETTLED, INVITED], {"a"}, True),
        ([look("a"), INVITED, SEALED], {"a"}, True),
        # A trim ends whatever it could not look at; and who looks while the role is held has not looked to the end.
        ([look("a"), INVITED, CLOSED, ENDED], {"a"}, True),
        ([look("a"), INVITED, CLOSED, ENDED, SEALED], {"a"}, True),
        ([look("a"), INVITED, CLOSED, ENDED, CLOSED, ENDED, SEALED, look("a", "b")], {"a"}, True),
        ([look("a"), CLOSED, INVITED, SETTLED], {"a"}, True),
        ([look("a"), INVITED, GUARD_ENDED, SETTLED], {"a"}, True),
        ([look("a"), INVITED, GUARD_TAKES, GUARD_ENDED, SETTLED], {"a"}, False),
        # Once it is sealed after a look at what came, what somebody grants later is none of a consent of ours.
        ([look("a"), INVITED, CLOSED, SETTLED, SEALED], None, False),
        ([look("a"), INVITED, CLOSED, SETTLED, SEALED, look("a", "b")], None, False),
        ([look("a"), INVITED, CLOSED, SETTLED, SEALED, look("b"), INVITED], {"b"}, True),
        ([look("a"), elevated(act="TurnLatch", phase="sealed")], None, False),
        ([look("a"), elevated(act="TurnLatch", phase="privileged")], {"a"}, True),
        ([look("a"), elevated(act="EnableAccount")], None, False),
        # Another account's, another application's, and a look at which nothing could be read.
        ([look("a", account="another"), INVITED, look("b"), INVITED], {"b"}, True),
        ([look("a", client_id="another"), look("b"), INVITED], {"b"}, True),
        ([look(is_read=False), look("b"), INVITED], {"b"}, True),
    ],
)
def test_life_is_followed(folder: Path, lines: list[Line], granted: set[str] | None, is_owed: bool) -> None:
    write(folder, *lines)
    found = ask(folder)
    assert found.granted == granted
    assert found.is_owed is is_owed
    assert found.trouble == ""


def test_run_that_let_somebody_consent_and_looked_at_nothing_is_said_to_tell_nothing(folder: Path) -> None:
    write(folder, look("a", client_id="another"), INVITED, look("b"))
    found = ask(folder)
    assert found.granted is None
    assert found.is_owed
    assert found.trouble


def test_one_look_before_somebody_could_consent_tells_nothing_and_a_second_of_another_run_does(folder: Path) -> None:
    write(folder, look(), INVITED, look("a"), looks=1)
    found = ask(folder)
    assert (found.granted, found.is_owed) == (None, True)
    assert "one look" in found.trouble
    settled = write(folder, look("a"), CLOSED, SETTLED, looks=1)
    assert not ask(folder).is_owed
    settled.unlink()
    write(folder, look("a"), CLOSED, SETTLED, SEALED, looks=1)
    write(folder, look("a"), looks=1)
    write(folder, look(), INVITED, looks=1)
    assert ask(folder).granted == frozenset({"a"})


def test_last_application_is_found_without_its_id(folder: Path) -> None:
    write(folder, look("a", client_id="before"), look("b"))
    assert ask(folder, client_id=None).client_id == CLIENT
    stack = {"account": {"object_id": ACCOUNT}, "stack": {"application_client_id": "by-the-state"}}
    write(folder, ("preflight", "saw", stack))
    assert ask(folder, client_id=None).client_id == "by-the-state"


def _change(path: Path) -> None:
    rewrite(path, path.read_bytes().replace(b'"ids": ["a"]', b'"ids": ["b"]').splitlines(keepends=True))


def _cut(path: Path) -> None:
    rewrite(path, path.read_bytes().splitlines(keepends=True)[:-2])


def _forge(path: Path) -> None:
    append_forged(path, ("seal", "confirmed"))


@pytest.mark.parametrize("harm", [_change, _cut, _forge, Path.unlink])
def test_evidence_that_is_not_whole_tells_nothing_and_says_so(folder: Path, harm: Any) -> None:
    first = write(folder, look("a"), INVITED)
    write(folder, look("a"))
    assert ask(folder).granted == frozenset({"a"})
    harm(first)
    found = ask(folder)
    assert found.granted is None
    assert found.is_owed
    assert first.name in found.trouble


def test_folder_that_cannot_be_listed_tells_nothing_and_says_so(folder: Path) -> None:
    folder.write_text("no folder")
    found = ask(folder)
    assert (found.granted, found.is_owed) == (None, True)
    assert str(folder) in found.trouble


@pytest.mark.parametrize(
    "detail",
    [
        {"granted_before": "unreadable: 403"},
        {"granted_before": {"client_id": 7, "ids": ["a"]}},
        {"granted_before": {"client_id": CLIENT, "ids": "a"}},
        {"granted_before": {"client_id": CLIENT, "ids": {"a": 1}}},
        {"account": "unreadable: 503", "granted_before": [CLIENT, "a"]},
        {"account": {"object_id": ["a"]}},
        {"act": ["RequestRoleSchedule"]},
    ],
)
def test_lines_of_another_shape_are_survived(folder: Path, detail: dict[str, Any]) -> None:
    write(folder, look("a"), ("consent", "saw", detail), ("elevate", "intends", detail), INVITED)
    assert ask(folder).granted in ({"a"}, None)
