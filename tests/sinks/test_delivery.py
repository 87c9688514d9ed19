"""Sink, then tenant, then enabling: whatever fails, before or after its effect, nothing is set that nobody received."""

import asyncio
import os
import stat
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from steward.acts import DeliverPassword, GraphAct, IssuePass
from steward.errors import StewardError
from steward.facts import DeliveryState
from steward.graph import writes
from steward.secret import Secret
from steward.sinks import key_vault
from steward.sinks.command import CommandSink
from steward.sinks.file import FolderSink
from steward.sinks.sink import Label, Sink
from tests.sinks.conftest import LOGIN, STRANGER, Place

CANARY = "Canary-5d20!Zq-only-the-sink-may-have-it"
KEEP = "import sys; from pathlib import Path; Path(sys.argv[1]).write_text(sys.stdin.read())"


def command(*words: str) -> CommandSink:
    return CommandSink((sys.executable, "-c", *words), 20, {"PATH": os.defpath})


def vault_secret(place: Place, _folder: Path) -> str:
    return str(place.receiver.get_secret(place.secret_name).value)


def file_secret(_place: Place, folder: Path) -> str:
    (path,) = folder.joinpath("sink").iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    return path.read_text().strip()


SINKS: dict[str, tuple[Callable[[Place, Path], Sink], Callable[[Place, Path], str]]] = {
    "file": (lambda _, folder: FolderSink(folder / "sink"), file_secret),
    "key vault": (lambda place, _: place.vault_sink(), vault_secret),
    "command": (
        lambda _, folder: command(KEEP, str(folder / "kept")),
        lambda _, folder: (folder / "kept").read_text(),
    ),
}
FAILING: dict[str, Callable[[Place, Path], Sink]] = {
    "file in no folder": lambda _, folder: FolderSink(folder / "taken" / "sink"),
    "key vault that refuses": lambda place, _: place.vault_sink(STRANGER),
    "key vault that is not there": lambda place, _: place.vault_sink(vault="https://localhost:1"),
    "command that fails": lambda *_: command("import sys; sys.exit(sys.stdin.read())"),
    "command that is missing": lambda *_: CommandSink(("no-such-program-here",), 5, {}),
    "command that hangs": lambda *_: CommandSink((sys.executable, "-c", "import time; time.sleep(60)"), 0.5, {}),
}


@pytest.fixture(autouse=True)
def canary(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writes, "generate_password", lambda: Secret(CANARY))
    monkeypatch.setattr(key_vault, "_LONGEST_WAIT", 0.05)


def act_on(place: Place, kind: type[DeliverPassword] | type[IssuePass]) -> GraphAct:
    account_id = place.account["id"]
    return DeliverPassword(account_id, LOGIN) if kind is DeliverPassword else IssuePass(account_id, LOGIN, 60)


def perform(place: Place, act: GraphAct, sink: Sink) -> None:
    place.with_graph(lambda session: writes.perform(session, act, sink))


def refused(place: Place, act: GraphAct, sink: Sink) -> str:
    with pytest.raises(StewardError) as told:
        perform(place, act, sink)
    assert CANARY not in str(told.value)
    assert CANARY not in str(place.control.journal())
    return str(told.value)


def is_untouched(place: Place) -> bool:
    tried = place.control.try_password(LOGIN, CANARY)
    return tried == {"valid": False, "enabled": False} and place.passes() == []


@pytest.mark.parametrize("name", SINKS)
def test_password_is_in_the_sink_and_in_the_tenant_and_the_account_enabled(
    place: Place, name: str, tmp_path: Path
) -> None:
    open_sink, read_secret = SINKS[name]
    perform(place, act_on(place, DeliverPassword), open_sink(place, tmp_path))
    assert read_secret(place, tmp_path) == CANARY
    assert place.control.try_password(LOGIN, CANARY) == {"valid": True, "enabled": True}
    assert CANARY not in str(place.control.journal())


@pytest.mark.parametrize("name", SINKS)
def test_pass_is_in_the_sink_and_signs_in(place: Place, name: str, tmp_path: Path) -> None:
    open_sink, read_secret = SINKS[name]
    perform(place, act_on(place, IssuePass), open_sink(place, tmp_path))
    code = read_secret(place, tmp_path)
    assert len(place.passes()) == 1
    assert code not in str(place.control.journal())
    place.control.act("PATCH", f"/v1.0/users/{LOGIN}", {"accountEnabled": True})
    place.control.register_method(LOGIN, code)


