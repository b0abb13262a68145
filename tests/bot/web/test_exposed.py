"""The page on an open network: signed cookies, limits by address, slow and many connections, and the password."""

import asyncio
import base64
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from bot.contests.keeper import Contests
from bot.files.song_files import Files
from bot.requests.backlog import Backlog
from bot.requests.wait_times import LimitError
from bot.settings import Settings
from bot.store import Store
from bot.web.app import make_app
from bot.web.delivery import LocalDelivery
from bot.web.security import connections
from bot.web.security.addresses import BROWSERS, CHANGES, SUBMISSIONS, UNKNOWN, AddressLimits, client_address
from bot.web.security.connections import ConnectionLimits, LimitedSite
from bot.web.security.voters import KEY_FILE, VOTER_COOKIE
from generator.protocol.client import GeneratorClient
from tests.bot.conftest import Channel, is_a_sentence
from tests.conftest import FAKE_GENERATOR

Serve = Callable[..., AbstractAsyncContextManager[tuple[str, int]]]


@pytest.fixture
def serve(store: Store, tmp_path: Path) -> Serve:
    """Serves the page with some settings, without a worker: yields (host, port)."""

    @asynccontextmanager
    async def running(limits: ConnectionLimits | None = None, **fields: object) -> AsyncIterator[tuple[str, int]]:
        settings = Settings(port=0, data_dir=tmp_path, **fields)  # type: ignore[arg-type]
        client = GeneratorClient(FAKE_GENERATOR)
        backlog = Backlog(store, client, {"local": LocalDelivery()}, Files(store, tmp_path))
        runner = web.AppRunner(make_app(settings, store, backlog, Contests(store)), access_log=None)
        await runner.setup()
        await LimitedSite(runner, settings, limits).start()
        yield runner.addresses[0][:2]
        await runner.cleanup()
        await client.close()

    return running


# Cookies


async def test_invented_names_do_not_count(channel: Channel) -> None:
    song = await channel.song(seed=42)
    statuses = []
    for number in range(40):
        async with (
            aiohttp.ClientSession(cookies={VOTER_COOKIE: f"{number:032x}"}) as stranger,
            stranger.post(f"{channel.url}/api/songs/{song['id']}/vote", json={"value": 1}) as response,
        ):
            statuses.append(response.status)
    assert statuses == [200] * BROWSERS + [429] * (40 - BROWSERS)
    _, shown = await channel.get(f"/api/songs/{song['id']}")
    assert shown["votes"] == BROWSERS


async def test_new_cookies_for_each_vote_do_not_count_either(channel: Channel) -> None:
    song = await channel.song(seed=42)
    for _ in range(40):
        async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as stranger:
            await stranger.get(channel.url)
            await stranger.post(f"{channel.url}/api/songs/{song['id']}/vote", json={"value": 1})
    _, shown = await channel.get(f"/api/songs/{song['id']}")
    assert shown["votes"] == BROWSERS


@pytest.mark.parametrize("forged", ["0" * 32, "0" * 32 + ".AAAA", "0" * 32 + ".", ".", "%", "\u00e9"])
async def test_a_forged_name_is_replaced(channel: Channel, forged: str) -> None:
    async with (
        aiohttp.ClientSession() as stranger,
        stranger.get(channel.url, headers={"Cookie": f"{VOTER_COOKIE}={forged}"}) as response,
    ):
        assert response.status == 200
        name, _, signature = response.cookies[VOTER_COOKIE].value.partition(".")
    assert name != "0" * 32
    assert signature


