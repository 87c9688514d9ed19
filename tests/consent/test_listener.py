"""The listener for the redirect: on loopback only, one answer, whatever else knocks refused, and gone afterwards."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from scripts import post_apply
from steward.consent import listener as module
from steward.consent.listener import CONNECTIONS, RedirectListener, listen
from steward.errors import RefusedError

STATE = "kelp-lantern-harbour"
YES = f"/?admin_consent=True&tenant=8f4c1f0e-6f0a-4a8e-9d43-2f1e0d9c8b7a&state={STATE}"
CANARY = "Canary-7-otter"


def now() -> datetime:
    return datetime(2026, 11, 23, 12, tzinfo=UTC)


def serve(
    visit: Callable[[RedirectListener, httpx.AsyncClient], Awaitable[None]], *, port: int = 0
) -> RedirectListener:
    """Listen, let somebody visit, and return the listener when it is gone."""

    async def run() -> RedirectListener:
        async with listen(state=STATE, now=now, port=port) as listener:
            base = f"http://localhost:{listener.port}"
            async with httpx.AsyncClient(base_url=base, trust_env=False, timeout=10) as client:
                await visit(listener, client)
        return listener

    return asyncio.run(run())


def test_answer_is_taken_once_and_repeated_nowhere() -> None:
    async def visit(_: RedirectListener, client: httpx.AsyncClient) -> None:
        taken = await client.get(f"{YES}&scope={CANARY}", headers={"Cookie": CANARY})
        assert taken.status_code == 200
        assert CANARY not in taken.text
        assert STATE not in taken.text
        assert taken.headers["content-security-policy"].startswith("default-src 'none'")
        assert taken.headers["cache-control"] == "no-store"
        second = await client.get(YES)
        assert second.status_code == 409
        refusal = await client.get(f"/?error=access_denied&state={STATE}")
        assert refusal.status_code == 409

    listener = serve(visit)
    assert listener.answer is not None
    assert listener.answer.code == ""
    assert listener.refused == 2


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("GET", YES.replace(STATE, "wrong"), {}),
        ("GET", YES.split("&state", maxsplit=1)[0], {}),
        ("GET", "/", {}),
        ("GET", YES.replace("/?", "/further?"), {}),
        ("POST", YES, {}),
        ("HEAD", YES, {}),
        ("OPTIONS", YES, {}),
        # Another page of this browser that fetches it, or a name that only resolves to here.
        ("GET", YES, {"Sec-Fetch-Dest": "image"}),
        ("GET", YES, {"Sec-Fetch-Dest": "iframe"}),
        ("GET", YES, {"Sec-Fetch-Dest": "empty"}),
        ("GET", YES, {"Host": "attacker.example"}),
        ("GET", YES, {"Host": "127.0.0.1"}),
        ("GET", YES, {"Host": "localhost"}),
    ],
)
def test_anything_but_the_redirect_is_refused(method: str, path: str, headers: dict[str, str]) -> None:
    async def visit(_: RedirectListener, client: httpx.AsyncClient) -> None:
        assert (await client.request(method, path, headers=headers)).status_code == 400

    listener = serve(visit)
    assert listener.answer is None
    assert listener.refused == 1


def test_redirect_of_a_browser_is_taken() -> None:
    async def visit(_: RedirectListener, client: httpx.AsyncClient) -> None:
        headers = {"Sec-Fetch-Dest": "document", "Sec-Fetch-Site": "cross-site", "Referer": "https://login.example/"}
        assert (await client.get(YES, headers=headers)).status_code == 200
        assert (await client.get("/favicon.ico")).status_code == 404

    listener = serve(visit)
    assert listener.answer is not None
    assert listener.refused == 0


@pytest.mark.parametrize(
    "sent",
    [b"\x16\x03\x01\x00\xa5", b"GET / HTTP/1.1\r\n\r\n", b"\r\n\r\n\r\n", b"GET /" + b"x" * 70_000, b"\x00" * 2000],
)
def test_what_is_no_request_is_survived(sent: bytes) -> None:
    async def visit(listener: RedirectListener, client: httpx.AsyncClient) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", listener.port)
        writer.write(sent)
        with_end = writer.get_extra_info("socket")
        with_end.shutdown(socket.SHUT_WR)
        assert (await client.get(YES)).status_code == 200
        await hang_up([(reader, writer)])

    assert serve(visit).answer is not None


def test_answer_is_heard_at_once_in_a_flood_of_connections_that_say_nothing() -> None:
    async def visit(listener: RedirectListener, client: httpx.AsyncClient) -> None:
        held = [await asyncio.open_connection("127.0.0.1", listener.port) for _ in range(3 * CONNECTIONS)]
        async with asyncio.timeout(2):
            assert (await client.get(YES)).status_code == 200
        await hang_up(held)

    listener = serve(visit)
    assert listener.answer is not None
    assert listener.refused == 2 * CONNECTIONS + 1, "the oldest go, as many as there are too many"


def test_answer_is_heard_although_the_flood_goes_on() -> None:
    async def visit(listener: RedirectListener, client: httpx.AsyncClient) -> None:
        held: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

        async def flood() -> None:
            while True:
                held.append(await asyncio.open_connection("127.0.0.1", listener.port))
                # As many as this process may have open.
                for _, writer in held[: -2 * CONNECTIONS]:
                    writer.close()
                del held[: -2 * CONNECTIONS]

        floods = [asyncio.ensure_future(flood()) for _ in range(4)]
        await asyncio.sleep(0.2)
        assert (await client.get(YES)).status_code == 200
        for each in floods:
            each.cancel()
        await hang_up(held)

    assert serve(visit).answer is not None


def test_who_says_nothing_is_shown_out_after_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_REQUEST_SECONDS", 0.2)

    async def visit(listener: RedirectListener, _: httpx.AsyncClient) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", listener.port)
        writer.write(b"GET / HTT")
        assert await asyncio.wait_for(reader.read(), 5) == b""
        await hang_up([(reader, writer)])

    serve(visit)


def test_listener_is_on_loopback_only_and_gone_afterwards() -> None:
    addresses: list[str] = []

    async def visit(listener: RedirectListener, _: httpx.AsyncClient) -> None:
        held = [await asyncio.open_connection("127.0.0.1", listener.port)]
        addresses.extend(await asyncio.to_thread(listening_on, listener.port))
        await hang_up(held)

    listener = serve(visit)
    assert addresses
    assert set(addresses) <= {"127.0.0.1", "::1"}
    assert listening_on(listener.port) == []
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", listener.port))


def test_port_that_is_taken_is_told_and_leaves_nothing_behind() -> None:
    async def visit(_: RedirectListener, __: httpx.AsyncClient) -> None:
        raise AssertionError("it must not come to that")

    for host in ("127.0.0.1", "::1"):
        family = socket.AF_INET if host == "127.0.0.1" else socket.AF_INET6
        with socket.socket(family) as taken:
            try:
                taken.bind((host, 0))
            except OSError:
                continue
            taken.listen()
            port = taken.getsockname()[1]
            with pytest.raises(RefusedError, match=str(port)):
                serve(visit, port=port)
            assert listening_on(port) == [host]


def test_port_that_was_chosen_is_used_again_at_once() -> None:
    async def visit(_: RedirectListener, client: httpx.AsyncClient) -> None:
        await client.get(YES)

    port = serve(visit).port
    assert serve(visit, port=port).port == port


async def hang_up(connections: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]]) -> None:
    for _, writer in connections:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


def listening_on(port: int) -> list[str]:
    """Return the addresses at which this machine listens at a port, as its kernel says."""
    found = []
    for table, family in (("tcp", socket.AF_INET), ("tcp6", socket.AF_INET6)):
        for row in [line.split() for line in Path(f"/proc/net/{table}").read_text(encoding="ascii").splitlines()][1:]:
            address, _, number = row[1].partition(":")
            if int(number, 16) == port and row[3] == "0A":
                words = [bytes.fromhex(address[start : start + 8])[::-1] for start in range(0, len(address), 8)]
                found.append(socket.inet_ntop(family, b"".join(words)))
    return found


@pytest.mark.parametrize("port", ["80", "0", "65536", "-1", "no"])
def test_option_for_the_port_is_read_strictly_and_refused_in_a_few_words(
    port: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        post_apply.parse(["tenants/contoso.yaml", "--redirect-port", port])
    assert ended.value.code == 2
    assert len(capsys.readouterr().err) < 1000