@pytest.mark.parametrize("kind", [DeliverPassword, IssuePass])
@pytest.mark.parametrize("name", FAILING)
def test_sink_that_fails_leaves_nothing_set_and_the_account_disabled(
    place: Place, name: str, kind: type[DeliverPassword], tmp_path: Path
) -> None:
    (tmp_path / "taken").write_text("a file where a folder is wanted")
    assert "the sink did not take" in refused(place, act_on(place, kind), FAILING[name](place, tmp_path))
    assert is_untouched(place)


@pytest.mark.parametrize("takes_effect", [False, True])
def test_vault_that_breaks_off_before_or_after_its_effect_leaves_nothing_set(place: Place, takes_effect: bool) -> None:
    place.control.declare_faults(
        {"route": "PUT /secrets/{name}", "times": 20, "reset": True, "takes_effect": takes_effect}
    )
    refused(place, act_on(place, DeliverPassword), place.vault_sink())
    assert is_untouched(place)


@pytest.mark.parametrize("takes_effect", [False, True])
def test_password_that_the_vault_did_not_note_enables_nobody(place: Place, takes_effect: bool) -> None:
    place.control.declare_faults(
        {"route": "PATCH /secrets/{name}/{version}", "times": 20, "status": 503, "takes_effect": takes_effect}
    )
    told = refused(place, act_on(place, DeliverPassword), place.vault_sink())
    assert "did not note" in told
    assert place.control.try_password(LOGIN, CANARY) == {"valid": True, "enabled": False}


@pytest.mark.parametrize("takes_effect", [False, True])
@pytest.mark.parametrize("name", SINKS)
def test_tenant_that_breaks_off_after_the_sink_enables_nobody(
    place: Place, name: str, takes_effect: bool, tmp_path: Path
) -> None:
    place.control.declare_faults({"route": "PATCH /users/{id}", "reset": True, "takes_effect": takes_effect})
    refused(place, act_on(place, DeliverPassword), SINKS[name][0](place, tmp_path))
    assert place.control.try_password(LOGIN, CANARY) == {"valid": takes_effect, "enabled": False}


def test_delivery_that_is_broken_off_deletes_the_pass(place: Place) -> None:
    act = act_on(place, IssuePass)
    hanging = CommandSink((sys.executable, "-c", "import time; time.sleep(60)"), 60, {})

    async def break_off(session: Any) -> None:
        issuing = asyncio.ensure_future(writes.perform(session, act, hanging))
        while not await asyncio.to_thread(place.passes):  # noqa: ASYNC110  # the tenant rings no bell
            await asyncio.sleep(0.02)
        issuing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await issuing

    place.with_graph(break_off)
    assert place.passes() == []


def read_delivery(place: Place) -> Any:
    return asyncio.run(place.vault_sink().read_delivery(place.account["id"]))


def changed_at(place: Place) -> datetime:
    return datetime.fromisoformat(place.account["lastPasswordChangeDateTime"]).astimezone(UTC)


def test_vault_knows_its_password_until_somebody_changes_it(place: Place) -> None:
    perform(place, act_on(place, DeliverPassword), place.vault_sink())
    assert read_delivery(place) == DeliveryState(changed_at(place))
    place.control.advance_clock(60)
    profile = {"passwordProfile": {"password": "Somebody-else-9", "forceChangePasswordNextSignIn": False}}
    place.control.act("PATCH", f"/v1.0/users/{LOGIN}", profile)
    assert read_delivery(place) != DeliveryState(changed_at(place))


def test_replica_that_shows_an_earlier_change_is_not_believed(place: Place) -> None:
    place.control.advance_clock(3600)
    place.control.lag({"route": "GET /users/{id}", "reads": 3})
    perform(place, act_on(place, DeliverPassword), place.vault_sink())
    assert read_delivery(place) == DeliveryState(changed_at(place))


def test_change_that_never_shows_enables_nobody(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writes, "_SHOWN_WITHIN_SECONDS", 1)
    place.control.advance_clock(3600)
    place.control.lag({"route": "GET /users/{id}", "seconds": 3600})
    assert "does not show" in refused(place, act_on(place, DeliverPassword), place.vault_sink())
    assert not place.account["accountEnabled"]


def test_label_says_nothing_that_signs_in() -> None:
    assert set(Label.__dataclass_fields__) == {"kind", "login", "account_id", "ends"}
