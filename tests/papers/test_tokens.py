"""The longest life of a token that was issued while the role could be used: what is documented, and from when on."""

from datetime import timedelta
from pathlib import Path

from steward.papers.bundle import Bundle, Figure, make_bundle
from tests.papers.conftest import record_of
from tests.papers.lives import ABSENT, AT_DEPLOY, BEGAN, Line, account, held, in_window, saw, write_run


def bundle_of(folder: Path, lines: tuple[Line, ...]) -> Bundle:
    write_run(folder, lines)
    return make_bundle(record_of(folder))


def figure_of(bundle: Bundle) -> Figure:
    (figure,) = (figure for figure in bundle.figures if figure.name == "Life of a token issued in it")
    return figure


def test_role_that_was_never_usable_issued_none(tmp_path: Path) -> None:
    bundle = bundle_of(tmp_path, AT_DEPLOY)
    assert (figure_of(bundle).value, figure_of(bundle).seconds) == ("none issued", 0.0)
    assert "token" not in " ".join(bundle.verdict.sentences)


def test_usable_role_has_the_documented_bound_from_its_end_on(tmp_path: Path) -> None:
    bundle = bundle_of(tmp_path, in_window())
    figure = figure_of(bundle)
    (life,) = bundle.lives
    usable_until = life.usable[-1].ends
    assert usable_until is not None
    until = f"{usable_until + timedelta(minutes=90):%Y-%m-%d %H:%M:%S} UTC"
    assert (figure.value, figure.seconds) == ("1 h 30 min by default", 5400.0)
    assert until in figure.note
    assert until in " ".join(bundle.verdict.sentences)
    # The sign-in that a run saw, and where the figure ends from.
    assert f"{BEGAN + timedelta(seconds=16):%H:%M:%S}" in figure.note
    assert figure.sources == (life.usable[-1].ends_by,)
    assert "with the pass" not in figure.note
    for bound in ("which no run reads", "28 hours", "Ending sessions does not take it back"):
        assert bound in figure.note


def test_pass_that_was_there_bounds_what_came_of_it(tmp_path: Path) -> None:
    def passed(minutes_before: float, minutes_after: float) -> dict[str, str]:
        begins, ends = BEGAN - timedelta(minutes=minutes_before), BEGAN + timedelta(minutes=minutes_after)
        return {"begins": begins.isoformat(), "ends": ends.isoformat()}

    *lines, at_last = in_window()
    before = saw(13.5, "elevate", account=account(is_enabled=True), methods={"passes": [passed(60, -5), passed(0, 61)]})
    later = saw(40, "settle", account=account(is_enabled=True), methods={"passes": [passed(-30, 90)]})
    unread = saw(41, "settle", account=account(is_enabled=True), methods="not read")
    note = figure_of(bundle_of(tmp_path, (*lines, before, later, unread, at_last))).note
    assert "ends with the pass at the latest, by the same documentation: 2026-11-23 10:01:00 UTC" in note
    assert note.count("with the pass") == 1


def test_usable_role_that_has_not_ended_has_no_time(tmp_path: Path) -> None:
    open_account = (saw(0, "close", account=account(is_enabled=True), roles=held()),)
    assert "ends by" not in figure_of(bundle_of(tmp_path, open_account)).note


def test_token_has_no_end_where_a_clock_was_set_back(tmp_path: Path) -> None:
    write_run(tmp_path, in_window())
    write_run(tmp_path, AT_DEPLOY[-1:], began=BEGAN - timedelta(hours=1), number=2)
    assert " UTC" not in figure_of(make_bundle(record_of(tmp_path))).note.partition("The last sign-in")[0]


def test_account_that_was_open_shortly_before_the_role_is_told(tmp_path: Path) -> None:
    lines = (
        saw(0, "open", account=account(is_enabled=True), roles=ABSENT),
        saw(60, "admit", account=account(is_enabled=False), roles=ABSENT),
        saw(120, "close", account=account(is_enabled=False), roles=held()),
    )
    assert "from before the role" in figure_of(bundle_of(tmp_path, lines)).note