async def test_a_browser_keeps_its_name_after_a_restart(serve: Serve, tmp_path: Path) -> None:
    jar = aiohttp.CookieJar(unsafe=True)
    names = []
    async with aiohttp.ClientSession(cookie_jar=jar) as http:
        for _ in range(2):
            async with serve() as (host, port), http.get(f"http://{host}:{port}/") as response:
                names.append(response.cookies[VOTER_COOKIE].value)
        (tmp_path / KEY_FILE).unlink()
        async with serve() as (host, port), http.get(f"http://{host}:{port}/") as response:
            names.append(response.cookies[VOTER_COOKIE].value)
    assert names[0] == names[1] != names[2]
    assert (tmp_path / KEY_FILE).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("url", "name", "secure"),
    [
        ("https://tunes.example.org", "tunes.example.org", True),
        ("https://tunes.example.org", "localhost", False),
        ("http://tunes.example.org", "tunes.example.org", False),
        (None, "localhost", False),
    ],
)
async def test_the_cookie_is_secure_at_an_https_address(serve: Serve, url: str | None, name: str, secure: bool) -> None:
    async with (
        serve(public_url=url) as (host, port),
        aiohttp.ClientSession() as http,
        http.get(f"http://{host}:{port}/", headers={"Host": name}) as response,
    ):
        cookie = response.cookies[VOTER_COOKIE]
    assert bool(cookie["secure"]) == secure
    assert cookie["httponly"]


# Addresses


@pytest.mark.parametrize(
    ("peer", "forwarded", "proxies", "address"),
    [
        ("192.0.2.1", [], 0, "192.0.2.1"),
        ("192.0.2.1", ["203.0.113.9"], 0, "192.0.2.1"),
        ("192.0.2.1", ["203.0.113.9"], 1, "203.0.113.9"),
        ("192.0.2.1", ["1.1.1.1, 203.0.113.9"], 1, "203.0.113.9"),
        ("192.0.2.1", ["1.1.1.1", "203.0.113.9, 10.0.0.2"], 2, "203.0.113.9"),
        ("192.0.2.1", [], 1, "192.0.2.1"),
        ("192.0.2.1", ["203.0.113.9"], 2, "192.0.2.1"),
        ("192.0.2.1", ["nonsense"], 1, UNKNOWN),
        ("2001:db8:1:2:3:4:5:6", [], 0, "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.1", [], 0, "192.0.2.1"),
        (None, [], 0, UNKNOWN),
    ],
)
def test_the_address_is_what_our_own_outermost_proxy_saw(
    peer: str | None, forwarded: list[str], proxies: int, address: str
) -> None:
    assert client_address(peer, forwarded, proxies) == address


def test_an_address_has_limits_whatever_names_it_uses() -> None:
    now = 0.0
    limits = AddressLimits(Settings(), lambda: now)
    for number in range(BROWSERS):
        limits.count_change("a", f"{number}", is_submission=False)
    limits.count_change("a", "3", is_submission=False)
    with pytest.raises(LimitError, match="browsers"):
        limits.count_change("a", "one more", is_submission=False)
    limits.count_change("b", "one more", is_submission=False)
    now += 61
    for _ in range(SUBMISSIONS):
        limits.count_change("a", None, is_submission=True)
    with pytest.raises(LimitError, match="address"):
        limits.count_change("a", None, is_submission=True)
    for _ in range(CHANGES - SUBMISSIONS - 1):
        limits.count_change("a", None, is_submission=False)
    with pytest.raises(LimitError) as caught:
        limits.count_change("a", None, is_submission=False)
    assert 59 < caught.value.retry_after <= 60
    now += 24 * 3600 + 1
    limits.count_change("a", "one more", is_submission=True)


def test_addresses_that_left_are_forgotten() -> None:
    now = 0.0
    limits = AddressLimits(Settings(), lambda: now)
    for number in range(1000):
        limits.count_change(f"{number}", None, is_submission=False)
    now += 25 * 3600
    limits.count_change("new", None, is_submission=False)
    assert len(limits._counts) == 1


async def test_many_submissions_of_one_address_are_refused_with_a_time(serve: Serve) -> None:
    async with serve(proxies=1) as (host, port), aiohttp.ClientSession() as http:
        statuses = []
        for number in range(SUBMISSIONS + 2):
            headers = {"X-Forwarded-For": f"10.0.0.{number}, 192.0.2.1"}
            url = f"http://{host}:{port}/api/requests"
            async with http.post(url, json={"seed": number}, headers=headers) as response:
                statuses.append(response.status)
                answer = await response.json()
        assert response.headers["Retry-After"].isdigit()
    assert statuses[0] == 202
    assert statuses[-1] == 429
    assert "network address" in answer["error"]
    assert is_a_sentence(answer["error"])


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_scripts_on_this_machine_are_not_limited(address: str) -> None:
    limits = AddressLimits(Settings(), lambda: 0.0)
    for _ in range(2 * CHANGES):
        limits.count_change(client_address(address, [], 0), None, is_submission=True)


