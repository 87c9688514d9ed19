"""What the runner does with an invitation: sends somebody to the page, listens meanwhile, and ends it with the step."""

import asyncio
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import cast
from urllib.parse import parse_qsl, urlsplit

import pytest

from steward.config.model import Tenant
from steward.consent import ConsentDesk
from steward.facts import Facts
from steward.graph.session import GraphSession
from steward.lifecycle.actions import Action, Already, Invite
from steward.lifecycle.lines import Line
from steward.lifecycle.runner import Runner
from steward.lifecycle.step import Step
from tests.lifecycle.situation import TENANT
from tests.lifecycle.test_consent_in_browser import VENDORS


class Silence:
    """A session that nothing is asked of."""

    answers: tuple[()] = ()

    def now(self) -> datetime:
        return datetime.now(UTC)


def invite(
    tenant: Tenant, *, port: int = 0, given: str = "never", is_defect: bool = False
) -> tuple[list[Line], list[str], bool]:
    """Run a step that invites once; return what was told, the addresses opened, and whether the word stands."""
    opened: list[str] = []
    lines: list[Line] = []

    async def open_address(address: str) -> bool:
        opened.append(address)
        asked = dict(parse_qsl(urlsplit(address).query))
        if "redirect_uri" in asked:
            with socket.create_connection(("127.0.0.1", urlsplit(asked["redirect_uri"]).port or 0)):
                pass
        if given == "meanwhile":
            word.set()
        return True

    def decide(_: Facts, __: Tenant) -> Iterator[Action]:
        if opened and is_defect:
            raise RuntimeError("a defect")
        yield Already("consent", "given") if opened else Invite("somebody", "the-client-id", "sign in")

    word = asyncio.Event()
    if given == "before":
        word.set()

    async def run() -> None:
        runner = Runner(
            tenant=tenant,
            session=cast("GraphSession", Silence()),
            workspace=None,
            evidence=None,
            observe=lines.append,
            operators_word=word,
            desk=ConsentDesk(tenant, open_address, port),
        )
        await runner.run(Step(name="consent", reads=(), decide=decide, invites=True))

    if is_defect:
        with pytest.raises(RuntimeError):
            asyncio.run(run())
    else:
        asyncio.run(run())
    return lines, opened, word.is_set()


@pytest.mark.parametrize("is_defect", [False, True])
def test_listener_is_there_for_the_person_and_gone_with_the_step(is_defect: bool) -> None:
    lines, (address,), _ = invite(TENANT, is_defect=is_defect)
    asked = dict(parse_qsl(urlsplit(address).query))
    assert asked["client_id"] == "the-client-id"
    assert len(asked["state"]) > 40
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", urlsplit(asked["redirect_uri"]).port or 0))
    assert [line.verb for line in lines][:2] == ["invited", "address"]
    assert lines[1].reason == address


def test_every_run_has_a_state_of_its_own() -> None:
    states = {dict(parse_qsl(urlsplit(invite(TENANT)[1][0]).query))["state"] for _ in range(2)}
    assert len(states) == 2


def test_nothing_listens_for_the_vendors_application() -> None:
    _, (address,), _ = invite(VENDORS)
    assert dict(parse_qsl(urlsplit(address).query)) == {"client_id": "the-client-id"}


def test_port_that_is_taken_is_told_and_the_person_is_sent_all_the_same() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        lines, (address,), _ = invite(TENANT, port=taken.getsockname()[1])
    assert [line.verb for line in lines][:3] == ["unheard", "invited", "address"]
    assert "redirect_uri" not in address


@pytest.mark.parametrize(("given", "stands"), [("never", False), ("meanwhile", False), ("before", True)])
def test_word_that_is_given_meanwhile_is_about_nothing_later(given: str, stands: bool) -> None:
    assert invite(TENANT, given=given)[2] is stands
