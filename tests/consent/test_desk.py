"""What one run keeps of a consent: what was granted before it, and when more came once the person was invited."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from steward.consent import ConsentDesk
from steward.facts import Absent, AppRoleGrant, DelegatedGrant, GrantsState, NoClient, Unreadable
from tests.lifecycle import situation as s

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
SURPLUS = replace(s.GRANTS, app_roles=(AppRoleGrant("too-much", s.GRAPH_ID, "undeclared"),))


def desk() -> ConsentDesk:
    async def decline(_: str) -> bool:
        return False

    return ConsentDesk(s.TENANT, decline)


async def follow(made: ConsentDesk, *before: GrantsState | Absent | Unreadable) -> None:
    for minute, grants in enumerate(before):
        made.note(grants, NOW + timedelta(minutes=minute))
    await made.invite("client", lambda: NOW)


def test_what_was_taken_back_before_the_invitation_is_no_beginning_of_a_consent() -> None:
    async def run() -> None:
        made = desk()
        await follow(made, SURPLUS, s.GRANTS)
        made.note(s.GRANTS, NOW)
        assert made.state.changed is None
        # A replica that is behind shows what is gone already, or nothing yet.
        made.note(NoClient("the service principal"), NOW)
        made.note(Absent("an API"), NOW)
        made.note(Unreadable("the grants", "503"), NOW)
        made.note(SURPLUS, NOW)
        assert made.state.changed is None
        await made.close()

    asyncio.run(run())


def test_what_others_grant_before_the_invitation_is_no_beginning_of_a_consent() -> None:
    async def run() -> None:
        made = desk()
        await follow(made, NoClient("the service principal"), SURPLUS)
        made.note(SURPLUS, NOW)
        assert made.state.changed is None
        await made.close()

    asyncio.run(run())


def test_first_of_what_comes_after_the_invitation_is_the_beginning() -> None:
    async def run() -> None:
        made = desk()
        await follow(made, s.GRANTS)
        part = replace(s.GRANTS, delegated=(DelegatedGrant("grant-1", s.GRAPH_ID, None, frozenset({"User.Read"})),))
        made.note(part, NOW + timedelta(minutes=5))
        made.note(s.GRANTED, NOW + timedelta(minutes=6))
        assert made.state.changed == NOW + timedelta(minutes=5)
        await made.close()

    asyncio.run(run())


def test_answer_that_came_stands_after_the_desk_is_closed() -> None:
    async def run() -> None:
        made = desk()
        await follow(made, s.GRANTS)
        await made.close()
        await made.close()
        assert made.state.is_invited
        assert not made.has_news()

    asyncio.run(run())