# Connections


async def until_closed(reader: asyncio.StreamReader) -> bytes:
    async with asyncio.timeout(20):
        return await reader.read()


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\n"], ids=["nothing", "half a head"])
async def test_a_connection_that_sends_no_request_is_closed(serve: Serve, sent: bytes) -> None:
    async with serve(ConnectionLimits(head_seconds=0.3)) as (host, port):
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(sent)
        assert await until_closed(reader) == b""
        writer.close()


async def test_a_head_that_trickles_is_closed_after_the_first_request_too(serve: Serve) -> None:
    async with serve(ConnectionLimits(head_seconds=0.5)) as (host, port):
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(f"GET /healthz HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        assert b"200" in await reader.readline()
        closing = asyncio.ensure_future(until_closed(reader))
        while not closing.done():
            writer.write(b"G")
            await asyncio.sleep(0.05)
        writer.close()


async def test_a_body_that_does_not_arrive_is_answered(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "BODY_SECONDS", 0.3)
    async with serve() as (host, port):
        reader, writer = await asyncio.open_connection(host, port)
        head = "POST /api/requests HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 100\r\n"
        writer.write(f"{head}Host: {host}\r\n\r\n{{".encode())
        async with asyncio.timeout(20):
            assert b"408" in await reader.readline()
            assert b"took too long" in await reader.readuntil(b"}")
        writer.close()


@pytest.mark.parametrize(
    ("limits", "fields", "served"),
    [
        (ConnectionLimits(most_of_address=3), {}, 3),
        (ConnectionLimits(most_of_address=3), {"proxies": 1}, 6),
        (ConnectionLimits(most=4), {"proxies": 1}, 4),
    ],
    ids=["of an address", "behind a proxy", "in total"],
)
async def test_more_connections_than_the_limit_are_closed_at_once(
    serve: Serve, limits: ConnectionLimits, fields: dict[str, int], served: int
) -> None:
    async with serve(limits, **fields) as (host, port):
        opened = [await asyncio.open_connection(host, port) for _ in range(6)]
        answers = []
        for reader, writer in opened:
            try:
                writer.write(f"GET /healthz HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
                answers.append(await reader.readline())
            except ConnectionError:
                answers.append(b"")
        assert sum(b"200" in answer for answer in answers) == served
        for _, writer in opened:
            writer.close()
        await asyncio.sleep(0.1)
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(f"GET /healthz HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        assert b"200" in await reader.readline()
        writer.close()


# The password


def basic(password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"anybody:{password}".encode()).decode()}


async def test_a_page_with_a_password_shows_nothing_without_it(serve: Serve) -> None:
    async with serve(password="grün:7") as (host, port), aiohttp.ClientSession() as http:
        url = f"http://{host}:{port}"
        for path in ("/", "/api/songs", "/files/" + "0" * 32 + "/tune.mid", "/nothing"):
            async with http.get(url + path) as response:
                assert response.status == 401
                assert response.headers["WWW-Authenticate"].startswith("Basic ")
                assert response.headers["X-Content-Type-Options"] == "nosniff"
        async with http.get(f"{url}/healthz") as response:
            assert response.status == 200
        async with http.get(f"{url}/api/songs", headers=basic("grün:7")) as response:
            assert response.status == 200
        for header in ("Basic", "Basic !", "Bearer grün:7", basic("nearly")["Authorization"]):
            async with http.get(f"{url}/api/songs", headers={"Authorization": header}) as response:
                assert response.status == 401


async def test_guessing_the_password_is_slow(serve: Serve) -> None:
    async with serve(password="secret") as (host, port), aiohttp.ClientSession() as http:
        statuses = []
        for number in range(12):
            async with http.get(f"http://{host}:{port}/api/songs", headers=basic(f"guess {number}")) as response:
                statuses.append(response.status)
        async with http.get(f"http://{host}:{port}/api/songs", headers=basic("secret")) as response:
            statuses.append(response.status)
    assert statuses == [401] * 10 + [429] * 3
