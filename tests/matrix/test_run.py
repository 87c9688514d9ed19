"""How the matrix is split over machines, gone on with, and summed up."""

import argparse
import json
from pathlib import Path

import pytest

from steward.errors import ConfigError
from tests.matrix import table
from tests.matrix.fingerprint import fingerprint
from tests.matrix.lanes import name_of
from tests.matrix.outcome import Outcome
from tests.matrix.points import Recording, Request
from tests.matrix.run import Kept, all_points, chosen, parse

WRITE = Request("POST /things", 1, "post_apply")
READ = Request("GET /things", 1, "post_apply")
RECORDINGS = [Recording(life, (READ, WRITE), (), (WRITE,)) for life in ("at_deploy", "none", "in_window")]


def outcome(point: str, *wrong: str) -> Outcome:
    return Outcome(point, "429", "none", (0,), ("ended: sealed",), wrong, 1.0, "", "2026-11-23T14:05:00+00:00")


def test_points_are_told_apart_and_shards_have_all_of_them_once() -> None:
    points = list(all_points(RECORDINGS))
    names = [name_of(point) for point in points]
    assert len(set(names)) == len(names)
    shards = [name_of(each) for part in "123" for each in chosen(points, parse(["--shard", f"{part}/3"]))]
    assert sorted(shards) == sorted(names)
    in_window = chosen(points, parse(["--lives", "in_window", "--only", "killed"]))
    assert in_window
    assert all(name_of(each).startswith("in_window: killed") for each in in_window)


def test_what_every_life_does_alike_is_disturbed_in_the_first_alone() -> None:
    disturbed = [point[0].life for point in all_points(RECORDINGS) if isinstance(point, list)]
    assert set(disturbed) == {"at_deploy"}
    deployed = [name for point in all_points(RECORDINGS) if "first deploy" in (name := name_of(point))]
    assert [name.partition(":")[0] for name in deployed] == ["at_deploy", "at_deploy"]


@pytest.mark.parametrize("text", ["0/2", "3/2", "2", "a/b", "1/0", "-1/2"])
def test_shard_that_is_none_is_refused(text: str) -> None:
    with pytest.raises((SystemExit, argparse.ArgumentTypeError)):
        parse(["--shard", text])


def test_kept_outcomes_count_for_their_sources_alone_and_are_never_thrown_away(tmp_path: Path) -> None:
    file = tmp_path / "outcomes.jsonl"
    kept = Kept(file, "one")
    kept.add(outcome("a"))
    kept.add(outcome("b", "it did not end"))
    assert set(Kept(file, "one").outcomes) == {"a"}, "what was wrong is played again"
    assert Kept(file, "two").outcomes == {}
    (older,) = tmp_path.glob("outcomes.*T*.jsonl")
    assert json.loads(older.read_text().splitlines()[0]) == {"sources": "one"}


def test_what_another_machine_has_played_is_taken_in_from_the_same_sources(tmp_path: Path) -> None:
    Kept(tmp_path / "other.jsonl", "one").add(outcome("a"))
    kept = Kept(tmp_path / "outcomes.jsonl", "one")
    kept.take_in(tmp_path / "other.jsonl")
    kept.take_in(tmp_path / "other.jsonl")
    assert set(Kept(tmp_path / "outcomes.jsonl", "one").outcomes) == {"a"}
    assert len((tmp_path / "outcomes.jsonl").read_text().splitlines()) == 2
    for missing in (tmp_path / "none.jsonl", tmp_path / "third.jsonl"):
        Kept(tmp_path / "third.jsonl", "two")
        with pytest.raises(ConfigError):
            kept.take_in(missing)


def test_summary_says_how_much_was_played_when_and_on_which_sources() -> None:
    text = table.summarize([outcome("a"), outcome("b", "it did not end")], of=5, sources=fingerprint())
    assert text.startswith("2 of 5 points played, from 2026-11-23 14:05 to 2026-11-23 14:05 UTC")
    assert fingerprint() in text
    assert "1 of 2" in text
    assert "- b: it did not end" in text
    assert "0 of 5" in table.summarize([], of=5, sources="x")
