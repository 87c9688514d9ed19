"""A run of a real rehearsal, as the programs wrote it: what the papers make of it."""

import shutil
from pathlib import Path

import pytest

from steward.papers.bundle import make_bundle
from steward.papers.standing import State
from tests.papers.conftest import record_of

RECORDED = Path(__file__).resolve().parents[1] / "data" / "evidence"


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    return Path(shutil.copytree(RECORDED, tmp_path / "contoso"))


def test_recorded_life_is_whole_and_sealed_and_a_rehearsal(recorded: Path) -> None:
    bundle = make_bundle(record_of(recorded))
    assert (bundle.standing.state, bundle.standing.rehearsed) == (State.REHEARSAL, State.SEALED)
    (remark,) = bundle.remarks
    assert (remark.kind, remark.what.split(":")[0]) == ("noted", "a rehearsal")
    (life,) = bundle.lives
    assert life.enabled == ()
    assert life.seconds(life.held) == pytest.approx(24.094)
    # The journal of the same rehearsal has 20.9 s with the role: evidence may say more, and never less.
    assert life.seconds(life.held) > 20.9


def test_recorded_grants_and_acts_have_their_names_and_request_ids(recorded: Path) -> None:
    bundle = make_bundle(record_of(recorded))
    assert bundle.grants is not None
    granted = {change.grant.permission for change in bundle.grants.changes if change.is_there and not change.was_there}
    assert granted == {"Contacts.ReadWrite", "Calendars.ReadWrite", "User.Read.All", "User.Read", "offline_access"}
    acts = [deed for deed in bundle.deeds if deed.act == "RemoveRoleAssignment"]
    assert [deed.outcome for deed in acts] == ["removed"]
    assert all(answer.request_id for deed in acts for answer in deed.answers)
    # One was refused at first, and had taken effect all the same.
    assert [deed.outcome for deed in bundle.deeds if deed.act == "CreateDelegatedGrant"] == ["granted"]
